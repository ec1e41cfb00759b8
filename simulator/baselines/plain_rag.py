"""Plain retrieval-augmented generation: the nearest items and the talk in one prompt, one call that picks and replies."""

from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from ...agents.model.shapes import Line, Shape, all_chosen, numbered
from ...prompts import render
from ...tools.errors import AnswerError
from ..nouns import Shown
from .asking import CANDIDATES, ModelBaseline, talk_lines
from .base import Asked, Chosen

_TOKENS_EACH = 80
"""Tokens of one pick at most, and of the opening."""


class PlainRag(ModelBaseline):
    """Has a model pick among the nearest items; what it says of them stands as it is."""

    name = "plain_rag"

    async def choose(self, asked: Asked) -> Chosen:
        """What the model picks, with its words; the nearest items where its answer cannot be used."""
        retrieved = await self.retrieve(asked)
        if not retrieved:
            return Chosen(())
        read, most, asker = retrieved[:CANDIDATES], self.most(asked), self.asker(asked)
        prompt = render(
            "plain_rag",
            nouns=self.index.catalogue.schema.nouns,
            most=str(most),
            talk=talk_lines(asked.talk),
            candidates=self.candidate_lines(read),
        )
        try:
            said: Any = await asker.answer(prompt, picks_shape(len(read), most), _TOKENS_EACH * (most + 1))
        except AnswerError:
            nearest = [Shown(id=i.id, title=i.title) for i in retrieved[: asked.k]]
            return Chosen(tuple(nearest), usage=asker.usage, fallbacks=1)
        why = {pick.item: pick.why.strip() for pick in said.picks}
        picked = zip(why.values(), all_chosen("c", list(why), read), strict=True)
        shown = [Shown(id=item.id, title=item.title, reason=reason) for reason, item in picked]
        cards = self.cards(shown, retrieved, asked)
        return Chosen(cards, said.opening.strip(), asker.usage)


@lru_cache(64)
def picks_shape(candidates: int, most: int) -> type[Shape]:
    """The opening of a reply, and which candidates it shows, with why."""
    item: Any = Literal[numbered("c", candidates)]  # type: ignore[valid-type]
    pick: Any = create_model("Pick", __base__=Shape, item=(item, ...), why=(Line, ""))
    picks: Any = Annotated[list[pick], Field(min_length=1, max_length=most)]
    return create_model("Picks", __base__=Shape, opening=(Line, ""), picks=(picks, ...))
