"""Text of users, models and catalogues as safe HTML."""

import re
from collections.abc import Iterable
from html import escape
from itertools import groupby
from urllib.parse import urlsplit

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_MARKED = re.compile(r"\*\*(<strong>[^<]*</strong>)\*\*")
_BULLET = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def safe(text: str) -> str:
    """A text as HTML that shows exactly its characters; invisible control characters are left out."""
    return escape(_CONTROL.sub("", text), quote=True)


def safe_link(address: str) -> str:
    """An address fit for `href` or `src`: http and https only, escaped; anything else is empty."""
    address = address.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc or _CONTROL.search(address):
        return ""
    return escape(address, quote=True)


def prose(text: str, strong: Iterable[str] = ()) -> str:
    """A reply as HTML paragraphs and lists.

    Args:
        text: what is said; `**bold**` and lines that begin with `- ` or `1. ` are the only Markdown that counts,
            everything else shows as it is.
        strong: names to set in bold wherever they stand, such as the titles on the cards.
    """
    names = sorted({safe(name) for name in strong if name.strip()}, key=len, reverse=True)
    known = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)) if names else None
    pieces: list[str] = []
    for tag, run in groupby(text.strip().splitlines(), key=_tag):
        lines = [line.strip() for line in run]
        if tag == "p":
            pieces.append("<p>" + "<br>".join(_emphasize(line, known) for line in lines) + "</p>")
        elif tag:
            entries = "".join(f"<li>{_emphasize(_BULLET.sub('', line, count=1), known)}</li>" for line in lines)
            pieces.append(f"<{tag}>{entries}</{tag}>")
    return "".join(pieces)


def _tag(line: str) -> str:
    mark = _BULLET.match(line.strip())
    if mark is None:
        return "p" if line.strip() else ""
    return "ol" if mark.group()[0].isdigit() else "ul"


def _emphasize(line: str, known: re.Pattern[str] | None) -> str:
    html = safe(line)
    if known is None:
        return _BOLD.sub(r"<strong>\1</strong>", html)
    pieces: list[str] = []
    end = 0
    for match in known.finditer(html):
        pieces += [html[end : match.start()], f"<strong>{match.group()}</strong>"]
        end = match.end()
    return _MARKED.sub(r"\1", "".join([*pieces, html[end:]]))


def attributes(**values: str) -> str:
    """HTML attributes, escaped; `_` in a name becomes `-`, and a trailing one is dropped (`class_`)."""
    return "".join(f' {name.rstrip("_").replace("_", "-")}="{safe(value)}"' for name, value in values.items())


def button(label: str, act: str, *, value: str = "", kind: str = "", icon: str = "", **more: str) -> str:
    """A button that the page's bridge turns into an event.

    Args:
        label: its words.
        act: what it does, as events.py names it.
        value: what it does it to: an item's id, a preference's key, a text.
        kind: its look, a class of style.css.
        icon: an icon's HTML, trusted.
        more: further attributes.
    """
    inside = f"{icon}<span>{safe(label)}</span>" if icon else safe(label)
    held = attributes(type="button", class_=f"cr-button {kind}".strip(), data_act=act, data_value=value, **more)
    return f"<button{held}>{inside}</button>"


def hidden(text: str) -> str:
    """A text for screen readers only."""
    return f'<span class="cr-hidden">{safe(text)}</span>'
