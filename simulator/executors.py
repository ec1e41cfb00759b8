"""Who does the work of a run: this process, several on this machine, or a Ray cluster. All do the same work, seed for seed.

Each worker has a laboratory of its own, opened once. Conversations come back one by one, in the order in which they end.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from ..tools.errors import ConvrecError, InputError
from .lab import Lab, MakeLab
from .nouns import Dialogue
from .plan import Task

DEATHS = 2
"""How often a conversation is given to another worker after its own died."""

_READY, _REFUSED, _BUG = b"ready", b"!", b"?"
"""What a worker says beside dialogues: it can work, it cannot, it met a bug of ours.

Tasks and dialogues are JSON after the number of the task and a blank, so that whose turn is next is known unread.
"""


async def run_here(make_lab: MakeLab, tasks: Iterable[Task], concurrency: int = 1) -> AsyncGenerator[Dialogue]:
    """Hold conversations in this process, so many at once."""
    async with make_lab() as lab:
        left, running = iter(tasks), set[asyncio.Task[Dialogue]]()
        try:
            while True:
                while len(running) < concurrency and (task := next(left, None)) is not None:
                    running.add(asyncio.create_task(lab.converse(task)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def run_in_processes(
    make_lab: MakeLab, tasks: Iterable[Task], workers: int, concurrency: int = 1
) -> AsyncGenerator[Dialogue]:
    """Hold conversations in processes of their own, so many at once in each.

    A worker that dies has its conversations given to a new one; one that has seen `DEATHS` more die with it ends as a fault.

    Raises:
        ConvrecError: a laboratory cannot be opened.
    """
    pool = _Pool(make_lab, iter(tasks), concurrency)
    collecting: asyncio.Future[list[Dialogue]] | None = None
    try:
        for _ in range(workers):
            pool.start()
        while pool.busy:
            collecting = asyncio.ensure_future(asyncio.to_thread(pool.collect))
            for dialogue in await asyncio.shield(collecting):
                yield dialogue
    finally:
        if collecting is not None:
            # Its thread goes on when this is cancelled, and would bury, and replace, workers that are being stopped.
            await asyncio.wait([collecting])
        pool.stop()


async def run_on_ray(
    make_lab: MakeLab, tasks: Iterable[Task], workers: int, concurrency: int = 1, address: str = ""
) -> AsyncGenerator[Dialogue]:
    """Hold conversations on a Ray cluster, with so many workers and so many conversations at once in each.

    Args:
        make_lab: opens a laboratory; what it names (data folder, model server) must be there on every node.
        tasks: the conversations.
        workers: actors.
        concurrency: conversations at once in each.
        address: the cluster's; RAY_ADDRESS where empty, and a cluster on this machine where that is not set.

    Raises:
        InputError: Ray is not installed, or its cluster cannot be reached.
        ConvrecError: a laboratory cannot be opened.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
        from ray.exceptions import RayActorError  # pyright: ignore[reportMissingImports]
    except ImportError as fault:
        raise InputError("Ray is not installed.", "`pip install 'convrec[ray]'` brings it.") from fault
    started = not ray.is_initialized()
    if started:
        # Workers find what this process can import, a module of the caller's in the current folder too.
        places = {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}}
        try:
            ray.init(address=address or None, log_to_driver=False, include_dashboard=False, runtime_env=places)
        except (ConnectionError, ValueError) as fault:
            raise InputError(
                f"The Ray cluster {address or 'of RAY_ADDRESS'} cannot be reached: {str(fault).splitlines()[0]}",
                "Start one by `ray start --head`, or leave the address out for one on this machine.",
            ) from fault
    actor: Any = ray.remote(_RayWorker)
    actor = actor.options(max_concurrency=concurrency + 1, max_restarts=DEATHS, max_task_retries=DEATHS)
    left = iter(tasks)
    actors = [actor.remote(make_lab) for _ in range(workers)]
    idle = deque(one for one in actors for _ in range(concurrency))
    running: dict[Any, _AtWork] = {}
    try:
        while True:
            while idle and (task := next(left, None)) is not None:
                worker = idle.popleft()
                running[worker.converse.remote(task.model_dump_json())] = _AtWork(worker, task)
            if not running:
                return
            done, _ = await asyncio.to_thread(ray.wait, list(running), num_returns=1)
            for one in done:
                at_work = running.pop(one)
                idle.append(at_work.worker)
                try:
                    said = await asyncio.to_thread(ray.get, one)
                except RayActorError as fault:
                    # Ray has begun it anew as often as it was asked to.
                    yield _lost(at_work.task, DEATHS + 1, str(fault).splitlines()[0])
                    continue
                if isinstance(said, _Refused):
                    raise ConvrecError(said.message, said.hint)
                yield Dialogue.model_validate_json(said)
    finally:
        for one in actors:
            ray.kill(one)
        if started:
            ray.shutdown()


@dataclass(frozen=True)
class _AtWork:
    """A worker of a cluster, and the conversation that it is at."""

    worker: Any
    task: Task


@dataclass(frozen=True)
class _Refused:
    """Why a worker cannot work, for the one who asked it to."""

    message: str
    hint: str


