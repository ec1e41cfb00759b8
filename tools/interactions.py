"""Reads who liked what: a log with a user, an item and, where there are, a value and a time."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from .cells import as_text, is_missing
from .column_names import tokens
from .errors import ImportFailedError
from .items import Interaction
from .numbers_and_dates import parse_date, parse_number
from .reading import Fault, Row, read_rows

USERS = (
    "user",
    "user_id",
    "userid",
    "uid",
    "customer",
    "customer_id",
    "reviewer",
    "reviewer_id",
    "member",
    "account",
    "visitor",
)
ITEMS = ("item", "item_id", "itemid", "iid", "product", "product_id", "sku", "parent_asin", "asin", "article_id", "id")
VALUES = (
    *(
        "rating",
        "score",
        "star",
        "stars",
        "overall",
        "recommend",
        "recommended",
        "is_recommended",
        "liked",
        "like",
        "value",
    ),
    *(
        "plays",
        "play_count",
        "playcount",
        "listens",
        "weight",
        "count",
        "hours",
        "playtime",
        "playtime_forever",
        "quantity",
    ),
)
TIMES = (
    *("timestamp", "time", "unix_review_time", "unixreviewtime", "date", "datetime", "created_at", "timestamp_ms"),
    *("review_date", "posted", "posted_year", "year"),
)

_ORDER = ("user_id", "item_id", "rating", "timestamp")
_YES = frozenset(("true", "yes", "y", "t", "recommended", "like", "liked"))
_NO = frozenset(("false", "no", "n", "f", "not recommended", "dislike", "disliked"))


def read_interactions(
    path: Path, faults: list[Fault], noun: str = "item", header: Sequence[str] = ()
) -> list[Interaction]:
    """The interactions in a file, as `each_interaction` finds them."""
    return list(each_interaction(path, faults, noun, header))


def each_interaction(
    path: Path, faults: list[Fault], noun: str = "item", header: Sequence[str] = ()
) -> Iterator[Interaction]:
    """The interactions in a file, one by one; rows that cannot be used are added to the faults, with the file's name.

    Args:
        path: CSV, TSV, JSONL, Parquet, RecBole's `.inter`, or a MovieLens folder, whose ratings are read. A file of numbers
            without a header line holds user, item, value and time in this order; the last two may be missing.
        faults: grows.
        noun: what an item is called, so that a column `book_id` is found.
        header: the columns' names, for files without a header line.

    Raises:
        ImportFailedError: the file cannot be read, or has no columns for user and item.
    """
    if path.is_dir():
        ratings = sorted([*path.glob("ratings*.csv"), *path.glob("ratings*.dat")])
        if not ratings:
            raise ImportFailedError(f"{path}: no ratings.csv or ratings.dat in this folder", "Name the file itself.")
        for file in ratings:
            yield from each_interaction(file, faults, "movie", _ORDER if file.suffix == ".dat" else ())
        return
    columns: _Columns | None = None
    for row in read_rows(path, header):
        if isinstance(row, Fault):
            faults.append(Fault(line=row.line, reason=f"{path.name}: {row.reason}"))
            continue
        columns = columns or _find_columns(path, list(row.cells), noun)
        found = _interaction(row, columns)
        if isinstance(found, Interaction):
            yield found
        else:
            faults.append(Fault(line=row.line, reason=f"{path.name}: {found}"))


@dataclass(frozen=True)
class _Columns:
    """Which columns hold what; value and time may be nowhere."""

    user: str
    item: str
    value: str
    time: str


def _find_columns(path: Path, columns: Sequence[str], noun: str) -> _Columns:
    if 2 <= len(columns) <= 4 and all(name == f"column_{number}" for number, name in enumerate(columns, 1)):
        return _Columns(*(*columns, "", "")[:4])
    user, item = _pick(columns, USERS), _pick(columns, (*ITEMS[:3], noun, f"{noun}_id", *ITEMS[3:]))
    item = item or next((name for name in columns if tokens(name)[-1:] == ("id",) and name != user), "")
    if not user or not item:
        listed = ", ".join(columns)
        raise ImportFailedError(
            f"{path.name}: no columns for user and item among {listed}",
            "Name them user_id and item_id; rating and timestamp may stand beside them.",
        )
    return _Columns(user, item, _pick(columns, VALUES), _pick(columns, TIMES))


def _pick(columns: Sequence[str], known: Sequence[str]) -> str:
    """The first column whose name is known, in the order of what is known; small differences in spelling aside."""
    spelled = {" ".join(tokens(name)): name for name in reversed(columns)}
    return next((spelled[phrase] for name in known if (phrase := " ".join(tokens(name))) in spelled), "")


def _interaction(row: Row, columns: _Columns) -> Interaction | str:
    """A row's interaction, or what is wrong with it."""
    cells, value = row.cells, columns.value
    who, what = as_text(cells.get(columns.user)), as_text(cells.get(columns.item))
    if not who or not what:
        return f"has no {columns.item if who else columns.user}"
    amount = _amount(cells.get(value)) if value and not is_missing(cells.get(value)) else 1.0
    if amount is None or not math.isfinite(amount):
        return f"{value}: {as_text(cells.get(value))[:60]!r} is no number and no yes or no"
    time = _seconds(cells.get(columns.time)) if columns.time else 0.0
    return Interaction(user=who, item=what, value=amount, time=time)


def _amount(cell: Any) -> float | None:
    if isinstance(cell, (bool, int, float)):
        return float(cell)
    word = as_text(cell).lower()
    return 1.0 if word in _YES else 0.0 if word in _NO else parse_number(cell)


def _seconds(cell: Any) -> float:
    """A time as seconds since 1970; 0 where it cannot be told."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=cell.tzinfo or UTC).timestamp()
    if is_missing(cell):
        return 0.0
    number = None if isinstance(cell, date) else parse_number(cell)
    if number is not None and number > 1e5:
        return number / 1000 if number > 1e11 else number
    iso = parse_date(cell)
    if iso is None or iso.startswith("-"):
        return 0.0
    year, month, day = (*map(int, iso.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=UTC).timestamp()
