"""The recommender: one agent for page, API, terminal and simulator. It keeps threads apart and turns in order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from ..tools.answer_cache import AnswerCache
from ..tools.catalogue import Catalogue
from ..tools.errors import UnknownThreadError
from ..tools.history import add_interactions, forget_user, user_interactions
from ..tools.index import Index
from ..tools.storage import Home
from ..tools.trace import Call, Trace, TurnRecord
from .ablations import check_parts, stand_ins, without_parts
from .brains import Brains, Budget, TurnLimits
from .cards import card, cards_of
from .conversations import Conversations
from .examples import openers
from .graph import build_graph, walk
from .memories import Memories, Talk, UserData
from .memory import Known
from .messages import clean_message, clean_name, clean_title
from .mind import BUILT_IN, Mind
from .past import show_again
from .recall import forget_responses, inform, recall, stated
from .remember import Told, remember
from .state import Answer, Exchange, Feeling, Mention, PastTurn, Step, ThreadInfo, Understanding, Wish
from .taking_back import take_back
from .threads import Threads, open_threads, thread_key
from .turn import State, Token, Turn
from .wishes import drop_preference, feel

Event = Step | Token | Answer
"""What a turn streams: an agent's step, a piece of the reply, and at last the whole answer."""


_LASTING = ("talk", "past", "noted")
"""What of a turn's state is saved beside the wish."""


@dataclass(frozen=True)
class Setup:
    """What a recommender runs on.

    Attributes:
        index: opens the catalogue's index, when it is first needed.
        home: the data folder.
        store: opens the users' memories.
        threads: opens the conversations; without it, they lie in the data folder.
        count: how many items an answer shows.
        questions: how many clarifying questions may follow one another.
        max_message: how many characters a message may have.
        limits: what a turn may cost.
        brains: the second brains in use, by agent; the others are built in.
        brain: who answers, in words.
        effort: how much language models may be asked.
        cache: where models' answers are kept, or were.
        trace: where turns are traced, if they are.
        half_life_days: after how many days a remembered taste counts half.
        private: whether talks are written down nowhere; where none was before, no file is made for them.
        without: parts that are left out, to measure what they are worth (agents/ablations.py names them).
        clock: seconds since 1970.
    """

    index: Callable[[], Index]
    home: Home
    store: Callable[[Index], AbstractContextManager[BaseStore]]
    threads: Callable[[], AbstractAsyncContextManager[Threads]] | None = None
    count: int = 3
    questions: int = 2
    max_message: int = 4000
    limits: TurnLimits = field(default_factory=TurnLimits)
    brains: Brains = field(default_factory=dict)
    brain: str = BUILT_IN
    effort: str = ""
    cache: AnswerCache | None = None
    trace: Trace | None = None
    half_life_days: float = 180.0
    private: bool = False
    without: frozenset[str] = frozenset()
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        check_parts(self.without)

    @property
    def mind(self) -> Mind:
        """Who answers where nobody else is asked for."""
        return Mind(self.brain, self.effort, self.brains, self.limits)


