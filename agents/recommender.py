"""The recommender: one agent for page, API, terminal and simulator. It keeps threads apart and turns in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from weakref import WeakValueDictionary

from ..tools.answer_cache import AnswerCache
from ..tools.catalogue import Catalogue, describe_value
from ..tools.errors import UnknownThreadError
from ..tools.index import Index
from ..tools.trace import Call, Trace, TurnRecord
from .brains import Brains, Budget, TurnLimits
from .examples import openers
from .graph import Token, Turn, build_graph
from .messages import clean_message, clean_name
from .remember import changed, forget, keep, recall, remember
from .state import Answer, Card, Exchange, Feeling, Mention, Pick, State, Step, Verdict, Wish
from .threads import Threads, explained, open_threads, thread_key
from .wishes import drop_preference, feel

Event = Step | Token | Answer
"""What a turn streams: an agent's step, a piece of the reply, and at last the whole answer."""


BUILT_IN = "the built-in agents, without a language model"

_LASTING = ("talk", "wish", "past")
"""What of a turn's state is saved."""


@dataclass(frozen=True)
class Setup:
    """What a recommender runs on.

    Attributes:
        index: opens the catalogue's index, when it is first needed.
        checkpoints, store: the SQLite files of threads and users.
        count: how many items an answer shows.
        questions: how many clarifying questions may follow one another.
        max_message: how many characters a message may have.
        limits: what a turn may cost.
        brains: the second brains in use, by agent; the others are built in.
        brain: who answers, in words.
        effort: how much language models may be asked.
        cache: where models' answers are kept, or were.
        trace: where turns are traced, if they are.
    """

    index: Callable[[], Index]
    checkpoints: Path
    store: Path
    count: int = 3
    questions: int = 2
    max_message: int = 4000
    limits: TurnLimits = field(default_factory=TurnLimits)
    brains: Brains = field(default_factory=dict)
    brain: str = BUILT_IN
    effort: str = ""
    cache: AnswerCache | None = None
    trace: Trace | None = None


