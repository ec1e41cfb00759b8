"""Conversations on disk: LangGraph's checkpoints, and beside them a table of what each conversation is called.

A thread keeps its newest checkpoint only (taking turns back works from the state itself), so its size grows with its
turns and not with their square. What is deleted is overwritten (`secure_delete`) and cut from the files.
"""

import asyncio
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..tools import limits
from ..tools.errors import BusyError, ConvrecError, CorruptError, ReadOnlyError, StoreError
from ..tools.files import reported
from . import memory, state
from .state import ThreadInfo


class Threads(ABC):
    """The open database of all conversations; `SqliteThreads` in the data folder, or `PostgresThreads` for several processes.

    A thread may lack a row in the table: one of a database that is older than the table, until it is saved again.
    """

    @property
    @abstractmethod
    def saver(self) -> BaseCheckpointSaver[Any]:
        """The checkpointer, set up."""

    binary = ""
    """What makes this database compare text byte by byte, in SQL."""

    @abstractmethod
    async def run(self, query: str, *values: object) -> list[Any]:
        """Run one statement with `?` for its values, and commit it; the rows that it gives."""

    @abstractmethod
    async def prune(self, key: str) -> None:
        """Keep only a thread's newest checkpoint."""

    @abstractmethod
    async def shrink(self) -> None:
        """Cut deleted rows out of the files, as far as they are ours to cut."""

    @abstractmethod
    def explained(self) -> AbstractContextManager[None]:
        """What turns the database's faults into ours."""

    @abstractmethod
    def held(self, name: str) -> AbstractAsyncContextManager[None]:
        """What is held while no other process may hold the same name."""

    @abstractmethod
    async def confirm(self, name: str) -> None:
        """Make sure that a name is still held, before what it guards is written.

        Raises:
            StoreError: it is not.
        """

    async def create_table(self) -> None:
        """Make the table of titles, where it is missing."""
        await self.run(
            f"CREATE TABLE IF NOT EXISTS convrec_threads (thread_id TEXT {self.binary} PRIMARY KEY, title TEXT NOT NULL, "
            "created DOUBLE PRECISION NOT NULL, updated DOUBLE PRECISION NOT NULL, turns INTEGER NOT NULL, "
            "named INTEGER NOT NULL)"
        )

    async def holds(self, key: str) -> bool:
        """Whether anything is kept of a thread."""
        each = (f"SELECT 1 AS found FROM {table} WHERE thread_id = ?" for table in _TABLES)
        return bool(await self.run(f"{' UNION ALL '.join(each)} LIMIT 1", key, key))

    async def of_user(self, user: str) -> list[str]:
        """The thread names of a user."""
        each = (f"SELECT thread_id {self.binary} FROM {table} WHERE {self._owned}" for table in _TABLES)
        rows = await self.run(" UNION ".join(each), *_span(user), *_span(user))
        return [thread_of(row[0]) for row in rows]

    async def infos(self, user: str) -> list[ThreadInfo]:
        """The threads of a user that have a row."""
        rows = await self.run(f"SELECT {_COLUMNS} FROM convrec_threads WHERE {self._owned}", *_span(user))
        return [_info(row) for row in rows]

    async def info(self, key: str) -> ThreadInfo | None:
        """A thread's row; None where it has none."""
        rows = await self.run(f"SELECT {_COLUMNS} FROM convrec_threads WHERE thread_id = ?", key)
        return _info(rows[0]) if rows else None

    async def put(self, key: str, info: ThreadInfo | None) -> None:
        """Write a thread's row; None leaves it without one."""
        if info is None:
            await self.run("DELETE FROM convrec_threads WHERE thread_id = ?", key)
            return
        await self.run(
            f"INSERT INTO convrec_threads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (thread_id) DO UPDATE SET "
            "title = excluded.title, created = excluded.created, updated = excluded.updated, turns = excluded.turns, "
            "named = excluded.named",
            key, info.title, info.created, info.updated, info.turns, int(info.named),
        )  # fmt: skip

    async def delete(self, key: str) -> None:
        """Delete all that is kept of a thread."""
        await self.put(key, None)
        await self.saver.adelete_thread(key)

    @property
    def _owned(self) -> str:
        return f"thread_id {self.binary} >= ? AND thread_id {self.binary} < ?"


