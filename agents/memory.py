"""The nouns of what is remembered of a user beyond a conversation."""

from typing import Literal

from pydantic import Field

from ..tools.items import Interaction
from .state import Feeling, Noun, Preference, Strength

MemoryKind = Literal["taste", "fact", "feedback"]
"""A taste ("avoids gore"), a fact ("watches with two small children"), or a feeling about one item."""


class Memory(Noun):
    """One thing that is remembered of a user.

    Attributes:
        id: unique among the user's memories.
        kind: taste, fact or feedback.
        text: what is remembered, as one sentence without a subject: "Avoids gore."
        preference: what a taste asks for; None where it could not be read into one.
        item, feeling: what feedback is about, and how the user feels.
        catalogue: whose items or attributes it speaks of; empty for one that holds for any.
        words: the user's own words.
        thread: where it was said; empty where it was told outside a talk.
        turn: which turn of the thread, from 1; 0 outside a talk.
        created, told: when it was first and last said, seconds since 1970.
        times: how often it was said.
        supersedes: the ids of the memories that it took the place of.
        ended: when another took its place, or it was taken back, seconds since 1970; None while it holds.
    """

    id: str = Field(min_length=1, max_length=100)
    kind: MemoryKind
    text: str = Field(min_length=1, max_length=1_000)
    preference: Preference | None = None
    item: str = ""
    feeling: Feeling | None = None
    catalogue: str = ""
    words: str = Field(default="", max_length=4_000)
    thread: str = ""
    turn: int = Field(default=0, ge=0)
    created: float = 0.0
    told: float = 0.0
    times: int = Field(default=1, ge=1)
    supersedes: tuple[str, ...] = ()
    ended: float | None = None


class Known(Noun):
    """What is remembered of a user before a turn.

    Attributes:
        memories: all of them, those that ended too.
        history: the user's interactions with items of the catalogue, from elsewhere than this talk.
        near: memory id -> how near in meaning it is to the message, from -1 to 1, where that was asked for.
    """

    memories: tuple[Memory, ...] = ()
    history: tuple[Interaction, ...] = ()
    near: dict[str, float] = Field(default_factory=dict)

    @property
    def holding(self) -> tuple[Memory, ...]:
        """The memories that hold, in the order in which they were last said."""
        return tuple(sorted((m for m in self.memories if m.ended is None), key=lambda m: m.told))

    def felt(self, feeling: Feeling, catalogue: str) -> tuple[str, ...]:
        """The items of a catalogue that the user feels so about, in the order in which that was said."""
        return tuple(m.item for m in self.holding if m.feeling == feeling and m.catalogue == catalogue)


class Changes(Noun):
    """What changes in a user's memory: memories that are new or written over, and ids of those that go."""

    put: tuple[Memory, ...] = ()
    delete: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.put) + len(self.delete)


class Before(Noun):
    """How a memory stood before it was heard again, without its words; the attributes are a `Memory`'s."""

    told: float
    thread: str = ""
    turn: int = 0
    strength: Strength | None = None
    supersedes: tuple[str, ...] = ()
    ended: float | None = None


class Noted(Noun):
    """What a turn changed in memory, without anybody's words, so that it can be taken back.

    Attributes:
        at: when, seconds since 1970.
        new: ids of memories that it made.
        repeated: id -> how the memory stood, of those that it heard again.
        ended: ids of memories whose place it gave to others.
    """

    at: float = 0.0
    new: tuple[str, ...] = ()
    repeated: dict[str, Before] = Field(default_factory=dict)
    ended: tuple[str, ...] = ()
