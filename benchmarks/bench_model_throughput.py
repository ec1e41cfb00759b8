"""How much of a model server's throughput a simulation reaches, beside the same requests sent directly.

Run as `OMP_NUM_THREADS=1 .venv/bin/python benchmarks/bench_model_throughput.py [--seconds S ...] [--slots N]
[--concurrency N] [--workers N] [--dialogues N] [--times N] [--items N] [--home FOLDER]`.

A server on loopback, in a process of its own, answers every request after a fixed time, so many at once, with answers
that fit. A run of simulated dialogues with convrec on that model is held as `convrec simulate` holds it; the server keeps
the requests. The very same ones are then sent by httpx alone, as many at once as the server answers at once. Both are
measured while there is work for all: from the dialogue that ends when each place had one, to the last that is begun.
Processor milliseconds say where the machine, and not the server, is what is waited for. A case takes about two times its
dialogues' requests (ten of each at low effort, 14 at medium, 30 with a model as the user) by the seconds, by the slots.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import statistics
import tempfile
import time
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, Self

import httpx
from bench_models import Helpful, OpenAiServer
from bench_simulation import look_at
from bench_turn import build, catalogue_name
from convrec import Settings
from convrec.agents.effort import Effort
from convrec.app.laboratory import make_goals, open_lab
from convrec.simulator.nouns import Dialogue
from convrec.simulator.plan import Plan
from convrec.simulator.runs import TRANSCRIPTS, read_records
from convrec.simulator.simulate import Progress, begin_run, simulate
from convrec.tools.index import open_index
from convrec.tools.storage import Home
from measuring import print_machine, print_table
from openai_server import Request

TARGET = 0.9
"""Of the throughput of the same requests sent directly, at least, where the server is what is waited for."""

_WISH = re.compile(r"^(r\d+) (.+)$", re.MULTILINE)
_WANTED = re.compile(r"^(s\d+) (?:love|take)\b", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """What is measured: convrec's effort, who plays the user, and how long the server thinks, in seconds."""

    effort: Effort
    user: Literal["agenda", "llm"]
    seconds: float


@dataclass(frozen=True)
class Load:
    """How much is done at once: by the server, and by the simulation, in each of its processes (0: in this one)."""

    slots: int
    concurrency: int
    workers: int

    @property
    def dialogues(self) -> int:
        """Dialogues that are held at once."""
        return self.concurrency * max(self.workers, 1)


class Player(Helpful):
    """As the helpful one, and it plays users: they say their wishes one by one, and take what they would like."""

    def value(self, schema: Mapping[str, Any], prompt: str, time: int = 0) -> Any:
        """A value that fits the schema of an agent or of a user."""
        if "accepts" not in schema["properties"]:
            value = super().value(schema, prompt)
            for want in value.get("wants", ()):
                # A wish in two words, as models put it, and not the whole message.
                want["values"] = [" ".join(sorted(want["words"].split(), key=len)[-2:])]
            return value
        answer = {"act": "inform", "says": [], "drops": [], "accepts": "none", "rejects": []}
        if wanted := _WANTED.search(prompt):
            return answer | {"act": "accept", "accepts": wanted[1], "sentences": ["I take that one, thanks."]}
        wishes = [(m[1], m[2]) for m in _WISH.finditer(prompt) if "said" not in m[2]]
        number, told = wishes[0] if wishes else ("", "something else")
        said = re.sub(r"[^A-Za-z0-9 ,.-]", " ", told.partition(": ")[2] or told)[:80]
        return answer | {"says": [number] if number else [], "sentences": [f"I would like {said}."]}


class ThinkingServer(OpenAiServer):
    """The server of the tests, which thinks for some time before each answer, about so many requests at once."""

    def __init__(self, seconds: float, slots: int) -> None:
        super().__init__(Player())
        self._seconds = seconds
        self._slots = asyncio.Semaphore(slots)

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if not request.body:
            return await super()._answer(request, reader, writer)
        async with self._slots:
            await asyncio.sleep(self._seconds)
            return await super()._answer(request, reader, writer)


def serve(pipe: Connection, seconds: float, slots: int) -> None:
    """Serve until the other end is closed; at each word from there, say what has been asked since the last."""
    with ThinkingServer(seconds, slots) as server:
        pipe.send(server.base_url)
        while True:
            try:
                pipe.recv()
            except EOFError:
                return
            asked = [r for r in server.requests if r.body]
            server.requests.clear()
            pipe.send([Asked(r.at, json.dumps(r.body).encode()) for r in asked])


@dataclass(frozen=True)
class Asked:
    """A request: when it came, by the monotonic clock, and its body."""

    at: float
    body: bytes


class Server:
    """The server's process; use it as a context manager."""

    def __init__(self, seconds: float, slots: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, seconds, slots), daemon=True)
        self._process.start()
        theirs.close()
        self.base_url: str = self._pipe.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(10)

    @property
    def number(self) -> int:
        """Of the process."""
        return self._process.pid or 0

    def asked(self) -> list[Asked]:
        """The requests since the last call, in the order in which they came."""
        self._pipe.send("asked")
        return self._pipe.recv()


@dataclass
class Clock:
    """When dialogues ended, and what processors had spent by then: the server, and all who simulate."""

    server: int
    ends: list[float] = field(default_factory=list)
    spent: list[tuple[float, float]] = field(default_factory=list)

    def tell(self, progress: Progress) -> None:
        """One more dialogue has ended."""
        self.ends.append(time.monotonic())
        workers = [c.pid or 0 for c in multiprocessing.active_children() if c.pid != self.server]
        ours = sum(look_at(pid).seconds for pid in (os.getpid(), *workers))
        self.spent.append((look_at(self.server).seconds, ours))


