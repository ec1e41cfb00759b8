"""Conversations on disk: a SQLite checkpointer that keeps no more than is needed.

A thread keeps its newest checkpoint only (taking turns back works from the state itself), so its size grows with its
turns and not with their square. What is deleted is overwritten (`secure_delete`) and cut from the files.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..tools import limits
from ..tools.errors import BusyError, ConvrecError, CorruptError, ReadOnlyError, StoreError
from ..tools.files import reported
from . import memory, state


@dataclass(frozen=True)
class Threads:
    """The open database of all conversations."""

    saver: AsyncSqliteSaver

    async def prune(self, thread_id: str) -> None:
        """Keep only a thread's newest checkpoint."""
        newest = "(SELECT MAX(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
        for table in ("checkpoints", "writes"):
            condition = f"thread_id = ? AND checkpoint_id < {newest}"
            await self.saver.conn.execute(f"DELETE FROM {table} WHERE {condition}", (thread_id, thread_id))
        await self.saver.conn.commit()

    async def holds(self, thread_id: str) -> bool:
        """Whether anything is kept of a thread."""
        query = "SELECT 1 FROM checkpoints WHERE thread_id = ? LIMIT 1"
        return bool(list(await self.saver.conn.execute_fetchall(query, (thread_id,))))

    async def of_user(self, user: str) -> list[str]:
        """The thread names of a user."""
        query = "SELECT DISTINCT thread_id FROM checkpoints WHERE substr(thread_id, 1, ?) = ?"
        prefix = json.dumps([user])[:-1] + ","
        rows = await self.saver.conn.execute_fetchall(query, (len(prefix), prefix))
        return [thread_of(row[0]) for row in rows]

    async def shrink(self) -> None:
        """Cut deleted rows out of the file."""
        connection = self.saver.conn
        await connection.commit()
        await connection.execute("VACUUM")
        await connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await connection.commit()


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
    """Open the database, and close it at the end.

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
            saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=_nouns()))
            await saver.setup()
        yield Threads(saver)


def _nouns() -> Sequence[type]:
    """The classes that a checkpoint may hold."""
    from pydantic import BaseModel

    modules = (state, memory, limits)
    return [c for m in modules for c in vars(m).values() if isinstance(c, type) and issubclass(c, BaseModel)]


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
