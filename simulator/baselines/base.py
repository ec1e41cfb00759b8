"""What all baselines have in common: they keep the talk, show three new items at a time, and name them in the reply.

Nothing is enforced here but that: no limit is heard, no question asked, no miss admitted. That is what is compared with.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...agents.state import Usage
from ...tools.index import Index
from ...tools.search import Candidate
from ..nouns import Shown, SystemTurn, Utterance

_LONGEST = 1_500
"""Characters of a query; of a longer talk, the last ones count, for encoders read no more."""


@dataclass(frozen=True)
class Asked:
    """What a baseline goes by.

    Attributes:
        talk: the dialogue so far, oldest first.
        query: what to search with: the user's words so far; where people talk with one another, the words of both.
        gone: ids of items that must not come again.
        k: how many items are wanted.
        full: whether all k must come, because they are ranked; a reply may show fewer.
        user, thread: whose conversation it is.
    """

    talk: tuple[Utterance, ...]
    query: str
    gone: frozenset[str]
    k: int
    full: bool = False
    user: str = ""
    thread: str = ""

    def allowed(self, index: Index) -> np.ndarray | None:
        """The rows of items that may come, bool, shape (items,); None where all may."""
        if not self.gone:
            return None
        mask = np.ones(len(index.catalogue), dtype=bool)
        mask[[index.catalogue.row_of[i] for i in self.gone if i in index.catalogue.row_of]] = False
        return mask


@dataclass(frozen=True)
class Chosen:
    """What a baseline chooses.

    Attributes:
        items: what is shown, best first.
        opening: the first words of the reply; a plain question where empty.
        usage: what language models were asked.
        fallbacks: how often a model's answer could not be used, and the search's order stood in for it.
    """

    items: tuple[Shown, ...]
    opening: str = ""
    usage: Usage = field(default_factory=Usage)
    fallbacks: int = 0


class Baseline(ABC):
    """A baseline, which can be talked with and can rank.

    Args:
        index: the catalogue.
        count: how many items a reply shows.
    """

    name: str

    def __init__(self, index: Index, count: int = 3) -> None:
        self.index = index
        self.count = count
        self._talks: dict[tuple[str, str], tuple[Utterance, ...]] = {}

    @abstractmethod
    async def choose(self, asked: Asked) -> Chosen:
        """What to show, best first; at most `asked.k` items."""

    async def open(self) -> None:
        """Make what every turn needs: how well known each item is."""
        _ = self.index.catalogue.popularity

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        """One turn."""
        began = time.perf_counter()
        before = self._talks.get((user, thread), ())
        talk = (*before, Utterance(speaker="seeker", text=text))
        gone = frozenset(item for utterance in talk for item in utterance.items)
        query = _joined(u.text for u in talk if u.speaker == "seeker")
        chosen = await self.choose(Asked(talk, query, gone, self.count, user=user, thread=thread))
        reply = self._say(chosen)
        shown = tuple(item.id for item in chosen.items if item.id)
        self._talks[user, thread] = (*talk, Utterance(speaker="recommender", text=reply, items=shown))
        return SystemTurn(
            reply=reply,
            items=chosen.items,
            calls=chosen.usage.calls,
            prompt_tokens=chosen.usage.prompt_tokens,
            completion_tokens=chosen.usage.completion_tokens,
            fallbacks=chosen.fallbacks,
            seconds=time.perf_counter() - began,
        )

    async def rank(self, talk: Sequence[Utterance], k: int, *, user: str = "") -> list[str]:
        """The ids of the k best items for a dialogue so far, best first, without those that it has named."""
        gone = frozenset(item for utterance in talk for item in utterance.items)
        chosen = await self.choose(Asked(tuple(talk), _joined(u.text for u in talk), gone, k, full=True, user=user))
        return [item.id for item in chosen.items if item.id and item.id not in gone]

    async def forget(self, user: str, thread: str) -> None:
        """Let go of a conversation."""
        self._talks.pop((user, thread), None)

    async def aclose(self) -> None:
        """Let go of all conversations."""
        self._talks.clear()

    def shown(self, found: Sequence[Candidate]) -> tuple[Shown, ...]:
        """Items that were found, as they are shown."""
        return tuple(Shown(id=c.item, title=self.index.catalogue.item(c.item).title) for c in found)

    def _say(self, chosen: Chosen) -> str:
        schema = self.index.catalogue.schema
        if not chosen.items:
            return chosen.opening or f"I have no more {schema.nouns} to show."
        lines = [f"- **{item.title}**{' – ' if item.reason else ''}{item.reason}" for item in chosen.items]
        plain = f"How about this {schema.noun}?" if len(lines) == 1 else f"How about these {schema.nouns}?"
        return "\n".join([chosen.opening or plain, "", *lines])


def filled(found: Sequence[Candidate], others: Sequence[Candidate], k: int) -> list[Candidate]:
    """The first k of what was found; where it is fewer, others follow."""
    have = {c.item for c in found}
    return [*found, *(c for c in others if c.item not in have)][:k]


def _joined(texts: Iterable[str]) -> str:
    return " ".join(texts)[-_LONGEST:]