@dataclass(frozen=True)
class Measured:
    """Requests a second, simulated and sent directly, and processor milliseconds of a request."""

    simulated: float
    direct: float
    ours: float
    server: float
    sending: float
    requests: float
    fallbacks: float
    faults: int

    @property
    def ratio(self) -> float:
        """Simulated to direct."""
        return self.simulated / self.direct


def measure(home: Path, items: int, case: Case, load: Load, count: int) -> Measured:
    """One run, and its requests once more."""
    with Server(case.seconds, load.slots) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        llm = {
            "model": "instant", "base_url": server.base_url, "effort": case.effort, "discover": False,
            "concurrency": load.slots,
        }  # fmt: skip
        settings = Settings(home=home, catalogue=catalogue_name(items), llm=llm, trace={"enabled": False})  # type: ignore[arg-type]
        plan = Plan(catalogue=settings.catalogue, goals=count, source="catalogue", user=case.user)
        begin_run(folder, plan, make_goals(settings, plan, open_index(Home(home), settings.catalogue)), items=items)
        clock = Clock(server.number)
        make_lab = partial(open_lab, settings, plan, folder)
        asyncio.run(
            simulate(folder, make_lab, workers=load.workers, concurrency=load.concurrency, on_progress=clock.tell)
        )
        asked = server.asked()
        held = list(read_records(folder / TRANSCRIPTS, Dialogue))
        first, last = load.dialogues - 1, count - load.dialogues - 1
        times = [one.at for one in asked]
        within = bisect(times, clock.ends[last]) - bisect(times, clock.ends[first])
        (server_then, ours_then), (server_now, ours_now) = clock.spent[first], clock.spent[last]
        spent = time.process_time()
        direct = asyncio.run(send(f"{server.base_url}/chat/completions", [one.body for one in asked], load.slots))
        return Measured(
            simulated=within / (clock.ends[last] - clock.ends[first]),
            direct=direct,
            ours=(ours_now - ours_then) / within * 1000,
            server=(server_now - server_then) / within * 1000,
            sending=(time.process_time() - spent) / len(asked) * 1000,
            requests=len(asked) / count,
            fallbacks=statistics.mean(sum(r.system.fallbacks for r in d.rounds if r.system) for d in held),
            faults=sum(d.ending == "fault" for d in held),
        )


async def send(url: str, bodies: Sequence[bytes], at_once: int) -> float:
    """Send requests, so many at once, and read their answers; how many a second, until the last is sent."""
    left, ends = iter(bodies), list[float]()
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer none"}
    async with httpx.AsyncClient(limits=limits, trust_env=False, timeout=60, headers=headers) as client:

        async def keep_on() -> None:
            for body in left:
                answer = await client.post(url, content=body)
                answer.raise_for_status()
                ends.append(time.monotonic())

        began = time.monotonic()
        await asyncio.gather(*(keep_on() for _ in range(at_once)))
    # The last ones are sent when all but as many as are under way have ended.
    return (len(bodies) - at_once) / (sorted(ends)[-at_once - 1] - began)


def row_of(case: Case, load: Load, results: Sequence[Measured]) -> dict[str, Any]:
    """A line of the table: medians, and the ratios' range."""

    def median(name: str) -> float:
        return statistics.median(getattr(one, name) for one in results)

    ratios = sorted(one.ratio for one in results)
    ratio = statistics.median(ratios)
    return {
        "effort": case.effort,
        "user": case.user,
        "s a request": f"{case.seconds:g}",
        "dialogues at once": load.dialogues,
        "processes": load.workers or 1,
        "requests/s": f"{median('simulated'):.1f}",
        "directly": f"{median('direct'):.1f}",
        "ratio": f"{ratio:.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}, {'target' if ratio >= TARGET else 'UNDER'} {TARGET:g})",
        "requests a dialogue": f"{median('requests'):.1f}",
        "processor ms a request": f"{median('ours'):.1f}",
        "sent directly": f"{median('sending'):.1f}",
        "the server's": f"{median('server'):.1f}",
        "fallbacks a dialogue": f"{median('fallbacks'):.2f}",
        "faults": sum(one.faults for one in results),
    }


def main() -> None:
    """Build the index if it is missing, measure each case, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.3, 1.0], help="the server thinks for")
    parser.add_argument("--slots", type=int, default=16, help="requests that it answers at once")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[16], help="dialogues at once in each process")
    parser.add_argument("--workers", type=int, default=0, help="processes; 0 for this one")
    parser.add_argument("--dialogues", type=int, default=64, help="of each run; four times as many as are held at once")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--cases", nargs="+", default=["low/agenda", "medium/agenda", "medium/llm"])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench")
    given = parser.parse_args()
    if given.dialogues < (fewest := 3 * max(given.concurrency) * max(given.workers, 1)):
        parser.error(f"--dialogues must be at least {fewest}: three times as many as are held at once.")
    print_machine()
    build(given.home, given.items)
    rows = []
    for seconds in given.seconds:
        for named in given.cases:
            for concurrency in given.concurrency:
                effort, _, user = named.partition("/")
                case = Case(effort, user, seconds)  # type: ignore[arg-type]
                load = Load(given.slots, concurrency, given.workers)
                print(f"Measuring {named}, {seconds:g} s a request, {load.dialogues} dialogues at once ...", flush=True)
                results = [measure(given.home, given.items, case, load, given.dialogues) for _ in range(given.times)]
                rows.append(row_of(case, load, results))
    print_table(f"A model server that answers {given.slots} requests at once; medians of {given.times}", rows)


if __name__ == "__main__":
    main()
