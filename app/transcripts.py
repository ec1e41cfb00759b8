"""Conversations to share: as Markdown, in which nothing that a user or catalogue wrote is markup, and as JSON."""

import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict

from ..agents.state import Card, PastTurn, ThreadInfo
from .pictures import Pictures

_MARKS = re.compile(r"[\\`*_\[\]<>~|&$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_FIRST = re.compile(r"^(\d+)([.)])|^([#+=\-])")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_IN_ADDRESSES = "%/:?#[]@!$&'*+,;=~-._"


class SharedTurn(BaseModel):
    """One turn of a conversation that is shared.

    Attributes:
        text: what the user said.
        time: when, seconds since 1970; 0 where that is not known.
        reply: what was said to it.
        items, nearest: its cards.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    time: float
    reply: str
    items: tuple[Card, ...] = ()
    nearest: tuple[Card, ...] = ()


class SharedTalk(BaseModel):
    """A conversation that is shared; whose it is, and its id, are not in it."""

    model_config = ConfigDict(frozen=True)

    format: Literal["convrec-conversation-1"] = "convrec-conversation-1"
    title: str
    created: float
    updated: float
    turns: tuple[SharedTurn, ...]


def as_markdown(title: str, turns: Sequence[PastTurn], pictures: Pictures | None = None) -> str:
    """A conversation as Markdown: headings, quotes, lists, bold titles and links are its only markup.

    Args:
        title: what it is called; may be empty.
        turns: the oldest first.
        pictures: which pictures may be in it; None leaves all out.
    """
    parts = [f"# {plain_markdown(title) or 'A conversation'}"]
    for turn in turns:
        parts += _turn(turn, pictures)
    return "\n\n".join(parts) + "\n"


def as_json(info: ThreadInfo, turns: Sequence[PastTurn], pictures: Pictures | None = None) -> str:
    """A conversation as JSON, a `SharedTalk`.

    Args:
        info: its title and times.
        turns: the oldest first.
        pictures: which pictures may be in it; None leaves all out.
    """
    shared = SharedTalk(
        title=info.title,
        created=info.created,
        updated=info.updated,
        turns=tuple(_shared_turn(turn, pictures) for turn in turns),
    )
    return shared.model_dump_json(indent=2)


def plain_markdown(text: str) -> str:
    """Words as one line of Markdown that shows exactly these words: no mark, tag, entity or address in them is active."""
    shown = "".join(" " if unicodedata.category(c) in _HIDDEN else c for c in text)
    return _FIRST.sub(r"\1\\\2\3", _escaped(" ".join(shown.split())))


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda mark: f"\\{mark[0]}", text)


def _turn(turn: PastTurn, pictures: Pictures | None) -> Iterator[str]:
    when = f" ({time.strftime('%Y-%m-%d %H:%M', time.gmtime(turn.time))} UTC)" if turn.time > 0 else ""
    yield f"## You{when}"
    yield f"> {plain_markdown(turn.text)}"
    yield "## Answer"
    answer = turn.answer
    yield _reply(answer.reply, {card.title for card in (*answer.items, *answer.nearest)})
    for heading, cards in (("", answer.items), ("Near, but not what was asked for:", answer.nearest)):
        if cards and heading:
            yield heading
        if cards:
            yield "\n".join(line for place, card in enumerate(cards, start=1) for line in _card(place, card, pictures))


def _reply(reply: str, titles: set[str]) -> str:
    """A reply: titles of cards stay bold, lines that begin with a dash stay a list, all else is plain."""
    lines = []
    for line in reply.splitlines():
        words = line.strip()
        listed = words.startswith(("- ", "• "))
        told = _with_titles(words[2:] if listed else words, titles)
        lines.append(f"- {told}" if listed and told else told)
    return "\n".join(lines).strip()


def _with_titles(line: str, titles: set[str]) -> str:
    """A line in which bold words stay bold where they are a card's title."""
    names = "|".join(re.escape(title) for title in sorted(titles, key=len, reverse=True)) or "(?!)"
    pieces = re.split(rf"\*\*({names})\*\*", line)
    return "".join(
        f"**{plain_markdown(piece)}**" if place % 2 else _between(_BOLD.sub(r"\1", piece), first=not place)
        for place, piece in enumerate(pieces)
    )


def _between(text: str, *, first: bool) -> str:
    """Words beside a title: escaped, with the blanks that part them from it."""
    inner = plain_markdown(text) if first else _escaped(" ".join(text.split()))
    before, after = text[:1].isspace() and not first, text[-1:].isspace()
    return f"{' ' if before and inner else ''}{inner}{' ' if after else ''}" if text.strip() else " " * bool(text)


def _card(place: int, card: Card, pictures: Pictures | None) -> Iterator[str]:
    title, address = f"**{plain_markdown(card.title)}**", _address(card.url)
    yield f"{place}. [{title}](<{address}>)" if address else f"{place}. {title}"
    facts = "; ".join(f"{label}: {value}" for label, value in card.facts.items() if value)
    for words in (facts, card.reason):
        if words.strip():
            yield f"   - {plain_markdown(words)}"
    picture = _address(pictures.shown(card.image)) if pictures is not None and card.image else ""
    if picture:
        yield f"   - ![](<{picture}>)"


def _address(url: str) -> str:
    """An address fit for a link, http and https only; else nothing."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return ""
    if any(c.isspace() or not c.isprintable() for c in url.strip()):
        return ""
    return quote(url.strip(), safe=_IN_ADDRESSES).replace("&", "&amp;")


def _shared_turn(turn: PastTurn, pictures: Pictures | None) -> SharedTurn:
    def shared(card: Card) -> Card:
        image = pictures.shown(card.image) if pictures is not None and card.image else ""
        return card.model_copy(update={"image": image})

    answer = turn.answer
    items, nearest = tuple(map(shared, answer.items)), tuple(map(shared, answer.nearest))
    return SharedTurn(text=turn.text, time=turn.time, reply=answer.reply, items=items, nearest=nearest)
