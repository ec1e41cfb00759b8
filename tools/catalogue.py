"""A catalogue in memory: its items, its schema, its columns, and how well known each item is."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from .columns import Columns
from .errors import UnknownItemError
from .items import Item
from .schema import Attribute, Schema


class Catalogue:
    """Items by row and by id.

    Args:
        name: the catalogue's name.
        schema: its attributes.
        items: its items; an item's row is its place here.
        popularity: how well known each item is from 0 to 1, shape (items,); from the schema when not given.
    """

    def __init__(self, name: str, schema: Schema, items: Sequence[Item], popularity: np.ndarray | None = None) -> None:
        self.name = name
        self.schema = schema
        self.items = list(items)
        self.row_of = {item.id: row for row, item in enumerate(self.items)}
        self._popularity = popularity

    def __len__(self) -> int:
        return len(self.items)

    def item(self, item_id: str) -> Item:
        """The item of that id.

        Raises:
            UnknownItemError: the catalogue has none.
        """
        row = self.row_of.get(item_id)
        if row is None:
            shown = item_id if len(item_id) <= 60 else item_id[:57] + "..."
            raise UnknownItemError(
                f"The catalogue {self.name!r} has no item with the id {shown!r}.",
                "Ids are in the answers of `convrec ask --json`.",
            )
        return self.items[row]

    @cached_property
    def columns(self) -> Columns:
        """The attributes as arrays."""
        return Columns(self.schema, self.items)

    @cached_property
    def popularity(self) -> np.ndarray:
        """How well known each item is, from 0 to 1, shape (items,); all zero when nothing tells.

        By interactions where there are any, else by the attribute that measures popularity, else by rating.
        """
        if self._popularity is not None:
            return rank_share(self._popularity)
        for measure in ("popularity", "rating"):
            attribute = self.schema.measuring(measure)
            if attribute is not None and attribute.name in self.columns.numbers:
                return rank_share(self.columns.numbers[attribute.name].numbers)
        return np.zeros(len(self.items))

    def value(self, item: Item, attribute: Attribute) -> str:
        """An item's value of an attribute in words; empty when unknown."""
        return describe_value(item.attributes.get(attribute.name), attribute)


def describe_value(value: object, attribute: Attribute) -> str:
    """A value as people read it: "Comedy, Drama", "95 min", "1994"."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        number = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0").rstrip(".")
        return f"{number} {attribute.unit}".rstrip()
    return str(value)


def rank_share(numbers: np.ndarray) -> np.ndarray:
    """Each number's rank as a share from 0 (least) to 1 (most); ties share their mean rank, NaN counts as least."""
    from scipy.stats import rankdata

    if not len(numbers):
        return np.zeros(0)
    ranks = rankdata(np.nan_to_num(numbers, nan=-np.inf), method="average") - 1
    return ranks / max(len(numbers) - 1, 1)
