"""What a simulation costs: whole runs with the built-in user and the built-in agents, and the recommender's turns alone.

Run as `OMP_NUM_THREADS=1 .venv/bin/python benchmarks/bench_simulation.py [--items N] [--dialogues N] [--workers N]
[--talks N] [--without PART ...] [--home FOLDER]`. The invented catalogue of bench_turn.py is talked about.

Runs: as `convrec simulate` holds them, in processes of their own. Dialogues a second are told from the first that ends to
the last, beside what starting takes; memory, of every process, as the run goes on: it must not grow with the dialogues,
but for caches, which fill and stay. What each part of a dialogue costs is told by holding some in this process.

Turns: scripted conversations of five turns each, private, without a stream, forgotten at their end, one after another in
one process. Times are the processor's, so that other work on the machine counts little. `--talks 0` and `--dialogues 0`
leave one of the two out.
"""

import argparse
import asyncio
import gc
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from bench_turn import build, catalogue_name
from convrec import Settings
from convrec.agents.ablations import ABLATIONS
from convrec.agents.recommender import Recommender, Setup
from convrec.app.laboratory import make_goals, open_lab
from convrec.simulator import dialogue as dialogues
from convrec.simulator.nouns import Dialogue, Goal, SystemTurn, UserTurn
from convrec.simulator.plan import Plan, tasks_of
from convrec.simulator.runs import TRANSCRIPTS, read_records
from convrec.simulator.simulate import Progress, begin_run, simulate
from convrec.simulator.systems import System
from convrec.simulator.users.user import User
from convrec.tools.encoder import use_threads
from convrec.tools.index import Index, open_index
from convrec.tools.storage import Home
from langgraph.store.memory import InMemoryStore
from measuring import median_and_p95, memory_mb, print_machine, print_table, stopwatch

P = ParamSpec("P")
T = TypeVar("T")

PARTS = 10
"""How often memory is looked at."""

LOOKS = (0.1, 0.25, 0.5, 0.75, 1.0)
"""Shares of a run after which its processes are looked at."""

SPLIT = 150
"""Dialogues that are held in this process, for what their parts cost."""

