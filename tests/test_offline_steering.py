"""Cases of steering: the same ranking in silence and with a preference said."""

import pytest
from convrec.simulator.offline.nouns import Case
from convrec.simulator.offline.steering import AXES, Axis, Steer, all_cases, steering_cases
from convrec.tools.errors import InputError
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from offline_stage import DRINKERS, NEXT, drinkers, tea_index
from talk_stage import TEA_ITEMS, small_index

CASES = [Case(id=user, dialogue=user, user=user, targets=(NEXT[user],), named=teas) for user, teas in DRINKERS.items()]
ITEM = {item.id: item for item in TEA_ITEMS}


@pytest.fixture(scope="module")
def index() -> Index:
    return tea_index(drinkers().interactions)


def of(axis: Axis, index: Index) -> list[Steer]:
    return steering_cases(CASES, index, [axis])


def has(item: str, steer: Steer) -> bool:
    return steer.value in ITEM[item].labels(steer.attribute)


def test_silent_and_said_differ_in_what_is_said_alone(index: Index) -> None:
    for steer in steering_cases(CASES, index):
        assert steer.silent.talk == ()
        assert (len(steer.said.talk) > 1) == (steer.axis == "consolidation")
        assert any(steer.value in u.text for u in steer.said.talk)
        same = {"id": "", "talk": ()}
        assert steer.silent.model_copy(update=same) == steer.said.model_copy(update=same)


def test_a_preference_is_one_of_the_next_items_own(index: Index) -> None:
    found = of("preference", index)
    assert len(found) == len(CASES)
    for steer, case in zip(found, CASES, strict=True):
        assert steer.said.targets == case.targets
        assert has(case.targets[0], steer)


def test_a_neighbour_has_what_the_next_item_lacks(index: Index) -> None:
    for steer, case in zip(of("fine", index), CASES, strict=True):
        [target] = steer.said.targets
        assert target not in (*case.named, *case.targets)
        assert has(target, steer)
        assert not has(case.targets[0], steer)


def test_another_region_is_less_alike_than_the_neighbour(index: Index) -> None:
    matrix, row_of = index.vectors.matrix, index.catalogue.row_of
    for fine, coarse, case in zip(of("fine", index), of("coarse", index), CASES, strict=True):
        own = matrix[row_of[case.targets[0]]]
        near, far = (float(matrix[row_of[s.said.targets[0]]] @ own) for s in (fine, coarse))
        assert far < near
        assert has(coarse.said.targets[0], coarse)


def test_an_unwanted_value_is_one_of_the_next_items_and_is_wanted_too(index: Index) -> None:
    for steer in of("negative", index):
        assert "not" in steer.said.talk[0].text
        assert steer.wanted is not None
        assert "not" not in steer.wanted.talk[0].text
        assert has(steer.said.targets[0], steer)
        assert len(steer.cases) == 3


def test_all_preferences_but_one_are_of_the_history_and_not_of_the_next_item(index: Index) -> None:
    found = of("consolidation", index)
    assert found
    for steer in found:
        own, texts = ITEM[steer.said.targets[0]], [u.text for u in steer.said.talk]
        mine = [t for t in texts if any(f"{label}." in t for a in ("kind", "flavours") for label in own.labels(a))]
        assert mine == [t for t in texts if f"{steer.value}." in t]
        assert 2 <= len(set(texts)) == len(texts) <= 5


def test_preferences_are_said_in_the_catalogues_words(index: Index) -> None:
    [steer, *_] = of("preference", index)
    label = index.catalogue.schema.attribute(steer.attribute).label
    assert steer.said.talk[0].text == f"I would like teas with the {label} {steer.value}."


def test_each_case_is_ranked_once_and_has_its_own_id(index: Index) -> None:
    steers = steering_cases(CASES, index)
    cases = all_cases(steers)
    assert len(cases) == len({c.id for c in cases}) == sum(len(s.cases) for s in steers)
    assert {s.axis for s in steers} == set(AXES)


def test_without_histories_items_alone_can_be_steered_to() -> None:
    bare = [Case(id=i, dialogue=i, targets=(i,)) for i in ("sencha", "assam-gold")]
    steers = steering_cases(bare, tea_index())
    assert {s.axis for s in steers} == {"preference", "fine", "coarse", "negative"}


def test_a_limit_draws_the_same_users_in_every_run(index: Index) -> None:
    some = steering_cases(CASES, index, ["fine"], limit=2, seed=5)
    assert len(some) == 2
    assert some == steering_cases(CASES, index, ["fine"], limit=2, seed=5)


def test_a_catalogue_without_values_is_refused() -> None:
    items = [Item(id=str(n), title=f"T{n}") for n in range(5)]
    with pytest.raises(InputError):
        steering_cases([Case(id="c", dialogue="c", targets=("1",))], small_index("bare", Schema(), items))
