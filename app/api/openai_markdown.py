"""Answers as Markdown: the reply, then its items as a list; what comes from a catalogue shows as it is, whatever is in it."""

import re
from textwrap import shorten
from urllib.parse import urlsplit

from ...agents.state import Answer, Card, Verdict
from ..pictures import Pictures

ANEW = "\n\n---\n\n"
"""What stands between a reply that was taken back in the middle of a stream and the one that holds."""

_SPECIAL = re.compile(r"[\\`_\[\]<~$]|^[#>+=-]|^\d+(?=[.)])", re.MULTILINE)
_STARS = re.compile(r"\*+")
_ADDRESS = re.compile(r"(?<=\w)(?=://)|(?<=www)(?=\.)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_IN_LINKS = {ord(c): f"%{ord(c):02X}" for c in "()<>[]\\\"'`* |"}
_MARKS = {"entails": "✓", "neutral": "?", "contradicts": "✗"}

_FACTS, _LONGEST = 6, 200
"""Facts of an item that are shown, and characters of one."""


def reply_markdown(piece: str) -> str:
    """A piece of a reply; `**bold**` and lines that begin with `- ` are the only Markdown in it."""
    return "\n".join(f"- {_escape(line[2:])}" if line.startswith("- ") else _escape(line) for line in piece.split("\n"))


def items_markdown(answer: Answer, pictures: Pictures) -> str:
    """The cards of an answer as a numbered list, with a blank line before it; nothing where there are none."""
    cards = [*answer.items, *answer.nearest]
    if not cards:
        return ""
    return "\n\n" + "\n".join(_item(place, card, pictures) for place, card in enumerate(cards, start=1))


def escape(text: str) -> str:
    """A text in one line that shows exactly its characters."""
    return _STARS.sub(lambda stars: "\\*" * len(stars[0]), _escape_most(" ".join(text.split())))


def _escape(text: str) -> str:
    """A text in which `**` stays what it is."""
    return _STARS.sub(lambda stars: stars[0] if stars[0] == "**" else "\\*" * len(stars[0]), _escape_most(text))


def _escape_most(text: str) -> str:
    text = _CONTROL.sub("", text)
    escaped = _SPECIAL.sub(lambda m: f"{m[0]}\\" if m[0].isdigit() else f"\\{m[0]}", text)
    # An address that nobody made a link must not become one.
    return _ADDRESS.sub(r"\\", escaped)


def _item(place: int, card: Card, pictures: Pictures) -> str:
    title = escape(card.title)
    address = _link(card.url)
    head = f"**[{title}]({address})**" if address else f"**{title}**"
    facts = [
        f"{escape(label)}: {escape(shorten(v, _LONGEST, placeholder=' …'))}" for label, v in card.facts.items() if v
    ]
    lines = [
        " · ".join([head, *facts[:_FACTS]]),
        escape(card.reason),
        f"Because you liked {escape(card.because)}" if card.because else "",
        " · ".join(map(_verdict, card.verdicts)),
        f"![{title}]({_link(shown)})" if (shown := pictures.shown(card.image)) else "",
    ]
    return f"{place}. " + "  \n   ".join(filter(None, lines))


def _verdict(verdict: Verdict) -> str:
    evidence = f" (“{escape(shorten(verdict.evidence, _LONGEST, placeholder=' …'))}”)" if verdict.evidence else ""
    return f"{_MARKS[verdict.label]} {escape(verdict.preference)}{evidence}"


def _link(address: str) -> str:
    """An address fit to be a link's: http or https, with nothing in it that ends the link; else nothing."""
    address = address.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc or not address.isprintable():
        return ""
    return address.translate(_IN_LINKS)
