"""Pages: a list in parts, each with a cursor to the next, which fits that list alone."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Query

from ...tools.errors import InputError

_T = TypeVar("_T")

Limit = Annotated[int, Query(ge=1, le=100, description="How many to bring, 1 to 100.")]
Cursor = Annotated[
    str, Query(max_length=2_000, description="Where to go on: `next` of the page before; leave it out for the first.")
]


@dataclass(frozen=True)
class Place:
    """Where a page begins.

    Attributes:
        offset: how many entries come before it.
        after: what names the entry before it; empty at the beginning.
    """

    offset: int = 0
    after: str = ""


def read_cursor(cursor: str, *query: object) -> Place:
    """Where a cursor points.

    Args:
        cursor: as `write_cursor` made it; empty is the beginning.
        query: what the list is of; the same as when the cursor was made.

    Raises:
        InputError: it is no cursor of this list.
    """
    if not cursor:
        return Place()
    try:
        made, offset, after = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, TypeError, RecursionError):
        made, offset, after = "", 0, ""
    fits = isinstance(offset, int) and 0 <= offset < 2**31 and isinstance(after, str)
    if not fits or made != _fingerprint(query):
        raise InputError("This cursor is of no page of this list.", "Leave it out to begin anew.")
    return Place(offset, after)


def write_cursor(place: Place, *query: object) -> str:
    """A cursor to a place in a list."""
    text = json.dumps([_fingerprint(query), place.offset, place.after])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def page(
    entries: Sequence[_T], limit: int, cursor: str, *query: object, name: Callable[[_T], str]
) -> tuple[list[_T], str | None]:
    """A page of a list, and the cursor to the next; None at the end.

    The page begins after the entry that ended the last one, wherever that is now, so that what was added meanwhile shifts
    nothing; where it is gone, by count.

    Args:
        entries: the whole list.
        limit: how many entries the page has.
        cursor: where it begins.
        query: what the list is of.
        name: what names an entry.

    Raises:
        InputError: the cursor is of another list.
    """
    place = read_cursor(cursor, *query)
    start = place.offset
    if place.after:
        start = next((n for n, entry in enumerate(entries, 1) if name(entry) == place.after), start)
    found = list(entries[start : start + limit])
    end = start + len(found)
    if not found or end >= len(entries):
        return found, None
    return found, write_cursor(Place(end, name(found[-1])), *query)


def _fingerprint(query: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(query, default=str).encode()).hexdigest()[:16]
