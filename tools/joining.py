"""Joins further tables to the items' rows: one match adds columns, several make them lists."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cells import as_text, is_missing
from .errors import ImportFailedError
from .numbers_and_dates import parse_number
from .reading import Fault, Row, read_rows

MOST = 20
"""How many matches of an item are kept where the joined table counts them (the most counted)."""

_COUNTS = ("count", "n", "weight", "votes", "relevance", "score", "frequency")


class _Table:
    """A table to be joined: its rows by the key that it shares with its parent."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        self.stem = path.name.split(".")[0]
        self.rows: list[dict[str, Any]] = []
        for row in read_rows(path):
            if isinstance(row, Fault):
                faults.append(Fault(line=row.line, reason=f"{path.name}: {row.reason}"))
            else:
                self.rows.append(row.cells)
        if not self.rows:
            raise ImportFailedError(f"{path.name}: no row can be used", "A table to join has a header and rows.")
        self.columns = list(dict.fromkeys(column for cells in self.rows for column in cells))
        self.key = ""
        self.children: list[_Table] = []


def join_tables(rows: list[Row], paths: Sequence[Path], faults: list[Fault]) -> list[Row]:
    """The items' rows with the columns of other tables; the given rows are left as they are.

    Args:
        rows: the items' rows.
        paths: tables that share a column's name with the items, or else with an earlier table.
        faults: grows by the bad rows of the tables.

    Raises:
        ImportFailedError: a table cannot be read, or shares no column.
    """
    if not paths:
        return rows
    own = list(dict.fromkeys(column for row in rows for column in row.cells))
    tables: list[_Table] = []
    direct: list[_Table] = []
    for path in paths:
        table = _Table(path, faults)
        table.key = _shared_key(own, [row.cells for row in rows], table)
        if table.key:
            direct.append(table)
        else:
            _adopt(table, tables, own, path)
        tables.append(table)
    joined = [dict(row.cells) for row in rows]
    for table in direct:
        _merge(joined, _resolved(table), table, known=set(own))
    return [Row(row.line, cells) for row, cells in zip(rows, joined, strict=True)]


def _adopt(table: _Table, tables: list[_Table], own: list[str], path: Path) -> None:
    for parent in tables:
        table.key = _shared_key(parent.columns, parent.rows, table)
        if table.key:
            parent.children.append(table)
            return
    raise ImportFailedError(
        f"{path.name}: shares no column with the items or with an earlier table (it has {', '.join(table.columns)})",
        f"Rename the column that says which item a row belongs to as one of: {', '.join(own)}.",
    )


def _shared_key(columns: list[str], rows: list[dict[str, Any]], table: _Table) -> str:
    """The shared column with the most matching values; of equals, the first."""
    best, most = "", 0
    for name in columns:
        if name in table.columns:
            keys = {as_text(cells.get(name)) for cells in table.rows}
            matches = len(keys & {as_text(cells.get(name)) for cells in rows if not is_missing(cells.get(name))})
            if matches > most:
                best, most = name, matches
    return best


def _resolved(table: _Table) -> list[dict[str, Any]]:
    """A table's rows with the columns of the tables that hang on it, and without the keys that led there."""
    rows = [dict(cells) for cells in table.rows]
    for child in table.children:
        _merge(rows, _resolved(child), child, known=set(table.columns))
    links = {child.key for child in table.children} - {table.key}
    return [{name: value for name, value in cells.items() if name not in links} for cells in rows]


def _merge(rows: list[dict[str, Any]], others: list[dict[str, Any]], table: _Table, known: set[str]) -> None:
    """Add the columns of the matching rows to each row."""
    by_key: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for cells in others:
        by_key[as_text(cells.get(table.key))].append(cells)
    several = Counter(map(len, by_key.values())).keys() != {1}
    count = next((name for name in _COUNTS if several and name in table.columns), "")
    linking = {name for name in known & set(table.columns) if name == table.key or name.lower().endswith("id")}
    dropped = {*linking, count} if count else linking
    added = [name for name in dict.fromkeys(name for cells in others for name in cells) if name not in dropped]
    for cells in rows:
        matches = by_key.get(as_text(cells.get(table.key)), ())
        if count:
            matches = sorted(matches, key=lambda match: -(parse_number(match.get(count)) or 0))[:MOST]
        for name in added:
            values = [match[name] for match in matches if not is_missing(match.get(name))]
            target = f"{table.stem}_{name}" if name in known else name
            cells[target] = values if several else (values[0] if values else None)
