"""Limits as callers from outside ask for them: by an attribute's name, in their own spelling; a wrong one is told with
what there is."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from .columns import CategoryColumn
from .errors import InputError
from .index import Index
from .items import date_as_number
from .limits import Limit, Range
from .schema import Attribute
from .search import allowed_rows
from .words import fold

_EXAMPLES = 8
_MOST_LABELS = 30


class AttributeLimit(BaseModel):
    """A limit on one attribute: any of some labels, or a span of a number or date."""

    model_config = ConfigDict(extra="forbid")

    attribute: str = Field(min_length=1, max_length=1_000, description="The attribute's name.")
    any_of: list[str] = Field(
        default_factory=list,
        max_length=_MOST_LABELS,
        description="Labels, any of which is enough. Only for categories.",
    )
    low: float | str | None = Field(
        default=None, description="At least this number, or this date or later (1994 or '1994-03-01')."
    )
    high: float | str | None = Field(
        default=None, description="At most this number, or this date or earlier; a year counts to its end."
    )
    exclude: bool = Field(default=False, description="True: leave out the items that fit this limit instead.")


def parse_limit(index: Index, text: str) -> AttributeLimit:
    """A limit written in one line: `name:label`, `name:label|label`, `name:low..high`, `name:low..`, `name:..high`,
    `name:number`; with `-` before it, what fits it is left out.

    Raises:
        InputError: it is no limit on an attribute of the catalogue; the hint lists those that there are.
    """
    exclude = text.startswith("-")
    asked = text.removeprefix("-")
    # A name may have a colon in it, so the longest name that there is counts.
    places = [place for place, character in enumerate(asked) if character == ":"]
    if not places:
        raise InputError(
            f"{asked[:60]!r} is no limit: it has no colon.",
            f"Write name:label or name:low..high. {_known_attributes(index)}",
        )
    for place in reversed(places):
        if (attribute := _find(index, asked[:place])) is not None:
            return _parse_value(index, attribute, asked[place + 1 :].strip(), exclude=exclude)
    raise _no_attribute(index, asked[: places[0]])


def read_limit(index: Index, asked: AttributeLimit) -> Limit:
    """What a limit means in a catalogue, in the catalogue's own spelling; whether it excludes is not in it.

    Raises:
        InputError: the catalogue has no such attribute or label, or the attribute takes something else.
    """
    attribute = _find(index, asked.attribute)
    if attribute is None:
        raise _no_attribute(index, asked.attribute)
    columns = index.catalogue.columns
    if attribute.name in columns.categories:
        if not asked.any_of or asked.low is not None or asked.high is not None:
            raise InputError(f"{attribute.name!r} is a category: give its labels in any_of, and neither low nor high.")
        column = columns.categories[attribute.name]
        return Limit(attribute=attribute.name, values=tuple(_label(column, attribute, v) for v in asked.any_of))
    if asked.any_of or (asked.low is None and asked.high is None):
        raise InputError(f"{attribute.name!r} is a {attribute.kind}: give low, high or both, and no any_of.")
    low, high = _bound(attribute, "low", asked.low), _bound(attribute, "high", asked.high)
    if low is not None and high is not None and low > high:
        raise InputError(f"{attribute.name!r}: low ({asked.low}) is above high ({asked.high}).", "Exchange them.")
    ends_later = attribute.kind == "date" and high is not None
    span = Range(low=low, high=_end(asked.high) if ends_later else high, open_high=ends_later)
    return Limit(attribute=attribute.name, ranges=(span,))


def rows_within(index: Index, asked: Sequence[AttributeLimit]) -> np.ndarray | None:
    """The rows that satisfy all limits, bool, shape (items,); None where there is no limit.

    Raises:
        InputError: a limit cannot be used.
    """
    if not asked:
        return None
    read = [(limit.exclude, read_limit(index, limit)) for limit in asked]
    return allowed_rows(index, [one for out, one in read if not out], [one for out, one in read if out])


def nearest_names(name: str, names: Sequence[str]) -> list[str]:
    """The names that are spelt most like one, at most three."""
    from rapidfuzz import fuzz, process

    wanted = fold(name.replace("-", " ").replace("_", " "))
    found = process.extract(wanted, names, scorer=fuzz.WRatio, processor=fold, limit=3, score_cutoff=75)
    return [match for match, _, _ in found]


def _parse_value(index: Index, attribute: Attribute, value: str, *, exclude: bool) -> AttributeLimit:
    columns = index.catalogue.columns
    if attribute.name in columns.categories:
        column = columns.categories[attribute.name]
        labels = [value] if column.label(value) else [p.strip() for p in value.split("|") if p.strip()]
        if not labels or len(labels) > _MOST_LABELS:
            raise InputError(
                f"{attribute.name!r} needs a label, and takes at most {_MOST_LABELS}.", "Write name:label or name:a|b."
            )
        return AttributeLimit(attribute=attribute.name, any_of=labels, exclude=exclude)
    low, dots, high = (part.strip() for part in value.partition(".."))
    if not low and not high:
        raise InputError(f"{attribute.name!r} needs a bound.", "Write name:low..high, name:low.. or name:..high.")
    if not dots:
        high = low
    return AttributeLimit(attribute=attribute.name, low=low or None, high=high or None, exclude=exclude)


def _find(index: Index, name: str) -> Attribute | None:
    wanted = fold(name.strip())
    usable = _usable(index)
    for words in (lambda a: [a.name], lambda a: [a.label, *a.also]):
        for attribute in usable:
            if wanted in map(fold, words(attribute)):
                return attribute
    if any(fold(a.name) == wanted for a in index.catalogue.schema.of_kind("text")):
        raise InputError(f"{name!r} is prose, which cannot be a limit.", "Search by words or by meaning instead.")
    return None


def _usable(index: Index) -> list[Attribute]:
    columns = index.catalogue.columns
    return [a for a in index.catalogue.schema.attributes if a.name in columns.categories or a.name in columns.numbers]


def _no_attribute(index: Index, name: str) -> InputError:
    shown = name if len(name) <= 60 else name[:57] + "..."
    return InputError(f"There is no attribute {shown!r}.", _known_attributes(index))


def _known_attributes(index: Index) -> str:
    names = ", ".join(a.name for a in _usable(index))
    return f"There are: {names or 'none, this catalogue has no attributes that can be a limit'}."


def _label(column: CategoryColumn, attribute: Attribute, value: str) -> str:
    if label := column.label(value):
        return label
    near = nearest_names(value, column.values)
    commonest = column.values[:_EXAMPLES]
    told = (
        f"The nearest are: {', '.join(map(repr, near))}."
        if near
        else f"Common ones: {', '.join(map(repr, commonest))}."
    )
    raise InputError(f"No item has the {attribute.label or attribute.name} {value[:60]!r}.", told)


def _bound(attribute: Attribute, side: Literal["low", "high"], value: float | str | None) -> float | None:
    if value is None:
        return None
    try:
        if attribute.kind == "date" and isinstance(value, str):
            return date_as_number(value.strip())
        number = float(value)
    except (ValueError, OverflowError):
        number = float("nan")
    if np.isfinite(number):
        return number
    wanted = "a year or a date such as 1994 or '1994-03-01'" if attribute.kind == "date" else "a number"
    shown = value[:60] if isinstance(value, str) else value
    raise InputError(f"{attribute.name!r}: {side} must be {wanted}, not {shown!r}.")


def _end(value: float | str | None) -> float:
    """Where a year, month or day ends, in years; the value has been read before."""
    pieces = value.strip().split("-") if isinstance(value, str) else []
    if len(pieces) < 2:
        year = float(value or 0)
        return year + 1 if year == int(year) else year
    if len(pieces) == 2:
        year, month = map(int, pieces)
        return date_as_number(f"{year + month // 12}-{month % 12 + 1:02}")
    return date_as_number("-".join(pieces)) + 0.5 / 366
