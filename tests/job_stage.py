"""What tests of jobs stand on: a worker that says what it is told to, and a real one with the fake encoder.

Worker processes import this module by its name.
"""

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from convrec.app.job_process import PLOTS, Done, Told, work
from convrec.app.jobs import Worker
from convrec.app.settings import Settings
from convrec.simulator.nouns import Estimate, SystemMetrics
from convrec.simulator.plan import Plan
from convrec.simulator.runs import REPORT, TRANSCRIPTS, write_metrics
from convrec.simulator.simulate import Progress
from convrec.tools import index
from fakes import HashEncoder

METRICS = SystemMetrics(
    system="convrec",
    metrics={"success rate": Estimate(value=0.5, low=0.1, high=0.9, n=2)},
    counts={"dialogues": 2, "excluded faults": 0, "excluded leaks": 0},
)
WHOLE: tuple[Told, ...] = (
    Progress(system="convrec", total=2),
    Progress(system="convrec", total=2, ended=2, counted=2, successes=1),
    Done(),
)


class Script:
    """Begins workers that say, one after the other, what a script has; the last goes on for ever where it says so.

    Args:
        scripts: what each worker says.
        lasting: whether a worker lives on after its last word, until it is ended.
    """

    def __init__(self, *scripts: Sequence[Told], lasting: bool = False) -> None:
        self._scripts = list(scripts)
        self._lasting = lasting
        self.begun: list[Path] = []
        self.plans: list[Plan] = []
        self.workers: list[_Player] = []

    def __call__(self, pipe: Connection, settings: Settings, plan: Plan, folder: Path) -> Worker:
        self.begun.append(folder)
        self.plans.append(plan)
        (folder / TRANSCRIPTS).write_text("{}\n")
        for said in (script := self._scripts.pop(0)):
            pipe.send(said)
        if Done() in script:
            write_metrics(folder, [METRICS])
            (folder / REPORT).write_text("<!doctype html><title>A report</title>")
            (folder / PLOTS).write_text("[]")
        player = _Player(Connection(os.dup(pipe.fileno())) if self._lasting else None)
        self.workers.append(player)
        return player


class _Player:
    """A worker without a process."""

    def __init__(self, pipe: Connection | None) -> None:
        self._pipe = pipe
        self.exitcode = None if pipe else 0
        self.ended = False

    def terminate(self) -> None:
        self.ended = True
        if self._pipe:
            self._pipe.close()
            self.exitcode = -15

    def kill(self) -> None:
        raise AssertionError("It has ended when it was asked to.")

    def join(self, timeout: float | None = None) -> None:
        pass


def begin_fake_encoder(pipe: Connection, settings: Settings, plan: Plan, folder: Path) -> Worker:
    """Start a real process, in which indexes have the fake encoder."""
    made = multiprocessing.get_context("spawn").Process(target=_work, args=(pipe, settings, plan, folder), daemon=True)
    made.start()
    return made


def _work(pipe: Connection, settings: Settings, plan: Plan, folder: Path) -> None:
    index.load_encoder = lambda name, folder: HashEncoder(name)  # type: ignore[assignment]
    work(pipe, settings, plan, folder)
