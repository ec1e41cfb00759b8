"""The hidden utility of items."""

import numpy as np
import pytest
from convrec.simulator.nouns import Persona
from convrec.simulator.personas import PERSONAS
from convrec.simulator.sayable import sayable_of
from convrec.simulator.utility import BAR, LEAST, Leaning, appeal, lift, taste_of, threshold
from convrec.tools.limits import Limit
from talk_stage import index_of
from user_stage import lamps

NONE = np.empty(0, dtype=np.int64)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_nothing_that_breaks_a_hard_limit_is_of_use():
    index = lamps()
    fits = index.catalogue.columns.judge(Limit(attribute="style", values=("gothic",))) == 1
    taste = taste_of(index, fits, Leaning(rows(int(np.flatnonzero(fits)[0])), rows(1, 2)))
    assert taste
    assert all(fits[index.catalogue.row_of[i]] for i in taste)


def test_where_nothing_fits_nothing_is_taken():
    assert taste_of(lamps(), np.zeros(1500, dtype=bool), Leaning(rows(1), NONE)) == {}


def test_held_out_items_are_good_enough_for_everybody():
    index = lamps()
    fits = np.ones(len(index.catalogue), dtype=bool)
    taste = taste_of(index, fits, Leaning(rows(10, 700), rows(3)))
    hardest = max(threshold(p) for p in PERSONAS)
    assert taste["l10"] >= hardest
    assert taste["l700"] >= hardest


def test_few_of_many_items_are_good_enough():
    for count in (500, 1500):
        index = lamps(count)
        taste = taste_of(index, np.ones(count, dtype=bool), Leaning(rows(1), rows(2, 3)))
        assert 3 <= len(taste) <= 0.02 * count
        assert all(LEAST <= u <= 1 for u in taste.values())
        assert sum(u >= BAR for u in taste.values()) < len(taste)


def test_of_few_items_some_are_good_enough():
    index = index_of("teas")
    fits = index.catalogue.columns.judge(Limit(attribute="kind", values=("green",))) == 1
    taste = taste_of(index, fits, Leaning(rows(4), NONE))
    assert 2 <= len(taste) < fits.sum() + 1


def test_what_shares_the_labels_of_liked_items_appeals_more():
    index = lamps()
    styles = np.array([i.labels("style")[0] for i in index.catalogue.items])
    gothic, others = np.flatnonzero(styles == "gothic"), np.flatnonzero(styles == "modern")
    appeals = appeal(index, np.arange(1500), Leaning(gothic[:2], gothic[2:12]))
    assert appeals[gothic[12:]].mean() > appeals[others].mean() + 0.1


def test_soft_wishes_raise_and_dislikes_lower_the_appeal():
    index = lamps()
    glass = sayable_of(index.catalogue).saying(Limit(attribute="tags", values=("glass",)))
    every = np.arange(1500)
    plain = appeal(index, every, Leaning(rows(1), rows(2)))
    wished = appeal(index, every, Leaning(rows(1), rows(2), wanted=[glass]))
    shunned = appeal(index, every, Leaning(rows(1), rows(2), unwanted=[glass]))

    def difference(appeals: np.ndarray) -> float:
        return float(appeals[glass.holds].mean() - appeals[~glass.holds].mean())

    assert difference(wished) > difference(plain) > difference(shunned)


def test_what_is_common_everywhere_is_no_taste():
    assert lift(0.5, 10, 0.5) == pytest.approx(0.0)
    assert lift(1.0, 10, 0.1) > lift(1.0, 10, 0.5) > 0 > lift(0.0, 10, 0.3)
    assert lift(1.0, 10, 0.1) > lift(1.0, 1, 0.1)


def test_the_decided_take_sooner_and_a_reason_moves_the_open():
    assert threshold(Persona(name="x", decisiveness=1.0)) < BAR < threshold(Persona(name="x", decisiveness=0.0))
    open_one = Persona(name="x", openness=1.0)
    assert threshold(open_one, persuaded=True) < threshold(open_one)
    assert threshold(Persona(name="x", openness=0.0), persuaded=True) == BAR


def test_nobody_takes_what_is_below_the_least():
    assert threshold(Persona(name="x", decisiveness=1.0, openness=1.0), persuaded=True) == LEAST
