from typing import Any

import numpy as np
import pytest
from convrec.tools.columns import Columns
from convrec.tools.entailment import entails
from convrec.tools.items import AttributeValue, Item
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute, Schema
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = Schema(
    attributes=(
        Attribute(name="colours", kind="category", many=True),
        Attribute(name="tags", kind="category", many=True, open=True),
        Attribute(name="price", kind="number"),
        Attribute(name="made", kind="date"),
        Attribute(name="notes", kind="text"),
    )
)


def item(row: int, **attributes: AttributeValue) -> Item:
    return Item(id=str(row), title=f"Thing {row}", attributes=attributes)


ITEMS = [
    item(0, colours=("Red", "Blue"), tags=("old",), price=5.0, made="1994"),
    item(1, colours=("red",), price=10.0, made="1994-07-02", notes="1994"),
    item(2, colours=("Vert foncé",), tags=("new", "old"), price=2.5, made="2001-01"),
    item(3),
]
COLUMNS = Columns(SCHEMA, ITEMS)


def verdicts(attribute: str | None, *values: str, ranges: tuple[Range, ...] = ()) -> list[int]:
    return COLUMNS.judge(Limit(attribute=attribute, values=values, ranges=ranges)).tolist()


def test_a_label_holds_breaks_or_is_unknown() -> None:
    assert verdicts("colours", "Blue") == [1, -1, -1, 0]
    assert verdicts("colours", "Blue", "Vert foncé") == [1, -1, 1, 0]


def test_labels_that_differ_in_case_or_accents_are_one() -> None:
    assert verdicts("colours", "RED") == verdicts("colours", "Red") == [1, 1, -1, 0]
    assert verdicts("colours", "vert fonce") == [-1, -1, 1, 0]


def test_a_label_that_nothing_has_breaks_wherever_labels_are_known() -> None:
    assert verdicts("colours", "pink") == [-1, -1, -1, 0]
    assert COLUMNS.categories["colours"].rows("pink").tolist() == []


def test_the_absence_of_an_open_label_says_nothing() -> None:
    assert verdicts("tags", "new") == [0, 0, 1, 0]


def test_a_label_said_twice_counts_once() -> None:
    column = Columns(SCHEMA, [item(0, colours=("a", "a")), item(1, colours=("b",)), item(2, colours=("b",))])
    assert column.categories["colours"].rows("a").tolist() == [0]
    assert column.categories["colours"].values == ["b", "a"]


def test_values_come_most_common_first() -> None:
    assert COLUMNS.categories["tags"].values == ["old", "new"]
    assert COLUMNS.categories["tags"].coverage == 0.5


def test_open_ends_of_a_range_leave_the_bound_out() -> None:
    assert verdicts("price", ranges=(Range(low=5, high=10),)) == [1, 1, -1, 0]
    assert verdicts("price", ranges=(Range(low=5, high=10, open_low=True, open_high=True),)) == [-1, -1, -1, 0]
    assert verdicts("price", ranges=(Range(low=9), Range(high=3))) == [-1, 1, 1, 0]


def test_dates_are_measured_in_years() -> None:
    assert COLUMNS.numbers["made"].numbers[:3].tolist() == pytest.approx([1994.0, 1994.5, 2001.0], abs=0.01)
    assert verdicts("made", ranges=(Range(low=1994, high=1995, open_high=True),)) == [1, 1, -1, 0]


def test_a_date_that_cannot_be_read_is_unknown() -> None:
    column = Columns(SCHEMA, [item(0, made="soon"), item(1, made="1999-99"), item(2, price="dear")])
    assert np.isnan(column.numbers["made"].numbers).all()
    assert np.isnan(column.numbers["price"].numbers).all()
    assert np.isnan(column.numbers["price"].quantile(0.5))


def test_quantiles_are_of_the_known_numbers() -> None:
    assert COLUMNS.numbers["price"].quantile(0.5) == 5.0
    assert COLUMNS.numbers["price"].coverage == 0.75


@pytest.mark.parametrize("attribute", [None, "notes", "weight"])
def test_limits_on_text_or_on_no_attribute_are_unknown(attribute: str | None) -> None:
    assert verdicts(attribute, "Red") == [0, 0, 0, 0]


