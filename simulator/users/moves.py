"""What a simulated user is about to say, before it is put into a message."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.state import Preference
from ..nouns import Shown, UserAct
from .impressions import Impression


@dataclass
class Move:
    """A turn in the making.

    Attributes:
        act: what it does.
        parts: its clauses, in order.
        stated: the preferences that they state.
        dropped: keys of preferences that they take back.
        named: the items whose titles they may hold.
        rejected: the items that they turn down.
        accepted: the id of the item that they take.
        done: whether it is the last.
    """

    act: UserAct
    parts: list[str]
    stated: list[Preference] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    named: list[Shown] = field(default_factory=list)
    rejected: Sequence[Impression] = ()
    accepted: str = ""
    done: bool = False
