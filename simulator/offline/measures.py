"""What comes out of asking and of steering, in figures with their intervals."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from ...agents.state import Noun
from ...tools.index import Index
from ..metrics.definitions import Definition
from ..metrics.ranking import hdcg_gain, recall_at
from ..metrics.statistics import PairedDifference, bootstrap_interval, paired_permutation
from ..nouns import Estimate, SystemMetrics
from .attributes import LISTED, TURNS, Asked
from .nouns import Ranking
from .steering import AXES, Axis, Steer

_DENG = "Deng et al., SIGIR 2021"
_LEI = "Lei et al., WSDM 2020"
_PAISCHER = "Paischer et al., TMLR 2025"

_ASKING: Mapping[str, Definition] = {
    "SR@k": Definition(meaning="Share of sessions in which the item was found within k turns.", source=_LEI),
    "average turns of asking": Definition(
        meaning=f"Mean number of turns until the item was found; a failure counts {TURNS}.", source=_LEI,
        higher_is_better=False, share=False,
    ),
    "hDCG@(15,10)": Definition(
        meaning="Hierarchical discounted gain: earlier turns count more, and higher places in a turn's list.", source=_DENG
    ),
    "questions": Definition(meaning="Mean number of turns that asked.", higher_is_better=None, share=False),
}  # fmt: skip

_WHAT = {
    "preference": "a value of the user's own next item is said",
    "fine": "a value of an item near to the next one is said",
    "coarse": "a value of an item far from the next one is said",
    "negative": "a value of the next item is said to be unwanted",
    "consolidation": "a value of the next item is said among values of the history",
}


def _steering_definitions() -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for axis in AXES:
        better, told = axis != "negative", _WHAT[axis]
        found[f"{axis}: Recall@k silent"] = Definition(
            meaning="Share of cases with the target among the first k, nothing said.", source=_PAISCHER,
            higher_is_better=None,
        )  # fmt: skip
        found[f"{axis}: Recall@k said"] = Definition(
            meaning=f"The same, where {told}.", source=_PAISCHER, higher_is_better=better
        )
        found[f"{axis}: Recall@k gain"] = Definition(
            meaning="Said minus silent, pair by pair.", source=_PAISCHER, higher_is_better=better, share=False
        )
        found[f"{axis}: share@k silent"] = Definition(
            meaning="Share of the first k that have the value, nothing said.", higher_is_better=None
        )
        found[f"{axis}: share@k said"] = Definition(meaning=f"The same, where {told}.", higher_is_better=better)
        found[f"{axis}: share@k gain"] = Definition(
            meaning="Said minus silent, pair by pair.", higher_is_better=better, share=False
        )
    found["negative: m@k"] = Definition(
        meaning="Share of cases with the target among the first k where the value is wanted, and not where it is unwanted.",
        source=_PAISCHER,
    )
    return found


DEFINITIONS: Mapping[str, Definition] = {**_ASKING, **_steering_definitions()}
"""Metric of asking or of steering -> what it means; a metric of several depths stands once, with k for the depth."""


def measure_asked(outcomes: Iterable[Asked], seed: int = 0) -> list[SystemMetrics]:
    """SR@5, @10 and @15, average turns, hDCG@(15,10) and questions of each system, in the order of their first session.

    Sessions with a fault are counted and left out. Intervals are over users.
    """
    systems: dict[str, list[Asked]] = defaultdict(list)
    for outcome in outcomes:
        systems[outcome.system].append(outcome)
    return [_asked(name, theirs, seed) for name, theirs in systems.items()]


def _asked(system: str, outcomes: Sequence[Asked], seed: int) -> SystemMetrics:
    held = [o for o in outcomes if not o.fault]
    users = [o.dialogue for o in held]

    def mean(values: Sequence[float], *, share: bool) -> Estimate:
        return bootstrap_interval(values, seed, clusters=users, share=share)

    metrics: dict[str, Estimate] = {}
    if held:
        for turns in (5, 10, TURNS):
            metrics[f"SR@{turns}"] = mean([float(o.success and o.turns <= turns) for o in held], share=True)
        metrics["average turns of asking"] = mean([float(o.turns) for o in held], share=False)
        metrics[f"hDCG@({TURNS},{LISTED})"] = mean(
            [hdcg_gain(o.turns, o.place) if o.success else 0.0 for o in held], share=True
        )
        metrics["questions"] = mean([float(o.questions) for o in held], share=False)
    counts = {"sessions": len(held), "faults": len(outcomes) - len(held)}
    return SystemMetrics(system=system, metrics=metrics, counts=counts)


class Moved(Noun):
    """How far one axis moved a system's rankings.

    Attributes:
        system, axis: which.
        k: how deep lists are looked at.
        recall_silent, recall_said: Recall@k of the target without and with what was said.
        recall_gain: the paired difference, said minus silent; below 0 is what `negative` should give.
        share_silent, share_said: the share of the first k that have the value.
        share_gain: the paired difference.
        combined: for `negative`, m@k: the target found where the value is wanted and not where it is unwanted.
        faults: pairs that were left out because a ranking failed.
    """

    system: str
    axis: Axis
    k: int
    recall_silent: Estimate
    recall_said: Estimate
    recall_gain: PairedDifference
    share_silent: Estimate
    share_said: Estimate
    share_gain: PairedDifference
    combined: Estimate | None = None
    faults: int = 0


def measure_steering(
    steers: Sequence[Steer], rankings: Iterable[Ranking], index: Index, k: int = 10, seed: int = 0
) -> list[Moved]:
    """Every system on every axis, systems in the order of their first ranking; pairs with a fault are left out.

    Args:
        steers: the cases.
        rankings: of `all_cases(steers)`.
        index: the catalogue.
        k: how deep lists are looked at, at most 50.
        seed: what resampling begins with.
    """
    found: dict[str, dict[str, Ranking]] = defaultdict(dict)
    for ranking in rankings:
        found[ranking.system][ranking.case] = ranking
    moved: list[Moved] = []
    for system, theirs in found.items():
        for axis in AXES:
            whole = [s for s in steers if s.axis == axis and all(c.id in theirs for c in s.cases)]
            sound = [s for s in whole if not any(theirs[c.id].fault for c in s.cases)]
            if sound:
                moved.append(_moved(system, axis, sound, theirs, index, k, seed, len(whole) - len(sound)))
    return moved


def steering_metrics(moved: Sequence[Moved]) -> list[SystemMetrics]:
    """The same as metrics of systems, for tables: `fine: Recall@10 gain` and so on; a gain's interval is the paired one."""
    systems: dict[str, list[Moved]] = defaultdict(list)
    for one in moved:
        systems[one.system].append(one)
    return [
        SystemMetrics(
            system=system, metrics={name: value for one in theirs for name, value in _named(one).items()},
            counts={"pairs": sum(one.recall_gain.n for one in theirs), "faults": sum(one.faults for one in theirs)},
        )
        for system, theirs in systems.items()
    ]  # fmt: skip


