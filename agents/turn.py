"""What a turn carries: the graph's state, its context, and the pieces of the reply that it streams."""

from dataclasses import dataclass, field
from typing import TypedDict

from ..tools.index import Index
from .ablations import StandIns
from .brains import Brains, Budget, TurnLimits
from .memory import Changes, Known, Memory, Noted
from .state import ClarifyingQuestion, Exchange, Judged, Miss, Pick, Understanding, Wish


@dataclass(frozen=True)
class Token:
    """A piece of the reply.

    Attributes:
        text: the piece.
        fresh: whether the reply begins again with it; what was streamed before is taken back.
    """

    text: str
    fresh: bool = False


@dataclass
class Turn:
    """What one turn carries beside its state.

    Attributes:
        index: the catalogue.
        count: how many items to show.
        questions: how many clarifying questions may follow one another.
        brains: the second brains in use.
        stand_ins: what does an agent's step in its place, where parts are left out.
        budget: the turn's limits, and what it has used of them.
        half_life_days: after how many days a remembered taste counts half.
        now: when the turn began, seconds since 1970.
        private: what a private talk has made remembered so far; it lies over what is in the store.
        spoken: what of the reply has been streamed.
    """

    index: Index
    count: int = 3
    questions: int = 2
    brains: Brains = field(default_factory=dict)
    stand_ins: StandIns = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(TurnLimits()))
    half_life_days: float = 180.0
    now: float = 0.0
    private: tuple[Memory, ...] = ()
    spoken: str = ""

    def overlaid(self, known: Known) -> Known:
        """What is known, with what a private talk has made of it."""
        own = {m.id: m for m in (*known.memories, *self.private)}
        return known.model_copy(update={"memories": tuple(own.values())})


class State(TypedDict, total=False):
    """The graph's state: `talk`, `wish`, `past` and `noted` last, the rest is one turn's.

    `past` holds the wish before each of the last turns, and `noted` what each made remembered, for taking them back.
    `known` is what is remembered of the user before the turn, `informed` the wish with it, `remembered` what changes.
    """

    talk: list[Exchange]
    wish: Wish
    past: list[Wish]
    noted: list[Noted]
    text: str
    user: str
    thread: str
    known: Known
    informed: Wish
    remembered: Changes
    understanding: Understanding
    candidates: list[Judged]
    accepted: list[Judged]
    picks: list[Pick]
    miss: Miss | None
    question: ClarifyingQuestion | None
    reply: str
    answered: tuple[str, ...]
    suggestions: tuple[str, ...]
