"""Intervals and tests, against scipy and by trying all there is."""

import itertools

import numpy as np
import pytest
from convrec.simulator.metrics.statistics import (
    bootstrap_interval,
    bootstrap_ratios,
    bootstrap_statistic,
    holm,
    jackknife_interval,
    paired_permutation,
    percentile_interval,
    resampled_sums,
    wilson_interval,
)
from scipy import stats


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=400)
    ours = bootstrap_interval(values, seed=3, resamples=8_000)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=8_000, rng=np.random.default_rng(4), vectorized=True
    ).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert ours.n == 400
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_an_interval_is_the_same_every_time_and_hangs_on_the_seed() -> None:
    values = [0.1, 0.5, 0.9, 0.4, 0.3]
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(list(range(50)), seed=1) != bootstrap_interval(list(range(50)), seed=2)


def test_the_intervals_of_small_samples_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    held = plain = 0
    for _ in range(300):
        values = rng.normal(size=8)
        ours = bootstrap_interval(values, resamples=400)
        held += ours.low <= 0 <= ours.high
        low, high = np.percentile(resampled_sums(values[:, None], resamples=400) / 8, [2.5, 97.5])
        plain += low <= 0 <= high
    assert held >= 270
    assert held > plain + 8  # why the percentiles are spread


def test_values_of_one_cluster_are_resampled_together() -> None:
    rng = np.random.default_rng(2)
    values = np.repeat(rng.normal(size=20), 10)
    clusters = [f"goal {n // 10}" for n in range(200)]
    alone, together = bootstrap_interval(values), bootstrap_interval(values, clusters=clusters)
    assert alone.value == pytest.approx(together.value)
    assert together.n == 200
    assert together.high - together.low > 2.5 * (alone.high - alone.low)
    of_means = bootstrap_interval(values[::10])
    assert (together.low, together.high) == pytest.approx((of_means.low, of_means.high))


def test_clusters_may_differ_in_size() -> None:
    values, clusters = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b", "c", "c"]
    assert bootstrap_interval(values, clusters=clusters).value == 0.5


def test_a_share_without_variation_still_has_a_width() -> None:
    sure = bootstrap_interval([1.0, 1.0, 1.0])
    assert (sure.value, sure.high) == (1.0, 1.0)
    assert sure.low == pytest.approx(0.4385, abs=1e-4)
    assert bootstrap_interval([0.0] * 5).high == pytest.approx(wilson_interval(0, 5).high)
    one = bootstrap_interval([1.0] * 30, clusters=["g"] * 15 + ["h"] * 15)
    assert one.low == pytest.approx(wilson_interval(2, 2).low)
    assert one.n == 30


def test_a_figure_that_is_no_share_and_never_varies_is_its_own_interval() -> None:
    calls = bootstrap_interval([2.0] * 7)
    assert (calls.low, calls.value, calls.high, calls.n) == (2.0, 2.0, 2.0, 7)
    assert bootstrap_interval([0.0] * 7, share=False).high == 0.0


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="No values"):
        bootstrap_interval([])
    with pytest.raises(ValueError, match="2 values and 1 clusters"):
        bootstrap_interval([1.0, 0.0], clusters=["a"])
    with pytest.raises(ValueError, match="over nothing"):
        bootstrap_ratios(np.ones((2, 1)), np.zeros((2, 1)), [True])


def test_ratios_over_unlike_wholes_are_of_sums_and_clusters_without_a_whole_add_nothing() -> None:
    amounts, overs = np.array([[1.0], [3.0], [0.0], [2.0]]), np.array([[1.0], [9.0], [0.0], [2.0]])
    found = bootstrap_ratios(amounts, overs, [True])[0]
    assert (found.value, found.n) == (0.5, 12)
    assert found.low < 0.5 < found.high <= 1.0


def test_drawing_in_pieces_draws_all_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.random.default_rng(0).random((50, 3))
    monkeypatch.setattr("convrec.simulator.metrics.statistics._CELLS", 120)
    drawn = resampled_sums(sums, resamples=999)
    assert drawn.shape == (999, 3)
    assert drawn.mean(axis=0) == pytest.approx(sums.sum(axis=0), rel=0.02)
    # Each sample holds as many clusters as there are.
    assert resampled_sums(np.ones((50, 1)), resamples=7).ravel().tolist() == [50.0] * 7


def test_a_figure_made_of_sums_has_an_interval_unless_it_cannot_be_told() -> None:
    sums = np.random.default_rng(0).random((40, 2))
    found = bootstrap_statistic(sums, lambda s: s[..., 0] / s[..., 1], n=40)
    ratio = bootstrap_ratios(sums[:, :1], sums[:, 1:], [False])[0]
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((ratio.value, ratio.low, ratio.high))
    assert bootstrap_statistic(np.zeros((3, 2)), lambda s: s[..., 0] * np.nan, n=3) is None


