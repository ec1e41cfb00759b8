"""What a user needs now: wishes that held-out items share, so that few items satisfy all that is hard, and some do.

The wishes come from one of the held-out items, preferring what is common among all that the user likes and rare among
the rest. So a user with a mixed history has one need at a time, as people do.
"""

import functools
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..agents.state import Strength
from ..tools.catalogue import Catalogue
from ..tools.limits import Limit
from ..tools.words import fold
from .nouns import Persona
from .sayable import LEAST_ITEMS, Saying, sayable_of
from .utility import lift

SELECTIVE = 0.25
"""Of the catalogue, so many items may satisfy all that is hard, at most, where its attributes can tell them apart."""

ENOUGH = 0.4
"""At least so many times the square root of the catalogue satisfy what is hard, or there is nothing to choose from."""

_CANDIDATES = 14
_STRANGERS = 6
_RARE = {2: 40, 3: 14}


@dataclass(frozen=True, eq=False)
class Want:
    """One wish of a need.

    Attributes:
        saying: what is wished for, or against.
        strength: how binding it is.
        hidden: whether it is only said when asked for, or when something breaks it.
    """

    saying: Saying
    strength: Strength
    hidden: bool = False


@dataclass(frozen=True, eq=False)
class Need:
    """Wishes, the most important first, and which items satisfy all that is hard, bool, shape (items,)."""

    wishes: tuple[Want, ...]
    fits: np.ndarray


def need_of(
    catalogue: Catalogue,
    held: Sequence[int],
    liked: Sequence[int],
    disliked: Sequence[int],
    known: Sequence[int],
    persona: Persona,
    rng: random.Random,
) -> Need | None:
    """A need that some items satisfy (`ENOUGH`), one of the held-out ones among them; None where there is none.

    Args:
        catalogue: the items.
        held: rows of held-out items.
        liked: rows of other liked items.
        disliked: rows of disliked items.
        known: rows of all items that the user knows; they do not count as satisfying.
        persona: how likely there is a dislike, and a budget.
        rng: the chance.
    """
    # What is well known is seldom what people look for.
    rank = (1.0 - catalogue.popularity[list(held)]) * len(catalogue)
    anchor = rng.choices(held, np.sqrt(rank + 5.0).tolist())[0]
    draft = _Draft(catalogue, anchor, held, liked, disliked, known, rng)
    if rng.random() < persona.thrift:
        draft.save()
    draft.insist(rng.choices((1, 2, 3), (2, 5, 3))[0] - len(draft.hard))
    if rng.random() < 0.15 + 0.75 * persona.dislikes:
        draft.refuse()
    draft.narrow()
    if not draft.hard:
        return None
    draft.hope(rng.choices((0, 1, 2), (2, 5, 3))[0])
    return Need(tuple(_shared_out(draft, persona, rng)), draft.fits)


def impossible_need(catalogue: Catalogue, held: Sequence[int], rng: random.Random) -> Need | None:
    """Two or three hard wishes that each have items, while every item of the catalogue breaks one of them.

    Args:
        catalogue: the items.
        held: rows of items that the user would like; the first wishes come from one of them.
        rng: the chance.
    """
    sayable, titles = sayable_of(catalogue), _titles(catalogue, held)
    rows = [rng.choice(held), *(rng.randrange(len(catalogue)) for _ in range(_STRANGERS))]
    pool = [
        s
        for row in rows
        for s in sayable.of_item(catalogue.items[row], row, rng)
        if not s.loose and not _gives_away(s.limit, titles)
    ]
    # What an item does not say may be so: those of which most is known to break them exclude each other soonest.
    pool.sort(key=lambda s: -int(s.breaks.sum()))
    if not pool or not functools.reduce(np.logical_or, [s.breaks for s in pool]).all():
        return None
    for size in (2, 3):
        groups = list(itertools.combinations(pool[: _RARE[size]], size))
        rng.shuffle(groups)
        for some in groups:
            apart = len({s.limit.attribute for s in some}) == size
            if apart and functools.reduce(np.logical_or, [s.breaks for s in some]).all():
                return Need(tuple(Want(s, "must") for s in some), np.zeros(len(catalogue), dtype=bool))
    return None


