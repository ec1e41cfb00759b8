import pytest
from convrec.agents.messages import clean_message, clean_name
from convrec.tools.errors import InputError, MessageError
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  a   comedy\n\nplease ", "a comedy please"),
        ("a\x00b\x07c", "a b c"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("a\u202ecomedy", "a comedy"),
        ("我想看电影 😀", "我想看电影 😀"),
    ],
)
def test_a_message_keeps_its_words_and_loses_what_cannot_be_seen(text: str, clean: str) -> None:
    assert clean_message(text, 4000) == clean


@pytest.mark.parametrize("text", ["", " ", "\n\t\r", "\x00\x01", "\u200b\u2060"])
def test_a_message_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(MessageError, match="empty"):
        clean_message(text, 4000)


def test_a_message_is_too_long_by_one_character() -> None:
    assert clean_message("x" * 10, 10) == "x" * 10
    with pytest.raises(MessageError, match="11 characters"):
        clean_message("x" * 11, 10)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text(min_size=1, max_size=200))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        once = clean_message(text, 4000)
    except MessageError:
        return
    assert clean_message(once, 4000) == once
    assert once.isprintable()


@pytest.mark.parametrize("name", ["ann", "ann@example.com", "ü 用户", "x" * 200])
def test_a_name_stays_as_it_is(name: str) -> None:
    assert clean_name(name, "user") == name


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\nb", "a\x00", "a\ud800"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="user"):
        clean_name(name, "user")