class Recommender:
    """Talks with users about one catalogue.

    Opens its index and databases on first use; close it with `aclose` or use it as an async context manager. One
    recommender serves one event loop, any number of users and threads at once; turns of one thread follow one another.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._index: Index | None = None
        self._conversations: Conversations | None = None
        self._memories: Memories | None = None
        self._stand_ins = stand_ins(setup.without)
        self._private = setup.private or "memory" in setup.without
        self._workflow: Any = None
        self._store: BaseStore | None = None
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()

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
            if self._conversations is not None:
                return
            await asyncio.to_thread(self._warm)
            threads = await self._open_threads()
            store = self._stack.enter_context(await asyncio.to_thread(self._open_store))
            self._store = store
            self._workflow = build_graph(None, store)
            kept = build_graph(threads.saver, store) if threads is not None else None
            conversations = Conversations(threads, kept, store, self._setup.clock)
            self._memories = Memories(
                store, lambda: self.index, self._setup.half_life_days, conversations.guard, self._setup.clock
            )
            self._conversations = conversations

    async def aclose(self) -> None:
        """Close the databases."""
        async with self._opening:
            self._conversations = self._memories = None
            await self._stack.aclose()
            self._stack = AsyncExitStack()

    @property
    def index(self) -> Index:
        """The catalogue's index."""
        if self._index is None:
            self._index = without_parts(self._setup.index(), self._setup.without)
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

    async def reply(
        self,
        text: str,
        *,
        user: str = "me",
        thread: str = "main",
        private: bool = False,
        mind: Mind | None = None,
    ) -> Answer:
        """One turn.

        Args:
            text: the user's message.
            user: whose thread it is; nothing is shared between users.
            thread: which of the user's conversations it continues or begins.
            private: from now on, nothing of this conversation is written down; it ends with this process.
            mind: who answers this turn; the one of the setup when not given.

        Raises:
            MessageError: the text is empty or too long.
            StoreError: the turn could not be saved; the thread is as before.
        """
        text, key = self._read(text, user, thread)
        await self.open()
        async with self._open_conversations.turn(key):
            turn, state = await self._begin(text, user, thread, key, private=private, mind=mind)
            with self._open_conversations.explained(), _watched(turn):
                # A private turn is traced nowhere, so that it needs no LangGraph.
                if turn.budget.private:
                    async for after in walk(state, turn, self._store):
                        state = after
                else:
                    state = await self._workflow.ainvoke(state, context=turn)
                await self._save(key, state)
            return await self._end(text, state, turn, user, thread, mind)

    async def astream(
        self,
        text: str,
        *,
        user: str = "me",
        thread: str = "main",
        private: bool = False,
        mind: Mind | None = None,
    ) -> AsyncIterator[Event]:
        """One turn, as it happens: each agent's step, the reply in pieces, the answer.

        A turn whose stream is left before its end is not saved.
        """
        text, key = self._read(text, user, thread)
        await self.open()
        async with self._open_conversations.turn(key):
            turn, state = await self._begin(text, user, thread, key, private=private, mind=mind)
            with self._open_conversations.explained(), _watched(turn):
                if turn.budget.private and not turn.brains:
                    told: list[Event] = []
                    async for after in walk(state, turn, self._store, told.append):
                        state = after
                        while told:
                            yield told.pop(0)
                else:
                    modes = ["custom", "values"]
                    async for mode, part in self._workflow.astream(state, context=turn, stream_mode=modes):
                        if mode == "custom":
                            yield part
                        else:
                            state = part
                await self._save(key, state)
            yield await self._end(text, state, turn, user, thread, mind)

    async def feedback(
        self, item: str, feeling: Feeling, *, user: str = "me", thread: str = "main", private: bool = False
    ) -> Wish:
        """Note how a user feels about an item, outside the talk.

        Raises:
            UnknownItemError: the item is not in the catalogue.
        """
        self.catalogue.item(item)
        mentions = (Mention(item=item, feeling=feeling),)
        return await self._change(lambda w: feel(w, mentions), user, thread, mentions, private=private)

    async def more_like(
        self,
        item: str,
        *,
        user: str = "me",
        thread: str = "main",
        private: bool = False,
        mind: Mind | None = None,
    ) -> Answer:
        """A turn that asks for items like one."""
        title = self.catalogue.item(item).title
        return await self.reply(f'More like "{title}"', user=user, thread=thread, private=private, mind=mind)

    async def why(
        self,
        item: str,
        *,
        user: str = "me",
        thread: str = "main",
        private: bool = False,
        mind: Mind | None = None,
    ) -> Answer:
        """A turn that asks why an item was recommended."""
        title = self.catalogue.item(item).title
        return await self.reply(f'Why "{title}"?', user=user, thread=thread, private=private, mind=mind)

    async def wish(self, *, user: str = "me", thread: str = "main") -> Wish:
        """All that is understood in a thread so far, with what is remembered of its user."""
        await self.open()
        key = thread_key(user, thread)
        state = await self._open_conversations.state(key)
        return self._inform(state.get("wish") or Wish(), await self._known(user, key))

    async def drop_preference(self, key: str, *, user: str = "me", thread: str = "main", private: bool = False) -> Wish:
        """Remove one preference, by its key; one that is remembered is set aside in this thread."""
        return await self._change(lambda w: drop_preference(w, key), user, thread, private=private)

    async def talk(self, *, user: str = "me", thread: str = "main") -> list[Exchange]:
        """The turns of a thread so far."""
        await self.open()
        return (await self._open_conversations.state(thread_key(user, thread))).get("talk", [])

    async def past(self, *, user: str = "me", thread: str = "main") -> list[PastTurn]:
        """The turns of a thread so far with their cards, to show them again."""
        talk = await self.talk(user=user, thread=thread)
        return [show_again(exchange, self.index, user=user, thread=thread) for exchange in talk]

    async def threads(self, *, user: str = "me") -> list[ThreadInfo]:
        """A user's threads that are written down, the one that changed last first."""
        await self.open()
        return await self._open_conversations.of_user(user)

    async def thread(self, *, user: str = "me", thread: str = "main") -> ThreadInfo:
        """What one thread is called, and how long it is.

        Raises:
            UnknownThreadError: the user has no such thread.
        """
        await self.open()
        info = await self._open_conversations.info(thread_key(user, thread))
        if info is None:
            raise _unknown(thread)
        return info

    async def begin(self, *, user: str = "me", title: str = "", thread: str = "") -> ThreadInfo:
        """Begin a thread before anything is said in it; one that there is already stays as it is.

        Args:
            user: whose.
            title: what to call it; without one, its first message does.
            thread: its name; without one, a new one is made up.

        Raises:
            MessageError: the title is too long.
        """
        key = thread_key(clean_name(user, "user"), clean_name(thread or uuid4().hex, "thread"))
        title = clean_title(title) if title.strip() else ""
        await self.open()
        async with self._open_conversations.turn(key):
            return await self._open_conversations.begin(key, title, private=self._private)

    def writes(self, *, user: str = "me", thread: str = "main") -> bool:
        """Whether what is said in a thread is written down; not in a private one. The recommender must be open."""
        return not self._private and self._open_conversations.private(thread_key(user, thread)) is None

    async def rename(self, title: str, *, user: str = "me", thread: str = "main") -> ThreadInfo:
        """Call a thread something else.

        Raises:
            UnknownThreadError: the user has no such thread.
            MessageError: the title is empty, or longer than 200 characters.
        """
        key, title = thread_key(user, thread), clean_title(title)
        await self.open()
        async with self._open_conversations.turn(key):
            info = await self._open_conversations.rename(key, title, private=self._private)
        if info is None:
            raise _unknown(thread)
        return info

    async def known(self, *, user: str = "me") -> Wish:
        """What a new conversation of a user begins with: how they feel about items, what they like and avoid."""
        await self.open()
        return self._inform(Wish(), await recall(self._open_conversations.store, user, self.index))

    @property
    def store(self) -> BaseStore:
        """Where the users' memories lie; the recommender must be open."""
        return self._open_conversations.store

    @property
    def memories(self) -> Memories:
        """What is remembered of users, for them to see and change; the recommender must be open."""
        assert self._memories is not None
        return self._memories

    async def undo(self, *, user: str = "me", thread: str = "main", private: bool = False) -> str:
        """Take a thread's last turn back, with what it made remembered, and return the message that it held.

        Raises:
            UnknownThreadError: there is no turn to take back.
        """
        key = thread_key(user, thread)
        await self.open()
        conversations = self._open_conversations
        async with conversations.turn(key):
            if private or self._private:
                await conversations.make_private(key)
            state = await conversations.state(key)
            talk, past, noted = state.get("talk", []), state.get("past", []), state.get("noted", [])
            if not talk or not past or not noted:
                raise UnknownThreadError("There is no turn to take back.", "Say something first.")
            known = await self._known(user, key)
            changes = take_back(noted[-1], known, self.catalogue.schema)
            values = {"talk": talk[:-1], "past": past[:-1], "noted": noted[:-1], "wish": past[-1]}
            await conversations.save(key, values, known, changes)
            await forget_responses(conversations.store, user)
            return talk[-1].text

    async def export(self, *, user: str = "me") -> UserData:
        """Everything that is kept of a user: memories, history, conversations."""
        await self.open()
        talks = [
            Talk(thread=info.thread, title=info.title, turns=tuple(await self.talk(user=user, thread=info.thread)))
            for info in await self.threads(user=user)
        ]
        interactions = await asyncio.to_thread(user_interactions, self._setup.home, user)
        return UserData(
            user=user, made=self._setup.clock(), memories=tuple(await self.memories.of(user, ended=True)),
            interactions={name: tuple(several) for name, several in interactions.items()}, talks=tuple(talks),
        )  # fmt: skip

    async def restore(self, data: UserData, *, user: str = "me") -> int:
        """Take a user's memories and history from an export; conversations stay in it. How many memories there were."""
        await self.open()
        for name, several in data.interactions.items():
            if several and self._setup.home.exists(name):
                own = [one.model_copy(update={"user": user}) for one in several]
                await asyncio.to_thread(add_interactions, self._setup.home, name, own)
        return await self.memories.restore(user, data.memories)

    async def forget(self, *, user: str = "me", thread: str | None = None) -> None:
        """Delete one thread of a user, or everything that is kept of them; nothing of it is left in the files.

        What a thread made remembered outlives it; `memories` forgets that.
        """
        await self.open()
        # All of it is tried, last to first, whatever of it fails.
        async with AsyncExitStack() as stack:
            if thread is None:
                stack.push_async_callback(asyncio.to_thread, forget_user, self._setup.home, user)
                stack.push_async_callback(self.memories.forget_all, user)
            if self._setup.trace is not None:
                stack.push_async_callback(asyncio.to_thread, self._setup.trace.forget, user, thread)
            if self._setup.cache is not None:
                stack.push_async_callback(asyncio.to_thread, self._setup.cache.forget, user)
            await self._open_conversations.delete(user, thread)

    async def _open_threads(self) -> Threads | None:
        """The conversations; none where all are private and none was before in the data folder."""
        file = self._setup.home.threads
        if self._setup.threads is not None:
            return await self._stack.enter_async_context(self._setup.threads())
        if self._private and not file.exists():
            return None
        return await self._stack.enter_async_context(open_threads(file))

    def _open_store(self) -> AbstractContextManager[BaseStore]:
        """The users' memories; without memory, ones that are empty, and stay so because every talk is private."""
        if "memory" in self._setup.without:
            return nullcontext(InMemoryStore())
        return self._setup.store(self.index)

    def _warm(self) -> None:
        """Load what the first turn would wait for: index, lexicon, columns, encoder."""
        index = self.index
        _ = index.lexicon, index.catalogue.columns, index.catalogue.popularity
        index.lexical.scores(index.catalogue.schema.noun)
        index.encoder.encode([index.catalogue.schema.noun])

    def _read(self, text: str, user: str, thread: str) -> tuple[str, str]:
        """A message and the key of its thread, cleaned.

        Raises:
            MessageError: one of them cannot be used.
        """
        cleaned = clean_message(text, self._setup.max_message)
        return cleaned, thread_key(clean_name(user, "user"), clean_name(thread, "thread"))

    async def _begin(
        self, text: str, user: str, thread: str, key: str, *, private: bool, mind: Mind | None
    ) -> tuple[Turn, State]:
        """What a turn carries, and the state that it begins with."""
        conversations = self._open_conversations
        if private or self._private:
            await conversations.make_private(key)
        turn = self._turn(user, key, mind)
        said: State = {"text": text, "user": user, "thread": thread}
        return turn, {**await conversations.state(key), **said}

    async def _save(self, key: str, state: State) -> None:
        """Save a thread after a turn, with what changes in its user's memory."""
        reset = state["understanding"].act == "reset"
        wish = stated(state["informed"], state["wish"], state["known"], self.index, reset=reset)
        lasting = {**{name: state[name] for name in _LASTING}, "wish": wish}
        await self._open_conversations.save(key, lasting, state["known"], state["remembered"])

    async def _end(self, text: str, state: State, turn: Turn, user: str, thread: str, mind: Mind | None) -> Answer:
        """A turn's answer, traced if turns are."""
        answer = self._answer(state, turn.budget, user, thread)
        if not turn.budget.private:
            await self._write_trace(text, answer, turn.budget, mind or self._setup.mind)
        return answer

    @property
    def _open_conversations(self) -> Conversations:
        assert self._conversations is not None
        return self._conversations

    async def _known(self, user: str, key: str) -> Known:
        """What is remembered of a user, as one of their threads sees it."""
        known = await recall(self._open_conversations.store, user, self.index)
        return self._turn(user, key).overlaid(known)

    def _inform(self, wish: Wish, known: Known) -> Wish:
        return inform(wish, known, self.index, self._setup.clock(), self._setup.half_life_days)

    def _turn(self, user: str, key: str, mind: Mind | None = None) -> Turn:
        setup = self._setup
        mind = mind or setup.mind
        private = self._open_conversations.private(key)
        return Turn(
            index=self.index,
            count=setup.count,
            questions=setup.questions,
            brains=mind.brains,
            stand_ins=self._stand_ins,
            budget=Budget(mind.limits, owner=user, private=private is not None),
            half_life_days=setup.half_life_days,
            now=setup.clock(),
            private=tuple(private.memories.values()) if private else (),
        )

    async def _write_trace(self, text: str, answer: Answer, budget: Budget, mind: Mind) -> None:
        trace = self._setup.trace
        if trace is None:
            return
        record = TurnRecord(
            user=answer.user,
            thread=answer.thread,
            catalogue=self.catalogue.name,
            act=answer.act,
            items=tuple(c.id for c in (*answer.items, *answer.nearest)),
            model=mind.name,
            effort=mind.effort,
            steps=tuple(s.model_dump(mode="json") for s in answer.steps),
            usage=answer.usage.model_dump(mode="json"),
            text=text,
            reply=answer.reply,
            calls=tuple(Call(agent=c.agent, prompt=c.prompt, answer=c.answer) for c in budget.said),
        )
        await asyncio.to_thread(trace.write, answer.user, record)

    async def _change(
        self,
        change: Callable[[Wish], Wish],
        user: str,
        thread: str,
        mentions: tuple[Mention, ...] = (),
        *,
        private: bool = False,
    ) -> Wish:
        """Change a thread's wish outside the talk; what that says of items is remembered."""
        key = thread_key(clean_name(user, "user"), clean_name(thread, "thread"))
        await self.open()
        conversations = self._open_conversations
        async with conversations.turn(key):
            if private or self._private:
                await conversations.make_private(key)
            state = await conversations.state(key)
            known = await self._known(user, key)
            informed = self._inform(state.get("wish") or Wish(), known)
            after = change(informed)
            understanding = Understanding(act="preference", mentions=mentions)
            told = Told("", understanding, informed, after, thread, len(state.get("talk", [])), self._setup.clock())
            changes = await remember(told, known, self.index)
            wish = stated(informed, after, known, self.index, reset=False)
            await conversations.save(key, {"wish": wish}, known, changes)
            return after

    def _answer(self, state: State, budget: Budget, user: str, thread: str) -> Answer:
        index = self.index
        picks, miss = tuple(card(p, index) for p in state.get("picks", [])), state.get("miss")
        return Answer(
            reply=state["reply"],
            items=picks or cards_of(state.get("answered", ()), index),
            nearest=cards_of(miss.nearest, index, miss.blocking) if miss else (),
            act=state["understanding"].act,
            preferences=state["wish"].preferences,
            suggestions=state.get("suggestions", ()),
            question=state.get("question"),
            steps=tuple(budget.steps),
            usage=budget.usage,
            thread=thread,
            user=user,
        )


def _watched(turn: Turn) -> AbstractContextManager[Any]:
    """What keeps a private turn from LangSmith, also where its tracing is switched on."""
    if not turn.budget.private:
        return nullcontext()
    from langsmith import tracing_context

    return tracing_context(enabled=False)


def _unknown(thread: str) -> UnknownThreadError:
    return UnknownThreadError(f"There is no conversation {thread[:60]!r}.", "Begin one, or look which there are.")
