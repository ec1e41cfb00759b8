from collections.abc import Callable, Sequence

import numpy as np
import pytest
from convrec.tools.errors import UnknownItemError
from convrec.tools.index import Index
from convrec.tools.limits import Limit, Range
from convrec.tools.search import (
    Candidate,
    allowed_rows,
    fuse,
    items_preferred,
    items_within,
    liked_by_similar,
    liked_together,
    popular_items,
    search_by_meaning,
    search_by_words,
    similar_items,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ZELDA, MARIO = "the-legend-of-zelda-breath-of-the-wild", "super-mario-odyssey"
ACTION = Limit(attribute="genres", values=("Action",))
CHEAP = Limit(attribute="price", ranges=(Range(high=20),))
SWITCH = Limit(attribute="platforms", values=("Nintendo Switch",))
TOOLS: dict[str, Callable[[Index, int, np.ndarray | None], list[Candidate]]] = {
    "meaning": lambda index, k, mask: search_by_meaning(index, "a kingdom in ruins", k, mask),
    "words": lambda index, k, mask: search_by_words(index, "story kingdom world switch action pc", k, mask),
    "similar": lambda index, k, mask: similar_items(index, [ZELDA, MARIO], k, mask),
    "together": lambda index, k, mask: liked_together(index, [ZELDA, MARIO], k, mask),
    "popular": popular_items,
    "within": lambda index, k, mask: items_within(index, [SWITCH], k, mask),
    "preferred": lambda index, k, mask: items_preferred(index, [ACTION], [CHEAP], k, mask),
}


def ids(found: Sequence[Candidate]) -> list[str]:
    return [candidate.item for candidate in found]


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.sets(st.integers(0, 59)), k=st.integers(1, 70))
def test_every_tool_brings_the_best_of_the_allowed(games_index: Index, tool: str, rows: set[int], k: int) -> None:
    mask = np.zeros(len(games_index.catalogue), dtype=bool)
    mask[list(rows)] = True
    before = mask.copy()
    found = TOOLS[tool](games_index, k, mask)
    everything = TOOLS[tool](games_index, len(games_index.catalogue), None)
    allowed = {games_index.catalogue.items[row].id for row in rows}
    expected = [c for c in everything if c.item in allowed][:k]
    assert sorted(c.score for c in found) == pytest.approx(sorted(c.score for c in expected), abs=1e-5)
    assert set(ids(found)) <= allowed
    assert len(set(ids(found))) == len(found)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert np.array_equal(mask, before)


def test_meaning_finds_the_item_whose_own_words_are_asked(games_index: Index) -> None:
    for item in games_index.catalogue.items[:10]:
        assert ids(search_by_meaning(games_index, item.text, 3))[0] == item.id


def test_words_find_only_items_that_share_one(games_index: Index) -> None:
    found = search_by_words(games_index, "plumber")
    assert MARIO in ids(found)
    assert len(found) < 10
    assert search_by_words(games_index, "xyzzy") == []


@pytest.mark.parametrize("tool", [similar_items, liked_together])
def test_given_items_are_left_out(games_index: Index, tool: Callable[..., list[Candidate]]) -> None:
    found = ids(tool(games_index, [ZELDA, MARIO], 60))
    assert found
    assert {ZELDA, MARIO}.isdisjoint(found)
    assert tool(games_index, []) == []


@pytest.mark.parametrize("tool", [similar_items, liked_together])
def test_an_unknown_item_is_told(games_index: Index, tool: Callable[..., list[Candidate]]) -> None:
    with pytest.raises(UnknownItemError, match="nope"):
        tool(games_index, [ZELDA, "nope"])


def test_without_interactions_nothing_is_liked_together(games_index: Index) -> None:
    quiet = Index(games_index.catalogue, games_index.encoder, games_index.vectors, games_index.lexical)
    assert liked_together(quiet, [ZELDA]) == []
    assert liked_by_similar(quiet, {ZELDA: 1.0}) == []


def test_what_users_liked_together_scores_by_their_number(games_index: Index) -> None:
    collaborative = games_index.collaborative
    assert collaborative is not None
    best = liked_together(games_index, [ZELDA], 1)[0]
    assert best.score == pytest.approx(float(np.delete(collaborative.scores({ZELDA: 1.0}), row_of(games_index)).max()))


def row_of(index: Index) -> int:
    return index.catalogue.row_of[ZELDA]


