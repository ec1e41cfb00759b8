"""What a report says first of each run: what was asked for, what counts, and what was left out."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pydantic import JsonValue

from ..runs import RANKINGS, TRANSCRIPTS
from .figures import count, duration
from .findings import Findings
from .run_data import RunData


@dataclass(frozen=True)
class Fact:
    """One thing that was asked for, and what it was."""

    label: str
    value: str


@dataclass(frozen=True)
class RunHead:
    """One run.

    Attributes:
        name: what it is called.
        facts: what a reader wants to know first.
        everything: its whole config, flat.
        records: where its dialogues or rankings lie, from the page; empty where they are not on disk.
        remarks: what is not whole about it.
    """

    name: str
    facts: tuple[Fact, ...]
    everything: tuple[Fact, ...]
    records: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """What counts of one system.

    Attributes:
        label: what the report calls it.
        total, counted: its dialogues or cases, and how many of them are in the metrics.
        leaks, faults: those that are not: the user gave a target away, the infrastructure failed.
        untold: cases without a target, about which nothing can be told.
    """

    label: str
    total: int
    counted: int
    leaks: int = 0
    faults: int = 0
    untold: int = 0


_FACTS = {
    "systems": "Systems",
    "without": "Switched off",
    "protocol": "Protocol",
    "data": "Data",
    "dataset": "Data",
    "catalogue": "Catalogue",
    "items": "Items",
    "user": "Simulated user",
    "goals": "Goals",
    "cases": "Cases",
    "trials": "Trials per goal",
    "seed": "Seed",
    "brain": "Language model",
    "started": "Started",
    "seconds": "Took",
    "versions": "Versions",
}


def head_of(run: RunData, page: Path) -> RunHead:
    """What is said of a run.

    Args:
        run: the run.
        page: where the report will lie.
    """
    plan = run.config.get("plan")
    asked = {**(plan if isinstance(plan, dict) else {}), **run.config}
    facts = [
        Fact(label, _told(key, asked[key])) for key, label in _FACTS.items() if asked.get(key) not in (None, "", [], {})
    ]
    return RunHead(
        name=run.name,
        facts=tuple(facts),
        everything=tuple(Fact(name, value) for name, value in _flat("", run.config)),
        records=_link(run.folder, page),
        remarks=run.remarks,
    )


def tally_of(findings: Findings) -> Tally:
    """What counts of a system's dialogues."""
    outcomes = findings.outcomes
    faults = sum(o.ending == "fault" for o in outcomes)
    return Tally(
        findings.label, len(outcomes), len(findings.counted), len(outcomes) - len(findings.counted) - faults, faults
    )


def left_out(tallies: Iterable[Tally], what: str) -> str:
    """How many count, and why others do not, in a sentence or two.

    Args:
        tallies: of all systems.
        what: `dialogue` or `case`.
    """
    some = list(tallies)
    total, counted = sum(t.total for t in some), sum(t.counted for t in some)
    if total == counted:
        return f"All {count(total, what)} count: no leak of a target, no fault of the infrastructure."
    reasons = [
        (sum(t.leaks for t in some), "in which the simulated user gave a target away"),
        (sum(t.faults for t in some), "in which the infrastructure failed, and not the system under test"),
        (sum(t.untold for t in some), "without a target"),
    ]
    told = "; ".join(f"{number:,} {reason}" for number, reason in reasons if number)
    return f"{counted:,} of {count(total, what)} count. Left out of all figures: {told}."


def _told(key: str, value: JsonValue) -> str:
    if key == "seconds" and isinstance(value, int | float):
        return duration(value)
    if key == "started" and isinstance(value, str):
        return value.replace("T", " ").replace("+00:00", " UTC")
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return _plain(value)


def _plain(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**9 else str(value)


def _flat(before: str, config: dict[str, JsonValue]) -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and value:
            yield from _flat(f"{path}.", value)
        else:
            yield path, _plain(value)


def _link(folder: Path, page: Path) -> str:
    """Where a run's records are, as the page may link to them; empty where there are none on disk."""
    for name in (TRANSCRIPTS, RANKINGS):
        file = folder / name
        if file.is_file():
            try:
                return quote(Path(os.path.relpath(file.resolve(), page.resolve().parent)).as_posix())
            except ValueError:  # on another drive
                return file.resolve().as_uri()
    return ""
