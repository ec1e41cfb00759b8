"""What must hold of conversations wherever they are kept: the same checks for SQLite and for Postgres."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from convrec.agents.recommender import Recommender
from convrec.agents.state import Answer, Card
from convrec.agents.threads import thread_key
from convrec.tools.errors import MessageError, UnknownThreadError
from convrec.tools.index import Index
from talk_stage import index_of, small_index

Opens = Callable[..., AbstractAsyncContextManager[Recommender]]
"""Opens a recommender on the same conversations and memories each time, with further options of its setup."""

KEPT = {"reply", "items", "nearest", "act", "suggestions", "question", "user", "thread"}


def shown(answer: Answer) -> dict[str, Any]:
    """What a page shows of an answer and a past turn has too: everything but how its items were found."""
    kept = answer.model_dump(include=KEPT)
    for one in (*kept["items"], *kept["nearest"]):
        one.update(tools={}, because="")
    return kept


async def titles_come_from_the_first_message_and_stay(open_: Opens) -> None:
    async with open_() as opened:
        await opened.reply("a green tea that goes well with very old books on long and rainy Sunday afternoons")
        await opened.reply("more")
        info = await opened.thread()
        assert info.title == "a green tea that goes well with very old books on long and…"
        assert (info.thread, info.turns, info.named) == ("main", 2, False)
    async with open_() as opened:
        assert await opened.threads() == [info]


async def a_thread_may_begin_empty_and_be_named(open_: Opens) -> None:
    async with open_() as opened:
        one = await opened.begin(user="ann")
        two = await opened.begin(user="ann", title="  For\nSunday ")
        assert len({one.thread, two.thread}) == 2
        assert (one.title, one.turns, two.title, two.named) == ("", 0, "For Sunday", True)
        assert await opened.begin(user="ann", thread=two.thread, title="Something else") == two
        await opened.reply("a green tea", user="ann", thread=one.thread)
        await opened.reply("a green tea", user="ann", thread=two.thread)
        assert [i.title for i in await opened.threads(user="ann")] == ["For Sunday", "a green tea"]
        assert (await opened.rename("Green", user="ann", thread=one.thread)).title == "Green"
        await opened.reply("more", user="ann", thread=one.thread)
        first, second = await opened.threads(user="ann")
        assert (first.title, first.turns, first.created) == ("Green", 2, one.created)
        assert first.updated > second.updated
        assert await opened.past(user="ann", thread="never begun") == []


async def threads_that_there_are_not_are_unknown_also_where_they_are_anothers(open_: Opens) -> None:
    async with open_() as opened:
        await opened.begin(user="ann", thread="hers")
        said = set()
        for user, thread in (("bob", "hers"), ("ann", "his")):
            for ask in (opened.thread(user=user, thread=thread), opened.rename("x", user=user, thread=thread)):
                with pytest.raises(UnknownThreadError) as refused:
                    await ask
                said.add(str(refused.value).replace(thread, "…"))
        assert len(said) == 1
        for title in ("", " \n", "x" * 201):
            with pytest.raises(MessageError):
                await opened.rename(title, user="ann", thread="hers")
        assert [i.title for i in await opened.threads(user="ann")] == [""]
        assert await opened.threads(user="bob") == []


async def undoing_the_only_turn_keeps_the_thread_without_its_words(open_: Opens) -> None:
    async with open_() as opened:
        await opened.reply("a marmalade tea", thread="one")
        await opened.begin(thread="two", title="Named")
        await opened.reply("a marmalade tea", thread="two")
        for thread in ("one", "two"):
            await opened.undo(thread=thread)
        assert {(i.thread, i.title, i.turns) for i in await opened.threads()} == {("one", "", 0), ("two", "Named", 0)}
        await opened.reply("a green tea", thread="one")
        assert (await opened.thread(thread="one")).title == "a green tea"


async def past_turns_are_shown_as_they_were(open_: Opens) -> None:
    said = ("hello", "recommend me something", "a green tea", "more", "why the first one?", "a black tea under 1 min")
    async with open_() as opened:
        answers = [await opened.reply(text) for text in said]
        assert any(a.question for a in answers)
        assert any(a.nearest and a.nearest[0].verdicts for a in answers)
    async with open_() as opened:
        past = await opened.past()
        assert [turn.text for turn in past] == list(said)
        assert [shown(turn.answer) for turn in past] == [shown(answer) for answer in answers]
        assert [turn.time for turn in past] == sorted(turn.time for turn in past)
        assert past[0].time > 0


async def items_that_the_catalogue_no_longer_has_are_left_out(open_: Opens) -> None:
    teas = index_of("teas")

    def fewer() -> Index:
        catalogue = teas.catalogue
        return small_index("teas", catalogue.schema, [i for i in catalogue.items if i.id != gone], teas.encoder)

    async with open_() as opened:
        answer = await opened.reply("a green tea")
        gone = answer.items[0].id
    async with open_(index=fewer) as opened:
        (turn,) = await opened.past()
        assert [c.id for c in turn.answer.items] == [c.id for c in answer.items[1:]]
        assert turn.answer.reply == answer.reply


async def nothing_remembered_is_kept_with_a_turn(open_: Opens) -> None:
    async with open_(count=8) as opened:
        await opened.reply("I love smoky tea, and I hated Sencha", thread="told")
        await opened.reply("I never drink strong tea", thread="told")
        answer = await opened.reply("a black tea", thread="new")
        assert any(v.remembered for c in answer.items for v in c.verdicts)
        assert any("smoky" in c.reason for c in answer.items)
        for memory in await opened.memories.of("me"):
            await opened.memories.forget("me", memory.id)
        (turn,) = await opened.past(thread="new")
        assert [c.id for c in turn.answer.items] == [c.id for c in answer.items]
        assert [[v.preference for v in c.verdicts] for c in turn.answer.items] == [["black"]] * len(answer.items)
        assert not any("flavour: smoky" in c.reason or "what you like" in c.reason for c in turn.answer.items)
        assert all(c.reason and not c.because for c in turn.answer.items)


async def a_miss_is_kept_without_the_limits_that_are_remembered(open_: Opens) -> None:
    def broken(cards: tuple[Card, ...]) -> set[str]:
        return {v.preference for c in cards for v in c.verdicts}

    async with open_() as opened:
        await opened.reply("I only ever drink tea that steeps under 2 min", thread="told")
        answer = await opened.reply("it must be a black tea", thread="new")
        (turn,) = await opened.past(thread="new")
        assert answer.nearest
        assert [c.id for c in turn.answer.nearest] == [c.id for c in answer.nearest]
        assert broken(answer.nearest) == {"steeping time under 2 min"}
        assert broken(turn.answer.nearest) == set()
        assert (answer.suggestions, turn.answer.suggestions) == (
            ("Any steeping time is fine", "start over"), ("start over",),
        )  # fmt: skip


async def forgetting_leaves_nothing_of_threads_that_were_only_begun(open_: Opens) -> None:
    async with open_() as opened:
        await opened.begin(user="ann", title="marmalade")
        await opened.begin(user="ann", thread="one", title="jam")
        await opened.begin(user="bob", title="his")
        await opened.forget(user="ann", thread="one")
        assert [i.title for i in await opened.threads(user="ann")] == ["marmalade"]
        await opened.forget(user="ann")
        assert await opened.threads(user="ann") == []
        assert [i.title for i in await opened.threads(user="bob")] == ["his"]


async def a_private_talk_has_a_title_that_ends_with_it(open_: Opens) -> None:
    async with open_() as opened:
        await opened.reply("a green tea", thread="open")
        await opened.reply("a marmalade tea", thread="open", private=True)
        await opened.reply("a marmalade tea", thread="sealed", private=True)
        await opened.rename("marmalade", thread="open")
        assert (await opened.thread(thread="open")).title == "marmalade"
        assert (await opened.thread(thread="sealed")).title == "a marmalade tea"
        assert len(await opened.past(thread="sealed")) == 1
        assert [(i.thread, i.title, i.turns) for i in await opened.threads()] == [("open", "a green tea", 1)]
    async with open_() as opened:
        assert (await opened.thread(thread="open")).title == "a green tea"
        with pytest.raises(UnknownThreadError):
            await opened.thread(thread="sealed")


async def a_thread_without_a_row_is_listed_by_what_was_said_in_it(open_: Opens) -> None:
    async with open_() as opened:
        await opened.reply("a green tea")
        await opened.reply("more")
        made = await opened.thread()
        threads = opened._open_conversations.threads
        assert threads is not None
        await threads.put(thread_key("me", "main"), None)
        (info,) = await opened.threads()
        assert (info.thread, info.title, info.turns) == ("main", "a green tea", 2)
        assert await opened.thread() == info
        await opened.feedback("sencha", "liked")
        (info,) = await opened.threads()
        assert (info.title, info.turns, info.created) == ("a green tea", 2, made.created)
        await threads.put(thread_key("me", "main"), None)
        await opened.forget()
        assert await opened.threads() == []


async def users_with_odd_names_share_nothing(open_: Opens) -> None:
    names = ["ann", "Ann", "ann ", "an", '["ann"', 'a"', 'a", "b', "a\\", "ä", "👩‍👩‍👧", "%", "_", "ann/b"]
    async with open_() as opened:
        for name in names:
            await opened.begin(user=name, thread=name, title=f"of {names.index(name)}")
        for name in names:
            assert [(i.thread, i.title) for i in await opened.threads(user=name)] == [(name, f"of {names.index(name)}")]
        await opened.forget(user="ann")
        assert [len(await opened.threads(user=name)) for name in names] == [0, *[1] * (len(names) - 1)]


async def many_users_can_talk_while_others_are_forgotten(open_: Opens) -> None:
    async with open_() as opened:
        talking = [opened.reply("a green tea", user=f"u{n}", thread=t) for n in range(6) for t in "ab"]
        leaving = [opened.forget(user=f"gone {n}", thread=t) for n in range(6) for t in "ab"]
        await asyncio.gather(*talking, *leaving)
        assert {len(await opened.threads(user=f"u{n}")) for n in range(6)} == {2}


async def an_export_holds_what_was_shown_in_plain_words(open_: Opens) -> None:
    async with open_() as opened:
        answer = await opened.reply("a green tea")
        data = await opened.export()
        text = data.model_dump_json()
        assert answer.items[0].reason in text
        assert data.talks[0].title == "a green tea"
        assert type(data).model_validate_json(text) == data
        assert zlib.decompress(data.talks[0].turns[0].packed)


CHECKS: tuple[Callable[[Opens], Awaitable[None]], ...] = (
    titles_come_from_the_first_message_and_stay,
    a_thread_may_begin_empty_and_be_named,
    threads_that_there_are_not_are_unknown_also_where_they_are_anothers,
    undoing_the_only_turn_keeps_the_thread_without_its_words,
    past_turns_are_shown_as_they_were,
    items_that_the_catalogue_no_longer_has_are_left_out,
    nothing_remembered_is_kept_with_a_turn,
    a_miss_is_kept_without_the_limits_that_are_remembered,
    forgetting_leaves_nothing_of_threads_that_were_only_begun,
    a_private_talk_has_a_title_that_ends_with_it,
    a_thread_without_a_row_is_listed_by_what_was_said_in_it,
    users_with_odd_names_share_nothing,
    many_users_can_talk_while_others_are_forgotten,
    an_export_holds_what_was_shown_in_plain_words,
)
