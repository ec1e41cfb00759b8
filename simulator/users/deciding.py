"""Whether a simulated user takes what they are shown: by its utility, sooner or later by how decided they are."""

import random
from collections.abc import Sequence

from ..nouns import Goal
from ..utility import LEAST, threshold
from .impressions import Impression

_HESITATIONS = 3
_DECIDED = 0.6
_HESITANT = 0.75


class Deciding:
    """What one user has in hand: the best of all that they were shown, if anything was good enough.

    Args:
        goal: what they are after.
        rng: the chance.
    """

    def __init__(self, goal: Goal, rng: random.Random) -> None:
        self._goal, self._rng = goal, rng
        self._in_hand: Impression | None = None
        self._hesitations = 0

    def best_of(self, seen: Sequence[Impression]) -> Impression | None:
        """The best that was shown so far, these included; None where nothing was good enough."""
        choice = [i for i in seen if self.good(i)] + ([self._in_hand] if self._in_hand else [])
        self._in_hand = max(choice, key=lambda i: i.utility, default=None)
        return self._in_hand

    def good(self, impression: Impression) -> bool:
        """Whether an item is good enough for this user; nothing outside the goal's taste is."""
        bar = threshold(self._goal.persona, persuaded=impression.persuades)
        return impression.shown.id in self._goal.taste and impression.utility >= max(bar, LEAST)

    def hesitates(self) -> bool:
        """Whether they compare on although they have something good; nobody does so for ever."""
        doubt = _HESITANT * max(0.0, _DECIDED - self._goal.persona.decisiveness) / _DECIDED
        if self._hesitations >= _HESITATIONS or self._rng.random() >= doubt:
            return False
        self._hesitations += 1
        return True
