"""The tools that find items, one function each, and their fusion.

Every tool returns rows of the catalogue, best first, only from the rows that `allowed` marks. Fusion is by reciprocal
rank: Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
methods", SIGIR 2009, with k = 60.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .index import Index
from .limits import Limit
from .taste import taste_scores
from .vectors import most

FUSION_K = 60


@dataclass(frozen=True)
class Candidate:
    """An item that was found.

    Attributes:
        item: its id.
        score: the tool's own score, or the fused one.
        ranks: tool -> rank in that tool's list, from 1.
    """

    item: str
    score: float
    ranks: dict[str, int] = field(default_factory=dict)


def search_by_meaning(index: Index, query: str, k: int = 50, allowed: np.ndarray | None = None) -> list[Candidate]:
    """Items whose text means something near to a query, most similar first (cosine of sentence vectors)."""
    vector = index.encoder.encode([query])[0]
    found = index.vectors.nearest(vector, k, allowed)
    return _candidates(index, found.rows, found.similarities)


def search_by_words(index: Index, query: str, k: int = 50, allowed: np.ndarray | None = None) -> list[Candidate]:
    """Items that share words with a query, best first (BM25)."""
    return _best(index, index.lexical.scores(query), k, allowed)


def similar_items(
    index: Index, items: Sequence[str], k: int = 50, allowed: np.ndarray | None = None
) -> list[Candidate]:
    """Items like the given ones by their texts, most similar first; the given ones are left out.

    Raises:
        UnknownItemError: an id is not in the catalogue.
    """
    rows = _rows(index, items)
    if not rows:
        return []
    vector = index.vectors.matrix[rows].mean(axis=0)
    found = index.vectors.nearest(vector / max(float(np.linalg.norm(vector)), 1e-9), k, _without(index, rows, allowed))
    return _candidates(index, found.rows, found.similarities)


def liked_together(
    index: Index, items: Sequence[str], k: int = 50, allowed: np.ndarray | None = None
) -> list[Candidate]:
    """Items that people liked who liked the given ones, nearest first; none where no interactions were imported.

    Raises:
        UnknownItemError: an id is not in the catalogue.
    """
    _rows(index, items)
    return liked_by_similar(index, dict.fromkeys(items, 1.0), k, allowed)


def liked_by_similar(
    index: Index, weights: Mapping[str, float], k: int = 50, allowed: np.ndarray | None = None
) -> list[Candidate]:
    """Items that people like who like and dislike the same as somebody, best first; the weighted ones are left out.

    Args:
        index: what to search in; without interactions, nothing is found.
        weights: item id -> how much it is liked, above 0, or disliked, below; unknown ids are passed over.
        k: how many to bring.
        allowed: the rows that may be brought, bool, shape (items,).
    """
    if index.collaborative is None:
        return []
    rows = [index.catalogue.row_of[item] for item in weights if item in index.catalogue.row_of]
    return _best(index, index.collaborative.scores(weights), k, _without(index, rows, allowed))


def suited_items(
    index: Index, weights: Mapping[str, float], k: int = 50, allowed: np.ndarray | None = None
) -> list[Candidate]:
    """Items that suit somebody's taste, best first; the ones that the taste is known by are left out.

    Args:
        index: the catalogue.
        weights: item id -> how much it is liked (above 0) or disliked; unknown ids are passed over.
        k: how many to bring.
        allowed: the rows to look among, bool, shape (items,).
    """
    rows = [index.catalogue.row_of[item] for item in weights if item in index.catalogue.row_of]
    return _best(index, taste_scores(index, weights), k, _without(index, rows, allowed), least=None)


def popular_items(index: Index, k: int = 50, allowed: np.ndarray | None = None) -> list[Candidate]:
    """The best known items first."""
    return _best(index, index.catalogue.popularity, k, allowed, least=None)


def items_within(
    index: Index, limits: Sequence[Limit], k: int = 50, allowed: np.ndarray | None = None
) -> list[Candidate]:
    """Items that satisfy all limits on attributes, best known first."""
    mask = allowed_rows(index, limits)
    return popular_items(index, k, mask if allowed is None else mask & allowed)


def items_preferred(
    index: Index,
    wanted: Sequence[Limit],
    unwanted: Sequence[Limit] = (),
    k: int = 50,
    allowed: np.ndarray | None = None,
) -> list[Candidate]:
    """Items that satisfy most of the wanted limits on attributes and fewest of the unwanted, ties by how well known."""
    columns = index.catalogue.columns
    held = np.sum([columns.judge(limit) == 1 for limit in wanted], axis=0) if wanted else np.zeros(columns.count)
    broken = np.sum([columns.judge(limit) == 1 for limit in unwanted], axis=0) if unwanted else 0
    if wanted:
        allowed = held > 0 if allowed is None else allowed & (held > 0)
    return _best(index, held - broken + 0.5 * index.catalogue.popularity, k, allowed, least=None)


def allowed_rows(index: Index, musts: Sequence[Limit], must_nots: Sequence[Limit] = ()) -> np.ndarray:
    """Which rows satisfy every must and break no must-not, bool, shape (items,); what is unknown does not satisfy."""
    columns = index.catalogue.columns
    mask = np.ones(columns.count, dtype=bool)
    for limit in musts:
        mask &= columns.judge(limit) == 1
    for limit in must_nots:
        mask &= columns.judge(limit) != 1
    return mask


def fuse(lists: Mapping[str, Sequence[Candidate]], weights: Mapping[str, float] | None = None) -> list[Candidate]:
    """One list from several, by reciprocal rank; each candidate keeps its rank in every list that found it.

    Args:
        lists: tool -> what it found, best first.
        weights: tool -> how much it counts; 1 where not given.
    """
    scores: dict[str, float] = {}
    ranks: dict[str, dict[str, int]] = {}
    for tool, found in lists.items():
        weight = (weights or {}).get(tool, 1.0)
        for rank, candidate in enumerate(found, start=1):
            scores[candidate.item] = scores.get(candidate.item, 0.0) + weight / (FUSION_K + rank)
            ranks.setdefault(candidate.item, {})[tool] = rank
    order = sorted(scores, key=lambda i: -scores[i])
    return [Candidate(i, scores[i], ranks[i]) for i in order]


def _best(
    index: Index, scores: np.ndarray, k: int, allowed: np.ndarray | None, least: float | None = 0.0
) -> list[Candidate]:
    """The rows with the highest scores above `least`."""
    rows = np.arange(len(scores)) if allowed is None else np.flatnonzero(allowed)
    part = np.asarray(scores[rows])
    best = most(part, k)
    if least is not None:
        best = best[part[best] > least]
    return _candidates(index, rows[best], part[best])


def _candidates(index: Index, rows: np.ndarray, scores: np.ndarray) -> list[Candidate]:
    items = index.catalogue.items
    return [Candidate(items[int(r)].id, float(s)) for r, s in zip(rows, scores, strict=True)]


def _rows(index: Index, items: Sequence[str]) -> list[int]:
    return [index.catalogue.row_of[index.catalogue.item(i).id] for i in items]


def _without(index: Index, rows: Sequence[int], allowed: np.ndarray | None) -> np.ndarray:
    mask = np.ones(len(index.catalogue), dtype=bool) if allowed is None else allowed.copy()
    mask[list(rows)] = False
    return mask
