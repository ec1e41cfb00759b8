"""Which conversation a history belongs to: OpenAI's clients send all that was said each time, and name no thread.

A thread that the client names (`convrec: {"thread": …}` in the body, or the header X-Convrec-Thread) is gone on with as it
is, and begun if it is not there; of the history only the last message is read. For all others, nothing is kept beside the
threads themselves: the thread of a history is the one of this user whose turns are that history.

- Fresh: nothing was said before; a thread is begun. So is one for the first message again, as that is the same request.
- Continued: a thread has just these turns, that is the same messages of the user, and its last reply is in the history's
  last reply; it is gone on with. Of two threads that are alike, either does.
- Regenerated: a thread has just these turns and then the same message again; that turn is taken back, with what it made
  remembered, and answered anew.
- Anything else (an earlier message was edited, a reply was stopped or edited, the thread was deleted, or is in private talks
  of a process that has ended): a thread is begun, and the user's earlier messages, at most `REPLAYED` of them, are said again
  to the built-in agents, which cost milliseconds and no tokens. The old thread stays. What was told to be remembered counts
  as said twice; items that a language model had shown may come again.

Two tabs with the same history are the same two requests, so each gets the answer to its own history: the second finds the
thread gone on with, and has one of its own, or, for the same message, regenerates. Threads are looked for among the user's
own, so whose history it was does not matter: with somebody else's, a user begins a thread of their own.
"""

import asyncio
import hashlib
import json
import re
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast
from weakref import WeakValueDictionary

from ...agents.messages import clean_message
from ...agents.mind import Mind
from ...agents.recommender import Event, Recommender
from ...agents.state import Exchange
from ...tools.errors import MessageError
from .openai_errors import ParameterError
from .openai_shapes import ChatMessage

REPLAYED = 12
"""Earlier messages that are said again at most."""

_LOOKED_AT = 20
"""Threads of a fitting length that are compared with a history at most, those that changed last."""

_USERS, _THREADS = 1_000, 20
"""Users whose private threads are known, and how many of each."""


@dataclass(frozen=True)
class Earlier:
    """A message of the user before the last one, with the reply that the history has to it, if it has one."""

    text: str
    reply: str | None = None


@dataclass(frozen=True)
class History:
    """What a request holds of a conversation: the message to answer, and the turns before it."""

    text: str
    earlier: tuple[Earlier, ...] = ()


def read_history(messages: Sequence[ChatMessage], longest: int) -> History:
    """The turns in a list of messages; those of the system, of developers and of tools are none of the talk.

    Args:
        messages: the list.
        longest: characters that a message may have; earlier ones that are longer cannot have been turns.

    Raises:
        ParameterError: the last message is not the user's, or holds something else than text.
        MessageError: the last message is empty or too long.
    """
    *before, last = [m for m in messages if m.role in ("user", "assistant")] or [ChatMessage(role="assistant")]
    if last.role != "user" or messages[-1].role != "user":
        raise ParameterError(
            "The last message must be the user's.", "Send the history with the new message at its end.", "messages"
        )
    other = [part.type for part in last.content if part.type != "text"] if isinstance(last.content, list) else []
    if other:
        raise ParameterError(
            f"A message can hold text only, not {other[0][:40]!r}.",
            "Say in words what you are looking for.",
            "messages",
        )
    earlier: list[Earlier] = []
    for message in before:
        if message.role == "assistant":
            if earlier and earlier[-1].reply is None:
                earlier[-1] = Earlier(earlier[-1].text, message.text)
        elif text := _cleaned(message.text, longest):
            earlier.append(Earlier(text))
    return History(clean_message(last.text, longest), tuple(earlier))


