"""What of an item people would say."""

import random

import pytest
from convrec.simulator.sayable import LEAST_ITEMS, WIDEST, sayable_of, speakable
from convrec.tools.catalogue import Catalogue
from convrec.tools.items import Item
from convrec.tools.limits import Limit
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of
from user_stage import lamps


@pytest.mark.parametrize("label", ["comedy", "Ada Moss", "PlayStation 5", "co-op", "science fiction", "Élégant", "R&B"])
def test_words_are_said(label: str):
    assert speakable(label)


@pytest.mark.parametrize(
    "label",
    ["", "B00TX5O8WE", "12345", "http://x.y", "a|b", "one two three four five", "x" * 40, "unknown", "9.99", "(none)"],
)
def test_codes_numbers_and_essays_are_not(label: str):
    assert not speakable(label)


@pytest.mark.parametrize("name", ["games", "books", "teas", "columns"])
def test_what_is_said_of_an_item_is_true_of_it_and_neither_rare_nor_universal(name: str):
    catalogue = index_of(name).catalogue
    sayable, rng = sayable_of(catalogue), random.Random(1)
    found = 0
    for row, item in enumerate(catalogue.items):
        for saying in sayable.of_item(item, row, rng):
            found += 1
            assert saying.holds[row]
            assert not saying.breaks[row]
            assert saying.holds.sum() >= LEAST_ITEMS
            assert saying.share <= WIDEST
            assert saying.attribute.shown
    assert found > len(catalogue)


def test_what_cards_do_not_show_is_not_said():
    catalogue = lamps().catalogue
    sayings = sayable_of(catalogue).of_item(catalogue.items[0], 0, random.Random(1))
    assert not {s.limit.attribute for s in sayings} & {"code", "known"}
    assert {s.limit.attribute for s in sayings} >= {"style", "maker", "place", "year"}


def test_bounds_are_round():
    catalogue = lamps().catalogue
    rng = random.Random(2)
    for row in range(200):
        for limit in sayable_of(catalogue).bounds_of(row, rng):
            for bound in (limit.ranges[0].low, limit.ranges[0].high):
                if bound is not None and limit.attribute == "year":
                    assert bound % 5 == 0
                elif bound is not None:
                    assert len(f"{bound:g}".rstrip("0").replace(".", "")) <= 2, limit


def test_a_word_for_two_things_is_unclear():
    style, origin = (
        Attribute(name="style", kind="category"),
        Attribute(name="origin", kind="category", synonyms={"Norway": ("norse",)}),
    )
    tags = Attribute(name="tags", kind="category", open=True, many=True)
    values = {"style": ("Norse",), "origin": ("Norway",), "tags": ("Plain", "Norway")}
    items = [Item(id=str(n), title=f"Thing {n}", attributes=values) for n in range(4)]
    sayable = sayable_of(Catalogue("things", Schema(attributes=(style, origin, tags)), items))
    assert sayable.unclear("style", "Norse", "norse")
    assert sayable.unclear("origin", "Norway", "norse")
    assert not sayable.unclear("origin", "Norway", "norway")  # Said of either, it means the same.
    assert not sayable.unclear("tags", "Plain", "plain")


def test_a_limit_knows_which_items_satisfy_it():
    saying = sayable_of(lamps().catalogue).saying(Limit(attribute="style", values=("gothic",)))
    for row, item in enumerate(lamps().catalogue.items[:50]):
        assert saying.holds[row] == (item.labels("style") == ("gothic",))
        assert saying.breaks[row] != saying.holds[row]
