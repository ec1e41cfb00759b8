"""Adds up all that is measured of one system's dialogues; no dialogue is kept."""

from array import array
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...tools.index import Index
from ..checks import Heard
from ..nouns import Dialogue, Estimate, Goal
from ..satisfaction import satisfaction_of
from .catalogue import average_popularity, novelty
from .cost import cost_of
from .dialogues import (
    best_utilities,
    constraint_satisfaction,
    grounding_rate,
    lists_shown,
    names_exactly_rate,
    no_match_correctness,
    pass_all,
    repeat_rate,
    reward_per_turn,
    taken,
    turns_or_most,
    utility_gains,
)
from .exposure import Chances, Exposure, Popularity, popularity_of
from .matches import Matches
from .ranking import hit_at, normalised_gain, reciprocal_rank
from .statistics import percentile_interval
from .sums import ClusterSums

SHOWN_DEPTHS = (1, 5, 10)
"""How many of the items that a user saw count for `hit@k of shown`."""

_GOALS_KEPT = 64


class Ground:
    """What all systems' dialogues are measured against.

    Args:
        index: the catalogue that was talked about.
    """

    def __init__(self, index: Index) -> None:
        self.row_of = index.catalogue.row_of
        self.popularity: Popularity | None = popularity_of(index)
        self.matches = Matches(index)
        self._best: dict[str, list[float]] = {}

    def best(self, goal: Goal) -> list[float]:
        """A goal's best utilities; those of the goals seen lately are kept, for runs go goal by goal."""
        if goal.id not in self._best:
            if len(self._best) >= _GOALS_KEPT:
                self._best.clear()
            self._best[goal.id] = best_utilities(goal)
        return self._best[goal.id]


class Times:
    """Seconds, each with the number of what it belongs to."""

    def __init__(self) -> None:
        self._seconds = array("d")
        self._clusters = array("l")

    def add(self, seconds: float, cluster: int) -> None:
        """Take in one time."""
        self._seconds.append(seconds)
        self._clusters.append(cluster)

    def estimates(self, name: str) -> dict[str, Estimate]:
        """The median and the 95th percentile."""
        if not self._seconds:
            return {}
        seconds, clusters = np.array(self._seconds), np.array(self._clusters)
        return {f"{name} p{p}": percentile_interval(seconds, p, clusters) for p in (50, 95)}


