"""How much a turn may ask of language models: which agents have their second brain at which effort.

- low: understand, and reply (or ask, or answer): at most 2 calls.
- medium: also one call that judges the candidates and puts them in order: at most 3.
- high: the full chain: understand, retrieve in rounds, judge, sum up, rank, reply: at most 6. A ranking strategy of
  several calls has them before the further rounds and the summary.

At medium and high effort, what was told of the user is related to their memory by a call that is left over, if one is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ..tools.chat import Chat
from ..tools.cross_encoder import CrossEncoderNli
from .brains import Brain, Brains, TurnLimits
from .model import (
    answer,
    clarify,
    elimination,
    listwise,
    nli,
    remember,
    respond,
    retrieve,
    summarize,
    understand,
    vote,
)
from .model.cross_encoder import judge_with
from .state import AgentName

Effort = Literal["low", "medium", "high"]
Ranking = Literal["listwise", "elimination", "vote"]

CALLS: Mapping[Effort, int] = {"low": 2, "medium": 3, "high": 6}
"""Calls that a turn may make, repeated ones included."""

_TALKING: dict[AgentName, Callable[..., Any]] = {
    "understand": understand.understand,
    "clarify": clarify.clarify,
    "answer": answer.answer,
    "respond": respond.respond,
}
_RANKING: Mapping[Ranking, Callable[..., Any]] = {
    "listwise": listwise.rank,
    "elimination": elimination.rank,
    "vote": vote.rank,
}
_RANKING_CALLS: Mapping[Ranking, int] = {"listwise": 1, "elimination": elimination.ROUNDS, "vote": vote.VOTES}


_JUDGING, _REPLYING = 1, 1
"""Calls that those agents need."""


@dataclass(frozen=True)
class Thinking:
    """How a recommender thinks beyond the built-in brains.

    Attributes:
        chats: the chat model of each agent that may ask one.
        effort: how much they ask.
        ranking: how a model ranks, where it does (at high effort, or after a cross-encoder at medium).
        cross_encoder: judges phrases in place of a language model, if there is one.
    """

    chats: Mapping[AgentName, Chat]
    effort: Effort = "medium"
    ranking: Ranking = "listwise"
    cross_encoder: CrossEncoderNli | None = None

    @property
    def brains(self) -> Brains:
        """The second brain of each agent that has one."""
        wanted = dict(_TALKING)
        if self.effort == "high":
            ranking = _RANKING_CALLS[self.ranking]
            wanted["retrieve"] = partial(retrieve.retrieve, kept=_JUDGING + ranking + _REPLYING)
            wanted["summarize"] = partial(summarize.summarize, kept=ranking + _REPLYING)
        if self.effort != "low":
            wanted["nli"] = nli.judge
            wanted["remember"] = remember.remember
        if self.effort == "high" or (self.effort == "medium" and self.cross_encoder):
            wanted["rank"] = _RANKING[self.ranking]
        brains: dict[AgentName, Brain] = {
            a: Brain(think, self.chats[a].name, self.chats[a], spare=a == "remember")
            for a, think in wanted.items()
            if a in self.chats
        }
        if self.cross_encoder is not None:
            brains["nli"] = Brain(judge_with(self.cross_encoder), self.cross_encoder.name)
        return brains

    def within(self, limits: TurnLimits) -> TurnLimits:
        """A turn's limits, with no more calls than the effort allows."""
        return replace(limits, max_calls=min(limits.max_calls, CALLS[self.effort]))
