"""What the MCP tools take and give beside the shapes of tools/toolbox.py; the descriptions are what a model reads."""

from pydantic import BaseModel, ConfigDict, Field

from ...agents.memory import Memory, MemoryKind
from ...agents.state import Answer, Card
from ...tools.toolbox import Fact


class Arguments(BaseModel):
    """What a tool takes; nothing that it does not know."""

    model_config = ConfigDict(extra="forbid")


class Recommend(Arguments):
    """What recommend takes."""

    message: str = Field(min_length=1, max_length=100_000, description="What the user says, in the user's own words.")
    thread: str = Field(
        default="",
        max_length=200,
        description="The conversation to go on with, as an earlier answer named it. Leave it out to begin a new one.",
    )


class NoArguments(Arguments):
    """What a tool takes that takes nothing."""


class Remember(Arguments):
    """What remember takes."""

    text: str = Field(
        min_length=1,
        max_length=400,
        description="One sentence that the user says of themselves, such as a lasting like, dislike or limit.",
    )


class Forget(Arguments):
    """What forget takes: exactly one of the three."""

    memory: str = Field(default="", max_length=100, description="The id of the memory, or how it begins.")
    words: str = Field(default="", max_length=400, description="Words that the memory, and no other, says.")
    everything: bool = Field(
        default=False, description="True forgets all memories of the user. Only where the user asks for just that."
    )


class Fit(BaseModel):
    """Whether an item satisfies a wish: entails, contradicts, or neutral where the item does not say."""

    wish: str
    verdict: str
    evidence: str = Field(default="", description="Quoted from the item.")


class Suggestion(BaseModel):
    """An item that is recommended; every fact is the catalogue's."""

    id: str
    title: str
    facts: dict[str, str] = Field(default_factory=dict)
    reason: str = ""
    fits: list[Fit] = Field(default_factory=list)
    because: str = Field(default="", description="An item the user liked that speaks most for this one.")
    url: str = ""

    @classmethod
    def of(cls, card: Card) -> "Suggestion":
        """A card without what only a page shows."""
        fits = [Fit(wish=v.preference, verdict=v.label, evidence=v.evidence) for v in card.verdicts]
        return cls(
            id=card.id, title=card.title, facts=card.facts, reason=card.reason, fits=fits, because=card.because,
            url=card.url,
        )  # fmt: skip


class Recommended(BaseModel):
    """What recommend gives."""

    reply: str = Field(description="What the recommender says to the user.")
    items: list[Suggestion] = Field(description="What it recommends, best first.")
    nearest: list[Suggestion] = Field(
        default_factory=list, description="Where nothing fits: items that miss only the limit that the reply names."
    )
    options: list[str] = Field(default_factory=list, description="What the user could answer.")
    thread: str = Field(description="The conversation; give it with the user's next message.")

    @classmethod
    def of(cls, answer: Answer) -> "Recommended":
        """An answer without its steps and costs."""
        options = answer.question.options if answer.question else answer.suggestions
        return cls(
            reply=answer.reply,
            items=[Suggestion.of(card) for card in answer.items],
            nearest=[Suggestion.of(card) for card in answer.nearest],
            options=list(options),
            thread=answer.thread,
        )


class Listed(BaseModel):
    """An item in a list."""

    id: str
    title: str
    facts: dict[str, Fact]


class Listing(BaseModel):
    """What the tools give that list items."""

    items: list[Listed]
    total: int = Field(description="How many were found, of which these are the first.")
    note: str = Field(default="", description="Where there is none: why, and what would bring some.")


class Remembered(BaseModel):
    """One thing that is remembered of the user."""

    id: str
    kind: MemoryKind
    text: str

    @classmethod
    def of(cls, memory: Memory) -> "Remembered":
        """A memory without its history."""
        return cls(id=memory.id, kind=memory.kind, text=memory.text)


class Memorized(BaseModel):
    """Memories: what was read out of a sentence, or all that there are."""

    memories: list[Remembered]


class Forgotten(BaseModel):
    """What forget gives."""

    count: int = Field(description="How many memories are gone.")
    memories: list[Remembered] = Field(description="The one that is gone; none where everything was forgotten.")
