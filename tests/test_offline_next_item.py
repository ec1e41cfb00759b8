"""What is taken next, among candidates."""

import pytest
from convrec.simulator.offline.evaluating import rank_dataset
from convrec.simulator.offline.histories import Histories, History
from convrec.simulator.offline.indexing import Shelf
from convrec.simulator.offline.next_item import next_item_dataset, next_item_rankers, with_retrieved
from convrec.tools.errors import InputError
from fakes import HashEncoder
from offline_stage import DRINKERS, NEXT, drinkers
from talk_stage import TEA_ITEMS

IDS = {item.id for item in TEA_ITEMS}


def test_candidates_hold_the_next_item_and_nothing_of_the_history() -> None:
    [fold] = next_item_dataset(drinkers(), count=6).folds
    assert len(fold.cases) == 4
    for case in fold.cases:
        assert case.targets == (NEXT[case.user],)
        assert len(set(case.candidates)) == 6
        assert case.targets[0] in case.candidates
        assert not set(case.candidates) & set(DRINKERS[case.user])
        assert set(case.named) == set(DRINKERS[case.user])


def test_the_next_item_is_in_no_interaction_of_its_user() -> None:
    [fold] = next_item_dataset(drinkers()).folds
    assert not {(i.user, i.item) for i in fold.interactions} & set(NEXT.items())


def test_the_next_item_stands_anywhere_among_the_candidates() -> None:
    places = {
        case.candidates.index(case.targets[0])
        for seed in range(6)
        for case in next_item_dataset(drinkers(), count=5, seed=seed).folds[0].cases
    }
    assert places == set(range(5))


def test_candidates_are_the_same_in_every_run() -> None:
    assert next_item_dataset(drinkers(), seed=2) == next_item_dataset(drinkers(), seed=2)
    assert next_item_dataset(drinkers(), count=5, seed=2) != next_item_dataset(drinkers(), count=5, seed=3)


def test_others_next_items_can_be_the_candidates() -> None:
    for case in next_item_dataset(drinkers(), "targets").folds[0].cases:
        assert set(case.candidates) <= set(NEXT.values())


KINDS = {"ann": "black", "cy": "black", "bo": "green", "di": "green"}
KIND_OF = {item.id: item.labels("kind")[0] for item in TEA_ITEMS}


def grouped() -> Histories:
    plain = drinkers()
    apart = tuple(h.model_copy(update={"group": KINDS[h.user]}) for h in plain.histories)
    return Histories(plain.name, plain.schema, plain.items, apart, plain.interactions, "kind")


def test_candidates_are_of_the_same_group() -> None:
    for candidates in ("sampled", "all"):
        for case in next_item_dataset(grouped(), candidates).folds[0].cases:
            assert {KIND_OF[i] for i in case.candidates} == {KINDS[case.user]}
            assert case.targets[0] in case.candidates


def test_what_is_retrieved_is_of_the_same_group_too() -> None:
    data = next_item_dataset(grouped(), "retrieved")
    index = Shelf(data, HashEncoder()).index(data.folds[0].interactions)
    for case in with_retrieved(data, index, 1).folds[0].cases:
        assert [KIND_OF[i] for i in case.candidates] == [KINDS[case.user]]


def test_what_else_came_next_is_neither_ranked_nor_counted() -> None:
    plain = drinkers()
    more = History(user="ed", items=("sencha",), next=("gyokuro", "hojicha"))
    [case] = (
        next_item_dataset(Histories(plain.name, plain.schema, plain.items, (more,), plain.interactions), count=12)
        .folds[0]
        .cases
    )
    assert case.targets == ("gyokuro",)
    assert "hojicha" not in case.candidates
    assert "hojicha" in case.named


def test_the_nearest_to_the_recent_history_can_be_the_candidates() -> None:
    data = next_item_dataset(drinkers(), "retrieved")
    index = Shelf(data, HashEncoder()).index(data.folds[0].interactions)
    for case in with_retrieved(data, index, 4).folds[0].cases:
        assert len(case.candidates) == 4
        assert not set(case.candidates) & set(case.named)


def test_a_history_that_holds_its_next_item_is_left_out() -> None:
    plain = drinkers()
    again = History(user="ed", items=("sencha",), next=("sencha",))
    with pytest.raises(InputError, match="already"):
        next_item_dataset(Histories(plain.name, plain.schema, plain.items, (again,), ()))


def test_a_limit_draws_some_of_the_histories() -> None:
    assert len(next_item_dataset(drinkers(), limit=2).folds[0].cases) == 2


def test_one_candidate_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to rank"):
        next_item_dataset(drinkers(), count=1)


async def test_ours_and_the_baselines_run_together() -> None:
    shelf = Shelf(next_item_dataset(drinkers(), count=5), HashEncoder())
    found = [r async for r in rank_dataset(shelf, next_item_rankers)]
    assert {r.system for r in found} == {"convrec", "rag", "recency", "popular", "random"}
    assert all(len(r.ranked) == 5 and not r.fault for r in found)
