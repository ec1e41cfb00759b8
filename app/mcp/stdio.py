"""MCP over stdin and stdout: for one user of this machine, without keys."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from typing import Any, cast

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from ...agents.messages import clean_name
from ...agents.recommender import Recommender
from ...tools.schema import Schema
from ..serving.access import Caller
from ..serving.keys import SCOPES
from .desk import Desk
from .server import make_server
from .toolset import instructions

_PIECE = 65_536


def serve_stdio(recommender: Recommender, user: str, schema: Schema) -> bool:
    """Answer until stdin ends or a signal comes; whether it was Ctrl-C.

    stdout carries the protocol alone; what else is printed meanwhile goes to stderr.

    Args:
        recommender: who answers; it is opened when the first tool needs it, and closed at the end.
        user: for whom.
        schema: the catalogue's, for what a client is told before anything is opened.

    Raises:
        InputError: this cannot be the name of a user.
    """
    caller = Caller(clean_name(user, "user"), frozenset(SCOPES))
    desk = Desk(recommender, lambda _: caller, lambda _: nullcontext())
    return asyncio.run(_serve(desk, instructions(schema.noun, schema.nouns)))


async def _serve(desk: Desk, told: str) -> bool:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        # A second signal must not cut short what the first has begun to close.
        if not stopped.done():
            stopped.set_result(number)

    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
    answering = asyncio.create_task(_answer(make_server(desk, told)))
    try:
        await asyncio.wait((answering, stopped), return_when=asyncio.FIRST_COMPLETED)
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
    finally:
        await desk.recommender.aclose()
    return stopped.done() and stopped.result() == signal.SIGINT


async def _answer(server: Server[Any]) -> None:
    lines = cast("anyio.AsyncFile[str]", _Lines())
    async with stdio_server(stdin=lines) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


class _Lines:
    """The lines of stdin, as they come.

    They are read by a thread that nobody waits for, from a descriptor of its own: the library's reader, which is waited
    for, would keep the process alive after a signal until the client closed the pipe.
    """

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._file = os.dup(sys.stdin.fileno())
        # Whatever else reads stdin meets its end there, instead of taking lines from the client.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, sys.stdin.fileno())
        os.close(nothing)
        threading.Thread(target=self._read, daemon=True, name="stdin").start()

    async def __aiter__(self) -> AsyncIterator[str]:
        while (line := await self._lines.get()) is not None:
            yield line

    def _read(self) -> None:
        held = b""
        while piece := self._next():
            *whole, held = (held + piece).split(b"\n")
            for line in whole:
                self._hand(line.decode(errors="replace"))
        self._hand(None)

    def _next(self) -> bytes:
        try:
            return os.read(self._file, _PIECE)
        except OSError:
            return b""

    def _hand(self, line: str | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
        except RuntimeError:
            # The loop has ended; nobody waits for lines any more.
            return
