"""A catalogue in words for a model to read: its attributes, and its items in a line or in full."""

from collections.abc import Collection
from textwrap import shorten

from .catalogue import Catalogue, describe_value
from .columns import NumberColumn
from .items import Item
from .schema import Attribute, Schema

_ATTRIBUTES, _LONGEST = 40, 40
"""Attributes that are described at most, and characters of a label."""

_LABELS = 4
"""Labels of one attribute in a line at most."""


def describe_attributes(catalogue: Catalogue, examples: int) -> str:
    """Each attribute that can be a limit, one a line, with its commonest labels or its span."""
    lines = []
    columns = catalogue.columns
    for attribute in catalogue.schema.attributes[:_ATTRIBUTES]:
        what = f" ({attribute.label})" if attribute.label not in ("", attribute.name) else ""
        if attribute.name in columns.categories:
            values = columns.categories[attribute.name].values
            kind = "loose labels" if attribute.open else "labels"
            labels = [shorten(v, _LONGEST, placeholder="…") for v in values[:examples]]
            shown = ", ".join([*labels, "…"] if len(values) > examples else labels)
            lines.append(f"- {attribute.name}{what}: {kind}: {shown or 'none'}")
        elif attribute.name in columns.numbers:
            lines.append(f"- {attribute.name}{what}: {attribute.kind}, {_span(columns.numbers[attribute.name])}")
    return "\n".join(lines)


def _span(column: NumberColumn) -> str:
    if not len(column.known):
        return "no item has one"
    low, high = float(column.known[0]), float(column.known[-1])
    if column.attribute.kind == "date":
        return f"years {int(low)} to {int(high)}"
    return f"{low:,.10g} to {high:,.10g} {column.attribute.unit}".rstrip()


def describe_in_line(item: Item, schema: Schema, told: Collection[str] = (), longest: int = 150) -> str:
    """An item in one line: its title, the attributes that matter now and the ones that cards show, as far as they fit.

    Args:
        item: the item.
        schema: its attributes.
        told: names of attributes that come first, and are told however long the line gets.
        longest: characters after which no further attribute is told.
    """
    first = [a for a in schema.attributes if a.name in told]
    others = [a for a in schema.attributes if a.shown and not a.person and a.kind != "text" and a.name not in told]
    line = item.title
    for attribute in (*first, *others):
        told_value = _briefly(item, attribute)
        if told_value and (attribute in first or len(line) + len(told_value) <= longest):
            line += f"; {told_value}"
    return line


def _briefly(item: Item, attribute: Attribute) -> str:
    value = item.attributes.get(attribute.name)
    told = describe_value(value[:_LABELS] if isinstance(value, tuple) else value, attribute)
    return f"{attribute.label or attribute.name}: {shorten(told, 120, placeholder=' …')}" if told else ""


def describe_in_full(item: Item, schema: Schema, longest: int) -> str:
    """All that the catalogue says of an item, one attribute a line, its text cut to so many characters."""
    known = [(a, describe_value(item.attributes.get(a.name), a)) for a in schema.attributes]
    lines = [f"{a.label or a.name}: {shorten(v, 400, placeholder=' …')}" for a, v in known if v]
    text = shorten(item.text, longest, placeholder=" …") if item.text else ""
    return "\n".join([item.title, *lines, *([text] if text else [])])
