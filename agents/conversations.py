"""Conversations with what they make remembered: kept on disk, or private, in this process alone."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from langgraph.store.base import BaseStore

from .memory import Changes, Known, Memory
from .recall import recall, write
from .threads import Threads, explained, thread_key, thread_of, user_of
from .turn import State

MOST_PRIVATE = 1_000
"""Private talks that are held at once; the oldest without a turn under way goes when another begins."""


@dataclass
class PrivateTalk:
    """A conversation that is written down nowhere, with what it made remembered; both end with the process."""

    values: dict[str, Any]
    memories: dict[str, Memory] = field(default_factory=dict)


class Conversations:
    """All users' conversations; turns of one follow one another.

    Args:
        threads: the database of conversations; None where all are private.
        graph: the workflow over that database.
        store: the users' memories.
        folder: the data folder, for what is told of faults.
    """

    def __init__(self, threads: Threads | None, graph: Any, store: BaseStore, folder: Path) -> None:
        self.threads = threads
        self.store = store
        self._graph = graph
        self._folder = folder
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._users: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._private: OrderedDict[str, PrivateTalk] = OrderedDict()

    def turn(self, key: str) -> asyncio.Lock:
        """What is held during a turn of a thread."""
        return _lock_of(self._turns, key)

    def guard(self, user: str) -> asyncio.Lock:
        """What is held while a user's memory is written."""
        return _lock_of(self._users, user)

    def private(self, key: str) -> PrivateTalk | None:
        """A thread that is private; None for one that is not."""
        return self._private.get(key)

    async def make_private(self, key: str) -> None:
        """Go on with a thread without writing anything more of it down."""
        if key in self._private:
            self._private.move_to_end(key)
            return
        self._private[key] = PrivateTalk(dict(await self.state(key)))
        # A talk whose turn is under way must stay: it would be saved as if it were none of the private ones.
        idle = [k for k in self._private if k != key and not self.turn(k).locked()]
        for oldest in idle[: max(len(self._private) - MOST_PRIVATE, 0)]:
            del self._private[oldest]

    async def state(self, key: str) -> State:
        """What is kept of a thread."""
        if private := self._private.get(key):
            return private.values  # type: ignore[return-value]
        if self.threads is None:
            return {}
        with explained(self._folder):
            return (await self._graph.aget_state(_config(key))).values

    async def of_user(self, user: str) -> list[str]:
        """The names of a user's conversations that are written down."""
        return await self.threads.of_user(user) if self.threads is not None else []

    async def save(self, key: str, values: Mapping[str, Any], known: Known, changes: Changes) -> None:
        """Save a thread and what changes in its user's memory: both, or, where either fails, neither.

        Args:
            key: the thread's.
            values: what to keep of it.
            known: what was remembered when the changes were made.
            changes: of the memory.
        """
        if private := self._private.get(key):
            # What is on disk stays there, and is only hidden from this talk.
            there = (await recall(self.store, user_of(key))).memories if changes.delete else ()
            hidden = [m.model_copy(update={"ended": m.told}) for m in there if m.id in changes.delete]
            kept = [m for m in private.memories.values() if m.id not in changes.delete]
            private.values = {**private.values, **values}
            private.memories = {m.id: m for m in (*kept, *changes.put, *hidden)}
            return
        assert self.threads is not None
        user = user_of(key)
        with explained(self._folder):
            async with self.guard(user):
                changes, before = await self._still_meant(user, known, changes)
                if changes:
                    await write(self.store, user, changes)
                try:
                    await self._graph.aupdate_state(_config(key), values, as_node="remember")
                except BaseException:
                    if changes:
                        await asyncio.shield(write(self.store, user, before))
                    raise
            await self.threads.prune(key)

    async def delete(self, user: str, thread: str | None = None) -> None:
        """Delete one thread of a user, or all; nothing of it is left in the file.

        Turns that are under way are waited for, and deleted with the rest.
        """
        if thread is None:
            running = [thread_of(key) for key in (*self._private, *self._turns) if user_of(key) == user]
            names = [*await self.of_user(user), *running]
        else:
            names = [thread]
        written = thread is None
        for name in dict.fromkeys(names):
            key = thread_key(user, name)
            async with self.turn(key):
                private = self._private.pop(key, None) is not None
                # A talk that was private from its beginning has left nothing to cut out of the file.
                if self.threads is not None and not (private and not await self.threads.holds(key)):
                    await self.threads.saver.adelete_thread(key)
                    written = True
        if written and self.threads is not None:
            await self.threads.shrink()

    async def _still_meant(self, user: str, known: Known, changes: Changes) -> tuple[Changes, Changes]:
        """Changes without those of memories that were deleted meanwhile, beside what other turns wrote meanwhile; and
        what takes them back."""
        if not changes:
            return changes, changes
        there = {m.id: m for m in (await recall(self.store, user)).memories}
        before = {m.id: m for m in known.memories}
        put = tuple(
            _beside(m, before.get(m.id), there.get(m.id)) for m in changes.put if m.id in there or m.id not in before
        )
        old = tuple(there[i] for i in (*(m.id for m in put), *changes.delete) if i in there)
        return changes.model_copy(update={"put": put}), Changes(
            put=old, delete=tuple(m.id for m in put if m.id not in there)
        )


def _beside(new: Memory, before: Memory | None, there: Memory | None) -> Memory:
    """A memory as a turn leaves it, where another turn has written the same one meanwhile: both have said it."""
    if there is None or there == before:
        return new
    times = there.times + new.times - (before.times if before else 0)
    links = tuple(dict.fromkeys((*there.supersedes, *new.supersedes)))
    update = {"times": max(times, 1), "created": there.created, "supersedes": links}
    return new.model_copy(update=update)


def _config(key: str) -> Any:
    return {"configurable": {"thread_id": key}}


def _lock_of(locks: WeakValueDictionary[str, asyncio.Lock], key: str) -> asyncio.Lock:
    lock = locks.get(key)
    if lock is None:
        lock = locks[key] = asyncio.Lock()
    return lock
