"""Two brains behind one signature: an agent's model brain is tried within the turn's limits, else the built-in one.

A model brain takes the same nouns as the built-in one and returns a `Thought`: its value and what it cost. When it
fails, runs out of time, or the turn has used its calls or tokens, the built-in brain does that step, and the step says
why.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..tools.errors import ConvrecError
from .state import AgentName, Step, Usage

T = TypeVar("T")


@dataclass(frozen=True)
class TurnLimits:
    """What one turn may cost."""

    max_calls: int = 12
    max_tokens: int = 20_000
    max_seconds: float = 60.0


@dataclass(frozen=True)
class Thought(Generic[T]):
    """What a model brain returns: its value and the tokens that it cost."""

    value: T
    calls: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ModelError(ConvrecError):
    """A model brain could not answer: no connection, a refusal, an answer of the wrong shape."""


ModelBrain = Callable[..., Awaitable[Thought[Any]]]
Brains = Mapping[AgentName, ModelBrain]
"""The model brains in use, by agent; an agent without one is built in."""


@dataclass
class Budget:
    """What a turn has used of its limits."""

    limits: TurnLimits
    name: str = "model"
    started: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Seconds since the turn began."""
        return time.monotonic() - self.started

    @property
    def usage(self) -> Usage:
        """Calls, tokens and seconds so far."""
        return Usage(
            calls=sum(s.calls for s in self.steps),
            prompt_tokens=sum(s.prompt_tokens for s in self.steps),
            completion_tokens=sum(s.completion_tokens for s in self.steps),
            seconds=round(self.seconds, 4),
        )

    def exhausted(self) -> str:
        """Which limit is reached, in words; empty while there is room."""
        usage = self.usage
        if usage.calls >= self.limits.max_calls:
            return f"the turn's {self.limits.max_calls} calls are used"
        if usage.prompt_tokens + usage.completion_tokens >= self.limits.max_tokens:
            return f"the turn's {self.limits.max_tokens} tokens are used"
        if usage.seconds >= self.limits.max_seconds:
            return f"the turn's {self.limits.max_seconds:g} seconds are over"
        return ""

    async def think(
        self,
        agent: AgentName,
        built_in: Callable[[], Awaitable[T]],
        model: Callable[[], Awaitable[Thought[T]]] | None = None,
        note: Callable[[T], str] = lambda _: "",
        lawful: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Do one agent's step, with its model brain if there is one and room for it, and record it.

        Args:
            agent: whose step.
            built_in: the built-in brain.
            model: the model brain, if there is one.
            note: what the step did, in a few words.
            lawful: whether a model's value may be used; the built-in brain takes over where it may not.
        """
        began = time.perf_counter()
        fallback, asked = "", Thought(None, calls=0)
        if model is not None:
            fallback = self.exhausted()
            if not fallback:
                asked = Thought(None)
                try:
                    async with asyncio.timeout(max(self.limits.max_seconds - self.seconds, 0.01)):
                        thought = asked = await model()
                except TimeoutError:
                    fallback = "the model did not answer in time"
                except ModelError as fault:
                    fallback = str(fault)
                else:
                    if lawful(thought.value):
                        self._record(agent, began, note(thought.value), thought, "")
                        return thought.value
                    fallback = "the model's answer broke a guarantee"
        value = await built_in()
        self._record(agent, began, note(value), asked, fallback, built_in=True)
        return value

    def _record(
        self, agent: AgentName, began: float, note: str, cost: Thought[Any], fallback: str, *, built_in: bool = False
    ) -> None:
        self.steps.append(
            Step(
                agent=agent,
                milliseconds=round((time.perf_counter() - began) * 1000, 2),
                brain="built-in" if built_in else self.name,
                note=note,
                calls=cost.calls,
                prompt_tokens=cost.prompt_tokens,
                completion_tokens=cost.completion_tokens,
                fallback=fallback,
            )
        )
