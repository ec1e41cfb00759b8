"""A run as its reader needs it: what was run, what was measured, and its dialogues or rankings one by one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import orjson
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from ...tools.errors import CorruptError, InputError
from ..nouns import Dialogue, SystemMetrics
from ..offline.nouns import Ranking
from ..runs import CONFIG, METRICS, RANKINGS, SESSIONS, TRANSCRIPTS, read_records, whole_length

Record = TypeVar("Record", bound=BaseModel)

_METRICS = TypeAdapter(tuple[SystemMetrics, ...])
_AGAIN = "Go on with the run by --resume, which writes it again."
_NEW = "Mend it by hand, or run it again in another folder."


@dataclass(frozen=True)
class Records(Generic[Record]):
    """The records of a file, read from the start each time they are gone through; none is kept.

    Attributes:
        path: a file with a record per line; one that is missing holds none.
        kind: what they are.
    """

    path: Path
    kind: type[Record]

    def __iter__(self) -> Iterator[Record]:
        return read_records(self.path, self.kind)


@dataclass(frozen=True)
class RunData:
    """One run.

    Attributes:
        name: what it is called in a report.
        folder: where its files lie.
        config: what was asked for, as plain JSON.
        metrics: what was measured, per system.
        dialogues: what was said; gone through as often as needed.
        rankings: what was ranked, in an offline protocol.
        remarks: what a reader must know about how whole it is, a sentence each.
    """

    name: str
    folder: Path = Path()
    config: dict[str, JsonValue] = field(default_factory=dict)
    metrics: tuple[SystemMetrics, ...] = ()
    dialogues: Iterable[Dialogue] = ()
    rankings: Iterable[Ranking] = ()
    remarks: tuple[str, ...] = ()


def read_run(folder: Path) -> RunData:
    """A run from its folder. Dialogues and rankings are read when they are gone through.

    Raises:
        InputError: the folder is no run, or nothing has ended in it yet.
        CorruptError: its config or its metrics are damaged; a damaged record raises when it is reached.
    """
    config = _config(folder)
    transcripts, rankings = folder / TRANSCRIPTS, folder / RANKINGS
    files = [file for file in (transcripts, rankings, folder / SESSIONS) if file.is_file() and whole_length(file)]
    if not files:
        raise InputError(
            f"Nothing has ended in the run {folder} yet: it has no {TRANSCRIPTS}, {RANKINGS} or {SESSIONS}.",
            "Go on with it by --resume.",
        )
    metrics = _metrics(folder)
    cut = [file.name for file in files if whole_length(file) < file.stat().st_size]
    remarks = [f"The last line of {name} was cut off when the run was stopped; it is left out." for name in cut]
    if not metrics:
        remarks.append(f"Nothing has been measured yet: there is no {METRICS}. The run has not come to its end.")
    return RunData(
        name=str(config.get("name") or folder.resolve().name),
        folder=folder,
        config=config,
        metrics=metrics,
        dialogues=Records(transcripts, Dialogue),
        rankings=Records(rankings, Ranking),
        remarks=tuple(remarks),
    )


def _config(folder: Path) -> dict[str, JsonValue]:
    try:
        config = orjson.loads((folder / CONFIG).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as fault:
        what = "there is no such folder" if not folder.exists() else f"it has no {CONFIG}"
        raise InputError(
            f"{folder} is not the folder of a run: {what}.", "Name the folder that a run printed at its end."
        ) from fault
    except OSError as fault:
        raise InputError(f"{folder / CONFIG} cannot be read: {fault.strerror}.", "See to its permissions.") from fault
    except orjson.JSONDecodeError as fault:
        raise _damaged(folder / CONFIG, str(fault), _NEW) from fault
    if not isinstance(config, dict):
        raise _damaged(folder / CONFIG, "it holds no object", _NEW)
    return config


def _metrics(folder: Path) -> tuple[SystemMetrics, ...]:
    path = folder / METRICS
    if not path.exists():
        return ()
    try:
        return _METRICS.validate_json(path.read_bytes())
    except ValidationError as fault:
        raise _damaged(path, fault.errors()[0]["msg"], _AGAIN) from fault
    except OSError as fault:
        raise InputError(f"{path} cannot be read: {fault.strerror}.", "See to its permissions.") from fault


def _damaged(path: Path, why: str, hint: str) -> CorruptError:
    return CorruptError(f"{path} is damaged: {why}.", hint)
