"""What the HTTP API gives, where that is not a noun of the agents."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ...agents.memory import Memory
from ...agents.retrieve import in_words
from ...agents.state import Card, PastTurn, Preference, Strength, ThreadInfo, Wish
from ...tools.browsing import Facet
from ...tools.catalogue import Catalogue
from ...tools.index import Index
from ...tools.items import AttributeValue, Item
from ...tools.limits import Limit
from ...tools.schema import Kind
from ..pictures import Pictures

Next = Annotated[str | None, Field(description="The cursor of the next page; null at the end.")]


class Shape(BaseModel):
    """A value of the API that nobody changes."""

    model_config = ConfigDict(frozen=True)


class Threads(Shape):
    """A page of the user's conversations, the newest first."""

    data: tuple[ThreadInfo, ...]
    next: Next = None


class Turns(Shape):
    """A page of a conversation, the oldest turn first."""

    data: tuple[PastTurn, ...]
    next: Next = None


class Undone(Shape):
    """The message of the turn that was taken back."""

    text: str = Field(description="What the user had said.")


class PreferenceOut(Shape):
    """One thing that the user wants or does not want.

    Attributes:
        key: names it, for DELETE.
        says: it in words.
        strength: `must` and `must_not` are hard, `prefer` and `avoid` move the order.
        words: the user's own words.
        lasting: whether it holds beyond this conversation.
        remembered: whether it comes from another conversation.
        limit: the attribute with its labels or ranges; without an attribute, a phrase about the text.
    """

    key: str
    says: str
    strength: Strength
    words: str
    lasting: bool
    remembered: bool
    limit: Limit

    @classmethod
    def of(cls, preference: Preference, index: Index) -> "PreferenceOut":
        """A preference, in words."""
        return cls(
            key=preference.key,
            says=in_words(preference, index),
            strength=preference.strength,
            words=preference.words,
            lasting=preference.lasting,
            remembered=bool(preference.memory),
            limit=preference.limit,
        )


class Preferences(Shape):
    """What a conversation has understood so far.

    Attributes:
        preferences: in force now.
        liked, disliked, seen, accepted, rejected: ids of items, by how the user feels about them.
        shown: ids of every item recommended so far.
    """

    preferences: tuple[PreferenceOut, ...]
    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    seen: tuple[str, ...]
    accepted: tuple[str, ...]
    rejected: tuple[str, ...]
    shown: tuple[str, ...]

    @classmethod
    def of(cls, wish: Wish, index: Index) -> "Preferences":
        """What a wish says."""
        felt = {name: getattr(wish, name) for name in cls.model_fields if name != "preferences"}
        return cls(preferences=tuple(PreferenceOut.of(p, index) for p in wish.preferences), **felt)


class Cards(Shape):
    """The cards of an answer, as an event: what is recommended, and, where nothing fits, what comes nearest."""

    items: tuple[Card, ...]
    nearest: tuple[Card, ...]


class ItemOut(Shape):
    """An item of the catalogue.

    Attributes:
        id, title, text, aliases: as in the catalogue.
        attributes: attribute -> value; a name that is absent is unknown.
        facts: what people call an attribute -> its value in words.
        url: where to read more: http or https, or empty.
        image: a picture that the server's settings let be shown, or empty.
    """

    id: str
    title: str
    text: str
    aliases: tuple[str, ...]
    attributes: dict[str, AttributeValue]
    facts: dict[str, str]
    url: str
    image: str

    @classmethod
    def of(cls, item: Item, catalogue: Catalogue, pictures: Pictures) -> "ItemOut":
        """An item, with its values in words."""
        values = {a.label or a.name: catalogue.value(item, a) for a in catalogue.schema.attributes if a.shown}
        return cls(
            id=item.id,
            title=item.title,
            text=item.text,
            aliases=item.aliases,
            attributes=item.attributes,
            facts={label: value for label, value in values.items() if value},
            url=item.url,
            image=pictures.shown(item.image),
        )


class ChoiceOut(Shape):
    """A label, and how many items carry it."""

    label: str
    count: int


class AttributeOut(Shape):
    """An attribute, and what the items have of it.

    Attributes:
        name: as `where` takes it.
        label: what people call it.
        kind: category (labels), number, date, or text, which cannot be a limit.
        unit: of a number, or empty.
        many: whether an item can have several labels.
        labels: of a category, the commonest first.
        low, high: the span of a number, or of a date in years (1994.5 is the middle of 1994).
    """

    name: str
    label: str
    kind: Kind
    unit: str = ""
    many: bool = False
    labels: tuple[ChoiceOut, ...] = ()
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, facet: Facet) -> "AttributeOut":
        """A facet."""
        return cls(
            name=facet.name, label=facet.label, kind=facet.kind, unit=facet.unit, many=facet.many,
            labels=tuple(ChoiceOut(label=c.label, count=c.count) for c in facet.choices), low=facet.low, high=facet.high,
        )  # fmt: skip


class Items(Shape):
    """A page of items.

    Attributes:
        data: the items, in order.
        next: the cursor of the next page.
        total: how many were found; a search by words or meaning brings at most a thousand.
        attributes: what all the items found have to choose from, where that was asked for.
    """

    data: tuple[ItemOut, ...]
    next: Next = None
    total: int
    attributes: tuple[AttributeOut, ...] = ()


class CatalogueOut(Shape):
    """The catalogue.

    Attributes:
        name: the catalogue's name.
        noun, nouns: what one item and several are called.
        count: how many items there are.
        attributes: what is known of items, in the order in which cards show it.
        examples: first messages that suit it.
    """

    name: str
    noun: str
    nouns: str
    count: int
    attributes: tuple[AttributeOut, ...]
    examples: tuple[str, ...]


class Remembered(Shape):
    """A page of what is remembered of the user, what was said last at the end."""

    data: tuple[Memory, ...]
    next: Next = None


class Read(Shape):
    """What words were read into: the memories that they made or renewed."""

    data: tuple[Memory, ...]


class Profile(Shape):
    """What is remembered of the user, in a few sentences."""

    text: str


class Imported(Shape):
    """What an import brought."""

    memories: int = Field(description="How many memories there were.")


class ModelOut(Shape):
    """Somebody who can answer."""

    id: str = Field(description="As `model` of a turn takes it.")
    default: bool = Field(description="Whether it answers where nobody else is asked for.")


class Models(Shape):
    """Who can answer.

    Attributes:
        models: those of the server in the settings, and the built-in agents.
        efforts: how many agents may ask the model.
        effort: the one that counts where none is asked for.
        brain: who answers usually, in words.
    """

    models: tuple[ModelOut, ...]
    efforts: tuple[str, ...]
    effort: str
    brain: str
