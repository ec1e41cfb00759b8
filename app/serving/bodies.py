"""Bodies: how large what is sent may be. A body that says its size is refused before a byte of it is read."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .throttle import Refused


class BodyLimit:
    """Refuses bodies that are too large, as a problem (RFC 9457).

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
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
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
