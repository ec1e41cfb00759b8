"""A turn as server-sent events: its steps, pieces of its reply, cards and answer, and a comment while nothing is heard."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import asdict
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from ...agents.recommender import Event
from ...agents.state import Answer, Step
from ...tools.errors import ConvrecError
from ..pictures import Pictures
from .problems import dump, problem_of
from .shapes import Cards
from .showing import show_answer

log = logging.getLogger(__name__)

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent, so that nothing between takes the connection for dead."""

_EXAMPLE = """event: step
data: {"agent":"understand","milliseconds":3.1,"brain":"built-in"}

event: token
data: {"text":"How about ","fresh":true}

event: items
data: {"items":[],"nearest":[]}

event: done
data: {"reply":"How about …","items":[]}

"""

EVENTS_OF_A_TURN: dict[str, Any] = {
    "text/event-stream": {
        "schema": {"type": "string", "description": "The events step, token, items, done and error."},
        "example": _EXAMPLE,
    }
}

_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class TurnEvents(EventSourceResponse):
    """The response that streams a turn; when it ends for whatever reason, so does the turn.

    Args:
        events: the turn.
        pictures: which pictures may be shown.
        path: what was asked for, for problems.
    """

    def __init__(self, events: AsyncIterator[Event], pictures: Pictures, path: str) -> None:
        self._events = events
        self._pictures = pictures
        self._path = path
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        super().__init__(self._stream(), headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until the turn ends or the caller leaves."""
        # A task of its own, so that one place begins and ends the turn whoever stops reading.
        turn = asyncio.create_task(self._take())
        try:
            await super().__call__(scope, receive, send)
        finally:
            turn.cancel()
            with suppress(asyncio.CancelledError):
                await turn

    async def _take(self) -> None:
        try:
            async with aclosing(self._events) as events:  # type: ignore[type-var]
                async for event in events:
                    for frame in self._frames_of(event):
                        self._frames.put_nowait(frame)
        except Exception as fault:
            # The response has begun, so the fault is told in it; what is nobody's to mend is logged with its place.
            if not isinstance(fault, ConvrecError):
                log.exception("A turn failed.")
            problem = problem_of(fault, self._path)
            self._frames.put_nowait(format_sse_event(data_str=dump(problem), event="error"))
        finally:
            self._frames.put_nowait(None)

    async def _stream(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    frame = await self._frames.get()
            except TimeoutError:
                frame = KEEPALIVE_COMMENT
            if frame is None:
                return
            yield frame

    def _frames_of(self, event: Event) -> list[bytes]:
        if isinstance(event, Answer):
            answer = show_answer(event, self._pictures)
            cards = Cards(items=answer.items, nearest=answer.nearest)
            return [_frame("items", cards.model_dump_json()), _frame("done", answer.model_dump_json())]
        if isinstance(event, Step):
            return [_frame("step", event.model_dump_json())]
        return [_frame("token", json.dumps(asdict(event), ensure_ascii=False))]


def _frame(name: str, data: str) -> bytes:
    return format_sse_event(data_str=data, event=name)
