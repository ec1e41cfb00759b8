"""The table of systems: what was measured, in groups, each figure with its interval, the best one marked."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..metrics.definitions import DEFINITIONS as OF_METRICS
from ..metrics.definitions import Definition, family
from ..nouns import Estimate, SystemMetrics
from ..offline.measures import DEFINITIONS as OF_PROTOCOLS
from .figures import fraction, interval, plain, share

_GROUPS: Mapping[str, re.Pattern[str]] = {
    title: re.compile(pattern, re.IGNORECASE)
    for title, pattern in {
        "Success by turn": r"by turn|^SR@",
        "Reliability": r"^pass\^",
        "Honesty": r"constraint|repeat|grounding|text equals|no match|satisf",
        "Cost": r"calls|tokens|seconds|fallbacks|cost",
        "Catalogue": r"coverage|gini|diversity|novelty|popular|long-tail|PopREO",
        "Ranking": r"^(Recall|Hit|MRR|NDCG|hDCG)\b(?!.* of shown)",
        "Success": r"success|turns|reward|utility|of shown|hDCG",
    }.items()
}
_ORDER = ("Success", "Ranking", "Reliability", "Honesty", "Catalogue", "Cost", "Other", "Success by turn")


_PERCENT = re.compile(
    r"success rate|pass\^|satisfaction|repeat|grounding|equals|correctness|coverage|share|^hit@\d+ of|^SR@"
)
"""Shares of dialogues, turns or items; other values from 0 to 1 are written as papers print them."""


DEFINITIONS: Mapping[str, Definition] = {**OF_METRICS, **OF_PROTOCOLS}


@dataclass(frozen=True)
class Cell:
    """One figure: the value, its interval and over how many, in words; all empty where it was not measured."""

    value: str = ""
    interval: str = ""
    n: str = ""
    best: bool = False


@dataclass(frozen=True)
class MetricRow:
    """One metric: its name, the place of its definition in the page (empty without one), a cell per system."""

    name: str
    anchor: str
    cells: tuple[Cell, ...]
    lower_is_better: bool


@dataclass(frozen=True)
class MetricGroup:
    """Metrics that belong together."""

    title: str
    rows: tuple[MetricRow, ...]


@dataclass(frozen=True)
class Meaning:
    """What a metric of the table means."""

    name: str
    anchor: str
    definition: Definition


def metric_groups(metrics: Sequence[SystemMetrics]) -> list[MetricGroup]:
    """The table's rows, a cell per system in the order given."""
    names = list(dict.fromkeys(name for one in metrics for name in one.metrics))
    of_group: dict[str, list[MetricRow]] = {}
    for name in names:
        of_group.setdefault(group_of(name), []).append(_row(name, [one.metrics.get(name) for one in metrics]))
    return [MetricGroup(title, tuple(of_group[title])) for title in _ORDER if title in of_group]


def meanings(metrics: Sequence[SystemMetrics]) -> list[Meaning]:
    """The definitions of the metrics in the table, each once, in the order in which they are defined."""
    there = {family(name) for one in metrics for name in one.metrics}
    return [Meaning(name, _anchor(name), what) for name, what in DEFINITIONS.items() if name in there]


def group_of(name: str) -> str:
    """The group that a metric stands in."""
    return next((title for title, pattern in _GROUPS.items() if pattern.search(name)), "Other")


def _row(name: str, estimates: Sequence[Estimate | None]) -> MetricRow:
    what = DEFINITIONS.get(family(name))
    higher = what.higher_is_better if what is not None else None
    written = _writing(name, what)
    best = _best([e.value for e in estimates if e is not None], higher, len(estimates))
    cells = tuple(_cell(e, written, best) for e in estimates)
    return MetricRow(name, _anchor(family(name)) if what is not None else "", cells, lower_is_better=higher is False)


def _best(values: Sequence[float], higher: bool | None, systems: int) -> float | None:
    """The best value; None where no way is better, or all are the same."""
    if higher is None or systems < 2 or len(set(values)) < 2:
        return None
    return max(values) if higher else min(values)


def _writing(name: str, what: Definition | None) -> Callable[[float], str]:
    """How a metric's values are written."""
    if what is None or not what.share:
        return plain
    return share if _PERCENT.search(name) else fraction


def _cell(estimate: Estimate | None, written: Callable[[float], str], best: float | None) -> Cell:
    if estimate is None:
        return Cell()
    return Cell(written(estimate.value), interval(estimate, written), f"{estimate.n:,}", estimate.value == best)


def _anchor(name: str) -> str:
    return "metric-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
