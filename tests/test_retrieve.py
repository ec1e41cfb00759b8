import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from convrec.agents.brains import Brain
from convrec.agents.retrieve import (
    allowed_mask,
    explain_miss,
    in_words,
    may_be_shown,
    plan_tools,
    retrieve,
    standalone_query,
)
from convrec.agents.state import Mention, Preference, Search, Understanding, Wish
from convrec.tools.limits import Limit
from talk_stage import breaks, index_of, labelled, ranged, recommender, words_of

ASK = Understanding(act="request")
GREEN, BLACK = labelled("kind", "green"), labelled("kind", "black")
QUICK = ranged("minutes", high=2)


def phrase(text: str) -> Preference:
    return Preference(limit=Limit(attribute=None, values=(text,)), strength="prefer", words=text)


async def found(*preferences: Preference, **wish: object) -> list[str]:
    whole = Wish.model_validate({"preferences": preferences, **wish})
    return [c.item for c in (await retrieve(whole, ASK, index_of("teas"))).candidates]


async def test_only_what_the_hard_limits_allow_is_found() -> None:
    ids = await found(GREEN, ranged("minutes", low=2, high=2))
    assert set(ids) == {"sencha", "gyokuro"}


async def test_unwanted_labels_are_left_out_and_soft_ones_only_order() -> None:
    ids = await found(
        labelled("kind", "black", "green", strength="must_not"), labelled("flavours", "sweet", strength="prefer")
    )
    kinds = {index_of("teas").catalogue.item(i).attributes["kind"] for i in ids}
    assert kinds == {("white",), ("oolong",), ("herbal",)}
    assert ids.index("milk-oolong") < ids.index("white-peony")


async def test_what_is_barred_is_not_found_unless_repeats_are_asked_for() -> None:
    assert set(await found(GREEN, shown=("sencha",), seen=("gyokuro",))) == {"genmaicha", "hojicha"}
    wish = Wish(preferences=(GREEN,), shown=("sencha",), seen=("gyokuro",))
    again = await retrieve(wish, Understanding(act="request", repeats=True), index_of("teas"))
    assert {c.item for c in again.candidates} == {"sencha", "genmaicha", "hojicha"}


async def test_an_unknown_number_is_searched_only_where_nothing_else_fits() -> None:
    assert "mystery-blend" not in await found(ranged("minutes", high=2))
    assert await found(ranged("minutes", high=2), labelled("kind", "herbal")) == ["mystery-blend"]


async def test_the_tools_fit_the_wish() -> None:
    index = index_of("teas")
    allowed = np.ones(len(index.catalogue), dtype=bool)
    assert set(plan_tools(Wish(), ASK, index, allowed)) == {"popular"}
    assert {"meaning", "words"} <= set(plan_tools(Wish(preferences=(phrase("campfire"),)), ASK, index, allowed))
    assert "similar" in plan_tools(Wish(seeds=("sencha",)), ASK, index, allowed)
    sweet = Wish(preferences=(labelled("flavours", "sweet", strength="prefer"),))
    assert "labels" in plan_tools(sweet, ASK, index, allowed)


async def test_each_candidate_says_which_tools_found_it() -> None:
    result = await retrieve(Wish(preferences=(phrase("campfires"),)), ASK, index_of("teas"))
    assert result.candidates[0].item == "lapsang-souchong"
    assert result.candidates[0].tools["words"] == 1
    scores = [c.score for c in result.candidates]
    assert scores == sorted(scores, reverse=True)


def test_the_query_holds_what_is_wanted_and_nothing_else() -> None:
    wish = Wish(preferences=(GREEN, labelled("kind", "black", strength="must_not"), phrase("campfire")))
    assert standalone_query(wish) == "green, campfire"


async def test_a_miss_names_the_limit_that_excludes_most_and_what_breaks_only_that() -> None:
    index = index_of("teas")
    wish = Wish(
        preferences=(
            labelled("kind", "white"),
            ranged("minutes", high=2),
            labelled("flavours", "smoky", strength="must_not"),
        )
    )
    result = await retrieve(wish, ASK, index)
    assert result.candidates == []
    assert result.miss is not None
    assert result.miss.key == labelled("kind", "white").key
    assert result.miss.without == 2
    for item in result.miss.nearest:
        assert breaks(item, wish.preferences, index) == [result.miss.key]


async def test_when_all_was_shown_there_is_no_limit_to_blame() -> None:
    index = index_of("teas")
    everything = tuple(index.catalogue.row_of)
    assert (await retrieve(Wish(shown=everything), ASK, index)).miss is None
    greens = ("sencha", "gyokuro", "genmaicha", "hojicha")
    result = await retrieve(Wish(preferences=(GREEN,), shown=greens), ASK, index)
    assert result.candidates == []
    assert result.miss is None or not set(result.miss.nearest) & set(greens)


@pytest.mark.parametrize("name", ["films", "games", "books"])
def test_whatever_misses_is_explained_by_one_limit_that_its_neighbours_break(name: str) -> None:
    index, chance = words_of(name), random.Random(7)
    pool = list(_hard_preferences(name))
    missed = 0
    for _ in range(400):
        preferences = tuple({p.key: p for p in chance.sample(pool, chance.randint(2, 4))}.values())
        barred = frozenset(chance.sample(list(index.catalogue.row_of), 10))
        if allowed_mask(preferences, index, barred, unknown_fits=True).any():
            continue
        missed += 1
        miss = explain_miss(Wish(preferences=preferences), index, barred)
        assert miss is not None
        counts = {
            p.key: int(allowed_mask([o for o in preferences if o is not p], index, barred).sum()) for p in preferences
        }
        assert miss.without == max(counts.values()) == counts[miss.key]
        for item in miss.nearest:
            assert item not in barred
            assert breaks(item, preferences, index) == [miss.key]
    assert missed >= 20


