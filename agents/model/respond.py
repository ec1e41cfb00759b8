"""The replying agent, model brain: says the draft in the user's language, and as it is written, sentence by sentence."""

from collections.abc import Callable, Sequence

from ...prompts import data, render
from ...tools.describing import describe_in_full
from ...tools.errors import AnswerError
from ...tools.index import Index
from ..answer import named
from ..brains import Model
from ..state import Draft, Exchange
from .speaking import speak
from .telling import talk_data

_LONGEST = 500
"""Tokens of the reply at most."""

_TEXT = 240


async def respond(
    model: Model, draft: Draft, index: Index, talk: Sequence[Exchange], say: Callable[[str], None]
) -> str:
    """The reply; an item of the draft that the model left out gets the draft's own line."""
    schema = index.catalogue.schema
    records = [describe_in_full(index.catalogue.item(i), schema, _TEXT) for i in draft.items]
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
    reply = await speak(model, model.stream(prompt, _LONGEST), draft.items, sources, index, say)
    if all(line.startswith("- ") for line in reply.splitlines() if line.strip()):
        raise AnswerError("the reply was a list and nothing else")
    missing = [line for i in draft.items if (line := _line_of(i, draft, index)) and not _names(reply, i, index)]
    if missing:
        rest = ("" if reply.endswith("\n") else "\n") + "\n".join(missing)
        say(rest)
        reply += rest
    return reply.strip()


def _with_numbers(draft: Draft, index: Index) -> str:
    text = draft.text
    for number, item in enumerate(draft.items, 1):
        text = text.replace(named(index.catalogue.item(item), index), f"[{number}]")
    return text


def _names(reply: str, item: str, index: Index) -> bool:
    return f"**{index.catalogue.item(item).title}**" in reply


def _line_of(item: str, draft: Draft, index: Index) -> str:
    """The draft's line about an item, else its name."""
    name = named(index.catalogue.item(item), index)
    return next((line for line in draft.text.splitlines() if line.startswith("- ") and name in line), f"- {name}")
