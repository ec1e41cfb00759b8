"""The nouns of what is remembered of a user beyond a conversation."""

from typing import Literal

from pydantic import Field

from .state import Feeling, Noun, Preference

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
        supersedes: the id of the memory that it took the place of.
        ended: when another took its place, seconds since 1970; None while it holds.
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
    supersedes: str = ""
    ended: float | None = None
