import pytest
from convrec.agents.state import Wish
from talk_stage import limits_of, read


async def hard(text: str, name: str = "films", wish: Wish | None = None) -> set[tuple[str, str, str]]:
    return limits_of((await read(text, name, wish)).preferences)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("under two hours", "..120"), ("at most 90 minutes", "..90"), ("over two hours", "120.."),
        ("no more than 2 hours", "..120"),
        ("between 90 and 120 minutes", "90..120"), ("at least an hour and a half", "90.."), ("90 minutes or less", "..90"),
        ("not longer than 100 minutes", "..100"), ("100 min max", "..100"),
    ],
)  # fmt: skip
async def test_a_duration_with_a_comparison_is_a_hard_range(text: str, bounds: str) -> None:
    assert await hard(f"a film {text}") == {("must", "runtime", bounds)}


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("before 1990", "..1990"), ("after 1990", "1991.."), ("since 2000", "2000.."), ("from 1980 to 1985", "1980..1986"),
        ("80s or early 90s", "1980..1994"), ("the 60s or the 80s", "1960..1970|1980..1990"),
        ("between 1950 and 1959", "1950..1960"),
        ("nothing before 1970", "1970.."), ("no later than 1999", "..2000"), ("in 1994", "1994..1995"),
    ],
)  # fmt: skip
async def test_years_are_read_as_half_open_ranges(text: str, bounds: str) -> None:
    assert await hard(f"a film {text}") == {("must", "year", bounds)}


async def test_an_item_lends_its_number_to_older_than() -> None:
    assert await hard("something older than Alien") == {("must", "year", "..1979")}


async def test_something_shorter_is_measured_by_what_is_shown_and_says_so() -> None:
    wish = Wish(focus=("alien-1979", "heat-1995"), shown=("alien-1979", "heat-1995"))
    got = await read("something shorter", wish=wish)
    (preference,) = got.preferences
    assert preference.relative
    assert preference.limit.attribute == "runtime"
    assert preference.limit.ranges[0].high == 117


async def test_around_two_hours_only_moves_the_order() -> None:
    ((strength, attribute, _),) = await hard("around two hours long")
    assert (strength, attribute) == ("prefer", "runtime")


async def test_hours_are_turned_into_the_catalogues_own_unit() -> None:
    assert await hard("a game under 600 minutes", "games") == {("must", "hours", "..10")}


async def test_people_to_play_with_are_the_least_number_of_players() -> None:
    assert await hard("a game for four players", "games") == {("must", "players", "4..")}


async def test_a_price_is_a_budget() -> None:
    assert await hard("a game under $20", "games") == {("must", "price", "..20")}


async def test_a_quantity_that_the_catalogue_does_not_measure_is_no_limit() -> None:
    assert not {p for p in await hard("a film under $20") if p[1] != "~"}


@pytest.mark.parametrize("text", ["I have an hour every evening", "we met two years ago", "it starts in 20 minutes"])
async def test_numbers_of_the_users_day_are_no_limits(text: str) -> None:
    assert not await hard(text)
