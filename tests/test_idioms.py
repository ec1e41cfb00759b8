import pytest
from convrec.agents.language.idioms import empty_places, without_opening
from talk_stage import limits_of, message_of, read

HELLOS = [
    "hiya", "hey hey", "hello there", "oh hello, is this where i can ask?", "howdy", "evening", "yo", "hi folks", "hi",
    "good evening", "good day to you", "hi, first time here", "hi, hope you're doing well", "hey, how are you?",
]  # fmt: skip


@pytest.mark.parametrize("hello", HELLOS)
async def test_a_greeting_alone_greets(hello: str) -> None:
    got = await read(hello)
    assert (got.act, got.preferences) == ("greet", ())


@pytest.mark.parametrize("hello", HELLOS)
@pytest.mark.parametrize("name", ["films", "games"])
async def test_a_greeting_before_a_wish_adds_nothing_to_it(hello: str, name: str) -> None:
    got = await read(f"{hello}{'' if hello.endswith('?') else ','} i am looking for an adventure", name)
    assert (got.act, limits_of(got.preferences)) == ("request", {("must", "genres", "Adventure")})


@pytest.mark.parametrize(
    ("text", "word"),
    [("an evening with friends", "evening"), ("films about hope", "hope"), ("something happy", "happy")],
)
def test_a_word_of_greeting_within_a_wish_counts(text: str, word: str) -> None:
    start = text.index(word)
    assert not any(a <= start < b for a, b in empty_places(message_of(text)))


@pytest.mark.parametrize(
    "text",
    [
        "once more for the record, comedy", "i changed my mind: comedy", "i'd be surprised if there was no comedy",
        "comedy, no big deal", "it would make me happy, a comedy", "bonus points for comedy",
        "you're going round in circles, comedy",
        "i can never decide on my own, so a comedy",
    ],
)  # fmt: skip
async def test_a_turn_of_phrase_leaves_no_phrase(text: str) -> None:
    assert {a for _, a, _ in limits_of((await read(text)).preferences)} == {"genres"}


async def test_a_mood_that_is_asked_for_is_no_turn_of_phrase() -> None:
    assert limits_of((await read("something happy")).preferences) == {("prefer", "moods", "feel-good")}


def test_only_the_greeting_of_a_longer_message_is_overwritten() -> None:
    message = message_of("hi, a comedy")
    assert without_opening(message, message.level) == "  , a comedy"
    alone = message_of("hi there")
    assert without_opening(alone, alone.level) == "hi there"
