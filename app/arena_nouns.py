"""The nouns of the arena: what both sides answered, who was preferred, and where the systems stand."""

from ..agents.state import Card, Noun
from ..simulator.metrics.elo import Match, Winner
from ..simulator.nouns import Estimate


class Vote(Match):
    """One vote: a match, with which battle it was, when (seconds since 1970), over which catalogue, after how many turns."""

    battle: str
    time: float
    catalogue: str
    turns: int


class Answered(Noun):
    """What one side answered.

    Attributes:
        reply: the words.
        cards: the items, best first, every word of them the catalogue's but the reason.
        near: ids of those that are offered as near misses.
        options: the answers that a question of it offers.
        failed: whether no answer came.
    """

    reply: str = ""
    cards: tuple[Card, ...] = ()
    near: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    failed: bool = False


class Round(Noun):
    """A message, and what both sides answered."""

    text: str
    a: Answered
    b: Answered


class Battle(Noun):
    """A battle as its voter sees it; the names of both sides are empty until there is a vote."""

    id: str
    rounds: tuple[Round, ...] = ()
    winner: Winner | None = None
    a: str = ""
    b: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can be voted on: both have answered, and there was no vote."""
        return self.winner is None and any(not (r.a.failed or r.b.failed) for r in self.rounds)


class Standing(Noun):
    """How one system stands: how its votes went, and its rating with a 95% interval; None without votes."""

    system: str
    wins: int = 0
    losses: int = 0
    ties: int = 0
    rating: Estimate | None = None
