"""Locks that several processes share, in Postgres: what one holds by name, no other gets meanwhile.

They are session-level advisory locks on one connection per process, so a process that ends, however, leaves none
behind. A pooler that gives each transaction another connection (pgbouncer in transaction mode) breaks them.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import Any

from psycopg import AsyncConnection, OperationalError  # pyright: ignore[reportMissingImports]

from ..tools.errors import BusyError, StoreError

PATIENCE = 60.0
"""Seconds that a lock is waited for."""

_FIRST_WAIT, _LONGEST_WAIT, _GROWTH = 0.005, 0.25, 1.5
"""Seconds between attempts, and by how much they grow."""


class Locks:
    """The locks of one process; those of one name are taken in turns there, before they are asked for here.

    Args:
        connect: opens a connection of our own, in autocommit mode.
        patience: seconds that a lock is waited for.
    """

    def __init__(self, connect: Callable[[], Awaitable[AsyncConnection[Any]]], patience: float = PATIENCE) -> None:
        self._connect = connect
        self._patience = patience
        self._connection: AsyncConnection[Any] | None = None
        self._opening = asyncio.Lock()
        self._held: dict[str, AsyncConnection[Any]] = {}

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Hold a name; while another process does, wait.

        Raises:
            BusyError: another process held it for too long.
        """
        connection = await self._wait_for(name)
        self._held[name] = connection
        try:
            yield
        finally:
            del self._held[name]
            await asyncio.shield(_release(connection, name))

    async def confirm(self, name: str) -> None:
        """Make sure that a name is still held: with its connection it would be lost, and another process may have it.

        Raises:
            StoreError: it is not.
        """
        connection = self._held[name]
        try:
            await connection.execute("SELECT 1")
        except OperationalError:
            raise StoreError(
                "The connection to the Postgres database broke in the middle of a turn; it was not saved.",
                "Send the message again.",
            ) from None

    async def aclose(self) -> None:
        """Close the connection, and with it every lock."""
        if self._connection is not None:
            await self._connection.close()

    async def _wait_for(self, name: str) -> AsyncConnection[Any]:
        clock = asyncio.get_running_loop().time
        until, wait = clock() + self._patience, _FIRST_WAIT
        while (connection := await self._try(name)) is None:
            if clock() + wait > until:
                raise BusyError(
                    f"Another process has been busy with this conversation for {self._patience:.0f} seconds.",
                    "Wait until it has answered, then try again.",
                )
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * _GROWTH, _LONGEST_WAIT)
        return connection

    async def _try(self, name: str) -> AsyncConnection[Any] | None:
        """The connection that holds a name now; None where another process does."""
        known = self._connection
        connection = await self._open()
        try:
            return connection if await _ask(connection, name) else None
        except OperationalError:
            # The server was started anew, or the line broke while nobody used it: a new connection may do.
            if connection is not known or not connection.closed:
                raise
        connection = await self._open()
        return connection if await _ask(connection, name) else None

    async def _open(self) -> AsyncConnection[Any]:
        async with self._opening:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
            return self._connection


async def _ask(connection: AsyncConnection[Any], name: str) -> bool:
    try:
        cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (lock_number(name),))
        row = await cursor.fetchone()
    except asyncio.CancelledError:
        # It may have been given all the same.
        await asyncio.shield(_release(connection, name))
        raise
    return bool(row and row[0])


async def _release(connection: AsyncConnection[Any], name: str) -> None:
    """Give a name back; with a connection that is closed it went already."""
    try:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (lock_number(name),))
    except OperationalError:
        await connection.close()


def lock_number(name: str) -> int:
    """The lock that stands for a name: 64 bits, signed."""
    hashed = blake2b(name.encode(errors="surrogatepass"), digest_size=8, person=b"convrec").digest()
    return int.from_bytes(hashed, signed=True)