TARGET = 20.0
"""Dialogues a second that a run should reach on two cores."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """What the system says of a process: processor seconds so far, memory now and at its highest, in MB."""

    seconds: float
    now: float
    most: float


def look_at(process: int) -> Process:
    """What /proc says of a process."""
    folder = Path("/proc") / str(process)
    times = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    lines = dict(line.split(":", 1) for line in (folder / "status").read_text(encoding="utf-8").splitlines())
    now, most = (int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return Process((int(times[11]) + int(times[12])) / _TICKS, now, most)


@dataclass
class Watch:
    """Looks at the processes of a run while dialogues end: this process first, then its workers."""

    dialogues: int
    workers: int
    ends: list[float] = field(default_factory=list)
    looks: dict[int, list[Process]] = field(default_factory=dict)

    def tell(self, progress: Progress) -> None:
        """One more dialogue has ended."""
        self.ends.append(time.perf_counter())
        # Each worker is at its last dialogue when as many are left as there are workers; after that, they leave.
        last = self.dialogues - self.workers
        if progress.ended in (1, *(min(int(share * self.dialogues), last) for share in LOOKS)):
            workers = sorted(child.pid or 0 for child in multiprocessing.active_children())
            self.looks[progress.ended] = [look_at(pid) for pid in (os.getpid(), *workers)]


def settings_of(home: Path, items: int) -> Settings:
    """Settings without any language model."""
    llm, trace = {"model": "none", "discover": False}, {"enabled": False}
    return Settings(home=home, catalogue=catalogue_name(items), llm=llm, trace=trace)  # type: ignore[arg-type]


def measure_run(home: Path, items: int, count: int, workers: int, folder: Path) -> None:
    """Hold a run as `convrec simulate` does, and print what it took."""
    settings = settings_of(home, items)
    plan = Plan(catalogue=settings.catalogue, goals=count, source="catalogue")
    with stopwatch() as making:
        index = open_index(Home(home), settings.catalogue)
        goals = make_goals(settings, plan, index)
    begin_run(folder, plan, goals, items=items)
    some = goals[:SPLIT]
    del goals, index
    gc.collect()
    watch = Watch(count, workers)
    began = time.perf_counter()
    asyncio.run(simulate(folder, partial(open_lab, settings, plan, folder), workers=workers, on_progress=watch.tell))
    held = list(read_records(folder / TRANSCRIPTS, Dialogue)) if count <= 2_000 else []
    rate = (count - 1) / (watch.ends[-1] - watch.ends[0])
    start, *_, end = (watch.looks[ended] for ended in sorted(watch.looks) if ended > 1)
    between = max(watch.looks) - sorted(watch.looks)[1]
    spent = [(b.seconds - a.seconds) / between * 1000 for a, b in zip(start, end, strict=True)]
    row: dict[str, Any] = {
        "making goals, s": making(),
        "until the first dialogue, s": watch.ends[0] - began,
        "dialogues a second": f"{rate:.1f} ({'target' if rate >= TARGET else 'UNDER the target,'} {TARGET:g})",
        "workers' processor ms a dialogue": sum(spent[1:]),
        "parent's": f"{spent[0]:.2f}",
        "kB a dialogue": f"{(folder / TRANSCRIPTS).stat().st_size / count / 1000:.1f}",
    }
    if held:
        row |= {
            "turns a dialogue": f"{statistics.mean(d.turns for d in held):.2f}",
            "success": f"{statistics.mean(d.success for d in held):.0%}",
            "faults": sum(d.ending == "fault" for d in held),
        }
    print_table(f"A run of {count:,} dialogues, {items:,} items, {workers} workers", [row])
    print_table(
        "Memory, MB now (at its highest)",
        [
            {"dialogues": ended}
            | {name: f"{p.now:.0f} ({p.most:.0f})" for name, p in zip(_names(workers), processes, strict=True)}
            for ended, processes in sorted(watch.looks.items())
        ],
    )
    asyncio.run(measure_parts(settings, plan, folder, some))


def _names(workers: int) -> list[str]:
    return ["parent", *(f"worker {n + 1}" for n in range(workers))]


class Spent:
    """Processor seconds of this process, by what they went to."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def of(self, part: str, call: Callable[P, T]) -> Callable[P, T]:
        """A function whose time is noted."""

        def timed(*given: P.args, **named: P.kwargs) -> T:
            began = time.process_time()
            try:
                return call(*given, **named)
            finally:
                self.seconds[part] += time.process_time() - began

        return timed

    def while_awaiting(self, part: str, call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        """A coroutine function whose time is noted; nothing else must run beside it."""

        async def timed(*given: P.args, **named: P.kwargs) -> T:
            began = time.process_time()
            try:
                return await call(*given, **named)
            finally:
                self.seconds[part] += time.process_time() - began

        return timed


@dataclass
class ClockedSystem:
    """A system whose processor time is noted."""

    system: System
    spent: Spent

    def __getattr__(self, name: str) -> Any:
        return getattr(self.system, name)

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        """As the system itself."""
        return await self.spent.while_awaiting("system", self.system.turn)(text, user=user, thread=thread)


@dataclass
class ClockedUser:
    """A user whose processor time is noted."""

    user: User
    spent: Spent

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        """As the user itself."""
        return await self.spent.while_awaiting("user", self.user.reply)(heard)


async def measure_parts(settings: Settings, plan: Plan, folder: Path, goals: Sequence[Goal]) -> None:
    """Hold some dialogues one after another in this process, and print what their parts cost."""
    spent, turns, whole = Spent(), 0, 0.0
    check, scan = dialogues.check_turn, dialogues.leaked_titles
    dialogues.check_turn, dialogues.leaked_titles = spent.of("checks", check), spent.of("leak scan", scan)
    try:
        async with open_lab(settings, plan, folder) as lab:
            clocked: dict[str, Any] = {name: ClockedSystem(s, spent) for name, s in lab.systems.items()}
            make_user = lab.make_user
            watched = replace(
                lab, systems=clocked, make_user=lambda goal, seed: ClockedUser(make_user(goal, seed), spent)
            )
            tasks = list(tasks_of(plan.names, goals, 1, plan.seed))
            for number, task in enumerate([*tasks[:5], *tasks]):
                if number == 5:  # the first few fill caches
                    spent.seconds.clear()
                    turns, whole = 0, -time.process_time()
                held = await watched.converse(task)
                spent.of("JSON", held.model_dump_json)()
                turns += held.turns
            whole += time.process_time()
    finally:
        dialogues.check_turn, dialogues.leaked_titles = check, scan
    each = {part: seconds / len(tasks) * 1000 for part, seconds in spent.seconds.items()}
    row = {"all": whole / len(tasks) * 1000, **each, "rest": whole / len(tasks) * 1000 - sum(each.values())}
    print_table(
        f"Processor milliseconds of a dialogue ({turns / len(tasks):.2f} turns), {len(tasks)} dialogues in one process",
        [{part: f"{milliseconds:.2f}" for part, milliseconds in row.items()}],
    )


def make_talks(index: Index, count: int, seed: int = 1) -> list[list[str]]:
    """What is said in each conversation, made of the catalogue's labels and titles."""
    chance, catalogue = random.Random(seed), index.catalogue
    noun = catalogue.schema.noun
    labels = [
        value
        for name, column in catalogue.columns.categories.items()
        if not catalogue.schema.attribute(name).person
        for value in column.values[:60]
    ]

    def label() -> str:
        return chance.choice(labels)

    def title() -> str:
        return chance.choice(catalogue.items).title

    def opening() -> str:
        return chance.choice(
            (
                f"I'm looking for a {label()} {noun} with {label()}",
                f"something {label()} under {chance.randint(8, 40)} dollars",
                f"Can you recommend me something {label()} from the {chance.choice(('1990s', '2000s'))}, nothing {label()}",
                f"hi, something like {title()} but a bit more {label()} please", "Can you recommend me something?",
                f"I love {title()} and {title()}. What should I try next?",
            )
        )  # fmt: skip

    def going_on() -> str:
        return chance.choice(
            (
                f"more {label()} and less {label()}", "something newer", f"no {label()} please", "what else do you have?",
                "the second one looks interesting, tell me more about it", "more like the second one", "surprise me",
                "I already know the first one, show me others", f"is the first one {label()}?", "why the third one?",
                f"actually I would prefer something {label()}, and cheaper",
                f"not what I want. I really hate {label()}, how about {label()}?",
            )
        )  # fmt: skip

    ends = ("I take the first one, thanks", "The second one sounds great, I'll take it", "no thanks, bye")
    return [[opening(), going_on(), going_on(), going_on(), chance.choice(ends)] for _ in range(count)]


async def measure(home: Path, items: int, talks: int, without: frozenset[str]) -> None:
    """Hold the conversations, and print the tables."""
    use_threads(1)
    index = open_index(Home(home), catalogue_name(items))
    setup = Setup(
        index=lambda: index, home=Home(Path(tempfile.gettempdir()) / "convrec-bench-none"), private=True, without=without,
        store=lambda _: nullcontext(InMemoryStore()), clock=lambda: 1_800_000_000.0,
    )  # fmt: skip
    turns: list[float] = []
    searching: list[float] = []
    each: list[float] = []
    agents: dict[str, list[float]] = defaultdict(list)
    memory = []
    async with Recommender(setup) as recommender:
        for number, said in enumerate(make_talks(index, talks)):
            begun = time.process_time()
            for text in said:
                before = time.process_time()
                answer = await recommender.reply(text, user=f"u{number}", thread="t")
                turns.append(time.process_time() - before)
                if any(step.agent == "retrieve" for step in answer.steps):
                    searching.append(turns[-1])
                for step in answer.steps:
                    agents[step.agent].append(step.milliseconds / 1000)
            await recommender.forget(user=f"u{number}", thread="t")
            each.append(time.process_time() - begun)
            if (number + 1) % max(talks // PARTS, 1) == 0:
                gc.collect()
                memory.append({"conversations": number + 1, "MB": memory_mb().get("now", 0.0)})
    print_table(
        f"{talks:,} conversations of {len(turns) / talks:.0f} turns, {items:,} items, processor milliseconds (median / p95)",
        [
            {
                "all turns": median_and_p95(turns),
                "turns that search": median_and_p95(searching),
                "a conversation": median_and_p95(each),
                "conversations per second and core": f"{1 / statistics.mean(each):.1f}",
            }
        ],
    )
    print_table("By agent, milliseconds (median / p95)", [{a: median_and_p95(times) for a, times in agents.items()}])
    print_table("Memory", memory)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the index if it is missing, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--dialogues", type=int, default=1_000, help="of the run; 0 for none")
    parser.add_argument("--workers", type=int, default=2, help="processes that hold them")
    parser.add_argument("--talks", type=int, default=500, help="scripted conversations; 0 for none")
    parser.add_argument("--without", nargs="*", choices=list(ABLATIONS), default=[])
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench")
    given = parser.parse_args(arguments)
    print_machine()
    build(given.home, given.items)
    if given.dialogues:
        with tempfile.TemporaryDirectory() as folder:
            measure_run(given.home, given.items, given.dialogues, given.workers, Path(folder))
    if given.talks:
        asyncio.run(measure(given.home, given.items, given.talks, frozenset(given.without)))


if __name__ == "__main__":
    main()
