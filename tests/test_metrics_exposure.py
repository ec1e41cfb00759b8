"""Which items were shown, and how popular they are."""

from types import SimpleNamespace

import numpy as np
import pytest
from convrec.simulator.metrics.catalogue import coverage, gini_index, pop_reo
from convrec.simulator.metrics.exposure import Chances, Exposure, popularity_of
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of, small_index

FAME = Schema(attributes=(Attribute(name="fame", kind="number", label="fame", measure="popularity"),))
ITEMS = [
    Item(id=f"i{n}", title=f"T{n}", attributes={"fame": float(f)} if f else {}) for n, f in enumerate((50, 30, 0, 20))
]


def test_popularity_is_the_attribute_that_measures_it_where_there_are_no_histories() -> None:
    found = popularity_of(small_index("fame", FAME, ITEMS))
    assert found is not None
    assert found.counts.tolist() == [50, 30, 0, 20]
    assert found.seen.tolist() == [1.0, 0.6, 0.0, 0.4]
    assert found.tail.tolist() == [False, False, True, True]


def test_histories_come_before_the_attribute() -> None:
    index = small_index("fame", FAME, ITEMS)
    index.collaborative = SimpleNamespace(counts=np.array([0, 1, 9, 0]))  # type: ignore[assignment]
    found = popularity_of(index)
    assert found is not None
    assert found.counts.tolist() == [0, 1, 9, 0]


def test_a_catalogue_may_not_tell_what_is_popular() -> None:
    assert popularity_of(index_of("teas")) is None
    unknown = [item.model_copy(update={"attributes": {}}) for item in ITEMS]
    assert popularity_of(small_index("fame", FAME, unknown)) is None


def test_exposure_gives_coverage_and_evenness_of_all_that_was_shown() -> None:
    rng, exposure = np.random.default_rng(3), Exposure(items=400)
    shown = [rng.integers(0, 300, 4).tolist() for _ in range(60)]
    for goal, rows in enumerate(shown):
        exposure.add(goal, rows)
    found = exposure.estimates()
    counts = np.bincount(np.concatenate(shown), minlength=400)
    assert found["coverage"].value == coverage(counts)
    assert found["Gini index"].value == pytest.approx(gini_index(counts))
    assert found["coverage"].n == 240
    for estimate in found.values():
        assert 0 <= estimate.low < estimate.value < estimate.high <= 1


def test_an_item_shown_twice_in_a_list_is_exposed_twice() -> None:
    exposure = Exposure(items=2)
    exposure.add(0, [0, 0, 1])
    assert exposure.estimates()["Gini index"].value == pytest.approx(gini_index(np.array([2, 1])))


def test_what_showed_nothing_has_no_exposure() -> None:
    exposure = Exposure(items=5)
    exposure.add(0, [])
    assert exposure.estimates() == {}


def test_intervals_of_coverage_hold_the_figure_of_other_runs_of_the_same_size() -> None:
    rng = np.random.default_rng(5)
    weights = 1 / np.arange(1, 201)
    weights /= weights.sum()

    def run() -> Exposure:
        exposure = Exposure(items=200)
        for goal in range(40):
            exposure.add(goal, rng.choice(200, 3, replace=False, p=weights).tolist())
        return exposure

    expected = np.mean([run().estimates()["coverage"].value for _ in range(60)])
    held = [e.low <= expected <= e.high for e in (run().estimates()["coverage"] for _ in range(60))]
    assert sum(held) >= 54


def test_chances_are_counted_by_group_and_compared() -> None:
    tail = np.array([False, False, True, True])
    chances = Chances(tail)
    chances.add(0, targets=[0, 2], shown={0, 2})
    chances.add(2, targets=[1, 3], shown={1, 2})
    chances.add(2, targets=[0, 2], shown={1, 3})
    found = chances.estimate(seed=0)
    assert found is not None
    assert found.value == pytest.approx(float(pop_reo(np.array([2, 1]), np.array([3, 3]))))
    assert found.n == 6
    assert found.low <= found.value <= found.high


def test_chances_that_were_never_taken_tell_nothing() -> None:
    chances = Chances(np.array([False, True]))
    assert chances.estimate(seed=0) is None
    chances.add(0, targets=[0, 1], shown=set())
    assert chances.estimate(seed=0) is None
