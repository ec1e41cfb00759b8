"""The files of histories: which log and model are current, how they are read, and how others take their place.

<home>/catalogues/<name>/history/CURRENT     which log and which model count, in one line
<home>/catalogues/<name>/history/log-…/      the interactions as columns, manifest.json
<home>/catalogues/<name>/history/model-…/    weights from item to item, manifest.json
<home>/catalogues/<name>/history/lock        held while these are being replaced
"""

import hashlib
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from .collaborative import Method, Model
from .errors import CorruptError
from .files import locked, reported, write_text
from .interaction_log import Log
from .storage import Home

_CURRENT = re.compile(r"(log-[0-9a-f-]+)(?: (model-[0-9a-f-]+))?")
_DAMAGES = (OSError, ValueError, EOFError, ValidationError)


class LogManifest(BaseModel):
    """What a log holds.

    Attributes:
        interactions: how many rows.
        users: how many users.
        items: how many items.
        written: when, seconds since 1970.
        changed: how often a log of this catalogue was added to or replaced since the first.
        forgotten: how many users were forgotten since the first.
    """

    model_config = ConfigDict(frozen=True)

    interactions: int
    users: int
    items: int
    written: float
    changed: int = 0
    forgotten: int = 0


class ModelManifest(BaseModel):
    """What a model was learnt from.

    Attributes:
        asked: the method that was asked for.
        method: the method that was used.
        half_life_days: after how many days an interaction counts half; 0 counts all alike.
        fitted: when, seconds since 1970.
        log: the log it was learnt from.
        catalogue: a hash of the ids of the catalogue's items then.
        items: how many items the model knows.
    """

    model_config = ConfigDict(frozen=True)

    asked: Method
    method: Literal["ease", "neighbours"]
    half_life_days: float
    fitted: float
    log: LogManifest
    catalogue: str
    items: int


@dataclass(frozen=True)
class History:
    """A catalogue's histories as they lie on disk.

    Attributes:
        folder: where.
        log: the interactions.
        about: what they are.
        model: what was learnt from them; None where nothing was yet.
        fitted: what that was learnt from.
    """

    log: Log
    about: LogManifest
    model: Model | None
    fitted: ModelManifest | None

    def stale(self, item_ids: Sequence[str], method: Method | None = None, half_life_days: float | None = None) -> str:
        """Why the model is out of date, in words; empty where it is not.

        Args:
            item_ids: the catalogue's items.
            method: what the settings say; not compared where None.
            half_life_days: what the settings say; not compared where None.
        """
        fitted, about = self.fitted, self.about
        if fitted is None:
            return "nothing was learnt from the interactions yet"
        reasons: list[str] = []
        if forgotten := about.forgotten - fitted.log.forgotten:
            reasons.append(f"{_number(forgotten, 'user was', 'users were')} forgotten since")
        if about.changed != fitted.log.changed:
            told = f"from {fitted.log.interactions:,} to {about.interactions:,}"
            reasons.append(f"interactions were added or replaced since ({told})")
        if fitted.catalogue != hash_of(item_ids):
            reasons.append("the catalogue's items changed since")
        if method is not None and fitted.asked != method:
            reasons.append(f"it was learnt with the method {fitted.asked}, and the settings say {method}")
        if half_life_days is not None and fitted.half_life_days != half_life_days:
            told = f"{fitted.half_life_days:g} days, and the settings say {half_life_days:g}"
            reasons.append(f"it was learnt with a half-life of {told}")
        return "; ".join(reasons)


def has_history(home: Home, name: str) -> bool:
    """Whether a catalogue has interactions."""
    return (folder_of(home, name) / "CURRENT").exists()


def open_history(home: Home, name: str) -> History | None:
    """A catalogue's histories, None where there are none.

    Raises:
        CorruptError: a file is damaged.
    """
    return _opened(home, name, _open)


def open_log(home: Home, name: str) -> History | None:
    """A catalogue's interactions without what was learnt from them, None where there are none.

    Raises:
        CorruptError: a file of the interactions is damaged.
    """
    return _opened(home, name, lambda folder, name, log, _: _open(folder, name, log, ""))


def last_about(home: Home, name: str) -> LogManifest | None:
    """The manifest of a log that may be damaged; None where it cannot be read."""
    folder = folder_of(home, name)
    try:
        return LogManifest.model_validate_json((folder / read_current(folder, name)[0] / "manifest.json").read_bytes())
    except (*_DAMAGES, CorruptError):
        return None


