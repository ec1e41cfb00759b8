"""What the page asks of a recommender; agents/recommender.py says what each call does."""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from ...agents.memories import UserData
from ...agents.memory import Memory
from ...agents.mind import Mind
from ...agents.state import Answer, Exchange, PastTurn, Step, ThreadInfo, Wish
from ...tools.catalogue import Catalogue
from ...tools.index import Index

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


class Choosing(Protocol):
    """The part of app/minds.py that the page uses."""

    @property
    def models(self) -> tuple[str, ...]:
        """What can be asked, the default first; may ask a model server, which takes seconds where it is slow."""
        ...

    def find(self, model: str = "", effort: str = "") -> Mind:
        """The mind of a model and an effort; what is empty is as in the settings."""
        ...


class Remembers(Protocol):
    """What is remembered of users: the part of agents/memories.py that the page uses."""

    async def of(self, user: str, /) -> list[Memory]:
        """What is remembered of a user, what was said last at the end."""
        ...

    async def profile(self, user: str, /) -> str:
        """The same in a few sentences."""
        ...

    async def add(self, user: str, text: str, /) -> list[Memory]:
        """Remember what a user says of themselves."""
        ...

    async def edit(self, user: str, memory: str, text: str, /) -> list[Memory]:
        """Put other words in a memory's place."""
        ...

    async def forget(self, user: str, memory: str, /) -> Memory:
        """Forget one memory."""
        ...


class Recommends(Protocol):
    """The part of the Recommender that the page uses; what is done in private is written down nowhere."""

    @property
    def catalogue(self) -> Catalogue:
        """The items, and the words for them."""
        ...

    @property
    def index(self) -> Index:
        """What the catalogue is searched with."""
        ...

    @property
    def brain(self) -> str:
        """Who answers: "the built-in agents, without a language model", or a model's name, its place, and more."""
        ...

    @property
    def examples(self) -> tuple[str, ...]:
        """Openers that suit the catalogue."""
        ...

    @property
    def memories(self) -> Remembers:
        """What is remembered of users; the recommender must be open."""
        ...

    async def open(self) -> None:
        """Open the databases, if they are not open yet."""
        ...

    def astream(
        self, text: str, /, *, user: str, thread: str, private: bool, mind: Mind | None
    ) -> AsyncIterator[Step | Spoken | Answer]:
        """Answer a message piece by piece; the whole answer comes last."""
        ...

    async def feedback(self, item: str, feeling: Opinion, /, *, user: str, thread: str, private: bool) -> Wish:
        """Note how the user feels about an item."""
        ...

    async def more_like(self, item: str, /, *, user: str, thread: str, private: bool, mind: Mind | None) -> Answer:
        """Answer with similar items."""
        ...

    async def why(self, item: str, /, *, user: str, thread: str, private: bool, mind: Mind | None) -> Answer:
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

    async def threads(self, *, user: str) -> list[ThreadInfo]:
        """The user's conversations that are written down, newest first."""
        ...

    async def thread(self, *, user: str, thread: str) -> ThreadInfo:
        """One of them; raises UnknownThreadError where the user has none of that id."""
        ...

    async def rename(self, title: str, /, *, user: str, thread: str) -> ThreadInfo:
        """Give a conversation another title."""
        ...

    async def past(self, *, user: str, thread: str) -> list[PastTurn]:
        """The turns of a conversation, as they were shown."""
        ...

    async def undo(self, *, user: str, thread: str, private: bool) -> str:
        """Take the last turn back."""
        ...

    async def export(self, *, user: str) -> UserData:
        """Everything that is kept of a user."""
        ...

    async def forget(self, *, user: str, thread: str | None = None) -> None:
        """Delete one conversation, or everything about the user."""
        ...
