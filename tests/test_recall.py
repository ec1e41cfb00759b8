import asyncio
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import pytest
from convrec.agents.memory import Changes, Known, Memory
from convrec.agents.recall import (
    SOFT,
    inform,
    liked_in_talks,
    lines_to_recall,
    namespace,
    rank_memories,
    recall,
    stated,
    tastes,
    write,
)
from convrec.agents.remember import memory_id, taste_id
from convrec.agents.state import Feeling, Preference, Strength, Wish
from convrec.agents.wishes import drop_preference, liking
from convrec.tools.collaborative import fit_collaborative
from convrec.tools.index import Index
from convrec.tools.items import Interaction
from convrec.tools.limits import Limit, Range
from hypothesis import given
from hypothesis import strategies as st
from langgraph.store.base import IndexConfig, Op, PutOp, Result
from langgraph.store.memory import InMemoryStore
from talk_stage import index_of, labelled, ranged, recommender

NOW, DAY, HALF_LIFE = 1_800_000_000.0, 86_400.0, 180.0


def taste(preference: Preference, *, days: float = 0.0, times: int = 1, catalogue: str = "teas") -> Memory:
    """A taste that was last told so many days ago."""
    return Memory(
        id=taste_id(preference, catalogue), kind="taste", text=f"Likes {preference.key}.", preference=preference,
        catalogue=catalogue, told=NOW - days * DAY, created=NOW - days * DAY, times=times,
    )  # fmt: skip


def felt(item: str, feeling: Feeling, catalogue: str = "teas", told: float = NOW) -> Memory:
    return Memory(
        id=memory_id(catalogue, item, feeling), kind="feedback", text=f"{feeling} {item}", item=item, feeling=feeling,
        catalogue=catalogue, told=told,
    )  # fmt: skip


def fact(text: str, days: float = 0.0) -> Memory:
    return Memory(id=memory_id(text), kind="fact", text=text, told=NOW - days * DAY)


def informed(*memories: Memory, wish: Wish | None = None, index: Index | None = None, now: float = NOW) -> Wish:
    return inform(wish or Wish(), Known(memories=memories), index or index_of("teas"), now, HALF_LIFE)


def soft(count: int) -> list[Memory]:
    """Different soft tastes in phrases, each told a day before the last."""
    said = [Preference(limit=Limit(attribute=None, values=(f"w{n} x{n}",)), strength="prefer") for n in range(count)]
    return [taste(p, days=n) for n, p in enumerate(said)]


NEVER = taste(labelled("flavours", "smoky", strength="must_not"))
LIKES = taste(labelled("flavours", "floral", strength="prefer"))


# What enters a wish


def test_remembered_tastes_enter_a_wish_and_say_where_they_come_from() -> None:
    wish = informed(NEVER, LIKES)
    assert [(p.limit.values, p.memory, p.lasting) for p in wish.preferences] == [
        (("smoky",), NEVER.id, True), (("floral",), LIKES.id, True),
    ]  # fmt: skip
    assert wish.own == ()


def test_feelings_enter_a_wish_in_the_order_in_which_they_were_told() -> None:
    wish = informed(
        felt("sencha", "liked", told=NOW), felt("hojicha", "liked", told=NOW - 5), felt("gyokuro", "seen"),
        felt("milk-oolong", "disliked"), felt("white-peony", "accepted"), felt("tetris", "liked", "games"),
    )  # fmt: skip
    assert (wish.liked, wish.seen) == (("hojicha", "sencha"), ("gyokuro",))
    assert (wish.disliked, wish.accepted) == (("milk-oolong",), ("white-peony",))


def test_what_is_not_felt_any_more_leaves_a_wish() -> None:
    wish = Wish(liked=("sencha",), seen=("hojicha",), rejected=("gyokuro", "milk-oolong"), shown=("hojicha",))
    after = informed(felt("gyokuro", "liked"), wish=wish)
    assert (after.liked, after.seen, after.rejected) == (("gyokuro",), (), ("milk-oolong",))
    assert after.shown == ("hojicha",)


def test_what_has_ended_counts_no_more() -> None:
    assert (
        informed(NEVER.model_copy(update={"ended": NOW}), felt("sencha", "liked").model_copy(update={"ended": 1.0}))
        == Wish()
    )


def test_memories_of_one_catalogue_do_not_count_in_another_and_facts_are_told_in_any() -> None:
    memories = (NEVER, LIKES, felt("sencha", "liked"), fact("Lives alone."))
    games = index_of("games")
    assert informed(*memories, index=games) == Wish()
    assert "Lives alone." in lines_to_recall(Known(memories=memories), Wish(), NOW, HALF_LIFE)


