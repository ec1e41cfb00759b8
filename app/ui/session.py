"""What one browser tab holds: whose talk it is, its turns, and the wish so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self
from uuid import UUID, uuid4

from ...agents.state import Answer, Card, PastTurn, Step, Usage, Wish

Kind = Literal["say", "more", "why"]
"""How a turn starts: by words, by "More like this", or by "Why"."""


@dataclass(frozen=True)
class Ask:
    """What starts a turn.

    Attributes:
        kind: words, similar items, or a reason.
        value: the words, or the item's id.
        words: how the page shows it.
    """

    kind: Kind
    value: str
    words: str


@dataclass(frozen=True)
class Fault:
    """What went wrong, and what would work.

    Attributes:
        message: what was wrong.
        hint: what would work.
        refused: whether a message was not taken at all, so that its words should stay where they can be changed.
    """

    message: str
    hint: str = ""
    refused: bool = False


@dataclass
class Turn:
    """One turn as the page shows it, while it grows and after.

    Attributes:
        ask: what started it.
        reply: what has been said so far.
        cards: the items, once the answer is there.
        nearest: what comes nearest, where nothing fits.
        steps: what each agent did, as they finish.
        suggestions: short replies that would help.
        usage: what it cost.
        state: working until the answer is there; stopped by the user; or failed.
        fault: what went wrong, if it failed.
        kept_before: how many exchanges the recommender had kept when the turn began.
    """

    ask: Ask
    reply: str = ""
    cards: tuple[Card, ...] = ()
    nearest: tuple[Card, ...] = ()
    steps: list[Step] = field(default_factory=list)
    suggestions: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    state: Literal["working", "done", "stopped", "failed"] = "working"
    fault: Fault | None = None
    kept_before: int = 0

    @classmethod
    def past(cls, place: int, past: PastTurn) -> Self:
        """A turn that was kept, as it was shown.

        Args:
            place: how many turns came before it.
            past: what was kept.
        """
        turn = cls(Ask("say", past.text, past.text), state="done", kept_before=place)
        turn.complete(past.answer)
        return turn

    def complete(self, answer: Answer) -> None:
        """Show the whole answer."""
        self.reply = answer.reply
        self.cards = answer.items
        self.nearest = answer.nearest
        self.suggestions = answer.suggestions
        self.usage = answer.usage
        self.steps = list(answer.steps) or self.steps

    def fail(self, fault: Fault) -> None:
        """End the turn with a fault."""
        self.state = "failed"
        self.fault = fault


@dataclass
class Session:
    """One tab's conversation.

    Attributes:
        user: the name of who is signed in, else an anonymous id, the same for all tabs of one browser.
        named: whether somebody is signed in.
        thread: the conversation's id.
        turns: what was said, oldest first.
        wish: what is understood so far.
        notice: something that went wrong outside a turn.
        private: whether nothing of the conversation is written down.
        sealed: whether it must stay private, because something was said or done in private, or the settings say so.
        model, effort: who answers; empty for whoever does by the settings.
        reserved: whether the user wants each new conversation to begin as a private one.
        listed: how many conversations the list shows at most.
    """

    user: str
    thread: str = field(default_factory=lambda: uuid4().hex)
    turns: list[Turn] = field(default_factory=list)
    wish: Wish = field(default_factory=Wish)
    notice: Fault | None = None
    private: bool = False
    sealed: bool = False
    named: bool = False
    model: str = ""
    effort: str = ""
    reserved: bool = False
    listed: int = 50

    def show(self, thread: str, past: Sequence[PastTurn], wish: Wish) -> None:
        """Go on with a conversation that was kept."""
        self.thread = thread
        self.turns = [Turn.past(place, turn) for place, turn in enumerate(past)]
        self.wish = wish
        self.notice = None

    def notify(self, fault: Fault) -> None:
        """Hold a fault for the page to show."""
        self.notice = fault

    @property
    def working(self) -> Turn | None:
        """The turn that is being answered, if one is."""
        return self.turns[-1] if self.turns and self.turns[-1].state == "working" else None


def new_id() -> str:
    """An id that nobody can guess."""
    return uuid4().hex


def known_or_new(user: object) -> str:
    """The user id that a browser kept, or a new one when it kept none that this page made."""
    try:
        return UUID(str(user)).hex if user else new_id()
    except ValueError:
        return new_id()
