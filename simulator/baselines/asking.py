"""What the baselines that ask a language model have in common: what they retrieve, and what they tell the model."""

from collections.abc import Sequence
from textwrap import shorten

from ...agents.model.telling import numbered_lines
from ...prompts import data
from ...tools.chat import Chat
from ...tools.describing import describe_in_line
from ...tools.index import Index
from ...tools.items import Item
from ..asking import Asker
from ..nouns import Shown, Utterance
from .base import Asked
from .dense import Dense

CANDIDATES = 20
"""How many retrieved items a model reads."""

MOST_RANKED = 10
"""How many items a model puts in order where a whole ranking is wanted; the search's order follows."""

_UTTERANCES, _SAID = 12, 400
_LINE, _TEXT = 150, 160
_SECONDS = 600.0
"""How long an answer may take, waiting for other conversations' calls included."""


class ModelBaseline(Dense):
    """A baseline that retrieves by meaning and asks a language model.

    Args:
        index: the catalogue.
        chat: the model.
        count: how many items a reply shows.
    """

    def __init__(self, index: Index, chat: Chat, count: int = 3) -> None:
        super().__init__(index, count)
        self._chat = chat

    def asker(self, asked: Asked) -> Asker:
        """Who asks the model in one turn, and counts what it costs."""
        return Asker(self._chat, asked.user, _SECONDS)

    def most(self, asked: Asked) -> int:
        """How many items the model may choose."""
        return min(asked.k, MOST_RANKED)

    async def retrieve(self, asked: Asked) -> list[Item]:
        """What is retrieved, the nearest first: as many as a model reads, or as are to be ranked."""
        wanted = max(CANDIDATES, asked.k) if asked.full else CANDIDATES
        found = await self.nearest(asked, wanted)
        return [self.index.catalogue.item(c.item) for c in found]

    def cards(self, chosen: Sequence[Shown], retrieved: Sequence[Item], asked: Asked) -> tuple[Shown, ...]:
        """What the model chose; where all k must come, the rest of what was retrieved follows."""
        if not asked.full:
            return tuple(chosen[: asked.k])
        have = {shown.id for shown in chosen} | asked.gone
        return (*chosen, *(Shown(id=i.id, title=i.title) for i in retrieved if i.id not in have))[: asked.k]

    def candidate_lines(self, items: Sequence[Item]) -> str:
        """Items for the model to read, numbered c1, c2 …, one a line."""
        return data("candidates", numbered_lines("c", map(self.line, items)))

    def line(self, item: Item) -> str:
        """An item in one line: its title, what its card shows, how its text begins."""
        line = describe_in_line(item, self.index.catalogue.schema, (), _LINE)
        return f"{line}. {shorten(item.text, _TEXT, placeholder=' …')}" if item.text else line


def talk_lines(talk: Sequence[Utterance]) -> str:
    """The last messages, for the model to read."""
    who = {"seeker": "user", "recommender": "you"}
    lines = [f"{who[u.speaker]}: {shorten(u.text, _SAID, placeholder=' …')}" for u in talk[-_UTTERANCES:]]
    return data("talk", "\n".join(lines))
