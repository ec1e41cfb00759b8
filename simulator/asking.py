"""A chat model as the simulator asks it: an answer of a shape, counted apart from all that the system under test asks."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel

from ..agents.state import Usage
from ..prompts import Prompt, render
from ..tools.answers import schema_of
from ..tools.chat import Call, Chat, WayRefusedError
from ..tools.errors import AnswerError, CallError

_QUOTED = 2_000
"""Characters of a bad answer that are shown again when it is asked for once more."""

Shape = TypeVar("Shape", bound=BaseModel)


class Asker:
    """Asks a chat model, and counts what it costs; it is the meter of its own calls.

    Args:
        chat: the model.
        owner: whose cached answers are used; the same question of another owner is asked anew.
        seconds: how long an answer may take, with its second try, waiting for other calls to the model included.
    """

    private = False

    def __init__(self, chat: Chat, owner: str, seconds: float = 300.0) -> None:
        self.owner = owner
        self._chat = chat
        self._seconds = seconds
        self._calls: list[Call] = []
        self._waiting = 0

    @property
    def usage(self) -> Usage:
        """Calls and tokens so far, failed calls too."""
        return Usage(
            calls=self._waiting + sum(not c.cached for c in self._calls),
            prompt_tokens=sum(c.prompt_tokens for c in self._calls),
            completion_tokens=sum(c.completion_tokens for c in self._calls),
            cached=sum(c.cached for c in self._calls),
        )

    def admit(self, tokens: int) -> None:
        """Let a call through; who asks sees to it that there are few."""
        self._waiting += 1

    def note(self, call: Call | None) -> None:
        """Count a call."""
        if call is None or not call.cached:
            self._waiting -= 1
        if call is not None:
            self._calls.append(call)

    async def answer(
        self, prompt: Prompt, shape: type[Shape], max_tokens: int, wrong: Callable[[Shape], str] = lambda _: ""
    ) -> Shape:
        """An answer of a shape; one that cannot be used is asked for once more, with what was wrong with it.

        Args:
            prompt: what is asked.
            shape: what the answer must be.
            max_tokens: tokens of the answer at most.
            wrong: what is wrong with an answer that has the shape, in words for the model; empty for nothing. Such an
                answer is not quoted when it is asked for again, and the second one counts, whatever is wrong with it.

        Raises:
            AnswerError: two answers in a row are not of the shape.
            CallError: a call failed, or all took too long.
        """
        asked: list[BaseMessage] = [SystemMessage(prompt.system), HumanMessage(prompt.user)]
        try:
            async with asyncio.timeout(self._seconds):
                value = await self._shaped(asked, shape, max_tokens)
                if fault := wrong(value):
                    again = [*asked[:-1], HumanMessage(f"{prompt.user}\n\n{_repair(fault, shape)}")]
                    with suppress(AnswerError):
                        value = await self._shaped(again, shape, max_tokens)
                return value
        except TimeoutError as fault:
            raise CallError(f"the model did not answer in {self._seconds:g} s") from fault

    async def _shaped(self, asked: list[BaseMessage], shape: type[Shape], max_tokens: int) -> Shape:
        try:
            return await self._answer(asked, shape, max_tokens)
        except AnswerError as fault:
            said = AIMessage(fault.said[:_QUOTED] or "-")
            again = [*asked, said, HumanMessage(_repair(str(fault), shape))]
            return await self._answer(again, shape, max_tokens, told=True)

    async def _answer(
        self, messages: list[BaseMessage], shape: type[Shape], max_tokens: int, *, told: bool = False
    ) -> Shape:
        while True:
            asked = messages
            if self._chat.needs_shape_told and not told:
                shown = render("shape", schema=json.dumps(schema_of(shape), ensure_ascii=False))
                asked = [*messages[:-1], HumanMessage(f"{messages[-1].text}\n\n{shown.user}")]
            try:
                return await self._chat.answer(asked, shape, self, max_tokens)
            except WayRefusedError:
                continue


def _repair(fault: str, shape: type[BaseModel]) -> str:
    return render("repair", fault=fault, schema=json.dumps(schema_of(shape), ensure_ascii=False)).user
