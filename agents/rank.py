"""The ranking agent, built-in brain: a weighted sum of what speaks for each candidate, then diversity.

Where a model has put candidates in order already, its order stands in place of the sum.

Diversity is maximal marginal relevance: Carbonell and Goldstein, "The use of MMR, diversity-based reranking for
reordering documents and producing summaries", SIGIR 1998, section 2.
"""

from collections.abc import Sequence

import numpy as np

from ..tools.index import Index
from ..tools.taste import taste_scores
from .state import Judged, Pick, Wish
from .summarize import reason
from .wishes import liking

WEIGHTS = {"must": 1.0, "prefer": 1.0, "avoid": 1.0, "must_not": 0.1}
"""How much a verdict counts by its preference's strength; hard ones have filtered, and tell by salience only."""

REMEMBERED = 0.3
"""How much a taste from other conversations counts beside what this one asks for."""

RETRIEVAL, POPULARITY, LIKED, TASTE, DISLIKED = 1.0, 0.3, 2.0, 0.4, 0.6
RELEVANCE = 0.75
"""MMR's lambda: how much relevance counts against similarity to what is already picked."""

_POOL = 40


async def rank(accepted: Sequence[Judged], wish: Wish, index: Index, count: int) -> list[Pick]:
    """The best candidates, best first, not too much alike; at most `count`."""
    if placed := placed_among(accepted):
        return pick_in_order(placed, accepted, wish, index, count)
    scores = _scores(accepted, wish, index)
    order = np.argsort(-scores, kind="stable")[:_POOL]
    return _pick([accepted[i] for i in order], _spread(scores[order]), wish, index, count)


def best_first(accepted: Sequence[Judged], wish: Wish, index: Index) -> list[Judged]:
    """Candidates by their weighted sum, best first."""
    return [accepted[i] for i in np.argsort(-_scores(accepted, wish, index), kind="stable")]


def in_order(placed: Sequence[Judged], accepted: Sequence[Judged], wish: Wish, index: Index) -> list[Judged]:
    """The candidates that a model placed, then those that it left out, best first."""
    named = {j.item for j in placed}
    return [*placed, *(j for j in best_first(accepted, wish, index) if j.item not in named)]


def placed_among(accepted: Sequence[Judged]) -> list[Judged]:
    """The candidates that a model gave a place, in that order."""
    return sorted((j for j in accepted if j.place is not None), key=lambda j: j.place or 0)


def pick_in_order(
    placed: Sequence[Judged], accepted: Sequence[Judged], wish: Wish, index: Index, count: int
) -> list[Pick]:
    """Picks by a model's order, the candidates that it left out after those that it placed."""
    pool = in_order(placed, accepted, wish, index)[:_POOL]
    step = 1.0 / (len(placed) + 1)
    rest = step * _spread(_scores(pool[len(placed) :], wish, index))
    relevance = np.concatenate([1.0 - step * np.arange(len(placed)), rest])[: len(pool)]
    return _pick(pool, relevance, wish, index, count)


def _pick(pool: Sequence[Judged], relevance: np.ndarray, wish: Wish, index: Index, count: int) -> list[Pick]:
    """Picks from a pool by relevance (1 to 0, shape (pool,)) and diversity, with their reasons."""
    if not pool:
        return []
    return [
        Pick(
            item=pool[i].item,
            score=round(float(relevance[i]), 4),
            reason=reason(pool[i].item, pool[i].verdicts, wish, index),
            verdicts=pool[i].verdicts,
            tools=pool[i].tools,
        )
        for i in _diverse(pool, relevance, index, count)
    ]


def _scores(accepted: Sequence[Judged], wish: Wish, index: Index) -> np.ndarray:
    if not accepted:
        return np.zeros(0)
    catalogue = index.catalogue
    rows = np.array([catalogue.row_of[j.item] for j in accepted])
    top = max(j.score for j in accepted) or 1.0
    scores = np.array([RETRIEVAL * j.score / top for j in accepted])
    wanted = max(sum(v.strength in ("prefer", "avoid") and not v.remembered for v in accepted[0].verdicts), 1)
    aside = REMEMBERED if wish.own else 1.0
    scores += np.array(
        [sum(WEIGHTS[v.strength] * v.score * (aside if v.remembered else 1.0) for v in j.verdicts) for j in accepted]
    ) * (2.0 / (1 + wanted) + 0.3)
    scores += POPULARITY * catalogue.popularity[rows]
    weights = {} if wish.seeds else liking(wish)
    if any(weight > 0 for weight in weights.values()):
        scores += (TASTE if wish.own else LIKED) * _spread(taste_scores(index, weights)[rows])
    for ids, weight in ((wish.seeds, LIKED), ((*wish.disliked, *wish.rejected[-6:]), -DISLIKED)):
        known = [catalogue.row_of[i] for i in ids if i in catalogue.row_of]
        if known:
            scores += weight * _spread((index.vectors.matrix[rows] @ index.vectors.matrix[known].T).mean(axis=1))
    return scores


def _spread(numbers: np.ndarray) -> np.ndarray:
    """Numbers moved and stretched to reach from 0 to 1."""
    if not len(numbers):
        return numbers
    least, most = float(numbers.min()), float(numbers.max())
    return (numbers - least) / (most - least) if most > least else np.zeros_like(numbers)


def _diverse(pool: Sequence[Judged], relevance: np.ndarray, index: Index, count: int) -> list[int]:
    """The places of the chosen, best first."""
    rows = [index.catalogue.row_of[j.item] for j in pool]
    vectors = np.asarray(index.vectors.matrix[rows])
    likeness = vectors @ vectors.T
    chosen: list[int] = []
    while len(chosen) < min(count, len(pool)):
        nearest = likeness[:, chosen].max(axis=1) if chosen else np.zeros(len(pool))
        gain = RELEVANCE * relevance - (1 - RELEVANCE) * nearest
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
    return chosen
