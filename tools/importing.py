"""Reads a catalogue: a table, others joined to it and a log of interactions become items, a schema and faults."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cells import SEPARATORS, as_labels, as_paragraphs, as_text, is_missing
from .errors import ImportFailedError, SchemaError
from .inference import infer_schema
from .interactions import read_interactions
from .items import AttributeValue, Interaction, Item
from .joining import join_tables
from .movielens import is_movielens, read_movielens, tidy_films
from .numbers_and_dates import NO_DATE_YET, parse_date, parse_minutes, parse_number
from .profiles import YES_NO, Column, columns_of
from .reading import Fault, Row, read_rows
from .schema import Attribute, Schema

_VOLUME = re.compile(r"(.*\S)\s*\([^()]*#\s*\d[^()]*\)")  # "The Hunger Games (The Hunger Games, #1)"
_LINK = re.compile(r"(?:https?:)?//\S+|www\.\S+")


@dataclass(frozen=True)
class Imported:
    """What a catalogue's files hold.

    Attributes:
        items: every item that could be used, in the file's order.
        schema: the schema given, or else the one inferred.
        faults: rows that were left out, and values that were, in the order in which they were met.
        interactions: who liked what, of items in this catalogue only.
    """

    items: list[Item]
    schema: Schema
    faults: list[Fault]
    interactions: list[Interaction]


def read_catalogue(
    path: Path,
    schema: Schema | None = None,
    name: str = "",
    joins: Sequence[Path] = (),
    interactions: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Imported:
    """Read a catalogue from a file, or from a MovieLens folder. Nothing is written.

    Args:
        path: the table of items, or a folder in MovieLens' layout.
        schema: what the columns mean; inferred where None.
        name: the catalogue's name, which tells what its items are called; the file's name where empty.
        joins: more tables, each sharing a column with the items or with an earlier one.
        interactions: a log of users' reactions.
        on_progress: told how many rows have been read so far, every thousand rows and at the end.

    Raises:
        ImportFailedError: a file cannot be read, no title is to be found, or no row can be used.
        SchemaError: the schema names columns that the file does not have.
    """
    log: list[Interaction] = []
    faults: list[Fault] = []
    if path.is_dir():
        films = read_movielens(path)
        rows, log, schema = films.rows, films.interactions, schema or films.schema
        faults.extend(films.faults)
        if on_progress is not None:
            on_progress(len(rows))
    else:
        rows = list(_counted(_good(read_rows(path), faults), on_progress))
        if not rows:
            raise _nothing_usable(path, faults)
        if is_movielens(rows[0].cells):
            tidy_films(rows)
    rows = join_tables(rows, joins, faults)
    table = [row.cells for row in rows]
    schema = schema or infer_schema(table, f"{path.stem} {name}")
    items = list(_items(rows, columns_of(table), schema, faults))
    if not items:
        raise _nothing_usable(path, faults)
    if interactions is not None:
        log = [*log, *read_interactions(interactions, faults, schema.noun)]
    return Imported(items, schema, faults, _of_known(log, items, faults))


def _good(rows: Iterable[Row | Fault], faults: list[Fault]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, Fault):
            faults.append(row)
        else:
            yield row


def _counted(rows: Iterable[Row], on_progress: Callable[[int], None] | None) -> Iterator[Row]:
    number = 0
    for number, row in enumerate(rows, start=1):
        if on_progress is not None and number % 1000 == 0:
            on_progress(number)
        yield row
    if on_progress is not None and number % 1000:
        on_progress(number)


def _nothing_usable(path: Path, faults: list[Fault]) -> ImportFailedError:
    first = f" The first: line {faults[0].line}: {faults[0].reason}." if faults else ""
    return ImportFailedError(
        f"{path.name}: no row can be used.{first}", "A catalogue needs a row per item, each with at least a title."
    )


def _items(rows: list[Row], columns: dict[str, Column], schema: Schema, faults: list[Fault]) -> Iterator[Item]:
    """The items in the rows, each id once; what is wrong is added to the faults."""
    _check_columns(schema, columns)
    source = schema.source
    readers = [(attribute, columns[attribute.name], _separator(attribute, columns)) for attribute in schema.attributes]
    seen: dict[str, int] = {}
    make_id = _IdMaker()
    for row in rows:
        cells = row.cells
        title = as_text(cells.get(source.title))[:1000]
        key = as_text(cells.get(source.id)) if source.id else make_id(row, title)
        reason = _unusable(key, title, seen)
        if reason:
            faults.append(Fault(line=row.line, reason=reason))
            continue
        attributes: dict[str, AttributeValue] = {}
        for attribute, column, separator in readers:
            cell = cells.get(attribute.name)
            if is_missing(cell):
                continue
            value = _value(cell, attribute, column, separator)
            if value is not None:
                attributes[attribute.name] = value
            elif attribute.kind == "number" or (attribute.kind == "date" and not NO_DATE_YET.match(as_text(cell))):
                reason = f"{attribute.name}: {as_text(cell)[:60]!r} is no {attribute.kind}; left unknown"
                faults.append(Fault(line=row.line, reason=reason))
        item = Item(
            id=key,
            title=title,
            text="\n".join(filter(None, (_prose(cells.get(name)) for name in source.text))),
            aliases=_aliases(cells, source.aliases, title),
            attributes=attributes,
            url=_address(cells.get(source.url)),
            image=_address(cells.get(source.image)),
        )
        seen[key] = row.line
        yield item


def _check_columns(schema: Schema, columns: Mapping[str, Column]) -> None:
    source = schema.source
    asked = (source.title, source.id, source.url, source.image, *source.text, *source.aliases)
    hint = f"The columns are: {', '.join(list(columns)[:40])}."
    if not source.title:
        raise SchemaError("The schema names no title: [source] title is empty", hint)
    for name in (*filter(None, asked), *(attribute.name for attribute in schema.attributes)):
        if name not in columns:
            raise SchemaError(f"The schema speaks of a column {name!r} that the file does not have", hint)


def _separator(attribute: Attribute, columns: Mapping[str, Column]) -> str:
    """What parts several values in one cell; where someone said that there are several, the slightest sign will do."""
    column = columns[attribute.name]
    if attribute.kind != "category" or not attribute.many:
        return ""
    together = "".join(column.texts)
    return column.separator or next((mark for mark in SEPARATORS if mark in together), "")


def _unusable(key: str, title: str, seen: Mapping[str, int]) -> str:
    if not title:
        return "has no title"
    if not key:
        return "has no id"
    if len(key) > 200:
        return f"its id has {len(key)} characters, more than 200"
    return f"its id {key!r} stands already on line {seen[key]}" if key in seen else ""


class _IdMaker:
    """Makes ids from titles: "the-matrix", and "the-matrix-2" for the second of that title."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: Counter[str] = Counter()
        self._first: dict[str, tuple[Row, str]] = {}

    def __call__(self, row: Row, title: str) -> str:
        """An id that no other row has; a row that repeats another in every cell is given that one's id."""
        slug = "-".join(re.findall(r"[^\W_]+", title.lower()))[:180] or "item"
        if slug in self._first and self._first[slug][0].cells == row.cells:
            return self._first[slug][1]
        while True:
            self._numbers[slug] += 1
            number = self._numbers[slug]
            key = slug if number == 1 else f"{slug}-{number}"
            if key not in self._taken:
                break
        self._taken.add(key)
        self._first.setdefault(slug, (row, key))
        return key


