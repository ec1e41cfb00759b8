import itertools

import pytest
from convrec.agents.language.quantities import find_quantities, read_number
from convrec.agents.state import Wish
from talk_stage import TODAY, limits_of, read


def found(text: str) -> list[tuple[str, float | None, float | None]]:
    return [(q.kind, q.bounds.low, q.bounds.high) for q in find_quantities(text, TODAY)]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("two hours", 120), ("an hour and a half", 90), ("90 minutes", 90), ("2h", 120), ("1h30", 90), ("half an hour", 30),
     ("2 hours 15", 135), ("two and a half hours", 150), ("1.5 hours", 90), ("ninety mins", 90)],
)  # fmt: skip
def test_durations_are_read_in_minutes(text: str, minutes: float) -> None:
    assert found(text) == [("minutes", minutes, minutes)]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("the 80s", 1980, 1990), ("eighties", 1980, 1990), ("1990s", 1990, 2000), ("early 90s", 1990, 1994),
     ("late seventies", 1976, 1980), ("mid-2000s", 2003, 2007), ("the 20s", 1920, 1930), ("19th century", 1800, 1900),
     ("1994", 1994, 1995), ("this year", 2026, 2027), ("last year", 2025, 2026)],
)  # fmt: skip
def test_periods_are_half_open_years(text: str, low: float, high: float) -> None:
    assert found(text) == [("period", low, high)]


@pytest.mark.parametrize(("text", "since"), [("the last ten years", 2016), ("the past decade", 2016)])
def test_the_last_years_are_counted_from_today(text: str, since: float) -> None:
    assert found(text) == [("period", since, None)]


@pytest.mark.parametrize("text", ["$20", "20 dollars", "20 bucks", "€20", "20€", "twenty quid"])
def test_money_is_money_in_any_currency(text: str) -> None:
    assert found(text) == [("money", 20, 20)]


@pytest.mark.parametrize("text", ["my son is 6", "a 6 year old", "6-year-olds", "a six year old"])
def test_ages_are_told_from_other_numbers(text: str) -> None:
    assert ("age", 6, 6) in found(text)


def test_stars_remember_out_of_how_many() -> None:
    quantities = find_quantities("4 stars out of 5, or 8/10", TODAY)
    assert [(q.kind, q.number, q.scale) for q in quantities] == [("stars", 4, 5), ("stars", 8, 10)]


def test_a_plain_number_keeps_the_word_after_it() -> None:
    (pages,) = find_quantities("under 300 pages", TODAY)
    assert (pages.kind, pages.number, pages.unit) == ("number", 300, "pages")


def test_quantities_come_in_order_and_never_overlap() -> None:
    quantities = find_quantities("two 90s films of 2 hours under $20 for a 12 year old, 4 stars", TODAY)
    assert [q.kind for q in quantities] == ["number", "period", "minutes", "money", "age", "stars"]
    assert all(a.end <= b.start for a, b in itertools.pairwise(quantities))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,200", 1200),
        ("twenty-five", 25),
        ("a couple of", 2),
        ("three hundred", 300),
        ("a thousand", 1000),
        ("7.5", 7.5),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "no numbers here", "someone", "often", "tent", "phone 9to5x"])
def test_words_that_only_look_like_numbers_are_none(text: str) -> None:
    assert all(q.kind == "number" for q in find_quantities(text, TODAY))
    assert not [q for q in find_quantities(text, TODAY) if text in ("", "no numbers here", "someone", "often", "tent")]


def test_a_year_that_is_no_year_is_not_read_as_one() -> None:
    assert "period" not in {q.kind for q in find_quantities("1984 pages, 2099", TODAY)}


@pytest.mark.parametrize(
    "text",
    [
        "something for a 6 years year old", "suitable for a 6 year old", "ok for a 6-year-old", "my 6-year-old", "for kids of 6",
        "suitable for 6 year olds", "for children aged 6", "suitable for a 6 years old", "good for a 6 yr old",
    ],
)  # fmt: skip
async def test_an_age_bounds_the_least_age_and_is_no_date(text: str) -> None:
    assert limits_of((await read(text)).preferences) == {("must", "min_age", "..6")}
    assert not any(p.limit.attribute == "published" for p in (await read(text, "books")).preferences)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("400 pages max", ("must", "pages", "..400")), ("300 pages at most", ("must", "pages", "..300")),
        ("650 pages and up", ("must", "pages", "650..")), ("300 pages", ("prefer", "pages", "250..350")),
        ("rated 4 or better", ("must", "rating", "4..")),
    ],
)  # fmt: skip
async def test_a_bound_may_stand_behind_the_unit(text: str, expected: tuple[str, str, str]) -> None:
    assert limits_of((await read(text, "books")).preferences) == {expected}


@pytest.mark.parametrize("text", ["I can't go over $20", "it cannot be more than $20", "no more than $20"])
async def test_what_a_price_cannot_pass_is_a_ceiling(text: str) -> None:
    assert limits_of((await read(text, "games")).preferences) == {("must", "price", "..20")}


async def test_a_number_wins_over_the_same_said_by_comparison() -> None:
    shown = Wish(focus=("dune",), shown=("dune",))
    got = await read("I meant something newer. it should be not older than 1990", "books", shown)
    assert limits_of(got.preferences) == {("must", "published", "1990..")}
