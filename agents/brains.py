"""Two brains behind one signature: an agent's model brain is tried within the turn's limits, else the built-in one.

A model brain takes a `Model` and the same nouns as the built-in one. When a call fails, its answer cannot be used twice,
or the turn has used its calls, tokens or seconds, the built-in brain does that step, and the step says why.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel

from ..prompts import Prompt, render
from ..tools.answers import schema_of
from ..tools.chat import Call, Chat, WayRefusedError
from ..tools.errors import AnswerError, ModelError, SpentError
from .state import AgentName, Step, Usage

_QUOTED = 2_000
"""Characters of a bad answer that are shown again when it is asked for once more."""

T = TypeVar("T")
Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True)
class TurnLimits:
    """What one turn may cost."""

    max_calls: int = 12
    max_tokens: int = 20_000
    max_seconds: float = 60.0


@dataclass(frozen=True)
class Brain:
    """An agent's second brain.

    Attributes:
        think: takes a `Model`, then what the built-in brain takes.
        name: what steps call it.
        chat: the chat model that it asks; None where it asks none.
        spare: whether it is asked only where the turn's limits leave room; that they did not is no fallback then.
    """

    think: Callable[..., Awaitable[Any]]
    name: str
    chat: Chat | None = None
    spare: bool = False


Brains = Mapping[AgentName, Brain]
"""The second brains in use, by agent; an agent without one is built in."""


@dataclass(frozen=True)
class Said:
    """One call of a turn, with its words, for the trace."""

    agent: AgentName
    prompt: str
    answer: str


@dataclass
class Budget:
    """What a turn has used of its limits, whose it is, and whether nothing of it may be written down."""

    limits: TurnLimits
    owner: str = ""
    private: bool = False
    started: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _pending: deque[int] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        """Seconds since the turn began."""
        return time.monotonic() - self.started

    @property
    def calls(self) -> int:
        """Calls begun so far."""
        return len(self._pending) + sum(not c.cached for c in self._calls)

    @property
    def tokens(self) -> int:
        """Tokens so far, those of calls under way by their prompts."""
        return sum(self._pending) + sum(c.prompt_tokens + c.completion_tokens for c in self._calls)

    @property
    def usage(self) -> Usage:
        """Calls, tokens and seconds so far."""
        return Usage(
            calls=self.calls,
            prompt_tokens=sum(c.prompt_tokens for c in self._calls),
            completion_tokens=sum(c.completion_tokens for c in self._calls),
            cached=sum(c.cached for c in self._calls),
            fallbacks=sum(bool(s.fallback) for s in self.steps),
            seconds=round(self.seconds, 4),
        )

    def exhausted(self, tokens: int = 0) -> str:
        """Which limit a call with a prompt of so many tokens would pass, in words; empty while there is room."""
        if self.calls >= self.limits.max_calls:
            return f"the turn's {self.limits.max_calls} calls are used"
        if self.tokens + tokens >= self.limits.max_tokens:
            return f"the turn's {self.limits.max_tokens:,} tokens are used"
        if self.seconds >= self.limits.max_seconds:
            return f"the turn's {self.limits.max_seconds:g} seconds are over"
        return ""

    def admit(self, tokens: int) -> None:
        """Let a call through.

        Raises:
            SpentError: a limit is reached.
        """
        if reached := self.exhausted(tokens):
            raise SpentError(reached)
        self._pending.append(tokens)

    def note(self, call: Call | None) -> None:
        """Count a call that was let through, or an answer from the cache."""
        if call is None or not call.cached:
            self._pending.popleft()
        if call is not None:
            self._calls.append(call)

    async def think(
        self,
        agent: AgentName,
        built_in: Callable[[], Awaitable[T]],
        brain: Brain | None = None,
        args: tuple[Any, ...] = (),
        note: Callable[[T], str] = lambda _: "",
        lawful: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Do one agent's step, with its second brain if there is one and room for it, and record it.

        Args:
            agent: whose step.
            built_in: the built-in brain.
            brain: the second brain, if there is one.
            args: what the second brain takes after its `Model`.
            note: what the step did, in a few words.
            lawful: whether the second brain's value may be used; the built-in brain takes over where it may not.
        """
        began = time.perf_counter()
        model = Model(brain.chat if brain else None, self, agent)
        fallback = ""
        if brain is not None and brain.spare and self.exhausted():
            brain = None
        if brain is not None:
            fallback = self.exhausted() if brain.chat else ""
            if not fallback:
                try:
                    async with asyncio.timeout(max(self.limits.max_seconds - self.seconds, 0.01)):
                        value = await brain.think(model, *args)
                except TimeoutError:
                    fallback = "the model did not answer in the turn's time"
                    if brain.chat and time.perf_counter() - began >= self.limits.max_seconds / 2:
                        brain.chat.rest()
                except ModelError as fault:
                    fallback = str(fault)
                else:
                    if lawful(value):
                        self._record(agent, began, note(value), model, brain.name)
                        return value
                    fallback = "the model's answer broke a guarantee"
        value = await built_in()
        self._record(agent, began, note(value), model, "built-in", fallback)
        return value

    def _record(
        self, agent: AgentName, began: float, note: str, model: "Model", brain: str, fallback: str = ""
    ) -> None:
        calls = model.calls
        self.said += [Said(agent, c.prompt, c.answer) for c in calls]
        self.steps.append(
            Step(
                agent=agent,
                milliseconds=round((time.perf_counter() - began) * 1000, 2),
                brain=brain,
                note=note,
                calls=sum(not c.cached for c in calls),
                prompt_tokens=sum(c.prompt_tokens for c in calls),
                completion_tokens=sum(c.completion_tokens for c in calls),
                cached=sum(c.cached for c in calls),
                repaired=model.repaired,
                dropped=model.dropped,
                fallback=fallback,
            )
        )


