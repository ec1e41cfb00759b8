"""What a table's columns look like: how full, how varied, numbers or dates or lists, and what parts several labels."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from .cells import SEPARATORS, as_text, is_missing, parse_list, split
from .column_names import family_of
from .numbers_and_dates import NO_DATE_YET, parse_date, parse_minutes, parse_number, unit_of

SAMPLE = 4000
"""How many rows are looked at, evenly spread; ids are checked on all."""

YES_NO = {
    **dict.fromkeys(("yes", "true", "y", "t", "1", "ja", "oui"), "yes"),
    **dict.fromkeys(("no", "false", "n", "f", "0", "nein", "non"), "no"),
}
"""How people and programs write yes and no, in small letters."""


class Column:
    """A column's sample, and what can be told from it."""

    def __init__(self, name: str, cells: Sequence[Any]) -> None:
        """Take the cells of the sampled rows, missing ones too."""
        self.name = name
        self.family = family_of(name)
        self.rows = len(cells)
        self.values = [cell for cell in cells if not is_missing(cell)]

    @cached_property
    def texts(self) -> list[str]:
        """The cells as plain text."""
        return [as_text(value) for value in self.values]

    @cached_property
    def distinct(self) -> float:
        """The share of the values that differ from one another."""
        return len(set(self.texts)) / max(1, len(self.texts))

    @cached_property
    def words(self) -> float:
        """How many words a value has on average."""
        return sum(text.count(" ") + 1 for text in self.texts) / max(1, len(self.texts))

    def share(self, holds: Callable[[str], object]) -> float:
        """The share of the texts of which something holds."""
        return sum(map(bool, map(holds, self.texts))) / max(1, len(self.texts))

    @cached_property
    def lists(self) -> bool:
        """Whether the cells are lists, or text that spells lists."""
        return sum(parse_list(value) is not None for value in self.values) > len(self.values) / 2

    @cached_property
    def decimal(self) -> str:
        """The decimal mark of the column's numbers."""
        commas = self.share(re.compile(r"\d,\d{1,2}(?!\d)|\.\d{3},").search)
        dots = self.share(re.compile(r"\d\.\d{1,2}(?!\d)|,\d{3}\.").search)
        return "," if commas > dots else "."

    @cached_property
    def day_first(self) -> bool:
        """Whether 03/04/2018 is the third of April; 03.04.2018 always is."""
        starts = [found for text in self.texts if (found := re.match(r"(\d{1,2})([-/.])(\d{1,2})\2\d{4}", text))]
        return any(int(start[1]) > 12 or start[2] == "." for start in starts)

    @cached_property
    def numeric(self) -> float:
        """The share of the values that are numbers, "free" among them."""
        return sum(parse_number(value, self.decimal) is not None for value in self.values) / max(1, len(self.values))

    @cached_property
    def lasting(self) -> float:
        """The share of the values that are lengths of time written out ("1h 30m")."""
        return self.share(parse_minutes)

    @cached_property
    def unit(self) -> str:
        """The unit that most of the numbers are written with."""
        counted = [text for text in self.texts if any(map(str.isdecimal, text))]
        units = Counter(map(unit_of, counted))
        best, count = units.most_common(1)[0] if units else ("", 0)
        return best if count >= 0.8 * len(counted) and len(best) <= 12 else ""

    @cached_property
    def flags(self) -> bool:
        """Whether it says only yes and no."""
        return bool(self.texts) and {text.lower() for text in self.texts} <= YES_NO.keys()

    @cached_property
    def dated(self) -> float:
        """The share of the values that are dates, "coming soon" left aside."""
        known = [value for value in self.values if not NO_DATE_YET.match(as_text(value))]
        return sum(parse_date(value) is not None for value in known) / max(1, len(known))

    @cached_property
    def separator(self) -> str:
        """What parts several labels in one cell, or nothing: a bar, a semicolon, or a comma between words met again."""
        likely = self.family is not None and self.family.several
        for separator in SEPARATORS:
            least = 0.05 if separator == "," else 0.02
            cells = [split(text, separator) for text in self.texts]
            several = [cell for cell in cells if len(cell) > 1]
            parts = [part for cell in several for part in cell]
            if (
                not several
                or sum(part.count(" ") + 1 for part in parts) > 5 * len(parts)
                or len(several) < least * len(cells)
            ):
                continue
            if separator != "," or (likely and not _surname_first(cells, several)) or _reused(cells, several):
                return separator
        return ""


def _surname_first(cells: list[list[str]], several: list[list[str]]) -> bool:
    """Whether commas part "Tolkien, J.R.R." rather than people."""
    pairs = [cell for cell in several if len(cell) == 2]
    return len(pairs) >= 0.8 * len(cells) and sum(" " not in cell[0] for cell in pairs) >= 0.7 * len(pairs)


def _reused(cells: list[list[str]], several: list[list[str]]) -> bool:
    """Whether the parts are labels: short, in varying number, and met again in other cells."""
    where: dict[str, set[str]] = {}
    for cell in cells:
        for part in cell:
            where.setdefault(part.casefold(), set()).add(" ".join(cell))
    parts = [part for cell in several for part in cell]
    met = sum(len(where[part.casefold()]) > 1 for part in parts)
    return len(several) > 1 and len({len(cell) for cell in cells}) > 1 and met >= 0.5 * len(parts)


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Column]:
    """Every column of the rows, in order of appearance, with a sample of its cells."""
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(row))
    sample = rows[:: max(1, len(rows) // SAMPLE)]
    return {name: Column(name, [row.get(name) for row in sample]) for name in found}
