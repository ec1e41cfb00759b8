import pytest
from convrec.tools.limits import Limit, Range, complement, describe_limit, describe_range
from convrec.tools.schema import Attribute
from hypothesis import given
from hypothesis import strategies as st

PRICE = Attribute(name="price", kind="number", unit="USD")
YEAR = Attribute(name="year", kind="date")
NUMBERS = st.floats(-1e6, 1e6)


def test_both_bounds_lie_inside_unless_they_are_open() -> None:
    assert [Range(low=1, high=3).holds(n) for n in (0.9, 1, 3, 3.1)] == [False, True, True, False]
    opened = Range(low=1, high=3, open_low=True, open_high=True)
    assert [opened.holds(n) for n in (1, 2, 3)] == [False, True, False]
    assert Range().holds(-1e9)


@given(NUMBERS, NUMBERS, st.booleans(), st.booleans())
def test_a_number_is_either_in_a_range_or_in_its_complement(
    edge: float, number: float, below: bool, opened: bool
) -> None:
    bounds = Range(high=edge, open_high=opened) if below else Range(low=edge, open_low=opened)
    other = complement(bounds)
    assert other is not None
    for one in (number, edge):
        assert bounds.holds(one) != other.holds(one)
    assert complement(other) == bounds


def test_a_span_has_no_complement_in_one_piece() -> None:
    assert complement(Range(low=1, high=2)) is None
    assert complement(Range()) is None


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Range(low=10, high=20), "10-20 USD"),
        (Range(low=10, high=10), "10 USD"),
        (Range(low=4.99), "at least 4.99 USD"),
        (Range(low=5, open_low=True), "over 5 USD"),
        (Range(high=5), "at most 5 USD"),
        (Range(high=0.1, open_high=True), "under 0.1 USD"),
        (Range(high=1_500_000), "at most 1500000 USD"),
        (Range(low=1234567.25), "at least 1234567.25 USD"),
        (Range(), "any"),
    ],
)
def test_a_range_of_numbers_reads_with_its_unit(bounds: Range, words: str) -> None:
    assert describe_range(bounds, PRICE) == words


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Range(low=1980, high=1990, open_high=True), "1980-1989"),
        (Range(low=1994, high=1995, open_high=True), "1994"),
        (Range(low=2000), "2000 or later"),
        (Range(high=2000, open_high=True), "1999 or earlier"),
        (Range(high=1999.5), "1999 or earlier"),
        (Range(), "any"),
    ],
)
def test_a_range_of_dates_reads_in_whole_years(bounds: Range, words: str) -> None:
    assert describe_range(bounds, YEAR) == words


def test_a_limit_reads_as_its_values_or_its_ranges() -> None:
    assert describe_limit(Limit(attribute="genre", values=("Comedy", "Drama"))) == "Comedy or Drama"
    spans = (Range(high=5), Range(low=50))
    assert describe_limit(Limit(attribute="price", ranges=spans), PRICE) == "at most 5 USD or at least 50 USD"
    assert describe_limit(Limit(attribute="price", ranges=spans[:1])) == "at most 5"
