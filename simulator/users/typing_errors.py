"""Typing errors as hands make them: a key beside the right one, two letters swapped, one doubled, one left out."""

import random
import re
from collections.abc import Collection
from functools import lru_cache

from ...tools.english import is_english
from ...tools.talk_words import TALK_WORDS
from ...tools.words import fold

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile(r"[^\W\d_]{4,}(?![\w'’])")
_BEARING = frozenset(
    """
    after anything avoid before below between budget cheaper dont drop either except forget from hate ignore instead
    least less longer more most must neither never newer none nope nothing older only over preferably rather second
    shorter since than third under until without wont fifth first fourth ideally last actually
    """.split()
)
"""Words on which the meaning of a sentence hangs; who mistypes them corrects them."""


def mistype(text: str, rate: float, rng: random.Random, keep: Collection[str] = ()) -> str:
    """The text with some of its words mistyped; digits, short words and what must stay are left as they are.

    A mistyped word is never another common word, so that the text cannot come to mean something else.

    Args:
        text: what was to be typed.
        rate: the share of words that are mistyped, from 0 to 1; short and meaningful words are counted, but spared.
        rng: the chance.
        keep: texts that must stay as they are wherever they occur, such as titles.
    """
    if rate <= 0:
        return text
    kept = [m.span() for part in keep if part for m in re.finditer(re.escape(part), text, re.IGNORECASE)]

    def touched(match: re.Match[str]) -> str:
        word = match.group()
        if (
            rng.random() >= rate
            or fold(word) in _BEARING
            or (match.start() and text[match.start() - 1] in "'’0123456789")
        ):
            return word
        if any(start < match.end() and match.start() < end for start, end in kept):
            return word
        wrong = slip(word, rng)
        return word if fold(wrong) in TALK_WORDS or is_english(fold(wrong)) else wrong

    return _WORD.sub(touched, text)


def slip(word: str, rng: random.Random) -> str:
    """A word with one error in it; its first letter stays right."""
    place = rng.randrange(1, len(word))
    kind = rng.choice(("beside", "swapped", "doubled", "dropped"))
    letter = word[place]
    if kind == "beside" and (near := _beside(letter.lower())):
        return word[:place] + rng.choice(near) + word[place + 1 :]
    if kind == "swapped" and place + 1 < len(word) and word[place + 1] != letter:
        return word[:place] + word[place + 1] + letter + word[place + 2 :]
    if kind == "doubled":
        return word[:place] + letter + word[place:]
    return word[:place] + word[place + 1 :]


@lru_cache(maxsize=64)
def _beside(letter: str) -> str:
    """The keys beside a letter's; none for what is on no key of ours."""
    for number, row in enumerate(_ROWS):
        place = row.find(letter)
        if place >= 0:
            others = _ROWS[max(number - 1, 0) : number] + _ROWS[number + 1 : number + 2]
            same = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
            return same + "".join(o[place : place + 1] for o in others)
    return ""