class DialogueTally:
    """What is added up of one system's dialogues.

    Args:
        ground: what they are measured against.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._row_of = ground.row_of
        popularity = ground.popularity
        self._sums = ClusterSums()
        self._exposure = Exposure(len(ground.row_of))
        self._chances = None if popularity is None else Chances(popularity.tail)
        self._seconds, self._first = Times(), Times()
        self._counts = Counter[str]()
        self._trials = Counter[str]()
        self._successes = Counter[str]()
        self._goals = set[str]()

    def add(self, dialogue: Dialogue) -> None:
        """Take in one dialogue."""
        self._counts["dialogues"] += 1
        self._counts["begun again"] += dialogue.attempts > 1
        self._counts["user faults"] += any(r.user.fault for r in dialogue.rounds)
        if not dialogue.counts:
            self._counts["excluded faults" if dialogue.ending == "fault" else "excluded leaks"] += 1
            return
        self._counts[dialogue.ending] += 1
        self._goals.add(dialogue.goal.id)
        if decided(dialogue):
            self._add_success(dialogue)
        self._sums.add("estimated satisfaction", dialogue.goal.id, satisfaction_of(dialogue))
        self._add_checks(dialogue)
        self._add_matches(dialogue)
        self._add_lists(dialogue)
        self._add_cost(dialogue)

    def estimates(self, seed: int) -> dict[str, Estimate]:
        """Every metric that there is something to tell from."""
        for goal, trials in self._trials.items():
            for k in range(1, trials + 1):
                self._sums.add(f"pass^{k}", goal, pass_all(self._successes[goal], trials, k))
        found = self._sums.estimates(seed) | self._exposure.estimates()
        found |= self._seconds.estimates("seconds") | self._first.estimates("first token seconds")
        unequal = None if self._chances is None else self._chances.estimate(seed)
        return found if unequal is None else found | {"PopREO": unequal}

    def counts(self) -> dict[str, int]:
        """Plain counts; all that can go wrong is named, be it 0."""
        always = ("dialogues", "excluded leaks", "excluded faults", "user faults", "begun again", "fallbacks")
        return {name: self._counts[name] for name in always} | {
            "goals": len(self._goals),
            **{name: count for name, count in self._counts.items() if name not in always},
        }

    def _add_success(self, dialogue: Dialogue) -> None:
        goal, add = dialogue.goal, self._sums.add
        success = dialogue.success
        self._trials[goal.id] += 1
        self._successes[goal.id] += success
        add("success rate", goal.id, success)
        add(f"success rate, {'possible' if goal.possible else 'impossible'} goals", goal.id, success)
        if goal.possible:
            add("average turns", goal.id, turns_or_most(dialogue))
            add("reward per turn", goal.id, reward_per_turn(dialogue))
        if dialogue.ending == "accepted":
            add("utility taken", goal.id, goal.utility(taken(dialogue)))

    def _add_checks(self, dialogue: Dialogue) -> None:
        goal, rounds, add = dialogue.goal.id, dialogue.rounds, self._sums.add_share
        add("constraint satisfaction", goal, constraint_satisfaction(rounds))
        add("repeat rate", goal, repeat_rate(rounds))
        add("grounding rate", goal, grounding_rate(rounds))
        add("text equals cards", goal, names_exactly_rate(rounds))
        varied = [r.checks.diversity for r in rounds if r.checks.diversity is not None]
        self._sums.add("intra-list diversity", goal, sum(varied), len(varied))

    def _add_matches(self, dialogue: Dialogue) -> None:
        heard, claims, truths = Heard(), list[bool](), list[bool]()
        for exchange in dialogue.rounds:
            heard.hear(exchange.user)
            if exchange.system is None:
                continue
            claim = exchange.system.nothing_fits
            # Where something that fits was recommended, there is no need to look for it.
            if claim or (exchange.checks.shown and not exchange.checks.fitting):
                hard = [p for p in heard.stated.values() if p.hard]
                truth = self._ground.matches.none_left(hard, heard.gone | heard.named)
                if truth is not None:
                    claims.append(claim)
                    truths.append(truth)
            heard.see(exchange.system)
        self._sums.add_share("no match correctness", dialogue.goal.id, no_match_correctness(claims, truths))

    def _add_lists(self, dialogue: Dialogue) -> None:
        goal, add = dialogue.goal, self._sums.add
        lists = [[item.id for item in items] for items in lists_shown(dialogue)]
        everything = list(dict.fromkeys(item for ids in lists for item in ids))
        cluster = self._sums.row(goal.id)
        self._exposure.add(cluster, [self._row_of[i] for ids in lists for i in ids if i in self._row_of])
        if goal.targets and lists:
            for k in SHOWN_DEPTHS:
                add(f"hit@{k} of shown", goal.id, hit_at(everything, goal.targets, k))
            add("MRR of shown", goal.id, reciprocal_rank(everything, goal.targets))
            if self._chances is not None:
                targets = [self._row_of[i] for i in goal.targets if i in self._row_of]
                self._chances.add(cluster, targets, {self._row_of[i] for i in everything if i in self._row_of})
        if goal.possible and goal.taste:
            found = [
                normalised_gain(gains.list, gains.best)
                for gains in utility_gains(goal, lists, self._ground.best(goal))
                if gains.best[0] > 0
            ]
            add("NDCG of shown", goal.id, sum(found), len(found))
        if self._ground.popularity is not None:
            rows = [[self._row_of[i] for i in ids if i in self._row_of] for ids in lists]
            self._add_popularity(goal.id, [r for r in rows if r], self._ground.popularity)

    def _add_popularity(self, goal: str, lists: Sequence[Sequence[int]], popularity: Popularity) -> None:
        novel = counts = tail_items = tail_share = 0.0
        for rows in lists:
            novel += novelty(popularity.seen[rows])
            counts += average_popularity(popularity.counts[rows])
            tail = int(np.count_nonzero(popularity.tail[rows]))
            tail_items, tail_share = tail_items + tail, tail_share + tail / len(rows)
        self._sums.add("novelty (EPC)", goal, novel, len(lists))
        self._sums.add("popularity (ARP)", goal, counts, len(lists))
        self._sums.add("long-tail items (ACLT)", goal, tail_items, len(lists))
        self._sums.add("long-tail share (APLT)", goal, tail_share, len(lists))

    def _add_cost(self, dialogue: Dialogue) -> None:
        goal, add = dialogue.goal.id, self._sums.add
        turns = [r.system for r in dialogue.rounds if r.system is not None]
        cost, cluster = cost_of(turns), self._sums.row(goal)
        self._counts["fallbacks"] += cost.fallbacks
        self._counts["turns"] += cost.turns
        add("calls per turn", goal, cost.calls, cost.turns)
        add("calls per dialogue", goal, cost.calls)
        add("prompt tokens per turn", goal, cost.prompt_tokens, cost.turns)
        add("completion tokens per turn", goal, cost.completion_tokens, cost.turns)
        add("tokens per dialogue", goal, cost.tokens)
        add("fallbacks per turn", goal, cost.fallbacks, cost.turns)
        for turn in turns:
            self._seconds.add(turn.seconds, cluster)
            if turn.first_token_seconds is not None:
                self._first.add(turn.first_token_seconds, cluster)


def decided(dialogue: Dialogue) -> bool:
    """Whether a dialogue has a success or failure that counts; one that replays people's has neither."""
    return dialogue.counts and dialogue.ending != "replayed"
