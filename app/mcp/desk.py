"""What the MCP tools work with, wherever they are called from: a recommender, who calls, and how turns are held."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from ...agents.recommender import Recommender
from ...tools.errors import ConvrecError
from ..serving.access import Caller

Report = Callable[[str], Awaitable[None]]
"""Is told what has been done of a call, in a word or two."""


def own_words(fault: ConvrecError) -> str:
    """What was wrong, and what would work."""
    return f"{fault} {fault.hint}".strip()


@dataclass(frozen=True)
class Desk:
    """What the tools work with.

    Attributes:
        recommender: who answers; it opens on first use.
        caller: who makes a request of the protocol.
        turn: holds one of an owner's turns while it is answered.
        tell: a fault, in words for whoever calls.
    """

    recommender: Recommender
    caller: Callable[[Any], Caller]
    turn: Callable[[str], AbstractAsyncContextManager[None]]
    tell: Callable[[ConvrecError], str] = own_words


@dataclass(frozen=True)
class Call:
    """One call of a tool.

    Attributes:
        recommender: who answers, open.
        caller: who calls.
        turn: holds one of the caller's turns while it is answered.
        report: is told what has been done.
    """

    recommender: Recommender
    caller: Caller
    turn: Callable[[str], AbstractAsyncContextManager[None]]
    report: Report