class SqliteThreads(Threads):
    """The conversations of one data folder, for one process.

    Others take turns with it at the file by SQLite's own lock, as `convrec chat` does beside a server; so no names are
    held across processes.

    Args:
        saver: the checkpointer, set up.
        folder: the data folder, for what is told of faults.
    """

    def __init__(self, saver: AsyncSqliteSaver, folder: Path) -> None:
        self._saver = saver
        self._folder = folder

    @property
    def saver(self) -> AsyncSqliteSaver:
        """The checkpointer."""
        return self._saver

    async def run(self, query: str, *values: object) -> list[Any]:
        """Run one statement, and commit it."""
        # The saver's lock keeps what others do on this connection out of our transaction, and us out of theirs.
        connection = self.saver.conn
        async with self.saver.lock:
            try:
                rows = list(await connection.execute_fetchall(query, values))
                await connection.commit()
            except BaseException:
                # Else a transaction would stay open, and hold off the next VACUUM.
                await asyncio.shield(connection.rollback())
                raise
            return rows

    async def prune(self, key: str) -> None:
        """Keep only a thread's newest checkpoint."""
        newest = "(SELECT MAX(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
        for table in ("checkpoints", "writes"):
            await self.run(f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < {newest}", key, key)

    async def shrink(self) -> None:
        """Cut deleted rows out of the file."""
        await self.run("VACUUM")
        await self.run("PRAGMA wal_checkpoint(TRUNCATE)")

    def explained(self) -> AbstractContextManager[None]:
        """Turn SQLite's faults into ours."""
        return explained(self._folder)

    def held(self, name: str) -> AbstractAsyncContextManager[None]:
        """Nothing: one process serves a data folder."""
        return nullcontext()

    async def confirm(self, name: str) -> None:
        """Nothing: nobody else could hold it."""


_TABLES = ("checkpoints", "convrec_threads")
_COLUMNS = "thread_id, title, created, updated, turns, named"


def _span(user: str) -> tuple[str, str]:
    """Between which keys those of a user lie: from the first on, and before the second."""
    begins = json.dumps([user])[:-1]
    return f"{begins},", f"{begins}-"  # the character after the comma


def _info(row: Sequence[Any]) -> ThreadInfo:
    key, title, created, updated, turns, named = row
    thread = thread_of(key)
    return ThreadInfo(thread=thread, title=title, created=created, updated=updated, turns=turns, named=bool(named))


def thread_key(user: str, thread: str) -> str:
    """The checkpointer's id of a user's thread; no two users' threads share one."""
    return json.dumps([user, thread])


def user_of(key: str) -> str:
    """The user of a `thread_key`."""
    return json.loads(key)[0]


def thread_of(key: str) -> str:
    """The thread's name in a `thread_key`."""
    return json.loads(key)[1]


@asynccontextmanager
async def open_threads(file: Path) -> AsyncIterator[Threads]:
    """Open the database in a data folder, and close it at the end.

    Raises:
        StoreError: the folder cannot be written, or the file is locked or damaged.
    """
    async with AsyncExitStack() as stack:
        with reported(file.parent), explained(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
            connection = await stack.enter_async_context(aiosqlite.connect(file))
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=NORMAL")
            await connection.execute("PRAGMA secure_delete=ON")
            await connection.execute("PRAGMA busy_timeout=5000")
            saver = AsyncSqliteSaver(connection, serde=serializer())
            await saver.setup()
            threads = SqliteThreads(saver, file.parent)
            await threads.create_table()
        yield threads


def serializer() -> JsonPlusSerializer:
    """What writes checkpoints, and reads no classes back but the nouns that they may hold."""
    from pydantic import BaseModel

    modules = (state, memory, limits)
    nouns = [c for m in modules for c in vars(m).values() if isinstance(c, type) and issubclass(c, BaseModel)]
    return JsonPlusSerializer(allowed_msgpack_modules=nouns)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn SQLite's faults into ours.

    Raises:
        StoreError: the databases are locked, read-only, damaged, or the disk is full.
    """
    try:
        yield
    except sqlite3.Error as fault:
        raise _explain(fault, folder) from fault


def _explain(fault: sqlite3.Error, folder: Path) -> ConvrecError:
    text = str(fault)
    if "locked" in text or "busy" in text:
        return BusyError(
            f"Another process holds the conversations in {folder}.", "Wait until it has finished, then try again."
        )
    if "readonly" in text or "unable to open" in text:
        return ReadOnlyError(
            f"The conversations in {folder} cannot be written ({text}).",
            "Choose another data folder with CONVREC_HOME.",
        )
    if "full" in text:
        return StoreError(
            f"The disk of {folder} is full; this turn was not saved.", "Free some space and send it again."
        )
    if "disk I/O" in text:
        return StoreError(
            f"The conversations in {folder} cannot be read or written ({text}).",
            "Look whether its disk is full or failing, then try again.",
        )
    return CorruptError(
        f"The conversations in {folder} are damaged ({text}).",
        f"Move {folder / 'threads.sqlite'} away; catalogues and memories are not touched by that.",
    )
