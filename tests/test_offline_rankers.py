"""Rankers by history."""

from convrec.simulator.nouns import Utterance
from convrec.simulator.offline.rankers import (
    HistoryRanker,
    TalkRanker,
    by_chance,
    by_last,
    by_popularity,
    by_recent,
    by_taste,
    history_of,
)
from convrec.tools.index import Index
from offline_stage import DRINKERS, drinkers, tea_index
from talk_stage import TEA_ITEMS

LIKES = drinkers().interactions


def learnt() -> Index:
    return tea_index(LIKES)


async def test_the_history_is_never_ranked_and_the_rest_is() -> None:
    for score in (by_taste, by_last, by_recent, by_popularity, by_chance(1)):
        found = await HistoryRanker("x", learnt(), score).rank((), 50, user="ann")
        assert len(found) == len(set(found)) == len(TEA_ITEMS) - len(DRINKERS["ann"])
        assert not set(found) & set(DRINKERS["ann"])


async def test_taste_knows_who_liked_the_same() -> None:
    found = await HistoryRanker("x", learnt(), by_taste).rank((), 3, user="ann")
    assert "lapsang-souchong" in found


async def test_recency_looks_at_the_last_item_only() -> None:
    index = learnt()
    matrix, row_of = index.vectors.matrix, index.catalogue.row_of
    nearest = matrix @ matrix[row_of["keemun-hao"]]
    known = {row_of[i] for i in DRINKERS["ann"]}
    best = max((row for row in range(len(nearest)) if row not in known), key=lambda row: nearest[row])
    assert await HistoryRanker("x", index, by_last).rank((), 1, user="ann") == [TEA_ITEMS[best].id]


async def test_popularity_is_the_same_for_all_and_chance_is_not() -> None:
    index = learnt()
    popular, chance = HistoryRanker("p", index, by_popularity), HistoryRanker("c", index, by_chance())
    candidates = [item.id for item in TEA_ITEMS]
    orders = [await popular.rank_candidates(candidates, (), user=user) for user in DRINKERS]
    assert orders.count(orders[0]) == len(DRINKERS)
    drawn = [await chance.rank_candidates(candidates, (), user=user) for user in DRINKERS]
    assert len({tuple(d) for d in drawn}) == len(DRINKERS)
    assert await chance.rank_candidates(candidates, (), user="ann") == drawn[0]


async def test_the_order_of_the_candidates_given_tells_nothing() -> None:
    ranker = HistoryRanker("x", tea_index(), by_popularity)
    candidates = [item.id for item in TEA_ITEMS]
    assert await ranker.rank_candidates(candidates[::-1], ()) == await ranker.rank_candidates(candidates, ())
    assert await ranker.rank_candidates(["sencha", "unheard of"], ()) == ["sencha"]


def test_a_stranger_has_the_history_that_the_talk_names() -> None:
    talk = (Utterance(speaker="seeker", text="…", items=("sencha", "unheard of")),)
    assert [i.item for i in history_of(learnt(), "nobody", talk)] == ["sencha"]
    assert [i.item for i in history_of(learnt(), "ann", talk)] == list(DRINKERS["ann"])
    assert history_of(tea_index(), "ann") == []


async def test_ours_ranks_by_what_is_said_and_never_the_history() -> None:
    talk = (Utterance(speaker="seeker", text="A green tea, please."),)
    ranker, green = TalkRanker(learnt()), {i.id for i in TEA_ITEMS if i.labels("kind") == ("green",)}
    await ranker.open()
    said = await ranker.rank(talk, 5, user="ann")
    stranger = await ranker.rank(talk, 4)
    await ranker.aclose()
    assert len(said) == len(set(said)) == 5
    assert not set(said) & set(DRINKERS["ann"])
    assert set(stranger) == green
