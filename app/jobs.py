"""Simulations run for somebody: one at a time, in a process of its own, each kept in a folder and owned by one user.

<home>/runs/served/<id>/job.json      what was asked for, by whom, and how far it is; replaced in one step
<home>/runs/served/<id>/job.lock      held by the server that works on it
<home>/runs/served/<id>/…             the run's own files (simulator/runs.py), with report.html and plots.json

What a server's end left unfinished is found by the next one, and called interrupted.
"""

import asyncio
import logging
import multiprocessing
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from ..simulator.nouns import SystemMetrics
from ..simulator.reports.plot import Plot
from ..simulator.runs import METRICS, REPORT
from ..simulator.simulate import Progress
from ..tools.errors import BusyError, ConvrecError, NoResultError, StoppingError, TooManyError, UnknownJobError
from .job_folders import LOCK, JobFolders, Kept
from .job_nouns import Job, JobRequest, JobResult, Part, State, SystemName
from .job_process import Done, Failed, Note, Told, read_plots
from .job_workers import Begin, Worker, begin_process, stop
from .laboratory import check_plan
from .settings import Settings

__all__ = ["Begin", "Job", "JobRequest", "JobResult", "Jobs", "Part", "State", "SystemName", "Worker"]

ROOM = 8
"""Jobs that run or wait, of all users together."""

OF_ONE = 3
"""Jobs of one user that run or wait."""

MOST_KEPT = 50
"""Jobs of one user that are kept, whatever came of them."""

_LOOK = 0.1
"""Seconds between two looks at what the process says."""

_WRITE = 1.0
"""Seconds between two writings of how far a job is; what matters is written at once."""

_UNASKED = "The server's log may say why; where nothing is there, it may be short of memory."
_METRICS = TypeAdapter(tuple[SystemMetrics, ...])
_log = logging.getLogger(__name__)


