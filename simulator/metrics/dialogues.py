"""How well conversations go, from plain numbers and from the nouns of a dialogue."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..nouns import Dialogue, Goal, Round, Shown

LISTED = 64
"""The longest list whose best possible utilities are known."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, so that shares of turns can be added up before they are divided."""

    part: float
    whole: float

    @property
    def value(self) -> float:
        """The part over the whole.

        Raises:
            ValueError: there is no whole.
        """
        if not self.whole:
            raise ValueError("There is nothing to take a share of.")
        return self.part / self.whole


def success_rate(successes: Sequence[bool]) -> float:
    """The share of dialogues that succeed (SR).

    Raises:
        ValueError: there are none.
    """
    return Share(sum(successes), len(successes)).value


def average_turns(turns: Sequence[int | None], most: int) -> float:
    """The mean number of turns until success, a failure counted as the most there could have been (AT).

    Lei et al., "Estimation-action-reflection: towards deep interaction between conversational and recommender systems",
    WSDM 2020.

    Args:
        turns: after how many turns each dialogue succeeded; None where it failed.
        most: what a failure counts.

    Raises:
        ValueError: there are no dialogues.
    """
    return Share(sum(most if t is None else t for t in turns), len(turns)).value


def turns_or_most(dialogue: Dialogue) -> int:
    """A dialogue's turns; where it failed, all that the user's patience had, if that is more.

    So a user who leaves early makes no system look quick.
    """
    return dialogue.turns if dialogue.success else max(dialogue.turns, dialogue.goal.persona.patience)


def success_by_turn(turns: Sequence[int | None], most: int) -> list[float]:
    """The share of dialogues that have succeeded after 1, 2, … turns, up to the most (SR@t).

    Lei et al. 2020.

    Raises:
        ValueError: there are no dialogues.
    """
    return [Share(sum(t is not None and t <= turn for t in turns), len(turns)).value for turn in range(1, most + 1)]


def pass_all(successes: int, trials: int, k: int) -> float:
    """How likely k conversations about one goal, drawn without putting back, all succeed: C(successes, k) / C(trials, k).

    Its mean over goals is pass^k. Yao et al., "tau-bench: a benchmark for tool-agent-user interaction in real-world domains",
    2024, where pass^k is defined.

    Raises:
        ValueError: there are fewer trials than k or than successes, or k is below 1.
    """
    if not 1 <= k <= trials or not 0 <= successes <= trials:
        raise ValueError(f"pass^{k} cannot be told from {successes} successes of {trials} trials.")
    return math.comb(successes, k) / math.comb(trials, k)


def reward_per_turn(dialogue: Dialogue) -> float:
    """The hidden utility of what was taken at the end (0 where it was no success), over the turns that it took."""
    if not dialogue.success or not dialogue.turns:
        return 0.0
    return dialogue.goal.utility(taken(dialogue)) / dialogue.turns


def taken(dialogue: Dialogue) -> str:
    """The id of the item that the user took last; empty where they took none."""
    return next((r.user.accepted for r in reversed(dialogue.rounds) if r.user.accepted), "")


def constraint_satisfaction(rounds: Iterable[Round]) -> Share:
    """Of the items recommended, those that break no hard preference which the user has stated so far."""
    return _share_of_shown((r.checks.fitting, r.checks.shown) for r in rounds)


def repeat_rate(rounds: Iterable[Round]) -> Share:
    """Of the items recommended, those that were recommended or turned down before."""
    return _share_of_shown((r.checks.repeated, r.checks.shown) for r in rounds)


def grounding_rate(rounds: Iterable[Round]) -> Share:
    """Of the items recommended, those that are in the catalogue under the title that was shown."""
    return _share_of_shown((r.checks.grounded, r.checks.shown) for r in rounds)


def names_exactly_rate(rounds: Iterable[Round]) -> Share:
    """Of the replies, those that name the items on their cards and no other of the catalogue's."""
    named = [r.checks.names_exactly for r in rounds if r.system is not None]
    return Share(sum(named), len(named))


def no_match_correctness(claims: Iterable[bool], truths: Iterable[bool]) -> Share:
    """Of the turns where nothing fitted or the system said that nothing does, those where both are so.

    A system that never says so has 0 of the turns where it should have, and one that says so too soon has 0 of those where
    something fitted.

    Args:
        claims: whether each turn says that nothing fits.
        truths: whether nothing fitted, as long.
    """
    part = whole = 0
    for said, so in zip(claims, truths, strict=True):
        part += said and so
        whole += said or so
    return Share(part, whole)


def lists_shown(dialogue: Dialogue) -> Iterator[list[Shown]]:
    """What each turn recommends, best first; empty where it recommends nothing, nothing for a turn without an answer.

    Near misses are left out, and so is a card that only answers a question about an item shown before.
    """
    before: set[str] = set()
    for exchange in dialogue.rounds:
        if exchange.system is None:
            continue
        before.update(exchange.user.rejected)
        again = before if exchange.user.act in ("ask", "accept") else frozenset()
        items = [item for item in exchange.system.items if not item.nearest and item.id not in again]
        yield items
        before.update(item.id for item in items)


def best_utilities(goal: Goal) -> list[float]:
    """The utilities of the best items there are for a goal, largest first, as many as any list could need."""
    import heapq

    return heapq.nlargest(LISTED, goal.taste.values())


def utility_gains(goal: Goal, lists: Sequence[Sequence[str]], best: Sequence[float]) -> Iterator["Gains"]:
    """For each list, its items' hidden utilities and those of the best list that was still to be had.

    An item that an earlier list held gains nothing, and does not count among the best that were to be had. Lists beyond the
    first `LISTED` items of a dialogue are left out, and so are empty ones.

    Args:
        goal: whose utility it is.
        lists: the ids of each list, best first.
        best: the goal's best utilities, as `best_utilities` gives them.
    """
    left, seen = list(best), set[str]()
    for ids in lists:
        if not ids or len(seen) + len(ids) > LISTED:
            continue
        fresh = list(dict.fromkeys(i for i in ids if i not in seen))
        worth = dict.fromkeys(ids, 0.0) | {i: goal.utility(i) for i in fresh}
        ideal = (left + [goal.floor] * len(ids))[: len(ids)]
        counted = [worth.pop(i, 0.0) for i in ids]
        yield Gains(counted, sorted(ideal, reverse=True))
        seen.update(fresh)
        for item in fresh:
            if item in goal.taste and goal.taste[item] in left:
                left.remove(goal.taste[item])


@dataclass(frozen=True, slots=True)
class Gains:
    """What a list's items gain, in its order, and what the best list would have, largest first."""

    list: Sequence[float]
    best: Sequence[float]


def _share_of_shown(counts: Iterable[tuple[int, int]]) -> Share:
    part = whole = 0
    for some, shown in counts:
        part, whole = part + some, whole + shown
    return Share(part, whole)
