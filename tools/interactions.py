"""Reads who liked what: a log with a user, an item and, where there are, a value and a time."""

from collections.abc import Sequence
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

_YES = frozenset(("true", "yes", "y", "t", "recommended", "like", "liked"))
_NO = frozenset(("false", "no", "n", "f", "not recommended", "dislike", "disliked"))


def read_interactions(
    path: Path, faults: list[Fault], noun: str = "item", header: Sequence[str] = ()
) -> list[Interaction]:
    """The interactions in a file; rows that cannot be used are added to the faults, with the file's name.

    Args:
        path: CSV, TSV, JSONL, Parquet or RecBole's `.inter`.
        faults: grows.
        noun: what an item is called, so that a column `book_id` is found.
        header: the columns' names, for files without a header line.

    Raises:
        ImportFailedError: the file cannot be read, or has no columns for user and item.
    """
    found: list[Interaction] = []
    user = item = value = time = ""
    for row in read_rows(path, header):
        if isinstance(row, Fault):
            faults.append(Fault(line=row.line, reason=f"{path.name}: {row.reason}"))
            continue
        if not user:
            columns = list(row.cells)
            user, item = _pick(columns, USERS), _pick(columns, (*ITEMS[:3], noun, f"{noun}_id", *ITEMS[3:]))
            item = item or next((name for name in columns if tokens(name)[-1:] == ("id",) and name != user), "")
            if not user or not item:
                listed = ", ".join(columns)
                raise ImportFailedError(
                    f"{path.name}: no columns for user and item among {listed}",
                    "Name them user_id and item_id; rating and timestamp may stand beside them.",
                )
            value, time = _pick(columns, VALUES), _pick(columns, TIMES)
        problem = _add(row, found, user, item, value, time)
        if problem:
            faults.append(Fault(line=row.line, reason=f"{path.name}: {problem}"))
    return found


def _pick(columns: Sequence[str], known: Sequence[str]) -> str:
    """The first column whose name is known, in the order of what is known; small differences in spelling aside."""
    spelled = {" ".join(tokens(name)): name for name in reversed(columns)}
    return next((spelled[phrase] for name in known if (phrase := " ".join(tokens(name))) in spelled), "")


def _add(row: Row, found: list[Interaction], user: str, item: str, value: str, time: str) -> str:
    """Add a row's interaction, or say what is wrong with it."""
    cells = row.cells
    who, what = as_text(cells.get(user)), as_text(cells.get(item))
    if not who or not what:
        return f"has no {user if not who else item}"
    amount = _amount(cells.get(value)) if value and not is_missing(cells.get(value)) else 1.0
    if amount is None:
        return f"{value}: {as_text(cells.get(value))[:60]!r} is no number and no yes or no"
    found.append(Interaction(user=who, item=what, value=amount, time=_seconds(cells.get(time)) if time else 0.0))
    return ""


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
