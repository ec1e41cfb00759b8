"""Looking through a catalogue: what fits some limits and a query, a page at a time, and what is left to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .asked_limits import AttributeLimit, rows_within
from .index import Index
from .items import Item
from .schema import Attribute, Kind
from .search import fuse, search_by_meaning, search_by_words
from .words import fold

DEPTH = 500
"""How many items each of the two searches of a query brings."""


@dataclass(frozen=True)
class Found:
    """A page of what was found.

    Attributes:
        items: the page's items, in order.
        rows: the rows of all that was found, in order, int, shape (total,).
    """

    items: tuple[Item, ...]
    rows: np.ndarray

    @property
    def total(self) -> int:
        """How many items were found."""
        return len(self.rows)


@dataclass(frozen=True)
class Choice:
    """A label, and how many of the items carry it."""

    label: str
    count: int


@dataclass(frozen=True)
class Facet:
    """What some items have of one attribute.

    Attributes:
        name: the attribute.
        label: what people call it.
        kind: category, number or date.
        unit: of a number, or empty.
        many: whether an item can have several labels.
        choices: of a category, the commonest labels first.
        low, high: the span of a number; of a date, in years (1994.5 is the middle of 1994). None where no item has one.
    """

    name: str
    label: str
    kind: Kind
    unit: str = ""
    many: bool = False
    choices: tuple[Choice, ...] = ()
    low: float | None = None
    high: float | None = None


def search_catalogue(
    index: Index, query: str = "", limits: Sequence[AttributeLimit] = (), offset: int = 0, limit: int = 20
) -> Found:
    """A page of the items that fit: the best known first, or, with a query, the nearest to it by meaning and by words.

    The order is the same each time, so that pages follow one another without a gap.

    Args:
        index: the catalogue.
        query: what to look for, in any words; at most `DEPTH` items come from each of the two searches.
        limits: what every item must satisfy; one whose attribute is unknown does not.
        offset: how many of the items found come before the page.
        limit: how many items the page has.

    Raises:
        InputError: a limit cannot be used.
    """
    allowed = rows_within(index, limits)
    rows = _fused(index, query, allowed) if query.strip() else _best_known(index, allowed)
    page = rows[offset : offset + limit]
    return Found(tuple(index.catalogue.items[int(row)] for row in page), rows)


def facets(index: Index, rows: np.ndarray | None = None, most: int = 12) -> tuple[Facet, ...]:
    """What some items have to choose from, one facet per attribute that can be a limit, in the schema's order.

    Args:
        index: the catalogue.
        rows: the items' rows, int; None means all.
        most: how many labels of a category are told.
    """
    columns = index.catalogue.columns
    chosen = np.ones(columns.count, dtype=bool)
    if rows is not None:
        chosen = np.zeros(columns.count, dtype=bool)
        chosen[rows] = True
    found = []
    for attribute in index.catalogue.schema.attributes:
        if attribute.name in columns.categories:
            found.append(_labels(index, attribute, chosen, most))
        elif attribute.name in columns.numbers:
            numbers = columns.numbers[attribute.name].numbers[chosen]
            known = numbers[~np.isnan(numbers)]
            low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
            found.append(replace(_facet(attribute), low=low, high=high))
    return tuple(found)


def _labels(index: Index, attribute: Attribute, chosen: np.ndarray, most: int) -> Facet:
    column = index.catalogue.columns.categories[attribute.name]
    # Labels that differ in spelling alone share their rows; the commoner spelling stands for them.
    counts: dict[str, int] = {}
    seen: set[str] = set()
    for label in column.values:
        folded = fold(label)
        if folded not in seen:
            seen.add(folded)
            counts[label] = int(chosen[column.rows(label)].sum())
    order = sorted((label for label, count in counts.items() if count), key=lambda label: (-counts[label], label))
    return replace(_facet(attribute), choices=tuple(Choice(label, counts[label]) for label in order[:most]))


def _facet(attribute: Attribute) -> Facet:
    label = attribute.label or attribute.name
    return Facet(attribute.name, label, attribute.kind, attribute.unit, many=attribute.many)


def _fused(index: Index, query: str, allowed: np.ndarray | None) -> np.ndarray:
    """The rows nearest to a query, by reciprocal rank in both searches."""
    both = {
        "meaning": search_by_meaning(index, query, DEPTH, allowed),
        "words": search_by_words(index, query, DEPTH, allowed),
    }
    row_of = index.catalogue.row_of
    return np.array([row_of[candidate.item] for candidate in fuse(both)], dtype=np.int64)


def _best_known(index: Index, allowed: np.ndarray | None) -> np.ndarray:
    rows = np.arange(len(index.catalogue)) if allowed is None else np.flatnonzero(allowed)
    return rows[np.argsort(-index.catalogue.popularity[rows], kind="stable")]
