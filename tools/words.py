"""Words: folding, tokens with their places, and stems. Everything that compares text compares it in this form."""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"\bw/(?=\s)|[^\W_]+(?:['’][^\W_]+)*|&")
_SIGNS = {"&": "and", "w/": "with"}
_LATIN = re.compile(r"[a-z]+")

STOPWORDS = frozenset(
    """
    a about after all also am an and any are aren't as at be because been being both but by can could did do does
    doing don't down each few for from further get got had has have having he her here hers him his how i i'd i'll
    i'm i've if in into is isn't it it's its just let let's me more most my myself no nor not of off on once or
    other our out over own per please she should so some such than that that's the their theirs them then there
    there's these they this those through to too under until up very was we were what what's when where which while
    who whom why will with would you you'd your yours
    """.split()
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: folded, with its place in the text it came from.

    Attributes:
        text: the word, lower-case and without accents.
        raw: the word as it was written.
        start: where it begins, in characters.
        end: one past its last character.
    """

    text: str
    raw: str
    start: int
    end: int


@lru_cache(maxsize=200_000)
def fold(text: str) -> str:
    """Lower-case, without accents, with straight quotes: "Amélie’s" -> "amelie's"."""
    if text.isascii():
        return _SIGNS.get(text) or text.lower()
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    bare = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return "and" if bare == "&" else bare


def tokens(text: str) -> list[Token]:
    """The words of a text, in order."""
    return [Token(fold(m.group()), m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return [fold(m) for m in _WORD.findall(text)]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A folded word's stem (Snowball English); other scripts and numbers stay as they are."""
    if word.endswith("'s"):
        word = word[:-2]
    if not _LATIN.fullmatch(word):
        return word
    return _own_stemmer().stemWord(word)


def stems(text: str) -> list[str]:
    """The stems of a text's words, in order."""
    return [stem(w) for w in words(text)]


@lru_cache(maxsize=20_000)
def stem_set(text: str) -> frozenset[str]:
    """The stems of a text's words; asked for again and again of the same sentences."""
    return frozenset(stem(w) for w in words(text))


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning."""
    return [stem(w) for w in words(text) if w not in STOPWORDS]


def sentences(text: str) -> list[str]:
    """A text's sentences, in order, without marks of bold: in replies only titles are bold."""
    return [s.strip() for s in re.split(r"(?<=[.!?…])\s+", text.replace("**", "")) if s.strip()]


_OF_THREAD = threading.local()


def _own_stemmer():
    """A stemmer for this thread alone: it keeps the word that it is at."""
    if not hasattr(_OF_THREAD, "stemmer"):
        import snowballstemmer

        _OF_THREAD.stemmer = snowballstemmer.stemmer("english")
    return _OF_THREAD.stemmer
