"""The nouns of a simulated conversation: who the user is, what they are after, what was said, how it ended.

All of them are written to transcripts, one dialogue per line, and read back for reports.
"""

from typing import Literal

from pydantic import Field

from ..agents.state import Noun, Preference

UserKind = Literal["agenda", "llm", "replay"]

UserAct = Literal[
    "open", "inform", "answer", "revise", "react", "criticise", "ask", "reject", "more", "accept", "leave", "chat",
]  # fmt: skip
"""What a simulated user's message does: begins, adds a preference, answers a question, changes one, says how they feel
about items, says what was wrong with them, asks about one, turns all down, wants more, takes one, gives up, small talk."""

Ending = Literal["accepted", "gave up", "out of turns", "replayed", "fault"]
"""How a dialogue ended. `fault` is an error of the infrastructure, and no failure of the system."""


class Persona(Noun):
    """How a simulated user talks and decides; every number but patience is from 0 to 1.

    Attributes:
        name: what people call this kind of user.
        verbosity: how much is said at a time.
        patience: how many turns they go along with, at most.
        decisiveness: how readily something good is taken; 0 compares on.
        knowledge: how much of the catalogue they know: titles that they name, attributes that they know the words of.
        openness: how far a reason that fits moves them.
        typos: the share of words that are mistyped.
        fickleness: how likely they change their mind about something that they said.
        dislikes: how readily they say what they do not want.
        thrift: how likely they set a budget, where the catalogue has something to set one on.
    """

    name: str
    verbosity: float = Field(default=0.5, ge=0, le=1)
    patience: int = Field(default=8, ge=1, le=50)
    decisiveness: float = Field(default=0.5, ge=0, le=1)
    knowledge: float = Field(default=0.5, ge=0, le=1)
    openness: float = Field(default=0.3, ge=0, le=1)
    typos: float = Field(default=0.0, ge=0, le=1)
    fickleness: float = Field(default=0.0, ge=0, le=1)
    dislikes: float = Field(default=0.3, ge=0, le=1)
    thrift: float = Field(default=0.0, ge=0, le=1)


class Goal(Noun):
    """What a simulated user is after. Systems never see it; they see what is said.

    Attributes:
        id: unique among the goals of a run; the same goal is used for every system.
        source: where it comes from: a real user's history, or the catalogue.
        user: the user in the catalogue's histories whose taste it is; empty for a stranger.
        persona: how the user talks and decides.
        revealed: what they will say of their own accord, bit by bit; `must` and `must_not` are hard.
        hidden: what they will say only when asked, or when shown what breaks it.
        known: ids of items that they know and like, which they may name.
        disliked: ids of items that they know and dislike.
        targets: ids of held-out items that they really liked and that satisfy what they want. For metrics and the leak
            check; never for talking.
        held: ids of all that is held out of the user's history, so that no system learns from it.
        taste: item id -> its hidden utility, from 0 to 1, for every item that satisfies all that is hard and that some
            persona might take; held-out items and attribute taste decide it. No item outside it is ever good enough.
        floor: the utility of every other item.
        bar: the utility from which on an item is good enough for a user of middling decisiveness.
        possible: whether any item satisfies all that is hard.
    """

    id: str
    source: Literal["history", "catalogue"] = "catalogue"
    user: str = ""
    persona: Persona
    revealed: tuple[Preference, ...] = ()
    hidden: tuple[Preference, ...] = ()
    known: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    taste: dict[str, float] = Field(default={}, repr=False)
    floor: float = 0.0
    bar: float = 0.5
    possible: bool = True

    def utility(self, item: str) -> float:
        """How good an item is for this user, from 0 to 1."""
        return self.taste.get(item, self.floor)

    @property
    def hard(self) -> tuple[Preference, ...]:
        """All that an item must satisfy, revealed or hidden."""
        return tuple(p for p in (*self.revealed, *self.hidden) if p.hard)


class UserTurn(Noun):
    """What a simulated user says.

    Attributes:
        text: the words; empty when they leave without a word.
        act: what the message does.
        stated: the preferences that it states, as they are meant, not as a system may understand them.
        dropped: keys of preferences stated earlier that it takes back.
        accepted: the id of the item that it takes.
        rejected: ids of shown items that it turns down.
        named: ids of items that it names.
        done: whether the conversation is over with it.
        leaks: titles of targets that the text holds; always empty unless the simulator is at fault.
        fault: why the simulator could not speak, if it could not (a model failed).
    """

    text: str
    act: UserAct
    stated: tuple[Preference, ...] = ()
    dropped: tuple[str, ...] = ()
    accepted: str = ""
    rejected: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    done: bool = False
    leaks: tuple[str, ...] = ()
    fault: str = ""


