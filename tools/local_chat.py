"""A LangChain chat model that runs in this process, on transformers.

It takes `response_format` as an OpenAI-compatible server does, and its answers keep to the schema. One answer is made
at a time in this process, whatever the number of models and callers: they stand in line for one worker thread, so that
the processor's cores work on one thing and no thread is lost to waiting.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from .errors import CallError
from .local_engine import LocalAnswer, LocalRequest, open_engine

_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-chat")
_ANY_OBJECT = {"type": "object", "additionalProperties": True}


class TransformersChat(BaseChatModel):
    """A chat model of transformers, run by this process, on a GPU where torch sees one.

    Nothing is fetched: the model lies in a folder, or in the cache of the Hugging Face hub. It is loaded by the first
    call and stays; all that name the same folder share it. A call may bring `response_format`, `max_tokens`,
    `temperature`, `seed` and `stop`. A call that is cancelled, or whose stream is left, stops after the token at hand.
    Every fault of a call is a CallError with a hint.

    Attributes:
        folder: the model's folder or hub name.
        temperature: 0 for the likeliest words.
        max_tokens: at most so many tokens are generated; fewer where the model's context ends before.
        seed: makes sampled answers repeatable.
    """

    folder: str
    temperature: float = Field(default=0.0, ge=0.0)
    max_tokens: int = Field(default=1024, gt=0)
    seed: int | None = None

    @property
    def model_name(self) -> str:
        """The folder or hub name; LangChain's traces show it."""
        return self.folder

    @property
    def _llm_type(self) -> str:
        return "transformers"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        left = Event()
        future = self._submit(messages, stop, kwargs, _keep_silent, left)
        try:
            return self._result(future.result())
        finally:
            _leave(future, left)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        left = Event()
        future = self._submit(messages, stop, kwargs, _keep_silent, left)
        try:
            return self._result(await asyncio.wrap_future(future))
        finally:
            _leave(future, left)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        left: Event = Event()
        pieces: SimpleQueue[str | None] = SimpleQueue()
        future = self._submit(messages, stop, kwargs, pieces.put, left)
        future.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := pieces.get()) is not None:
                yield _chunk(piece)
            yield self._last(future.result())
        finally:
            _leave(future, left)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        left: Event = Event()
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        def tell(piece: str) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        future = self._submit(messages, stop, kwargs, tell, left)
        done = asyncio.wrap_future(future)
        done.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield _chunk(piece)
            yield self._last(await done)
        finally:
            done.cancel()
            _leave(future, left)

    def _submit(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: Mapping[str, Any],
        tell: Callable[[str], None],
        left: Event,
    ) -> Future[LocalAnswer]:
        """Stand in line; `tell` hears the pieces, and `left`, once set, ends the generation."""
        request = self._request(messages, stop, kwargs)
        # Only the worker opens models, so that none is loaded twice and the event loop never waits for weights.
        return _WORKER.submit(lambda: open_engine(self.folder).answer(request, tell, left))

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: Mapping[str, Any]) -> LocalRequest:
        asked = {key: value for key, value in kwargs.items() if value is not None}
        if {"tools", "functions"} & asked.keys():
            raise CallError("A model in this process calls no tools.", "Ask for JSON by response_format.")
        return LocalRequest(
            messages=convert_to_openai_messages(messages),
            schema=_schema(asked.get("response_format")),
            max_tokens=asked.get("max_tokens", self.max_tokens),
            temperature=asked.get("temperature", self.temperature),
            seed=asked.get("seed", self.seed),
            stop=tuple(stop or ()),
        )

    def _result(self, answer: LocalAnswer) -> ChatResult:
        message = AIMessage(
            content=answer.text, usage_metadata=_usage(answer), response_metadata=self._metadata(answer)
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _last(self, answer: LocalAnswer) -> ChatGenerationChunk:
        metadata = self._metadata(answer)
        message = AIMessageChunk(
            content="", usage_metadata=_usage(answer), response_metadata=metadata, chunk_position="last"
        )
        return ChatGenerationChunk(message=message)

    def _metadata(self, answer: LocalAnswer) -> dict[str, Any]:
        return {"finish_reason": answer.finish_reason, "model_name": self.folder, "model_provider": "transformers"}


def _schema(response_format: Any) -> str:
    """The JSON schema, as JSON, of an OpenAI `response_format`; empty for free text."""
    match response_format:
        case None | {"type": "text"}:
            return ""
        case {"type": "json_object"}:
            return json.dumps(_ANY_OBJECT)
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            # Not sorted: the answer's fields come in the schema's order.
            return json.dumps(schema)
    raise CallError(
        "A model in this process does not know this response_format.",
        "Its type may be text, json_object, or json_schema with a name and a schema.",
    )


def _usage(answer: LocalAnswer) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=answer.prompt_tokens,
        output_tokens=answer.completion_tokens,
        total_tokens=answer.prompt_tokens + answer.completion_tokens,
    )


def _chunk(piece: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=piece))


def _keep_silent(piece: str) -> None:
    """Nobody listens for pieces."""


def _leave(future: Future[LocalAnswer], left: Event) -> None:
    """Nobody waits any more: a call in line leaves it, a call at work stops."""
    left.set()
    future.cancel()
