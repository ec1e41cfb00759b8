"""What histories teach: which items speak for which, and how much each of a user's interactions says.

A model is one sparse matrix, whatever the method: row i holds what having item i says for every item. So a list of weighted
items is scored by adding up rows, for users with a history as for those who liked two things just now.
"""

import time as clock
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import sparse

from .interaction_log import Log, Words, load_array
from .items import Interaction

Method = Literal["auto", "ease", "neighbours"]
Progress = Callable[[int, int], None]
"""Called with how many steps are done and how many there are."""

DISLIKE = 0.5
"""What a dislike counts at most, beside a like's 1."""

NARROW = 0.2
"""The least that a user's values are taken to spread, as a share of the largest: 4 of 5 stars are no dislike beside a 5."""

LESS_LIKED = 0.5
"""What counts in learning which items go together, beside a like's 1: items that a user liked less than most of theirs."""

RENOWN_DAMPING = 0.5
"""What each interaction of a user who has n counts for an item's renown: n^-0.5. Who names few names what comes to mind."""

RENOWN_HALF_LIFE = 730.0
"""After how many days an interaction counts half for an item's renown; those of unknown time count whole."""

_DAY = 86_400.0


@dataclass(frozen=True)
class Model:
    """What having one item says for others.

    Attributes:
        ids: the items that somebody liked.
        weights: float32, shape (ids, ids); row i: what item i says for each.
    """

    ids: Words
    weights: sparse.csr_array

    @classmethod
    def empty(cls) -> "Model":
        """One that knows no item."""
        return cls(Words.of(()), sparse.csr_array((0, 0), dtype=np.float32))

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        np.save(folder / "ids.npy", self.ids.letters)
        np.save(folder / "ids_starts.npy", self.ids.starts)
        for name in ("data", "indices", "indptr"):
            np.save(folder / f"{name}.npy", getattr(self.weights, name))

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Read what `save` wrote; large files are mapped into memory.

        Raises:
            OSError, ValueError, EOFError: a file is missing or damaged.
        """
        ids = Words(load_array(folder / "ids.npy"), load_array(folder / "ids_starts.npy"))
        data, indices, indptr = (load_array(folder / f"{name}.npy") for name in ("data", "indices", "indptr"))
        if not len(data) == len(indices) == int(indptr[-1]) or len(indptr) != len(ids) + 1:
            raise ValueError("the weights' columns are not equally long")
        return cls(ids, sparse.csr_array((data, indices, indptr), shape=(len(ids), len(ids))))


class Collaborative:
    """A model over the items of a catalogue, and the histories that it was learnt from.

    Args:
        model: what having one item says for others.
        item_ids: the catalogue's items, in row order.
        counts: how often each of them was used, shape (items,).
        recall: a user's interactions, oldest first.
        stale: why the model is out of date; empty where it is not.
        half_life_days: after how many days an interaction counts half; 0 counts all alike.
        renown: tells how well known each of them is now (`renown_of`), shape (items,), when somebody asks; the counts
            where None.
    """

    def __init__(
        self,
        model: Model,
        item_ids: Sequence[str],
        counts: np.ndarray,
        recall: Callable[[str], list[Interaction]],
        stale: str = "",
        half_life_days: float = 0.0,
        renown: Callable[[], np.ndarray] | None = None,
    ) -> None:
        rows = {item: row for row, item in enumerate(item_ids)}
        self.model = model
        self.counts = counts
        self._renown = renown
        self.stale = stale
        self.half_life_days = half_life_days
        self._recall = recall
        names = list(model.ids)
        self._place_of = {name: place for place, name in enumerate(names) if name in rows}
        self._places = np.array(list(self._place_of.values()), dtype=np.int64)
        self._rows = np.array([rows[name] for name in self._place_of], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def renown(self) -> np.ndarray:
        """How well known each item is now, shape (items,); reads all interactions once."""
        return self.counts if self._renown is None else self._renown()

    def history(self, user: str) -> list[Interaction]:
        """A user's imported interactions, oldest first; none for a stranger."""
        return self._recall(user)

    def scores(self, weights: Mapping[str, float]) -> np.ndarray:
        """How much some weighted items speak for each item, shape (items,), float32.

        Args:
            weights: item id -> how much it is liked, above 0, or disliked, below; unknown ids are passed over.
        """
        scores = np.zeros(len(self), dtype=np.float32)
        known = {self._place_of[item]: weight for item, weight in weights.items() if item in self._place_of}
        if known:
            signed = np.array(list(known.values()), dtype=np.float32)
            scores[self._rows] = np.asarray(signed @ self.model.weights[list(known)]).ravel()[self._places]
        return scores

    def because(self, item: str, weights: Mapping[str, float]) -> str | None:
        """Which of the weighted items speaks most for this one; None if none does."""
        sources = [one for one in weights if one in self._place_of and one != item]
        if item not in self._place_of or not sources:
            return None
        rows = self.model.weights[[self._place_of[one] for one in sources]]
        said = rows[:, [self._place_of[item]]].toarray().ravel() * np.array([weights[one] for one in sources])
        best = int(np.argmax(said))
        return sources[best] if said[best] > 0 else None


