import pytest
from convrec.tools.english import is_english


@pytest.mark.parametrize("word", ["film", "comedy", "funny", "dragon", "the", "space", "cheap"])
def test_common_words_are_english(word: str) -> None:
    assert is_english(word)


@pytest.mark.parametrize("word", ["comedies", "mother's", "gripping", "spaceships", "bloodless", "childlike"])
def test_words_derived_from_common_ones_are_english(word: str) -> None:
    assert is_english(word)


@pytest.mark.parametrize("word", ["spaceship", "stargate", "bloodbath"])
def test_two_common_words_in_one_are_english(word: str) -> None:
    assert is_english(word)


@pytest.mark.parametrize("word", ["asdfgh", "qwrtp", "zxcvbn", "hjklqw", "xyzzyq", ""])
def test_keyboard_noise_is_not_english(word: str) -> None:
    assert not is_english(word)
