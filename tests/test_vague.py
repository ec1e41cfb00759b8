import pytest
from convrec.agents.language.vague import vague_limit
from talk_stage import read, words_of


@pytest.mark.parametrize(
    ("text", "attribute", "side"),
    [
        ("something short", "runtime", "low"), ("a long film", "runtime", "high"), ("not too long", "runtime", "low"),
        ("a recent film", "year", "high"), ("an old film", "year", "low"), ("not too old", "year", "high"),
        ("something well known", "renown", "high"), ("a hidden gem", "renown", "low"), ("highly rated", "rating", "high"),
    ],
)  # fmt: skip
async def test_vague_quantities_move_the_order(text: str, attribute: str, side: str) -> None:
    (preference,) = (await read(text)).preferences
    assert (preference.limit.attribute, preference.strength) == (attribute, "prefer")
    (bounds,) = preference.limit.ranges
    assert (bounds.low is None, bounds.high is None) == (side == "low", side == "high")


async def test_for_kids_is_a_limit_and_no_mere_preference() -> None:
    got = await read("something for my kids")
    assert [p.strength for p in got.preferences] == ["must"]
    assert got.preferences[0].limit.attribute in ("min_age", "genres")


@pytest.mark.parametrize("text", ["long time no see", "a quick question", "I'm new here", "I have had a long day"])
async def test_adjectives_of_ordinary_talk_are_no_wishes(text: str) -> None:
    assert not (await read(text)).preferences


def test_short_is_shorter_than_long_and_mild_is_wider() -> None:
    catalogue = words_of("films").catalogue
    runtime = catalogue.schema.attribute("runtime")
    short, mild = vague_limit(runtime, "low", catalogue), vague_limit(runtime, "low", catalogue, mild=True)
    long = vague_limit(runtime, "high", catalogue)
    assert short
    assert mild
    assert long
    assert (short.ranges[0].high or 0) < (mild.ranges[0].high or 0)
    assert (short.ranges[0].high or 0) < (long.ranges[0].low or 0)


async def test_a_catalogue_without_the_measure_reads_nothing_into_the_word() -> None:
    assert not [p for p in (await read("a cheap film")).preferences if p.limit.attribute]
