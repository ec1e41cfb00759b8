"""The MCP tools that are about the user: talk with the recommender, see, add and forget what is remembered."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from ...agents.memory import Memory
from ...agents.recommender import Event
from ...agents.state import Answer, Step
from ...tools.errors import InputError, UnknownMemoryError, UnknownThreadError
from ...tools.words import fold
from .desk import Call
from .shapes import (
    Forget,
    Forgotten,
    Memorized,
    NoArguments,
    Recommend,
    Recommended,
    Remember,
    Remembered,
    Suggestion,
)

_NAMED = 5
"""Memories that are named at most where words fit several."""


async def recommend(call: Call, asked: Recommend) -> Recommended:
    """One turn of a conversation.

    Raises:
        UnknownThreadError: the user has no conversation of that name.
    """
    user = call.caller.user
    if asked.thread:
        await _known(call, asked.thread)
    thread = asked.thread or uuid.uuid4().hex
    said = cast("AsyncGenerator[Event]", call.recommender.astream(asked.message, user=user, thread=thread))
    async with call.turn(call.caller.owner), aclosing(said) as events:
        async for event in events:
            if isinstance(event, Step):
                await call.report(event.agent)
            elif isinstance(event, Answer):
                return Recommended.of(event)
    raise AssertionError("a turn ends with its answer")


async def list_memories(call: Call, _: NoArguments) -> Memorized:
    """All that is remembered of the user."""
    return _memorized(await call.recommender.memories.of(call.caller.user))


async def remember(call: Call, asked: Remember) -> Memorized:
    """Remember what the user says of themselves."""
    return _memorized(await call.recommender.memories.add(call.caller.user, asked.text))


async def forget(call: Call, asked: Forget) -> Forgotten:
    """Forget one memory, or, where that is said in so many words, all of them.

    Raises:
        InputError: not exactly one of id, words and everything is given, or the words fit several memories.
        UnknownMemoryError: no memory has that id or those words.
    """
    user, memories = call.caller.user, call.recommender.memories
    if sum((bool(asked.memory), bool(asked.words.strip()), asked.everything)) != 1:
        raise InputError(
            "Nothing was forgotten: it is not clear what is to be.",
            "Give exactly one of `memory`, `words` and `everything`.",
        )
    if asked.everything:
        return Forgotten(count=await memories.forget_all(user), memories=[])
    known = await memories.of(user, ended=True)
    named = asked.memory or _saying(asked.words, [m for m in known if m.ended is None]).id
    try:
        gone = await memories.forget(user, named)
    except UnknownMemoryError as fault:
        raise UnknownMemoryError(str(fault), "list_memories gives the ids of memories.") from fault
    return Forgotten(count=1, memories=[Remembered.of(gone)])


def tell_answer(answer: Recommended) -> str:
    """An answer for a reader who sees text alone."""
    parts = [answer.reply]
    for heading, items in (("Items", answer.items), ("Nearest", answer.nearest)):
        if items:
            parts.append("\n".join([f"{heading}:", *map(_line, items)]))
    if answer.options:
        parts.append("The user could answer: " + " · ".join(answer.options))
    parts.append(f"Conversation: {answer.thread}")
    return "\n\n".join(parts)


def tell_memories(told: Memorized) -> str:
    """Memories for a reader who sees text alone."""
    return "\n".join(f"- {m.text} [{m.id}]" for m in told.memories) or "Nothing is remembered of this user."


def tell_forgotten(told: Forgotten) -> str:
    """What is gone, for a reader who sees text alone."""
    if told.memories:
        return f"Forgotten: {told.memories[0].text}"
    return f"All memories are forgotten; there were {told.count}."


async def _known(call: Call, thread: str) -> None:
    """Refuse a conversation that the user has not begun.

    Raises:
        UnknownThreadError: there is none of that name, in the same words whether somebody else has one.
    """
    try:
        await call.recommender.thread(user=call.caller.user, thread=thread)
    except UnknownThreadError as fault:
        raise UnknownThreadError(str(fault), "Leave `thread` out to begin a new conversation.") from fault


def _memorized(memories: list[Memory]) -> Memorized:
    return Memorized(memories=[Remembered.of(memory) for memory in memories])


def _saying(words: str, memories: list[Memory]) -> Memory:
    """The one memory that says some words: all of it, else a part.

    Raises:
        InputError: several do.
        UnknownMemoryError: none does.
    """
    wanted = fold(words).strip(" .")
    whole = [m for m in memories if fold(m.text).strip(" .") == wanted]
    found = whole or [m for m in memories if wanted in fold(f"{m.text}\n{m.words}")]
    if not found:
        raise UnknownMemoryError("No memory says these words.", "list_memories shows what is remembered.")
    if len(found) > 1:
        named = "; ".join(f"{m.text} [{m.id}]" for m in found[:_NAMED])
        raise InputError(f"{len(found)} memories say these words.", f"Forget one by its id in `memory`: {named}")
    return found[0]


def _line(item: Suggestion) -> str:
    marks = {"entails": "✓", "neutral": "?", "contradicts": "✗"}
    fits = [f"{marks.get(fit.verdict, '')} {fit.wish}" for fit in item.fits]
    facts = "; ".join(f"{label}: {value}" for label, value in item.facts.items())
    because = f"because you liked {item.because}" if item.because else ""
    return f"- {item.title} [{item.id}]: " + " | ".join(filter(None, [facts, item.reason, because, *fits, item.url]))
