"""The replying agent, model brain: says the draft in the user's language, and as it is written, sentence by sentence."""

from collections.abc import Callable, Sequence
from textwrap import shorten

from ...prompts import data, render
from ...tools.describing import describe_in_line
from ...tools.errors import AnswerError
from ...tools.index import Index
from ...tools.items import Item
from ...tools.schema import Schema
from ..answer import named
from ..brains import Model
from ..guarantees import names_only
from ..respond import tell_unknown
from ..state import Draft, Exchange
from .speaking import speak
from .telling import talk_data

_LONGEST = 500
"""Tokens of the reply at most."""

_FACTS, _TEXT = 240, 240
"""Characters of an item's attributes and of its text."""


async def respond(
    model: Model, draft: Draft, index: Index, talk: Sequence[Exchange], say: Callable[[str], None]
) -> str:
    """The reply; an item of the draft that the model left out gets the draft's own line, an unknown title its sentence."""
    schema = index.catalogue.schema
    records = [_record(index.catalogue.item(i), schema) for i in draft.items]
    numbered = _with_numbers(draft, index)
    prompt = render(
        "respond",
        nouns=schema.nouns,
        noun=schema.noun,
        draft=data("draft", numbered),
        items=data("items", "\n\n".join(f"[{n}] {record}" for n, record in enumerate(records, 1))),
        talk=talk_data(talk[-1:]),
        message=data("message", draft.asked),
        language=draft.language,
    )
    sources = (draft.text, draft.asked, *records)
    reply = await speak(model, model.stream(prompt, _LONGEST), draft.items, sources, index, say, draft.language)
    if all(line.startswith("- ") for line in reply.splitlines() if line.strip()):
        raise AnswerError("the reply was a list and nothing else")
    missing = [_line_of(i, draft, index) for i in draft.items if not _names(reply, i, index)]
    if unknown := [t for t in draft.unknown if t not in reply]:
        missing.append(tell_unknown(unknown))
    if missing:
        rest = ("" if reply.endswith("\n") else "\n") + "\n".join(missing)
        say(rest)
        reply += rest
    return reply.strip()


def _record(item: Item, schema: Schema) -> str:
    """What a reply may say of an item; shorter than all of it, because the draft holds what matters most."""
    line = describe_in_line(item, schema, (), _FACTS)
    return f"{line}\n{shorten(item.text, _TEXT, placeholder=' …')}" if item.text else line


def _with_numbers(draft: Draft, index: Index) -> str:
    text = draft.text
    for number, item in enumerate(draft.items, 1):
        text = text.replace(named(index.catalogue.item(item), index), f"[{number}]")
    return text


def _names(reply: str, item: str, index: Index) -> bool:
    return f"**{index.catalogue.item(item).title}**" in reply


def _line_of(item: str, draft: Draft, index: Index) -> str:
    """The draft's line about an item, else its name: a reason may hold words that are another item's title."""
    name = named(index.catalogue.item(item), index)
    lines = [line for line in draft.text.splitlines() if line.startswith("- ") and name in line]
    return next((line for line in lines if names_only(line, draft.items, index)), f"- {name}")