def test_the_jackknife_of_a_mean_is_the_textbook_interval() -> None:
    values = np.random.default_rng(4).random(25)
    without = [float(np.delete(values, place).mean()) for place in range(25)]
    ours = jackknife_interval(float(values.mean()), without, n=25)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_a_jackknife_of_one_group_knows_nothing() -> None:
    found = jackknife_interval(0.3, [0.3], n=4)
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(0, 3), (3, 3), (1, 10), (57, 200), (999, 1000)])
def test_wilson_intervals_are_those_of_scipy(successes: int, n: int) -> None:
    theirs = stats.binomtest(successes, n).proportion_ci(method="wilson")
    ours = wilson_interval(successes, n)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(0, 0)
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(3, 2)


def test_the_interval_of_a_percentile_holds_the_truth_about_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(6), 0
    for _ in range(300):
        found = percentile_interval(rng.exponential(size=200), 50)
        held += found.low <= np.log(2) <= found.high
    assert 276 <= held <= 297


def test_the_interval_of_a_percentile_is_wider_where_values_hang_together() -> None:
    values = np.repeat(np.random.default_rng(3).exponential(size=30), 20)
    clusters = np.repeat(np.arange(30), 20)
    alone, together = percentile_interval(values, 50), percentile_interval(values, 50, clusters)
    assert alone.value == together.value == pytest.approx(np.median(values))
    assert together.high - together.low > 2 * (alone.high - alone.low)
    plain = percentile_interval(values[::20], 50)
    assert (together.low, together.high) == pytest.approx((plain.low, plain.high), rel=0.1)


def test_a_percentile_of_values_that_are_alike_is_that_value() -> None:
    found = percentile_interval([0.2] * 9, 95, clusters=["a"] * 9)
    assert (found.low, found.value, found.high, found.n) == (0.2, 0.2, 0.2, 9)
    with pytest.raises(ValueError, match="No values"):
        percentile_interval([], 50)


def test_few_pairs_are_flipped_in_every_way() -> None:
    a, b = np.array([0.9, 0.4, 0.7, 0.8, 0.3]), np.array([0.5, 0.6, 0.2, 0.1, 0.2])
    differences = a - b
    sums = [abs(float(np.dot(signs, differences))) for signs in itertools.product((1, -1), repeat=5)]
    by_hand = sum(s >= abs(differences.sum()) - 1e-12 for s in sums) / 32
    found = paired_permutation(a, b)
    assert found.p_value == by_hand
    assert found.mean == pytest.approx(differences.mean())
    assert found.n == 5
    theirs = stats.permutation_test(
        (a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", vectorized=True
    )
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_the_p_value_of_many_pairs_is_that_of_scipy() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.normal(0.18, 1, 120), rng.normal(0, 1, 120)
    ours = paired_permutation(a, b, seed=1)
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=10_000,
        rng=np.random.default_rng(2),
    )
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.02)
    assert ours.low < ours.mean < ours.high
    other_way = paired_permutation(b, a, seed=1)
    assert (other_way.mean, other_way.p_value) == pytest.approx((-ours.mean, ours.p_value))


def test_a_p_value_is_never_nought() -> None:
    found = paired_permutation(np.ones(200), np.zeros(200), resamples=999)
    assert found.p_value == 1 / 1000
    assert found.low < 1.0 == found.high


def test_p_values_are_even_where_nothing_differs() -> None:
    rng = np.random.default_rng(9)
    found = [
        paired_permutation(rng.integers(0, 2, 40), rng.integers(0, 2, 40), seed=n, resamples=499).p_value
        for n in range(300)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.08
    assert np.mean(np.array(found) <= 0.5) <= 0.57


def test_systems_that_always_agree_do_not_differ_but_might() -> None:
    found = paired_permutation([1.0, 0.0, 1.0], [1.0, 0.0, 1.0])
    assert (found.mean, found.p_value) == (0.0, 1.0)
    assert found.low < 0 < found.high
    assert found.high == pytest.approx(wilson_interval(0, 3).high)


def test_pairs_of_one_cluster_are_flipped_together() -> None:
    a, b = np.ones(40), np.zeros(40)
    assert paired_permutation(a, b, clusters=[n // 10 for n in range(40)]).p_value == 2 / 16
    assert paired_permutation(a, b).p_value < 0.001


def test_unpaired_values_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_permutation([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_permutation([], [])


def test_holm_adjusts_step_by_step() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.5]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_holm_rejects_what_its_procedure_rejects() -> None:
    for p_values in np.random.default_rng(7).random((50, 6)) * 0.1:
        rejected = set[int]()
        for step, place in enumerate(np.argsort(p_values)):
            if p_values[place] > 0.05 / (6 - step):
                break
            rejected.add(int(place))
        assert {n for n, p in enumerate(holm(p_values.tolist())) if p <= 0.05} == rejected
