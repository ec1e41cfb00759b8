"""A chain of agents after ARAG: understand the user, judge each item, sum up, rank.

After Maragheh et al., "ARAG: Agentic Retrieval Augmented Generation for Personalized Recommendation", 2025
(arXiv 2506.21931), as its abstract tells: items are retrieved by cosine; one call describes the user, one for each item
judges how it agrees with that description, one sums up the items that agree, one ranks by description and summary. The
calls that judge are made at once. Of the user we have the conversation only; the prompts are ours.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, create_model

from ...agents.model.shapes import Line, Shape, all_chosen, order_shape
from ...prompts import Prompt, data, render
from ...tools.errors import AnswerError
from ...tools.items import Item
from ..asking import Asker
from ..nouns import Shown
from .asking import CANDIDATES, ModelBaseline, talk_lines
from .base import Asked, Chosen

_AGREES = 50
"""The score from which on an item agrees with the user, and is summed up."""

_LINES = 6
_TOKENS = 300


@dataclass(frozen=True)
class _Verdict:
    """How well one item agrees with the user, from 0 to 100, and why; an item that could not be judged may agree."""

    score: int = _AGREES
    why: str = ""


@dataclass
class _Chain:
    """The calls of one turn, and how many of their answers could not be used."""

    asker: Asker
    fallbacks: int = 0

    async def ask(self, prompt: Prompt, shape: type[Shape], otherwise: Any) -> Any:
        """An answer of the shape, or what stands in for one that cannot be used."""
        try:
            return await self.asker.answer(prompt, shape, _TOKENS)
        except AnswerError:
            self.fallbacks += 1
            return otherwise


class Arag(ModelBaseline):
    """Has a model describe the user, judge every retrieved item by that, sum up and rank."""

    name = "arag"

    async def choose(self, asked: Asked) -> Chosen:
        """The items in the order of the last call, each with why it was judged to agree."""
        retrieved = await self.retrieve(asked)
        if not retrieved:
            return Chosen(())
        read, chain, nouns = retrieved[:CANDIDATES], _Chain(self.asker(asked)), self.index.catalogue.schema.nouns
        talk = talk_lines(asked.talk)
        told: Any = await chain.ask(render("arag_user", nouns=nouns, talk=talk), lines_shape(), None)
        user = data("user", "\n".join(told.lines) if told else asked.query)
        judged = await self._judge(chain, read, user)
        by_score = sorted(range(len(read)), key=lambda n: -judged[n].score)
        agreeing = [n for n in by_score if judged[n].score >= _AGREES] or by_score
        findings = "\n".join(f"{read[n].title} ({judged[n].score}): {judged[n].why}" for n in agreeing)
        prompt = render("arag_context", nouns=nouns, user=user, findings=data("findings", findings))
        summed: Any = await chain.ask(prompt, lines_shape(), None)
        context = data("context", "\n".join(summed.lines) if summed else findings)
        ordered = [read[n] for n in by_score]
        most = min(self.most(asked), len(read))
        prompt = render(
            "arag_rank",
            nouns=nouns,
            most=str(most),
            user=user,
            context=context,
            candidates=self.candidate_lines(ordered),
        )
        order: Any = await chain.ask(prompt, order_shape(len(ordered), most), None)
        best: list[Item] = all_chosen("c", order.best, ordered) if order else ordered[:most]
        why = {item.id: one.why for item, one in zip(read, judged, strict=True)}
        cards = [Shown(id=item.id, title=item.title, reason=why[item.id]) for item in best]
        return Chosen(
            self.cards(cards, [*ordered, *retrieved[CANDIDATES:]], asked), "", chain.asker.usage, chain.fallbacks
        )

    async def _judge(self, chain: _Chain, items: Sequence[Item], user: str) -> list[_Verdict]:
        """How well each item agrees with the user, by one call each."""
        nouns, unsure = self.index.catalogue.schema.nouns, _Verdict()
        prompts = [render("judge_item", nouns=nouns, user=user, item=data("item", self.line(i))) for i in items]
        try:
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(chain.ask(prompt, verdict_shape(), unsure)) for prompt in prompts]
        except ExceptionGroup as faults:
            # One failed call is enough to know that the turn has failed; the others have been cancelled.
            raise faults.exceptions[0] from None
        return [_Verdict(said.score, said.why.strip()) for said in (call.result() for call in calls)]


@lru_cache(1)
def verdict_shape() -> type[Shape]:
    """How well one item agrees with the user, from 0 to 100, and why."""
    score: Any = Annotated[int, Field(ge=0, le=100)]
    return create_model("Verdict", __base__=Shape, score=(score, ...), why=(Line, ""))


@lru_cache(1)
def lines_shape() -> type[Shape]:
    """A few lines of text."""
    lines: Any = Annotated[list[Line], Field(min_length=1, max_length=_LINES)]
    return create_model("Lines", __base__=Shape, lines=(lines, ...))