def test_a_dislike_lets_what_goes_with_it_sink(games_index: Index) -> None:
    liked = liked_by_similar(games_index, {ZELDA: 1.0}, 60)
    both = liked_by_similar(games_index, {ZELDA: 1.0, MARIO: -1.0, "no such item": 1.0}, 60)
    collaborative = games_index.collaborative
    assert collaborative is not None
    of_mario = collaborative.scores({MARIO: 1.0})
    scores = {c.item: c.score for c in both}
    for candidate in liked:
        said = of_mario[games_index.catalogue.row_of[candidate.item]]
        if candidate.item in scores and said:
            assert (scores[candidate.item] < candidate.score) == (said > 0)
    assert MARIO not in scores
    assert liked_by_similar(games_index, {}) == []


def test_items_within_limits_satisfy_all_of_them(games_index: Index) -> None:
    found = [games_index.catalogue.item(i) for i in ids(items_within(games_index, [ACTION, CHEAP], 60))]
    assert found
    everything = games_index.catalogue.items
    assert {i.id for i in found} == {
        i.id
        for i in everything
        if "Action" in i.attributes["genres"] and i.attributes["price"] <= 20  # type: ignore[operator]
    }


def test_a_must_not_leaves_out_what_fits_it_and_keeps_what_is_unknown(games_index: Index) -> None:
    tagged = Limit(attribute="tags", values=("indie",))
    kept = allowed_rows(games_index, [], [tagged])
    columns = games_index.catalogue.columns
    assert np.array_equal(kept, columns.judge(tagged) != 1)
    assert (columns.judge(tagged)[kept] == 0).any()
    assert not (allowed_rows(games_index, [tagged]) & kept).any()


def test_more_wanted_and_fewer_unwanted_limits_rank_higher(games_index: Index) -> None:
    wanted, columns = [ACTION, SWITCH], games_index.catalogue.columns
    found = items_preferred(games_index, wanted, [CHEAP], 60)
    rows = [games_index.catalogue.row_of[i] for i in ids(found)]
    points = sum((columns.judge(w) == 1).astype(int) for w in wanted) - (columns.judge(CHEAP) == 1)
    assert [int(points[r]) for r in rows] == sorted((int(points[r]) for r in rows), reverse=True)
    held = sum((columns.judge(w) == 1).astype(int) for w in wanted)
    assert all(held[r] >= 1 for r in rows)


def test_popularity_follows_the_interactions(games_index: Index) -> None:
    collaborative = games_index.collaborative
    assert collaborative is not None
    rows = [games_index.catalogue.row_of[i] for i in ids(popular_items(games_index, 60))]
    counts = collaborative.counts[rows]
    assert len(rows) == 60
    assert counts.tolist() == sorted(counts.tolist(), reverse=True)


def found_by(*items: str) -> list[Candidate]:
    return [Candidate(item, 1.0 - n / 10) for n, item in enumerate(items)]


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = fuse({"words": found_by("a", "b", "c"), "meaning": found_by("c", "a")})
    assert [(c.item, c.ranks) for c in fused] == [
        ("a", {"words": 1, "meaning": 2}),
        ("c", {"words": 3, "meaning": 1}),
        ("b", {"words": 2}),
    ]
    assert [c.score for c in fused] == pytest.approx([1 / 61 + 1 / 62, 1 / 63 + 1 / 61, 1 / 62])


def test_a_weight_multiplies_a_tools_share() -> None:
    fused = fuse({"words": found_by("a"), "meaning": found_by("b")}, {"meaning": 1.5, "popular": 9.0})
    assert [(c.item, c.score) for c in fused] == [("b", pytest.approx(1.5 / 61)), ("a", pytest.approx(1 / 61))]


def test_fusing_nothing_gives_nothing() -> None:
    assert fuse({}) == []
    assert fuse({"words": []}) == []


LISTS = st.dictionaries(
    st.sampled_from(["words", "meaning", "popular"]), st.lists(st.sampled_from("abcdef"), unique=True)
)


@given(LISTS)
def test_fusion_keeps_every_candidate_once_and_who_leads_everywhere_leads(lists: dict[str, list[str]]) -> None:
    fused = fuse({tool: found_by(*items) for tool, items in lists.items()})
    assert sorted(ids(fused)) == sorted({i for items in lists.values() for i in items})
    firsts = {items[0] if items else None for items in lists.values()}
    if len(firsts) == 1 and None not in firsts:
        assert ids(fused)[0] in firsts
