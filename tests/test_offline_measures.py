"""Asking and steering in figures."""

import math

import pytest
from convrec.simulator.metrics.definitions import family
from convrec.simulator.offline.attributes import Asked
from convrec.simulator.offline.evaluating import rank_cases
from convrec.simulator.offline.measures import DEFINITIONS, measure_asked, measure_steering, steering_metrics
from convrec.simulator.offline.nouns import Case, Ranking
from convrec.simulator.offline.steering import all_cases, steering_cases
from offline_stage import DRINKERS, NEXT, ListRanker, drinkers, tea_index
from talk_stage import TEA_ITEMS

IDS = [item.id for item in TEA_ITEMS]


def asked(number: int, turns: int = 15, place: int = 0, **fields: object) -> Asked:
    return Asked.model_validate(
        {"case": f"c{number}", "dialogue": f"u{number}", "system": "s", "turns": turns, "place": place, **fields}
    )


def test_success_turns_and_gain_are_as_published() -> None:
    [found] = measure_asked([asked(1, 1, 1), asked(2, 7, 10, questions=6), asked(3), asked(4, fault="CallError: x")])
    values = {name: estimate.value for name, estimate in found.metrics.items()}
    late = 1 / math.log2(9) + (1 / math.log2(8) - 1 / math.log2(9)) / math.log2(11)
    assert values == pytest.approx(
        {
            "SR@5": 1 / 3, "SR@10": 2 / 3, "SR@15": 2 / 3, "average turns of asking": (1 + 7 + 15) / 3,
            "hDCG@(15,10)": (1 + late) / 3, "questions": 2.0,
        }
    )  # fmt: skip
    assert found.counts == {"sessions": 3, "faults": 1}


def test_a_system_with_nothing_but_faults_has_counts_alone() -> None:
    [found] = measure_asked([asked(1, fault="x")])
    assert found.metrics == {}
    assert found.counts == {"sessions": 0, "faults": 1}


def test_every_metric_of_asking_is_defined() -> None:
    [found] = measure_asked([asked(1, 2, 3)])
    names = {"SR@k" if name.startswith("SR@") else name for name in found.metrics}
    assert names == {name for name in DEFINITIONS if ":" not in name}


CASES = [Case(id=user, dialogue=user, user=user, targets=(NEXT[user],), named=teas) for user, teas in DRINKERS.items()]


class Obedient(ListRanker):
    """Puts the target of what is said first, and last where it is unwanted."""

    def __init__(self, cases: list[Case]) -> None:
        super().__init__(IDS, "obedient")
        self._target = {(c.user, c.talk): c.targets[0] for c in cases}

    async def rank(self, talk: object, k: int, *, user: str = "") -> list[str]:
        said = tuple(talk)  # type: ignore[call-overload]
        target = self._target[user, said]
        rest = [i for i in IDS if i != target]
        return [*rest[:k]] if not said or "not" in said[0].text else [target, *rest][:k]


async def test_a_ranker_that_obeys_gains_all_and_one_that_is_deaf_nothing() -> None:
    index = tea_index(drinkers().interactions)
    steers = steering_cases(CASES, index)
    cases = all_cases(steers)
    rankers = [Obedient(cases), ListRanker(IDS, "deaf")]
    rankings = [r async for r in rank_cases(cases, rankers, size=len(IDS))]
    found = {(m.system, m.axis): m for m in measure_steering(steers, rankings, index, k=1)}
    for axis in ("preference", "fine", "coarse", "consolidation"):
        good, deaf = found["obedient", axis], found["deaf", axis]
        assert good.recall_said.value == 1.0
        assert good.share_said.value == 1.0
        assert good.recall_gain.mean == 1.0 - good.recall_silent.value
        assert good.combined is None
        assert deaf.recall_gain.mean == deaf.share_gain.mean == 0.0
    good, deaf = found["obedient", "negative"], found["deaf", "negative"]
    assert good.combined is not None
    assert good.combined.value == 1.0
    assert good.recall_said.value == 0.0
    assert deaf.combined is not None
    assert deaf.combined.value == 0.0


async def test_steering_comes_as_metrics_that_are_all_defined() -> None:
    index = tea_index(drinkers().interactions)
    steers = steering_cases(CASES, index)
    cases = all_cases(steers)
    rankings = [r async for r in rank_cases(cases, [Obedient(cases)], size=len(IDS))]
    [found] = steering_metrics(measure_steering(steers, rankings, index, k=5))
    assert {family(name) for name in found.metrics} == {name for name in DEFINITIONS if ":" in name}
    assert found.counts == {"pairs": len(steers), "faults": 0}
    assert found.metrics["fine: Recall@5 gain"].value == pytest.approx(
        found.metrics["fine: Recall@5 said"].value - found.metrics["fine: Recall@5 silent"].value
    )


async def test_pairs_with_a_fault_are_left_out_and_counted() -> None:
    index = tea_index(drinkers().interactions)
    steers = steering_cases(CASES, index, ["fine"])
    ranker = ListRanker(IDS, fails_for="ann")
    rankings: list[Ranking] = [r async for r in rank_cases(all_cases(steers), [ranker], size=len(IDS))]
    [found] = measure_steering(steers, rankings, index)
    assert found.faults == 1
    assert found.recall_gain.n == 3
