"""A language model alone: it is told the best known titles and asked for items; what it names is looked up afterwards.

Nothing holds it to the catalogue. A title that is not there is shown as it was named, without an id, and counts as
invented; one that was shown before counts as a repeat.
"""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Annotated, Any

from pydantic import Field, create_model

from ...agents.model.shapes import Line, Shape
from ...prompts import data, render
from ...tools.errors import AnswerError
from ...tools.items import Item
from ...tools.search import popular_items
from ...tools.words import words
from ..nouns import Shown
from .asking import MOST_RANKED, ModelBaseline, talk_lines
from .base import Asked, Chosen

_TITLES = 80
"""How many of the best known titles the model is told."""

_TOKENS_EACH = 80
_BRACKET = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


class SinglePrompt(ModelBaseline):
    """Has a model name items, and believes it."""

    name = "single_prompt"

    async def choose(self, asked: Asked) -> Chosen:
        """What the model names; nothing where its answer cannot be used."""
        most, asker = self.most(asked), self.asker(asked)
        schema = self.index.catalogue.schema
        prompt = render(
            "single_prompt", nouns=schema.nouns, most=str(most), talk=talk_lines(asked.talk), titles=self._known
        )
        try:
            said: Any = await asker.answer(prompt, titles_shape(MOST_RANKED), _TOKENS_EACH * (most + 1))
        except AnswerError:
            unsaid = f"I cannot name any {schema.nouns} right now."
            rest = await self.retrieve(asked) if asked.full else []
            return Chosen(self.cards([], rest, asked), unsaid, asker.usage, fallbacks=1)
        named = [self._shown(pick.title.strip(), pick.why.strip()) for pick in said.picks if pick.title.strip()]
        if not asked.full:
            return Chosen(tuple(named[: asked.k]), said.opening.strip(), asker.usage)
        known = {shown.id: shown for shown in named if shown.id and shown.id not in asked.gone}
        return Chosen(self.cards(list(known.values()), await self.retrieve(asked), asked), "", asker.usage)

    def _shown(self, title: str, why: str) -> Shown:
        item = self.look_up(title)
        return Shown(id=item.id, title=item.title, reason=why) if item else Shown(id="", title=title, reason=why)

    def look_up(self, title: str) -> Item | None:
        """The item of that title, whatever its case, accents and what stands in brackets at its end; the best known."""
        for form in (title, _BRACKET.sub("", title)):
            if rows := self._rows.get(" ".join(words(form))):
                popularity = self.index.catalogue.popularity
                return self.index.catalogue.items[max(rows, key=lambda row: (popularity[row], -row))]
        return None

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, item in enumerate(self.index.catalogue.items):
            for title in dict.fromkeys((item.title, *item.aliases)):
                found.setdefault(" ".join(words(title)), []).append(row)
        return found

    @cached_property
    def _known(self) -> str:
        return data("titles", _lines([c.item for c in popular_items(self.index, _TITLES)], self))


def _lines(ids: Sequence[str], baseline: ModelBaseline) -> str:
    titles = (baseline.index.catalogue.item(i).title for i in ids)
    return "\n".join(" ".join(title.split()) for title in titles)


@lru_cache(16)
def titles_shape(most: int) -> type[Shape]:
    """The opening of a reply, and titles, each with why."""
    pick: Any = create_model("Named", __base__=Shape, title=(Line, ...), why=(Line, ""))
    picks: Any = Annotated[list[pick], Field(min_length=1, max_length=most)]
    return create_model("Titles", __base__=Shape, opening=(Line, ""), picks=(picks, ...))