def _hard_preferences(name: str) -> list[Preference]:
    columns = words_of(name).catalogue.columns
    strict = [a for a in words_of(name).catalogue.schema.attributes if not a.open]
    found: list[Preference] = []
    for attribute in strict:
        if attribute.kind == "category":
            for value in columns.categories[attribute.name].values[:6]:
                found += [labelled(attribute.name, value), labelled(attribute.name, value, strength="must_not")]
        elif attribute.name in columns.numbers:
            column = columns.numbers[attribute.name]
            for low, high in itertools.pairwise((0.05, 0.3, 0.7, 0.95)):
                found.append(ranged(attribute.name, column.quantile(low), column.quantile(high)))
    return found


def test_the_allowed_are_exactly_those_that_break_nothing() -> None:
    index, chance = words_of("films"), random.Random(11)
    pool = _hard_preferences("films")
    for _ in range(25):
        preferences = chance.sample(pool, 2)
        mask = allowed_mask(preferences, index, frozenset(), unknown_fits=True)
        for row in chance.sample(range(len(mask)), 60):
            assert mask[row] == (not breaks(index.catalogue.items[row].id, preferences, index))


@pytest.mark.parametrize(
    ("preference", "words"),
    [
        (GREEN, "green"),
        (labelled("kind", "black", strength="must_not"), "not black"),
        (labelled("kind", "black", strength="avoid"), "rather not black"),
        (ranged("minutes", high=2), "steeping time at most 2 min"),
        (ranged("picked", 1990, 1999.5), "1990-1999"),
        (phrase("campfire"), '"campfire"'),
    ],
)
def test_a_preference_reads_as_a_person_says_it(preference: Preference, words: str) -> None:
    assert in_words(preference, index_of("teas")) == words


async def test_a_mention_without_feeling_is_no_seed() -> None:
    understanding = Understanding(act="request", mentions=(Mention(item="sencha"),))
    result = await retrieve(Wish(), understanding, index_of("teas"))
    assert all("similar" not in c.tools for c in result.candidates)


async def test_what_is_looked_for_in_the_models_words_stands_in_place_of_the_wish() -> None:
    understanding = Understanding(act="request", query="campfires")
    result = await retrieve(Wish(preferences=(phrase("meadow"),)), understanding, index_of("teas"))
    found = {c.item: c.tools for c in result.candidates}
    assert found["lapsang-souchong"]["words"] == 1
    assert "words" not in found["sencha"]


async def test_the_searches_that_were_asked_for_are_run_beside_the_others() -> None:
    searches = (Search(tool="words", query="charcoal"), Search(tool="meaning", query="cream"))
    understanding = Understanding(act="request", query="campfires", searches=searches)
    index = index_of("teas")
    plan = plan_tools(Wish(), understanding, index, np.ones(len(index.catalogue), dtype=bool))
    assert list(plan) == ["meaning", "words", "words 2", "meaning 3", "popular"]
    result = await retrieve(Wish(), understanding, index)
    found = {c.item: c.tools for c in result.candidates}
    assert found["hojicha"]["words 2"] == 1
    assert found["lapsang-souchong"]["words"] == 1
    assert "meaning 3" in found["milk-oolong"]


async def test_no_search_finds_what_may_not_be_shown() -> None:
    understanding = Understanding(act="request", searches=(Search(tool="words", query="campfires"),))
    result = await retrieve(Wish(preferences=(GREEN,)), understanding, index_of("teas"))
    assert {c.item for c in result.candidates} == {"sencha", "gyokuro", "genmaicha", "hojicha"}


def test_what_may_be_shown_is_what_is_known_to_fit_else_what_may() -> None:
    index = index_of("teas")

    def shown(understanding: Understanding = ASK, **wish: object) -> set[str]:
        mask = may_be_shown(Wish.model_validate(wish), understanding, index)
        return {index.catalogue.items[r].id for r in np.flatnonzero(mask)}

    assert shown(preferences=(GREEN, QUICK)) == {"sencha", "gyokuro", "hojicha"}
    assert shown(preferences=(QUICK, labelled("kind", "herbal"))) == {"mystery-blend"}
    assert shown(preferences=(GREEN, QUICK), shown=("sencha",)) == {"gyokuro", "hojicha"}
    repeats = Understanding(act="request", repeats=True)
    assert shown(repeats, preferences=(GREEN, QUICK), shown=("sencha",)) == {"sencha", "gyokuro", "hojicha"}
    assert shown(preferences=(GREEN, BLACK)) == set()


async def test_a_tool_that_searched_twice_is_named_once_in_the_step(tmp_path: Path) -> None:
    read = Understanding(
        act="request", preferences=(phrase("campfire"),), searches=(Search(tool="meaning", query="smoke"),)
    )

    async def understand(*_: Any) -> Understanding:
        return read

    async with recommender(tmp_path, "teas", {"understand": Brain(understand, "own")}) as opened:
        answer = await opened.reply("a campfire tea")
    (step,) = [s for s in answer.steps if s.agent == "retrieve"]
    assert step.note.count("meaning") == 1
