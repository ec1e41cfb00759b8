"""The folder of a run: what was asked for, every record as soon as it is there, and what was measured.

<run>/config.json          what was run, with the seed and the versions of everything that counts
<run>/goals.jsonl          the goals of a simulation; another run can have the same
<run>/transcripts.jsonl    a dialogue per line, or
<run>/rankings.jsonl       a ranking per line, of an offline protocol, or
<run>/sessions.jsonl       a session of asking per line
<run>/metrics.json         what was measured, per system
<run>/report.html          for people

A record is written whole, in one step, when it ends. A run that was killed loses what was being worked on, and goes on with
the rest when it is resumed; a line that was cut off is dropped then.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Self, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from ..tools.errors import CorruptError, InputError
from ..tools.files import locked, reported, write_text
from .nouns import SystemMetrics

Record = TypeVar("Record", bound=BaseModel)
Config = TypeVar("Config", bound=BaseModel)

CONFIG, METRICS, GOALS, REPORT = "config.json", "metrics.json", "goals.jsonl", "report.html"
TRANSCRIPTS, RANKINGS, SESSIONS = "transcripts.jsonl", "rankings.jsonl", "sessions.jsonl"


class RunFolder(Generic[Record]):
    """A run's folder, open for writing; one process writes at a time.

    Args:
        path: the folder; made where it is missing.
        file: what its records' file is called.
        record: what they are.
    """

    def __init__(self, path: Path, file: str, record: type[Record]) -> None:
        self.path = path
        self._records = path / file
        self._record = record
        self._descriptor = -1

    @contextmanager
    def writing(self) -> Iterator[Self]:
        """Hold the folder, and drop a record that was cut off.

        Raises:
            BusyError: another process is at this run.
            StoreError: the folder cannot be written.
        """
        with locked(self.path / "run.lock", "at this run"):
            with reported(self.path):
                self._open()
                os.ftruncate(self._descriptor, whole_length(self._records))
            try:
                yield self
            finally:
                with reported(self.path):
                    os.fsync(self._descriptor)
                os.close(self._descriptor)
                self._descriptor = -1

    def add(self, record: Record) -> None:
        """Write a record; it outlives the process from then on.

        Raises:
            StoreError: the disk is full or cannot be written; nothing of the record is left in the file.
        """
        line = memoryview(record.model_dump_json().encode() + b"\n")
        with reported(self.path):
            start = os.fstat(self._descriptor).st_size
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                os.ftruncate(self._descriptor, start)
                raise

    def arrange(self, place: Callable[[Record], int | None]) -> None:
        """Put the records in order of their places, in one step; those without a place are dropped.

        Raises:
            CorruptError: a record is damaged.
            StoreError: the folder cannot be written.
        """
        start, pieces = 0, list[_Piece]()
        for line in _read_lines(self._records, self._record):
            pieces.append(_Piece(place(line.record), start, line.length))
            start += line.length
        kept = sorted((p for p in pieces if p.place is not None), key=lambda p: p.place or 0)
        if kept == pieces:
            return
        draft = self._records.with_suffix(".draft")
        with reported(self.path):
            try:
                with self._records.open("rb") as old, draft.open("wb") as new:
                    for piece in kept:
                        old.seek(piece.start)
                        new.write(old.read(piece.length))
                    new.flush()
                    os.fsync(new.fileno())
                draft.replace(self._records)
            finally:
                draft.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._open()

    def _open(self) -> None:
        self._descriptor = os.open(self._records, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)

    def records(self) -> Iterator[Record]:
        """The records so far, one by one."""
        return read_records(self._records, self._record)


def whole_length(path: Path) -> int:
    """How many bytes of a file are whole lines."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while size:
            start = max(size - 65_536, 0)
            file.seek(start)
            piece = file.read(size - start)
            if (end := piece.rfind(b"\n")) >= 0:
                return start + end + 1
            size = start
    return 0


def read_records(path: Path, record: type[Record]) -> Iterator[Record]:
    """The records in a file, one by one; a last line that was cut off is passed over.

    Raises:
        CorruptError: a line is no such record.
    """
    return (one.record for one in _read_lines(path, record))


@dataclass(frozen=True)
class _Line(Generic[Record]):
    record: Record
    length: int


@dataclass(frozen=True)
class _Piece:
    """Where a record lies in its file, and where it should."""

    place: int | None
    start: int
    length: int


def _read_lines(path: Path, record: type[Record]) -> Iterator[_Line[Record]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield _Line(record.model_validate_json(line), len(line))
            except ValidationError as fault:
                raise CorruptError(
                    f"{path}, line {number}, is damaged: {fault.errors()[0]['msg']}.",
                    "Take the line out, and run it again with --resume.",
                ) from fault


def write_records(path: Path, records: Iterable[BaseModel]) -> None:
    """Write a file of records, a line each, in one step."""
    write_text(path, "".join(f"{one.model_dump_json()}\n" for one in records))


class _Kind(BaseModel):
    """What the config of every kind of run has."""

    kind: Literal["simulate", "evaluate"]


def write_config(folder: Path, config: BaseModel) -> None:
    """Write what was asked for."""
    write_text(folder / CONFIG, config.model_dump_json(indent=2) + "\n")


def read_config(folder: Path, config: type[Config]) -> Config:
    """What was asked for in a run.

    Raises:
        InputError: the folder is no run, or one of another kind or version.
    """
    try:
        return config.model_validate_json((folder / CONFIG).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as fault:
        raise InputError(
            f"{folder} is not the folder of a run: it has no {CONFIG}.",
            "Name the folder that a run printed at its end.",
        ) from fault
    except (OSError, ValueError) as fault:
        kind, wanted = _kind(folder), config.model_fields["kind"].default if "kind" in config.model_fields else ""
        if kind and wanted and kind != wanted:
            raise InputError(
                f"{folder} is a run of another kind: {kind}, not {wanted}.", f"Go on with it by {kind} --resume."
            ) from fault
        raise InputError(
            f"{folder / CONFIG} cannot be read: {str(fault).splitlines()[0]}.",
            "It is damaged, or of another version of convrec.",
        ) from fault


def _kind(folder: Path) -> str:
    """What kind of run a folder's config says it is; empty where it says nothing that can be read."""
    try:
        return _Kind.model_validate_json((folder / CONFIG).read_bytes()).kind
    except (OSError, ValueError):
        return ""


def write_metrics(folder: Path, metrics: Sequence[SystemMetrics]) -> None:
    """Write what was measured."""
    dumped = orjson.dumps([m.model_dump() for m in metrics], option=orjson.OPT_INDENT_2)
    write_text(folder / METRICS, dumped.decode() + "\n")
