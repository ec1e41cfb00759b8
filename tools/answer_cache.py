"""Answers of language models on disk, by the whole request, so that the same request of the same user costs nothing.

What a user said is in the requests, so each row belongs to one user, and forgetting the user deletes it for good.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

from .errors import StoreError

_TABLE = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, owner TEXT NOT NULL, answer TEXT NOT NULL)"


def request_key(request: Mapping[str, object], owner: str) -> str:
    """The key of a request: a hash of all of it and of whose it is."""
    return hashlib.sha256(json.dumps([request, owner], sort_keys=True).encode()).hexdigest()


class AnswerCache:
    """A SQLite file of answers; for any number of threads and processes.

    Raises:
        StoreError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA secure_delete = ON")
            self._database.execute(_TABLE)
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as fault:
            raise StoreError(
                f"The cache of answers {path} cannot be opened: {fault}.", "Move it away, or set llm.cache to false."
            ) from fault

    def get(self, key: str) -> str | None:
        """The answer kept under a key, if there is one that can be read."""
        try:
            with self._lock:
                row = self._database.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row else None

    def put(self, key: str, owner: str, answer: str) -> bool:
        """Keep an answer; whether that worked. A cache that cannot be written never breaks a turn."""
        try:
            with self._lock:
                self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, owner, answer))
        except (sqlite3.Error, UnicodeError):
            return False
        return True

    def forget(self, owner: str) -> None:
        """Delete what belongs to a user, and leave no byte of it in the file.

        Raises:
            StoreError: it could not be deleted.
        """
        try:
            with self._lock:
                self._database.execute("DELETE FROM answers WHERE owner = ?", (owner,))
                self._database.execute("VACUUM")
        except sqlite3.Error as fault:
            raise StoreError(f"The cache of answers {self.path} could not be cleaned: {fault}.") from fault

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