def fit_collaborative(
    interactions: Log | Iterable[Interaction],
    item_ids: Sequence[str],
    *,
    method: Method = "auto",
    half_life_days: float = 0.0,
    on_progress: Progress | None = None,
) -> Collaborative:
    """Learn from interactions; those with items that are not among `item_ids` are passed over.

    Args:
        interactions: who liked what.
        item_ids: the catalogue's items, in row order.
        method: "ease", "neighbours" or "auto", which takes EASE.
        half_life_days: after how many days an interaction counts half; 0 counts all alike.
        on_progress: told how many steps are done and how many there are.
    """
    log = interactions if isinstance(interactions, Log) else Log.of(interactions)
    model = fit_model(log, item_ids, method=method, half_life_days=half_life_days, on_progress=on_progress)
    return Collaborative(
        model, item_ids, counts_of(log, item_ids), log.of_user, half_life_days=half_life_days,
        renown=lambda: renown_of(log, item_ids),
    )  # fmt: skip


def fit_model(
    log: Log,
    item_ids: Iterable[str],
    *,
    method: Method = "auto",
    half_life_days: float = 0.0,
    on_progress: Progress | None = None,
) -> Model:
    """Learn what items say for one another, as `fit_collaborative` does."""
    known = set(item_ids)
    likes = likes_matrix(log, half_life_days)
    liked = np.asarray(likes.sum(axis=0)).ravel() > 0
    used = np.flatnonzero(liked & np.fromiter((name in known for name in log.ids), dtype=bool, count=len(log.ids)))
    likes = sparse.csr_array(likes[:, used])
    if method == "neighbours":
        from .neighbours import fit_neighbours

        weights = fit_neighbours(likes, on_progress=on_progress)
    else:
        from .ease import fit_ease

        weights = fit_ease(likes, on_progress=on_progress)
    return Model(Words.of(log.ids[place] for place in used.tolist()), weights)


def counts_of(log: Log, item_ids: Sequence[str]) -> np.ndarray:
    """How many interactions each item of a catalogue has, int64, shape (items,)."""
    rows, counts = log.rows_of({item: row for row, item in enumerate(item_ids)}), np.zeros(len(item_ids), np.int64)
    counts[rows[rows >= 0]] = log.counts[rows >= 0]
    return counts


def renown_of(log: Log, item_ids: Sequence[str]) -> np.ndarray:
    """How well known each item of a catalogue is now, float64, shape (items,).

    Every interaction counts, those of users who have many less (`RENOWN_DAMPING`) and old ones less
    (`RENOWN_HALF_LIFE`, from the newest of all): what many people of today name, not what a few have used up.
    """
    renown = np.zeros(len(item_ids))
    if not len(log):
        return renown
    lengths = np.bincount(log.user, minlength=len(log.users))
    weight = lengths[log.user] ** -RENOWN_DAMPING * _fading(log.time, float(log.time.max()), RENOWN_HALF_LIFE)
    rows = log.rows_of({item: row for row, item in enumerate(item_ids)})[log.item]
    np.add.at(renown, rows[rows >= 0], weight[rows >= 0])
    return renown


