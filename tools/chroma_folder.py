"""A folder with an embedded Chroma database, which processes use in turns and which a kill cannot break.

**Turns.** An embedded Chroma does not follow what other processes write. So whoever holds the file lock `turn` has the
folder to itself, with its client open, and keeps it until another process wants it. Who wants it holds the lock `next`
and waits for `turn`; the holder looks every fifth of a second whether `next` is held, and if so finishes the operations in
flight, closes its client and lets go. The system frees the locks of a process that dies, so nothing of it is in the way.

**No vector index.** Chroma saves a collection's index of vectors in files that a kill breaks, so that nothing of the
collection can be read any more, and that hold whatever else lay in the process's memory: words that were forgotten.
Our collections (`chroma_records.py`) have placeholders for vectors, and an index that is never saved; its files are removed
after each use and before each opening. The rest is one SQLite database. What Chroma would keep in its queue for the index
is cut by us.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import chroma_files
from .errors import BusyError, CorruptError, StoreError
from .files import reported
from .vectors import open_chroma

PATIENCE = 10.0
"""Seconds to wait for another process to hand the folder over."""

_GLANCE = 0.2
_INDEX_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# In bytes, and bytes of the disk for each one written: twice in the file, in the queue, and all of it in the log.
_ROOM, _ROOM_TO_DELETE, _GROWTH = 16_000_000, 4_000_000, 10
# Bytes of items; Chroma reads its whole queue at each write, 1 ms a megabyte.
_QUEUE = 1_000_000
_AGAIN = "Put a copy of the folder in its place, or begin anew with another."
_SPACE = "Free some space, or choose another data folder with CONVREC_HOME."
_SERVER = (
    "Wait until it has finished. Where processes need the memories all the time, run `chroma run --path FOLDER` and "
    "name its address in the setting memory.server."
)

log = logging.getLogger(__name__)

_folders: dict[Path, "ChromaFolder"] = {}
# A store that is collected as garbage lets go in the middle of anything, so the lock is one that a thread may take twice.
_attaching = threading.RLock()


class ChromaFolder:
    """A process's hold on a folder, shared by all who use the folder in this process.

    Args:
        path: the folder, without links.

    Attributes:
        patience: seconds to wait for another process to hand the folder over.
    """

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        self.path = path
        self._turn = FileLock(path / "turn.lock", thread_local=False, poll_interval=0.01)
        self._next = FileLock(path / "next.lock", thread_local=False, poll_interval=0.01)
        self.patience = PATIENCE
        self._changed = threading.Condition()
        self._users = 0
        self._inside = 0
        self._leaving = False
        self._tidying = False
        self._client: Any = None
        self._faulty: Any = None
        self._closed = threading.Event()
        self._foreign: set[str] = set()
        self._queued = 0
        self._handed_over = 0.0

    @contextmanager
    def using(self) -> Iterator[Any]:
        """The folder's Chroma client, for the length of the block; a thread must not open a second block in it.

        Raises:
            BusyError: another process does not hand the folder over.
            CorruptError: its files are damaged.
            StoreError: it cannot be used.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._leaving and not self._tidying)
            if self._client is None:
                self._open()
            self._inside += 1
            client = self._client
        try:
            yield client
        except StoreError:
            # After a fault Chroma may hold a lock that it does not let go of, so its client is closed.
            self._faulty = client
            raise
        finally:
            with self._changed:
                self._inside -= 1
                self._tidy()
                if not self._inside and self._faulty is client:
                    self._close()
                self._changed.notify_all()

    def check_room(self, size: int) -> None:
        """See that the disk has room before something is written: Chroma takes a full disk badly.

        Args:
            size: bytes that are written; 0 for a removal.

        Raises:
            StoreError: there is too little.
        """
        needed = _ROOM + size * _GROWTH if size else _ROOM_TO_DELETE
        with reported(self.path):
            free = shutil.disk_usage(self.path).free
        if free < needed:
            raise StoreError(
                f"The disk of the memories in {self.path} is full: {free / 1e6:.1f} MB are free, "
                f"and {needed / 1e6:.1f} MB are needed.",
                _SPACE,
            )
        self._queued += size

    def shred(self) -> None:
        """Cut out of the files what was deleted or written over; called in a block of `using`.

        Raises:
            StoreError: the files are in use for more than a minute, or the disk is full.
        """
        _ask_files("shred", self.path, chroma_files.MARK)

    def release(self) -> None:
        """Say that one of those who attached themselves is done; after the last, other processes have the folder."""
        with _attaching:
            self._users -= 1
            if not self._users:
                _folders.pop(self.path, None)
                self._leave(timeout=60)

    def _open(self) -> None:
        from filelock import Timeout

        # Whoever has just handed the folder over lets those ask first who have waited longer.
        time.sleep(max(self._handed_over + _GLANCE / 2 - time.monotonic(), 0))
        until = time.monotonic() + self.patience
        with reported(self.path):
            try:
                with self._next.acquire(timeout=self.patience):
                    self._turn.acquire(timeout=max(until - time.monotonic(), 0))
            except Timeout as fault:
                raise BusyError(f"Another process is busy with the memories in {self.path}.", _SERVER) from fault
        try:
            with reported(self.path):
                if not (self.path / "chroma.sqlite3").exists():
                    # Chroma makes the tables; what SQLite is told of them comes after. Nobody else has this file open.
                    chroma_files.prepare(str(self.path / "chroma.sqlite3"), chroma_files.MARK)
                    _client(self.path).close()
                    _wait_until_closed(self.path / "chroma.sqlite3")
                indexes = _ask_files("prepare", self.path, chroma_files.MARK)
                there = self._index_folders()
                self._foreign = there - set(indexes)
                self._remove(there & set(indexes))
            self._client = _client(self.path)
        except BaseException:
            self._turn.release()
            raise
        self._closed = threading.Event()
        threading.Thread(target=self._watch, args=(self._closed,), name="convrec memories", daemon=True).start()

    def _tidy(self) -> None:
        """Remove the files of indexes that have been used, and cut the queue when it is long, while nobody is inside.

        A thread that is inside may be about to write such files, so those that come wait until all are out.
        """
        indexes = self._index_folders() - self._foreign
        self._tidying = bool(self._inside and indexes)
        if self._inside:
            return
        self._remove(indexes)
        if self._queued > _QUEUE:
            self._queued = 0
            try:
                _ask_files("prune", self.path, chroma_files.MARK)
            except StoreError as fault:
                log.warning("Chroma's queue is cut later. %s", fault)

    def _index_folders(self) -> set[str]:
        try:
            return {e.name for e in os.scandir(self.path) if _INDEX_NAME.fullmatch(e.name) and e.is_dir()}
        except FileNotFoundError:
            return set()

    def _remove(self, folders: set[str]) -> None:
        for name in folders:
            shutil.rmtree(self.path / name, ignore_errors=True)

    def _watch(self, closed: threading.Event) -> None:
        while not closed.wait(_GLANCE):
            if self._wanted():
                self._leave()
                self._handed_over = time.monotonic()
                return

    def _wanted(self) -> bool:
        from filelock import Timeout

        try:
            self._next.acquire(timeout=0)
        except (Timeout, OSError):
            return True
        self._next.release()
        return False

    def _leave(self, timeout: float | None = None) -> None:
        with self._changed:
            self._leaving = True
            try:
                done = self._changed.wait_for(lambda: not self._inside, timeout)
                if done and self._client is not None:
                    self._close()
            finally:
                self._leaving = False
                self._changed.notify_all()

    def _close(self) -> None:
        self._closed.set()
        self._faulty = None
        self._client.close()
        self._client = None
        _wait_until_closed(self.path / "chroma.sqlite3")
        self._turn.release()


