"""Preferences in words, from the schema and the catalogue."""

import random

import pytest
from convrec.simulator.users.voice import phrases
from convrec.simulator.users.wording import (
    an_or_a,
    before_noun,
    is_adjective,
    number_of,
    roles_of,
    spoken_bounds,
    spoken_span,
    spoken_values,
    stands_alone,
)
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute
from talk_stage import index_of

MINUTES = Attribute(name="m", kind="number", measure="duration", unit="min", label="length")
PRICE = Attribute(name="p", kind="number", measure="price", unit="USD", label="price")
RATING = Attribute(name="r", kind="number", measure="rating", label="rating")
PLAYERS = Attribute(name="n", kind="number", measure="players", label="players")
AGE = Attribute(name="a", kind="number", measure="age", unit="years", label="age")
PLAIN = Attribute(name="x", kind="number", label="amperage")
YEAR = Attribute(name="y", kind="date", label="year")


def bounds(attribute: Attribute, **numbers: float | bool) -> set[str]:
    limit = Limit(attribute=attribute.name, ranges=(Range(**numbers),))  # type: ignore[arg-type]
    return {s for seed in range(30) for s in spoken_bounds(limit, attribute, phrases().bounds, random.Random(seed))}


@pytest.mark.parametrize(
    ("attribute", "numbers", "some"),
    [
        (MINUTES, {"high": 120.0, "open_high": True}, {"under 2 hours", "less than 120 min", "shorter than 2 hours"}),
        (MINUTES, {"high": 100.0}, {"at most 100 minutes", "no more than 100 minutes"}),
        (MINUTES, {"low": 90.0, "open_low": True}, {"over an hour and a half", "longer than 90 minutes"}),
        (PRICE, {"high": 20.0}, {"up to $20", "no more than 20 dollars", "20 bucks max"}),
        (PRICE, {"high": 0.0}, {"free"}),
        (RATING, {"low": 7.5}, {"rated 7.5 or better", "with a rating of 7.5 or more"}),
        (PLAYERS, {"low": 4.0}, {"for at least 4 players"}),
        (AGE, {"high": 8.0}, {"suitable for an 8 year old", "for an 8 year old"}),
        (PLAIN, {"low": 10.0}, {"with amperage at least 10"}),
        (YEAR, {"low": 1990.0, "high": 2000.0, "open_high": True}, {"from the 90s", "from the 1990s"}),
        (YEAR, {"low": 2000.0, "high": 2010.0, "open_high": True}, {"from 2000 to 2009"}),
        (YEAR, {"low": 2015.0}, {"2015 or newer", "since 2015"}),
        (YEAR, {"high": 1980.0, "open_high": True}, {"before 1980", "older than 1980"}),
        (MINUTES, {"low": 60.0, "high": 120.0}, {"between an hour and 2 hours"}),
    ],
)
def test_ranges_are_said_as_people_say_them(attribute: Attribute, numbers: dict[str, float], some: set[str]):
    assert some <= bounds(attribute, **numbers)


def test_open_and_closed_ends_are_told_apart():
    closed, opened = bounds(MINUTES, high=100.0), bounds(MINUTES, high=100.0, open_high=True)
    assert not closed & opened
    assert not bounds(MINUTES, low=100.0) & bounds(MINUTES, low=100.0, open_low=True)


def test_numbers_have_their_unit():
    rng = random.Random(1)
    assert number_of(300.0, Attribute(name="l", kind="number", unit="pages"), rng) == "300 pages"
    assert number_of(1.0, Attribute(name="l", kind="number", unit="h"), rng) == "1 hour"
    assert number_of(7.5, RATING, rng) == "7.5"
    assert {number_of(20.0, PRICE, random.Random(n)) for n in range(20)} == {"$20", "20 dollars", "20 bucks"}


