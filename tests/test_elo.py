import math

import numpy as np
import pytest
from convrec.simulator.metrics.elo import MEAN, Match, Winner, rate


def votes(a: str, b: str, winner: Winner, count: int) -> list[Match]:
    return [Match(a=a, b=b, winner=winner)] * count


def test_two_systems_differ_by_the_logarithm_of_their_odds() -> None:
    found = rate([*votes("x", "y", "a", 30), *votes("x", "y", "b", 10)], prior=0)
    assert found["x"].value - found["y"].value == pytest.approx(400 * math.log10(3))
    assert (found["x"].value + found["y"].value) / 2 == pytest.approx(MEAN)
    assert list(found) == ["x", "y"]
    assert found["x"].n == found["y"].n == 40


def test_it_makes_no_difference_on_which_side_a_system_stood() -> None:
    one = rate([*votes("x", "y", "a", 5), *votes("x", "y", "b", 2)])
    other = rate([*votes("y", "x", "b", 5), *votes("y", "x", "a", 2)])
    assert one["x"].value == pytest.approx(other["x"].value)


def test_a_tie_and_two_bad_ones_are_half_a_win_each() -> None:
    halves = rate([*votes("x", "y", "a", 7), *votes("x", "y", "b", 3)], prior=0)
    ties = rate(
        [
            *votes("x", "y", "a", 5),
            *votes("x", "y", "b", 1),
            *votes("x", "y", "tie", 3),
            *votes("x", "y", "both bad", 1),
        ],
        prior=0,
    )
    assert ties["x"].value == pytest.approx(halves["x"].value)


def test_a_system_that_always_wins_has_a_finite_rating_that_grows_with_its_wins() -> None:
    few, many = rate(votes("x", "y", "a", 3)), rate(votes("x", "y", "a", 3_000))
    assert MEAN < few["x"].value < many["x"].value < 3_000
    chain = rate([*votes("x", "y", "a", 50), *votes("y", "z", "a", 50)])
    assert list(chain) == ["x", "y", "z"]
    assert all(math.isfinite(v) for one in chain.values() for v in (one.value, one.low, one.high))


def test_known_strengths_are_found_again_and_lie_in_their_intervals() -> None:
    strengths = {"a": 1200.0, "b": 1050.0, "c": 950.0, "d": 800.0}
    rng, names = np.random.default_rng(3), list(strengths)
    matches = list[Match]()
    for _ in range(3_000):
        i, j = rng.choice(4, 2, replace=False)
        one, other = names[int(i)], names[int(j)]
        wins = rng.random() < 1 / (1 + 10 ** ((strengths[other] - strengths[one]) / 400))
        matches.append(Match(a=one, b=other, winner="a" if wins else "b"))
    found = rate(matches)
    assert list(found) == names
    for name, strength in strengths.items():
        assert found[name].value == pytest.approx(strength, abs=25)
        assert found[name].low <= strength <= found[name].high
        assert found[name].high - found[name].low < 80


def test_more_votes_make_a_rating_surer() -> None:
    few = rate([*votes("x", "y", "a", 6), *votes("x", "y", "b", 4)])["x"]
    many = rate([*votes("x", "y", "a", 600), *votes("x", "y", "b", 400)])["x"]
    assert many.high - many.low < (few.high - few.low) / 4


def test_who_was_never_voted_on_has_no_rating_and_no_votes_rate_nobody() -> None:
    assert rate([]) == {}
    assert rate(votes("x", "x", "a", 3)) == {}
    assert set(rate(votes("x", "y", "tie", 2))) == {"x", "y"}


def test_systems_that_never_met_are_both_rated() -> None:
    found = rate([*votes("x", "y", "a", 9), *votes("v", "w", "b", 9)])
    assert found["x"].value == pytest.approx(found["w"].value)
    assert found["y"].value == pytest.approx(found["v"].value)


def test_the_same_votes_give_the_same_intervals() -> None:
    matches = [*votes("x", "y", "a", 6), *votes("y", "z", "b", 4), *votes("x", "z", "tie", 4)]
    assert rate(matches) == rate(matches)


def test_a_few_votes_that_all_agree_are_not_certain() -> None:
    one, ten = rate(votes("x", "y", "a", 1)), rate(votes("x", "y", "a", 10))
    assert one["x"].low < MEAN < one["x"].high
    assert ten["x"].high - ten["x"].low > 50
    assert ten["x"].low > MEAN


def test_two_systems_have_the_interval_of_jeffreys() -> None:
    found = rate([*votes("x", "y", "a", 14), *votes("x", "y", "b", 6)], resamples=4_000, prior=0)
    # The share's 95% interval by Beta(14.5, 6.5) is 0.483 to 0.864.
    low, high = (200 * math.log10(share / (1 - share)) for share in (0.483, 0.864))
    assert found["x"].low - MEAN == pytest.approx(low, abs=8)
    assert found["x"].high - MEAN == pytest.approx(high, abs=8)
