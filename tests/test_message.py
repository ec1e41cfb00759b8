import pytest
from convrec.agents.language.message import level
from hypothesis import given, settings
from hypothesis import strategies as st
from talk_stage import message_of


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=300))
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(level(text)) == len(text)


def test_words_are_the_users_own() -> None:
    message = message_of("A  FRENCH comédie!")
    start, end = message.level.index("french"), len(message.text)
    assert message.words(start, end) == "FRENCH comédie"


def test_what_is_taken_is_free_no_more() -> None:
    message = message_of("a french comedy")
    assert message.free(2, 8)
    message.take(2, 8)
    assert not message.free(2, 8)
    assert message.free(9, 15)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recomend a film wtih robots", ["recommend", "a", "film", "with", "robots"]),
        ("any othef ideas", ["any", "other", "ideas"]),
    ],
)
def test_a_slip_in_an_ordinary_word_is_mended(text: str, words: list[str]) -> None:
    message = message_of(text)
    assert [t.text for t in message.tokens] == words
    assert len(message.level) == len(text)


@pytest.mark.parametrize("text", ["a film by Ende", "kurosawa", "alien", "gory", "noir"])
def test_what_may_be_a_name_or_means_something_is_no_slip(text: str) -> None:
    assert [t.text for t in message_of(text).tokens] == [t.raw.lower() for t in message_of(text).tokens]
