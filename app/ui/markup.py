"""Text of users, models and catalogues as safe HTML."""

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
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
    """A reply as HTML paragraphs.

    Args:
        text: what is said; `**bold**` is the only Markdown that counts, everything else shows as it is.
        strong: names to set in bold wherever they stand, such as the titles on the cards.
    """
    names = sorted({safe(name) for name in strong if name.strip()}, key=len, reverse=True)
    known = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)) if names else None
    return "".join(
        f"<p>{_emphasize(block, known)}</p>" for block in re.split(r"\n\s*\n", text.strip()) if block.strip()
    )


def _emphasize(block: str, known: re.Pattern[str] | None) -> str:
    html = safe(block.strip())
    if known is None:
        return _BOLD.sub(r"<strong>\1</strong>", html).replace("\n", "<br>")
    pieces: list[str] = []
    end = 0
    for match in known.finditer(html):
        pieces += [html[end : match.start()], f"<strong>{match.group()}</strong>"]
        end = match.end()
    joined = "".join([*pieces, html[end:]])
    joined = re.sub(r"\*\*(<strong>[^<]*</strong>)\*\*", r"\1", joined)
    return joined.replace("\n", "<br>")


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
