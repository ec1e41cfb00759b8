"""How much a simulated user would like each item, hidden from systems: by held-out items, taste, wishes and popularity.

A system's own model of taste must not judge it, so none is used here: likeness is to what the user really went on to
like, and to what the labels and numbers of their liked items have in common beyond the catalogue at large (smoothed
log-odds, as weights of evidence in I. J. Good, "Probability and the Weighing of Evidence", 1950). Items that break what
is hard have no utility at all.

The scale is fixed by ranks: `BAR` is reached by the best quarter of what fits, but by few of a large
catalogue (12 of 10,000), so that showing anything, or only what is popular, wins hardly anybody over.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..tools.index import Index
from .nouns import Persona
from .sayable import Saying

BAR = 0.6
"""The utility from which on a user of middling decisiveness takes an item."""

LEAST = 0.5
"""The utility below which nobody takes an item."""

FLOOR = 0.0
"""The utility of everything else."""

_TARGET = 0.75
"""What a held-out item is worth at least."""

_TAKEN = 0.25
_OF_CATALOGUE = 0.12
_FEWEST = 3
_PRIOR = 4.0
_WEIGHTS = {"near": 0.35, "wishes": 0.25, "labels": 0.2, "liked": 0.15, "known": 0.05}


@dataclass(frozen=True)
class Leaning:
    """What a user's utility comes from.

    Attributes:
        targets: rows of held-out items that they liked.
        liked: rows of other items that they like.
        disliked: rows of items that they dislike.
        wanted: what they would like best, but do not insist on.
        unwanted: what they would rather not have.
    """

    targets: np.ndarray
    liked: np.ndarray
    disliked: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    wanted: Sequence[Saying] = ()
    unwanted: Sequence[Saying] = ()


def taste_of(index: Index, fits: np.ndarray, leaning: Leaning) -> dict[str, float]:
    """The utility of every item that somebody might take, by id: `LEAST` to 1.

    Args:
        index: the catalogue.
        fits: which items satisfy all that is hard, bool, shape (items,).
        leaning: where the utility comes from.
    """
    rows = np.flatnonzero(fits)
    if not len(rows):
        return {}
    scaled = _scaled(appeal(index, rows, leaning), len(fits))
    scaled[np.isin(rows, leaning.targets)] = np.maximum(scaled[np.isin(rows, leaning.targets)], _TARGET)
    items = index.catalogue.items
    taken = np.flatnonzero(scaled >= LEAST)
    return {items[int(rows[place])].id: round(float(scaled[place]), 4) for place in taken}


def threshold(persona: Persona, *, persuaded: bool = False) -> float:
    """The utility from which on a user takes an item; a fitting reason moves those who are open, but never below `LEAST`."""
    bar = BAR + 0.2 * (0.5 - persona.decisiveness)
    return max(bar - 0.1 * persona.openness if persuaded else bar, LEAST)


def appeal(index: Index, rows: np.ndarray, leaning: Leaning) -> np.ndarray:
    """How some items appeal to a user, from 0 to 1, shape (rows,); only the order is meant.

    Args:
        index: the catalogue.
        rows: the items, shape (rows,).
        leaning: where it comes from.
    """
    parts = {
        "near": _near(index, rows, leaning.targets),
        "wishes": _wishes(rows, leaning),
        "labels": _labels(index, rows, leaning),
        "liked": _liked(index, rows, leaning),
        "known": index.catalogue.popularity[rows],
    }
    told = {name: part for name, part in parts.items() if np.ptp(part) > 1e-9}
    if not told:
        return np.zeros(len(rows))
    weight = sum(_WEIGHTS[name] for name in told)
    return np.sum([_WEIGHTS[name] / weight * _spread(part) for name, part in told.items()], axis=0)


def lift(share_liked: float, count: int, share: float) -> float:
    """How much more often the user's liked items have something than all items do: log-odds, smoothed towards none.

    Args:
        share_liked: the share of liked items that have it.
        count: how many liked items there are.
        share: the share of all items that have it, above 0.
    """
    smoothed = (share_liked * count + _PRIOR * share) / (count + _PRIOR)
    return math.log(smoothed / share)


def _scaled(appeals: np.ndarray, items: int) -> np.ndarray:
    """Appeal as utility: the best quarter reaches `BAR`, half as many again `LEAST`; of a large catalogue few do."""
    order = np.sort(appeals)[::-1]
    taken = min(
        max(math.ceil(len(order) * _TAKEN), 2), len(order), max(_FEWEST, round(_OF_CATALOGUE * math.sqrt(items)))
    )
    bar, least = float(order[taken - 1]), float(order[min(math.ceil(1.5 * taken), len(order)) - 1])
    # Of equals all are taken, and the steps between stay apart.
    least = min(least, bar - 2e-9) - 1e-9
    steps = [min(float(order[-1]), least - 1e-6), least, bar - 1e-9, max(float(order[0]), bar + 1e-6)]
    return np.interp(appeals, steps, [0.0, LEAST, BAR, 1.0])


def _near(index: Index, rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The nearest held-out item's likeness by text, shape (rows,)."""
    if not len(targets):
        return np.zeros(len(rows))
    matrix = index.vectors.matrix
    centre = np.asarray(matrix[targets].mean(axis=0))
    # One target stands for itself; several also for what they have in common.
    wanted = np.vstack([matrix[targets], centre / max(float(np.linalg.norm(centre)), 1e-6)])
    return (matrix[rows] @ wanted.T).max(axis=1)