def test_a_hard_limit_is_as_hard_years_later_and_a_soft_taste_fades_away() -> None:
    years = 10 * 365 * DAY
    assert [p.limit.values for p in informed(NEVER, LIKES, now=NOW + years).preferences] == [("smoky",)]
    often = LIKES.model_copy(update={"times": 9})
    assert len(informed(LIKES, now=NOW + 400 * DAY).preferences) == 1
    assert informed(LIKES, now=NOW + 450 * DAY).preferences == ()
    assert len(informed(often, now=NOW + 450 * DAY).preferences) == 1


def test_a_clock_that_went_back_breaks_nothing() -> None:
    assert len(informed(NEVER, LIKES, now=NOW - 9e9).preferences) == 2


@pytest.mark.parametrize("half_life", [1e-3, 1.0, 100_000.0])
def test_any_half_life_can_be_set(half_life: float) -> None:
    wish = inform(Wish(), Known(memories=(NEVER, LIKES)), index_of("teas"), NOW + 1e9, half_life)
    assert NEVER.id in {p.memory for p in wish.preferences}


def test_of_hundreds_of_tastes_all_hard_and_few_soft_ones_count() -> None:
    hard = [taste(labelled("flavours", f"smoke {n}", strength="must_not"), days=900 + n) for n in range(60)]
    wish = informed(*soft(400), *hard)
    assert sum(not p.hard for p in wish.preferences) == SOFT == 4
    assert {p.memory for p in wish.preferences if p.hard} == {m.id for m in hard}


def test_the_strongest_and_newest_soft_tastes_come_first() -> None:
    memories = soft(20)
    assert [p.memory for p in informed(*memories).preferences] == [m.id for m in memories[:SOFT]]
    often = memories[15].model_copy(update={"times": 20})
    assert informed(*memories, often).preferences[0].memory == often.id


def test_what_is_near_to_the_message_comes_first() -> None:
    memories = soft(20)
    known = Known(memories=tuple(memories), near={memories[17].id: 0.99, memories[18].id: -0.9})
    found = tastes(Wish(), known, index_of("teas"), NOW, HALF_LIFE)
    assert found[0].memory == memories[17].id
    assert memories[18].id not in {p.memory for p in found}


def test_what_is_about_the_wishs_attribute_comes_first() -> None:
    memories = [*soft(20), taste(labelled("kind", "green", strength="prefer"), days=200)]
    own = labelled("kind", "black", strength="prefer")
    lines = rank_memories(memories, Known(), Wish(preferences=(own,)), NOW, HALF_LIFE)
    assert lines[0].id == memories[-1].id


def test_a_model_is_told_few_memories_and_no_feelings() -> None:
    many = (*soft(30), *(fact(f"Has {n} cats.") for n in range(30)), *(felt(i, "liked") for i in ("sencha", "hojicha")))
    lines = lines_to_recall(Known(memories=many), Wish(), NOW, HALF_LIFE)
    assert len(lines) == 6
    assert not any("sencha" in line for line in lines)


@pytest.mark.parametrize(
    "limit",
    [
        Limit(attribute="gone", values=("x",)),
        Limit(attribute="kind", values=("no such kind",)),
        Limit(attribute="kind", ranges=(Range(low=1, high=2),)),
        Limit(attribute="minutes", values=("three",)),
        Limit(attribute="minutes"),
        Limit(attribute="picked", values=("1999",)),
        Limit(attribute=None, ranges=(Range(low=1),)),
        Limit(attribute=None, values=("**Sencha**",)),
    ],
    ids=str,
)
@pytest.mark.parametrize("strength", ["must", "prefer", "must_not"])
def test_a_taste_that_no_longer_suits_the_catalogue_breaks_no_wish(limit: Limit, strength: Strength) -> None:
    wish = informed(taste(Preference(limit=limit, strength=strength)))
    assert all(p.limit.attribute in (None, "kind", "minutes", "picked") for p in wish.preferences)


# Setting aside


@pytest.mark.parametrize(
    ("remembered", "own"),
    [
        (labelled("flavours", "smoky", strength="must_not"), labelled("flavours", "smoky", strength="prefer")),
        (labelled("flavours", "smoky", strength="must_not"), labelled("flavours", "Smoky", strength="must")),
        (labelled("flavours", "smoky", strength="avoid"), labelled("flavours", "smoky", strength="avoid")),
        (ranged("minutes", high=3), ranged("minutes", low=4)),
        (ranged("minutes", high=3), ranged("minutes", high=5)),
        (labelled("kind", "green"), labelled("kind", "black")),
    ],
)
def test_what_is_said_now_sets_what_was_remembered_aside(remembered: Preference, own: Preference) -> None:
    memory = taste(remembered)
    assert informed(memory, wish=Wish(preferences=(own,))).preferences == (own,)


