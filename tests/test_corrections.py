import pytest
from convrec.agents.state import Preference, Wish
from convrec.tools.limits import Range
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


GAMES = "games"
PUZZLE, MAC, XBOX = labelled("genres", "Puzzle"), labelled("platforms", "Mac"), labelled("platforms", "Xbox One")
NO_PUZZLE = labelled("genres", "Puzzle", strength="must_not")


async def after(text: str, *before: Preference) -> tuple[set[tuple[str, str, str]], set[str]]:
    got = await read(text, GAMES, Wish(preferences=before, focus=("hades", "celeste"), shown=("hades", "celeste")))
    return limits_of(got.preferences), set(got.dropped)


@pytest.mark.parametrize(
    "text",
    [
        "forget puzzle, racing instead", "scratch the puzzle, make it racing", "let's drop puzzle and go with racing",
        "sorry, I meant racing, not puzzle", "not puzzle, racing", "changed my mind: racing instead of puzzle",
        "I don't want puzzle after all, racing please", "actually racing rather than puzzle",
    ],
)  # fmt: skip
async def test_what_takes_the_place_of_something_is_read_and_the_old_is_not_kept_out(text: str) -> None:
    assert await after(text, PUZZLE, MAC) == ({("must", "genres", "Racing")}, {PUZZLE.key})


@pytest.mark.parametrize(
    "text",
    [
        "actually puzzle doesn't matter any more", "fine, I can live without puzzle", "it's alright if it's not puzzle after all",
        "puzzle was only a nice to have, leave it out", "forget what I said about puzzle", "drop the puzzle",
    ],
)  # fmt: skip
async def test_what_need_not_be_is_dropped_and_the_rest_stays(text: str) -> None:
    assert await after(text, PUZZLE, MAC) == (set(), {PUZZLE.key})


async def test_not_this_alone_keeps_it_out() -> None:
    assert (await after("not puzzle", PUZZLE))[0] == {("must_not", "genres", "Puzzle")}


@pytest.mark.parametrize("text", ["without puzzle", "remember, leave out anything puzzle", "i told you: no puzzle"])
async def test_keeping_something_out_once_more_does_not_let_it_in(text: str) -> None:
    assert await after(text, NO_PUZZLE) == ({("must_not", "genres", "Puzzle")}, set())


async def test_what_was_said_against_something_can_be_forgotten() -> None:
    assert await after("forget what I said against puzzle", NO_PUZZLE, MAC) == (set(), {NO_PUZZLE.key})


@pytest.mark.parametrize(
    "text", ["must be xbox one", "xbox one is a must", "those aren't xbox one though. I need xbox one"]
)
async def test_several_musts_of_one_attribute_add_up_where_an_item_can_have_them_all(text: str) -> None:
    assert await after(text, MAC) == ({("must", "platforms", "Xbox One")}, set())


async def test_a_must_said_again_takes_nothing_back() -> None:
    assert (await after("like I said, I need xbox one", MAC, XBOX))[1] == set()


@pytest.mark.parametrize("text", ["xbox one instead", "no, xbox one", "make it xbox one rather than mac"])
async def test_a_must_said_as_a_correction_takes_the_place_of_the_other(text: str) -> None:
    assert (await after(text, MAC))[1] == {MAC.key}


async def test_one_period_takes_the_place_of_another() -> None:
    old = Preference(limit=ranged("release_date").limit.model_copy(
        update={"ranges": (Range(low=2000, high=2010, open_high=True),)}), strength="must")  # fmt: skip
    new, gone = await after("on second thought, from 2020 to 2029 instead of from 2000 to 2009", old)
    assert {a for _, a, _ in new} == {"release_date"}
    assert (len(new), gone) == (1, {old.key})
