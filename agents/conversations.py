"""Conversations with what they make remembered: kept on disk, or private, in this process alone."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from langgraph.store.base import BaseStore

from .memory import Changes, Known, Memory
from .messages import title_of
from .recall import forget_responses, recall, write
from .state import ThreadInfo
from .threads import Threads, thread_key, thread_of, user_of
from .turn import State

MOST_PRIVATE = 1_000
"""Private talks that are held at once; the oldest without a turn under way goes when another begins."""


@dataclass
class PrivateTalk:
    """A conversation that is written down nowhere, with what it made remembered; both end with the process."""

    values: dict[str, Any]
    info: ThreadInfo
    memories: dict[str, Memory] = field(default_factory=dict)


class Conversations:
    """All users' conversations; turns of one follow one another.

    Args:
        threads: the database of conversations; None where all are private.
        graph: the workflow over that database.
        store: the users' memories.
        clock: seconds since 1970.
    """

    def __init__(
        self, threads: Threads | None, graph: Any, store: BaseStore, clock: Callable[[], float] = time.time
    ) -> None:
        self.threads = threads
        self.store = store
        self._graph = graph
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._users: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._private: OrderedDict[str, PrivateTalk] = OrderedDict()

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """What is held during a turn of a thread, here and by other processes.

        Raises:
            BusyError: another process has held it for too long.
        """
        async with _lock_of(self._turns, key), self._across(_turn(key), alone=key in self._private):
            yield

    @asynccontextmanager
    async def guard(self, user: str) -> AsyncIterator[None]:
        """What is held while a user's memory is written, here and by other processes.

        Raises:
            BusyError: another process has held it for too long.
        """
        async with _lock_of(self._users, user), self._across(f"user {user}"):
            yield

    def explained(self) -> AbstractContextManager[None]:
        """What turns the database's faults into ours."""
        return self.threads.explained() if self.threads is not None else nullcontext()

    def private(self, key: str) -> PrivateTalk | None:
        """A thread that is private; None for one that is not."""
        return self._private.get(key)

    async def make_private(self, key: str) -> None:
        """Go on with a thread without writing anything more of it down."""
        if key in self._private:
            self._private.move_to_end(key)
            return
        thread = thread_of(key)
        info = await self.info(key) or ThreadInfo(thread=thread, created=self._clock(), updated=self._clock())
        self._private[key] = PrivateTalk(dict(await self.state(key)), info)
        # A talk whose turn is under way must stay: it would be saved as if it were none of the private ones.
        idle = [k for k in self._private if k != key and not _lock_of(self._turns, k).locked()]
        for oldest in idle[: max(len(self._private) - MOST_PRIVATE, 0)]:
            del self._private[oldest]

    async def state(self, key: str) -> State:
        """What is kept of a thread."""
        if private := self._private.get(key):
            return private.values  # type: ignore[return-value]
        if self.threads is None:
            return {}
        with self.explained():
            return (await self._graph.aget_state(_config(key))).values

    async def of_user(self, user: str) -> list[ThreadInfo]:
        """A user's conversations that are written down, those that changed last first."""
        if self.threads is None:
            return []
        with self.explained():
            infos = {info.thread: info for info in await self.threads.infos(user)}
            older = [name for name in await self.threads.of_user(user) if name not in infos]
            infos |= {name: await self._read_info(thread_key(user, name)) for name in older}
        found = [info for info in infos.values() if info is not None]
        return sorted(found, key=lambda info: (-info.updated, info.thread))

    async def info(self, key: str) -> ThreadInfo | None:
        """What a thread is called, and how long it is; None for one that was never begun."""
        if private := self._private.get(key):
            return private.info
        if self.threads is None:
            return None
        with self.explained():
            return await self.threads.info(key) or await self._read_info(key)

    async def begin(self, key: str, title: str = "", *, private: bool = False) -> ThreadInfo:
        """Begin a thread without a turn; one that there is stays as it is. Its turn must be held.

        Args:
            key: the thread's.
            title: what to call it; without one, its first message does.
            private: whether nothing of it is written down.
        """
        there, now = await self.info(key), self._clock()
        if private:
            await self.make_private(key)
        if there is not None:
            return there
        return await self._call(
            key, ThreadInfo(thread=thread_of(key), title=title, created=now, updated=now, named=bool(title))
        )

    async def rename(self, key: str, title: str, *, private: bool = False) -> ThreadInfo | None:
        """Call a thread something else; None where there is no such thread. Its turn must be held."""
        there = await self.info(key)
        if there is None:
            return None
        if private:
            await self.make_private(key)
        return await self._call(key, there.model_copy(update={"title": title, "named": True}))

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
            private.info = self._as_saved(private.info, private.values)
            return
        assert self.threads is not None
        user = user_of(key)
        with self.explained():
            await self.threads.confirm(_turn(key))
            async with self.guard(user):
                changes, before = await self._still_meant(user, known, changes)
                if changes:
                    await write(self.store, user, changes)
                try:
                    await self._write(key, values)
                except BaseException:
                    if changes:
                        await asyncio.shield(write(self.store, user, before))
                    raise
            await self.threads.prune(key)

    async def _write(self, key: str, values: Mapping[str, Any]) -> None:
        """Write a thread's state and row, or, where either fails, neither."""
        assert self.threads is not None
        row = await self.threads.info(key)
        began = talk[0].time if (talk := values.get("talk")) else self._clock()
        info = row or await self._read_info(key) or ThreadInfo(thread=thread_of(key), created=began)
        await self.threads.put(key, self._as_saved(info, values))
        try:
            await self._graph.aupdate_state(_config(key), values, as_node="remember")
        except BaseException:
            await asyncio.shield(self.threads.put(key, row))
            raise

    async def _call(self, key: str, info: ThreadInfo) -> ThreadInfo:
        """Write a thread's row alone."""
        if private := self._private.get(key):
            private.info = info
        elif self.threads is not None:
            with self.explained():
                await self.threads.put(key, info)
        return info

    async def _read_info(self, key: str) -> ThreadInfo | None:
        """What a thread's row would be, from its checkpoint; None where it has none."""
        kept = await self._graph.aget_state(_config(key))
        if not kept.created_at:
            return None
        at, talk = datetime.fromisoformat(kept.created_at).timestamp(), kept.values.get("talk", [])
        title, began = (title_of(talk[0].text), talk[0].time or at) if talk else ("", at)
        return ThreadInfo(thread=thread_of(key), title=title, created=began, updated=at, turns=len(talk))

    def _as_saved(self, info: ThreadInfo, values: Mapping[str, Any]) -> ThreadInfo:
        """A thread's row after its state was saved."""
        update: dict[str, Any] = {"updated": self._clock()}
        if (talk := values.get("talk")) is not None:
            # The words of a first turn that is taken back must not stay in the title.
            title = info.title if info.named else title_of(talk[0].text) if talk else ""
            update |= {"turns": len(talk), "title": title}
        return info.model_copy(update=update)

    @asynccontextmanager
    async def _across(self, name: str, *, alone: bool = False) -> AsyncIterator[None]:
        """What no other process holds meanwhile; `alone` is what concerns this process only."""
        if alone or self.threads is None:
            yield
            return
        async with self.threads.held(name):
            yield

    async def delete(self, user: str, thread: str | None = None) -> None:
        """Delete one thread of a user, or all; nothing of it is left in the file.

        Turns that are under way are waited for, and deleted with the rest.
        """
        with self.explained():
            if thread is None:
                running = [thread_of(key) for key in (*self._private, *self._turns) if user_of(key) == user]
                names = [*(await self.threads.of_user(user) if self.threads is not None else ()), *running]
            else:
                names = [thread]
            written = thread is None
            for name in dict.fromkeys(names):
                key = thread_key(user, name)
                async with self.turn(key):
                    private = self._private.pop(key, None) is not None
                    # A talk that was private from its beginning has left nothing to cut out of the file.
                    if self.threads is not None and not (private and not await self.threads.holds(key)):
                        await self.threads.delete(key)
                        written = True
            if written and self.threads is not None:
                await self.threads.shrink()
            await forget_responses(self.store, user)

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


def _turn(key: str) -> str:
    return f"turn {key}"


def _config(key: str) -> Any:
    return {"configurable": {"thread_id": key}}


def _lock_of(locks: WeakValueDictionary[str, asyncio.Lock], key: str) -> asyncio.Lock:
    lock = locks.get(key)
    if lock is None:
        lock = locks[key] = asyncio.Lock()
    return lock
