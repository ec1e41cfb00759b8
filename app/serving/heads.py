"""Heads: how large a request's head may be, and how long it may take, which uvicorn leaves open with its fast parser."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST = 65_536
"""Bytes of a head, or of what stands between the pieces of a body, beside the network's piece that it begins in."""

PATIENCE = 20.0
"""Seconds that a head may take to come."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, which ends a connection whose request gets nowhere."""

    _late: asyncio.TimerHandle | None = None
    _read = 0
    _in_head = True
    _got_on = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless what is read has no end and is no body."""
        self._got_on = False
        super().data_received(data)
        self._read = 0 if self._got_on else self._read + len(data)
        if self._read > LARGEST and not self.transport.is_closing():
            self.send_400_response("The head of this request is too large.")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._got_on = self._in_head = True
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that comes after the body is none, as nobody checked it with the others."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._got_on, self._in_head = True, False
        self._stop()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body, whose size the application limits."""
        self._got_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has come whole."""
        self._got_on = True
        super().on_message_complete()

    def _wait(self) -> None:
        self._stop()
        self._late = self.loop.call_later(PATIENCE, self._give_up)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
