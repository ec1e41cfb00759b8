"""The baselines that ask a language model, given a history and candidates in place of a conversation.

The user's history is told as what they would say of it: their own reviews where there are any, else the titles, the last
ones last. Candidates come to the model in the order of retrieval, the nearest to the recent history first.
"""

from collections.abc import Sequence

from ...tools.chat import Chat
from ...tools.index import Index
from ...tools.items import Item
from ..baselines.arag import Arag
from ..baselines.asking import CANDIDATES
from ..baselines.base import Asked, Baseline
from ..baselines.plain_rag import PlainRag
from ..nouns import Utterance
from .rankers import HistoryRanker, by_recent, history_of

TOLD = 10
"""How many items of a history a model is told."""


class _GivenPlainRag(PlainRag):
    """Plain RAG over given items."""

    def __init__(self, index: Index, chat: Chat, given: Sequence[Item]) -> None:
        super().__init__(index, chat)
        self._given = list(given)

    async def retrieve(self, asked: Asked) -> list[Item]:
        """The given items."""
        return self._given


class _GivenArag(Arag):
    """The chain after ARAG over given items."""

    def __init__(self, index: Index, chat: Chat, given: Sequence[Item]) -> None:
        super().__init__(index, chat)
        self._given = list(given)

    async def retrieve(self, asked: Asked) -> list[Item]:
        """The given items."""
        return self._given


class ModelRanker:
    """Has a language model put the candidates in order; it reads the first 20 and orders ten, the rest follow as they came.

    Args:
        kind: `plain_rag`, one call, or `arag`, a chain with a call per candidate.
        index: the catalogue, with the histories.
        chat: the model.
    """

    def __init__(self, kind: str, index: Index, chat: Chat) -> None:
        self.name = kind
        self._make = {"plain_rag": _GivenPlainRag, "arag": _GivenArag}[kind]
        self._index = index
        self._chat = chat
        self._nearest = HistoryRanker("nearest", index, by_recent)

    async def open(self) -> None:
        """Nothing is to be made ready."""

    async def aclose(self) -> None:
        """Nothing is held."""

    async def rank(self, talk: Sequence[Utterance], k: int, *, user: str = "") -> list[str]:
        """The k items nearest to the recent history, of which the model has put the first in order.

        Raises:
            ModelError: the model did not answer.
        """
        nearest = await self._nearest.rank(talk, max(k, CANDIDATES), user=user)
        return (await self._order(nearest, talk, user))[:k]

    async def rank_candidates(
        self, candidates: Sequence[str], talk: Sequence[Utterance], *, user: str = ""
    ) -> list[str]:
        """The candidates, best first.

        Raises:
            ModelError: the model did not answer.
        """
        return await self._order(await self._nearest.rank_candidates(candidates, talk, user=user), talk, user)

    async def _order(self, ids: Sequence[str], talk: Sequence[Utterance], user: str) -> list[str]:
        given = [self._index.catalogue.item(i) for i in ids]
        asked: Baseline = self._make(self._index, self._chat, given)
        return await asked.rank(self._told(talk, user), len(given), user=user)

    def _told(self, talk: Sequence[Utterance], user: str) -> list[Utterance]:
        """The history in words."""
        catalogue = self._index.catalogue
        words = {item: said.text for said in talk for item in said.items}
        history = [i.item for i in history_of(self._index, user, talk) if i.item in catalogue.row_of][-TOLD:]
        return [
            Utterance(speaker="seeker", text=f"I had {catalogue.item(i).title}. {words.get(i, '')}".rstrip())
            for i in history
        ]