class Model:
    """A chat model as one agent asks it in one turn: every call is let through and counted by the turn's budget.

    Attributes:
        calls: the calls so far.
        repaired: answers that were asked for a second time.
        dropped: pieces of answers that were left out; whoever leaves one out adds it here.
    """

    def __init__(self, chat: Chat | None, budget: Budget, agent: AgentName) -> None:
        self._chat = chat
        self._budget = budget
        self.agent = agent
        self.calls: list[Call] = []
        self.repaired = 0
        self.dropped = 0

    @property
    def owner(self) -> str:
        """Whose turn it is."""
        return self._budget.owner

    @property
    def private(self) -> bool:
        """Whether nothing of the turn may be written down."""
        return self._budget.private

    def admit(self, tokens: int) -> None:
        """Let a call through, or raise SpentError."""
        self._budget.admit(tokens)

    def note(self, call: Call | None) -> None:
        """Count a call."""
        self._budget.note(call)
        if call is not None:
            self.calls.append(call)

    def spare(self, keep: int) -> int:
        """How many calls are left when so many are kept for the agents that follow."""
        return max(self._budget.limits.max_calls - self._budget.calls - keep, 0)

    async def answer(self, prompt: Prompt, shape: type[Shape], max_tokens: int, keep: int = 0, **options: Any) -> Shape:
        """An answer of a shape; one that cannot be used is asked for once more, with what was wrong with it.

        Args:
            prompt: what is asked.
            shape: what the answer must be.
            max_tokens: tokens of the answer at most.
            keep: calls that the agents after this one need; nothing is asked for once more at their cost.
            options: for the chat model.

        Raises:
            ModelError: there is none.
        """
        asked = [SystemMessage(prompt.system), HumanMessage(prompt.user)]
        try:
            return await self._answer(asked, shape, max_tokens, **options)
        except AnswerError as fault:
            if not self.spare(keep):
                raise
            self.repaired += 1
            schema = json.dumps(schema_of(shape), ensure_ascii=False)
            repair = render("repair", fault=str(fault), schema=schema)
            again = [*asked, *([AIMessage(fault.said[:_QUOTED])] if fault.said else []), HumanMessage(repair.user)]
            return await self._answer(again, shape, max_tokens, told=True, **options)

    async def stream(self, prompt: Prompt, max_tokens: int) -> AsyncGenerator[str]:
        """A text in pieces, as they come.

        Raises:
            ModelError: there is none, or it breaks off.
        """
        messages = [SystemMessage(prompt.system), HumanMessage(prompt.user)]
        # Closed with this one, so that a stream left early is counted in its own step.
        async with aclosing(self._open_chat.stream(messages, self, max_tokens)) as pieces:
            async for piece in pieces:
                yield piece

    async def _answer(
        self, messages: list[BaseMessage], shape: type[Shape], max_tokens: int, *, told: bool = False, **options: Any
    ) -> Shape:
        chat = self._open_chat
        while True:
            asked = messages
            if chat.needs_shape_told and not told:
                shown = render("shape", schema=json.dumps(schema_of(shape), ensure_ascii=False))
                asked = [*messages[:-1], HumanMessage(f"{messages[-1].text}\n\n{shown.user}")]
            try:
                return await chat.answer(asked, shape, self, max_tokens, **options)
            except WayRefusedError:
                continue

    @property
    def _open_chat(self) -> Chat:
        assert self._chat is not None
        return self._chat
