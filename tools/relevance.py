"""Signals of how well each item suits a talk: each is a number for every item of a catalogue, to be weighed and added.

Every signal is on a scale of its own that means the same for any catalogue: standard deviations over the items, log
ratios of probabilities, or shares. None needs more than the catalogue; interactions make two of them sharper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from scipy import sparse

from .columns import CategoryColumn, Columns
from .index import Index
from .limits import Limit
from .taste import content_scores

OWN_SHARE = 0.6
"""How much of an item's labels is explained by those of the named items, the rest by how common labels are."""

FLOOR = 0.05
"""Added to both probabilities of a label, so that a rare one, which few items can have, does not drown all else."""

WIDTH = 0.5
"""How far a number reaches to its like, in standard deviations of all items' numbers."""

RENOWN_FLOOR = 0.3
"""What an item without interactions is taken to have, as a share of the mean."""

TIP = 0.02
"""Where only the order of renown is known: as if the best known were as well known as this share of the items' order."""

COMPANY = 0.02
"""The share of all that speaks for items at which one counts 1 by the company that it keeps."""


@dataclass(frozen=True)
class Asked:
    """A limit on an attribute that items should (or, not wanted, should not) satisfy."""

    limit: Limit
    wanted: bool = True


def by_meaning(index: Index, text: str) -> np.ndarray:
    """How near each item's text is to a text in meaning, in standard deviations, shape (items,)."""
    if not text.strip():
        return np.zeros(len(index.catalogue))
    return _spread(np.asarray(index.vectors.matrix @ index.encoder.encode([text])[0]))


def by_words(index: Index, text: str) -> np.ndarray:
    """How much each item's text shares the rarer words of a text: log(1 + BM25), in standard deviations, shape (items,)."""
    return _spread(np.log1p(index.lexical.scores(text)))


def by_labels(index: Index, asked: Sequence[Asked]) -> np.ndarray:
    """How many of the limits each item satisfies, those against subtracted, shape (items,).

    A limit counts the square root of log(items / items that satisfy it): rare labels say more, though not so much more as
    their rarity alone would have it. Nothing is excluded: what people ask of one another they mean loosely.
    """
    scores = np.zeros(len(index.catalogue))
    for one in asked:
        holds = index.catalogue.columns.judge(one.limit) == 1
        if count := int(holds.sum()):
            scores += (1.0 if one.wanted else -1.0) * np.sqrt(np.log(len(holds) / count)) * holds
    return scores


def by_likeness(index: Index, named: Mapping[int, float]) -> np.ndarray:
    """How much likelier each item's labels are beside the named items than anywhere, shape (items,).

    The mean over an item's labels of log(P(label | named) / P(label)), added up over the categories: a relevance model
    as of Lavrenko and Croft, "Relevance-based language models", SIGIR 2001, section 3, over labels in place of words.

    Args:
        index: the catalogue.
        named: row -> how much the item counts, above 0.
    """
    scores = np.zeros(len(index.catalogue))
    rows, weights = np.fromiter(named, np.int64), np.fromiter(named.values(), np.float64)
    for labels in _labels(index.catalogue.columns) if len(rows) else ():
        beside = np.asarray(weights @ labels.shares[rows]).ravel()
        if not beside.sum():
            continue
        mixed = OWN_SHARE * beside / beside.sum() + (1 - OWN_SHARE) * labels.common
        scores += np.asarray(labels.shares @ np.log((mixed + FLOOR) / (labels.common + FLOOR))).ravel()
    return scores


def by_nearness(index: Index, named: Mapping[int, float]) -> np.ndarray:
    """How near each item's numbers and dates are to those of the named items, from 0 to 1, shape (items,).

    An item without a number is as near as items are on average.
    """
    count = len(index.catalogue)
    rows, weights = np.fromiter(named, np.int64), np.fromiter(named.values(), np.float64)
    found = []
    for column in index.catalogue.columns.numbers.values() if len(rows) else ():
        numbers, told = column.numbers, ~np.isnan(column.numbers[rows])
        width = WIDTH * float(np.std(column.known)) if len(column.known) else 0.0
        if not told.any() or not width:
            continue
        apart = np.abs(numbers[:, None] - numbers[rows[told]][None])
        near = np.exp(-apart / width) @ weights[told] / weights[told].sum()
        found.append(np.where(np.isnan(near), np.nanmean(near), near))
    return np.mean(found, axis=0) if found else np.zeros(count)


def by_content(index: Index, weights: Mapping[str, float]) -> np.ndarray:
    """How much the weighted items' texts speak for each item, in standard deviations, shape (items,)."""
    scores = content_scores(index, weights)
    return _spread(np.sign(scores) * np.sqrt(np.abs(scores)))


def by_company(index: Index, weights: Mapping[str, float]) -> np.ndarray:
    """How much who liked the weighted items likes each item, shape (items,); zeros without interactions.

    The square root of an item's share of all that speaks for items, against `COMPANY`: the first few count most, but do
    not silence all other signals.
    """
    scores = np.zeros(len(index.catalogue))
    if index.collaborative is None or not weights:
        return scores
    said = np.maximum(index.collaborative.scores(weights), 0.0)
    return np.sqrt(said / max(float(said.sum()), 1e-9)) / np.sqrt(COMPANY)


def by_renown(index: Index) -> np.ndarray:
    """How well known each item is, as a logarithm, shape (items,)."""
    count = len(index.catalogue)
    if index.collaborative is not None and index.collaborative.renown.any():
        renown = np.asarray(index.collaborative.renown, dtype=np.float64)
        return np.log(renown / renown.mean() + RENOWN_FLOOR)
    # Without interactions only the order is known; that what is known falls with the rank is Zipf's law.
    return -np.log(1.0 - index.catalogue.popularity + TIP) if count else np.zeros(0)


@dataclass(frozen=True)
class _Labels:
    """A category's labels.

    Attributes:
        shares: each item's labels, a row adding up to 1 where it has any, shape (items, labels).
        common: how common each is among all labels, shape (labels,).
    """

    shares: sparse.csr_array
    common: np.ndarray


_known: "WeakKeyDictionary[Columns, list[_Labels]]" = WeakKeyDictionary()


def _labels(columns: Columns) -> list[_Labels]:
    """The labels of every category, worked out once."""
    if columns not in _known:
        found = [_of_category(column, columns.count) for column in columns.categories.values() if column.values]
        _known[columns] = found
    return _known[columns]


def _of_category(column: CategoryColumn, count: int) -> _Labels:
    rows = [column.rows(value) for value in column.values]
    places = np.repeat(np.arange(len(rows)), [len(found) for found in rows])
    matrix = sparse.csr_array(
        (np.ones(len(places), dtype=np.float32), (np.concatenate(rows), places)), shape=(count, len(rows))
    )
    sizes = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
    common = np.asarray(matrix.sum(axis=0)).ravel()
    return _Labels(sparse.csr_array(sparse.diags_array(1.0 / sizes) @ matrix), common / common.sum())


def _spread(scores: np.ndarray) -> np.ndarray:
    """Scores as standard deviations from their mean; zeros where all are the same."""
    deviation = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / deviation if deviation > 1e-9 else np.zeros(len(scores))
