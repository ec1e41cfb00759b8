import pytest
from convrec.tools.cells import as_labels, as_text, clean_text, is_missing
from convrec.tools.numbers_and_dates import parse_date, parse_minutes, parse_number, unit_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<p>A &amp; B</p><br/>C", "A & B C"),
        ("H<sub>2</sub>O", "H2O"),
        ("&lt;p&gt;twice&lt;/p&gt;", "twice"),
        ("a < b and c > d, <3", "a < b and c > d, <3"),
        ("<Untitled> vector<int>", "<Untitled> vector<int>"),
        ("<script>x()</script>after", "after"),
        ("tab\tand\u00a0space\r\n\x07bell\u202e", "tab and space bell"),
        ("half \ud800 of a pair", "half of a pair"),
        ("[b]bold[/b] [sic]", "bold [sic]"),
        ("family 👨‍👩‍👧", "family 👨‍👩‍👧"),
    ],
)
def test_markup_and_control_characters_are_taken_out(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text())
def test_clean_text_can_always_be_written(text: str) -> None:
    clean = clean_text(text)
    clean.encode("utf-8")
    assert clean == " ".join(clean.split())


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("$4.99", 4.99),
        ("1,234", 1234),
        ("1,234,567.5", 1234567.5),
        ("€ 1.299,00", 1299),
        ("1 299,00 zł", 1299),
        ("CHF 1'299.50", 1299.5),
        ("4,5", 4.5),
        ("90 min", 90),
        ("4.5/5", 4.5),
        ("4.5 out of 5", 4.5),
        ("18+", 18),
        ("-3", -3),
        ("9.78e12", 9.78e12),
        (".5", 0.5),
        ("Free To Play", 0),
        ("Play for Free!", 0),
        (7, 7),
        ("abc", None),
        ("iPhone 6", None),
        ("1,23,4", None),
        ("12-14", None),
        (True, None),
        (10**400, None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_numbers_are_read_however_they_are_written(raw: object, number: float | None) -> None:
    assert parse_number(raw) == number


def test_the_columns_mark_decides_what_a_dot_means() -> None:
    assert parse_number("1.299") == 1.299
    assert parse_number("1.299", decimal=",") == 1299


@given(st.floats(-1e200, 1e200))
def test_every_float_is_read_back(number: float) -> None:
    assert parse_number(repr(number)) == number


@given(st.integers(-(10**12), 10**12))
def test_grouped_digits_are_read_back(number: int) -> None:
    assert parse_number(f"{number:,}") == number


@pytest.mark.parametrize(
    ("raw", "unit"), [("$4.99", "USD"), ("4 EUR", "EUR"), ("90 min.", "min"), ("7", ""), ("what", "")]
)
def test_units_stand_beside_the_number(raw: str, unit: str) -> None:
    assert unit_of(raw) == unit


@pytest.mark.parametrize(
    ("raw", "minutes"),
    [
        ("1h 30m", 90),
        ("1h30", 90),
        ("PT1H15M", 75),
        ("1:30:00", 90),
        ("3:45", 3.75),
        ("1 hr 5 min", 65),
        ("45 minutes", 45),
        ("soon", None),
        ("", None),
    ],
)
def test_lengths_of_time_are_minutes(raw: str, minutes: float | None) -> None:
    assert parse_minutes(raw) == minutes


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("2018-01-04", "2018-01-04"),
        ("2018-01-04T10:00:00Z", "2018-01-04"),
        ("2018/1/4", "2018-01-04"),
        ("2018-01", "2018-01"),
        ("1994-00-00", "1994"),
        ("1994.0", "1994"),
        ("-720.0", "-720"),
        ("Jan 4, 2018", "2018-01-04"),
        ("4th of January 2018", "2018-01-04"),
        ("Thu, 04 Jan 2018 10:00:00 GMT", "2018-01-04"),
        ("January 2018", "2018-01"),
        ("4. März 2018", "2018-03-04"),
        ("Q3 2018", "2018"),
        ("31/12/2018", "2018-12-31"),
        ("20180104", "2018-01-04"),
        (1260759144, "2009-12-14"),
        ("coming soon", None),
        ("2018-02-31", None),
        ("0", None),
        ("may contain nuts", None),
        ("may " + "9" * 5000, None),
    ],
)
def test_dates_become_iso_text(raw: object, iso: str | None) -> None:
    assert parse_date(raw) == iso


def test_the_column_decides_which_number_is_the_day() -> None:
    assert parse_date("03/04/2018") == "2018-03-04"
    assert parse_date("03/04/2018", day_first=True) == "2018-04-03"


@given(st.dates())
def test_every_iso_date_is_read_back(day: object) -> None:
    assert parse_date(str(day)) == str(day)


@given(st.text(max_size=40))
def test_no_text_makes_a_parser_crash(text: str) -> None:
    parse_number(text)
    parse_minutes(text)
    parse_date(text)
    as_labels(text, ",")


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        (["A", "B", "A", None, "nan"], ("A", "B")),
        ("['A', 'B']", ("A", "B")),
        ('["A", "B"]', ("A", "B")),
        ("[A, B]", ("A", "B")),
        ('c("A", "B")', ("A", "B")),
        ([{"id": 1, "name": "A"}], ("A",)),
        ('[{"id": 1, "name": "A"}]', ("A",)),
        ("A, B , Acme, Inc., 1,000", ("A", "B", "Acme, Inc.", "1,000")),
        ("[]", ()),
    ],
)
def test_labels_are_found_in_every_kind_of_list(cell: object, labels: tuple[str, ...]) -> None:
    assert as_labels(cell, ",") == labels


def test_what_says_nothing_is_missing() -> None:
    assert all(map(is_missing, (None, float("nan"), "", " N/A ", "NULL", [], {})))
    assert not any(map(is_missing, (0, False, "0", "no", [""])))
    assert as_text(3.0) == "3"
