"""What users can do with what is remembered of them: see it, correct it, take it along, have it forgotten."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal

from langgraph.store.base import BaseStore
from pydantic import Field, ValidationError

from ..tools.errors import InputError, MessageError, UnknownMemoryError
from ..tools.index import Index
from ..tools.items import Interaction
from .memory import Changes, Known, Memory
from .messages import clean_message, plain
from .profile import forgotten_by, message_of, profile_lines, read_profile_edit, tell_profile
from .recall import forget_responses, recall, shred, write
from .remember import Told, fact, relate, said, unlinked
from .state import Exchange, Noun, Understanding, Wish
from .understand import understand
from .wishes import feel

_LONGEST = 400
"""Characters of a memory that somebody writes themselves."""


class Talk(Noun):
    """One conversation, as it is handed to its user."""

    thread: str
    title: str = ""
    turns: tuple[Exchange, ...] = ()


class UserData(Noun):
    """Everything that is kept of one user, for them to take along.

    Attributes:
        format: what this file is.
        user: whose it is.
        made: when, seconds since 1970.
        memories: what is remembered.
        interactions: catalogue -> the user's history there.
        talks: the user's conversations.
    """

    format: Literal["convrec-user-1"] = "convrec-user-1"
    user: str
    made: float = 0.0
    memories: tuple[Memory, ...] = ()
    interactions: dict[str, tuple[Interaction, ...]] = Field(default_factory=dict)
    talks: tuple[Talk, ...] = ()


def read_user_data(text: str) -> UserData:
    """What `export` wrote.

    Raises:
        InputError: it is something else.
    """
    try:
        return UserData.model_validate_json(text)
    except ValidationError as fault:
        first = fault.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"This is no export of a user's data: {where}: {first['msg']}.",
            "`convrec memory export --user NAME` writes such a file.",
        ) from None


class Memories:
    """The memories of all users.

    Args:
        store: where they lie.
        index: the catalogue that new ones are read with.
        half_life_days: after how many days a taste counts half.
        guard: what holds off a user's turns while their memory changes.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: BaseStore,
        index: Callable[[], Index],
        half_life_days: float,
        guard: Callable[[str], AbstractAsyncContextManager[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._index = index
        self._half_life_days = half_life_days
        self._guard = guard
        self._clock = clock

    async def of(self, user: str, *, ended: bool = False) -> list[Memory]:
        """What is remembered of a user, what was said last at the end.

        Args:
            user: whose.
            ended: whether those that another took the place of come too.
        """
        known = await recall(self._store, user)
        return sorted(known.memories, key=lambda m: m.told) if ended else list(known.holding)

    async def profile(self, user: str) -> str:
        """What is remembered of a user, in a few sentences."""
        return tell_profile(await self.of(user), self._clock(), self._half_life_days)

    async def add(self, user: str, text: str) -> list[Memory]:
        """Remember what a user says of themselves, outside a talk: tastes as far as they can be read, else a fact.

        Raises:
            MessageError: the text is empty or too long.
        """
        text = clean_message(text, _LONGEST)
        async with self._guard(user):
            return await self._change(user, [text])

    async def edit(self, user: str, memory: str, text: str) -> list[Memory]:
        """Put other words in a memory's place; the memories that they are read into.

        Raises:
            UnknownMemoryError: there is no such memory.
            MessageError: the text is empty or too long.
        """
        text = clean_message(text, _LONGEST)
        async with self._guard(user):
            gone = await self._one(user, memory)
            return await self._change(user, [text], {gone.id})

    async def edit_profile(self, user: str, text: str) -> list[Memory]:
        """Make a user's profile say something else: sentences that are gone are forgotten, new ones remembered.

        Returns:
            The memories that the new sentences are read into.

        Raises:
            MessageError: a new sentence is too long; nothing is changed.
        """
        async with self._guard(user):
            lines = profile_lines(await self.of(user), self._clock(), self._half_life_days)
            edit = read_profile_edit("\n".join(line.text for line in lines), text)
            added = [clean_message(sentence, _LONGEST) for sentence in edit.added]
            return await self._change(user, added, {*forgotten_by(edit, lines)})

    async def forget(self, user: str, memory: str) -> Memory:
        """Forget one memory; nothing of it is left in the files of the store.

        Raises:
            UnknownMemoryError: there is no such memory.
        """
        async with self._guard(user):
            gone = await self._one(user, memory)
            await self._change(user, (), {gone.id})
            return gone

    async def forget_all(self, user: str) -> int:
        """Forget everything; how many memories there were."""
        async with self._guard(user):
            known = await recall(self._store, user)
            await self._change(user, (), {m.id for m in known.memories})
            return len(known.memories)

    async def restore(self, user: str, memories: Sequence[Memory]) -> int:
        """Take memories from an export; those with an id that is known are written over. How many there were."""
        async with self._guard(user):
            await write(self._store, user, Changes(put=tuple(map(_harmless, memories))))
            return len(memories)

    async def _change(self, user: str, texts: Iterable[str], gone: Collection[str] = ()) -> list[Memory]:
        """Remember texts and forget memories, all at once, with what is left of those in the files; what was told."""
        index, now = self._index(), self._clock()
        known = await recall(self._store, user)
        before = {m.id: m for m in known.memories}
        after = {m.id: unlinked(m, gone) for m in known.memories if m.id not in gone}
        heard: dict[str, None] = {}
        for text in map(_said, texts):
            read = await _read(text, index)
            told = Told(text, read, Wish(), feel(Wish(), read.mentions), now=now)
            new = said(told, index) or [fact(text, told)]
            changes = relate(new, Known(memories=tuple(after.values())), told, index.catalogue.schema)
            after |= {m.id: m for m in changes.put}
            heard |= dict.fromkeys(m.id for m in changes.put)
        put = tuple(m for m in after.values() if m != before.get(m.id))
        await write(self._store, user, Changes(put=put, delete=tuple(i for i in before if i not in after)))
        if gone:
            await forget_responses(self._store, user)
            await shred(self._store)
        return [after[i] for i in heard if after[i].ended is None]

    async def _one(self, user: str, memory: str) -> Memory:
        """The memory of an id, or of the beginning of one that no other shares."""
        known = await recall(self._store, user)
        found = [m for m in known.memories if m.id == memory] or [m for m in known.memories if m.id.startswith(memory)]
        if len(found) != 1 or not memory:
            raise UnknownMemoryError(
                f"{'Several memories begin' if len(found) > 1 and memory else 'No memory begins'} with {memory!r}.",
                "`convrec memory show --user NAME` lists them with their ids.",
            )
        return found[0]


def _said(text: str) -> str:
    """A sentence as it may be kept.

    Raises:
        MessageError: it is no sentence.
    """
    kept = plain(text)
    if not kept:
        raise MessageError("There is nothing in this that could be remembered.", "Say it in words.")
    return kept


def _harmless(memory: Memory) -> Memory:
    """A memory from a file, without markup in what a reply may repeat."""
    update: dict[str, object] = {"text": plain(memory.text) or "…", "words": plain(memory.words)}
    if (preference := memory.preference) is not None and preference.limit.attribute is None:
        phrases = tuple(p for v in preference.limit.values if (p := plain(v)))
        limit = preference.limit.model_copy(update={"values": phrases})
        kept = preference.model_copy(update={"limit": limit, "words": plain(preference.words)})
        update["preference"] = kept if phrases else None
    return memory.model_copy(update=update)


async def _read(text: str, index: Index) -> Understanding:
    """A sentence about oneself, read: every wish in it is a lasting one, and what cannot be read is a fact as it stands."""
    message = message_of(text)
    if not message:
        return Understanding(act="preference", facts=(text,))
    read = await understand(message, Wish(), index)
    lasting = tuple(p.model_copy(update={"lasting": True, "relative": False}) for p in read.preferences)
    return read.model_copy(update={"preferences": lasting})
