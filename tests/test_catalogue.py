import numpy as np
import pytest
from convrec.tools.catalogue import Catalogue, describe_value, rank_share
from convrec.tools.errors import UnknownItemError
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

RATING = Attribute(name="stars", kind="number", measure="rating")
FAME = Attribute(name="votes", kind="number", measure="popularity")
ITEMS = [
    Item(id="a", title="A", attributes={"stars": 3.0, "votes": 10.0}),
    Item(id="b", title="B", attributes={"stars": 5.0, "votes": 5.0}),
    Item(id="c", title="C"),
]


def test_an_item_is_found_by_its_id() -> None:
    catalogue = Catalogue("things", Schema(), ITEMS)
    assert catalogue.item("b").title == "B"
    assert catalogue.row_of["c"] == 2
    assert len(catalogue) == 3


def test_an_unknown_id_is_told_and_a_long_one_is_cut() -> None:
    with pytest.raises(UnknownItemError, match=r"'things' has no item with the id 'x{57}\.\.\.'") as caught:
        Catalogue("things", Schema(), ITEMS).item("x" * 300)
    assert caught.value.hint


def test_popularity_is_by_interactions_then_by_fame_then_by_rating() -> None:
    both, rated = Schema(attributes=(RATING, FAME)), Schema(attributes=(RATING,))
    assert Catalogue("t", both, ITEMS, np.array([1.0, 2.0, 3.0])).popularity.tolist() == [0.0, 0.5, 1.0]
    assert Catalogue("t", both, ITEMS).popularity.tolist() == [1.0, 0.5, 0.0]
    assert Catalogue("t", rated, ITEMS).popularity.tolist() == [0.5, 1.0, 0.0]


def test_where_nothing_tells_all_items_are_equally_known() -> None:
    assert Catalogue("t", Schema(), ITEMS).popularity.tolist() == [0.0, 0.0, 0.0]


@given(st.lists(st.floats(allow_infinity=False) | st.just(float("nan")), max_size=12))
def test_rank_shares_keep_the_order_and_lie_between_zero_and_one(numbers: list[float]) -> None:
    shares = rank_share(np.array(numbers))
    assert ((shares >= 0) & (shares <= 1)).all()
    for left, one in zip(numbers, shares, strict=True):
        for right, other in zip(numbers, shares, strict=True):
            if left < right:
                assert one < other
            if left == right:
                assert one == other


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (("Comedy", "Drama"), "", "Comedy, Drama"),
        ((), "", ""),
        (None, "min", ""),
        (95.0, "min", "95 min"),
        (1234567.0, "", "1,234,567"),
        (4.99, "USD", "4.99 USD"),
        (4.5, "USD", "4.5 USD"),
        (2.999, "USD", "3 USD"),
        (100.001, "", "100"),
        (0.0, "USD", "0 USD"),
        ("1994-03", "", "1994-03"),
    ],
)
def test_a_value_reads_as_people_write_it(value: object, unit: str, words: str) -> None:
    assert describe_value(value, Attribute(name="x", kind="number", unit=unit)) == words


def test_an_items_value_in_words_is_empty_when_it_is_unknown() -> None:
    catalogue = Catalogue("t", Schema(attributes=(RATING,)), ITEMS)
    assert [catalogue.value(item, RATING) for item in ITEMS] == ["3", "5", ""]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    with pytest.raises(ValidationError):
        Item(id="a", title="A", attributes={"stars": number})