class Shown(Noun):
    """An item as a system showed it: its id, the title that was shown, and why.

    `nearest` marks one that is offered as a near miss, not as a fit.
    """

    id: str
    title: str
    reason: str = ""
    nearest: bool = False


class SystemTurn(Noun):
    """What a system says.

    Attributes:
        reply: the words.
        items: what is shown, best first.
        question: the attribute or text of a clarifying question, if the reply is one.
        options: the answers that the question offers.
        nothing_fits: whether it says that nothing satisfies the limits.
        calls, prompt_tokens, completion_tokens: what language models were asked.
        fallbacks: steps in which something simpler took a model's place.
        seconds: the whole turn.
        first_token_seconds: until the first piece of the reply; None where it comes in one piece.
    """

    reply: str
    items: tuple[Shown, ...] = ()
    question: str = ""
    options: tuple[str, ...] = ()
    nothing_fits: bool = False
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    fallbacks: int = 0
    seconds: float = 0.0
    first_token_seconds: float | None = None


class Checks(Noun):
    """What code finds about one system turn, from the catalogue and from what the user has really said so far.

    Attributes:
        shown: how many items are recommended (near misses not counted).
        grounded: how many of the items are in the catalogue, under their own titles.
        fitting: how many break none of the hard preferences stated so far.
        repeated: how many were recommended or turned down before.
        names_exactly: whether the reply names the items on the cards and no other of the catalogue's.
        diversity: 1 - the mean cosine between the items' vectors; None below two items.
        utilities: the user's hidden utility of each item shown.
    """

    shown: int = 0
    grounded: int = 0
    fitting: int = 0
    repeated: int = 0
    names_exactly: bool = True
    diversity: float | None = None
    utilities: tuple[float, ...] = ()


class Round(Noun):
    """One exchange; the last one of a dialogue may have no answer."""

    user: UserTurn
    system: SystemTurn | None = None
    checks: Checks = Checks()


class Dialogue(Noun):
    """One conversation from its goal to its end.

    Attributes:
        system: the name of the system that was talked with.
        goal: what the user was after.
        trial: which of the k conversations about this goal with this system it is, from 0.
        seed: what the user's chance began with; the same for every system.
        rounds: the exchanges.
        ending: how it ended.
        fault: what went wrong, where the ending is `fault`.
        attempts: how often it was begun; more than 1 where the infrastructure failed before.
    """

    system: str
    goal: Goal
    trial: int = 0
    seed: int = 0
    rounds: tuple[Round, ...] = ()
    ending: Ending
    fault: str = ""
    attempts: int = 1

    @property
    def key(self) -> str:
        """What names it in its run."""
        return f"{self.system}|{self.goal.id}|{self.trial}"

    @property
    def leaked(self) -> bool:
        """Whether the user gave a target's title away."""
        return any(r.user.leaks for r in self.rounds)

    @property
    def counts(self) -> bool:
        """Whether it may count in metrics: nothing leaked, and the infrastructure held."""
        return self.ending != "fault" and not self.leaked

    @property
    def success(self) -> bool:
        """Whether the user took an item that they were shown and that is good enough for them.

        Where nothing can, it is a success when that is what the system has said last, and the user has taken nothing.
        """
        if not self.goal.possible:
            said = [r.system.nothing_fits for r in self.rounds if r.system]
            return self.ending != "accepted" and said[-1:] == [True]
        taken = next((r.user.accepted for r in reversed(self.rounds) if r.user.accepted), "")
        shown = {i.id for r in self.rounds if r.system for i in r.system.items}
        return self.ending == "accepted" and taken in shown and taken in self.goal.taste

    @property
    def turns(self) -> int:
        """How many times the system answered."""
        return sum(r.system is not None for r in self.rounds)


class Utterance(Noun):
    """One message of a dialogue between people.

    Attributes:
        speaker: who said it: the one who looks for something, or the one who recommends.
        text: the words.
        items: ids of items that it names, where the data say so.
    """

    speaker: Literal["seeker", "recommender"]
    text: str
    items: tuple[str, ...] = ()


class Estimate(Noun):
    """A figure with its interval.

    Attributes:
        value: the figure, mostly a mean.
        low, high: its 95% interval.
        n: over how many it was taken.
    """

    value: float
    low: float
    high: float
    n: int


class SystemMetrics(Noun):
    """What was measured of one system: metric name -> estimate, and plain counts (dialogues, leaks, faults, …)."""

    system: str
    metrics: dict[str, Estimate] = Field(default={})
    counts: dict[str, int] = Field(default={})
