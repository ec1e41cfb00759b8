"""Sums over clusters."""

import pytest
from convrec.simulator.metrics.dialogues import Share
from convrec.simulator.metrics.statistics import bootstrap_interval
from convrec.simulator.metrics.sums import ClusterSums


def test_sums_give_the_means_and_intervals_of_the_values() -> None:
    values, goals = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0], ["a", "a", "b", "c", "d", "d", "e"]
    sums = ClusterSums()
    for value, goal in zip(values, goals, strict=True):
        sums.add("success rate", goal, value)
    assert sums.estimates(seed=3)["success rate"] == bootstrap_interval(values, seed=3, clusters=goals)


def test_metrics_need_not_have_the_same_clusters() -> None:
    sums = ClusterSums()
    sums.add("success rate", "a", 1.0)
    sums.add("average turns", "b", 4.0, 2.0)
    sums.add("success rate", "c", 0.0)
    found = sums.estimates(seed=0)
    assert list(found) == ["success rate", "average turns"]
    assert (found["success rate"].value, found["success rate"].n) == (0.5, 2)
    assert (found["average turns"].value, found["average turns"].n) == (2.0, 2)
    assert len(sums) == 3


def test_what_is_over_nothing_is_no_metric() -> None:
    sums = ClusterSums()
    sums.add_share("repeat rate", "a", Share(0, 0))
    assert sums.estimates(seed=0) == {}
    sums.add_share("repeat rate", "a", Share(1, 4))
    assert sums.estimates(seed=0)["repeat rate"].value == 0.25


def test_a_metric_without_a_definition_is_refused() -> None:
    sums = ClusterSums()
    sums.add("happiness", "a", 1.0)
    with pytest.raises(KeyError):
        sums.estimates(seed=0)
