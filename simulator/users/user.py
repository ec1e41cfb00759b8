"""What every simulated user is to the dialogue loop."""

from typing import Protocol

from ..nouns import SystemTurn, UserTurn


class User(Protocol):
    """One simulated person in one conversation; it keeps what was said to itself."""

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        """What they say next.

        Args:
            heard: what the system said last; None at the beginning.
        """
        ...
