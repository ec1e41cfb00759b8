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
from functools import cache
from typing import Any, Literal, Protocol, TypeVar
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.utils.json import parse_json_markdown
from pydantic import BaseModel, ValidationError

from .answer_cache import AnswerCache, request_key
from .chat_models import explain_failure
from .errors import AnswerError, CallError

Way = Literal["json_schema", "tools", "json_object", "words"]
WAYS: tuple[Way, ...] = ("json_schema", "tools", "json_object", "words")
"""How an answer of a shape is asked for, the strictest first; the last two need the shape told in the prompt."""

Shape = TypeVar("Shape", bound=BaseModel)

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
        self._heeded = 0
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
            value = _read(message, shape)
        except AnswerError as fault:
            fault.said = _said(message)
            if way == self._way and not self.needs_shape_told and not _is_json(message):
                # The server took the schema and did not heed it: from now on the prompt says the shape.
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
                thinking, characters = _Thinking(), getincrementaldecoder("utf-16-le")("replace")
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
            meter.note(_counted(messages, said, usage))
        if finish == "length" or (self._finishes and not finish):
            raise AnswerError("the reply was cut off" if finish else "the reply broke off")
        if not said.strip():
            raise AnswerError("the reply was empty")
        if key is not None and self.cache is not None:
            await asyncio.to_thread(self.cache.put, key, meter.owner, said)

    async def _ask(
        self, messages: Sequence[BaseMessage], meter: Meter, options: dict[str, Any], way: int, shape: type[BaseModel]
    ) -> AIMessage:
        call: Call | None = _counted(messages, "", None)
        try:
            async with self._gate():
                message: AIMessage = await _bound(self._model, WAYS[way], shape, options).ainvoke(list(messages))
            self._failures = 0
            call = _counted(messages, _said(message), message.usage_metadata)
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

    def _steps_down(self, fault: Exception, way: int) -> bool:
        refused = getattr(fault, "status_code", None) in _REFUSED or isinstance(fault, (TypeError, NotImplementedError))
        if not refused:
            return False
        if way + 1 >= len(WAYS):
            # Refused in every way: it was not the way that was wrong.
            self._way = self._heeded
            return False
        self._way = max(self._way, way + 1)
        return True

    def _failed(self, fault: Exception) -> CallError:
        told = explain_failure(fault, self.place)
        self._failures = self._failures + 1 if getattr(fault, "status_code", None) is None else 0
        if self._failures >= _FAILURES:
            self._resting_until = self._clock() + _REST
        return told

    def _check_rest(self) -> None:
        if self._clock() < self._resting_until:
            where = f"the server {self.place}".strip()
            raise CallError(f"{where} did not answer lately and is left alone for a while")

    def _gate(self) -> asyncio.Semaphore:
        return self._gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._concurrency))

    def _key(self, messages: Sequence[BaseMessage], meter: Meter, **options: Any) -> str | None:
        if self.cache is None:
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


@cache
def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """A shape as the strict JSON schema that servers want: all fields required, no titles, no defaults, no others."""
    return _strict(shape.model_json_schema())


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {n: _strict(v) for n, v in schema.items() if n not in ("title", "default", "properties", "$defs")}
    # What stands in these two is named by us: a field may be called title or default.
    kept |= {n: {k: _strict(v) for k, v in schema[n].items()} for n in ("properties", "$defs") if n in schema}
    if "properties" in kept:
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept


def _bound(model: BaseChatModel, way: Way, shape: type[BaseModel], options: dict[str, Any]) -> Any:
    """The model, told in one way what shape its answer should have."""
    if way == "tools":
        tool = {"title": shape.__name__, "description": shape.__doc__ or "The answer.", **schema_of(shape)}
        return model.bind_tools([tool], tool_choice=shape.__name__, **options)
    if way == "json_schema":
        named = {"name": shape.__name__, "schema": schema_of(shape), "strict": True}
        return model.bind(response_format={"type": "json_schema", "json_schema": named}, **options)
    return model.bind(**({"response_format": {"type": "json_object"}} if way == "json_object" else {}), **options)


def _read(message: AIMessage, shape: type[Shape]) -> Shape:
    """The answer in its shape.

    Raises:
        AnswerError: it is empty, cut off or of another shape.
    """
    if (message.response_metadata or {}).get("finish_reason") == "length":
        raise AnswerError("the answer was cut off at its longest")
    calls = message.tool_calls
    text = _without_thinking(message.text)
    if not calls and not text.strip():
        raise AnswerError("the answer was empty")
    try:
        return shape.model_validate(calls[0]["args"] if calls else parse_json_markdown(text, parser=json.loads))
    except ValidationError as fault:
        # Messages only, and where: an input may be long, and it may be somebody's words.
        told = "; ".join(f"{_where(e)}: {e['msg']}" for e in fault.errors()[:4])
        raise AnswerError(f"the answer has another shape ({told})"[:400]) from fault
    except (ValueError, RecursionError) as fault:
        raise AnswerError("the answer is no JSON") from fault


def _where(fault: Any) -> str:
    """The field that a fault is in, without the name of one that only the answer has."""
    place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
    return ".".join(map(str, place)) or "answer"


def _as_kept(kept: str, shape: type[Shape]) -> Shape | None:
    """An answer from the cache; None where it is not what was kept."""
    try:
        return shape.model_validate_json(kept)
    except ValidationError:
        return None


def _is_json(message: AIMessage) -> bool:
    if message.tool_calls or (message.response_metadata or {}).get("finish_reason") == "length":
        return True
    return not message.text.strip() or message.text.lstrip().startswith("{")


def _said(message: AIMessage) -> str:
    return json.dumps(message.tool_calls[0]["args"]) if message.tool_calls else message.text


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


_OPENS, _CLOSES = "<think>", "</think>"


def _without_thinking(text: str) -> str:
    """What a reasoning model says after its thoughts, where its server leaves them in."""
    return text.rpartition(_CLOSES)[2] if text.lstrip().startswith(_OPENS) else text


class _Thinking:
    """The same for text that comes in pieces: holds back what may be thoughts."""

    def __init__(self) -> None:
        self._held = ""
        self._passed = False

    def without(self, piece: str) -> str:
        """What of the text so far may be said now."""
        if self._passed:
            return piece
        self._held += piece
        begun = self._held.lstrip()
        if not begun or (_OPENS.startswith(begun[: len(_OPENS)]) and _CLOSES not in begun):
            return ""
        self._passed = True
        return _without_thinking(self._held).lstrip() if begun.startswith(_OPENS) else self._held

    def rest(self) -> str:
        """What was held back and is no thought."""
        return "" if self._passed or self._held.lstrip().startswith(_OPENS) else self._held
