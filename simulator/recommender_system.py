"""convrec's own recommender, or anything with its interface, as a system under test."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Protocol

from ..agents.state import Act, Answer
from ..agents.turn import Token
from ..tools.errors import AnswerError
from .nouns import Shown, SystemTurn

_SEARCHING: tuple[Act, ...] = ("request", "preference", "more", "reject", "surprise")
"""Messages that want items: an answer to one of them without a question and without items says that nothing fits."""


class Recommends(Protocol):
    """What a recommender must have to be tested; `open`, `astream` and `index` are used where there are any."""

    async def reply(self, text: str, *, user: str, thread: str) -> Answer:
        """One turn."""
        ...

    async def forget(self, *, user: str, thread: str | None = None) -> None:
        """Delete one thread of a user, or all that is kept of them."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


class RecommenderSystem:
    """A recommender under test.

    Args:
        recommender: who answers.
        name: what reports call it.
        private: whether its conversations are held in private, so that nothing of one is remembered in the next; it
            must be a recommender that can.
        streamed: whether replies are streamed where the recommender can, for the time until their first words. It says
            something where a language model writes them.
    """

    def __init__(
        self, recommender: Recommends, name: str = "convrec", *, private: bool = False, streamed: bool = True
    ) -> None:
        self.name = name
        self._recommender = recommender
        self._streamed = streamed
        self._options: dict[str, Any] = {"private": True} if private else {}

    async def open(self) -> None:
        """Open the recommender."""
        if (opening := getattr(self._recommender, "open", None)) is not None:
            await opening()

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        """One turn."""
        began, first = time.perf_counter(), None
        answer: Answer | None = None
        stream = getattr(self._recommender, "astream", None) if self._streamed else None
        if stream is None:
            answer = await self._recommender.reply(text, user=user, thread=thread, **self._options)
        else:
            events: AsyncIterator[Any] = stream(text, user=user, thread=thread, **self._options)
            async with aclosing(events) as opened:  # type: ignore[type-var]
                async for event in opened:
                    if first is None and isinstance(event, Token):
                        first = time.perf_counter() - began
                    elif isinstance(event, Answer):
                        answer = event
        if answer is None:
            raise AnswerError(f"{self.name} ended its stream without an answer", "A stream ends with an Answer.")
        return turn_of(answer, time.perf_counter() - began, first)

    async def forget(self, user: str, thread: str) -> None:
        """Delete the conversation; a user who has the name of the thread existed for it alone, and goes with it."""
        await self._recommender.forget(user=user, thread=None if user == thread and not self._options else thread)

    async def aclose(self) -> None:
        """Close the recommender."""
        await self._recommender.aclose()


def turn_of(answer: Answer, seconds: float, first_token_seconds: float | None = None) -> SystemTurn:
    """An answer as a turn of a system under test.

    Near misses come last and are marked; where they are all there is, or a message that wants items gets neither items
    nor a question, the answer says that nothing fits.
    """
    nothing = not answer.items and (bool(answer.nearest) or (answer.act in _SEARCHING and answer.question is None))
    cards = [Shown(id=c.id, title=c.title, reason=c.reason) for c in answer.items]
    near = [Shown(id=c.id, title=c.title, reason=c.reason, nearest=True) for c in answer.nearest]
    return SystemTurn(
        reply=answer.reply,
        items=(*cards, *near),
        question=answer.question.attribute if answer.question else "",
        options=answer.question.options if answer.question else (),
        nothing_fits=nothing,
        calls=answer.usage.calls,
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
        fallbacks=answer.usage.fallbacks,
        seconds=seconds,
        first_token_seconds=first_token_seconds,
    )
