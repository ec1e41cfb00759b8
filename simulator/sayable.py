"""What of an item a person would say: labels that tell something about it, and bounds in round numbers."""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from ..tools.catalogue import Catalogue
from ..tools.columns import BREAKS, HOLDS
from ..tools.items import Item
from ..tools.limits import Limit, Range
from ..tools.schema import Attribute
from ..tools.words import fold

LEAST_ITEMS = 3
"""What fewer items have in common is nothing that people ask for by name."""

WIDEST = 0.7
"""What more of the items have in common says nothing."""

_LONGEST = 32
_MOST_WORDS = 4
_AWKWARD = re.compile(r"[|()\[\]{}<>/\\;:,@#]|\d{5}|https?")


@dataclass(frozen=True, eq=False)
class Saying:
    """Something to say about an item.

    Attributes:
        limit: what it means.
        attribute: the attribute that it is about.
        holds: which items satisfy it, bool, shape (items,).
        breaks: which items contradict it, bool, shape (items,).
    """

    limit: Limit
    attribute: Attribute
    holds: np.ndarray
    breaks: np.ndarray

    @property
    def share(self) -> float:
        """The share of items that satisfy it."""
        return float(self.holds.mean())

    @property
    def loose(self) -> bool:
        """Whether its absence says nothing, so that it cannot be insisted on."""
        return self.attribute.open


class Sayable:
    """What can be said about the items of a catalogue.

    Args:
        catalogue: the catalogue; a label must be carried by `LEAST_ITEMS` of its items, or a hundredth where it is tiny.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._schema = catalogue.schema
        self._columns = catalogue.columns
        self._labels = {
            a.name: frozenset(self._telling(a, len(catalogue))) for a in catalogue.schema.of_kind("category") if a.shown
        }

    def saying(self, limit: Limit) -> Saying:
        """A limit on an attribute, with the items that satisfy and break it."""
        verdicts = self._columns.judge(limit)
        attribute = self._schema.attribute(limit.attribute or "")
        return Saying(limit, attribute, verdicts == HOLDS, verdicts == BREAKS)

    @cached_property
    def _claims(self) -> dict[str, set[tuple[str, str]]]:
        """Each label and synonym, folded, with the attributes and labels that it may mean."""
        claims: dict[str, set[tuple[str, str]]] = {}
        for name, column in self._columns.categories.items():
            for label in column.values:
                for word in (label, *column.attribute.synonyms.get(label, ())):
                    claims.setdefault(fold(word), set()).add((name, fold(label)))
        return claims

    def unclear(self, attribute: str, label: str, word: str) -> bool:
        """Whether a word for a label may also mean another label of another attribute: a language, or its country."""
        meant = self._claims.get(fold(word), set())
        return any(name != attribute and other != fold(label) for name, other in meant)

    def labels_of(self, item: Item) -> list[Limit]:
        """The labels of an item that a person would name, one limit each."""
        return [
            Limit(attribute=name, values=(label,))
            for name, telling in self._labels.items()
            for label in item.labels(name)
            if label in telling
        ]

    def others(self, attribute: str) -> list[str]:
        """The labels of an attribute that people would name, the commonest first."""
        telling = self._labels.get(attribute, frozenset())
        return [v for v in self._columns.categories[attribute].values if v in telling] if telling else []

    def bounds_of(self, row: int, rng: random.Random) -> list[Limit]:
        """A bound on each number and date of an item that a person would give, which the item satisfies."""
        return [
            Limit(attribute=name, ranges=(bounds,))
            for name, column in self._columns.numbers.items()
            if column.attribute.shown and column.attribute.measure != "popularity"
            if not math.isnan(number := float(column.numbers[row]))
            for bounds in [_bounds(number, column.attribute, rng)]
            if bounds is not None
        ]

    def of_item(self, item: Item, row: int, rng: random.Random) -> list[Saying]:
        """All that a person might say to ask for such an item: what neither nearly all items nor hardly any satisfy."""
        sayings = map(self.saying, (*self.labels_of(item), *self.bounds_of(row, rng)))
        return [s for s in sayings if s.holds.sum() >= LEAST_ITEMS and s.share <= WIDEST]

    def _telling(self, attribute: Attribute, items: int) -> Iterator[str]:
        column = self._columns.categories[attribute.name]
        for label in column.values:
            count = len(column.rows(label))
            if count < LEAST_ITEMS:
                break
            if count <= WIDEST * items and speakable(label):
                yield label


def speakable(label: str) -> bool:
    """Whether people would say a label: it has letters, is short, and is no code."""
    words = label.split()
    letters = sum(c.isalpha() for c in label)
    if not letters or len(label) > _LONGEST or len(words) > _MOST_WORDS or _AWKWARD.search(label):
        return False
    code = any(len(w) > 4 and any(c.isdigit() for c in w) and any(c.isalpha() for c in w) for w in words)
    return (
        letters * 2 >= len(label.replace(" ", ""))
        and not code
        and fold(label) not in ("other", "unknown", "none", "n/a")
    )


_sayable: "WeakKeyDictionary[Catalogue, Sayable]" = WeakKeyDictionary()


def sayable_of(catalogue: Catalogue) -> Sayable:
    """What can be said about a catalogue's items, worked out once."""
    if catalogue not in _sayable:
        _sayable[catalogue] = Sayable(catalogue)
    return _sayable[catalogue]


def _bounds(number: float, attribute: Attribute, rng: random.Random) -> Range | None:
    """A round bound that a number satisfies, in the direction in which people set one; None where there is none."""
    if attribute.kind == "date":
        return _years(int(number), rng)
    match attribute.measure:
        case "rating":
            return Range(low=_round(number, down=True))
        case "players":
            return Range(low=number) if number >= 2 else None
        case "age":
            return Range(high=math.ceil(number)) if number >= 3 else None
        case "price":
            return _below(number, rng) if number > 0 else None
        case "duration" | "length":
            return _below(number, rng) if rng.random() < 0.75 else _above(number, rng)
        case _:
            return _below(number, rng) if rng.random() < 0.5 else _above(number, rng)


def _below(number: float, rng: random.Random) -> Range:
    high = _round(number, down=False)
    return Range(high=high, open_high=high > number and rng.random() < 0.5)


def _above(number: float, rng: random.Random) -> Range | None:
    low = _round(number, down=True)
    return Range(low=low, open_low=low < number and rng.random() < 0.4) if low > 0 else None


def _years(year: int, rng: random.Random) -> Range:
    decade = year // 10 * 10
    kind = rng.random()
    if kind < 0.45:
        return Range(low=float(decade), high=float(decade + 10), open_high=True)
    if kind < 0.8:
        return Range(low=float(year // 5 * 5))
    return Range(high=float(decade + 10), open_high=True)


def _round(number: float, *, down: bool) -> float:
    """The nearest round number below or above: 15, 60, 7.5, 120, 350."""
    if number == 0:
        return 0.0
    step = 10.0 ** math.floor(math.log10(abs(number))) / 2
    step = step / 5 if abs(number) >= 100 and abs(number) / step < 4 else step
    rounded = (math.floor(number / step) if down else math.ceil(number / step)) * step
    return float(round(rounded, 6))
