from collections.abc import Sequence
from functools import reduce
from typing import Any

import pytest
from convrec.agents.memory import Changes, Known, Memory, Noted
from convrec.agents.profile import taste_text
from convrec.agents.remember import (
    LASTING,
    Relation,
    Told,
    contradicts,
    fact,
    keeps_order,
    relate,
    remember,
    said,
    says_the_same,
    single,
    taken_back,
)
from convrec.agents.state import Feeling, Mention, Preference, Strength, Understanding, Wish
from convrec.agents.taking_back import changed_in_words, note, take_back
from convrec.agents.wishes import feel
from convrec.tools.limits import Limit
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from talk_stage import TEAS, index_of, labelled, ranged, read

NOW = 1_800_000_000.0
FLAVOURS = ("smoky", "floral", "sweet")
STRENGTHS: tuple[Strength, ...] = ("must", "prefer", "avoid", "must_not")


def lasting(*preferences: Preference) -> tuple[Preference, ...]:
    return tuple(p.model_copy(update={"lasting": True}) for p in preferences)


def phrase(*values: str, strength: Strength = "prefer") -> Preference:
    return Preference(limit=Limit(attribute=None, values=values), strength=strength, words=" ".join(values))


def telling(
    *preferences: Preference, facts: Sequence[str] = (), felt: Sequence[tuple[str, Feeling]] = (),
    before: Wish | None = None, now: float = NOW, turn: int = 1, thread: str = "main",
) -> Told:  # fmt: skip
    """A turn that says so, after others have left that wish."""
    before = before or Wish()
    mentions = tuple(Mention(item=i, feeling=f, words=i) for i, f in felt)
    understanding = Understanding(act="preference", preferences=preferences, facts=tuple(facts), mentions=mentions)
    return Told("so to say", understanding, before, feel(before, mentions), thread, turn, now)


def after(known: Known, changes: Changes) -> Known:
    """What is remembered once changes are written."""
    kept = {m.id: m for m in known.memories if m.id not in changes.delete} | {m.id: m for m in changes.put}
    return known.model_copy(update={"memories": tuple(kept.values())})


async def hear(known: Known, told: Told, name: str = "teas") -> Known:
    return after(known, await remember(told, known, index_of(name)))


def texts(known: Known) -> list[str]:
    return [m.text for m in known.holding]


# What lasts


async def test_lasting_tastes_facts_and_feelings_become_memories_of_their_kinds() -> None:
    told = telling(
        *lasting(labelled("flavours", "smoky", strength="avoid"), ranged("minutes", high=3)),
        facts=("Lives alone.",), felt=[("sencha", "liked"), ("hojicha", "seen")],
    )  # fmt: skip
    known = await hear(Known(), told)
    assert {(m.kind, m.text) for m in known.memories} == {
        ("taste", "Avoids smoky."), ("taste", taste_text(ranged("minutes", high=3), TEAS)), ("fact", "Lives alone."),
        ("feedback", "Liked Sencha."), ("feedback", "Knows Hojicha."),
    }  # fmt: skip
    assert {(m.thread, m.turn, m.told, m.created, m.times, m.ended) for m in known.memories} == {
        ("main", 1, NOW, NOW, 1, None)
    }
    assert {m.kind: m.catalogue for m in known.memories} == {"taste": "teas", "fact": "", "feedback": "teas"}
    assert len({m.id for m in known.memories}) == 5


async def test_what_is_for_now_is_not_remembered() -> None:
    relative = labelled("flavours", "sweet").model_copy(update={"relative": True, "lasting": True})
    recalled = labelled("flavours", "floral").model_copy(update={"memory": "m1", "lasting": True})
    told = telling(
        labelled("flavours", "smoky"), ranged("minutes", high=3), relative, recalled,
        felt=[("sencha", "rejected"), ("hojicha", "like_this"), ("no-such-tea", "liked")],
    )  # fmt: skip
    assert (await hear(Known(), told)).memories == ()


