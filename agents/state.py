"""The nouns of a conversation: what was understood, what was found, what was said."""

import zlib
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    field_serializer,
    field_validator,
    model_serializer,
)

from ..tools.items import AttributeValue
from ..tools.limits import Limit

Strength = Literal["must", "prefer", "avoid", "must_not"]
"""must and must_not are hard: an item that breaks them is never shown. prefer and avoid move the order."""

Act = Literal[
    "request", "reject", "accept", "more", "ask", "compare", "surprise", "preference", "reset",
    "greet", "thanks", "bye", "help", "smalltalk", "unclear",
]  # fmt: skip
"""What a message does. request, reject, more, surprise and preference lead to a recommendation."""

Feeling = Literal["liked", "disliked", "seen", "accepted", "rejected", "like_this"]
"""How a user feels about an item. `like_this` asks for similar ones; `rejected` says only "not now, not this"."""

AgentName = Literal["understand", "clarify", "answer", "retrieve", "nli", "summarize", "rank", "respond", "remember"]


class Noun(BaseModel):
    """A value that nobody changes."""

    model_config = ConfigDict(frozen=True)


class Preference(Noun):
    """One thing that a user wants or does not want.

    Attributes:
        limit: the attribute and its values or ranges; with no attribute, a phrase about the text.
        strength: how binding it is.
        words: the user's words that say so.
        lasting: whether it holds beyond this conversation ("I never watch …").
        relative: whether it was said of some items ("something older", "like this but darker"), and falls with them.
        memory: the id of the memory that it comes from; empty for what was said in this conversation.
    """

    limit: Limit
    strength: Strength
    words: str = ""
    lasting: bool = False
    relative: bool = False
    memory: str = ""

    @property
    def hard(self) -> bool:
        """Whether an item that breaks it may not be shown."""
        return self.strength in ("must", "must_not")

    @property
    def wanted(self) -> bool:
        """Whether it asks for something, rather than against it."""
        return self.strength in ("must", "prefer")

    @property
    def key(self) -> str:
        """What names this preference, for removing it."""
        places = [*self.limit.values, *(f"{r.low}..{r.high}" for r in self.limit.ranges)]
        return f"{self.strength}|{self.limit.attribute or ''}|{'|'.join(places)}"


class Mention(Noun):
    """An item that a message speaks of, and how the user feels about it."""

    item: str
    feeling: Feeling | None = None
    words: str = ""


class Question(Noun):
    """A question about shown or named items.

    Attributes:
        items: the ids asked about.
        attribute: the attribute asked about, or None for the text.
        kind: a fact, why it was recommended, what it is about, or how items compare.
        words: the question as it was put.
    """

    items: tuple[str, ...] = ()
    attribute: str | None = None
    kind: Literal["fact", "why", "about", "compare"] = "fact"
    words: str = ""


class Search(Noun):
    """A search that the understanding agent asks for: by meaning or by words."""

    tool: Literal["meaning", "words"]
    query: str


class Understanding(Noun):
    """What one message means.

    Attributes:
        act: what it does.
        preferences: what it adds to the wish.
        dropped: keys of earlier preferences that it takes back or replaces.
        mentions: items it speaks of, with feelings.
        question: what it asks about an item, if it does.
        phrases: its content words beyond the catalogue's own labels, for search.
        count: how many items it asks for, if it says so.
        repeats: whether it allows items that were shown before.
        declined: whether it declines to answer the question that was put.
        notes: what could not be understood, or is not in the catalogue, for the reply to say.
        language: the language it is in, two letters (ISO 639-1).
        query: all that is looked for now, in one line, where a model has put it together.
        searches: further searches that would find it.
        facts: what it tells of the user's life that lasts, each one sentence without subject.
    """

    act: Act
    preferences: tuple[Preference, ...] = ()
    dropped: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    question: Question | None = None
    phrases: tuple[str, ...] = ()
    count: int | None = None
    repeats: bool = False
    declined: bool = False
    notes: tuple[str, ...] = ()
    language: str = "en"
    query: str = ""
    searches: tuple[Search, ...] = ()
    facts: tuple[str, ...] = ()


