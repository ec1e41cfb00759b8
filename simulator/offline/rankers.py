"""Rankers by a user's history, and ours by dialogue and history: what the protocols of this folder compare.

A user's history is what the index has learnt of them; for a user without one it is the items that the talk names. What
is in it is never ranked.
"""

import random
from collections.abc import Callable, Sequence

import numpy as np

from ...agents.rank_catalogue import WEIGHTS, Said, rank_catalogue
from ...tools.collaborative import weights_of
from ...tools.index import Index
from ...tools.items import Interaction
from ...tools.taste import taste_scores
from ..nouns import Utterance

RECENT = 5
"""How many of the last items retrieval by the recent history looks at."""

Score = Callable[[Index, str, Sequence[Interaction]], np.ndarray]
"""How good every item is for a user with a history, oldest first: float, shape (items,)."""


class HistoryRanker:
    """Ranks by one score over a user's history.

    Args:
        name: the ranker's name.
        index: the catalogue, with the histories.
        score: how good every item is.
    """

    def __init__(self, name: str, index: Index, score: Score) -> None:
        self.name = name
        self._index = index
        self._score = score

    async def open(self) -> None:
        """Nothing is to be made ready."""

    async def aclose(self) -> None:
        """Nothing is held."""

    async def rank(self, talk: Sequence[Utterance], k: int, *, user: str = "") -> list[str]:
        """The ids of the k best items, best first, without those of the history."""
        history = history_of(self._index, user, talk)
        known = {one.item for one in history}
        items = self._index.catalogue.items
        found: list[str] = []
        for row in self._order(user, history):
            if len(found) == k:
                break
            if items[row].id not in known:
                found.append(items[row].id)
        return found

    async def rank_candidates(
        self, candidates: Sequence[str], talk: Sequence[Utterance], *, user: str = ""
    ) -> list[str]:
        """The candidates, best first."""
        history = history_of(self._index, user, talk)
        scores = self._score(self._index, user, history)
        row_of = self._index.catalogue.row_of
        known = sorted((i for i in candidates if i in row_of), key=row_of.__getitem__)
        return sorted(known, key=lambda i: -scores[row_of[i]])

    def _order(self, user: str, history: Sequence[Interaction]) -> list[int]:
        return np.argsort(-self._score(self._index, user, history), kind="stable").tolist()


def history_of(index: Index, user: str, talk: Sequence[Utterance] = ()) -> list[Interaction]:
    """A user's history, oldest first; for one without any, the items of the catalogue that the talk names."""
    theirs = index.collaborative.history(user) if index.collaborative is not None and user else []
    named = [] if theirs else dict.fromkeys(item for said in talk for item in said.items)
    return theirs or [Interaction(user=user, item=item) for item in named if item in index.catalogue.row_of]


def by_taste(index: Index, user: str, history: Sequence[Interaction]) -> np.ndarray:
    """Ours: who liked the same, likeness of contents, and popularity where little is known (tools/taste.py)."""
    del user
    weights = weights_of(history)
    return taste_scores(index, weights) if weights else np.asarray(index.catalogue.popularity)


def by_last(index: Index, user: str, history: Sequence[Interaction]) -> np.ndarray:
    """Recency: likeness to the item taken last, by their texts (cosine)."""
    return _likeness(index, user, history[-1:])


def by_recent(index: Index, user: str, history: Sequence[Interaction]) -> np.ndarray:
    """Vanilla retrieval: likeness to the mean of the last `RECENT` items, by their texts (cosine)."""
    return _likeness(index, user, history[-RECENT:])


def by_popularity(index: Index, user: str, history: Sequence[Interaction]) -> np.ndarray:
    """How often others have taken an item."""
    del user, history
    return np.asarray(index.catalogue.popularity)


def by_chance(seed: int = 0) -> Score:
    """Every user's own order by chance, the same in each run."""

    def score(index: Index, user: str, history: Sequence[Interaction]) -> np.ndarray:
        del history
        rng = np.random.default_rng(random.Random(f"{seed}|{user}").getrandbits(64))
        return rng.random(len(index.catalogue))

    return score


def _likeness(index: Index, user: str, history: Sequence[Interaction]) -> np.ndarray:
    rows = [index.catalogue.row_of[one.item] for one in history if one.item in index.catalogue.row_of]
    if not rows:
        return by_popularity(index, user, history)
    return np.asarray(index.vectors.matrix @ index.vectors.matrix[rows].mean(axis=0))


class TalkRanker:
    """Ours for a dialogue so far, with the user's history where there is one (agents/rank_catalogue.py).

    Args:
        index: the catalogue.
        name: the ranker's name.
        without: a signal that is left out (`SIGNALS`); none where empty.
    """

    def __init__(self, index: Index, name: str = "convrec", without: str = "") -> None:
        self.name = name
        self._index = index
        self._weights = WEIGHTS.model_copy(update={without: 0.0} if without else {})

    async def open(self) -> None:
        """Nothing is to be made ready."""

    async def aclose(self) -> None:
        """Nothing is held."""

    async def rank(self, talk: Sequence[Utterance], k: int, *, user: str = "") -> list[str]:
        """The ids of the k best items, best first, without those that the dialogue or the history names."""
        said = [Said(own=u.speaker == "seeker", text=u.text, items=u.items) for u in talk]
        history = weights_of(history_of(self._index, user)) if user else {}
        return await rank_catalogue(
            said, self._index, k, history=history, without=frozenset(history), weights=self._weights
        )