class Histories:
    """Finds the threads of histories, and answers in them; one for each application.

    Args:
        recommender: who answers.
        private: whether talks are written down nowhere, so that they are not listed either.
    """

    def __init__(self, recommender: Recommender, *, private: bool = False) -> None:
        self._recommender = recommender
        self._private = private
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._begun: OrderedDict[str, list[str]] = OrderedDict()

    async def answer(
        self, history: History, *, user: str, thread: str = "", mind: Mind | None = None
    ) -> AsyncIterator[Event]:
        """One turn, as it happens, in the thread that is named or else in the one of the history."""
        if thread:
            async with aclosing(self._turn(history.text, user, thread, mind)) as events:
                async for event in events:
                    yield event
            return
        # Requests that could mean the same thread follow one another.
        async with self._lock(user, history):
            thread, replayed = await self._thread(history, user)
            answered = False
            try:
                async with aclosing(self._turn(history.text, user, thread, mind)) as events:
                    async for event in events:
                        yield event
                answered = True
            finally:
                if replayed and not answered:
                    await asyncio.shield(self._recommender.forget(user=user, thread=thread))

    def _turn(self, text: str, user: str, thread: str, mind: Mind | None) -> AsyncGenerator[Event]:
        events = self._recommender.astream(text, user=user, thread=thread, mind=mind)
        return cast("AsyncGenerator[Event]", events)

    async def _thread(self, history: History, user: str) -> tuple[str, bool]:
        """The thread to answer in, which stands as the history does, and whether that took saying it again."""
        again = ""
        for name in await self._candidates(len(history.earlier), user) if history.earlier else ():
            talk = await self._recommender.talk(user=user, thread=name)
            if _same(talk, history.earlier):
                return name, False
            if not again and talk and talk[-1].text == history.text and _same(talk[:-1], history.earlier):
                again = name
        if again:
            await self._recommender.undo(user=user, thread=again)
            return again, False
        return await self._replay(history, user)

    async def _candidates(self, turns: int, user: str) -> list[str]:
        """The threads that may be a history's, or a turn ahead of it."""
        if self._private:
            return self._begun.get(user, [])[::-1]
        infos = await self._recommender.threads(user=user)
        fitting = [i.thread for i in infos if turns <= i.turns <= turns + 1 or REPLAYED < i.turns <= turns]
        return fitting[:_LOOKED_AT]

    async def _replay(self, history: History, user: str) -> tuple[str, bool]:
        """A new thread in which the user's earlier messages have been said."""
        thread = uuid.uuid4().hex
        if self._private:
            known = self._begun.setdefault(user, [])
            self._begun.move_to_end(user)
            self._begun[user] = [*known, thread][-_THREADS:]
            if len(self._begun) > _USERS:
                self._begun.popitem(last=False)
        said = history.earlier[-REPLAYED:]
        try:
            for one in said:
                await self._recommender.reply(one.text, user=user, thread=thread, mind=Mind())
        except BaseException:
            await asyncio.shield(self._recommender.forget(user=user, thread=thread))
            raise
        return thread, bool(said)

    def _lock(self, user: str, history: History) -> asyncio.Lock:
        first = history.earlier[0].text if history.earlier else history.text
        key = hashlib.sha256(json.dumps([user, first]).encode()).hexdigest()
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


def _same(talk: Sequence[Exchange], earlier: Sequence[Earlier]) -> bool:
    """Whether a thread's turns are those of a history, or all that were said again of a long one and what followed."""
    count = len(talk)
    if not count or not (count == len(earlier) or REPLAYED < count < len(earlier)):
        return False
    # Of the replies only the last counts: the earlier ones of a thread where things were said again are others.
    texts = [turn.text for turn in talk] == [one.text for one in earlier[-count:]]
    reply = earlier[-1].reply
    return texts and (reply is None or f" {_words(talk[-1].reply)} " in f" {_words(reply)} ")


def _words(text: str) -> str:
    """A reply's words, without what Markdown and front ends put around them."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _cleaned(text: str, longest: int) -> str:
    """An earlier message as a thread keeps it; nothing if it cannot have been a turn."""
    try:
        return clean_message(text, longest)
    except MessageError:
        return ""