class Wish(Noun):
    """All that a conversation has asked for so far.

    Attributes:
        preferences: in force now.
        liked, disliked, seen, accepted, rejected: ids of items, in order.
        seeds: ids of items that similar ones are wanted for, now.
        shown: ids of every item recommended so far.
        focus: ids of the items last shown, in the order of their cards.
        spoken: the item last spoken of, which "it" means.
        asked: attributes that clarifying questions have asked about.
        asking: the attribute of the question that waits for an answer, if one does.
        questions_in_a_row: clarifying questions since the last recommendation.
        missed: whether nothing fitted last time.
        count: how many items to show at once.
        history: items that the user has a history with, with how much each speaks for (above 0) or against similar ones.
        waived: ids of memories that this conversation has set aside.
    """

    preferences: tuple[Preference, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    spoken: str | None = None
    asked: tuple[str, ...] = ()
    asking: str | None = None
    questions_in_a_row: int = 0
    missed: bool = False
    count: int | None = None
    history: dict[str, float] = {}
    waived: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[Preference, ...]:
        """The preferences that this conversation stated, without those that were remembered."""
        return tuple(p for p in self.preferences if not p.memory)

    @property
    def barred(self) -> frozenset[str]:
        """Ids that may not be recommended (again)."""
        felt = (*self.shown, *self.seen, *self.rejected, *self.disliked, *self.accepted, *self.liked)
        return frozenset((*felt, *self.history))


class Verdict(Noun):
    """Whether an item satisfies a preference, and the words of the item that show it.

    Attributes:
        preference: the preference in words ("under 120 min").
        strength: how binding it is.
        label: entails, contradicts, or neutral when the item does not say.
        score: from -1 (contradicts) to 1 (entails).
        evidence: quoted from the item; empty when it says nothing.
        remembered: whether the preference comes from other conversations.
    """

    preference: str
    strength: Strength
    label: Literal["entails", "neutral", "contradicts"]
    score: float = Field(ge=-1.0, le=1.0)
    evidence: str = ""
    remembered: bool = False


def contradicted(verdicts: Iterable[Verdict]) -> bool:
    """Whether a verdict says that what must hold does not."""
    return any(v.label == "contradicts" and v.strength in ("must", "must_not") for v in verdicts)


class Judged(Noun):
    """A candidate with its verdicts.

    Attributes:
        item: its id.
        score: its fused retrieval score.
        tools: the tools that found it, with its rank in each.
        verdicts: one per preference.
        summary: its evidence, condensed.
        place: its place in a model's order, from 0; None where none was given.
    """

    item: str
    score: float = 0.0
    tools: dict[str, int] = {}
    verdicts: tuple[Verdict, ...] = ()
    summary: str = ""
    place: int | None = None

    @property
    def broken(self) -> bool:
        """Whether it contradicts what must hold."""
        return contradicted(self.verdicts)


class Pick(Noun):
    """An item to recommend, with its reason from its evidence.

    `because` is the item of the user's taste that speaks most for it, where taste has found it.
    """

    item: str
    score: float = 0.0
    reason: str = ""
    verdicts: tuple[Verdict, ...] = ()
    tools: dict[str, int] = {}
    because: str = ""


class Miss(Noun):
    """Nothing fits.

    Attributes:
        blocking: the hard preference that excludes most, in words.
        key: that preference's key.
        without: how many items would fit if it were dropped.
        nearest: ids of items that break only that preference; none where it is a must-not.
        exhausted: whether items fit, but all of them were shown or are known to the user.
    """

    blocking: str
    key: str
    without: int
    nearest: tuple[str, ...] = ()
    exhausted: bool = False


class ClarifyingQuestion(Noun):
    """A question that splits the candidates, with options to choose from."""

    attribute: str
    text: str
    options: tuple[str, ...]


class Draft(Noun):
    """What a reply must say, plain and right.

    Attributes:
        text: the reply, with titles in bold.
        items: ids of the items that it names, in order.
        asked: the user's message.
        language: the language of the message.
        unknown: titles that it must name, because the message did and the catalogue does not have them.
    """

    text: str
    items: tuple[str, ...] = ()
    asked: str = ""
    language: str = "en"
    unknown: tuple[str, ...] = ()


class Card(Noun):
    """A recommended item as the page shows it: every word of it is the catalogue's.

    `because` is the title of an item in the user's history that speaks most for this one, if one does.
    """

    id: str
    title: str
    attributes: dict[str, AttributeValue] = {}
    facts: dict[str, str] = {}
    text: str = ""
    url: str = ""
    image: str = ""
    reason: str = ""
    verdicts: tuple[Verdict, ...] = ()
    tools: dict[str, int] = {}
    because: str = ""


class Step(Noun):
    """What one agent did in a turn.

    Attributes:
        agent: its name.
        milliseconds: how long it took.
        brain: `built-in` or the model's name.
        note: what it did, in a few words.
        calls, prompt_tokens, completion_tokens: what a language model was asked.
        cached: how many answers came from the cache instead of a call.
        repaired: how many answers had to be asked for a second time, because the first was not of the shape asked for.
        dropped: how many pieces of an answer were left out: quotes that the item does not say, sentences that name
            what is not on a card.
        fallback: why the built-in brain took over, if it did.
    """

    agent: AgentName
    milliseconds: float
    brain: str = "built-in"
    note: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: int = 0
    repaired: int = 0
    dropped: int = 0
    fallback: str = ""


class Usage(Noun):
    """What a turn cost.

    Attributes:
        calls, prompt_tokens, completion_tokens: what language models were asked.
        cached: answers that came from the cache.
        fallbacks: steps that the built-in brain took over.
        seconds: the whole turn.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: int = 0
    fallbacks: int = 0
    seconds: float = 0.0


class Answer(Noun):
    """A turn's whole answer.

    Attributes:
        reply: what is said; it names exactly the items on the cards (or, for a question, the items asked about).
        items: the cards, best first: what is recommended, asked about or accepted.
        nearest: where nothing fits, cards that miss the one limit that the reply names.
        act: what the message was taken to do.
        preferences: all that is understood so far.
        suggestions: short replies that would help, for buttons.
        question: the clarifying question, if the reply is one.
        steps: what each agent did.
        usage: calls, tokens and seconds of the whole turn.
        thread, user: whose conversation it is.
    """

    reply: str
    items: tuple[Card, ...] = ()
    nearest: tuple[Card, ...] = ()
    act: Act = "unclear"
    preferences: tuple[Preference, ...] = ()
    suggestions: tuple[str, ...] = ()
    question: ClarifyingQuestion | None = None
    steps: tuple[Step, ...] = ()
    usage: Usage = Usage()
    thread: str = ""
    user: str = ""


class Shown(Noun):
    """What a page showed of a turn beside the reply, without what comes from memory.

    Attributes:
        picks: the recommended items, with their reasons and verdicts.
        nearest: where nothing fitted, ids of items that missed one limit.
        missed: that limit, in words.
        suggestions: the short replies that were offered.
        question: the clarifying question, if the reply is one.
    """

    picks: tuple[Pick, ...] = ()
    nearest: tuple[str, ...] = ()
    missed: str = ""
    suggestions: tuple[str, ...] = ()
    question: ClarifyingQuestion | None = None

    def packed(self) -> bytes:
        """This as compressed JSON; nothing for nothing."""
        text = self.model_dump_json(exclude_defaults=True)
        return zlib.compress(text.encode()) if self != Shown() else b""


class Exchange(Noun):
    """One turn of the talk, as it is kept.

    A checkpoint holds all turns and is written with each, so what only a page needs is packed once and stays so; in
    JSON it is in plain words. Fields that are empty are left out.

    Attributes:
        text: the user's words.
        reply: what was said.
        items: ids of what its cards showed: recommended, asked about or accepted.
        act: what the message was taken to do.
        time: when the turn began, seconds since 1970; 0 in talks that are older than this field.
        brain: the language model that answered; empty for the built-in agents.
        packed: what was shown beside the reply, as `Shown.packed` gives it.
    """

    text: str
    reply: str
    items: tuple[str, ...] = ()
    act: Act = "unclear"
    time: float = Field(default=0.0, strict=True)
    brain: str = ""
    packed: Annotated[bytes, WithJsonSchema({"type": ["object", "string"]})] = b""

    @property
    def shown(self) -> Shown:
        """What was shown beside the reply."""
        return Shown.model_validate_json(zlib.decompress(self.packed)) if self.packed else Shown()

    @field_validator("packed", mode="before")
    @classmethod
    def _pack(cls, value: object) -> object:
        return Shown.model_validate(value).packed() if isinstance(value, dict) else value

    @field_serializer("packed", when_used="json")
    def _unpack(self, _packed: bytes) -> dict[str, Any]:
        return self.shown.model_dump(mode="json", exclude_defaults=True)

    @model_serializer(mode="wrap")
    def _lean(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        return {n: v for n, v in dump(self).items() if n in _ALWAYS or getattr(self, n) != fields[n].default}


_ALWAYS = ("text", "reply", "items")


class PastTurn(Noun):
    """A turn of a thread, to be shown again.

    Attributes:
        text: the user's words.
        time: when it began, seconds since 1970; 0 where that was not kept.
        answer: its answer: the cards as they were shown, without what memory knows, preferences, steps and usage.
        brain: the language model that answered; empty for the built-in agents.
    """

    text: str
    time: float
    answer: Answer
    brain: str = ""


class ThreadInfo(Noun):
    """A thread, as it stands in a list.

    Attributes:
        thread: its name.
        title: what it is called: by its user, or by its first message; empty before that.
        created, updated: when it began and was last changed, seconds since 1970.
        turns: how many it has.
        named: whether its user gave the title.
    """

    thread: str
    title: str = ""
    created: float = 0.0
    updated: float = 0.0
    turns: int = 0
    named: bool = False
