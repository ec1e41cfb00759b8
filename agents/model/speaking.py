"""A model's words on their way to the user: said sentence by sentence, each checked before it is out.

The model writes [1], [2] where titles belong, and code writes the titles. A sentence that names another item, gives a
number that stands nowhere in what it was told, or holds a link or markup, is left out and counted.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing

from ...tools.errors import AnswerError
from ...tools.index import Index
from ...tools.words import words
from ..answer import named
from ..brains import Model
from ..guarantees import known_numbers, names_only

_END = re.compile(r"(?<=[.!?…:])(?<!^\d\.)[)”’»\"]*\s+|(?<=[。！？])[」』）”]*\s*|\n+")
_MARK = re.compile(r"\**\[\s*(\d{1,2})\s*\]\**")
_FOREIGN = re.compile(r"://|\bwww\.|</?[a-zA-Z!]|\]\(|`", re.IGNORECASE)
_DRESS = re.compile(r"\*\*|__|^#+ ", re.MULTILINE)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_TITLED = re.compile(r"\*\*.+?\*\*(?:\s*\(\d{4}\))?")
_BULLET = re.compile(r"^\s*(?:[*•·+–—-]|\d{1,2}[.)])\s+(?=\[)")

_NAME = re.compile(
    r"\b[A-Z][\w’'-]+(?:\s+(?:of|the|and|in|on|de|la|le|du|des|di|del|van|von)){0,2}(?:\s+[A-Z][\w’'-]+)+"
)
_CAPITALS = ("de", "lb")
"""Languages that write ordinary nouns with a capital."""

MOST = 5
"""Sentences of a reply at most, besides one line for each item."""

LONGEST = 4_000
"""Characters of a reply at most; what goes on after them comes from a model, or a server, that has lost its way."""


async def speak(
    model: Model,
    pieces: AsyncGenerator[str],
    items: Sequence[str],
    sources: Sequence[str],
    index: Index,
    say: Callable[[str], None],
    language: str = "en",
) -> str:
    """The whole of what was said.

    Args:
        model: who counts what is left out.
        pieces: the model's words as they come.
        items: ids of the items that may be named, [1] the first.
        sources: the texts that the model was told; a number has to stand in one.
        index: the catalogue.
        say: is handed each piece that may be said.
        language: what the model speaks.

    Raises:
        AnswerError: nothing of it could be said, or it would not end.
    """
    names = [named(index.catalogue.item(i), index) for i in items]
    sources = [*sources, *names, *map(str, range(1, len(items) + 1))]
    said = ""
    count = 0
    line_left_out = False
    # Closed here, so that the call of a stream that is left early is counted in its own step.
    async with aclosing(pieces):
        async for sentence, gap in _sentences(pieces):
            text = _with_titles(sentence, items, index)
            # As the model wrote it: a longer title may hold one of those that are put in.
            bare = _MARK.sub(" ", _DRESS.sub("", sentence))
            foreign = not names_only(bare, items, index) or _stresses(sentence, items, sources, index)
            foreign = foreign or (language not in _CAPITALS and _invents(bare, sources))
            if foreign or not _bare_and_known(text, sources) or line_left_out or count >= MOST + len(items):
                model.dropped += 1
                # What follows on the line of an item speaks of that item.
                line_left_out = gap != "\n" and (line_left_out or text.startswith("- "))
                if gap == "\n" and said and not said.endswith("\n"):
                    said += gap
                    say(gap)
                continue
            count += 1
            said += text + gap
            say(text + gap)
    if not said.strip():
        raise AnswerError("nothing of the reply could be used")
    return said


async def _sentences(pieces: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """Sentences and lines as soon as they are whole, each with the blank after it."""
    held, read = "", 0
    async for piece in pieces:
        held += piece
        read += len(piece)
        if read > LONGEST:
            raise AnswerError("the reply did not end")
        while (end := _END.search(held)) and end.end() < len(held):
            text = held[: end.start()] + end.group().rstrip()
            gap = end.group()[len(end.group().rstrip()) :]
            held = held[end.end() :]
            if text.strip():
                yield text, "\n" if "\n" in gap else gap and " "
    if held.strip():
        yield held.rstrip(), ""


def _with_titles(sentence: str, items: Sequence[str], index: Index) -> str:
    """A sentence with each item's title in its place, whether the model wrote its number or, against its orders, its title."""
    text = _DRESS.sub("", sentence)
    titles = {index.catalogue.item(item).title: number for number, item in reversed([*enumerate(items, 1)])}
    for title, number in sorted(titles.items(), key=lambda named: -len(named[0])):
        if title.isdigit():
            continue
        text = re.sub(rf"(?<!\w){re.escape(title)}(?!\w)(\s*\(\d{{4}}\))?", f"[{number}]", text)

    def title_of(mark: re.Match[str]) -> str:
        place = int(mark[1])
        return named(index.catalogue.item(items[place - 1]), index) if 1 <= place <= len(items) else mark[0]

    return _MARK.sub(title_of, _BULLET.sub("- ", text))


def _invents(sentence: str, sources: Sequence[str]) -> bool:
    """Whether a sentence has a name of several words that the model was not told: it may be a title of its own making."""
    told = f" {' '.join(' '.join(words(s)) for s in sources)} "
    # Every sentence begins with a capital, so its first word makes no name.
    begins = re.match(r"\W*\w[\w’'-]*", sentence)
    names = (" ".join(words(m.group())) for m in _NAME.finditer(sentence, begins.end() if begins else 0))
    return any(f" {name} " not in told for name in names)


def _stresses(sentence: str, items: Sequence[str], sources: Sequence[str], index: Index) -> bool:
    """Whether a sentence as the model wrote it has something in bold, as titles are, that it was not told of."""
    told = " ".join(" ".join(words(s)) for s in sources)
    for bold in _BOLD.findall(sentence):
        rest = _TITLED.sub("", _with_titles(bold, items, index)).strip()
        if rest[:1].isupper() and " ".join(words(rest)) not in told:
            return True
    return False


def may_be_said(text: str, sources: Sequence[str], index: Index) -> bool:
    """Whether a text names no item, gives no number but those of its sources, and holds no link or markup."""
    return _bare_and_known(text, sources) and names_only(text, (), index)


def _bare_and_known(text: str, sources: Sequence[str]) -> bool:
    return not _FOREIGN.search(text) and not _MARK.search(text) and known_numbers(text, sources)