def attach(folder: Path, patience: float = PATIENCE) -> ChromaFolder:
    """This process's hold on a folder, which is made if it is not there; each call asks for one `release`.

    Args:
        folder: a folder of its own.
        patience: seconds to wait for another process to hand the folder over; what was asked for last counts.

    Raises:
        StoreError: the folder cannot be made.
    """
    with reported(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder.resolve()
    with _attaching:
        hold = _folders.get(path) or ChromaFolder(path)
        hold._users += 1
        _folders[path] = hold
        hold.patience = patience
    return hold


def _ask_files(command: str, folder: Path, *given: str) -> list[str]:
    """What `chroma_files.py` answers about a folder, line by line.

    Raises:
        CorruptError: the file is no database, or damaged.
        StoreError: the file cannot be used.
    """
    call = [sys.executable, "-I", "-S", chroma_files.__file__, command, str(folder / "chroma.sqlite3"), *given]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout.splitlines()
    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    if reason.startswith("DatabaseError"):
        raise CorruptError(f"The memories in {folder} are damaged ({reason}).", _AGAIN)
    raise StoreError(f"The memories in {folder} cannot be used ({reason}).", "Look whether the disk is full.")


def _wait_until_closed(file: Path) -> None:
    """Chroma closes its files a moment after its client; wait for it, where the system says what is open."""
    opened = Path("/proc/self/fd")
    for _ in range(200):
        if not opened.is_dir() or not any(_target(fd).startswith(str(file)) for fd in opened.iterdir()):
            return
        time.sleep(0.01)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _client(folder: Path) -> Any:
    try:
        # Chroma keeps one database per spelling of a folder. With one of our own, closing it closes it, and what other
        # processes write before it is opened again is seen.
        return open_chroma(folder / ".." / folder.name)
    except CorruptError as fault:
        if "disk is full" in str(fault):
            raise StoreError(f"The disk of the memories in {folder} is full.", _SPACE) from fault
        raise CorruptError(str(fault), _AGAIN) from fault
