"""What the page asks of a recommender; agents/recommender.py says what each call does."""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from ...agents.state import Answer, Exchange, Step, Wish
from ...tools.catalogue import Catalogue

Opinion = Literal["liked", "disliked", "seen"]
"""The feedback that a card's buttons give."""


class Spoken(Protocol):
    """A piece of a reply that is being written."""

    @property
    def text(self) -> str:
        """The piece."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether the reply begins anew with this piece, because what was streamed before it does not hold."""
        ...


class Recommends(Protocol):
    """The part of the Recommender that the page uses; what is done in private is written down nowhere."""

    @property
    def catalogue(self) -> Catalogue:
        """The items, and the words for them."""
        ...

    @property
    def brain(self) -> str:
        """Who answers: "the built-in agents, without a language model", or a model's name, its place, and more."""
        ...

    @property
    def examples(self) -> tuple[str, ...]:
        """Openers that suit the catalogue."""
        ...

    def astream(self, text: str, /, *, user: str, thread: str, private: bool) -> AsyncIterator[Step | Spoken | Answer]:
        """Answer a message piece by piece; the whole answer comes last."""
        ...

    async def feedback(self, item: str, feeling: Opinion, /, *, user: str, thread: str, private: bool) -> Wish:
        """Note how the user feels about an item."""
        ...

    async def more_like(self, item: str, /, *, user: str, thread: str, private: bool) -> Answer:
        """Answer with similar items."""
        ...

    async def why(self, item: str, /, *, user: str, thread: str, private: bool) -> Answer:
        """Answer why an item was recommended."""
        ...

    async def wish(self, *, user: str, thread: str) -> Wish:
        """What is understood so far."""
        ...

    async def drop_preference(self, key: str, /, *, user: str, thread: str, private: bool) -> Wish:
        """Take one preference away."""
        ...

    async def talk(self, *, user: str, thread: str) -> list[Exchange]:
        """The turns that are kept."""
        ...

    async def undo(self, *, user: str, thread: str, private: bool) -> str:
        """Take the last turn back."""
        ...

    async def forget(self, *, user: str, thread: str | None = None) -> None:
        """Delete one conversation, or everything about the user."""
        ...
