"""The recommender as a server holds it: it counts the turns under way, and takes no new ones when the server stops."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, cast

from ...agents.mind import Mind
from ...agents.recommender import Event, Setup
from ...agents.recommender import Recommender as Agent
from ...agents.state import Answer
from ...tools.errors import ConvrecError, StoppingError
from ...tools.index import Progress
from ..build import Recommender, make_setup
from ..settings import Settings
from .metrics import Metrics

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Served(Recommender):
    """A recommender that many callers share, until it is stopped.

    Args:
        settings: all settings.
        metrics: told of each turn.
        setup: what it runs on; made from the settings when not given.
        model: any LangChain chat model, in place of the one that the settings name or find.
        on_progress: told how building the shipped catalogue's index gets on, the first time.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        setup: Setup | None = None,
        model: "BaseChatModel | None" = None,
        on_progress: Progress | None = None,
    ) -> None:
        self.settings = settings
        self._metrics = metrics
        self._turns = 0
        self._stopping = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._opened = False
        self.forgotten = 0
        """How many users were forgotten so far: what began before that must not be kept of them afterwards."""
        Agent.__init__(self, setup or make_setup(settings, on_progress, model))

    @property
    def turns_under_way(self) -> int:
        """How many turns are being answered."""
        return self._turns

    @property
    def stopping(self) -> bool:
        """Whether new turns are refused."""
        return self._stopping

    @property
    def opened(self) -> bool:
        """Whether index and databases are open."""
        return self._opened

    async def open(self) -> None:
        """Open index and databases, if they are not open yet.

        Raises:
            UnknownCatalogueError: the catalogue was never imported.
            StoreError: the data folder cannot be used.
        """
        await super().open()
        self._opened = True

    async def aclose(self) -> None:
        """Close the databases."""
        self._opened = False
        await super().aclose()

    def stop(self) -> None:
        """Take no new turns; those under way go on."""
        self._stopping = True

    async def idle(self, seconds: float) -> bool:
        """Wait until no turn is under way, at most so many seconds; whether none is."""
        try:
            async with asyncio.timeout(seconds):
                await self._quiet.wait()
        except TimeoutError:
            return False
        return True

    async def reply(
        self,
        text: str,
        *,
        user: str = "me",
        thread: str = "main",
        private: bool = False,
        mind: Mind | None = None,
    ) -> Answer:
        """One turn.

        Raises:
            StoppingError: the server is stopping.
        """
        with self._under_way():
            answer = await super().reply(text, user=user, thread=thread, private=private, mind=mind)
            self._metrics.turn(answer)
            return answer

    async def astream(
        self,
        text: str,
        *,
        user: str = "me",
        thread: str = "main",
        private: bool = False,
        mind: Mind | None = None,
    ) -> AsyncIterator[Event]:
        """One turn, as it happens.

        Raises:
            StoppingError: the server is stopping.
        """
        with self._under_way():
            events = super().astream(text, user=user, thread=thread, private=private, mind=mind)
            # Closed at once where the caller leaves, so that its thread is free for the next turn.
            async with aclosing(cast("AsyncGenerator[Event]", events)):
                async for event in events:
                    if isinstance(event, Answer):
                        self._metrics.turn(event)
                    yield event

    async def forget(self, *, user: str = "me", thread: str | None = None) -> None:
        """Delete one thread of a user, or everything that is kept of them."""
        self.forgotten += thread is None
        await super().forget(user=user, thread=thread)

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        if self._stopping:
            self._metrics.refuse("stopping")
            raise StoppingError("The server is stopping, and takes no new turns.", "Try again in a minute.")
        self._turns += 1
        self._quiet.clear()
        self._metrics.turn_begins()
        failed = False
        try:
            yield
        except Exception as fault:
            # What its user can mend, such as a message that is too long, is no failure of ours.
            failed = not isinstance(fault, ConvrecError)
            raise
        finally:
            self._turns -= 1
            self._metrics.turn_ends(failed=failed)
            if not self._turns:
                self._quiet.set()
