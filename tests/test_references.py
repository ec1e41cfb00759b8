import pytest
from convrec.agents.language.references import read_references
from talk_stage import message_of, words_of

FOCUS = ("alien-1979", "heat-1995", "amelie-2001")


def pointed(text: str, focus: tuple[str, ...] = FOCUS, spoken: str | None = None) -> list[tuple[str, ...]]:
    return [r.items for r in read_references(message_of(text), focus, words_of("films").catalogue, spoken)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("the second one", [1]), ("the first film", [0]), ("number 3", [2]), ("#2 please", [1]), ("the last one", [2]),
        ("the first two", [0, 1]), ("the first and the third", [0, 2]), ("option 1", [0]), ("the middle one", [1]),
        ("all of them", [0, 1, 2]), ("the French one", [2]), ("the oldest one", [0]), ("the longest one", [1]),
        ("the one from the 90s", [1]), ("the one with Al Pacino", [1]), ("second", [1]),
    ],
)  # fmt: skip
def test_pointing_words_find_their_items(text: str, places: list[int]) -> None:
    assert {i for items in pointed(text) for i in items} == {FOCUS[p] for p in places}


def test_it_is_the_item_last_spoken_of_or_the_first() -> None:
    assert pointed("what is it about", spoken="heat-1995") == [("heat-1995",)]
    assert pointed("what is it about") == [("alien-1979",)]


def test_a_bare_it_is_less_certain_than_an_ordinal() -> None:
    catalogue = words_of("films").catalogue
    assert [r.certain for r in read_references(message_of("is it good"), FOCUS, catalogue)] == [False]
    assert [r.certain for r in read_references(message_of("is the second one good"), FOCUS, catalogue)] == [True]


@pytest.mark.parametrize("text", ["the fourth one", "number 9", "the tenth"])
def test_a_place_that_is_not_shown_points_at_nothing(text: str) -> None:
    assert pointed(text) == []


def test_nothing_is_pointed_at_when_nothing_is_shown() -> None:
    assert pointed("the second one", ()) == []


def test_first_as_an_ordinary_word_points_at_nothing() -> None:
    assert pointed("it's my first time here, at first I wanted a comedy about first love") in ([], [("alien-1979",)])
