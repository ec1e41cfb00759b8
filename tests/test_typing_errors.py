"""Typing errors."""

import random
import re

from convrec.simulator.users.typing_errors import mistype, slip
from convrec.tools.english import is_english
from convrec.tools.words import fold

TEXT = "looking for something relaxing with castles and dragons, released between 1995 and 2004, under 20 dollars"


def test_who_makes_no_errors_types_as_meant():
    assert mistype(TEXT, 0.0, random.Random(1)) == TEXT


def test_errors_come_as_often_as_the_rate_says():
    words = "castles dragons relaxing colourful mysterious adventures " * 100
    wrong = sum(a != b for a, b in zip(words.split(), mistype(words, 0.2, random.Random(2)).split(), strict=True))
    assert 0.1 <= wrong / 600 <= 0.22


def test_digits_stay_as_they_are():
    for seed in range(200):
        assert re.findall(r"\d+", mistype(TEXT, 1.0, random.Random(seed))) == ["1995", "2004", "20"]


def test_words_that_carry_the_meaning_are_not_mistyped():
    text = "nothing without preferably under older than rather except never"
    assert mistype(text, 1.0, random.Random(3)) == text


def test_what_must_stay_stays_wherever_it_stands():
    for seed in range(100):
        said = mistype(
            "i'll take the silver needle, please. Silver Needle it is", 1.0, random.Random(seed), ["Silver Needle"]
        )
        assert "silver needle" in said
        assert "Silver Needle" in said


def test_an_error_makes_no_other_common_word():
    for seed in range(300):
        for word in re.findall(r"[a-z]{4,}", mistype(TEXT, 1.0, random.Random(seed)).lower()):
            assert word in TEXT or not is_english(fold(word)), word


def test_an_error_is_one_key_away():
    rng = random.Random(5)
    seen = set()
    for _ in range(300):
        wrong = slip("castle", rng)
        seen.add(wrong)
        assert wrong[0] == "c"
        assert abs(len(wrong) - 6) <= 1
        assert len(set(wrong) - set("castle")) <= 1
    assert len(seen) > 20


def test_other_scripts_and_single_letters_do_not_break_it():
    rng = random.Random(6)
    for text in ("", "ü", "Ärger Größe über", "кошка собака", "寿司 ラーメン", "a b c"):
        assert isinstance(mistype(text, 1.0, rng), str)