@pytest.mark.parametrize(
    ("text", "remembered"),
    [
        ("I hate smoky tea", {"Never wants smoky."}),
        ("I love floral and sweet teas", {"Likes floral.", "Likes sweet."}),
        ("I have two cats", {"Has two cats."}),
        ("I loved Sencha", {"Liked Sencha."}),
        ("something smoky tonight", set()),
        ("a green tea under 3 minutes", set()),
        ("not so sweet, please", set()),
        ("more", set()),
        ("start over", set()),
    ],
)
async def test_a_message_says_what_lasts(text: str, remembered: set[str]) -> None:
    understanding = await read(text, "teas")
    told = Told(text, understanding, Wish(), feel(Wish(), understanding.mentions), "main", 1, NOW)
    assert {m.text for m in said(told, index_of("teas"))} == remembered


def test_only_values_that_all_are_wanted_become_memories_of_their_own() -> None:
    several = labelled("flavours", "smoky", "sweet", strength="prefer")
    assert [p.limit.values for p in single(several)] == [("smoky",), ("sweet",)]
    either = labelled("flavours", "smoky", "sweet", strength="must")
    assert single(either) == [either]
    assert single(ranged("minutes", high=3)) == [ranged("minutes", high=3)]


async def test_overlong_words_are_cut_and_not_refused() -> None:
    long = "x" * 6_000
    known = await hear(Known(), telling(*lasting(phrase(long)), facts=(long,)))
    assert {len(m.text) for m in known.memories} == {1_000}
    assert max(len(m.words) for m in known.memories) == 4_000


# The same said again


@pytest.mark.parametrize(
    ("one", "again"),
    [
        (labelled("flavours", "smoky", strength="prefer"), labelled("flavours", "smoky", strength="must")),
        (labelled("kind", "green", "white"), labelled("kind", "white", "green")),
        (ranged("minutes", high=3), ranged("minutes", high=3, strength="prefer")),
        (phrase("Slow mornings"), phrase("slow morning")),
        (phrase("campfire", "rain", strength="must"), phrase("rain", "campfires", strength="must")),
    ],
)
async def test_a_taste_said_again_is_one_stronger_memory(one: Preference, again: Preference) -> None:
    known = await hear(Known(), telling(*lasting(one)))
    known = await hear(known, telling(*lasting(again), now=NOW + 9, thread="other", turn=4))
    (memory,) = known.memories
    assert (memory.times, memory.created, memory.told) == (2, NOW, NOW + 9)
    assert (memory.thread, memory.turn, memory.supersedes) == ("other", 4, ())


@pytest.mark.parametrize(
    ("one", "again"),
    [
        ("Has two cats.", "has two cats"),
        ("Has two cats.", "HAS   two Cats!"),
        ("Watches with small children", "Watching with her small children."),
        ("Doesn't eat meat.", "Does not eat meat"),
        ("🎉🎉", "🎉🎉 "),
        ("我有两个孩子", "我有两个孩子。"),
    ],
)
async def test_a_fact_said_again_is_one_stronger_memory(one: str, again: str) -> None:
    known = await hear(await hear(Known(), telling(facts=(one,))), telling(facts=(again,), now=NOW + 9))
    assert [(m.times, m.created, m.told, m.ended) for m in known.memories] == [(2, NOW, NOW + 9, None)]


@pytest.mark.parametrize("feeling", LASTING)
async def test_a_feeling_said_again_is_one_stronger_memory(feeling: Feeling) -> None:
    known = await hear(Known(), telling(felt=[("sencha", feeling)]))
    informed = Wish.model_validate({feeling: ("sencha",)})
    known = await hear(known, telling(felt=[("sencha", feeling)], before=informed, now=NOW + 9))
    assert [(m.feeling, m.times) for m in known.memories] == [(feeling, 2)]


async def test_a_feeling_that_is_only_carried_along_is_not_heard_again() -> None:
    known = await hear(Known(), telling(felt=[("sencha", "liked")]))
    assert await remember(telling(before=Wish(liked=("sencha",))), known, index_of("teas")) == Changes()