class _RayWorker:
    """One worker of a Ray cluster."""

    def __init__(self, make_lab: MakeLab) -> None:
        self._opening = make_lab()
        self._lab: Lab | None = None
        self._gate = asyncio.Lock()

    async def converse(self, task: str) -> "str | _Refused":
        """Hold one conversation; task and dialogue are JSON."""
        try:
            async with self._gate:
                if self._lab is None:
                    self._lab = await self._opening.__aenter__()
        except ConvrecError as fault:
            return _Refused(str(fault), fault.hint)
        dialogue = await self._lab.converse(Task.model_validate_json(task))
        return dialogue.model_dump_json()


@dataclass(eq=False)
class _Worker:
    """A process, the pipe to it, and the conversations that it is at, by number."""

    process: Any
    pipe: Any
    ready: bool = False
    at: dict[int, Task] = field(default_factory=dict)


class _Pool:
    """Worker processes, each with as many conversations as it can take."""

    def __init__(self, make_lab: MakeLab, tasks: Iterator[Task], concurrency: int) -> None:
        self._make_lab = make_lab
        self._left = tasks
        self._again: deque[Task] = deque()
        self._deaths: dict[str, int] = {}
        self._given = 0
        self._concurrency = concurrency
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")

    @property
    def busy(self) -> bool:
        """Whether anybody works or starts."""
        return bool(self._workers)

    def start(self) -> None:
        """Start one worker."""
        mine, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._make_lab), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, mine))

    def stop(self) -> None:
        """End all workers, whatever they are at."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def collect(self) -> list[Dialogue]:
        """Wait until some worker says something; the conversations that have ended, if any."""
        ended: list[Dialogue] = []
        of_pipe = {w.pipe: w for w in self._workers}
        records: list[bytes] = []
        for pipe in wait(list(of_pipe), timeout=1.0):
            worker = of_pipe[pipe]  # type: ignore[index]
            try:
                said = worker.pipe.recv_bytes()
            except (EOFError, OSError):
                ended += self._bury(worker)
                continue
            if said == _READY:
                worker.ready = True
            elif said.startswith(_REFUSED):
                message, _, hint = said[1:].decode().partition("\x00")
                raise ConvrecError(message, hint)
            elif said.startswith(_BUG):
                raise RuntimeError(f"A worker process failed:\n{said[1:].decode()}")
            else:
                number, _, record = said.partition(b" ")
                worker.at.pop(int(number))
                records.append(record)
            self._feed(worker)
        # They are read when every worker has something to do again.
        return [*ended, *(Dialogue.model_validate_json(record) for record in records)]

    def _feed(self, worker: _Worker) -> None:
        """Give a worker as much as it can take; one that has nothing left to do goes home."""
        while len(worker.at) < self._concurrency:
            task = self._again.popleft() if self._again else next(self._left, None)
            if task is None:
                break
            self._given += 1
            worker.at[self._given] = task
            with contextlib.suppress(OSError):  # a worker that has just died is buried in the next round
                worker.pipe.send_bytes(f"{self._given} {task.model_dump_json()}".encode())
        if not worker.at:
            self._workers.remove(worker)
            worker.pipe.close()
            worker.process.join(10)

    def _bury(self, worker: _Worker) -> list[Dialogue]:
        """Take a dead worker's conversations back; those that nobody should try again, as faults."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(10)
        if not worker.ready:
            raise ConvrecError(
                f"A worker process ended (code {worker.process.exitcode}) before it could work.",
                "With --workers 0 its error is shown.",
            )
        lost: list[Dialogue] = []
        for task in worker.at.values():
            self._deaths[task.key] = deaths = self._deaths.get(task.key, 0) + 1
            if deaths <= DEATHS:
                self._again.append(task)
                continue
            fault = f"the worker process ended {deaths} times (code {worker.process.exitcode})"
            lost.append(_lost(task, deaths, fault))
        self.start()
        return lost


def _lost(task: Task, attempts: int, fault: str) -> Dialogue:
    """A conversation that its workers did not outlive."""
    return Dialogue(
        system=task.system, goal=task.goal, trial=task.trial, seed=task.seed, ending="fault", fault=fault,
        attempts=attempts,
    )  # fmt: skip


def _work(pipe: Connection, make_lab: MakeLab) -> None:
    """A worker process: conversations in, dialogues out, until the other end of the pipe is closed."""
    # Ctrl-C is for the one who gave the work; the workers end when their pipe does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_answer_tasks(pipe, make_lab))


async def _answer_tasks(pipe: Connection, make_lab: MakeLab) -> None:
    running = set[asyncio.Task[None]]()
    async with contextlib.AsyncExitStack() as stack:
        try:
            lab = await stack.enter_async_context(make_lab())
        except ConvrecError as fault:
            pipe.send_bytes(_REFUSED + f"{fault}\x00{fault.hint}".encode())
            return

        async def answer(said: bytes) -> None:
            number, _, task = said.decode().partition(" ")
            dialogue = await lab.converse(Task.model_validate_json(task))
            pipe.send_bytes(f"{number} {dialogue.model_dump_json()}".encode())

        def ended(one: asyncio.Task[None]) -> None:
            running.discard(one)
            if not one.cancelled() and (fault := one.exception()) is not None:
                pipe.send_bytes(_BUG + "".join(traceback.format_exception(fault)).encode())

        pipe.send_bytes(_READY)
        while True:
            try:
                said = await asyncio.to_thread(pipe.recv_bytes)
            except (EOFError, OSError):
                break
            one = asyncio.create_task(answer(said))
            running.add(one)
            one.add_done_callback(ended)
        for one in running:
            one.cancel()
