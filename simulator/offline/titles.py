"""Finds titles of one data set in another's catalogue, by their words and year.

Titles are compared without case, accents, punctuation, leading or trailing articles and years. Where both sides have a
year it may differ by one, for premieres and releases do; a title without a year matches where only one item has it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from ...tools.items import Item
from ...tools.words import fold

_YEAR = re.compile(r"\s*\((\d{4})?\)\s*$")
_ARTICLES = frozenset(("the", "a", "an"))


class Titles:
    """A catalogue's titles, ready to be looked up.

    Args:
        items: the catalogue; a year stands in brackets at the end of a title, or in an attribute of kind date.
        year: the attribute that holds the year, where there is one.
    """

    def __init__(self, items: Iterable[Item], year: str = "year") -> None:
        self._found: dict[str, list[tuple[int | None, str]]] = defaultdict(list)
        self._exact: dict[str, set[str]] = defaultdict(set)
        for item in items:
            for title in (item.title, *item.aliases):
                self._exact[title].add(item.id)
                self._found[bare_title(title)].append((year_in(title) or _year_of(item, year), item.id))

    def find(self, title: str) -> str | None:
        """The id of the item that a title means, letter by letter or else loosely; None where none does, or several do."""
        if len(same := self._exact.get(title, set())) == 1:
            return next(iter(same))
        wanted, known = year_in(title), self._found.get(bare_title(title), [])
        if wanted is not None:
            for apart in (0, 1):
                near = {name for year, name in known if year is not None and abs(year - wanted) == apart}
                if near:
                    return near.pop() if len(near) == 1 else None
            known = [(year, name) for year, name in known if year is None]
        alike = {name for _, name in known}
        return alike.pop() if len(alike) == 1 else None


def year_in(title: str) -> int | None:
    """The year in brackets at the end of a title."""
    found = _YEAR.search(title)
    return int(found[1]) if found and found[1] else None


def bare_title(title: str) -> str:
    """A title as it is compared: "The Thing (1982)" and "Thing, The" -> "thing"."""
    words = re.findall(r"\w+", fold(_YEAR.sub("", title).replace("&", " and ")).replace("'", ""))
    while len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    while len(words) > 1 and words[-1] in _ARTICLES:
        words = words[:-1]
    return " ".join(words)


def _year_of(item: Item, attribute: str) -> int | None:
    value = item.attributes.get(attribute)
    return int(value[:4]) if isinstance(value, str) and re.match(r"\d{4}", value) else None