def likes_matrix(log: Log, half_life_days: float = 0.0) -> sparse.csr_array:
    """How much each user likes each item, for learning which go together: shape (users, ids), float32.

    What a user values at or above their own mean counts 1, the rest `LESS_LIKED`, what they value at 0 or less nothing. Age
    is counted from a user's own last interaction, so that those who left long ago still teach. Repeats add up with
    diminishing return.
    """
    user, users = log.user, len(log.users)
    mean = np.bincount(user, log.value, users) / np.maximum(np.bincount(user, minlength=users), 1)
    # The tolerance is for means such as (0.1 + 0.1 + 0.1) / 3 > 0.1.
    weight = np.where(log.value >= mean[user] - 1e-9, 1.0, LESS_LIKED)
    if half_life_days:
        last = np.zeros(users)
        np.maximum.at(last, user, log.time)
        weight *= _fading(log.time, last[user], half_life_days)
    used = log.value > 0
    return _summed(user[used], log.item[used], weight[used], (users, len(log.ids)))


def _summed(user: np.ndarray, item: np.ndarray, weight: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """A matrix of weights; of several for one user and item the largest counts whole, the next half, the next a third."""
    order = np.lexsort((-weight, item, user))
    user, item, weight = user[order], item[order], weight[order]
    fresh = np.ones(len(user), dtype=bool)
    fresh[1:] = (np.diff(user) != 0) | (np.diff(item) != 0)
    first = np.flatnonzero(fresh)
    place = np.arange(len(user)) - np.repeat(first, np.diff(np.append(first, len(user))))
    return sparse.csr_array(((weight / (place + 1)).astype(np.float32), (user, item)), shape=shape)


def _fading(time: np.ndarray, now: np.ndarray | float, half_life_days: float) -> np.ndarray:
    """What interactions count by their age, shape as `time`; those of unknown time count whole."""
    age = np.where(time > 0, np.maximum(now - time, 0.0), 0.0)
    return 0.5 ** (age / _DAY / half_life_days)


def weights_of(
    interactions: Iterable[Interaction], *, now: float | None = None, half_life_days: float = 0.0
) -> dict[str, float]:
    """A user's interactions as signed weights of items: liked above 0, disliked below, from -`DISLIKE` to 1 each.

    A value of the user's own mean counts half, one standard deviation above it 1, and one below it 0 (`NARROW` bounds the
    deviation from below). Values that are all equal count 1 each, and 0 or less is a dislike. Repeats add up with
    diminishing return.

    Args:
        interactions: one user's.
        now: seconds since 1970; the clock's where None.
        half_life_days: after how many days an interaction counts half; 0 counts all alike.
    """
    theirs = list(interactions)
    if not theirs:
        return {}
    values = np.array([i.value for i in theirs])
    liking = np.ones(len(theirs))
    if np.ptp(values):
        spread = max(float(values.std()), NARROW * float(np.abs(values).max()))
        liking = 0.5 + 0.5 * (values - values.mean()) / spread
    liking = np.where(values > 0, np.clip(liking, -DISLIKE, 1.0), -DISLIKE)
    if half_life_days:
        now = clock.time() if now is None else now
        liking *= _fading(np.array([i.time for i in theirs]), now, half_life_days)
    said: dict[str, list[float]] = {}
    for one, weight in zip(theirs, liking.tolist(), strict=True):
        said.setdefault(one.item, []).append(weight)
    return {
        item: sum(weight / place for place, weight in enumerate(sorted(weights, key=abs, reverse=True), 1))
        for item, weights in said.items()
    }
