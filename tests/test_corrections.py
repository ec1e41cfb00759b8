import pytest
from convrec.agents.state import Preference, Wish
from talk_stage import labelled, limits_of, ranged, read

COMEDY, NINETIES, FRENCH = labelled("genres", "Comedy"), ranged("year", 1990, 1999), labelled("countries", "France")


async def dropped(text: str, *before: Preference) -> set[str]:
    return set((await read(text, wish=Wish(preferences=before))).dropped)


@pytest.mark.parametrize(
    ("text", "goes"),
    [
        ("forget the comedy idea", {COMEDY.key}),
        ("drop the comedy", {COMEDY.key}),
        ("any year is fine", {NINETIES.key}),
        ("the year doesn't matter", {NINETIES.key}),
        ("never mind the nineties", {NINETIES.key}),
        ("I don't care about the country", {FRENCH.key}),
        ("it doesn't have to be French", {FRENCH.key}),
    ],
)
async def test_what_is_taken_back_is_dropped_and_the_rest_stays(text: str, goes: set[str]) -> None:
    assert await dropped(text, COMEDY, NINETIES, FRENCH) == goes


@pytest.mark.parametrize("text", ["drama instead", "actually a drama", "no, a drama", "make it a drama"])
async def test_a_correction_replaces_what_it_corrects(text: str) -> None:
    got = await read(text, wish=Wish(preferences=(COMEDY, FRENCH)))
    assert limits_of(got.preferences) == {("must", "genres", "Drama")}
    assert set(got.dropped) == {COMEDY.key}


NO_COMEDY = labelled("genres", "Comedy", strength="must_not")


@pytest.mark.parametrize(
    "text", ["comedy is fine tonight", "comedies are okay now", "I don't mind comedy", "a comedy would be fine too"]
)
async def test_what_was_kept_out_is_let_in_again(text: str) -> None:
    assert await dropped(text, NO_COMEDY, FRENCH) == {NO_COMEDY.key}


@pytest.mark.parametrize("text", ["comedy is fine", "that's fine", "French is fine too", "I don't mind"])
async def test_what_is_wanted_stays_when_it_is_called_fine(text: str) -> None:
    assert await dropped(text, COMEDY, FRENCH) == set()


async def test_an_addition_replaces_nothing() -> None:
    assert await dropped("and also a bit of drama", COMEDY, FRENCH) == set()


async def test_another_decade_replaces_the_first() -> None:
    assert await dropped("the 70s instead", COMEDY, NINETIES) == {NINETIES.key}


async def test_an_open_range_is_closed_and_not_replaced() -> None:
    since = ranged("year", 1990)
    got = await read("but before 2000", wish=Wish(preferences=(since,)))
    assert not got.dropped
    assert limits_of(got.preferences) == {("must", "year", "..2000")}


async def test_a_ban_replaces_the_wish_for_the_same_label() -> None:
    got = await read("no comedies", wish=Wish(preferences=(COMEDY,)))
    assert set(got.dropped) == {COMEDY.key}
    assert limits_of(got.preferences) == {("must_not", "genres", "Comedy")}


@pytest.mark.parametrize("text", ["start over", "forget everything", "reset", "let's start from scratch"])
async def test_starting_over_drops_everything(text: str) -> None:
    got = await read(text, wish=Wish(preferences=(COMEDY, NINETIES, FRENCH)))
    assert got.act == "reset"
    assert set(got.dropped) == {COMEDY.key, NINETIES.key, FRENCH.key}


async def test_an_attribute_is_forgotten_by_a_word_of_its_measure() -> None:
    published = ranged("published", 2000)
    for text in ("forget the date", "any date is fine", "forget the year"):
        got = await read(text, "books", Wish(preferences=(published,)))
        assert got.dropped == (published.key,), text
