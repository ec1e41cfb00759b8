"""A turn as OpenAI's chat completion chunks: server-sent events, a delta for each piece of the reply."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any, Self

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from ...agents.recommender import Event
from ...agents.state import Answer
from ...agents.turn import Token
from ...tools.errors import ConvrecError
from ..pictures import Pictures
from .events import KEEP_ALIVE
from .openai_errors import fault_of
from .openai_markdown import ANEW, items_markdown, reply_markdown
from .openai_shapes import ChatExtension, ChatTokens
from .showing import show_answer

log = logging.getLogger(__name__)

_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class Chunks:
    """Makes the chunks of one answer.

    A piece of a reply that was sent cannot be unsent. Where a language model's reply is taken back on its way, which is
    rare, a rule is drawn and the reply that holds follows whole; what stands above it had been checked sentence by sentence,
    and `convrec.reply` of the last chunk is the reply without it.

    Args:
        name: the answer's id.
        created: when, seconds since 1970.
        model: the model as it was asked for.
        pictures: which pictures may be shown.
        usage: whether a last chunk tells the tokens.
    """

    def __init__(self, name: str, created: int, model: str, pictures: Pictures, *, usage: bool) -> None:
        self._head = {"id": name, "object": "chat.completion.chunk", "created": created, "model": model}
        self._pictures = pictures
        self._usage = usage
        self._said = False

    async def of(self, events: AsyncIterator[Event]) -> AsyncIterator[str]:
        """The chunks of a turn, and the mark that ends them, each as JSON."""
        async with aclosing(events) as turn:  # type: ignore[type-var]
            async for event in turn:
                if isinstance(event, Token):
                    anew = ANEW if event.fresh and self._said else ""
                    yield self._delta(anew + reply_markdown(event.text))
                elif isinstance(event, Answer):
                    for chunk in self._end(show_answer(event, self._pictures)):
                        yield chunk

    def _delta(self, text: str) -> str:
        delta = {"content": text} if self._said else {"role": "assistant", "content": text}
        self._said = True
        return self._chunk([_choice(delta)])

    def _end(self, answer: Answer) -> list[str]:
        extension = ChatExtension.of(answer).model_dump(mode="json")
        chunks = [self._delta(items)] if (items := items_markdown(answer, self._pictures)) else []
        chunks.append(self._chunk([_choice({}, "stop")], convrec=extension))
        if self._usage:
            chunks.append(self._chunk([], usage=ChatTokens.of(answer.usage).model_dump()))
        return [*chunks, "[DONE]"]

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> str:
        usage = {"usage": None} if self._usage else {}
        return json.dumps({**self._head, "choices": choices, **usage, **more}, ensure_ascii=False)


class Streamed(EventSourceResponse):
    """The response that streams chunks; when it ends for whatever reason, so does the turn.

    Args:
        chunks: what to send.
    """

    def __init__(self, chunks: AsyncIterator[str]) -> None:
        self._frames: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._first: bytes | None = None
        # A task of its own, so that one place begins and ends the turn whoever stops reading.
        self._task = asyncio.create_task(self._take(chunks))
        super().__init__(self._stream(), headers=_HEADERS)

    async def begun(self) -> Self:
        """The response, once it has something to send: what goes wrong before that has a status of its own.

        Raises:
            ConvrecError: the turn could not begin.
        """
        try:
            first = await self._frames.get()
        except BaseException:
            await self._stop()
            raise
        if isinstance(first, Exception):
            raise first
        self._first = first
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks until the turn ends or the caller leaves."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _take(self, chunks: AsyncIterator[str]) -> None:
        try:
            async with aclosing(chunks) as made:  # type: ignore[type-var]
                async for chunk in made:
                    self._frames.put_nowait(format_sse_event(data_str=chunk))
        except Exception as fault:  # noqa: BLE001 (it is raised or told where the frames are read)
            self._frames.put_nowait(fault)
        finally:
            self._frames.put_nowait(None)

    async def _stream(self) -> AsyncIterator[bytes]:
        frame: bytes | Exception | None = self._first
        while frame is not None:
            if isinstance(frame, Exception):
                # The response has begun, so the fault is told in it; what is nobody's to mend is logged with its place.
                if not isinstance(frame, ConvrecError):
                    log.error("A turn failed.", exc_info=frame)
                frame = format_sse_event(data_str=fault_of(frame).model_dump_json())
            yield frame
            frame = await self._next()

    async def _next(self) -> bytes | Exception | None:
        try:
            async with asyncio.timeout(KEEP_ALIVE):
                return await self._frames.get()
        except TimeoutError:
            return KEEPALIVE_COMMENT


def _choice(delta: dict[str, str], end: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}
