"""Reads the rows of a CSV, JSON or Parquet file one by one, each with its line; a bad row is a fault, not an end."""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import orjson
import pyarrow
import pyarrow.parquet
from pydantic import BaseModel, ConfigDict

from .errors import ImportFailedError

DELIMITED = (".csv", ".tsv", ".tab", ".txt", ".dat", ".inter", ".item")
JSON = (".jsonl", ".ndjson", ".json")
PARQUET = (".parquet", ".pq")
READABLE = (*DELIMITED, *JSON, *PARQUET)
"""Suffixes that `read_rows` knows; all but Parquet may be followed by `.gz`."""

_TYPED = (".inter", ".item")  # RecBole's: tabs, no quotes, headers such as `user_id:token`
_WHAT_WORKS = "A catalogue is a CSV, TSV, JSONL, JSON or Parquet file (a spreadsheet can be saved as CSV)."


class Fault(BaseModel):
    """A row that could not be used, or only in part.

    Attributes:
        line: where it begins in the file, counted from 1 (in Parquet: the number of the row).
        reason: what is wrong with it, for people; begins with the file's name where it is not the items' own file.
    """

    model_config = ConfigDict(frozen=True)

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: column name -> what stands there: text in CSV, any JSON or Arrow value elsewhere."""

    line: int
    cells: dict[str, Any]


def read_rows(path: Path, header: Sequence[str] = ()) -> Iterator[Row | Fault]:
    """The rows of a file in order, read as they are asked for.

    Args:
        path: a file with one of the suffixes in `READABLE`.
        header: the columns' names, for delimited files without a header line.

    Raises:
        ImportFailedError: the file is missing, empty, of an unknown kind or not what its suffix says.
    """
    suffix = _suffix(path)
    if suffix not in READABLE:
        raise ImportFailedError(
            f"{path.name}: cannot tell how to read a file ending in {suffix or 'nothing'}", _WHAT_WORKS
        )
    try:
        head = _head(path)
    except FileNotFoundError as error:
        raise ImportFailedError(
            f"{path}: no such file", "Check the path; it is taken from the current folder."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailedError(f"{path}: cannot be read ({error})", "Give a file that this user may read.") from error
    if not head.strip():
        raise ImportFailedError(f"{path.name}: the file is empty", "Give a file with a header and a row per item.")
    if suffix in PARQUET:
        return _parquet_rows(path)
    if _is_binary(head):
        raise ImportFailedError(f"{path.name}: this is no text, whatever its name says", _WHAT_WORKS)
    rows = _json_rows(path) if suffix in JSON else _delimited_rows(path, suffix, header)
    return _with_read_errors(path, rows)


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def _head(path: Path) -> bytes:
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        return file.read(8192)


def _is_binary(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"SQLite format 3", b"PAR1")):
        return True
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return controls > 4 and controls > 0.03 * len(head)


def _as_windows_wrote_it(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("convrec.cp1252", _as_windows_wrote_it)


def _open_text(path: Path) -> TextIO:
    """UTF-8 with or without its mark, or UTF-16 with one; bytes that are not UTF-8 are read as Latin-1 (Windows')."""
    file = gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115 - closed by its wrapper
    encoding = "utf-16" if _head(path).startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return io.TextIOWrapper(file, encoding=encoding, errors="convrec.cp1252", newline="")


def _with_read_errors(path: Path, rows: Iterator[Row | Fault]) -> Iterator[Row | Fault]:
    try:
        yield from rows
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailedError(
            f"{path.name}: reading broke off ({error})", "Copy or download the file again."
        ) from error


class _Lines:
    """A text's lines, of which the latest record's can be handed out once more."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _delimited_rows(path: Path, suffix: str, header: Sequence[str]) -> Iterator[Row | Fault]:
    with _open_text(path) as text:
        delimiter = "\t" if suffix in _TYPED else _delimiter(list(islice(text, 50)))
    with _open_text(path) as text:
        lines = _Lines(iter(text))
        columns = list(header)
        begin = 1
        for record in _records(lines, delimiter, quotes=suffix not in _TYPED):
            line, begin = begin, begin + len(lines.taken)
            lines.taken.clear()
            if isinstance(record, str):
                yield Fault(line=line, reason=record)
                continue
            if not record or record == [""]:
                continue
            if not columns:
                columns, is_header = _columns(record, typed=suffix in _TYPED)
                if is_header:
                    continue
            yield _row(line, columns, record)


def _records(lines: _Lines, delimiter: str, *, quotes: bool) -> Iterator[list[str] | str]:
    """A record's fields, or what is wrong with it; a quote that is never closed costs its own line only."""
    if delimiter == "::":
        yield from (line.rstrip("\r\n").split("::") if line.strip() else [] for line in lines)
        return
    if not quotes:
        yield from csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.put_back_all_but_first()
            record = _lenient(lines.taken[0], delimiter) or f"not CSV: {error}"
        yield record


def _lenient(line: str, delimiter: str) -> list[str] | None:
    """A line whose quotes are only untidy, such as `1,"Weird Al" Yankovic`; None where one is left open."""
    if line.count('"') % 2:
        return None
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return None


def _delimiter(sample: list[str]) -> str:
    if sum("::" in line for line in sample) > len(sample) / 2:
        return "::"
    best, best_score = ",", (0.0, 1)
    for delimiter in ("\t", ",", ";", "|"):
        try:
            records = [record for record in csv.reader(sample, delimiter=delimiter) if record]
        except csv.Error:
            continue
        width = len(records[0]) if records else 0
        # The last record may be cut off where the sample ends.
        whole = records[:-1] or records
        score = (round(sum(len(record) == width for record in whole) / max(1, len(whole)), 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _columns(record: list[str], *, typed: bool) -> tuple[list[str], bool]:
    """The columns' names, and whether the record is a header at all: one without a letter is data."""
    is_header = any(character.isalpha() for field in record for character in field)
    columns: list[str] = []
    for number, field in enumerate(record, start=1):
        name = " ".join((field.partition(":")[0] if typed else field).split()) if is_header else ""
        name = name or f"column_{number}"
        columns.append(name if name not in columns else f"{name}_{number}")
    return columns, is_header


def _row(line: int, columns: list[str], record: list[str]) -> Row | Fault:
    if any("\0" in field for field in record):
        return Fault(line=line, reason="holds a NUL character")
    if len(record) < len(columns) or any(field.strip() for field in record[len(columns) :]):
        return Fault(line=line, reason=f"has {len(record)} fields where the header has {len(columns)}")
    return Row(line, dict(zip(columns, record, strict=False)))


def _json_rows(path: Path) -> Iterator[Row | Fault]:
    with _open_text(path) as text:
        begun = False
        for line, words in enumerate(text, start=1):
            opening = words.strip()
            if not opening:
                continue
            if not begun and opening.startswith("["):
                yield from _array_rows(words + text.read(), line)
                return
            if not begun and opening == "{":
                raise ImportFailedError(
                    f"{path.name}: one JSON object over many lines, not a list of items",
                    "Put the items into an array, or each on its own line.",
                )
            begun = True
            yield _json_row(words, line)


def _json_row(words: str, line: int) -> Row | Fault:
    try:
        value = orjson.loads(words)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(words)  # knows NaN, which pandas writes
        except (ValueError, RecursionError) as error:
            return Fault(line=line, reason=f"not JSON: {error}")
    return _as_row(value, line)


def _as_row(value: Any, line: int) -> Row | Fault:
    if not isinstance(value, dict):
        return Fault(line=line, reason=f"not an object but {type(value).__name__}")
    return Row(line, value)


def _array_rows(text: str, line: int) -> Iterator[Row | Fault]:
    """The elements of an array, each with the line on which it begins; one that is broken ends the reading."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    counted = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        line += text.count("\n", counted, at)
        counted = at
        if at < len(text) and text[at] == "]":
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield Fault(line=line, reason=f"not JSON, and nothing after it was read: {error}")
            return
        yield _as_row(value, line)


def _parquet_rows(path: Path) -> Iterator[Row | Fault]:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=4096):
                for cells in batch.to_pylist():
                    number += 1
                    yield Row(number, cells)
    except (pyarrow.ArrowException, OSError) as error:
        raise ImportFailedError(f"{path.name}: not a Parquet file ({error})", _WHAT_WORKS) from error