class Jobs:
    """Everybody's simulations. One Jobs serves one event loop; several servers may share a data folder.

    Args:
        settings: what convrec and the baselines run on.
        folder: where jobs are kept.
        begin: starts the process of a job.
    """

    def __init__(self, settings: Settings, folder: Path | None = None, begin: Begin = begin_process) -> None:
        self._settings = settings
        self._folders = JobFolders(folder or settings.home / "runs" / "served")
        self._begin = begin
        self._live: dict[str, Kept] = {}
        self._locks: dict[str, FileLock] = {}
        self._waiting: deque[str] = deque()
        self._running = ""
        self._ending: State | None = None
        self._runner: asyncio.Task[None] | None = None
        self._closed = False
        self._find_interrupted()

    async def start(self, request: JobRequest, *, user: str) -> Job:
        """Take a simulation on; it begins when those before it have ended.

        Raises:
            InputError: there is no such persona.
            TooManyError: too many run or wait, or the user keeps too many.
            StoppingError: the server is stopping.
            StoreError: the folder cannot be written.
        """
        if self._closed:
            raise StoppingError("The server is stopping.", "Ask again in a minute.")
        check_plan(request.plan(self._settings.catalogue))
        self._check_room(user)
        made = Job(id=uuid4().hex, request=request, catalogue=self._settings.catalogue, created=time.time())
        kept = Kept(user=user, job=made)
        # A job that is written down and not locked would be taken for one that was interrupted.
        lock = FileLock(self._folders.make(made.id) / LOCK, timeout=0)
        lock.acquire()
        try:
            self._folders.write(kept, new=True)
        except BaseException:
            lock.release()
            raise
        self._locks[made.id], self._live[made.id] = lock, kept
        self._waiting.append(made.id)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._work_off())
        return made

    def get(self, job: str, user: str) -> Job:
        """One job.

        Raises:
            UnknownJobError: the user has none of that id.
        """
        kept = self._live.get(job) or self._folders.read(job)
        if kept is None or kept.user != user:
            raise UnknownJobError("There is no simulation of that id.", "GET /v1/simulations lists yours.")
        return kept.job

    async def cancel(self, job: str, user: str) -> Job:
        """End a job that runs or waits; nothing of what it found is kept. One that has ended stays as it is.

        Raises:
            UnknownJobError: the user has none of that id.
            BusyError: another server works on it.
        """
        self.get(job, user)
        await self._end(job, "cancelled")
        after = self.get(job, user)
        if after.live:
            raise BusyError("Another server works on this simulation.", "Wait for its end, or ask that server.")
        return after

    async def delete(self, job: str, user: str) -> None:
        """End a job if it goes on, and delete all that is kept of it.

        Raises:
            UnknownJobError: the user has none of that id.
            BusyError: another server works on it.
            StoreError: it cannot be deleted.
        """
        await self.cancel(job, user)
        await asyncio.to_thread(self._folders.delete, job)

    async def forget(self, user: str) -> None:
        """Delete all jobs of a user."""
        for job in self.list(user):
            await self.delete(job.id, user)

    def result(self, job: str, user: str) -> JobResult:
        """What was measured.

        Raises:
            UnknownJobError: the user has none of that id.
            NoResultError: it is not done.
        """
        done = self._done(job, user)
        metrics = _METRICS.validate_json((self._folders.of(job) / METRICS).read_bytes())
        return JobResult(id=done.id, progress=done.progress, metrics=metrics)

    def report(self, job: str, user: str) -> str:
        """The report, a whole HTML page that needs no network.

        Raises:
            UnknownJobError: the user has none of that id.
            NoResultError: it is not done.
        """
        self._done(job, user)
        return (self._folders.of(job) / REPORT).read_text(encoding="utf-8")

    def plots(self, job: str, user: str) -> tuple[Plot, ...]:
        """The plots of the report.

        Raises:
            UnknownJobError: the user has none of that id.
            NoResultError: it is not done.
        """
        self._done(job, user)
        return read_plots(self._folders.of(job))

    async def aclose(self) -> None:
        """End the process, if one runs; what was not done is interrupted."""
        self._closed = True
        for job in [*self._waiting, self._running]:
            await self._end(job, "interrupted")
        await self.idle()

    async def idle(self) -> None:
        """Wait until no job runs or waits."""
        if self._runner is not None:
            await asyncio.wait({self._runner})

    def _check_room(self, user: str) -> None:
        mine = [kept for kept in self._live.values() if kept.user == user]
        if len(self._live) >= ROOM or len(mine) >= OF_ONE:
            raise TooManyError(
                f"{len(mine)} simulations of yours, and {len(self._live) - len(mine)} of others, run or wait.",
                f"Ask again when one has ended; at most {OF_ONE} of one user and {ROOM} in all are taken on.",
                seconds=60,
            )
        if len(self.list(user)) >= MOST_KEPT:
            raise TooManyError(
                f"{MOST_KEPT} simulations of yours are kept already.", "Delete some of them first.", seconds=60
            )

    def _done(self, job: str, user: str) -> Job:
        found = self.get(job, user)
        if found.state != "done":
            hint = "Ask again when its state is done." if found.live else "Start it again."
            raise NoResultError(f"The simulation has no result: it is {found.state}.", hint)
        return found

    async def _work_off(self) -> None:
        """Hold the waiting jobs, one after the other."""
        while self._waiting:
            self._running, self._ending = self._waiting.popleft(), None
            try:
                await self._hold(self._running)
            except (ConvrecError, OSError):
                # Its owner is told what can be told; the next job may have a better disk.
                _log.exception("The simulation %s could not be looked after.", self._running)
            finally:
                self._running = ""

    async def _end(self, job: str, state: State) -> None:
        """Take a job out of the queue, or have its process ended, and wait for that."""
        if job in self._waiting:
            self._waiting.remove(job)
            self._close(job, state)
        while job and job == self._running:
            self._ending = self._ending or state
            await asyncio.sleep(_LOOK)

    async def _hold(self, job: str) -> None:
        """One job, from the start of its process to its end."""
        kept, folder = self._live[job], self._folders.of(job)
        mine, theirs = cast("tuple[Connection, Connection]", multiprocessing.Pipe())
        worker: Worker | None = None
        told: Failed | Done | None = None
        try:
            self._change(job, state="running", started=time.time())
            worker = self._begin(theirs, self._settings, kept.job.request.plan(kept.job.catalogue), folder)
            theirs.close()
            told = await self._listen(job, mine)
        except asyncio.CancelledError:
            self._ending = self._ending or "interrupted"
            raise
        finally:
            mine.close()
            await stop(worker)
            await self._settle(job, told, worker.exitcode if worker else None)

    async def _settle(self, job: str, told: Failed | Done | None, code: int | None) -> None:
        """Write down what came of a job, and drop what is half."""
        if isinstance(told, Done):
            self._close(job, "done")
        elif self._ending is not None:
            # It is let go of first, whatever the disk does then.
            self._close(job, self._ending)
            if self._ending == "cancelled":
                await asyncio.to_thread(self._folders.clear, job)
        else:
            failed = told or Failed(f"The simulation's process ended unasked (code {code}).", _UNASKED)
            if told is None:
                _log.error("The process of the simulation %s ended unasked (code %s).", job, code)
            self._close(job, "failed", error=failed.message, hint=failed.hint)
            await asyncio.to_thread(self._folders.clear, job)

    async def _listen(self, job: str, pipe: Connection) -> Failed | Done | None:
        """What the process says at last; None where it ends without a word, or is to be ended."""
        written = time.monotonic()
        while self._ending is None:
            try:
                told: Told | None = pipe.recv() if pipe.poll() else None
            except (EOFError, OSError):
                return None
            if isinstance(told, Failed | Done):
                return told
            if told is None:
                await asyncio.sleep(_LOOK)
                continue
            kept = self._live[job]
            notes = (*kept.job.notes, told.text) if isinstance(told, Note) else kept.job.notes
            after = kept.job.with_progress(told) if isinstance(told, Progress) else kept.job
            self._live[job] = kept.model_copy(update={"job": after.model_copy(update={"notes": notes})})
            if time.monotonic() - written > _WRITE:
                written = time.monotonic()
                self._folders.write(self._live[job])
        return None

    def _change(self, job: str, **changes: Any) -> None:
        kept = self._live[job]
        self._live[job] = kept.model_copy(update={"job": kept.job.model_copy(update=changes)})
        self._folders.write(self._live[job])

    def _close(self, job: str, state: State, **changes: Any) -> None:
        """Write a job's end down, and let go of it."""
        try:
            self._change(job, state=state, ended=time.time(), **changes)
        finally:
            del self._live[job]
            self._locks.pop(job).release()

    def _find_interrupted(self) -> None:
        """Mark what another server's end has left unfinished; what another server works on is locked."""
        for kept in self._folders.all():
            if not kept.job.live:
                continue
            try:
                with FileLock(self._folders.of(kept.job.id) / LOCK, timeout=0):
                    ended = kept.job.model_copy(update={"state": "interrupted", "ended": time.time()})
                    self._folders.write(kept.model_copy(update={"job": ended}))
            except Timeout:
                continue

    def list(self, user: str) -> tuple[Job, ...]:
        """A user's jobs, newest first."""
        found = (self._live.get(kept.job.id, kept) for kept in self._folders.all())
        mine = [kept.job for kept in found if kept.user == user]
        return tuple(sorted(mine, key=lambda job: (-job.created, job.id)))
