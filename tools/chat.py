"""A chat model as the agents ask it: answers of a given shape, streamed text, so many calls at once, counted and cached.

An answer of a given shape is asked for in the strictest way that the server takes: by JSON schema, else as a tool call,
else as a JSON object, else by words alone. A way that the server refuses, or does not heed, is not tried again.
"""

import asyncio
import json
import time
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel, ValidationError

from .answer_cache import AnswerCache, request_key
from .answers import Shape, Thinking, check_end, is_json, read_answer, said_in, schema_of
from .chat_models import explain_failure
from .errors import AnswerError, CallError

Way = Literal["json_schema", "tools", "json_object", "words"]
WAYS: tuple[Way, ...] = ("json_schema", "tools", "json_object", "words")
"""How an answer of a shape is asked for, the strictest first; the last two need the shape told in the prompt."""

_REFUSED = (400, 404, 415, 422, 501)
"""What servers answer to a way of asking that they do not know."""

_FAILURES, _REST = 3, 20.0
"""After so many calls in a row that got no answer, a server is left alone for so many seconds."""


@dataclass(frozen=True)
class Call:
    """One call as it was made: its tokens, whether the cache answered, and the words of it."""

    prompt_tokens: int
    completion_tokens: int
    cached: bool = False
    prompt: str = ""
    answer: str = ""


class Meter(Protocol):
    """Who lets calls through and counts them: a turn's budget."""

    @property
    def owner(self) -> str:
        """Whose turn it is; cached answers are theirs alone."""
        ...

    @property
    def private(self) -> bool:
        """Whether nothing of the turn may be written down, so that no answer is cached."""
        ...

    def admit(self, tokens: int) -> None:
        """Let a call with a prompt of about so many tokens through, or raise SpentError."""
        ...

    def note(self, call: Call | None) -> None:
        """Count a call that was let through and made; None: it came to nothing, because the server did not take it."""
        ...


class WayRefusedError(CallError):
    """The server does not know the way in which it was asked; the next one has been chosen."""


