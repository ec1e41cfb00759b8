"""What every system under test is to the dialogue loop and to the offline protocols."""

from collections.abc import Sequence
from typing import Protocol

from .nouns import SystemTurn, Utterance


class System(Protocol):
    """A system that can be talked with. Users and threads are kept apart by their names."""

    name: str

    async def open(self) -> None:
        """Make it ready; once, before the first turn."""
        ...

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        """One turn.

        Raises:
            ConvrecError: the system could not answer: a fault of the infrastructure.
        """
        ...

    async def forget(self, user: str, thread: str) -> None:
        """Let go of a conversation that is over."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


class Ranker(Protocol):
    """A system that can put the whole catalogue in order for a dialogue so far."""

    name: str

    async def open(self) -> None:
        """Make it ready."""
        ...

    async def rank(self, talk: Sequence[Utterance], k: int, *, user: str = "") -> list[str]:
        """The ids of the k best items, best first, without those that the dialogue has named.

        Args:
            talk: the dialogue so far, oldest first.
            k: how many.
            user: whose history counts, where there is one.
        """
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...