def _liked(index: Index, rows: np.ndarray, leaning: Leaning) -> np.ndarray:
    """Likeness by text to what is liked, less that to what is disliked, shape (rows,)."""
    matrix = index.vectors.matrix
    wanted = np.zeros(matrix.shape[1], dtype=np.float32)
    for some, weight in ((leaning.liked, 1.0), (leaning.disliked, -0.5)):
        if len(some):
            wanted += weight * np.asarray(matrix[some].mean(axis=0))
    return matrix[rows] @ wanted


def _wishes(rows: np.ndarray, leaning: Leaning) -> np.ndarray:
    """The share of soft wishes that are met; what is unknown is half met, shape (rows,)."""
    met = [0.5 + 0.5 * s.holds[rows] - 0.5 * s.breaks[rows] for s in leaning.wanted]
    met += [0.5 - 0.5 * s.holds[rows] + 0.5 * s.breaks[rows] for s in leaning.unwanted]
    return np.mean(met, axis=0) if met else np.zeros(len(rows))


def _labels(index: Index, rows: np.ndarray, leaning: Leaning) -> np.ndarray:
    """What the labels and numbers of items have in common with the user's liked ones, shape (rows,)."""
    catalogue, columns = index.catalogue, index.catalogue.columns
    liked = np.concatenate([leaning.targets, leaning.liked])
    place = np.full(len(catalogue), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    scores = np.zeros(len(rows))
    for name, column in columns.categories.items():
        counts: dict[str, int] = {}
        for row in liked.tolist():
            for label in catalogue.items[row].labels(name):
                counts[label] = counts.get(label, 0) + 1
        theirs = np.zeros(len(rows))
        for label, count in counts.items():
            holding = column.rows(label)
            weight = lift(count / len(liked), len(liked), len(holding) / len(catalogue))
            here = place[holding]
            theirs[here[here >= 0]] += weight
        scores += theirs / math.sqrt(max(column.labels_per_item, 1.0))
    for column in columns.numbers.values():
        known = column.numbers[liked]
        known = known[~np.isnan(known)]
        if len(known) < 3 or column.coverage < 0.5:
            continue
        width = column.quantile(0.75) - column.quantile(0.25)
        tight = float(np.subtract(*np.quantile(known, [0.75, 0.25]))) if width > 0 else math.inf
        if tight < width:
            away = np.abs(column.numbers[rows] - np.median(known)) / width
            scores += (1 - tight / width) * np.nan_to_num(np.exp(-away), nan=0.3)
    return scores


def _spread(part: np.ndarray) -> np.ndarray:
    """A part brought to 0 to 1 over the items compared."""
    low, high = float(part.min()), float(part.max())
    return (part - low) / (high - low)
