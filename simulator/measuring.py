"""Measures systems: one pass over dialogues or rankings, each forgotten once its numbers are added up.

metrics = measure_dialogues(dialogues, index)
metrics[0].metrics["success rate"].value
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable

from ..agents.state import Noun
from ..tools.index import Index
from .metrics.definitions import DEFINITIONS, Definition, definition_of, family
from .metrics.ranking import hit_at, ndcg_at, recall_at, reciprocal_rank
from .metrics.sums import ClusterSums
from .metrics.tally import DialogueTally, Ground, Times, decided
from .nouns import Dialogue, Estimate, SystemMetrics
from .offline.nouns import Ranking

__all__ = [
    "DEFINITIONS",
    "Definition",
    "GroupSuccess",
    "definition_of",
    "measure_by",
    "measure_dialogues",
    "measure_rankings",
    "measure_success_by_turn",
]

RANKED_DEPTHS = (1, 5, 10, 50)
"""The depths of Recall and Hit."""

GAIN_DEPTHS = (5, 10)
"""The depths of NDCG."""


class GroupSuccess(Noun):
    """How often one system succeeded with one group of dialogues."""

    system: str
    group: str
    success: Estimate


def measure_dialogues(dialogues: Iterable[Dialogue], index: Index, seed: int = 0) -> list[SystemMetrics]:
    """Measure every system that was talked with, in order of first appearance.

    Dialogues in which the simulator gave a target away, or the infrastructure failed, are left out of all metrics and
    counted. Those that replay people's have no success. Intervals take a goal's dialogues as one. A metric that there is
    nothing to tell from is left out: popularity without a source of it, PopREO without held-out items.

    Args:
        dialogues: read once; 10,000 take a few seconds, and memory for their numbers alone.
        index: the catalogue that was talked about.
        seed: what the chance of the intervals begins with.
    """
    ground = Ground(index)
    tallies: dict[str, DialogueTally] = {}
    for dialogue in dialogues:
        if dialogue.system not in tallies:
            tallies[dialogue.system] = DialogueTally(ground)
        tallies[dialogue.system].add(dialogue)
    return [
        SystemMetrics(system=name, metrics=_in_order(tally.estimates(seed)), counts=tally.counts())
        for name, tally in tallies.items()
    ]


def measure_success_by_turn(dialogues: Iterable[Dialogue], seed: int = 0) -> list[SystemMetrics]:
    """For every system, the share of dialogues about possible goals that have succeeded after t turns, for each t.

    The metrics are called `success rate by turn 1` and so on, up to the longest dialogue of any system.

    Args:
        dialogues: read once.
        seed: what the chance of the intervals begins with.
    """
    outcomes: dict[str, tuple[list[str], array[int]]] = {}
    longest = 0
    for dialogue in dialogues:
        goals, turns = outcomes.setdefault(dialogue.system, ([], array("i")))
        if decided(dialogue) and dialogue.goal.possible:
            goals.append(dialogue.goal.id)
            turns.append(dialogue.turns if dialogue.success else 0)
            longest = max(longest, dialogue.turns)
    measured = []
    for name, (goals, turns) in outcomes.items():
        sums = ClusterSums()
        for goal, turn in zip(goals, turns, strict=True):
            for t in range(1, longest + 1):
                sums.add(f"success rate by turn {t}", goal, 0 < turn <= t)
        measured.append(SystemMetrics(system=name, metrics=sums.estimates(seed), counts={"dialogues": len(turns)}))
    return measured


def measure_by(dialogues: Iterable[Dialogue], key: Callable[[Dialogue], str], seed: int = 0) -> list[GroupSuccess]:
    """The success rate of every system per group of dialogues, systems and groups in order of first appearance.

    Args:
        dialogues: read once.
        key: the group of a dialogue, for example `lambda dialogue: dialogue.goal.persona.name`.
        seed: what the chance of the intervals begins with.
    """
    groups: dict[str, dict[str, ClusterSums]] = {}
    for dialogue in dialogues:
        of_system = groups.setdefault(dialogue.system, {})
        if decided(dialogue):
            sums = of_system.setdefault(key(dialogue), ClusterSums())
            sums.add("success rate", dialogue.goal.id, dialogue.success)
    return [
        GroupSuccess(system=system, group=group, success=sums.estimates(seed)["success rate"])
        for system, of_system in groups.items()
        for group, sums in of_system.items()
    ]


def measure_rankings(rankings: Iterable[Ranking], seed: int = 0) -> list[SystemMetrics]:
    """Measure every system's rankings, in order of first appearance; intervals take a dialogue's rankings as one.

    Rankings with a fault, and cases without a target, are left out and counted.

    Args:
        rankings: read once.
        seed: what the chance of the intervals begins with.
    """
    tallies: dict[str, _RankingTally] = {}
    for ranking in rankings:
        tallies.setdefault(ranking.system, _RankingTally()).add(ranking)
    return [
        SystemMetrics(system=name, metrics=_in_order(tally.estimates(seed)), counts=tally.counts())
        for name, tally in tallies.items()
    ]


class _RankingTally:
    """What is added up of one system's rankings."""

    def __init__(self) -> None:
        self._sums = ClusterSums()
        self._seconds = Times()
        self._counts = Counter[str]()

    def add(self, ranking: Ranking) -> None:
        """Take in one ranking."""
        self._counts["cases"] += 1
        if ranking.fault:
            self._counts["excluded faults"] += 1
        elif not ranking.targets:
            self._counts["without targets"] += 1
        else:
            self._measure(ranking)

    def estimates(self, seed: int) -> dict[str, Estimate]:
        """Every metric."""
        return self._sums.estimates(seed) | self._seconds.estimates("seconds")

    def counts(self) -> dict[str, int]:
        """Plain counts; all that can go wrong is named, be it 0."""
        named = ("cases", "excluded faults", "without targets")
        return {name: self._counts[name] for name in named} | {"dialogues": len(self._sums)}

    def _measure(self, ranking: Ranking) -> None:
        ranked, targets, add = ranking.ranked, ranking.targets, self._sums.add
        for k in RANKED_DEPTHS:
            add(f"Recall@{k}", ranking.dialogue, recall_at(ranked, targets, k))
            add(f"Hit@{k}", ranking.dialogue, hit_at(ranked, targets, k))
        add("MRR", ranking.dialogue, reciprocal_rank(ranked, targets))
        for k in GAIN_DEPTHS:
            add(f"NDCG@{k}", ranking.dialogue, ndcg_at(ranked, targets, k))
        self._seconds.add(ranking.seconds, self._sums.row(ranking.dialogue))


def _in_order(metrics: dict[str, Estimate]) -> dict[str, Estimate]:
    """Metrics in the order of their definitions, each one's depths as they came."""
    place = {name: number for number, name in enumerate(DEFINITIONS)}
    return dict(sorted(metrics.items(), key=lambda pair: place[family(pair[0])]))