class Recommender:
    """Talks with users about one catalogue.

    Opens its index and databases on first use; close it with `aclose` or use it as an async context manager. One
    recommender serves one event loop, any number of users and threads at once; turns of one thread follow one another.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._index: Index | None = None
        self._threads: Threads | None = None
        self._graph: Any = None
        self._workflow: Any = None
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def open(self) -> None:
        """Open index and databases, if they are not open yet.

        Raises:
            UnknownCatalogueError: the catalogue was never imported.
            StoreError: the data folder cannot be used.
        """
        async with self._opening:
            if self._graph is not None:
                return
            await asyncio.to_thread(self._warm)
            threads = await self._stack.enter_async_context(open_threads(self._setup.checkpoints, self._setup.store))
            self._threads = threads
            self._workflow = build_graph(None, threads.store)
            self._graph = build_graph(threads.saver, threads.store)

    async def aclose(self) -> None:
        """Close the databases."""
        async with self._opening:
            self._graph = self._threads = None
            await self._stack.aclose()
            self._stack = AsyncExitStack()

    @property
    def index(self) -> Index:
        """The catalogue's index."""
        if self._index is None:
            self._index = self._setup.index()
        return self._index

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue."""
        return self.index.catalogue

    @property
    def brain(self) -> str:
        """Who answers, in words: the built-in agents, or which language model."""
        return self._setup.brain

    @property
    def examples(self) -> tuple[str, ...]:
        """Four first messages that suit the catalogue."""
        return openers(self.index)

    async def reply(self, text: str, *, user: str = "me", thread: str = "main") -> Answer:
        """One turn.

        Args:
            text: the user's message.
            user: whose thread it is; nothing is shared between users.
            thread: which of the user's conversations it continues or begins.

        Raises:
            MessageError: the text is empty or too long.
            StoreError: the turn could not be saved; the thread is as before.
        """
        answer: Answer | None = None
        async for event in self.astream(text, user=user, thread=thread):
            if isinstance(event, Answer):
                answer = event
        assert answer is not None
        return answer

    async def astream(self, text: str, *, user: str = "me", thread: str = "main") -> AsyncIterator[Event]:
        """One turn, as it happens: each agent's step, the reply in pieces, the answer.

        A turn whose stream is left before its end is not saved.
        """
        text = clean_message(text, self._setup.max_message)
        key = thread_key(clean_name(user, "user"), clean_name(thread, "thread"))
        await self.open()
        async with self._lock(key):
            turn = self._turn(user)
            with explained(self._setup.checkpoints.parent):
                state: State = {**await self._state(user, thread), "text": text, "user": user}
                async for mode, part in self._workflow.astream(state, context=turn, stream_mode=["custom", "values"]):
                    if mode == "custom":
                        yield part
                    else:
                        state = part
                lasting = {name: state[name] for name in _LASTING}
                await self._save(key, user, lasting, state["known"], state["remembered"])
            answer = self._answer(state, turn.budget, user, thread)
            await self._write_trace(text, answer, turn.budget)
            yield answer

    async def feedback(self, item: str, feeling: Feeling, *, user: str = "me", thread: str = "main") -> Wish:
        """Note how a user feels about an item, outside the talk.

        Raises:
            UnknownItemError: the item is not in the catalogue.
        """
        self.catalogue.item(item)
        return await self._change(lambda w: feel(w, [Mention(item=item, feeling=feeling)]), user, thread)

    async def more_like(self, item: str, *, user: str = "me", thread: str = "main") -> Answer:
        """A turn that asks for items like one."""
        return await self.reply(f'More like "{self.catalogue.item(item).title}"', user=user, thread=thread)

    async def why(self, item: str, *, user: str = "me", thread: str = "main") -> Answer:
        """A turn that asks why an item was recommended."""
        return await self.reply(f'Why "{self.catalogue.item(item).title}"?', user=user, thread=thread)

    async def wish(self, *, user: str = "me", thread: str = "main") -> Wish:
        """All that is understood in a thread so far."""
        return (await self._state(user, thread)).get("wish") or Wish()

    async def drop_preference(self, key: str, *, user: str = "me", thread: str = "main") -> Wish:
        """Remove one preference, by its key."""
        return await self._change(lambda w: drop_preference(w, key), user, thread)

    async def talk(self, *, user: str = "me", thread: str = "main") -> list[Exchange]:
        """The turns of a thread so far."""
        return (await self._state(user, thread)).get("talk", [])

    async def threads(self, *, user: str = "me") -> list[str]:
        """A user's threads."""
        await self.open()
        return await self._open_threads.of_user(user)

    async def known(self, *, user: str = "me") -> Wish:
        """What is remembered of a user's feelings about items, from all threads."""
        await self.open()
        return await recall(self._open_threads.store, user)

    async def undo(self, *, user: str = "me", thread: str = "main") -> str:
        """Take a thread's last turn back, with what it made remembered, and return the message that it held.

        Raises:
            UnknownThreadError: there is no turn to take back.
        """
        key = thread_key(user, thread)
        await self.open()
        async with self._lock(key):
            state = await self._state(user, thread)
            talk, past = state.get("talk", []), state.get("past", [])
            if not talk or not past:
                raise UnknownThreadError("There is no turn to take back.", "Say something first.")
            known = await recall(self._open_threads.store, user)
            now = await remember(known, state.get("wish") or Wish(), past[-1])
            await self._save(key, user, {"talk": talk[:-1], "past": past[:-1], "wish": past[-1]}, known, now)
            return talk[-1].text

    async def forget(self, *, user: str = "me", thread: str | None = None) -> None:
        """Delete one thread of a user, or everything that is kept of them; nothing of it is left in the files."""
        await self.open()
        threads = self._open_threads
        with explained(self._setup.checkpoints.parent):
            for name in [thread] if thread is not None else await threads.of_user(user):
                key = thread_key(user, name)
                async with self._lock(key):
                    await threads.saver.adelete_thread(key)
            if thread is None:
                await forget(threads.store, user)
            await threads.shrink()
        if self._setup.cache is not None:
            await asyncio.to_thread(self._setup.cache.forget, user)
        if self._setup.trace is not None:
            await asyncio.to_thread(self._setup.trace.forget, user, thread)

    def _warm(self) -> None:
        """Load what the first turn would wait for: index, lexicon, columns, encoder."""
        index = self.index
        _ = index.lexicon, index.catalogue.columns, index.catalogue.popularity
        index.lexical.scores(index.catalogue.schema.noun)
        index.encoder.encode([index.catalogue.schema.noun])

    @property
    def _open_threads(self) -> Threads:
        assert self._threads is not None
        return self._threads

    def _turn(self, user: str) -> Turn:
        setup = self._setup
        return Turn(
            index=self.index,
            count=setup.count,
            questions=setup.questions,
            brains=setup.brains,
            budget=Budget(setup.limits, owner=user),
        )

    async def _write_trace(self, text: str, answer: Answer, budget: Budget) -> None:
        trace = self._setup.trace
        if trace is None:
            return
        record = TurnRecord(
            user=answer.user,
            thread=answer.thread,
            catalogue=self.catalogue.name,
            act=answer.act,
            items=tuple(c.id for c in (*answer.items, *answer.nearest)),
            model=self._setup.brain,
            effort=self._setup.effort,
            steps=tuple(s.model_dump(mode="json") for s in answer.steps),
            usage=answer.usage.model_dump(mode="json"),
            text=text,
            reply=answer.reply,
            calls=tuple(Call(agent=c.agent, prompt=c.prompt, answer=c.answer) for c in budget.said),
        )
        await asyncio.to_thread(trace.write, answer.user, record)

    def _lock(self, key: str) -> asyncio.Lock:
        lock = self._turns.get(key)
        if lock is None:
            lock = self._turns[key] = asyncio.Lock()
        return lock

    async def _state(self, user: str, thread: str) -> State:
        await self.open()
        config = {"configurable": {"thread_id": thread_key(user, thread)}}
        with explained(self._setup.checkpoints.parent):
            return (await self._graph.aget_state(config)).values

    async def _save(self, key: str, user: str, values: Mapping[str, Any], known: Wish, now: Wish) -> None:
        """Save a thread and what is known of its user: both, or, where either fails, neither."""
        threads = self._open_threads
        with explained(self._setup.checkpoints.parent):
            if changed(known, now):
                await keep(threads.store, user, now)
            try:
                await self._graph.aupdate_state({"configurable": {"thread_id": key}}, values, as_node="remember")
            except BaseException:
                if changed(known, now):
                    await asyncio.shield(keep(threads.store, user, known))
                raise
            await threads.prune(key)

    async def _change(self, change: Callable[[Wish], Wish], user: str, thread: str) -> Wish:
        key = thread_key(clean_name(user, "user"), clean_name(thread, "thread"))
        await self.open()
        async with self._lock(key):
            before = (await self._state(user, thread)).get("wish") or Wish()
            after = change(before)
            known = await recall(self._open_threads.store, user)
            await self._save(key, user, {"wish": after}, known, await remember(known, before, after))
            return after

    def _answer(self, state: State, budget: Budget, user: str, thread: str) -> Answer:
        index = self.index
        picks = state.get("picks", [])
        answered = state.get("answered", ())
        cards = [card(p, index) for p in picks] or [card(Pick(item=i), index) for i in answered]
        miss = state.get("miss")
        missing = Verdict(preference=miss.blocking, strength="must", label="contradicts", score=-1.0) if miss else None
        nearest = [card(Pick(item=i, verdicts=(missing,)), index) for i in miss.nearest] if miss and missing else []
        return Answer(
            reply=state["reply"],
            items=tuple(cards),
            nearest=tuple(nearest),
            act=state["understanding"].act,
            preferences=state["wish"].preferences,
            suggestions=state.get("suggestions", ()),
            question=state.get("question"),
            steps=tuple(budget.steps),
            usage=budget.usage,
            thread=thread,
            user=user,
        )


def card(pick: Pick, index: Index) -> Card:
    """A pick as the page shows it, every word from the catalogue."""
    item = index.catalogue.item(pick.item)
    facts = {
        (a.label or a.name): value
        for a in index.catalogue.schema.attributes
        if a.shown and (value := describe_value(item.attributes.get(a.name), a))
    }
    return Card(
        id=item.id, title=item.title, attributes=item.attributes, facts=facts, text=item.text, url=item.url,
        image=item.image, reason=pick.reason, verdicts=pick.verdicts, tools=pick.tools,
    )  # fmt: skip