def test_prepositions_come_from_the_schema():
    schema = index_of("books").catalogue.schema
    assert "by {value}" in roles_of(schema.attribute("authors"))
    assert "translated from {value}" in roles_of(schema.attribute("language"))
    assert roles_of(schema.attribute("genres")) == ()
    assert roles_of(None) == ()
    assert "starring {value}" in roles_of(
        Attribute(name="c", kind="category", person=True, also=("starring", "played by"))
    )


def test_synonyms_are_used_by_those_who_know_and_only_where_they_mean_one_thing():
    attribute = Attribute(
        name="g",
        kind="category",
        synonyms={
            "Science Fiction": ("sci-fi", "future"),
            "Fantasy": ("magic", "future"),
            "Romance": ("love stories",),
        },
    )
    limit = Limit(attribute="g", values=("Science Fiction",))

    def said(knowledge: float, limit: Limit = limit) -> set[str]:
        return {spoken_values(limit, attribute, knowledge, random.Random(n)) for n in range(60)}

    assert said(1.0) == {"science fiction", "sci-fi"}
    assert said(0.0) == {"science fiction"}
    assert said(1.0, Limit(attribute="g", values=("Romance",))) == {"romance"}


def test_names_keep_their_capitals_and_common_words_do_not():
    rng = random.Random(1)
    person = Attribute(name="who", kind="category", person=True)
    assert spoken_values(Limit(attribute="who", values=("Ada Stone",)), person, 0.5, rng) == "Ada Stone"
    plain = Attribute(name="g", kind="category")
    assert spoken_values(Limit(attribute="g", values=("Adventure", "Horror")), plain, 0.5, rng) == "adventure or horror"
    assert spoken_values(Limit(attribute="g", values=("PlayStation 5",)), plain, 0.5, rng) == "PlayStation 5"
    assert spoken_values(Limit(attribute=None, values=("time travel",)), None, 0.5, rng) == "time travel"


def test_an_age_never_repeats_its_unit():
    for numbers in ({"high": 6.0}, {"low": 6.0}, {"low": 6.0, "high": 8.0}):
        for said in bounds(AGE, **numbers):
            assert "years" not in said
            assert "6" in said or "8" in said
            assert any(word in said for word in ("year old", "for ages")), said


def test_ranges_of_years_have_one_preposition_and_a_noun():
    limit = Limit(attribute="y", ranges=(Range(low=2020.0, high=2030.0, open_high=True),))
    assert not [s for s in bounds(YEAR, low=2020.0, high=2030.0, open_high=True) if "from between" in s]
    assert spoken_span(limit, YEAR) == "2020 to 2029"
    assert spoken_span(Limit(attribute="y", ranges=(Range(low=1990.0, high=1999.0),)), YEAR) == "the 1990s"
    assert spoken_span(Limit(attribute="y", ranges=(Range(low=1990.0),)), YEAR) == ""
    assert spoken_span(Limit(attribute="m", ranges=(Range(low=60.0, high=90.0),)), MINUTES) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("exciting", "exciting stories"),
        ("short stories", "short stories"),
        ("true story", "true stories"),
        ("Story", "stories"),
        ("history", "history stories"),
    ],
)
def test_the_noun_behind_a_label_is_said_once(value: str, said: str):
    assert before_noun(value, "story", "stories", "stories") == said


def test_only_what_is_sure_to_be_an_adjective_counts_as_one():
    assert all(map(is_adjective, ("hopeful", "belgian", "japanese", "hopeful or belgian")))
    assert not any(map(is_adjective, ("drama", "dark", "united kingdom", "racing", "hopeful or drama", "ian")))


def test_what_follows_is_must_be_able_to():
    assert all(map(stands_alone, ("made in Norway", "under 2 hours", "for 4 players")))
    assert not any(map(stands_alone, ("with a rating of 8", "starring Ada Moss", "with korean as the language")))


def test_the_article_goes_by_the_sound():
    assert [an_or_a(w) for w in ("adventure", "underground", "8", "11 page", "Iron")] == ["an"] * 5
    assert [an_or_a(w) for w in ("game", "unique", "european", "UK", "6", "110")] == ["a"] * 6
