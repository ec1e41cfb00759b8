"""A run of simulated conversations, from its plan to what was measured.

begin_run(folder, plan, goals)
await simulate(folder, make_lab)
metrics = measure_run(folder, index)
"""

import platform
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..tools.errors import InputError
from ..tools.index import Index
from .executors import run_here, run_in_processes, run_on_ray
from .lab import MakeLab
from .measuring import measure_dialogues
from .nouns import Dialogue, Goal, SystemMetrics
from .plan import Plan, Task, tasks_of
from .runs import (
    CONFIG,
    GOALS,
    TRANSCRIPTS,
    RunFolder,
    read_config,
    read_records,
    write_config,
    write_metrics,
    write_records,
)

Executor = Literal["local", "ray"]

_COUNTED = ("numpy", "onnxruntime", "chromadb", "langgraph", "langchain-core", "sentence-transformers", "transformers")
"""Libraries whose versions are written down beside our own."""


class RunConfig(BaseModel):
    """What a simulation ran, and on what.

    Attributes:
        plan: what was asked for.
        items: how many items the catalogue has.
        brain: who answers for convrec, in words.
        versions: of Python and of the libraries that count.
        started: when, ISO 8601, UTC.
        seconds: how long all sittings took together.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["simulate"] = "simulate"
    plan: Plan
    items: int = 0
    brain: str = ""
    versions: dict[str, str] = {}
    started: str = ""
    seconds: float = 0.0


class Progress(BaseModel):
    """How far a run is, for one system: dialogues that ended, those that count, and successes among them."""

    model_config = ConfigDict(frozen=True)

    system: str
    total: int
    ended: int = 0
    counted: int = 0
    successes: int = 0

    def with_one(self, dialogue: Dialogue) -> "Progress":
        """This, one dialogue later."""
        counts = dialogue.counts
        return self.model_copy(
            update={
                "ended": self.ended + 1,
                "counted": self.counted + counts,
                "successes": self.successes + (counts and dialogue.success),
            }
        )


def begin_run(folder: Path, plan: Plan, goals: Iterable[Goal], *, items: int = 0, brain: str = "") -> None:
    """Make a run's folder, with its plan and its goals.

    Raises:
        InputError: there is a run in the folder already.
        StoreError: it cannot be written.
    """
    if (folder / CONFIG).exists():
        raise InputError(f"There is a run in {folder} already.", "Go on with it by --resume, or choose another folder.")
    write_records(folder / GOALS, goals)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    # The config comes last: a folder without one is no run yet.
    write_config(folder, RunConfig(plan=plan, items=items, brain=brain, versions=versions(), started=started))


async def simulate(
    folder: Path,
    make_lab: MakeLab,
    *,
    workers: int = 0,
    concurrency: int = 1,
    executor: Executor = "local",
    address: str = "",
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Progress]:
    """Hold the conversations of a run that have not been held; those with a fault are held again.

    Args:
        folder: of a run that has begun.
        make_lab: opens the laboratory in which they are held.
        workers: processes (or Ray's actors); 0 holds them in this process.
        concurrency: conversations at once in each.
        executor: on this machine, or on a Ray cluster.
        address: the cluster's.
        on_progress: told how far it is, after each conversation.

    Raises:
        InputError: the folder is no run.
        BusyError: another process is at it.
        StoreError: the folder cannot be written.
    """
    config = read_config(folder, RunConfig)
    plan, began = config.plan, time.monotonic()
    place = {key: number for number, key in enumerate(_keys(folder, plan))}
    progress = {name: Progress(system=name, total=len(place) // len(plan.names)) for name in plan.names}
    with RunFolder(folder, TRANSCRIPTS, Dialogue).writing() as run:
        run.arrange(lambda dialogue: None if dialogue.ending == "fault" else place.get(dialogue.key))
        held = set[str]()
        for dialogue in run.records():
            held.add(dialogue.key)
            progress[dialogue.system] = progress[dialogue.system].with_one(dialogue)
        tasks = (task for task in _tasks(folder, plan) if task.key not in held)
        try:
            async with aclosing(_execute(make_lab, tasks, workers, concurrency, executor, address)) as dialogues:
                async for dialogue in dialogues:
                    run.add(dialogue)
                    progress[dialogue.system] = progress[dialogue.system].with_one(dialogue)
                    if on_progress is not None:
                        on_progress(progress[dialogue.system])
            run.arrange(lambda dialogue: place[dialogue.key])
        finally:
            spent = config.seconds + time.monotonic() - began
            write_config(folder, config.model_copy(update={"seconds": round(spent, 1)}))
    return list(progress.values())


def measure_run(folder: Path, index: Index, judged: Iterable[SystemMetrics] = ()) -> list[SystemMetrics]:
    """Measure all systems of a run, and write it down.

    Args:
        folder: the run's.
        index: the catalogue that was talked about.
        judged: what a judge said of the systems.

    Raises:
        InputError: the folder is no run.
        CorruptError: a transcript is damaged.
        StoreError: the folder cannot be written.
    """
    config = read_config(folder, RunConfig)
    said = {one.system: one for one in judged}
    metrics = [
        one.model_copy(
            update={"metrics": one.metrics | said[one.system].metrics, "counts": one.counts | said[one.system].counts}
        )
        if one.system in said
        else one
        for one in measure_dialogues(read_records(folder / TRANSCRIPTS, Dialogue), index, config.plan.seed)
    ]
    write_metrics(folder, metrics)
    return metrics


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that count, those that are installed."""
    found = {"python": platform.python_version()}
    for name in ("convrec", *_COUNTED):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _tasks(folder: Path, plan: Plan) -> Iterator[Task]:
    return tasks_of(plan.names, read_records(folder / GOALS, Goal), plan.trials, plan.seed)


def _keys(folder: Path, plan: Plan) -> Iterator[str]:
    return (task.key for task in _tasks(folder, plan))


def _execute(
    make_lab: MakeLab, tasks: Iterable[Task], workers: int, concurrency: int, executor: Executor, address: str
) -> AsyncGenerator[Dialogue]:
    if executor == "ray":
        return run_on_ray(make_lab, tasks, max(workers, 1), concurrency, address)
    if workers:
        return run_in_processes(make_lab, tasks, workers, concurrency)
    return run_here(make_lab, tasks, concurrency)
