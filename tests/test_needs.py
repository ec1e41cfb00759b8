"""What a user needs now."""

import math
import random

import numpy as np
import pytest
from convrec.simulator.needs import ENOUGH, impossible_need, need_of
from convrec.simulator.sayable import LEAST_ITEMS
from convrec.tools.columns import BREAKS, HOLDS
from talk_stage import index_of
from user_stage import lamps, persona


def needs(name: str, count: int = 30, **numbers: float):
    index = lamps() if name == "lamps" else index_of(name)
    for seed in range(count):
        rng = random.Random(seed)
        rows = rng.sample(range(len(index.catalogue)), 6)
        need = need_of(index.catalogue, rows[:3], rows[3:5], rows[5:], rows[3:], persona(**numbers), rng)
        if need is not None:
            yield index.catalogue, rows, need


@pytest.mark.parametrize("name", ["lamps", "games", "books"])
def test_some_items_satisfy_what_is_hard_and_most_do_not(name: str):
    shares = []
    for catalogue, rows, need in needs(name):
        fits = np.ones(len(catalogue), dtype=bool)
        for want in need.wishes:
            verdicts = catalogue.columns.judge(want.saying.limit)
            if want.strength == "must":
                fits &= verdicts == HOLDS
            elif want.strength == "must_not":
                fits &= verdicts != HOLDS
        assert (fits == need.fits).all()
        assert need.fits[rows[:3]].any()
        fits[rows[3:]] = False
        assert fits.sum() >= max(LEAST_ITEMS, round(ENOUGH * math.sqrt(len(catalogue))))
        shares.append(fits.mean())
    assert len(shares) > 15
    assert np.mean(shares) < 0.25


def test_something_hard_is_told_and_something_is_hidden():
    told, hidden = 0, 0
    for _, _, need in needs("lamps"):
        assert any(not w.hidden for w in need.wishes)
        assert len(need.wishes) < 3 or any(w.hidden for w in need.wishes)
        told += sum(not w.hidden for w in need.wishes)
        hidden += sum(w.hidden for w in need.wishes)
    assert told > 20
    assert hidden > 20


def test_the_thrifty_set_a_budget_and_the_others_mostly_do_not():
    def budgets(thrift: float) -> int:
        made = [want for *_, need in needs("lamps", thrift=thrift) for want in need.wishes if want.strength == "must"]
        return sum(want.saying.attribute.measure == "price" for want in made)

    assert budgets(1.0) > 15
    assert budgets(1.0) > 2 * budgets(0.0)


def test_who_dislikes_much_says_no_to_more():
    def unwanted(dislikes: float) -> int:
        return sum(w.strength in ("must_not", "avoid") for *_, n in needs("lamps", dislikes=dislikes) for w in n.wishes)

    assert unwanted(1.0) > 2 * unwanted(0.0)


def test_loose_labels_are_never_insisted_on():
    for name in ("lamps", "games"):
        for *_, need in needs(name):
            assert not any(w.strength == "must" and w.saying.attribute.open for w in need.wishes)


def test_no_wish_says_the_title_of_what_is_held_out():
    for name in ("games", "books"):
        for catalogue, rows, need in needs(name):
            titles = [catalogue.items[row].title.lower() for row in rows[:3]]
            for want in need.wishes:
                assert not any(v.lower() == title for v in want.saying.limit.values for title in titles)


@pytest.mark.parametrize("name", ["lamps", "games", "books"])
def test_what_cannot_be_had_is_of_parts_that_can(name: str):
    catalogue = (lamps() if name == "lamps" else index_of(name)).catalogue
    found = 0
    for seed in range(15):
        need = impossible_need(catalogue, [seed], random.Random(seed))
        if need is None:
            continue
        found += 1
        broken = np.zeros(len(catalogue), dtype=bool)
        for want in need.wishes:
            verdicts = catalogue.columns.judge(want.saying.limit)
            assert (verdicts == HOLDS).sum() >= LEAST_ITEMS
            broken |= verdicts == BREAKS
        assert broken.all()
        assert not need.fits.any()
        assert len({w.saying.limit.attribute for w in need.wishes}) == len(need.wishes)
    assert found >= 10


def test_nobody_wants_and_rejects_the_same_word():
    for name in ("games", "books"):
        for *_, need in needs(name, dislikes=1.0):
            said = [v.lower() for want in need.wishes for v in want.saying.limit.values]
            assert len(set(said)) == len(said)