def _value(cell: Any, attribute: Attribute, column: Column, separator: str) -> AttributeValue | None:
    """A cell as the schema says, or None where it does not fit."""
    if attribute.kind == "number":
        lasts = attribute.measure == "duration" and column.lasting > 0.3
        number = parse_minutes(cell) if lasts else None
        return number if number is not None else parse_number(cell, column.decimal)
    if attribute.kind == "date":
        return parse_date(cell, day_first=column.day_first)
    if attribute.kind == "text":
        return as_text(cell) or None
    labels = as_labels(cell, separator)
    if column.flags:
        labels = tuple(YES_NO.get(label.lower(), label) for label in labels)
    return (labels if attribute.many or len(labels) < 2 else (", ".join(labels),)) or None


def _prose(cell: Any) -> str:
    return "" if is_missing(cell) else as_paragraphs(cell)


def _aliases(cells: Mapping[str, Any], names: Sequence[str], title: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in names:
        for alias in as_labels(cells.get(name)) if not is_missing(cells.get(name)) else ():
            found.setdefault(alias.casefold(), alias)
    if volume := _VOLUME.fullmatch(title):
        found.setdefault(volume[1].casefold(), volume[1])
    found.pop(title.casefold(), None)
    return tuple(found.values())


def _address(cell: Any) -> str:
    """A cell as an address; the first of several; empty where it is none that a browser should open."""
    text = next(iter(as_labels(cell)), "") if not is_missing(cell) else ""
    if text.startswith("//"):
        return f"https:{text}"
    if text.startswith("www."):
        return f"https://{text}"
    return text if _LINK.fullmatch(text) else ""


def _of_known(log: list[Interaction], items: list[Item], faults: list[Fault]) -> list[Interaction]:
    """The interactions with items of the catalogue; one fault says how many others there were."""
    known = {item.id for item in items}
    kept = [one for one in log if one.item in known]
    if len(kept) < len(log):
        strangers = len({one.item for one in log} - known)
        reason = f"{len(log) - len(kept)} interactions speak of {strangers} items that the catalogue does not have"
        faults.append(Fault(line=0, reason=reason))
    return kept
