"""Signals of how well items suit a talk."""

import numpy as np
import pytest
from convrec.tools.limits import Limit, Range
from convrec.tools.relevance import (
    Asked,
    by_company,
    by_content,
    by_labels,
    by_likeness,
    by_meaning,
    by_nearness,
    by_renown,
    by_words,
)
from talk_stage import index_of


def row(item: str) -> int:
    return index_of("teas").catalogue.row_of[item]


def test_nothing_said_is_nothing_told() -> None:
    index = index_of("teas")
    told = [by_meaning(index, " "), by_words(index, "the"), by_labels(index, []), by_likeness(index, {}),
            by_nearness(index, {}), by_content(index, {}), by_company(index, {})]  # fmt: skip
    assert not np.any(told)
    assert np.ptp(by_renown(index)) == 0


def test_meaning_and_words_are_told_in_standard_deviations() -> None:
    for scores in (by_meaning(index_of("teas"), "campfires"), by_words(index_of("teas"), "campfires")):
        assert (scores.mean(), scores.std()) == pytest.approx((0, 1), abs=1e-5)
        assert np.argmax(scores) == row("lapsang-souchong")


def test_a_rare_label_says_more_than_a_common_one() -> None:
    index = index_of("teas")
    scores = by_labels(index, [Asked(Limit(attribute="kind", values=(kind,))) for kind in ("white", "black")])
    assert scores[row("white-peony")] > scores[row("assam-gold")] > scores[row("sencha")] == 0


def test_what_is_not_wanted_is_subtracted() -> None:
    scores = by_labels(index_of("teas"), [Asked(Limit(attribute="minutes", ranges=(Range(low=4),)), wanted=False)])
    assert scores[row("assam-gold")] < scores[row("sencha")] == scores[row("mystery-blend")] == 0


def test_labels_of_named_items_are_likelier_by_how_rare_they_are() -> None:
    scores = by_likeness(index_of("teas"), {row("lapsang-souchong"): 1.0})
    assert scores[row("keemun-hao")] > scores[row("darjeeling-first")] > scores[row("sencha")]
    assert scores[row("sencha")] < 0


def test_an_item_without_a_number_is_as_near_as_the_average() -> None:
    near = by_nearness(index_of("teas"), {row("sencha"): 1.0})
    assert near[row("gyokuro")] > near[row("mystery-blend")] > near[row("assam-gold")]
    assert near.min() > 0
    assert near.max() <= 1
