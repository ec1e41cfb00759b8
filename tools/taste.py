"""How well each item fits a user's taste: by who liked what together, and by what the items' texts say.

Both are brought to one scale (standard deviations over the catalogue) and added. An item resembles another by the square
of its vectors' cosine, so that a few near items say more than many distant ones. Content counts more the less is known
of who liked what, for the items that the user weighs and for the item in question; popularity counts while the user has
said little. The constants were chosen on parts of the training data of two public sets of ratings together, with all
their users and with few, with whole histories and with one to ten items of them (benchmarks/bench_collaborative.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from .index import Index
from .vectors import Vectors

CONTENT = 1.5
"""How much content counts beside the collaborative scores where an item has been used once; by the cube root of it less
where the items that a user weighs have been used more often."""

FIRST = 5.0
"""Of so many weighted items content says about two thirds of what it says of very many: the texts of few say little."""

UNKNOWN = 0.5
"""How much more content counts for an item that nobody has used yet; by the square root of it less where many have."""

POPULARITY = 2.0
"""How much popularity counts for a user without a word; it is divided by one more than the weighted items."""

LIKENESS = 0.3
"""The similarity from which one item's content speaks for another."""

MOST = 100
"""Items that are compared with all others by content: those with the largest weights, the last of equals."""

_STEP = 2_048


@dataclass(frozen=True)
class Centred:
    """What it takes to compare vectors without what all of them have in common, which hides how they differ.

    Attributes:
        mean: of all vectors, shape (dimension,).
        lengths: each vector's length without the mean, shape (items,).
    """

    mean: np.ndarray
    lengths: np.ndarray


_centred: "WeakKeyDictionary[Vectors, Centred]" = WeakKeyDictionary()


def taste_scores(index: Index, weights: Mapping[str, float]) -> np.ndarray:
    """How well each item fits a user, in standard deviations, float32, shape (items,); zeros where nothing is weighed.

    The weighted items get scores as well: leave them out where they are not wanted.

    Args:
        index: the catalogue; its collaborative model is used where it has one.
        weights: item id -> how much it is liked, above 0, or disliked, below; unknown ids are passed over.
    """
    known = _known(index, weights)
    if not known:
        return np.zeros(len(index.catalogue), dtype=np.float32)
    # Only the weights' relations count: those that faded with age may all be tiny.
    largest = max(map(abs, known.values()))
    rows, signed = list(known), np.array([weight / largest for weight in known.values()], dtype=np.float32)
    said = float(np.abs(signed).sum() ** 2 / (signed**2).sum())
    content = _spread(_likeness(index.vectors, rows, signed))
    model = index.collaborative
    if model is None:
        scores = content + POPULARITY / (1 + said) * _spread(index.catalogue.popularity)
    else:
        counts = np.asarray(model.counts, dtype=np.float32)
        used = float(counts[rows] @ np.abs(signed) / np.abs(signed).sum())
        share = CONTENT * np.sqrt(said / (said + FIRST)) / np.cbrt(used + 0.5) * (1 + UNKNOWN / np.sqrt(1 + counts))
        ids = [index.catalogue.items[row].id for row in rows]
        scores = _spread(model.scores(dict(zip(ids, signed.tolist(), strict=True)))) + share * content
        scores += POPULARITY / (1 + said) * _spread(np.sqrt(counts))
    return scores.astype(np.float32)


def content_scores(index: Index, weights: Mapping[str, float]) -> np.ndarray:
    """How much weighted items speak for every item by what their texts say, float32, shape (items,).

    Args:
        index: the catalogue.
        weights: item id -> how much it is liked, above 0, or disliked, below; unknown ids are passed over.
    """
    known = _known(index, weights)
    if not known:
        return np.zeros(len(index.catalogue), dtype=np.float32)
    return _likeness(index.vectors, list(known), np.array(list(known.values()), dtype=np.float32))


def because(index: Index, item: str, weights: Mapping[str, float]) -> str | None:
    """Which of the liked items speaks most for an item: by who liked both, or else by content; None if none does.

    Args:
        index: the catalogue.
        item: the item's id.
        weights: item id -> how much it is liked; what is disliked or unknown is passed over.
    """
    liked = {one: weight for one, weight in weights.items() if weight > 0 and one != item}
    model = index.collaborative
    found = model.because(item, liked) if model is not None else None
    rows = _known(index, liked)
    row = index.catalogue.row_of.get(item)
    if found is not None or row is None or not rows:
        return found
    likeness = _directions(index.vectors, list(rows)) @ _directions(index.vectors, [row])[0]
    near = np.where(likeness >= LIKENESS, likeness * np.array(list(rows.values())), 0.0)
    best = int(np.argmax(near))
    return index.catalogue.items[list(rows)[best]].id if near[best] > 0 else None


def _known(index: Index, weights: Mapping[str, float]) -> dict[int, float]:
    """Row -> weight of the items that the catalogue has."""
    row_of = index.catalogue.row_of
    return {row_of[item]: float(weight) for item, weight in weights.items() if item in row_of and weight}


def _likeness(vectors: Vectors, rows: Sequence[int], weights: np.ndarray) -> np.ndarray:
    """How much weighted items speak for every item by content, shape (items,); an item does not speak for itself."""
    most = np.argsort(np.abs(weights), kind="stable")[-MOST:]
    chosen, weights = np.array(rows)[most], weights[most]
    centred = _centre(vectors)
    wanted = _directions(vectors, chosen)
    beside = wanted @ centred.mean
    likeness = np.zeros(len(vectors.matrix), dtype=np.float32)
    for start in range(0, len(likeness), _STEP):
        part = slice(start, start + _STEP)
        near = vectors.matrix[part] @ wanted.T
        near -= beside
        np.maximum(near, 0, out=near)
        np.square(near, out=near)
        own = np.flatnonzero((chosen >= start) & (chosen < start + _STEP))
        near[chosen[own] - start, own] = 0
        likeness[part] = near @ weights
    return likeness / centred.lengths**2


def _directions(vectors: Vectors, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Some vectors without what all have in common, of length 1, shape (rows, dimension)."""
    centred = _centre(vectors)
    return (vectors.matrix[rows] - centred.mean) / centred.lengths[rows][:, None]


def _centre(vectors: Vectors) -> Centred:
    """What the vectors have in common, worked out once."""
    found = _centred.get(vectors)
    if found is None:
        mean = np.asarray(vectors.matrix.mean(axis=0), dtype=np.float32)
        along = np.asarray(vectors.matrix @ mean)
        # A vector is 1 long; without the mean it may be nothing, and is then like no other.
        lengths = np.sqrt(np.maximum(1.0 - 2 * along + mean @ mean, 1e-6)).astype(np.float32)
        found = _centred[vectors] = Centred(mean, lengths)
    return found


def _spread(scores: np.ndarray) -> np.ndarray:
    """Scores as standard deviations from their mean; zeros where all are the same."""
    deviation = float(scores.std())
    same = deviation <= 1e-6 * float(np.abs(scores).max())
    return np.zeros_like(scores) if same else (scores - scores.mean()) / deviation