async def test_said_twice_in_one_message_counts_once() -> None:
    taste, life = (
        lasting(labelled("flavours", "smoky"), labelled("flavours", "smoky", strength="prefer")),
        "Lives alone.",
    )
    known = await hear(Known(), telling(*taste, facts=(life, life, "lives alone")))
    assert [(m.kind, m.times) for m in known.memories] == [("taste", 1), ("fact", 1)]
    known = await hear(known, telling(*taste, facts=(life, life), now=NOW + 9))
    assert [(m.kind, m.times) for m in known.memories] == [("taste", 2), ("fact", 2)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (labelled("flavours", "smoky", strength="prefer"), labelled("flavours", "floral", strength="prefer")),
        (labelled("flavours", "smoky"), labelled("kind", "smoky")),
        (phrase("campfires"), phrase("rain")),
        (phrase("🎉"), phrase("😀")),
        (ranged("minutes", low=3), ranged("picked", low=3)),
    ],
)
async def test_different_tastes_stand_side_by_side(one: Preference, other: Preference) -> None:
    known = await hear(await hear(Known(), telling(*lasting(one))), telling(*lasting(other)))
    assert [(m.times, m.ended) for m in known.memories] == [(1, None)] * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Has a cat.", "Has a dog."),
        ("Is a nurse.", "Wife is a nurse."),
        ("Dog hates cats.", "Cat hates dogs."),
        ("🎉🎉", "😀"),
        ("...", "🎉"),
        ("我有两个孩子", "我有三个孩子"),
        ("لدي طفلان", "لدي قطة"),
    ],
)
async def test_different_facts_stand_side_by_side(one: str, other: str) -> None:
    known = await hear(await hear(Known(), telling(facts=(one,))), telling(facts=(other,)))
    assert [(m.times, m.ended) for m in known.memories] == [(1, None)] * 2


@given(st.lists(st.sampled_from(sorted(index_of("teas").catalogue.row_of)), min_size=2, max_size=6, unique=True))
@settings(max_examples=15)
def test_feelings_about_different_items_are_never_one_memory(items: list[str]) -> None:
    index = index_of("teas")
    new = said(telling(felt=[(i, "liked") for i in items]), index)
    everything = {m.id: Relation("repeats", new[0].id) for m in new[1:]}
    changes = relate(new, Known(), telling(), TEAS)
    assert len(changes.put) == len(items)
    assert not any(says_the_same(a, b) for a in new for b in new if a is not b)
    assert not any(contradicts(a, b, TEAS) for a in new for b in new if a is not b)
    assert everything.keys() == {m.id for m in new[1:]}


async def test_a_hard_limit_does_not_soften_by_being_said_again_more_mildly() -> None:
    known = await hear(Known(), telling(*lasting(labelled("flavours", "smoky", strength="must_not"))))
    known = await hear(known, telling(*lasting(labelled("flavours", "smoky", strength="avoid")), now=NOW + 9))
    (memory,) = known.memories
    assert memory.preference is not None
    assert (memory.preference.strength, memory.text, memory.times) == ("must_not", "Never wants smoky.", 2)


# Contradictions


async def test_a_then_not_a_then_a_again_keeps_the_links() -> None:
    yes, no = (lasting(labelled("flavours", "smoky", strength=s)) for s in ("prefer", "must_not"))
    known = await hear(Known(), telling(*yes))
    known = await hear(known, telling(*no, now=NOW + 1))
    likes, never = known.memories
    assert (likes.ended, never.ended, never.supersedes) == (NOW + 1, None, (likes.id,))
    assert texts(known) == ["Never wants smoky."]
    known = await hear(known, telling(*yes, now=NOW + 2))
    by_id = {m.id: m for m in known.memories}
    assert texts(known) == ["Likes smoky."]
    assert (by_id[likes.id].supersedes, by_id[likes.id].times) == ((never.id,), 2)
    assert (by_id[never.id].ended, by_id[never.id].supersedes) == (NOW + 2, (likes.id,))
    known = await hear(known, telling(*no, now=NOW + 3))
    assert texts(known) == ["Never wants smoky."]
    assert len(known.memories) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Has two children.", "Doesn't have two children."),
        ("Doesn't drink alcohol.", "Drinks alcohol."),
        ("Has 2 cats.", "Has 3 cats."),
        ("Has two cats.", "Has three cats."),
        ("Has two cats.", "Doesn't have any cats."),
        ("Son is 5.", "Son is 6."),
    ],
)
async def test_a_fact_that_cannot_hold_beside_another_takes_its_place(old: str, new: str) -> None:
    known = await hear(await hear(Known(), telling(facts=(old,))), telling(facts=(new,)))
    assert texts(known) == [new]
    was, now = known.memories
    assert (was.ended, now.supersedes) == (NOW, (was.id,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (labelled("kind", "green"), labelled("kind", "black")),
        (labelled("kind", "green"), labelled("kind", "green", "white")),
        (ranged("minutes", high=2), ranged("minutes", low=4)),
        (ranged("minutes", high=2), ranged("minutes", high=4)),
        (phrase("campfires"), phrase("campfire", strength="avoid")),
    ],
)
async def test_a_taste_that_cannot_hold_beside_another_takes_its_place(old: Preference, new: Preference) -> None:
    known = await hear(await hear(Known(), telling(*lasting(old))), telling(*lasting(new)))
    assert len(known.memories) == 2
    assert [m.preference and m.preference.limit for m in known.holding] == [new.limit]


