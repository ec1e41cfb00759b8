"""What a catalogue's attributes are: their kinds, the words people use for them, and how they are measured."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["category", "number", "date", "text"]
Measure = Literal["duration", "price", "rating", "popularity", "age", "length", "players", "size"]
"""What a number measures, where that changes how people talk of it: "short", "cheap", "good", "famous", "for a child of
six", "300 pages", "for four players"."""


class Attribute(BaseModel):
    """One attribute of a catalogue.

    Attributes:
        name: the key in `Item.attributes`, as in the source's column.
        kind: category (labels), number, date, or text (free prose).
        many: whether an item can have several values (categories only).
        open: whether the values are loose labels such as tags, so that a label's absence says nothing.
        label: what people call one value of it, in the singular ("director").
        also: other words for it, verbs and plurals too ("directed", "filmmaker").
        measure: what a number measures, if that is known.
        unit: the number's unit as it is written ("min", "USD", "pages"), or empty.
        synonyms: value -> other words that people use for that value.
        person: whether the values are names of people or companies.
        shown: whether a card shows it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    kind: Kind
    many: bool = False
    open: bool = False
    label: str = ""
    also: tuple[str, ...] = ()
    measure: Measure | None = None
    unit: str = ""
    synonyms: dict[str, tuple[str, ...]] = {}
    person: bool = False
    shown: bool = True


class Source(BaseModel):
    """Which columns of the source become which part of an item; an empty name means there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    title: str = ""
    text: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    url: str = ""
    image: str = ""
    ignore: tuple[str, ...] = ()


class Schema(BaseModel):
    """A catalogue's attributes, where they come from, and what one item is called.

    Attributes:
        noun: one item, in the singular ("film").
        nouns: several items ("films").
        also: other words for an item ("movie", "movies").
        source: the columns behind id, title, text and so on.
        attributes: every attribute, in the order in which cards show them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    noun: str = "item"
    nouns: str = "items"
    also: tuple[str, ...] = ()
    source: Source = Source()
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute:
        """The attribute of that name.

        Raises:
            KeyError: there is none.
        """
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(name)

    def measuring(self, measure: Measure) -> Attribute | None:
        """The first attribute with that measure, if there is one."""
        return next((a for a in self.attributes if a.measure == measure), None)

    def of_kind(self, kind: Kind) -> tuple[Attribute, ...]:
        """The attributes of one kind, in order."""
        return tuple(a for a in self.attributes if a.kind == kind)
