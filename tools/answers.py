"""Answers of chat models read: shapes as strict JSON schemas, what comes back in a shape, and thoughts left out."""

import json
from functools import cache
from typing import Any, TypeVar

from langchain_core.messages import AIMessage
from langchain_core.utils.json import parse_json_markdown
from pydantic import BaseModel, ValidationError

from .errors import AnswerError

Shape = TypeVar("Shape", bound=BaseModel)

_ENDS = {"length": "was cut off at its longest", "content_filter": "was withheld by the server"}


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


def read_answer(message: AIMessage, shape: type[Shape]) -> Shape:
    """The answer in its shape.

    Raises:
        AnswerError: it is empty, cut off or of another shape.
    """
    check_end("answer", (message.response_metadata or {}).get("finish_reason") or "")
    calls = message.tool_calls
    text = without_thinking(message.text)
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


def check_end(what: str, finish: str) -> None:
    """See whether an answer came to its end.

    Raises:
        AnswerError: it was cut off, or withheld.
    """
    if finish in _ENDS:
        raise AnswerError(f"the {what} {_ENDS[finish]}")


def _where(fault: Any) -> str:
    """The field that a fault is in, without the name of one that only the answer has."""
    place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
    return ".".join(map(str, place)) or "answer"


def is_json(message: AIMessage) -> bool:
    """Whether an answer is meant as JSON, as far as it goes."""
    if message.tool_calls or (message.response_metadata or {}).get("finish_reason") == "length":
        return True
    return not message.text.strip() or message.text.lstrip().startswith("{")


def said_in(message: AIMessage) -> str:
    """An answer as it was given."""
    return json.dumps(message.tool_calls[0]["args"]) if message.tool_calls else message.text


_OPENS, _CLOSES = "<think>", "</think>"


def without_thinking(text: str) -> str:
    """What a reasoning model says after its thoughts, where its server leaves them in."""
    return text.rpartition(_CLOSES)[2] if _CLOSES in text else text


class Thinking:
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
        return without_thinking(self._held).lstrip() if begun.startswith(_OPENS) else self._held

    def rest(self) -> str:
        """What was held back and is no thought."""
        return "" if self._passed or self._held.lstrip().startswith(_OPENS) else self._held