async def test_tastes_of_another_catalogue_are_neither_repeated_nor_replaced() -> None:
    elsewhere = Memory(
        id="m1", kind="taste", text="Likes smoky.", catalogue="whiskies",
        preference=labelled("flavours", "smoky", strength="prefer"),
    )  # fmt: skip
    for strength in STRENGTHS:
        told = telling(*lasting(labelled("flavours", "smoky", strength=strength)))
        known = await hear(Known(memories=(elsewhere,)), told)
        assert elsewhere in known.memories
        assert len(known.holding) == 2


@pytest.mark.parametrize(("old", "new"), [("liked", "disliked"), ("disliked", "liked"), ("accepted", "disliked")])
async def test_a_newer_feeling_takes_the_older_ones_place(old: Feeling, new: Feeling) -> None:
    known = await hear(Known(), telling(felt=[("sencha", old)]))
    known = await hear(known, telling(felt=[("sencha", new)], before=Wish.model_validate({old: ("sencha",)})))
    (holds,) = known.holding
    assert holds.feeling == new
    assert [known.memories[0].id] == list(holds.supersedes)


async def test_what_contradicts_itself_in_one_message_ends_with_the_last_word() -> None:
    both = lasting(labelled("flavours", "smoky", strength="prefer"), labelled("flavours", "smoky", strength="avoid"))
    known = await hear(Known(), telling(*both))
    assert texts(known) == ["Avoids smoky."]
    assert len(known.memories) == 2


async def test_a_feeling_that_is_not_felt_any_more_ends() -> None:
    known = await hear(Known(), telling(felt=[("sencha", "liked"), ("hojicha", "liked")]))
    told = Told(
        "", Understanding(act="preference"), Wish(liked=("sencha", "hojicha")), Wish(liked=("hojicha",)), now=NOW
    )
    known = await hear(known, told)
    assert texts(known) == ["Liked Hojicha."]


async def test_not_now_takes_no_liking_back() -> None:
    known = await hear(Known(), telling(felt=[("sencha", "liked")]))
    told = telling(felt=[("sencha", "rejected")], before=Wish(liked=("sencha",)))
    assert taken_back(told, known, index_of("teas")) == set()
    assert texts(await hear(known, told)) == ["Liked Sencha."]


async def test_a_feeling_about_an_item_of_another_catalogue_is_not_taken_back() -> None:
    other = Memory(id="m1", kind="feedback", text="Liked Sencha.", item="sencha", feeling="liked", catalogue="games")
    told = Told("", Understanding(act="preference"), Wish(liked=("sencha",)), Wish(), now=NOW)
    assert await remember(told, Known(memories=(other,)), index_of("teas")) == Changes()


# Relations that somebody else has found


def a_fact(text: str, **fields: Any) -> Memory:
    return fact(text, telling()).model_copy(update=fields)


def test_a_relation_repeats_replaces_passes_or_adds() -> None:
    old, new = a_fact("Owns a cat."), a_fact("Lives with a kitten.")
    known, told = Known(memories=(old,)), telling(now=NOW + 9)

    def related(does: Any, text: str = "") -> Known:
        return after(known, relate([new], known, told, TEAS, (), {new.id: Relation(does, old.id, text)}))

    assert [(m.text, m.times) for m in related("repeats").memories] == [("Lives with a kitten.", 2)]
    assert related("repeats").memories[0].id == old.id
    assert texts(related("repeats", "Has a kitten.")) == ["Has a kitten."]
    replaced = related("replaces")
    assert (texts(replaced), replaced.memories[1].supersedes) == (["Lives with a kitten."], (old.id,))
    assert related("passes") == known
    assert len(related("adds").holding) == 2


