"""A chat model that answers from a list or a function: the whole pipeline runs, and no model is needed."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import BaseModel, Field, PrivateAttr

Line = str | BaseModel | dict[str, Any] | Exception
"""One answer: text, a value that is written as JSON, or a fault to raise."""

Script = Sequence[Line] | Callable[[list[BaseMessage], dict[str, Any]], Line]
"""Answers in order (the last one is said again and again), or a function of the messages and the call's options."""


class ScriptedChat(BaseChatModel):
    """A chat model without a model.

    Attributes:
        script: what it answers, a `Script`.
        asked: the messages of every call, in order.
        options: the options of every call: `response_format`, `max_tokens` and so on.
    """

    script: Any
    asked: list[list[BaseMessage]] = Field(default_factory=list)
    options: list[dict[str, Any]] = Field(default_factory=list)
    _turn: int = PrivateAttr(default=0)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Any:
        """The same model, told of tools: a JSON object that it says is then the arguments of the first."""
        return self.bind(tools=list(tools), **options)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = self._next(messages, kwargs)
        message = AIMessage(content=text, usage_metadata=_usage(messages, text), response_metadata=_FINISHED)
        if (tools := kwargs.get("tools")) and text.startswith("{"):
            name = getattr(tools[0], "__name__", None) or tools[0].get("title", "answer")
            called = {"name": name, "args": json.loads(text), "id": "call"}
            message = message.model_copy(update={"content": "", "tool_calls": [called]})
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        text = self._next(messages, kwargs)
        for piece in _pieces(text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        last = AIMessageChunk(content="", usage_metadata=_usage(messages, text), response_metadata=_FINISHED)
        yield ChatGenerationChunk(message=last)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, None, **kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(messages, stop, None, **kwargs):
            yield chunk

    def _next(self, messages: list[BaseMessage], options: dict[str, Any]) -> str:
        self.asked.append(messages)
        self.options.append(options)
        if callable(self.script):
            line = self.script(messages, options)
        else:
            line = self.script[min(self._turn, len(self.script) - 1)]
            self._turn += 1
        if isinstance(line, Exception):
            raise line
        if isinstance(line, BaseModel):
            return line.model_dump_json()
        return line if isinstance(line, str) else json.dumps(line)


_FINISHED = {"finish_reason": "stop"}


def _pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [w + " " for w in words[:-1]] + words[-1:]


def _usage(messages: Sequence[BaseMessage], text: str) -> Any:
    """Tokens, about four characters each."""
    asked, said = sum(len(m.text) for m in messages) // 4, max(len(text) // 4, 1)
    return {"input_tokens": asked, "output_tokens": said, "total_tokens": asked + said}
