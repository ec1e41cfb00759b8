"""Who answers a turn: the built-in agents alone, or with language models beside them, at some effort."""

from dataclasses import dataclass, field

from .brains import Brains, TurnLimits

BUILT_IN = "the built-in agents, without a language model"


@dataclass(frozen=True)
class Mind:
    """Who answers a turn.

    Attributes:
        name: who that is, in words.
        effort: how much language models are asked: low, medium or high; empty where none is.
        brains: the second brain of each agent that has one; without any, all are built in.
        limits: what a turn may cost.
    """

    name: str = BUILT_IN
    effort: str = ""
    brains: Brains = field(default_factory=dict)
    limits: TurnLimits = field(default_factory=TurnLimits)