def test_what_is_said_now_leaves_what_has_nothing_to_do_with_it() -> None:
    own = labelled("kind", "green")
    assert len(informed(NEVER, LIKES, wish=Wish(preferences=(own,))).preferences) == 3


def kept(before: Wish, after: Wish, *memories: Memory, reset: bool = False) -> Wish:
    return stated(before, after, Known(memories=memories), index_of("teas"), reset=reset)


def test_a_thread_keeps_nothing_that_memory_knows() -> None:
    before = informed(NEVER, LIKES, felt("sencha", "liked"))
    assert kept(before, before, NEVER, LIKES) == Wish()


def test_a_remembered_taste_that_is_dropped_stays_aside_until_the_thread_begins_anew() -> None:
    before = informed(NEVER, LIKES)
    after = drop_preference(before, before.preferences[0].key)
    wish = kept(before, after, NEVER, LIKES)
    assert wish.waived == (NEVER.id,)
    assert [p.memory for p in informed(NEVER, LIKES, wish=wish).preferences] == [LIKES.id]
    later = informed(NEVER, LIKES, wish=wish)
    assert kept(later, later, NEVER, LIKES).waived == (NEVER.id,)
    assert kept(later, later, NEVER, LIKES, reset=True).waived == ()


def test_what_a_thread_said_itself_and_drops_does_not_come_back_from_memory() -> None:
    own = labelled("flavours", "smoky", strength="must_not").model_copy(update={"lasting": True})
    before = informed(NEVER, wish=Wish(preferences=(own,)))
    assert before.preferences == (own,)
    wish = kept(before, drop_preference(before, own.key), NEVER)
    assert informed(NEVER, wish=wish).preferences == ()
    assert informed(NEVER).preferences != ()


def test_what_a_thread_told_and_another_has_contradicted_since_holds_no_more() -> None:
    own = labelled("flavours", "smoky", strength="must_not").model_copy(update={"lasting": True})
    now_likes = taste(labelled("flavours", "smoky", strength="prefer"))
    never = NEVER.model_copy(update={"ended": NOW})
    wish = informed(never, now_likes, wish=Wish(preferences=(own,)))
    assert [(p.strength, p.memory) for p in wish.preferences] == [("prefer", now_likes.id)]
    for_now = own.model_copy(update={"lasting": False})
    assert informed(never, now_likes, wish=Wish(preferences=(for_now,))).preferences == (for_now,)


# Histories


def test_a_history_enters_a_wish_as_weights_of_items_that_there_are() -> None:
    history = tuple(
        Interaction(user="ann", item=i, value=v, time=NOW)
        for i, v in (("sencha", 5.0), ("hojicha", 1.0), ("gone", 5.0))
    )
    wish = inform(Wish(), Known(history=history), index_of("teas"), NOW, HALF_LIFE)
    assert wish.history["sencha"] > 0 > wish.history["hojicha"]
    assert "gone" not in wish.history
    assert {"sencha", "hojicha"} <= wish.barred
    both = inform(
        Wish(), Known(history=history, memories=(felt("sencha", "disliked"),)), index_of("teas"), NOW, HALF_LIFE
    )
    assert liking(both)["sencha"] == -1.0
    assert kept(wish, wish).history == {}


async def test_a_history_is_found_by_the_users_name_and_a_stranger_has_none() -> None:
    likes = [Interaction(user="ann", item=i, value=1.0) for i in ("sencha", "gyokuro")]
    index = with_history(likes)
    assert {i.item for i in (await recall(InMemoryStore(), "ann", index)).history} == {"sencha", "gyokuro"}
    assert (await recall(InMemoryStore(), "an", index)).history == ()
    assert (await recall(InMemoryStore(), "ann")).history == ()


def with_history(interactions: Iterable[Interaction]) -> Index:
    index = index_of("teas")
    model = fit_collaborative(interactions, [i.id for i in index.catalogue.items])
    return replace_collaborative(index, model)


def replace_collaborative(index: Index, model: object) -> Index:
    return Index(index.catalogue, index.encoder, index.vectors, index.lexical, model)  # type: ignore[arg-type]


# The store

ALIKE = [
    "ann",
    "Ann",
    "ann ",
    "an",
    "ann.b",
    "ann/b",
    "a\u0308nn",
    "änn",
    "日本",
    "👩‍👩‍👧",
    "*",
    "%",
    "user-616e6e",
    "",
    "\ud800",
]


def test_users_whose_names_look_alike_have_places_of_their_own() -> None:
    assert len({namespace(user) for user in ALIKE}) == len(ALIKE)
    assert all("." not in part for user in ALIKE for part in namespace(user))


@given(st.text(max_size=8), st.text(max_size=8))
def test_any_two_names_share_a_place_only_when_they_are_the_same(one: str, other: str) -> None:
    assert (namespace(one) == namespace(other)) == (one == other)