def test_a_catalogue_without_items_has_empty_columns() -> None:
    empty = Columns(SCHEMA, [])
    assert empty.judge(Limit(attribute="colours", values=("a",))).shape == (0,)
    assert empty.categories["colours"].coverage == empty.numbers["price"].coverage == 0.0


NUMBERS = st.sampled_from([0.0, 1.0, 2.5, 5.0, 1994.0, 1995.0])
RANGES = st.builds(
    Range, low=NUMBERS | st.none(), high=NUMBERS | st.none(), open_low=st.booleans(), open_high=st.booleans()
)
LABELS = st.sampled_from(["Red", "red", "RÉD", "Blue", "", "blue sky"])
LIMITS = st.builds(
    Limit, attribute=st.sampled_from(["colours", "tags"]), values=st.lists(LABELS, max_size=3).map(tuple)
) | st.builds(
    Limit, attribute=st.sampled_from(["price", "made"]), ranges=st.lists(RANGES, min_size=1, max_size=2).map(tuple)
)


@st.composite
def items(draw: Any) -> Item:
    attributes: dict[str, AttributeValue] = {}
    for name in ("colours", "tags"):
        if labels := draw(st.lists(LABELS, max_size=3)):
            attributes[name] = tuple(labels)
    if draw(st.booleans()):
        attributes["price"] = draw(NUMBERS)
    if draw(st.booleans()):
        attributes["made"] = draw(st.sampled_from(["1994", "1994-12", "1995-01-01", "never"]))
    return Item(id="x", title="x", attributes=attributes)


@given(st.lists(items(), min_size=1, max_size=6), LIMITS)
def test_a_column_and_the_judge_of_one_item_agree(some: list[Item], limit: Limit) -> None:
    said = {"entails": 1, "neutral": 0, "contradicts": -1}
    expected = [said[entails(one, limit, SCHEMA).label] for one in some]
    assert Columns(SCHEMA, some).judge(limit).tolist() == expected


SPELT = Schema(
    attributes=(
        Attribute(
            name="kind",
            kind="category",
            synonyms={"science fiction": ("sci-fi", "SF"), "Thriller": ("suspense",), "Opera": ("singing",)},
        ),
    )
)
KINDS = Columns(
    SPELT, [item(n, kind=(k,)) for n, k in enumerate(["Science Fiction", "Thriller", "Comédie", "Western", "War"])]
).categories["kind"]


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Thriller", "Thriller"),
        ("THRILLER", "Thriller"),
        ("comedie", "Comédie"),
        ("COMÉDIE", "Comédie"),
        ("science fiction", "Science Fiction"),
        ("suspense", "Thriller"),
        ("Suspense", "Thriller"),
        ("Sci-Fi", "Science Fiction"),
        ("sf", "Science Fiction"),
        ("thriler", None),
        ("singing", None),
        ("Opera", None),
        ("", None),
    ],
)
def test_a_label_is_found_in_any_spelling_or_by_a_synonym_and_told_as_the_catalogue_spells_it(
    said: str, label: str | None
) -> None:
    assert KINDS.label(said) == label


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("thriler", "Thriller"),
        ("Thrillers", "Thriller"),
        ("science-fiction", "Science Fiction"),
        ("commedie", "Comédie"),
        ("suspense", "Thriller"),
        ("eastern", None),
        ("wat", None),
        ("something calm", None),
        ("", None),
    ],
)
def test_a_misspelt_label_is_found_where_that_is_allowed_and_nothing_far_from_it(said: str, label: str | None) -> None:
    assert KINDS.label(said, loose=True) == label


def test_of_labels_that_are_spelt_alike_the_commonest_is_told() -> None:
    column = Columns(SCHEMA, [item(0, colours=("red",)), item(1, colours=("Red",)), item(2, colours=("Red",))])
    assert column.categories["colours"].label("RED") == "Red"


def test_a_column_without_labels_has_none() -> None:
    assert Columns(SCHEMA, []).categories["colours"].label("red", loose=True) is None
