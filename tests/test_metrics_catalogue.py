"""Metrics of the catalogue, against formulas written out on their own and by hand."""

import itertools
import math

import numpy as np
import pytest
from convrec.simulator.metrics.catalogue import (
    average_popularity,
    coverage,
    gini_index,
    intra_list_diversity,
    long_tail,
    long_tail_items,
    long_tail_share,
    novelty,
    pop_reo,
)


def some_lists(seed: int, items: int = 50, users: int = 30, k: int = 5) -> np.ndarray:
    """Lists of items, low numbers more often, shape (users, k)."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, items + 1)
    return np.array([rng.choice(items, k, replace=False, p=weights / weights.sum()) for _ in range(users)])


@pytest.mark.parametrize("seed", range(4))
def test_coverage_is_the_share_of_different_items(seed: int) -> None:
    lists = some_lists(seed)
    exposures = np.bincount(lists.ravel(), minlength=50)
    assert coverage(exposures) == np.unique(lists).size / 50


def test_coverage_of_nothing_is_none_and_an_empty_catalogue_is_refused() -> None:
    assert coverage(np.zeros(4)) == 0.0
    with pytest.raises(ValueError, match="empty"):
        coverage(np.zeros(0))


@pytest.mark.parametrize("seed", range(4))
def test_the_gini_index_is_half_the_relative_mean_difference(seed: int) -> None:
    exposures = np.bincount(some_lists(seed).ravel(), minlength=50).astype(float)
    differences = np.abs(exposures[:, None] - exposures[None, :])
    assert gini_index(exposures) == pytest.approx(differences.mean() / (2 * exposures.mean()), abs=1e-12)
    # As RecBole writes it: only items that were shown, put behind those that never were.
    shown = np.sort(exposures[exposures > 0])
    ranks = np.arange(50 - len(shown) + 1, 51)
    assert gini_index(exposures) == pytest.approx(
        np.sum((2 * ranks - 50 - 1) * shown) / exposures.sum() / 50, abs=1e-12
    )


def test_the_gini_index_goes_from_even_to_all_on_one() -> None:
    assert gini_index(np.array([3, 3, 3, 3])) == 0.0
    assert gini_index(np.array([0, 0, 0, 12])) == 0.75
    with pytest.raises(ValueError, match="Nothing was shown"):
        gini_index(np.zeros(3))


def test_diversity_is_one_less_the_mean_cosine_of_all_pairs() -> None:
    vectors = np.random.default_rng(1).normal(size=(6, 8))
    cosines = [
        a @ b / math.sqrt(float(a @ a) * float(b @ b)) for a, b in itertools.combinations(vectors, 2)
    ]  # fmt: skip
    assert intra_list_diversity(vectors) == pytest.approx(1 - sum(cosines) / 15, abs=1e-12)
    assert intra_list_diversity(np.array([[1.0, 0.0], [0.0, 2.0]])) == pytest.approx(1.0)
    assert intra_list_diversity(np.array([[1.0, 1.0], [3.0, 3.0]])) == pytest.approx(0.0)
    with pytest.raises(ValueError, match="fewer than two"):
        intra_list_diversity(vectors[:1])


def test_novelty_weighs_higher_places_more() -> None:
    first, second, third = 1.0, 1 / math.log2(3), 0.5
    by_hand = (first * 0.9 + second * 0.5 + third * 0.0) / (first + second + third)
    assert novelty([0.1, 0.5, 1.0]) == pytest.approx(by_hand)
    with_relevance = (first * 0.9 * 0.2 + second * 0.5) / (first + second + third)
    assert novelty([0.1, 0.5, 1.0], relevance=[0.2, 1.0, 1.0]) == pytest.approx(with_relevance)
    assert novelty([0.1, 0.9]) > novelty([0.9, 0.1])
    with pytest.raises(ValueError, match="empty list"):
        novelty([])


@pytest.mark.parametrize("seed", range(4))
def test_average_popularity_is_the_mean_over_lists_of_their_means(seed: int) -> None:
    lists, counts = some_lists(seed), np.random.default_rng(seed).integers(0, 100, 50)
    # As RecBole has it: the cumulated popularity of the first k, over k, averaged over users.
    recbole = (counts[lists].cumsum(axis=1) / np.arange(1, 6))[:, -1].mean()
    assert np.mean([average_popularity(counts[ranked].tolist()) for ranked in lists]) == pytest.approx(recbole)
    with pytest.raises(ValueError, match="empty list"):
        average_popularity([])


def test_the_head_gathers_its_share_and_the_rest_is_the_tail() -> None:
    counts = np.array([5.0, 50, 0, 30, 10, 5])
    assert long_tail(counts).tolist() == [True, False, True, False, True, True]
    assert long_tail(counts, head=0.81).tolist() == [True, False, True, False, False, True]
    assert long_tail(np.array([1.0, 1, 1, 1, 1])).tolist() == [False, False, False, False, True]


@pytest.mark.parametrize("seed", range(4))
def test_long_tail_figures_are_those_of_recbole_with_the_same_tail(seed: int) -> None:
    lists, counts = some_lists(seed), np.random.default_rng(seed).integers(1, 100, 50).astype(float)
    tail = np.flatnonzero(long_tail(counts))
    # RecBole's TailPercentage: 1 for a tail item, else 0; cumulated over k, averaged over users.
    recbole = (np.isin(lists, tail).cumsum(axis=1) / np.arange(1, 6))[:, -1].mean()
    names = {str(row) for row in tail}
    ranked = [[str(row) for row in rows] for rows in lists]
    assert np.mean([long_tail_share(r, names) for r in ranked]) == pytest.approx(recbole)
    assert np.mean([long_tail_items(r, names) for r in ranked]) == pytest.approx(5 * recbole)
    with pytest.raises(ValueError, match="empty list"):
        long_tail_share([], names)


def test_unequal_opportunity_is_spread_over_mean() -> None:
    # The head's relevant items are shown 6 times of 10, the tail's 2 times of 10: 0.2 around 0.4.
    assert float(pop_reo(np.array([6, 2]), np.array([10, 10]))) == pytest.approx(0.5)
    assert float(pop_reo(np.array([3, 6]), np.array([5, 10]))) == 0.0
    assert float(pop_reo(np.array([1, 0]), np.array([10, 10]))) == 1.0
    many = pop_reo(np.array([[6, 2], [0, 0], [1, 0]]), np.array([[10, 10], [4, 4], [2, 0]]))
    assert many[0] == pytest.approx(0.5)
    assert np.isnan(many[1:]).all()
