"""The nouns that come from a catalogue: items and interactions."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

AttributeValue = tuple[str, ...] | FiniteFloat | str
"""A category is a tuple of its values, a number a float, a date an ISO string (`1994`, `1994-03` or `1994-03-01`),
and a text a string."""


class Item(BaseModel):
    """One thing that can be recommended.

    Attributes:
        id: unique in its catalogue.
        title: what people call it.
        text: what describes it, in sentences; may be empty.
        aliases: other titles that people use.
        attributes: attribute name -> value; a name that is absent is unknown.
        url: where to read more, or empty.
        image: a picture's address, or empty.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=1000)
    text: str = ""
    aliases: tuple[str, ...] = ()
    attributes: dict[str, AttributeValue] = {}
    url: str = ""
    image: str = ""

    def labels(self, attribute: str) -> tuple[str, ...]:
        """The item's values of a category; empty when it has none."""
        value = self.attributes.get(attribute)
        return value if isinstance(value, tuple) else ()


class Interaction(BaseModel):
    """One user's reaction to one item.

    Attributes:
        user: the user's id.
        item: the item's id.
        value: how much they liked it: a rating, 1.0 for "yes", 0.0 for "no".
        time: seconds since 1970, or 0 when unknown.
    """

    model_config = ConfigDict(frozen=True)

    user: str
    item: str
    value: FiniteFloat = 1.0
    time: FiniteFloat = 0.0


def date_as_number(value: str) -> float:
    """An ISO date as years: `1994` -> 1994.0, `1994-07-02` -> 1994.5.

    Raises:
        ValueError: the text is no ISO date.
    """
    pieces = value.split("-") if not value.startswith("-") else [value]
    year = int(pieces[0])
    if len(pieces) == 1:
        return float(year)
    day = date(year, int(pieces[1]), int(pieces[2]) if len(pieces) > 2 else 1)
    return year + (day.timetuple().tm_yday - 1) / 366
