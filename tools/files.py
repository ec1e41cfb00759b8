"""Writing to disk so that a reader, or a crash, sees the old or the new and nothing between."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import BusyError, ReadOnlyError, StoreError

_HINT = "Choose another data folder with CONVREC_HOME, or free space and permissions in this one."


@contextlib.contextmanager
def reported(folder: Path) -> Iterator[None]:
    """Turn the system's faults about a folder into ours.

    Raises:
        ReadOnlyError: it cannot be written.
        StoreError: it is full, or the disk failed.
    """
    try:
        yield
    except (PermissionError, FileExistsError, NotADirectoryError) as fault:
        raise ReadOnlyError(f"The data folder {folder} cannot be written: {fault.strerror}.", _HINT) from fault
    except OSError as fault:
        if fault.errno == 30:
            raise ReadOnlyError(f"The data folder {folder} is read-only.", _HINT) from fault
        if fault.errno in (28, 122):
            raise StoreError(f"The disk of the data folder {folder} is full.", _HINT) from fault
        raise StoreError(f"The data folder {folder} cannot be used: {fault}", _HINT) from fault


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step.

    Raises:
        StoreError: the folder cannot be written.
    """
    with reported(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """A draft folder that takes `path`'s place when the block ends, and vanishes if it fails.

    Raises:
        StoreError: the folder cannot be written.
    """
    with reported(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            yield draft
            if path.exists():
                shutil.rmtree(path)
            draft.replace(path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """Hold a lock file, so that one process writes at a time.

    Raises:
        BusyError: another process holds it.
        StoreError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    with reported(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout as fault:
            raise BusyError(
                f"Another process is {doing} in {path.parent}.", "Wait until it has finished, then try again."
            ) from fault
        try:
            yield
        finally:
            lock.release()