def test_a_relation_to_what_is_not_there_adds() -> None:
    new = a_fact("Lives alone.")
    for does in ("repeats", "replaces"):
        changes = relate([new], Known(), telling(), TEAS, (), {new.id: Relation(does, "no such memory")})
        assert [(m.text, m.times, m.supersedes) for m in changes.put] == [("Lives alone.", 1, ())]


def test_taking_back_what_is_not_there_changes_nothing() -> None:
    assert relate([], Known(), telling(), TEAS, []) == Changes()


@given(st.lists(st.sampled_from(["Lives alone.", "Has a cat.", "Has 2 dogs.", "Has 3 dogs.", "🎉", ""]), max_size=8))
@settings(max_examples=30)
def test_what_is_repeated_within_a_message_counts_as_said_once(said_so: list[str]) -> None:
    new = [a_fact(text) for text in said_so if text]
    last = list({m.id: m for m in reversed(new)}.values())[::-1]
    once, often = (after(Known(), relate(several, Known(), telling(), TEAS)) for several in (last, new))
    assert {m.text: m.times for m in once.holding} == {m.text: m.times for m in often.holding}
    assert {m.times for m in often.memories} <= {1}


# Taking turns back


def undone(noted: Noted, known: Known) -> Known:
    return after(known, take_back(noted, known, TEAS))


def bare(known: Known) -> dict[str, Memory]:
    """Memories without the words they were told in, which taking a turn back does not bring again."""

    def plain(memory: Memory) -> Memory:
        preference = memory.preference and memory.preference.model_copy(update={"words": ""})
        return memory.model_copy(update={"words": "", "preference": preference})

    return {m.id: plain(m) for m in known.memories}


PREFERENCES = st.builds(
    lambda value, strength: lasting(labelled("flavours", value, strength=strength))[0],
    st.sampled_from(FLAVOURS), st.sampled_from(STRENGTHS),
)  # fmt: skip
RANGES = st.builds(lambda high: lasting(ranged("minutes", high=high))[0], st.sampled_from([2.0, 3.0, 5.0]))
TURNS = st.lists(
    st.tuples(
        st.lists(PREFERENCES | RANGES, max_size=2),
        st.lists(st.sampled_from(["Lives alone.", "Has 2 dogs.", "Has 3 dogs."]), max_size=2),
        st.lists(st.tuples(st.sampled_from(["sencha", "hojicha"]), st.sampled_from(LASTING)), max_size=2),
    ),
    min_size=1, max_size=7,
)  # fmt: skip


@given(TURNS)
@settings(max_examples=25, phases=(Phase.explicit, Phase.generate))
def test_turns_taken_back_one_by_one_give_back_what_was_remembered_before_each(turns: list[Any]) -> None:
    index, known, wish, past = index_of("teas"), Known(), Wish(), []
    for number, (preferences, facts, felt) in enumerate(turns):
        told = telling(*preferences, facts=facts, felt=felt, before=wish, now=NOW + number, turn=number + 1)
        changes = relate(said(told, index), known, told, TEAS, taken_back(told, known, index))
        assert keeps_order(changes, told, known)
        past.append((known, note(changes, known, told.now)))
        known, wish = after(known, changes), told.after
        assert all(m.times >= 1 for m in known.memories)
        pairs = [(a, b) for a in known.holding for b in known.holding if a.told < b.told]
        assert not any(contradicts(a, b, TEAS) for a, b in pairs)
    for before, noted in reversed(past):
        known = undone(noted, known)
        assert bare(known) == bare(before)


async def test_taking_back_leaves_what_another_thread_said_as_well() -> None:
    taste = lasting(labelled("flavours", "smoky"))
    first = await remember(telling(*taste, thread="one"), Known(), index_of("teas"))
    known, noted = after(Known(), first), note(first, Known(), NOW)
    second = await remember(telling(*taste, thread="two", now=NOW + 1), known, index_of("teas"))
    again = note(second, known, NOW + 1)
    known = undone(noted, after(known, second))
    assert [(m.times, m.thread) for m in known.memories] == [(1, "two")]
    assert undone(again, known).memories == ()


