from pathlib import Path
from typing import Any

import pytest
from convrec.agents.ablations import ABLATIONS, check_parts, stand_ins, without_parts
from convrec.agents.brains import Brain
from convrec.agents.rank import best_first, rank
from convrec.agents.recommender import Recommender
from convrec.agents.state import Answer, Judged, Wish
from convrec.agents.wishes import liking
from convrec.tools.errors import InputError
from convrec.tools.index import Index
from convrec.tools.interactions import Interaction
from convrec.tools.search import search_by_meaning, search_by_words, similar_items
from talk_stage import check_guarantees, index_of, recommender

TALK = (
    "a strategy game for two players under 90 minutes", "I've seen the first one", "nothing too long, and not about war",
    "why the second one?", "more like the second one", "something else please", "I hated the first one", "more",
    "surprise me", "thanks, bye",
)  # fmt: skip


FOUND = [
    Judged(item=item, score=1 / (61 + place), tools={"meaning": place + 1})
    for place, item in enumerate(
        ("silver-needle", "sencha", "gyokuro", "hojicha", "genmaicha", "white-peony", "lapsang-souchong", "milk-oolong")
    )
]
"""Candidates as retrieval hands them on."""


async def replies(opened: Recommender, *said: str, thread: str = "t") -> list[Answer]:
    """A conversation's answers."""
    return [await opened.reply(text, thread=thread) for text in said]


@pytest.mark.parametrize("part", sorted(ABLATIONS))
async def test_whatever_is_left_out_the_guarantees_hold_in_a_conversation(tmp_path: Path, part: str) -> None:
    index = index_of("games")
    items = 0
    async with recommender(tmp_path, "games", without=frozenset({part}), private=True) as opened:
        for text in TALK:
            before = await opened.wish(thread="t")
            answer = await opened.reply(text, thread="t")
            check_guarantees(answer, before, index)
            items += len(answer.items)
    assert items > 5


async def test_without_everything_something_is_still_shown_and_never_twice(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", without=frozenset(ABLATIONS)) as opened:
        shown = [c.id for answer in await replies(opened, "a green tea", "smoky", "floral") for c in answer.items]
    assert len(shown) == len(set(shown)) == 9


async def test_a_part_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'brakes'") as refused:
        async with recommender(tmp_path, without=frozenset({"nli", "brakes"})):
            pass
    assert all(name in refused.value.hint for name in ABLATIONS)
    assert check_parts(["nli", "memory"]) == {"nli", "memory"}


async def test_without_understanding_a_message_is_only_searched_for(tmp_path: Path) -> None:
    async with recommender(tmp_path, without=frozenset({"understanding"})) as opened:
        first, second = await replies(opened, "only a green tea, nothing grassy", "hello")
    assert not first.preferences
    assert first.act == second.act == "preference"
    assert len(first.items) == len(second.items) == 3


async def test_without_clarifying_nothing_is_asked(tmp_path: Path) -> None:
    async with recommender(tmp_path) as whole, recommender(tmp_path, without=frozenset({"clarify"})) as less:
        asked = await whole.reply("can you recommend me something?", thread="a")
        shown = await less.reply("can you recommend me something?", thread="b")
    assert asked.question
    assert shown.question is None
    assert len(shown.items) == 3


async def test_without_inference_no_verdict_is_given_and_limits_still_filter(tmp_path: Path) -> None:
    async with recommender(tmp_path, without=frozenset({"nli"})) as opened:
        answer = await opened.reply("a green tea that tastes like a mown meadow")
    assert {c.attributes["kind"] for c in answer.items} == {("green",)}
    assert not any(c.verdicts for c in answer.items)


async def test_a_model_does_not_do_the_step_of_an_agent_that_is_left_out(tmp_path: Path) -> None:
    async def refuse(*_: Any) -> list[Judged]:
        raise AssertionError("it was left out")

    brains: Any = {"nli": Brain(refuse, "scripted")}
    async with recommender(tmp_path, brains=brains, without=frozenset({"nli"})) as opened:
        answer = await opened.reply("a green tea")
    assert {s.brain for s in answer.steps} == {"built-in"}


async def test_without_ranking_items_stay_as_they_were_found() -> None:
    picks = await stand_ins(frozenset({"ranking"}))["rank"](FOUND, Wish(seeds=("keemun-hao",)), index_of("teas"), 3)
    assert [p.item for p in picks] == ["silver-needle", "sencha", "gyokuro"]
    assert [p.score for p in picks] == sorted((p.score for p in picks), reverse=True)
    assert all(p.reason for p in picks)


async def test_without_diversity_the_best_come_however_much_they_are_alike() -> None:
    index, equal = index_of("teas"), [found.model_copy(update={"score": 1.0}) for found in FOUND]
    picks = await stand_ins(frozenset({"diversity"}))["rank"](equal, Wish(), index, 4)
    assert [p.item for p in picks] == [j.item for j in best_first(equal, Wish(), index)][:4]
    assert [p.item for p in picks] != [p.item for p in await rank(equal, Wish(), index, 4)]


async def test_without_memory_the_next_conversation_begins_as_with_a_stranger(tmp_path: Path) -> None:
    for parts, known in ((frozenset[str](), True), (frozenset({"memory"}), False)):
        folder = tmp_path / str(known)
        async with recommender(folder, without=parts) as opened:
            await replies(opened, "I love Sencha", "I hate black teas", thread="one")
            before = await opened.wish(thread="two")
            assert ("sencha" in before.liked) is known
            assert bool(before.preferences) is known
            assert bool(await opened.memories.of("me")) is known


async def test_without_memory_a_conversation_still_knows_what_was_felt_in_it(tmp_path: Path) -> None:
    async with recommender(tmp_path, without=frozenset({"memory"})) as opened:
        await replies(opened, "I love Sencha", "something light")
        assert "sencha" in (await opened.wish(thread="t")).liked


class _Histories:
    """Who liked what, as far as these tests ask for it."""

    half_life_days = 0.0

    def history(self, user: str) -> list[Interaction]:
        """The same for everybody."""
        return [Interaction(user=user, item="sencha", value=1.0)]


async def test_without_histories_what_a_user_had_before_counts_no_more(tmp_path: Path) -> None:
    small = index_of("teas")
    histories: Any = _Histories()
    whole = Index(small.catalogue, small.encoder, small.vectors, small.lexical, histories)
    less = without_parts(whole, frozenset({"collaborative"}))
    for index, known in ((whole, True), (less, False)):
        async with recommender(tmp_path, index=lambda index=index: index) as opened:
            assert bool(liking(await opened.known())) is known
    assert less.lexicon is whole.lexicon


def test_a_search_that_is_left_out_finds_nothing_and_the_others_find_what_they_did() -> None:
    whole = index_of("teas")
    blind, mute = without_parts(whole, frozenset({"meaning"})), without_parts(whole, frozenset({"words"}))
    assert not search_by_meaning(blind, "smoky")
    assert not similar_items(blind, ["sencha"])
    assert search_by_words(blind, "smoky") == search_by_words(whole, "smoky")
    assert not search_by_words(mute, "smoky")
    assert search_by_meaning(mute, "smoky") == search_by_meaning(whole, "smoky")
    assert mute.lexical.frequency("smoki") == whole.lexical.frequency("smoki") > 0
    assert without_parts(whole, frozenset({"nli"})) is whole
