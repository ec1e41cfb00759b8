"""Parts of the recommender that can be left out, so that a measurement tells what each is worth.

A part is taken out where the workflow meets it: an agent by one that does less in its place, a search by one that finds
nothing, memory by one that is empty and kept nowhere. What must always hold of an answer holds without any of them.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..tools.errors import InputError
from ..tools.index import Index
from ..tools.lexical import Lexical
from ..tools.vectors import Nearest, Vectors
from .rank import in_order, placed_among
from .state import AgentName, ClarifyingQuestion, Judged, Pick, Understanding, Wish
from .summarize import reason

ABLATIONS: Mapping[str, str] = {
    "understanding": "messages are not read: the words of the last one are what is searched for, and nothing is a limit",
    "clarify": "no question is ever asked back",
    "nli": "candidates pass unjudged, without verdicts or evidence; limits on attributes still filter the search",
    "ranking": "candidates stay in the order in which the searches found them together",
    "diversity": "the best candidates are shown, however much they are alike",
    "memory": "nothing told in one conversation is known in another; imported histories still are",
    "collaborative": "who liked what is not known: no histories, and taste goes by content alone",
    "meaning": "nothing is found by nearness of meaning, neither to a message nor to an item",
    "words": "nothing is found by the words that it shares with a message",
}
"""What can be left out, and what that means."""

StandIns = Mapping[AgentName, Callable[..., Awaitable[Any]]]
"""What does an agent's step in its place, and in its second brain's."""


def check_parts(names: Iterable[str]) -> frozenset[str]:
    """The parts to leave out, each of them known.

    Raises:
        InputError: there is no such part; the hint lists those that there are.
    """
    parts = frozenset(names)
    if unknown := sorted(parts - ABLATIONS.keys()):
        told = ", ".join(repr(name) for name in unknown)
        raise InputError(f"There is no part {told} to leave out.", f"There are: {', '.join(ABLATIONS)}.")
    return parts


def stand_ins(parts: frozenset[str]) -> StandIns:
    """Who takes the place of the agents that are left out; without ranking, nothing is left of diversity either."""
    found: dict[AgentName, Callable[..., Awaitable[Any]]] = {}
    if "understanding" in parts:
        found["understand"] = _take_as_query
    if "clarify" in parts:
        found["clarify"] = _ask_nothing
    if "nli" in parts:
        found["nli"] = _pass_unjudged
    if "diversity" in parts:
        found["rank"] = _pick_best
    if "ranking" in parts:
        found["rank"] = _pick_as_found
    return found


def without_parts(index: Index, parts: frozenset[str]) -> Index:
    """An index whose searches find no more than what is left of them; it shares all it can with the whole one."""
    if parts.isdisjoint(("collaborative", "meaning", "words")):
        return index
    less = Index(
        index.catalogue,
        index.encoder,
        _Blind(index.vectors) if "meaning" in parts else index.vectors,
        _Mute(index.lexical) if "words" in parts else index.lexical,
        None if "collaborative" in parts else index.collaborative,
    )
    less.lexicon = index.lexicon
    return less


async def _take_as_query(text: str, _wish: Wish, _index: Index) -> Understanding:
    # A statement rather than a request, which would be asked about as too vague.
    return Understanding(act="preference", query=text)


async def _ask_nothing(_wish: Wish, _index: Index, _rows: np.ndarray) -> ClarifyingQuestion | None:
    return None


async def _pass_unjudged(candidates: Sequence[Judged], _preferences: object, _index: Index) -> list[Judged]:
    return list(candidates)


async def _pick_as_found(accepted: Sequence[Judged], wish: Wish, index: Index, count: int) -> list[Pick]:
    return _picks(accepted[:count], wish, index)


async def _pick_best(accepted: Sequence[Judged], wish: Wish, index: Index, count: int) -> list[Pick]:
    return _picks(in_order(placed_among(accepted), accepted, wish, index)[:count], wish, index)


def _picks(chosen: Sequence[Judged], wish: Wish, index: Index) -> list[Pick]:
    """Picks in the order given, with their reasons."""
    return [
        Pick(
            item=j.item, score=round(1 - place / len(chosen), 4), reason=reason(j.item, j.verdicts, wish, index),
            verdicts=j.verdicts, tools=j.tools,
        )
        for place, j in enumerate(chosen)
    ]  # fmt: skip


class _Blind(Vectors):
    """Vectors that can be compared with one another, but not searched."""

    def __init__(self, whole: Vectors) -> None:
        self.__dict__.update(whole.__dict__)

    def nearest(self, vector: np.ndarray, k: int, allowed: np.ndarray | None = None) -> Nearest:
        """Nothing."""
        return Nearest(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


class _Mute(Lexical):
    """Words that can be looked up, but not searched by."""

    def __init__(self, whole: Lexical) -> None:
        self.__dict__.update(whole.__dict__)

    def scores(self, query: str) -> np.ndarray:
        """Zero for every item."""
        return np.zeros(len(self), dtype=np.float32)
