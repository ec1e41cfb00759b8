from pathlib import Path

import numpy as np
import pytest
from convrec.tools.collaborative import (
    DISLIKE,
    LESS_LIKED,
    RENOWN_HALF_LIFE,
    Collaborative,
    Model,
    fit_collaborative,
    likes_matrix,
    renown_of,
    weights_of,
)
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction
from hypothesis import given
from hypothesis import strategies as st

DAY = 86_400.0
TEAS, COFFEES = [f"tea {n}" for n in range(5)], [f"coffee {n}" for n in range(5)]
ITEMS = [*TEAS, *COFFEES, "water"]
METHODS = ("ease", "neighbours", "auto")


def drinkers(count: int = 60) -> list[Interaction]:
    """Half drink tea, half coffee, and each likes four of five; whoever likes one dislikes one of the other kind."""
    rng = np.random.default_rng(5)
    made = []
    for user in range(count):
        own, other = (TEAS, COFFEES) if user % 2 else (COFFEES, TEAS)
        made += [Interaction(user=f"u{user}", item=i, value=5.0) for i in rng.choice(own, 4, replace=False)]
        made.append(Interaction(user=f"u{user}", item=str(rng.choice(other)), value=1.0))
    return made


@pytest.fixture(scope="module", params=METHODS)
def fitted(request: pytest.FixtureRequest) -> Collaborative:
    """What the drinkers teach, by each method."""
    return fit_collaborative(drinkers(), ITEMS, method=request.param)


def test_what_is_liked_together_speaks_for_each_other(fitted: Collaborative) -> None:
    scores = fitted.scores({"tea 0": 1.0, "tea 1": 1.0})
    assert scores.shape == (len(ITEMS),)
    assert scores[2:5].min() > scores[5:].max()
    assert scores[10] == 0


def test_a_dislike_speaks_against_what_goes_with_it(fitted: Collaborative) -> None:
    liked, both = fitted.scores({"tea 0": 1.0}), fitted.scores({"tea 0": 1.0, "coffee 0": -1.0})
    assert (both[6:10] < liked[6:10]).all()


def test_scores_add_up_over_the_weighted_items_and_unknown_ones_are_passed_over(fitted: Collaborative) -> None:
    together = fitted.scores({"tea 0": 0.5, "coffee 1": -2.0, "no such item": 9.0, "water": 1.0})
    apart = 0.5 * fitted.scores({"tea 0": 1.0}) - 2.0 * fitted.scores({"coffee 1": 1.0})
    assert together == pytest.approx(apart, abs=1e-5)
    assert not fitted.scores({}).any()
    assert not fitted.scores({"no such item": 1.0}).any()


def test_the_item_that_speaks_most_is_named(fitted: Collaborative) -> None:
    weights = {"coffee 0": 1.0, "tea 3": 0.9, "no such item": 5.0}
    assert fitted.because("tea 2", weights) == "tea 3"
    assert fitted.because("coffee 2", weights) == "coffee 0"
    assert fitted.because("tea 3", {"tea 3": 1.0}) is None
    assert fitted.because("water", weights) is None
    assert fitted.because("tea 2", {"tea 3": -1.0}) is None
    assert fitted.because("no such item", weights) is None


def test_histories_and_counts_come_with_it(fitted: Collaborative) -> None:
    assert len(fitted.history("u3")) == 5
    assert fitted.history("stranger") == []
    assert fitted.counts.sum() == 300
    assert fitted.counts[10] == 0
    assert len(fitted) == len(ITEMS)
    assert fitted.stale == ""


def test_items_that_are_not_in_the_catalogue_are_passed_over() -> None:
    fitted = fit_collaborative(drinkers(), TEAS[::-1])
    assert fitted.counts.shape == (5,)
    assert fitted.scores({"tea 0": 1.0}).argmin() == 4
    assert not fitted.scores({"coffee 0": 1.0}).any()


@pytest.mark.parametrize("method", METHODS)
def test_without_interactions_nothing_is_learnt(method) -> None:
    assert not fit_collaborative([], ITEMS, method=method).scores({"tea 0": 1.0}).any()
    assert not fit_collaborative(drinkers(), [], method=method).scores({"tea 0": 1.0}).any()


def test_a_model_is_read_as_it_was_written(tmp_path: Path, fitted: Collaborative) -> None:
    fitted.model.save(tmp_path)
    again = Collaborative(Model.load(tmp_path), ITEMS, fitted.counts, fitted.history)
    assert np.array_equal(again.scores({"tea 0": 1.0}), fitted.scores({"tea 0": 1.0}))
    np.save(tmp_path / "data.npy", np.load(tmp_path / "data.npy")[:-1])
    with pytest.raises(ValueError, match="equally long"):
        Model.load(tmp_path)


