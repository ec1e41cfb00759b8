"""Which items a message names: titles in talk, told apart from labels and from one another."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...tools.catalogue import Catalogue
from ...tools.lexicon import Found
from .cues import (
    DISLIKED,
    DISLIKED_AFTER,
    FAVOURITE_IS,
    LIKE_AFTER,
    LIKE_AS_VERB,
    LIKE_THIS,
    LIKED_AFTER,
    NEARLY_BEFORE,
    SEEN_BEFORE,
    THAN,
    clause_before,
)
from .message import Message
from .quantities import Quantity


@dataclass(frozen=True)
class Title:
    """An item that a message names, with its place."""

    start: int
    end: int
    item: str


def read_titles(
    message: Message, quantities: Sequence[Quantity], catalogue: Catalogue, shown: Sequence[str] = ()
) -> list[Title]:
    """The items that a message names; of several with one name, that of the year beside it, one shown, or the best known."""
    loose = frozenset(a.name for a in catalogue.schema.of_kind("category") if a.open)
    titles: list[Title] = []
    for found in message.found:
        several = found.end - found.start > 1
        viewed = several and any(i in shown for s in found.of("item") if s.exact == 1.0 for i in s.items)
        if viewed or is_title(message, found, loose):
            start, end = message.start(found), message.end(found)
            items = found.of("item")[0].items
            year = next((q for q in quantities if q.kind == "period" and _beside(message.level, start, end, q)), None)
            fitting = [i for i in items if year is not None and _dated(catalogue, i, year)]
            if fitting and year is not None:
                start, end = min(start, year.start), max(end, year.end)
            titles.append(Title(start, end, (fitting or [i for i in items if i in shown] or list(items))[0]))
    return titles


def _beside(level: str, start: int, end: int, year: Quantity) -> bool:
    gap = level[end : year.start] if year.start >= end else level[year.end : start]
    return len(gap) <= 12 and bool(re.fullmatch(r"[\s,(\"'”]*(?:from|of|the|version|one)?[\s,(\"'“]*", gap))


def _dated(catalogue: Catalogue, item: str, year: Quantity) -> bool:
    row = catalogue.row_of[item]
    return any(
        year.bounds.holds(float(catalogue.columns.numbers[a.name].numbers[row]))
        for a in catalogue.schema.of_kind("date")
    )


def is_title(message: Message, found: Found, open_labels: frozenset[str]) -> bool:
    """Whether a phrase means an item: it is no label, or stands where titles stand ("like Alien")."""
    if not found.of("item"):
        return False
    start, end = message.start(found), message.end(found)
    before, after = message.level[:start], message.level[end:]
    if (
        not found.of("value")
        or before.endswith(('"', "“"))
        or (found.end - found.start > 1 and DISLIKED.search(clause_before(before)))
    ):
        return True
    loose = found.senses and all(s.exact < 1.0 or s.attribute in open_labels for s in found.of("value"))
    capital = loose and message.text[start].isupper() and bool(before.strip()) and before.rstrip()[-1] not in ".!?"
    if capital and not message.text.isupper() and any(s.exact == 1.0 for s in found.of("item")):
        return True
    strict = any(s.attribute not in open_labels and s.exact == 1.0 for s in found.of("value"))
    if strict and LIKE_AS_VERB.search(before):
        return False
    cues_before = (LIKE_THIS, THAN, NEARLY_BEFORE, FAVOURITE_IS)
    cues_clause = (SEEN_BEFORE, DISLIKED) if message.text[start].isupper() else (SEEN_BEFORE,)
    return (
        any(c.search(before) for c in cues_before)
        or any(c.search(clause_before(before)) for c in cues_clause)
        or any(c.match(after) for c in (LIKED_AFTER, DISLIKED_AFTER, LIKE_AFTER))
        or (not before.strip() and bool(re.match(r"^,? (?:but|only|except|meets|minus)\b", after)))
    )
