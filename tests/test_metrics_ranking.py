"""Metrics of ranked lists, against trec_eval and by hand."""

import math
import random
from collections.abc import Callable

import ir_measures
import pytest
from convrec.simulator.metrics.ranking import (
    average_precision,
    discounted_gain,
    graded_ndcg_at,
    hdcg,
    hdcg_gain,
    hit_at,
    ndcg_at,
    normalised_gain,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from ir_measures import AP, RR, P, R, Success, nDCG

DEPTHS = (1, 3, 5, 10, 50)


def random_cases(seed: int, graded: bool = False) -> tuple[dict[str, list[str]], dict[str, dict[str, int]]]:
    """Rankings of 1 to 60 items and what is relevant, case by case; some of it is in no ranking."""
    rng = random.Random(seed)
    rankings, relevant = {}, {}
    for case in range(40):
        items = [f"i{n}" for n in range(80)]
        rankings[f"q{case}"] = rng.sample(items, rng.randint(1, 60))
        relevant[f"q{case}"] = {i: rng.randint(1, 4) if graded else 1 for i in rng.sample(items, rng.randint(1, 12))}
    return rankings, relevant


def of_trec_eval(
    measure: object, rankings: dict[str, list[str]], relevant: dict[str, dict[str, int]]
) -> dict[str, float]:
    """What trec_eval makes of it, case by case."""
    run = {q: {item: -float(rank) for rank, item in enumerate(ranked)} for q, ranked in rankings.items()}
    return {m.query_id: m.value for m in ir_measures.pytrec_eval.iter_calc([measure], relevant, run)}


def check(measure: object, ours: Callable[[list[str], dict[str, int]], float], graded: bool = False) -> None:
    for seed in range(3):
        rankings, relevant = random_cases(seed, graded)
        theirs = of_trec_eval(measure, rankings, relevant)
        assert len(theirs) == len(rankings)
        for query, ranked in rankings.items():
            assert ours(ranked, relevant[query]) == pytest.approx(theirs[query], abs=1e-9), (measure, query)


@pytest.mark.parametrize("k", DEPTHS)
def test_recall_hit_precision_and_ndcg_are_those_of_trec_eval(k: int) -> None:
    check(R @ k, lambda ranked, relevant: recall_at(ranked, set(relevant), k))
    check(Success @ k, lambda ranked, relevant: hit_at(ranked, set(relevant), k))
    check(P @ k, lambda ranked, relevant: precision_at(ranked, set(relevant), k))
    check(nDCG @ k, lambda ranked, relevant: ndcg_at(ranked, set(relevant), k))
    check(AP @ k, lambda ranked, relevant: average_precision(ranked, set(relevant), k))


@pytest.mark.parametrize("k", DEPTHS)
def test_graded_ndcg_is_that_of_trec_eval(k: int) -> None:
    check(nDCG @ k, lambda ranked, relevant: graded_ndcg_at(ranked, relevant, k), graded=True)


def test_reciprocal_rank_and_average_precision_of_whole_rankings_are_those_of_trec_eval() -> None:
    check(RR, lambda ranked, relevant: reciprocal_rank(ranked, relevant))
    check(AP, lambda ranked, relevant: average_precision(ranked, relevant))


def test_reciprocal_rank_sees_no_further_than_k() -> None:
    assert reciprocal_rank(["a", "b", "c"], ["c"]) == pytest.approx(1 / 3)
    assert reciprocal_rank(["a", "b", "c"], ["c"], k=2) == 0.0


@pytest.mark.parametrize("metric", [recall_at, hit_at, precision_at, ndcg_at, average_precision])
def test_an_item_that_stands_twice_counts_once(metric: Callable[..., float]) -> None:
    assert metric(["a", "a", "b"], ["a", "b"], 2) == metric(["a", "x", "b"], ["a", "b"], 2)


@pytest.mark.parametrize("metric", [recall_at, hit_at, precision_at, ndcg_at, reciprocal_rank, average_precision])
def test_a_list_with_nothing_to_find_is_refused_and_so_is_a_depth_of_none(metric: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="Nothing is relevant"):
        metric(["a"], [], 5)
    with pytest.raises(ValueError, match="k is 0"):
        metric(["a"], ["a"], 0)
    assert metric([], ["a"], 5) == 0.0


def test_gains_need_not_be_whole_numbers() -> None:
    gains = {"a": 0.9, "b": 0.2, "c": 0.5}
    best = 0.9 + 0.5 / math.log2(3) + 0.2 / 2
    assert graded_ndcg_at(["b", "a", "x"], gains, 3) == pytest.approx((0.2 + 0.9 / math.log2(3)) / best)
    assert normalised_gain([0.2, 0.9, 0.0], [0.9, 0.5, 0.2]) == pytest.approx((0.2 + 0.9 / math.log2(3)) / best)
    assert discounted_gain([]) == 0.0
    with pytest.raises(ValueError, match="no gain to be had"):
        normalised_gain([1.0], [0.0])


def test_hierarchical_gain_follows_turns_first_and_ranks_within() -> None:
    gains = [hdcg_gain(turn, rank) for turn in range(1, 16) for rank in range(1, 11)]
    assert gains[0] == 1.0
    assert gains == sorted(gains, reverse=True)
    assert len(set(gains)) == len(gains)
    # Turn 3, rank 4, by hand: 1/log2(5) + (1/log2(4) - 1/log2(5)) / log2(5).
    assert hdcg_gain(3, 4) == pytest.approx(0.430677 + (0.5 - 0.430677) / 2.321928, abs=1e-6)


def test_hierarchical_gain_of_a_dialogue_is_that_of_the_turn_and_rank_of_the_hit() -> None:
    shown = [[], ["a", "b"], [], ["c", "d", "wanted"]]
    assert hdcg(shown, ["wanted"]) == hdcg_gain(4, 3)
    assert hdcg(shown, ["wanted"], turns=3) == 0.0
    assert hdcg(shown, ["wanted"], k=2) == 0.0
    assert hdcg([*shown, ["wanted"]], ["wanted"]) == hdcg_gain(4, 3)
    assert hdcg([], ["wanted"]) == 0.0
    with pytest.raises(ValueError, match="Nothing is relevant"):
        hdcg(shown, [])
