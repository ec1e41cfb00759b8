"""A trace of turns on disk: a JSON object a line, one file per user, so that forgetting a user is deleting a file."""

import contextlib
import errno
import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

from filelock import FileLock
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from .files import reported

logger = logging.getLogger(__name__)

MOST_BYTES = 10_000_000
"""How long a file grows before it becomes the older one; the one before that is deleted."""

_WORDS = ("text", "reply", "calls")
"""What of a record holds the words of users, models and prompts."""

_LONGEST = 120
"""Hex digits of a user's id in a file's name; encrypted home folders allow names of 143 characters."""

_PATIENCE = 5.0
"""Seconds to wait for another process that writes."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(_Record):
    """One call of a language model: who asked, what, and what came back."""

    agent: str
    prompt: str
    answer: str


class TurnRecord(_Record):
    """What the trace keeps of one turn.

    Attributes:
        time: when it ended, in UTC.
        user, thread, catalogue: whose turn, in which conversation, about what.
        act: what the message was taken to do.
        items: ids of what was shown.
        model: the language model's name and place, or `built-in`.
        effort: how much a model was to be asked.
        steps: what each agent did.
        usage: calls, tokens and seconds of the whole turn.
        text, reply: what was said; written only where words are wanted.
        calls: what models were asked and answered; written only where words are wanted.
    """

    time: Annotated[AwareDatetime, AfterValidator(lambda t: t.astimezone(UTC))] = Field(
        default_factory=lambda: datetime.now(UTC)
    )
    user: str
    thread: str
    catalogue: str
    act: str
    items: tuple[str, ...] = ()
    model: str = "built-in"
    effort: str = ""
    steps: tuple[dict[str, JsonValue], ...] = ()
    usage: dict[str, JsonValue] = {}
    text: str | None = None
    reply: str | None = None
    calls: tuple[Call, ...] | None = None


class Trace:
    """The files of all users in one folder, which its owner alone can read.

    Threads and processes may write at once.

    Args:
        folder: where the files lie; made when it is first needed.
        words: whether to write what was said, and the prompts and answers of models.
        enabled: whether to write at all; what was written before can be forgotten in any case.
        most_bytes: how long a file may grow.
    """

    def __init__(
        self, folder: Path, words: bool = False, *, enabled: bool = True, most_bytes: int = MOST_BYTES
    ) -> None:
        self.folder = folder
        self.words = words
        self.enabled = enabled
        self._most_bytes = most_bytes
        self._threads = threading.Lock()
        self._complained = False

    def write(self, user: str, record: TurnRecord) -> None:
        """Append a record to the user's file.

        Nothing is raised, because a turn counts for more than its trace: the first record that cannot be written is
        reported to the log.
        """
        if not self.enabled:
            return
        kept = record.model_dump(mode="json", exclude_none=True, exclude=None if self.words else set(_WORDS))
        # Half of a surrogate pair is no UTF-8; with a backslash it is what JSON calls it.
        line = (json.dumps(kept, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        path = self._newest(user)
        try:
            with self._alone():
                if path.exists() and path.stat().st_size + len(line) > self._most_bytes:
                    _delete(_older(path))
                    path.replace(_older(path))
                _append(path, line)
        except OSError as fault:
            self._complain(fault)

    def forget(self, user: str, thread: str | None = None) -> None:
        """Overwrite and delete what is kept of a user, or of one of their threads.

        Raises:
            StoreError: the folder cannot be written.
        """
        if not self.folder.exists():
            return
        path = self._newest(user)
        with reported(self.folder), self._alone():
            for file in (path, _older(path)):
                if thread is None:
                    _delete(file)
                elif file.exists():
                    _cut(file, thread)

    def _newest(self, user: str) -> Path:
        code = user.encode("utf-8", "surrogatepass")
        name = code.hex() if 2 * len(code) <= _LONGEST else f"sha256-{hashlib.sha256(code).hexdigest()}"
        return self.folder / f"user-{name}.jsonl"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder, so that no file is renamed or cut while a line is on its way into it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folder.stat().st_mode & 0o077:
            self.folder.chmod(0o700)
        lock = FileLock(self.folder / ".lock", timeout=_PATIENCE, poll_interval=0.005, mode=0o600)
        with self._threads, lock:
            yield

    def _complain(self, fault: OSError) -> None:
        # The fault's own text may name the user's file.
        if not self._complained:
            self._complained = True
            reason = fault.strerror or type(fault).__name__
            logger.warning("The trace in %s cannot be written (%s); turns go on without it.", self.folder, reason)


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def _append(path: Path, line: bytes) -> None:
    """Add a line in a single write; where the disk has room for a part of it only, none of it stays."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        if size:
            os.lseek(file, -1, os.SEEK_END)
            # A machine that stopped in the middle of a line must not spoil the next one.
            line = line if os.read(file, 1) == b"\n" else b"\n" + line
        if os.write(file, line) < len(line):
            os.ftruncate(file, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(file)


def _delete(path: Path) -> None:
    """Overwrite a file with zeros and delete it."""
    try:
        with path.open("r+b") as file:
            _replace(file, b"")
    except FileNotFoundError:
        return
    finally:
        path.unlink(missing_ok=True)


def _cut(path: Path, thread: str) -> None:
    """Take the lines of a thread out of a file, and those of which nobody can say whose they are."""
    with path.open("r+b") as file:
        lines = file.readlines()
        kept = [line for line in lines if _thread_of(line) not in (None, thread)]
        if len(kept) < len(lines):
            _replace(file, b"".join(kept))


def _thread_of(line: bytes) -> str | None:
    try:
        return json.loads(line)["thread"]
    except (ValueError, TypeError, KeyError):
        return None


def _replace(file: BinaryIO, kept: bytes) -> None:
    """Put other bytes in the place of a file's; zeros overwrite the rest before it is cut off."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    file.write(kept)
    file.write(bytes(size - len(kept)))
    file.flush()
    os.fsync(file.fileno())
    file.truncate(len(kept))
