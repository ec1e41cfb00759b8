"""Which preferences last beyond the talk: told by their clause, and by what the user tells of their life."""

import pytest
from convrec.agents.state import Preference
from talk_stage import limits_of, read


async def lasting(text: str, name: str = "films") -> dict[str, bool]:
    """Value -> whether it lasts."""
    return {_value(p): p.lasting for p in (await read(text, name)).preferences}


def _value(preference: Preference) -> str:
    return "|".join(preference.limit.values) or f"..{preference.limit.ranges[0].high:g}"


async def test_each_clause_tells_for_itself_what_lasts() -> None:
    got = await lasting("I hate horror, but tonight show me a comedy under 90 minutes")
    assert got == {"Horror": True, "Comedy": False, "..90": False}
    assert await lasting("no horror for my flight, I love drama") == {"Horror": False, "Drama": True}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I love comedies", "Comedy"), ("I really like French films", "France"), ("I enjoy a good thriller", "Thriller"),
        ("I can't stand musicals", "Musical"), ("I never watch horror", "Horror"), ("hate westerns", "Western"),
        ("I usually watch dramas", "Drama"), ("not a fan of westerns", "Western"), ("horror is not for me", "Horror"),
        ("I've always loved westerns", "Western"), ("I'm allergic to musicals", "Musical"), ("I'm into thrillers", "Thriller"),
        ("from now on no horror please", "Horror"), ("my favourite genre is film noir", "Film-Noir"),
        ("we hate war films", "War"), ("I only watch French films", "France"), ("I don't like horror", "Horror"),
        ("I love fantasy, what do you have?", "Fantasy"),
        ("never recommend me westerns", "Western"), ("I don't watch anything over two hours", "..120"),
    ],
)  # fmt: skip
async def test_a_taste_for_good_lasts(text: str, value: str) -> None:
    assert await lasting(text) == {value: True}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("show me a comedy", "Comedy"), ("I want a comedy", "Comedy"), ("I'd love a comedy", "Comedy"),
        ("in the mood for a comedy", "Comedy"), ("I hate horror tonight", "Horror"), ("no horror", "Horror"),
        ("the best comedy ever", "Comedy"), ("do I like horror?", "Horror"), ("I don't want horror", "Horror"),
        ("I used to love westerns", "Western"), ("my wife hates horror", "Horror"), ("I feel like a comedy", "Comedy"),
        ("I like something with Tom Hanks", "Tom Hanks"), ("should I watch drama?", "Drama"),
    ],
)  # fmt: skip
async def test_a_wish_for_now_and_somebody_elses_taste_do_not_last(text: str, value: str) -> None:
    assert await lasting(text) == {value: False}


async def test_an_item_that_was_loved_is_no_taste() -> None:
    got = await read("I loved Alien")
    assert not got.preferences
    assert [(m.item, m.feeling) for m in got.mentions] == [("alien-1979", "liked")]


async def test_a_favourite_is_no_condition() -> None:
    got = await read("my favourite genre is film noir")
    assert limits_of(got.preferences) == {("prefer", "genres", "Film-Noir")}


async def test_what_one_owns_is_asked_for_as_any_of_it_and_lasts() -> None:
    got = await read("I own a Switch and an old PC", "games")
    assert limits_of(got.preferences) == {("must", "platforms", "Nintendo Switch|PC")}
    assert [p.lasting for p in got.preferences] == [True]
    assert got.facts == ("Owns a Switch and an old PC.",)


async def test_what_one_does_not_own_is_not_asked_for() -> None:
    got = await read("I don't own a Switch", "games")
    assert limits_of(got.preferences) == {("must_not", "platforms", "Nintendo Switch")}


async def test_a_language_that_is_not_spoken_is_no_wish_for_it() -> None:
    got = await read("I don't speak French")
    assert not got.preferences
    assert got.facts == ("Doesn't speak French.",)


async def test_company_is_a_fact_and_its_wish_is_for_now() -> None:
    got = await read("I watch with my two small kids")
    assert got.facts == ("Watches with two small kids.",)
    assert [p.lasting for p in got.preferences] == [False]
    assert await lasting("I mostly play strategy games with my girlfriend", "games") == {"Strategy": True}


async def test_a_label_says_an_allergy_better_than_a_fact() -> None:
    assert (await read("I'm allergic to musicals")).facts == ()
    assert (await read("I'm allergic to nuts")).facts == ("Is allergic to nuts.",)