def of(*values: float, days_ago: float = 0.0) -> list[Interaction]:
    return [Interaction(user="u", item=str(n), value=v, time=100 * DAY - days_ago * DAY) for n, v in enumerate(values)]


@pytest.mark.parametrize("value", [0.1, 1.0, 3.0, 13883.0])
def test_values_that_are_all_equal_are_all_liked(value: float) -> None:
    assert weights_of(of(value, value, value)) == {"0": 1.0, "1": 1.0, "2": 1.0}


def test_values_count_beside_the_users_own_mean() -> None:
    strict, kind = weights_of(of(1, 3, 3, 4)), weights_of(of(2, 4, 4, 5))
    for weights in (strict, kind):
        assert weights["3"] > weights["2"] > 0 > weights["0"]
    assert weights_of(of(5, 5, 5, 5, 4))["4"] > 0


def test_a_no_is_a_dislike_however_many_there_are() -> None:
    assert weights_of(of(0, 0, 0, 1)) == {"0": -DISLIKE, "1": -DISLIKE, "2": -DISLIKE, "3": 1.0}
    assert weights_of(of(0, 0)) == {"0": -DISLIKE, "1": -DISLIKE}


@given(st.lists(st.floats(-10, 1e6), max_size=20))
def test_weights_lie_between_a_dislike_and_a_like_and_follow_the_values(values: list[float]) -> None:
    weights = weights_of(of(*values))
    assert all(-DISLIKE <= w <= 1 for w in weights.values())
    for n, one in enumerate(values):
        for m, other in enumerate(values):
            if one < other:
                assert weights[str(n)] <= weights[str(m)] + 1e-12


def test_a_play_count_far_above_the_others_makes_none_of_them_a_dislike() -> None:
    weights = weights_of(of(10_000, 30, 20, 10, 1))
    assert all(w > 0 for w in weights.values())


def test_older_ones_halve_with_each_half_life() -> None:
    now = 100 * DAY
    assert weights_of(of(1.0, days_ago=30), now=now, half_life_days=30) == {"0": pytest.approx(0.5)}
    assert weights_of(of(1.0, days_ago=60), now=now, half_life_days=30) == {"0": pytest.approx(0.25)}
    assert weights_of(of(1.0, days_ago=60), now=now) == {"0": 1.0}
    assert weights_of(of(1.0, days_ago=-5), now=now, half_life_days=30) == {"0": 1.0}
    assert weights_of([Interaction(user="u", item="0")], now=now, half_life_days=30) == {"0": 1.0}


def test_repeats_add_up_with_diminishing_return() -> None:
    repeats = [Interaction(user="u", item="a", time=float(n + 1)) for n in range(3)]
    assert weights_of(repeats) == {"a": pytest.approx(1 + 1 / 2 + 1 / 3)}
    assert likes_matrix(Log.of(repeats)).toarray()[0, 0] == pytest.approx(1 + 1 / 2 + 1 / 3)


def test_what_is_liked_less_teaches_less_and_a_no_teaches_nothing() -> None:
    assert likes_matrix(Log.of(of(5, 4, 1, 0))).toarray().tolist() == [[1.0, 1.0, LESS_LIKED, 0.0]]
    assert likes_matrix(Log.of(of(0.1, 0.1, 0.1))).toarray() == pytest.approx(np.ones((1, 3)))


def test_age_is_counted_from_a_users_own_last_interaction_in_learning() -> None:
    gone = [
        Interaction(user="gone", item="a", time=10 * DAY),
        Interaction(user="gone", item="b", time=40 * DAY),
        Interaction(user="here", item="a", time=4_000 * DAY),
        Interaction(user="timeless", item="a"),
    ]
    likes = likes_matrix(Log.of(gone), half_life_days=30).toarray()
    assert likes == pytest.approx(np.array([[0.5, 1.0], [1.0, 0.0], [1.0, 0.0]]))


def test_renown_counts_those_who_name_few_more_than_those_who_name_many() -> None:
    eager = [Interaction(user="eager", item=f"i{n}") for n in range(4)]
    log = Log.of([*eager, Interaction(user="terse", item="i9"), Interaction(user="terse", item="of no catalogue")])
    renown = renown_of(log, ["i9", "i1", "i0", "unused"])
    assert renown == pytest.approx([2**-0.5, 0.5, 0.5, 0])


def test_renown_fades_from_the_newest_interaction_of_all() -> None:
    times = {"new": 4_000.0, "old": 4_000.0 - RENOWN_HALF_LIFE, "unknown": 0.0}
    log = Log.of(Interaction(user=item, item=item, time=days * 86_400) for item, days in times.items())
    assert renown_of(log, list(times)) == pytest.approx([1.0, 0.5, 1.0])
    assert not renown_of(Log.of([]), ["i0"]).any()
