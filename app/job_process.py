"""The process that holds one simulation, so that whoever is served meanwhile need not wait for it.

It tells its parent how far it is, ends when its parent does, and leaves everything that it finds out in the run's folder.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from pydantic import TypeAdapter

from ..simulator.nouns import Dialogue, SystemMetrics
from ..simulator.plan import Plan
from ..simulator.reports.findings import Findings
from ..simulator.reports.plot import Plot
from ..simulator.reports.plots import plots_of
from ..simulator.reports.report import write_report
from ..simulator.reports.run_data import read_run
from ..simulator.runs import REPORT, TRANSCRIPTS, read_records
from ..simulator.simulate import Progress, begin_run, measure_run, simulate
from ..tools.encoder import use_threads
from ..tools.errors import ConvrecError
from ..tools.files import write_text
from ..tools.index import open_index
from ..tools.storage import Home
from .build import make_setup
from .laboratory import check_systems, make_goals, open_lab
from .settings import Settings
from .thinking import open_thinking

PLOTS = "plots.json"
"""Where a run's plots lie, for pages that show them without the report."""

_PLOTS = TypeAdapter(tuple[Plot, ...])
_NOWHERE = Path(os.devnull)
_KINDNESS = 10
"""How far the process stands back for others, as `nice` counts."""


@dataclass(frozen=True)
class Note:
    """Something that a reader of the run should know."""

    text: str


@dataclass(frozen=True)
class Failed:
    """Why there is no result; a bug of ours ends the process without a word, and its traceback is in the log."""

    message: str
    hint: str = ""


@dataclass(frozen=True)
class Done:
    """All is in the folder."""


Told = Progress | Note | Failed | Done
"""What the process says."""


def work(pipe: Connection, settings: Settings, plan: Plan, folder: Path) -> None:
    """Hold a simulation in this process, and tell of it through a pipe.

    Args:
        pipe: to the parent; when its other end is closed, this process ends at once.
        settings: what convrec and the baselines run on.
        plan: what is simulated.
        folder: the run's.
    """
    # Ctrl-C is for the parent, which ends this process or dies; either way the pipe tells.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_KINDNESS)
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    try:
        asyncio.run(hold(settings, plan, folder, pipe.send))
        pipe.send(Done())
    except ConvrecError as fault:
        pipe.send(Failed(str(fault), fault.hint))


async def hold(settings: Settings, plan: Plan, folder: Path, tell: Callable[[Told], None]) -> None:
    """Make the goals of a simulation, hold its conversations, measure them, and write report and plots.

    Raises:
        InputError: no goals can be made.
        SettingsError: a system needs what there is not.
        ConvrecError: faults left nothing to measure.
        StoreError: the folder cannot be written.
    """
    use_threads(1)
    index = open_index(Home(settings.home), settings.catalogue)
    check_systems(settings, plan, index)
    goals = make_goals(settings, plan, index)
    if len(goals) < plan.goals:
        tell(Note(f"Only {len(goals):,} goals can be made from this catalogue, not {plan.goals:,}."))
    for name in plan.names:
        tell(Progress(system=name, total=len(goals) * plan.trials))
    begin_run(folder, plan, goals, items=len(index.catalogue), brain=make_setup(settings).brain)
    # Conversations that wait for a language model can be held side by side; others only take one another's time.
    waits = open_thinking(settings).thinking is not None
    await simulate(
        folder, partial(open_lab, settings, plan, folder), concurrency=settings.llm.concurrency if waits else 1,
        on_progress=tell,
    )  # fmt: skip
    metrics = measure_run(folder, index)
    if not any(_counted(one) for one in metrics):
        fault = next((d.fault for d in read_records(folder / TRANSCRIPTS, Dialogue) if d.fault), "")
        raise ConvrecError(f"Faults left nothing to measure. The first one: {fault}")
    write_plots(folder)
    run = read_run(folder)
    # Reports name runs by their folders, and link to the records in them; these are read elsewhere, by an id.
    write_report([replace(run, name=f"Simulation {folder.name[:8]}", folder=_NOWHERE)], folder / REPORT)


def write_plots(folder: Path) -> None:
    """Draw a run's plots, and write them down."""
    findings: dict[str, Findings] = {}
    for dialogue in read_records(folder / TRANSCRIPTS, Dialogue):
        found = findings.setdefault(dialogue.system, Findings(dialogue.system))
        found.add(dialogue)
    write_text(folder / PLOTS, _PLOTS.dump_json(tuple(plots_of(list(findings.values())))).decode())


def read_plots(folder: Path) -> tuple[Plot, ...]:
    """The plots that were drawn of a run."""
    return _PLOTS.validate_json((folder / PLOTS).read_bytes())


def _counted(one: SystemMetrics) -> int:
    return one.counts["dialogues"] - one.counts["excluded faults"] - one.counts["excluded leaks"]


def _end_with_parent(pipe: Connection) -> None:
    """Wait for the other end of the pipe to be closed, by whatever end its process came to."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        # There is nobody left to tell, and nothing that must be tidied: the run's folder is whole at any time.
        os._exit(1)