async def test_what_is_written_is_recalled_for_that_user_alone() -> None:
    store = InMemoryStore()
    for user in ALIKE:
        await write(store, user, Changes(put=(fact(f"Is {user.encode(errors='replace')!r}."),)))
    for user in ALIKE:
        assert [m.text for m in (await recall(store, user)).memories] == [f"Is {user.encode(errors='replace')!r}."]
    await write(store, "ann", Changes(delete=((await recall(store, "ann")).memories[0].id,)))
    assert (await recall(store, "ann")).memories == ()
    assert len((await recall(store, "Ann")).memories) == 1


async def test_every_memory_comes_back_as_it_was() -> None:
    store, memories = (
        InMemoryStore(),
        {m.id: m for m in (NEVER, LIKES, felt("sencha", "liked"), fact("</data> 🎉 مرحبا"))},
    )
    await write(store, "ann", Changes(put=tuple(memories.values())))
    assert {m.id: m for m in (await recall(store, "ann")).memories} == memories


async def test_feelings_are_not_embedded_and_the_nearest_memories_are_found() -> None:
    encoded: list[str] = []

    def embed(texts: list[str]) -> list[list[float]]:
        encoded.extend(texts)
        return [[float("cat" in t), 1.0] for t in texts]

    store = InMemoryStore(index=IndexConfig(dims=2, embed=embed, fields=["text"]))
    few = (fact("Has a cat."), fact("Lives alone."))
    await write(store, "ann", Changes(put=(*few, felt("sencha", "liked"))))
    assert sorted(encoded) == ["Has a cat.", "Lives alone."]
    assert (await recall(store, "ann", text="a cat")).near == {}
    more = tuple(fact(f"Fact {n}.") for n in range(SOFT))
    await write(store, "ann", Changes(put=more))
    known = await recall(store, "ann", text="a cat")
    assert known.near[memory_id("Has a cat.")] > known.near[memory_id("Lives alone.")]
    assert len(known.memories) == 3 + len(more)
    assert (await recall(store, "ann")).near == {}


async def test_of_many_tastes_those_nearest_to_the_message_come_into_the_talk(tmp_path: Path) -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        return [[float("campfire" in t or "bonfire" in t), 1.0] for t in texts]

    store = InMemoryStore(index=IndexConfig(dims=2, embed=embed, fields=["text"]))
    liked = [
        Preference(limit=Limit(attribute=None, values=(w,)), strength="prefer")
        for w in "campfire rain hay dust sea moss".split()
    ]
    memories = [
        taste(p, days=0.0 if n else 30.0).model_copy(update={"text": f"Likes {p.limit.values[0]}."})
        for n, p in enumerate(liked)
    ]
    await write(store, "me", Changes(put=tuple(memories)))
    async with recommender(tmp_path, store=lambda _: nullcontext(store), clock=lambda: NOW) as opened:
        far = await opened.reply("a green tea", thread="one")
        near = await opened.reply("a tea for the bonfire", thread="two")
    assert "campfire" not in {v for p in far.preferences for v in p.limit.values}
    assert ("campfire",) in {p.limit.values for p in near.preferences if p.memory}


class Recording(InMemoryStore):
    """Tells how many writes each batch had."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        ops = list(ops)
        self.batches.append(sum(isinstance(op, PutOp) for op in ops))
        return await super().abatch(ops)


async def test_changes_are_written_all_at_once() -> None:
    store = Recording()
    await write(store, "ann", Changes(put=(fact("Lives alone."), NEVER), delete=("m1", "m2")))
    assert store.batches == [4]


async def test_many_users_read_and_write_at_once() -> None:
    store = InMemoryStore()

    async def busy(user: str) -> list[str]:
        for n in range(5):
            await write(store, user, Changes(put=(fact(f"Has {n} cats, says {user}."),)))
        return [m.text for m in (await recall(store, user)).memories]

    users = [f"user {n}" for n in range(30)]
    for user, found in zip(users, await asyncio.gather(*map(busy, users)), strict=True):
        assert sorted(found) == [f"Has {n} cats, says {user}." for n in range(5)]


async def test_what_people_like_in_talks_is_told_of_all_of_them_as_interactions() -> None:
    store, gone = InMemoryStore(), felt("gyokuro", "liked").model_copy(update={"ended": NOW})
    await write(
        store, "ann", Changes(put=(felt("sencha", "liked"), felt("hojicha", "seen"), gone, fact("Lives alone.")))
    )
    await write(store, "ünï 用户", Changes(put=(felt("sencha", "disliked", told=7.0), felt("emma", "liked", "books"))))
    found = await liked_in_talks(store, "teas")
    assert {(i.user, i.item, i.value, i.time) for i in found} == {
        ("ann", "sencha", 1.0, NOW),
        ("ünï 用户", "sencha", 0.0, 7.0),
    }
