import numpy as np
from convrec.agents.nli import judge
from convrec.agents.rank import best_first, pick_in_order, rank
from convrec.agents.state import Judged, Pick, Preference, Wish
from talk_stage import index_of, labelled

SWEET = labelled("flavours", "sweet", strength="prefer")
TEAS = list(index_of("teas").catalogue.row_of)


async def ranked(*preferences: Preference, count: int = 3, **wish: object) -> list[Pick]:
    whole = Wish.model_validate({"preferences": preferences, **wish})
    accepted = await judge([Judged(item=i, score=1.0) for i in TEAS], preferences, index_of("teas"))
    return await rank(accepted, whole, index_of("teas"), count)


async def test_what_entails_a_preference_comes_first() -> None:
    picks = await ranked(SWEET)
    catalogue = index_of("teas").catalogue
    assert all("sweet" in catalogue.item(p.item).attributes["flavours"] for p in picks)


async def test_what_is_to_be_avoided_comes_last() -> None:
    picks = await ranked(labelled("flavours", "floral", strength="avoid"), count=len(TEAS))
    floral = {i.id for i in index_of("teas").catalogue.items if "floral" in i.attributes["flavours"]}
    assert {p.item for p in picks[-len(floral) :]} == floral


async def test_no_more_come_than_are_asked_for_and_none_twice() -> None:
    picks = await ranked(SWEET, count=5)
    assert len({p.item for p in picks}) == len(picks) == 5
    assert len(await ranked(SWEET, count=50)) == len(TEAS)
    assert await rank([], Wish(), index_of("teas"), 3) == []


async def test_ranking_is_deterministic() -> None:
    assert await ranked(SWEET, count=8) == await ranked(SWEET, count=8)


async def test_likeness_to_a_disliked_item_counts_against() -> None:
    def place(picks: list[Pick], item: str) -> int:
        return [p.item for p in picks].index(item)

    plain = await ranked(count=len(TEAS))
    index = index_of("teas")
    similar = index.vectors.matrix @ index.vectors.matrix[index.catalogue.row_of["silver-needle"]]
    nearest = index.catalogue.items[int(np.argsort(-similar)[1])].id
    assert place(await ranked(count=len(TEAS), disliked=("silver-needle",)), nearest) >= place(plain, nearest)


async def test_three_picks_are_not_three_times_the_same() -> None:
    picks = await ranked(count=3)
    kinds = {index_of("teas").catalogue.item(p.item).attributes["kind"] for p in picks}
    assert len(kinds) > 1


async def test_a_pick_carries_its_verdicts_reason_and_tools() -> None:
    accepted = await judge([Judged(item="sencha", tools={"words": 1})], [SWEET], index_of("teas"))
    (pick,) = await rank([accepted[0].model_copy(update={"summary": "why"})], Wish(), index_of("teas"), 3)
    assert (pick.tools, len(pick.verdicts)) == ({"words": 1}, 1)
    assert pick.reason.split(" (")[0].rstrip(".") in index_of("teas").catalogue.item("sencha").text


def placed(*ids: str) -> list[Judged]:
    """All teas, of which a model has put some in order."""
    return [Judged(item=i, score=1.0, place=ids.index(i) if i in ids else None) for i in TEAS]


async def test_an_order_that_a_model_gave_stands_in_place_of_the_sum() -> None:
    index = index_of("teas")
    for order in (("mystery-blend", "sencha", "assam-gold"), ("assam-gold", "mystery-blend", "sencha")):
        picks = await rank(placed(*order), Wish(preferences=(SWEET,)), index, 1)
        assert [p.item for p in picks] == [order[0]]
        assert {p.item for p in await rank(placed(*order), Wish(), index, 3)} == set(order)


async def test_a_models_order_counts_by_its_places_and_not_by_where_it_stands() -> None:
    index = index_of("teas")
    order = placed("hojicha", "sencha", "gyokuro")
    assert await rank(list(reversed(order)), Wish(), index, 3) == await rank(order, Wish(), index, 3)


async def test_what_a_model_left_out_comes_after_what_it_named_as_far_as_there_is_room() -> None:
    index = index_of("teas")
    picks = await rank(placed("mystery-blend"), Wish(), index, len(TEAS))
    assert picks[0].item == "mystery-blend"
    assert {p.item for p in picks} == set(TEAS)
    assert [p.score for p in picks[1:]] == [0.0] * (len(TEAS) - 1)


async def test_of_two_that_a_model_finds_near_the_one_that_is_not_like_the_first_comes_first() -> None:
    index = index_of("teas")
    likeness = index.vectors.matrix @ index.vectors.matrix[index.catalogue.row_of["sencha"]]
    order = np.argsort(-likeness)
    twin, other = (index.catalogue.items[int(order[n])].id for n in (1, -1))
    rest = [i for i in TEAS if i not in ("sencha", twin, other)]
    picks = await rank(placed("sencha", twin, other, *rest), Wish(), index, 2)
    assert [p.item for p in picks] == ["sencha", other]


async def test_an_order_without_candidates_picks_nothing() -> None:
    assert pick_in_order([], [], Wish(), index_of("teas"), 3) == []
    assert best_first([], Wish(), index_of("teas")) == []


async def test_the_best_by_the_sum_come_first_and_none_is_lost() -> None:
    accepted = await judge([Judged(item=i, score=1.0) for i in TEAS], [SWEET], index_of("teas"))
    ordered = best_first(accepted, Wish(preferences=(SWEET,)), index_of("teas"))
    assert sorted(j.item for j in ordered) == sorted(TEAS)
    catalogue = index_of("teas").catalogue
    sweet = [("sweet" in catalogue.item(j.item).attributes["flavours"]) for j in ordered]
    assert sweet == sorted(sweet, reverse=True)
