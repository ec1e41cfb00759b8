"""Conversations in Postgres, for several processes that serve the same users (the extra `postgres`).

A process has nine connections at most: a pool of eight for what is read and written, one for its locks. What is deleted
is vacuumed; of what lies in the server's write-ahead log and in backups, that server's own rules dispose.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import Any

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # pyright: ignore[reportMissingImports]
from psycopg import AsyncConnection, Error, OperationalError  # pyright: ignore[reportMissingImports]
from psycopg.conninfo import conninfo_to_dict  # pyright: ignore[reportMissingImports]
from psycopg_pool import AsyncConnectionPool  # pyright: ignore[reportMissingImports]

from ..tools.errors import BusyError, ConvrecError, CorruptError, ReadOnlyError, SettingsError, StoreError
from .locks import PATIENCE, Locks
from .threads import Threads, serializer

_POOL = 8
_ANSWER = 10
"""Seconds within which the server must take a connection."""

_PRUNE = """
    WITH newest AS (
        SELECT checkpoint_id, checkpoint -> 'channel_versions' AS versions FROM checkpoints
        WHERE thread_id = ? ORDER BY checkpoint_id DESC LIMIT 1
    ), blobs AS (
        DELETE FROM checkpoint_blobs AS kept USING newest
        WHERE kept.thread_id = ? AND (newest.versions ->> kept.channel) IS DISTINCT FROM kept.version
    ), writes AS (
        DELETE FROM checkpoint_writes AS kept USING newest
        WHERE kept.thread_id = ? AND kept.checkpoint_id < newest.checkpoint_id
    )
    DELETE FROM checkpoints AS kept USING newest
    WHERE kept.thread_id = ? AND kept.checkpoint_id < newest.checkpoint_id
"""

_TABLES = "checkpoints, checkpoint_blobs, checkpoint_writes, convrec_threads"


class PostgresThreads(Threads):
    """The conversations in a Postgres database.

    Args:
        saver: the checkpointer, set up.
        pool: connections, in autocommit mode.
        locks: what several processes share.
    """

    binary = 'COLLATE "C"'

    def __init__(self, saver: AsyncPostgresSaver, pool: AsyncConnectionPool[Any], locks: Locks) -> None:
        self._saver = saver
        self._pool = pool
        self._locks = locks

    @property
    def saver(self) -> AsyncPostgresSaver:
        """The checkpointer."""
        return self._saver

    async def run(self, query: str, *values: object) -> list[Any]:
        """Run one statement, and commit it."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query.replace("?", "%s").encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def create_table(self) -> None:
        """Make the table of titles, and the index by which a user's threads are found."""
        await super().create_table()
        await self.run(f"CREATE INDEX IF NOT EXISTS convrec_owner ON checkpoints (thread_id {self.binary})")

    async def prune(self, key: str) -> None:
        """Keep only a thread's newest checkpoint."""
        # The saver's own way is a transaction of a dozen statements, each a trip to the server.
        await self.run(_PRUNE, key, key, key, key)

    async def shrink(self) -> None:
        """Vacuum the tables; one that another process vacuums is left to it."""
        await self.run(f"VACUUM (SKIP_LOCKED) {_TABLES}")

    def explained(self) -> AbstractContextManager[None]:
        """Turn Postgres's faults into ours."""
        return explained()

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Hold a name in all processes."""
        with explained():
            async with self._locks.hold(name):
                yield

    async def confirm(self, name: str) -> None:
        """Make sure that a name is still held."""
        await self._locks.confirm(name)


@asynccontextmanager
async def open_postgres_threads(url: str, patience: float = PATIENCE) -> AsyncIterator[Threads]:
    """Open the database, make its tables where they are missing, and close it at the end.

    Args:
        url: postgresql://user:password@host:port/name; it stands in no error.
        patience: seconds that one process waits for what another holds.

    Raises:
        SettingsError: this is no such address.
        StoreError: the server does not answer, or does not let us in.
    """
    _check(url)

    async def connect() -> AsyncConnection[Any]:
        made = await AsyncConnection.connect(url, autocommit=True, connect_timeout=_ANSWER)
        # So that a server frees what a process held that is gone without a word.
        await made.execute(
            "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
        )
        return made

    options = {"autocommit": True, "connect_timeout": _ANSWER}
    async with AsyncExitStack() as stack:
        with explained():
            locks = Locks(connect, patience)
            stack.push_async_callback(locks.aclose)
            # Two processes that make the same tables at once get in each other's way.
            async with locks.hold("tables"):
                pool = AsyncConnectionPool(
                    url, kwargs=options, min_size=1, max_size=_POOL, open=False, timeout=_ANSWER,
                    check=AsyncConnectionPool.check_connection, name="convrec",
                )  # fmt: skip
                stack.push_async_callback(pool.close)
                await pool.open(wait=True, timeout=_ANSWER)
                saver = AsyncPostgresSaver(pool, serde=serializer())  # type: ignore[arg-type]
                await saver.setup()
                threads = PostgresThreads(saver, pool, locks)
                await threads.create_table()
        yield threads


@contextmanager
def explained() -> Iterator[None]:
    """Turn Postgres's faults into ours, without their words: those quote addresses, users and what was said.

    Raises:
        StoreError: the server does not answer, or refuses.
    """
    try:
        yield
    except Error as fault:
        raise _explain(fault) from None


def _check(url: str) -> None:
    """Refuse what is no address, before anything quotes it."""
    try:
        ports = str(conninfo_to_dict(url).get("port") or 5432)
    except Error:
        ports = ""
    if not all(port.isdecimal() for port in ports.split(",")):
        raise SettingsError(
            "memory.database is no address of a Postgres database.",
            "Write postgresql://user:password@host:5432/name.",
        )


_HINT = "Look whether it runs, and whether memory.database (CONVREC_MEMORY__DATABASE) names it."


def _explain(fault: Error) -> ConvrecError:
    state, name = fault.sqlstate or "", type(fault).__name__
    if state[:2] == "28" or "authentication failed" in str(fault):
        return StoreError(
            "The Postgres database of the conversations refuses the user or the password of memory.database.",
            "Look at CONVREC_MEMORY__DATABASE, and at what the server allows (pg_hba.conf).",
        )
    if state == "3D000" or ("database" in str(fault) and "does not exist" in str(fault)):
        return StoreError(
            "The Postgres server of memory.database has no database of that name.", "Make one with createdb."
        )
    if state in ("42501", "25006"):
        return ReadOnlyError(
            f"The Postgres database of the conversations may not be written ({name}).",
            "Give its user the right to make tables in the schema, and to write them.",
        )
    if state in ("55P03", "57014", "40P01", "40001"):
        return BusyError(f"The Postgres database of the conversations is busy ({name}).", "Try again in a moment.")
    if state[:2] == "53":
        return StoreError(
            f"The Postgres database of the conversations has no room left ({name}).",
            "Free some space on its disk, or allow more connections (max_connections).",
        )
    if state[:2] in ("42", "XX"):
        return CorruptError(
            f"The tables of the conversations in the Postgres database are damaged or another's ({name}).",
            "Give convrec a database of its own.",
        )
    if isinstance(fault, OperationalError):
        return StoreError(f"The Postgres database of the conversations does not answer ({name}).", _HINT)
    return StoreError(f"The Postgres database of the conversations failed ({name} {state}).", _HINT)
