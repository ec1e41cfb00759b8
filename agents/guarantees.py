"""What must always hold of an answer, checked on the answer itself whatever made it.

A pick that fails is dropped; a text that names other items than its cards is refused, and the built-in reply takes its
place.
"""

import re
from collections.abc import Iterable, Sequence

from ..tools.errors import UnknownItemError
from ..tools.index import Index
from .retrieve import allowed_mask
from .state import Judged, Pick, Preference, Wish

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def lawful(picks: Sequence[Pick], wish: Wish, index: Index, barred: frozenset[str]) -> list[Pick]:
    """The picks that are items of the catalogue, break no hard limit, and come for the first time."""
    allowed = allowed_mask(wish.preferences, index, barred, unknown_fits=True)
    kept: dict[str, Pick] = {}
    for pick in picks:
        row = index.catalogue.row_of.get(pick.item)
        if row is not None and allowed[row] and pick.item not in kept and not _contradicted(pick):
            kept[pick.item] = pick
    return list(kept.values())


def _contradicted(pick: Pick) -> bool:
    return any(v.label == "contradicts" and v.strength in ("must", "must_not") for v in pick.verdicts)


def names_exactly(reply: str, items: Iterable[str], index: Index) -> bool:
    """Whether a reply names the given items and no others; replies write titles in bold."""
    try:
        titles = {index.catalogue.item(i).title for i in items}
    except UnknownItemError:
        return False
    return set(_BOLD.findall(reply)) == titles


def within(
    judged: Iterable[Judged], preferences: Sequence[Preference], index: Index, barred: frozenset[str]
) -> list[Judged]:
    """The candidates that hard limits and history allow."""
    allowed = allowed_mask(preferences, index, barred, unknown_fits=True)
    row_of = index.catalogue.row_of
    return [j for j in judged if j.item in row_of and allowed[row_of[j.item]]]