class _Draft:
    """A need as it grows: each step keeps enough items that satisfy it."""

    def __init__(
        self,
        catalogue: Catalogue,
        anchor: int,
        held: Sequence[int],
        liked: Sequence[int],
        disliked: Sequence[int],
        known: Sequence[int],
        rng: random.Random,
    ) -> None:
        self._catalogue, self._sayable, self._rng = catalogue, sayable_of(catalogue), rng
        self._anchor, self._held, self._liked, self._disliked = anchor, list(held), list(liked), list(disliked)
        self._titles = _titles(catalogue, held)
        self._fewest = max(LEAST_ITEMS, round(ENOUGH * math.sqrt(len(catalogue))))
        self._new = np.ones(len(catalogue), dtype=bool)
        self._new[list(known)] = False
        self._pool = [
            s
            for s in self._sayable.of_item(catalogue.items[anchor], anchor, rng)
            if not _gives_away(s.limit, self._titles)
        ]
        self.fits = np.ones(len(catalogue), dtype=bool)
        self.hard: list[Want] = []
        self.soft: list[Want] = []

    def insist(self, count: int) -> None:
        """Add so many hard wishes, if there are as many."""
        for _ in range(count):
            firm = [s for s in self._pool if not s.loose and self._leaves(s.holds) and self._tells(s)]
            if not firm:
                return
            self._want(self._choose(firm), "must")

    def save(self) -> None:
        """Add a budget, where the catalogue has prices."""
        price = self._catalogue.schema.measuring("price")
        found = [
            s
            for s in self._pool
            if price and s.limit.attribute == price.name and self._leaves(s.holds) and s.limit.ranges[0].low is None
        ]
        if found:
            self._want(found[0], "must")

    def refuse(self) -> None:
        """Add a dislike: a label that none of the held-out items has, and many that satisfy the rest have."""
        # Nor one that is called like a label of another attribute that they have: nobody wants and rejects one word.
        own = {
            fold(value)
            for row in self._held
            for limit in self._sayable.labels_of(self._catalogue.items[row])
            for value in limit.values
        }
        found: dict[tuple[str | None, tuple[str, ...]], Limit] = {}
        candidates = np.flatnonzero(self.fits & self._new).tolist()
        for row in [*self._disliked[-5:], *self._rng.sample(candidates, min(len(candidates), 8))]:
            for limit in self._sayable.labels_of(self._catalogue.items[row]):
                if own.isdisjoint(map(fold, limit.values)) and not _gives_away(limit, self._titles):
                    found[limit.attribute, limit.values] = limit
        limits = list(found.values())
        self._rng.shuffle(limits)
        for limit in limits[:_CANDIDATES]:
            saying = self._sayable.saying(limit)
            share = float(saying.holds[self.fits].mean())
            if 0.05 <= share <= 0.6 and self._leaves(~saying.holds):
                if self._rng.random() < 0.7:
                    self.fits = self.fits & ~saying.holds
                    self.hard.append(Want(saying, "must_not"))
                else:
                    self.soft.append(Want(saying, "avoid"))
                return

    def narrow(self) -> None:
        """Add hard wishes until few enough items are left."""
        most = max(SELECTIVE * len(self.fits), 2.0 * LEAST_ITEMS)
        while self.fits.sum() > most:
            before = len(self.hard)
            self.insist(1)
            if len(self.hard) == before:
                return

    def hope(self, count: int) -> None:
        """Add so many soft wishes, if there are as many."""
        for _ in range(count):
            open_ones = [s for s in self._pool if 0 < s.holds[self.fits].mean() < 0.9]
            if not open_ones:
                return
            self._want(self._choose(open_ones), "prefer")

    def _want(self, saying: Saying, strength: Strength) -> None:
        if strength == "must":
            self.fits = self.fits & saying.holds
            self.hard.append(Want(saying, strength))
        else:
            self.soft.append(Want(saying, strength))
        # People wish one thing of an attribute, of one with many labels perhaps two, and say no word twice.
        alone = not saying.attribute.many or self._rng.random() < 0.7
        said = {fold(v) for v in saying.limit.values}
        self._pool = [
            s
            for s in self._pool
            if s is not saying
            and not (alone and s.limit.attribute == saying.limit.attribute)
            and said.isdisjoint(map(fold, s.limit.values))
        ]

    def _choose(self, sayings: Sequence[Saying]) -> Saying:
        """By chance, what sets the user's likes apart the likelier."""
        rows = [*self._held, *self._liked]
        weights = [
            max(lift(float(s.holds[rows].mean()), len(rows), s.share), 0.1) * (0.3 if s.attribute.person else 1.0)
            for s in sayings
        ]
        return self._rng.choices(sayings, weights)[0]

    def _leaves(self, holds: np.ndarray) -> bool:
        return int((self.fits & holds & self._new).sum()) >= self._fewest and bool(holds[self._anchor])

    def _tells(self, saying: Saying) -> bool:
        """Whether it rules out a tenth of what is left."""
        return float(saying.holds[self.fits].mean()) <= 0.9


def _shared_out(draft: _Draft, persona: Persona, rng: random.Random) -> list[Want]:
    """All wishes, each told or hidden; the first hard one is told, and where there are three or more one is hidden."""
    wishes: list[Want] = []
    # A budget is settled first, but is not what people begin with.
    firm = sorted(draft.hard, key=lambda w: w.saying.attribute.measure == "price")
    for want in itertools.chain(firm, draft.soft):
        unwanted = want.strength in ("must_not", "avoid")
        told = 0.2 + 0.6 * persona.dislikes if unwanted else 0.5
        if want.saying.attribute.measure == "price":
            told = max(told, persona.thrift)
        first = not wishes and want.strength == "must"
        wishes.append(Want(want.saying, want.strength, hidden=not first and rng.random() >= told))
    told = [n for n, w in enumerate(wishes) if not w.hidden]
    if not told:
        wishes[0] = Want(wishes[0].saying, wishes[0].strength)
    elif len(wishes) >= 3 and len(told) == len(wishes):
        last = told[-1]
        wishes[last] = Want(wishes[last].saying, wishes[last].strength, hidden=True)
    return wishes


def _titles(catalogue: Catalogue, rows: Sequence[int]) -> list[str]:
    return [f" {fold(name)} " for row in rows for name in (catalogue.items[row].title, *catalogue.items[row].aliases)]


def _gives_away(limit: Limit, titles: Sequence[str]) -> bool:
    """Whether a label says a title, or most of one: a series that is called like its first part."""
    return any(f" {fold(value)} " in title or title in f" {fold(value)} " for value in limit.values for title in titles)
