import pytest
from talk_stage import read


async def mentions(text: str, name: str = "films") -> set[tuple[str, str | None]]:
    return {(m.item, m.feeling) for m in (await read(text, name)).mentions}


@pytest.mark.parametrize(
    ("text", "item", "feeling"),
    [
        ("something like Alien", "alien-1979", "like_this"),
        ("I loved Amelie", "amelie-2001", "liked"),
        ("I hated Heat", "heat-1995", "disliked"),
        ("I've already seen Alien", "alien-1979", "seen"),
        ("films similar to ameile", "amelie-2001", "like_this"),
        ("in the vein of The Godfather", "the-godfather-1972", "like_this"),
        ("Amelie", "amelie-2001", "like_this"),
    ],
)
async def test_a_title_is_found_with_the_feeling_around_it(text: str, item: str, feeling: str) -> None:
    assert await mentions(text) == {(item, feeling)}


async def test_feelings_go_on_through_a_list_of_titles() -> None:
    got = await mentions("I loved Alien, Heat and Amelie")
    assert got == {("alien-1979", "liked"), ("heat-1995", "liked"), ("amelie-2001", "liked")}


async def test_the_year_beside_a_title_tells_namesakes_apart() -> None:
    assert await mentions("like The Thing (1982)") == {("the-thing-1982", "like_this")}


@pytest.mark.parametrize(
    "text", ["I want to go up", "it is her birthday", "a drive in the heat", "we are big fans of us"]
)
async def test_ordinary_words_are_no_titles(text: str) -> None:
    assert not {(i, f) for i, f in await mentions(text) if f not in (None,)}


async def test_a_comparison_with_a_title_is_no_wish_for_the_like() -> None:
    assert not {f for _, f in await mentions("something older than Alien")} - {None}


async def test_an_alias_names_its_item() -> None:
    assert await mentions("something like BotW", "games") == {("the-legend-of-zelda-breath-of-the-wild", "like_this")}
