"""Closing: event streams that nobody ends, such as a page's, end in good order when the server does."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_GONE: Message = {"type": "http.disconnect"}
_END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Closing:
    """Tells whoever is still answering that the caller has left, once the server closes, and ends the answer.

    Args:
        app: what answers.
        closing: set when everything that is open is to end.
    """

    def __init__(self, app: ASGIApp, closing: asyncio.Event) -> None:
        self._app = app
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = begun = ended = False

        async def receive_or_end() -> Message:
            nonlocal read
            # While a body is read nothing else is listened for; afterwards only a caller who leaves is.
            message = await (_first(receive, self._closing) if read else receive())
            read = read or not message.get("more_body", False)
            return message

        async def send_on(message: Message) -> None:
            nonlocal begun, ended
            begun = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        await self._app(scope, receive_or_end, send_on)
        if self._closing.is_set() and begun and not ended:
            await send(_END)


async def _first(receive: Receive, closing: asyncio.Event) -> Message:
    """What comes first: a message, or the end."""
    if closing.is_set():
        return _GONE
    waiting = [asyncio.ensure_future(receive()), asyncio.ensure_future(closing.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        message = waiting[0]
        return message.result() if message.done() else _GONE  # type: ignore[return-value]
    finally:
        for one in waiting:
            one.cancel()