class Chat:
    """A chat model behind a gate.

    Args:
        model: any LangChain chat model.
        name: its name, for people.
        place: where it runs, for people and for the cache.
        concurrency: calls at once.
        cache: where answers are kept, if they are.
        finishes: whether the model says how each answer ended, so that one without an end was cut off.
        clock: seconds, for resting after failures.
    """

    def __init__(
        self,
        model: BaseChatModel,
        name: str,
        place: str = "",
        concurrency: int = 8,
        cache: AnswerCache | None = None,
        *,
        finishes: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.place = place
        self.cache = cache
        self._model = model
        self._concurrency = concurrency
        self._finishes = finishes
        self._clock = clock
        self._way = 0
        self._heeded: int | None = None
        self._failures = 0
        self._resting_until = 0.0
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @property
    def way(self) -> Way:
        """How an answer of a shape is asked for now."""
        return WAYS[self._way]

    @property
    def needs_shape_told(self) -> bool:
        """Whether the prompt has to say what shape the answer should have."""
        return self.way in ("json_object", "words")

    async def answer(
        self, messages: Sequence[BaseMessage], shape: type[Shape], meter: Meter, max_tokens: int, **options: Any
    ) -> Shape:
        """One answer of a shape, by one call.

        Raises:
            AnswerError: the answer is empty, cut off or of another shape; its message says what is wrong with it.
            CallError: the call failed.
            WayRefusedError: this way of asking is not known there; ask again.
            SpentError: the turn has no call left.
        """
        way = self._way
        key = self._key(messages, meter, shape=schema_of(shape), max_tokens=max_tokens, way=self.way, **options)
        if (kept := await self._kept(key)) is not None and (known := _as_kept(kept, shape)) is not None:
            meter.note(Call(0, 0, True, _words(messages), kept))
            return known
        self._check_rest()
        meter.admit(estimate(messages))
        message = await self._ask(messages, meter, {"max_tokens": max_tokens, **options}, way, shape)
        try:
            value = read_answer(message, shape)
        except AnswerError as fault:
            fault.said = said_in(message)
            if way == self._way != self._heeded and not self.needs_shape_told and not is_json(message):
                # The server took the schema and has never heeded it: from now on the prompt says the shape.
                self._way = WAYS.index("words")
            raise
        self._heeded = way
        if key is not None and self.cache is not None:
            await asyncio.to_thread(self.cache.put, key, meter.owner, json.dumps(value.model_dump(mode="json")))
        return value

    async def stream(self, messages: Sequence[BaseMessage], meter: Meter, max_tokens: int) -> AsyncGenerator[str]:
        """One answer in pieces, as they come.

        Raises:
            AnswerError: the answer is empty, or broke off.
            CallError: the call failed.
            SpentError: the turn has no call left.
        """
        key = self._key(messages, meter, max_tokens=max_tokens, way="stream")
        if (kept := await self._kept(key)) is not None:
            meter.note(Call(0, 0, True, _words(messages), kept))
            yield kept
            return
        self._check_rest()
        meter.admit(estimate(messages))
        said, usage, finish = "", None, ""
        try:
            async with self._gate():
                thinking, characters = Thinking(), getincrementaldecoder("utf-16-le")("replace")
                async for chunk in self._model.astream(list(messages), max_tokens=max_tokens):
                    usage = getattr(chunk, "usage_metadata", None) or usage
                    finish = (chunk.response_metadata or {}).get("finish_reason") or finish
                    # Servers may cut an emoji in two; a half that stays alone fits in no file.
                    whole = characters.decode(chunk.text.encode("utf-16-le", "surrogatepass"))
                    if piece := thinking.without(whole):
                        said += piece
                        yield piece
                if piece := thinking.without(characters.decode(b"", final=True)) + thinking.rest():
                    said += piece
                    yield piece
            self._failures = 0
        except Exception as fault:
            raise self._failed(fault) from fault
        finally:
            # What got no answer cost no tokens, as far as anybody knows.
            meter.note(_counted(messages, said, usage) if said or usage else Call(0, 0, prompt=_words(messages)))
        check_end("reply", finish)
        if self._finishes and not finish:
            raise AnswerError("the reply broke off")
        if not said.strip():
            raise AnswerError("the reply was empty")
        if key is not None and self.cache is not None:
            await asyncio.to_thread(self.cache.put, key, meter.owner, said)

    async def _ask(
        self, messages: Sequence[BaseMessage], meter: Meter, options: dict[str, Any], way: int, shape: type[BaseModel]
    ) -> AIMessage:
        call: Call | None = Call(0, 0, prompt=_words(messages))
        try:
            async with self._gate():
                message: AIMessage = await _bound(self._model, WAYS[way], shape, options).ainvoke(list(messages))
            self._failures = 0
            call = _counted(messages, said_in(message), message.usage_metadata)
        except Exception as fault:
            if completion := getattr(fault, "completion", None):
                self._failures = 0
                call = _counted(messages, "", getattr(completion, "usage", None))
                raise AnswerError("the answer was cut off at its longest") from fault
            if self._steps_down(fault, way):
                call = None
                raise WayRefusedError(f"the server does not take {WAYS[way]}") from fault
            raise self._failed(fault) from fault
        finally:
            meter.note(call)
        return message

    def rest(self) -> None:
        """Leave the server alone for a while: a whole turn has passed without an answer."""
        self._resting_until = self._clock() + _REST

    def _steps_down(self, fault: Exception, way: int) -> bool:
        refused = getattr(fault, "status_code", None) in _REFUSED or isinstance(fault, NotImplementedError)
        # A client that does not know an argument; a TypeError inside of it is another matter.
        refused = refused or (isinstance(fault, TypeError) and "argument" in str(fault))
        if not refused:
            return False
        if way + 1 >= len(WAYS):
            # Refused in every way: it was not the way that was wrong.
            self._way = self._heeded or 0
            return False
        self._way = max(self._way, way + 1)
        return True

    def _failed(self, fault: Exception) -> CallError:
        told = explain_failure(fault, self.place)
        self._failures = self._failures + 1 if getattr(fault, "status_code", None) is None else 0
        if self._failures >= _FAILURES:
            self.rest()
        return told

    def _check_rest(self) -> None:
        if self._clock() < self._resting_until:
            where = f"the server {self.place}".strip()
            raise CallError(f"{where} did not answer lately and is left alone for a while")

    def _gate(self) -> asyncio.Semaphore:
        return self._gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._concurrency))

    def _key(self, messages: Sequence[BaseMessage], meter: Meter, **options: Any) -> str | None:
        if self.cache is None or meter.private:
            return None
        said = [(m.type, m.text) for m in messages]
        sampling = {n: getattr(self._model, n, None) for n in ("temperature", "seed")}
        return request_key({"model": self.name, "place": self.place, **sampling, "said": said, **options}, meter.owner)

    async def _kept(self, key: str | None) -> str | None:
        if key is None or self.cache is None:
            return None
        return await asyncio.to_thread(self.cache.get, key)


def estimate(messages: Sequence[BaseMessage]) -> int:
    """About how many tokens messages have: four characters each."""
    return sum(len(m.text) for m in messages) // 4


def _bound(model: BaseChatModel, way: Way, shape: type[BaseModel], options: dict[str, Any]) -> Any:
    """The model, told in one way what shape its answer should have."""
    if way == "tools":
        tool = {"title": shape.__name__, "description": shape.__doc__ or "The answer.", **schema_of(shape)}
        return model.bind_tools([tool], tool_choice=shape.__name__, **options)
    if way == "json_schema":
        named = {"name": shape.__name__, "schema": schema_of(shape), "strict": True}
        return model.bind(response_format={"type": "json_schema", "json_schema": named}, **options)
    return model.bind(**({"response_format": {"type": "json_object"}} if way == "json_object" else {}), **options)


def _as_kept(kept: str, shape: type[Shape]) -> Shape | None:
    """An answer from the cache; None where it is not what was kept."""
    try:
        return shape.model_validate_json(kept)
    except ValidationError:
        return None


def _counted(messages: Sequence[BaseMessage], said: str, usage: Any) -> Call:
    """A call with the server's count of tokens, or ours where it gives none."""

    def count(*names: str) -> int | None:
        found = (usage.get(n) if isinstance(usage, dict) else getattr(usage, n, None) for n in names)
        return next((n for n in found if isinstance(n, int)), None)

    asked, answered = count("input_tokens", "prompt_tokens"), count("output_tokens", "completion_tokens")
    return Call(
        estimate(messages) if asked is None else asked,
        len(said) // 4 if answered is None else answered,
        prompt=_words(messages),
        answer=said,
    )


def _words(messages: Sequence[BaseMessage]) -> str:
    return "\n\n".join(m.text for m in messages)