async def test_what_was_replaced_holds_again_only_when_nothing_stands_in_its_place() -> None:
    no = lasting(labelled("flavours", "smoky", strength="must_not"))
    known = await hear(Known(), telling(*lasting(labelled("flavours", "smoky", strength="prefer"))))
    first = await remember(telling(*no, thread="one", now=NOW + 1), known, index_of("teas"))
    one, known = note(first, known, NOW + 1), after(known, first)
    second = await remember(telling(*no, thread="two", now=NOW + 2), known, index_of("teas"))
    two, known = note(second, known, NOW + 2), after(known, second)
    known = undone(one, known)
    assert texts(known) == ["Never wants smoky."]
    assert texts(undone(two, known)) == ["Likes smoky."]


async def test_taking_back_a_harder_wording_gives_the_milder_one_back() -> None:
    known = await hear(Known(), telling(*lasting(labelled("flavours", "smoky", strength="avoid"))))
    changes = await remember(
        telling(*lasting(labelled("flavours", "smoky", strength="must_not")), now=NOW + 9), known, index_of("teas")
    )
    harder = after(known, changes)
    assert texts(harder) == ["Never wants smoky."]
    (memory,) = undone(note(changes, known, NOW + 9), harder).memories
    assert memory.preference is not None
    assert (memory.text, memory.preference.strength, memory.told) == ("Avoids smoky.", "avoid", NOW)


async def test_taking_back_does_nothing_to_memories_that_are_gone_or_were_made_anew_by_hand() -> None:
    taste = telling(*lasting(labelled("flavours", "smoky")), felt=[("sencha", "liked")])
    changes = await remember(taste, Known(), index_of("teas"))
    noted = note(changes, Known(), NOW)
    assert take_back(noted, Known(), TEAS) == Changes()
    by_hand = tuple(m.model_copy(update={"created": NOW + 5, "told": NOW + 5}) for m in changes.put)
    assert take_back(noted, Known(memories=by_hand), TEAS) == Changes()


def test_a_note_holds_nobodys_words() -> None:
    told = telling(facts=("Keeps a quokka.",))
    known = Known(memories=relate([fact("Keeps a quokka.", told)], Known(), told, TEAS).put)
    again = relate([fact("keeps a QUOKKA", told)], known, told, TEAS)
    assert again.put[0].times == 2
    assert "quokka" not in note(again, known, NOW).model_dump_json().lower()


# What a brain may change, and what is told of it


def test_a_brain_may_not_delete_nor_invent_an_earlier_turn() -> None:
    told, old = telling(facts=("Lives alone.",)), a_fact("Has a cat.")
    (new,) = relate([fact("Lives alone.", told)], Known(), told, TEAS).put
    known = Known(memories=(old,))
    assert keeps_order(Changes(put=(new,)), told, known)
    assert not keeps_order(Changes(put=(new,), delete=(old.id,)), told, known)
    for wrong in ({"turn": 9}, {"thread": "other"}, {"told": 0.0}):
        assert not keeps_order(Changes(put=(new.model_copy(update=wrong),)), told, known)


async def test_what_was_remembered_is_told_in_a_few_words() -> None:
    known = await hear(Known(), telling(*lasting(labelled("kind", "green"), labelled("flavours", "sweet"))))
    told = telling(*lasting(labelled("kind", "black"), labelled("flavours", "sweet")))
    changes = await remember(told, known, index_of("teas"))
    assert changed_in_words(changes, known) == "1 remembered, 1 heard again, 1 replaced"
    assert changed_in_words(Changes(), known) == "nothing new"


async def test_hundreds_of_tellings_stay_as_many_memories_as_there_are_things_told() -> None:
    index = index_of("teas")
    tellings = [telling(*lasting(labelled("flavours", f, strength=s)), now=NOW + n) for n in range(40) for f in FLAVOURS
                for s in STRENGTHS]  # fmt: skip
    known = reduce(lambda k, t: after(k, relate(said(t, index), k, t, TEAS)), tellings, Known())
    assert len(known.memories) == 2 * len(FLAVOURS)
    assert all(len(m.supersedes) <= 1 for m in known.memories)
    assert len(known.holding) == len(FLAVOURS)