def hash_of(item_ids: Iterable[str]) -> str:
    """What changes when items come or go, whatever their order."""
    return hashlib.blake2b("\n".join(sorted(item_ids)).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def folder_of(home: Home, name: str) -> Path:
    """Where a catalogue's histories are."""
    return home.catalogue(name) / "history"


def names_with_history(home: Home) -> list[str]:
    """The catalogues that have or had histories."""
    return sorted(path.parent.name for path in (home.folder / "catalogues").glob("*/history") if path.is_dir())


def stamp_of(folder: Path) -> tuple[int, ...]:
    """What changes when another log or model takes its place; empty where there is none."""
    try:
        status = (folder / "CURRENT").stat()
    except FileNotFoundError:
        return ()
    return status.st_mtime_ns, status.st_ino


def _opened(home: Home, name: str, read: Callable[[Path, str, str, str], History]) -> History | None:
    folder = folder_of(home, name)
    while (folder / "CURRENT").exists():
        current = read_current(folder, name)
        try:
            return read(folder, name, *current)
        except CorruptError:
            if not (folder / "CURRENT").exists() or read_current(folder, name) == current:
                raise
        # Another took its place, and removed it, while it was being read.
    return None


def read_current(folder: Path, name: str) -> tuple[str, str]:
    """The names of the current log and model; the latter is empty where nothing was learnt yet.

    Raises:
        CorruptError: the file does not say.
    """
    try:
        found = _CURRENT.fullmatch((folder / "CURRENT").read_text(encoding="utf-8", errors="replace").strip())
    except OSError as fault:
        raise _damaged(name, "log", str(fault)) from fault
    if found is None:
        raise _damaged(name, "log", f"{folder / 'CURRENT'} names no log")
    return found[1], found[2] or ""


def _open(folder: Path, name: str, log: str, model: str) -> History:
    try:
        columns = Log.load(folder / log)
        about = LogManifest.model_validate_json((folder / log / "manifest.json").read_bytes())
        if len(columns) != about.interactions or len(columns.users) != about.users:
            raise ValueError(f"{len(columns)} interactions where there should be {about.interactions}")
    except _DAMAGES as fault:
        raise _damaged(name, "log", str(fault)) from fault
    if not model:
        return History(columns, about, None, None)
    try:
        learnt = Model.load(folder / model)
        fitted = ModelManifest.model_validate_json((folder / model / "manifest.json").read_bytes())
        if len(learnt.ids) != fitted.items:
            raise ValueError(f"{len(learnt.ids)} items where there should be {fitted.items}")
    except _DAMAGES as fault:
        raise _damaged(name, "model", str(fault)) from fault
    return History(columns, about, learnt, fitted)


def _damaged(name: str, part: Literal["log", "model"], why: str) -> CorruptError:
    if part == "model":
        return CorruptError(
            f"What was learnt from the interactions of the catalogue {name!r} is damaged: {why}",
            f"`convrec interactions fit --catalogue {name}` learns it anew.",
        )
    return CorruptError(
        f"The interactions of the catalogue {name!r} are damaged: {why}",
        f"Import them again: `convrec interactions import FILE --catalogue {name} --replace`.",
    )


@contextmanager
def writing(home: Home, name: str) -> Iterator[Path]:
    """The folder, locked; what is not current is removed at the end, also of a process that was killed before.

    Raises:
        BusyError: another process is writing.
        StoreError: the data folder cannot be written.
    """
    folder = folder_of(home, name)
    with locked(folder / "lock", "writing interactions"):
        try:
            yield folder
        finally:
            for left in leftovers(folder, name):
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def leftovers(folder: Path, name: str) -> list[Path]:
    """What is neither the current log nor the current model; nothing where that cannot be told."""
    try:
        current = read_current(folder, name) if (folder / "CURRENT").exists() else ()
    except CorruptError:
        return []
    return [path for path in folder.glob("*") if path.name not in ("CURRENT", "lock", *current)]


def write_log(folder: Path, log: Log, about: LogManifest) -> str:
    """Write a log beside the current one; its name."""
    return _write(folder, "log", about, log.save)


def write_model(folder: Path, model: Model, fitted: ModelManifest) -> str:
    """Write a model beside the current one; its name."""
    return _write(folder, "model", fitted, model.save)


def _write(folder: Path, what: str, manifest: BaseModel, save: Callable[[Path], None]) -> str:
    draft = folder / f"{what}-{int(time.time())}-{uuid.uuid4().hex[:6]}"
    with reported(folder):
        draft.mkdir(parents=True)
        save(draft)
        (draft / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    return draft.name


def publish(folder: Path, log: str, model: str) -> None:
    """Make a log and a model the current ones, in one step."""
    write_text(folder / "CURRENT", f"{log} {model}".strip())


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
