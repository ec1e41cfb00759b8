"""Whether a simulated user gives the title of a target away.

A success would say nothing about a system that was told the answer, so every turn is checked, whoever speaks. Titles are
compared without case, accents, punctuation, a year at the end and a leading article, and aliases count. Words may be
misspelt. A title of ordinary words ("It", "Up", "The Others") only counts where it is written as a title, for
else everybody would say it all the time.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ..tools.english import is_english
from ..tools.items import Item
from ..tools.talk_words import TALK_WORDS
from ..tools.words import STOPWORDS, Token, fold, tokens

_YEAR = re.compile(r"\s*[(\[]?\b(?:1[89]|20)\d\d\b[)\]]?\s*$")
_ARTICLES = frozenset(("the", "a", "an"))
_OPENING, _CLOSING = "\"“”„«*_‘'`", "\"”“»*_’'`"


@dataclass(frozen=True)
class _Title:
    """A title as it is looked for.

    Attributes:
        words: its folded words, without a leading article.
        raw: the same as they are written.
        ordinary: whether it only counts where it is written as a title.
    """

    words: tuple[str, ...]
    raw: tuple[str, ...]
    ordinary: bool

    @cached_property
    def joined(self) -> str:
        """The words between spaces."""
        return f" {' '.join(self.words)} "


def leaked_titles(text: str, targets: Sequence[Item], *, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The titles of targets that a text gives away, as the catalogue writes them, in the targets' order.

    Args:
        text: what the user says.
        targets: the items that must not be named.
        allowed: words that may be said although a title stands in them: titles that the system itself has shown, labels
            of the catalogue that the user asks for.
    """
    if not text or not targets:
        return ()
    said = _Said(text, allowed)
    return tuple(
        item.title
        for item in targets
        if any(said.holds(title) for title in _titles(item.title, item.aliases, _labels(item)))
    )


class _Said:
    """A text in which titles are looked for."""

    def __init__(self, text: str, allowed: Iterable[str]) -> None:
        self._text, self._allowed = text, allowed
        self._tokens = tokens(text)
        self._folded = [t.text for t in self._tokens]
        self._joined = f" {' '.join(self._folded)} "
        self._odd = [w for w in set(self._folded) if len(w) > 3 and w not in TALK_WORDS]

    def holds(self, title: _Title) -> bool:
        """Whether a title stands in the text, outside what may be said."""
        if title.joined not in self._joined and (title.ordinary or not self._misspells(title)):
            return False
        length = len(title.words)
        for start in range(len(self._folded) - length + 1):
            if not _alike(self._folded[start : start + length], title):
                continue
            if all(place in self._free for place in range(start, start + length)):
                continue
            if not title.ordinary or _as_title(self._tokens[start : start + length], title, self._text):
                return True
        return False

    def _misspells(self, title: _Title) -> bool:
        """Whether one of the title's words is there with an error in it."""
        return any(
            len(word) > 4 and (odd[0] == word[0] or odd[1] == word[1]) and _one_slip(odd, word)
            for word in title.words
            for odd in self._odd
        )

    @cached_property
    def _free(self) -> set[int]:
        return _spans(self._folded, self._allowed)


def _alike(words: Sequence[str], title: _Title) -> bool:
    """Whether words are a title's, each with one error at most that makes it no other word; none in ordinary titles."""
    if title.ordinary:
        return tuple(words) == title.words
    return all(
        a == b or (len(b) > 4 and _one_slip(a, b) and not is_english(a))
        for a, b in zip(words, title.words, strict=True)
    )


def _one_slip(word: str, other: str) -> bool:
    """Whether a single letter is wrong, missing, too many, or swapped with the next."""
    if abs(len(word) - len(other)) > 1:
        return False
    same = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, others = word[same:], other[same:]
    swapped = rest[:2] == others[:2][::-1] and rest[2:] == others[2:]
    return rest[1:] == others[1:] or rest == others[1:] or rest[1:] == others or swapped


def _as_title(said: Sequence[Token], title: _Title, text: str) -> bool:
    """Whether ordinary words are written as a title: in quotes or stars, before a year in brackets, or with its capitals
    in the middle of a sentence."""
    before, after = text[: said[0].start].rstrip(" "), text[said[-1].end :].lstrip(" ")
    if before[-1:] and before[-1] in _OPENING and after[:1] and after[0] in _CLOSING:
        return True
    if re.match(r"\((?:1[89]|20)\d\d\)", after):
        return True
    within = bool(before) and before[-1] not in ".!?:\n" + _OPENING
    capitals = [t.raw for t in said] == list(title.raw) and title.raw[0][0].isupper() and title.raw != ("I",)
    around = text[: said[0].start] + text[said[-1].end :]
    return within and capitals and any(c.islower() for c in around)


def _spans(folded: Sequence[str], allowed: Iterable[str]) -> set[int]:
    """The places of words that may be said."""
    places: set[int] = set()
    for part in allowed:
        wanted = [t.text for t in tokens(part)]
        for start in range(len(folded) - len(wanted) + 1) if wanted else ():
            if list(folded[start : start + len(wanted)]) == wanted:
                places.update(range(start, start + len(wanted)))
    return places


def _labels(item: Item) -> tuple[str, ...]:
    """The item's own labels, which a user may well ask for."""
    return tuple(label for value in item.attributes.values() if isinstance(value, tuple) for label in value)


@lru_cache(maxsize=20_000)
def _titles(title: str, aliases: tuple[str, ...], labels: tuple[str, ...]) -> tuple[_Title, ...]:
    own = {fold(label) for label in labels}
    forms: dict[tuple[str, ...], _Title] = {}
    for name in (title, *aliases):
        for written in (name, _YEAR.sub("", name)):
            found = tokens(written)
            if len(found) > 1 and found[0].text in _ARTICLES:
                found = found[1:]
            if found:
                words = tuple(t.text for t in found)
                forms[words] = _Title(
                    words, tuple(t.raw for t in found), " ".join(words) in own or _ordinary(words, name)
                )
    return tuple(forms.values())


def _ordinary(words: Sequence[str], written: str) -> bool:
    """Whether people would say these words without thinking of a title."""
    if len(words) > 1:
        return len(words) < 5 and all(w in TALK_WORDS or w in STOPWORDS or w.isdigit() for w in words)
    word = words[0]
    plain = len(word) < 4 or word.isdigit() or word in TALK_WORDS or word in STOPWORDS
    return plain or (written.isascii() and is_english(word))
