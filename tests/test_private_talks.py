import asyncio
from contextlib import closing
from pathlib import Path

import pytest
from convrec.agents import conversations
from convrec.agents.state import Wish
from convrec.tools.answer_cache import AnswerCache
from convrec.tools.errors import UnknownThreadError
from convrec.tools.opening_memories import open_store
from convrec.tools.trace import Trace
from fakes import HashEncoder
from langgraph.store.base import IndexConfig
from model_stage import chat, thinking
from talk_stage import Clock, recommender

SECRET = "marmalade"
SAID = (
    f"I love tea with {SECRET}", f"I have two cats called {SECRET}", "I never drink smoky tea", "more",
    "I've already tried the first one", "I loved Sencha",
)  # fmt: skip


def bytes_below(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def holding(folder: Path, *words: str) -> list[str]:
    """The files below a folder that hold one of some words, in whatever letter case and encoding."""
    wanted = [w.lower().encode(c) for w in words for c in ("utf-8", "utf-16-le")]
    return [str(p) for p, held in bytes_below(folder).items() if any(w in held.lower() for w in wanted)]


def embed(texts: list[str]) -> list[list[float]]:
    return HashEncoder().encode(texts).tolist()


async def test_of_a_private_talk_no_byte_is_written(tmp_path: Path) -> None:
    fields = IndexConfig(dims=32, embed=embed, fields=["text"])
    options = {"store": lambda _: closing(open_store(tmp_path / "memories", index=fields, encoder="hash"))}
    with closing(AnswerCache(tmp_path / "answers.sqlite")) as cache:
        thought = thinking(chat(Understanding={"act": "request", "wants": []}), "low")
        trace = Trace(tmp_path / "trace", words=True)
        async with recommender(tmp_path, "teas", thought.brains, cache=cache, trace=trace, **options) as opened:
            await opened.reply(f"a green tea for {SECRET[::-1]}", user="bob")
            before = bytes_below(tmp_path)
            assert holding(tmp_path, SECRET[::-1])
            for text in SAID:
                await opened.reply(text, user="quokka", thread="wombat", private=True)
            await opened.feedback("hojicha", "liked", user="quokka", thread="wombat")
            await opened.undo(user="quokka", thread="wombat")
            await opened.reply("a black tea", user="quokka", thread="wombat")
            assert holding(tmp_path, SECRET, "quokka", "wombat", b"quokka".hex()) == []
            assert bytes_below(tmp_path).keys() == before.keys()
    assert holding(tmp_path, SECRET, "quokka", "wombat", b"quokka".hex()) == []


async def test_what_is_felt_and_told_in_a_private_talk_counts_in_it_and_in_no_other(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", count=8, clock=Clock()) as opened:
        await opened.reply("I never drink smoky tea", private=True, thread="p")
        await opened.reply("I hated Sencha", thread="p")
        await opened.feedback("gyokuro", "liked", thread="p")
        wish = await opened.wish(thread="p")
        assert (wish.disliked, wish.liked) == (("sencha",), ("gyokuro",))
        await opened.reply("start over", thread="p")
        green = await opened.reply("a green tea", thread="p")
        assert [p.limit.values for p in green.preferences] == [("smoky",), ("green",)]
        assert not {c.id for c in green.items} & {"sencha", "gyokuro", "hojicha"}
        assert await opened.memories.of("me", ended=True) == []
        assert await opened.known() == Wish()
        assert {c.id for c in (await opened.reply("a green tea", thread="q")).items} >= {"sencha", "hojicha", "gyokuro"}
        assert [i.thread for i in await opened.threads()] == ["q"]
        assert (await opened.export()).talks[0].thread == "q"


async def test_what_was_remembered_before_counts_in_a_private_talk(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", count=8) as opened:
        await opened.reply("I never drink smoky tea")
        answer = await opened.reply("a black tea", thread="p", private=True)
        assert {c.id for c in answer.items} == {"assam-gold", "darjeeling-first"}


async def test_what_contradicts_memory_in_private_does_so_in_private_only(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", clock=Clock()) as opened:
        await opened.reply("I never drink smoky tea")
        kept = await opened.memories.of("me", ended=True)
        await opened.reply("I love smoky tea", thread="p", private=True)
        await opened.reply("start over", thread="p")
        assert [p.strength for p in (await opened.wish(thread="p")).preferences] == ["prefer"]
        assert await opened.memories.of("me", ended=True) == kept
        assert [p.strength for p in (await opened.wish(thread="q")).preferences] == ["must_not"]


async def test_going_private_in_the_middle_keeps_what_was_said_and_writes_no_more(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as opened:
        first = await opened.reply("a green tea")
        await opened.reply(f"I love tea with {SECRET}", private=True)
        more = await opened.reply("more")
        assert not {c.id for c in first.items} & {c.id for c in more.items}
        assert [t.text for t in await opened.talk()] == ["a green tea", f"I love tea with {SECRET}", "more"]
        assert holding(tmp_path, SECRET) == []
    async with recommender(tmp_path, "teas") as opened:
        assert [t.text for t in await opened.talk()] == ["a green tea"]


async def test_undo_in_private_takes_back_within_the_talk_alone(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", clock=Clock()) as opened:
        await opened.reply("I love floral tea")
        kept, wish = await opened.memories.of("me"), await opened.wish()
        await opened.reply("I love floral and sweet teas", private=True)
        assert await opened.undo() == "I love floral and sweet teas"
        assert await opened.wish() == wish
        assert await opened.undo() == "I love floral tea"
        assert await opened.wish() == Wish()
        assert [p.limit.values for p in (await opened.wish(thread="other")).preferences] == [("floral",)]
        with pytest.raises(UnknownThreadError):
            await opened.undo()
        assert await opened.memories.of("me") == kept
    async with recommender(tmp_path, "teas") as opened:
        assert [t.text for t in await opened.talk()] == ["I love floral tea"]


async def test_where_every_talk_is_private_undo_writes_nothing_either(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as opened:
        await opened.reply("I love floral tea")
        kept = await opened.memories.of("me")
    async with recommender(tmp_path, "teas", private=True) as opened:
        assert await opened.undo() == "I love floral tea"
        assert await opened.talk() == []
        await opened.feedback("sencha", "liked", thread="new")
        await opened.drop_preference("no such key", thread="newer")
        assert [i.thread for i in await opened.threads()] == ["main"]
    async with recommender(tmp_path, "teas") as opened:
        assert [t.text for t in await opened.talk()] == ["I love floral tea"]
        assert await opened.memories.of("me") == kept


async def test_forgetting_forgets_private_talks_too(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as opened:
        for thread in ("one", "two"):
            await opened.reply("I never drink smoky tea", user="ann", thread=thread, private=True)
        await opened.reply("a green tea", user="bob", thread="one", private=True)
        await opened.forget(user="ann", thread="one")
        assert (await opened.talk(user="ann", thread="one"), await opened.wish(user="ann", thread="one")) == (
            [],
            Wish(),
        )
        assert len(await opened.talk(user="ann", thread="two")) == 1
        await opened.forget(user="ann")
        assert (await opened.talk(user="ann", thread="two"), await opened.wish(user="ann", thread="two")) == (
            [],
            Wish(),
        )
        assert len(await opened.talk(user="bob", thread="one")) == 1


async def test_a_memory_that_is_deleted_by_hand_is_gone_from_private_talks(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as opened:
        await opened.reply("I never drink smoky tea")
        await opened.reply("a tea", thread="p", private=True)
        for memory in await opened.memories.of("me"):
            await opened.memories.forget("me", memory.id)
        assert (await opened.wish(thread="p")).preferences == ()


async def test_private_talks_end_with_the_process(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", private=True) as opened:
        await opened.reply("I never drink smoky tea")
        assert len(await opened.talk()) == 1
    async with recommender(tmp_path, "teas", private=True) as opened:
        assert (await opened.talk(), await opened.wish()) == ([], Wish())


async def test_too_many_private_talks_end_the_oldest_and_write_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MOST_PRIVATE", 2)
    async with recommender(tmp_path, "teas") as opened:
        threads = [f"p{n}" for n in range(6)]
        await asyncio.gather(*(opened.reply(f"a tea with {SECRET}", thread=t, private=True) for t in threads))
        for thread in threads:
            await opened.reply(f"I love tea with {SECRET}", thread=thread, private=True)
        await opened.reply(f"I love tea with {SECRET}", thread="p6", private=True)
        assert await opened.threads() == []
        assert await opened.memories.of("me", ended=True) == []
        assert [t for t in [*threads, "p6"] if await opened.talk(thread=t)] == ["p5", "p6"]
    assert holding(tmp_path, SECRET) == []


async def test_a_private_turn_that_breaks_leaves_the_talk_as_before(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as opened:
        await opened.reply("a green tea", private=True)
        before = await opened.wish()
        stream = opened.astream("I've already tried the first one", private=True)
        await anext(stream)
        await stream.aclose()
        assert await opened.wish() == before
        assert len(await opened.talk()) == 1
