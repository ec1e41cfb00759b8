"""Bodies: how large what is sent may be. A body that says its size is refused before a byte of it is read."""

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .throttle import Refused

PATIENCE = 20.0
"""Seconds that the next piece of a body may take to come."""


class BodyLimit:
    """Refuses bodies that are too large or do not come, as a problem (RFC 9457).

    Args:
        app: what is guarded.
        most: bytes of a body.
        refused: told of each refusal.
    """

    def __init__(self, app: ASGIApp, most: int, refused: Callable[[Refused], None]) -> None:
        self._app = app
        self._most = most
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        if said.isascii() and said.isdecimal() and (len(said) > 18 or int(said) > self._most):
            self._refused("body")
            held = {"type": "about:blank", "title": "Content Too Large", "status": 413, "detail": self._told}
            answer = JSONResponse(held, 413, {"Connection": "close"}, media_type="application/problem+json")
            await answer(scope, receive, send)
            return
        read, whole = 0, False

        async def receive_some() -> Message:
            nonlocal read, whole
            try:
                # After the body only a caller who leaves is listened for.
                async with asyncio.timeout(None if whole else PATIENCE):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The rest of the body did not come.", {"Connection": "close"}) from None
            whole = whole or not message.get("more_body", False)
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > self._most:
                    # Whoever reads the body answers with this, as with any other error.
                    self._refused("body")
                    raise HTTPException(413, self._told, {"Connection": "close"})
            return message

        await self._app(scope, receive_some, send)

    @property
    def _told(self) -> str:
        return f"A body has at most {self._most:,} bytes here."