def _named(moved: Moved) -> dict[str, Estimate]:
    found = {
        f"{moved.axis}: Recall@{moved.k} silent": moved.recall_silent,
        f"{moved.axis}: Recall@{moved.k} said": moved.recall_said,
        f"{moved.axis}: Recall@{moved.k} gain": _estimate(moved.recall_gain),
        f"{moved.axis}: share@{moved.k} silent": moved.share_silent,
        f"{moved.axis}: share@{moved.k} said": moved.share_said,
        f"{moved.axis}: share@{moved.k} gain": _estimate(moved.share_gain),
    }
    return found if moved.combined is None else {**found, f"{moved.axis}: m@{moved.k}": moved.combined}


def _estimate(difference: PairedDifference) -> Estimate:
    return Estimate(value=difference.mean, low=difference.low, high=difference.high, n=difference.n)


def _moved(
    system: str, axis: Axis, steers: Sequence[Steer], rankings: Mapping[str, Ranking], index: Index, k: int, seed: int,
    faults: int,
) -> Moved:  # fmt: skip
    users = [s.silent.dialogue for s in steers]
    silent, said = (
        [rankings[c.id] for c in cases] for cases in zip(*((s.silent, s.said) for s in steers), strict=True)
    )
    carriers = [_carriers(s, index) for s in steers]
    recall = [[recall_at(r.ranked, r.targets, k) for r in side] for side in (silent, said)]
    shares = [[_share(r.ranked[:k], ids) for r, ids in zip(side, carriers, strict=True)] for side in (silent, said)]

    def mean(values: Sequence[float]) -> Estimate:
        return bootstrap_interval(values, seed, clusters=users, share=True)

    combined = None
    if axis == "negative":
        wanted = [rankings[s.wanted.id] for s in steers if s.wanted is not None]
        hits = [recall_at(r.ranked, r.targets, k) for r in wanted]
        combined = mean([float(hit > 0 and not left) for hit, left in zip(hits, recall[1], strict=True)])
    return Moved(
        system=system, axis=axis, k=k, recall_silent=mean(recall[0]), recall_said=mean(recall[1]),
        recall_gain=paired_permutation(recall[1], recall[0], seed, clusters=users),
        share_silent=mean(shares[0]), share_said=mean(shares[1]),
        share_gain=paired_permutation(shares[1], shares[0], seed, clusters=users), combined=combined, faults=faults,
    )  # fmt: skip


def _carriers(steer: Steer, index: Index) -> frozenset[str]:
    rows = index.catalogue.columns.categories[steer.attribute].rows(steer.value)
    return frozenset(index.catalogue.items[row].id for row in np.asarray(rows).tolist())


def _share(ranked: Sequence[str], carriers: Collection[str]) -> float:
    return sum(item in carriers for item in ranked) / len(ranked) if ranked else 0.0
