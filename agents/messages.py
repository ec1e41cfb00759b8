"""What may be said: messages and names as they come in, cleaned or refused with a reason."""

import re
import unicodedata

from ..tools.errors import InputError, MessageError

LONGEST_TITLE = 200
"""Characters of a title that somebody gives."""

_TITLE = 60
"""Characters of a title that is made from a message."""

_MARKUP = re.compile(r"[*`<>\[\]_|]+|\w*://\S*|\bwww\.\S*", re.IGNORECASE)
_TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-_])")


def clean_message(text: str, longest: int) -> str:
    """A message without control characters and outer blanks, in Unicode's composed form.

    Raises:
        MessageError: nothing is left of it, or it is longer than `longest` characters.
    """
    if len(text) > longest:
        raise MessageError(
            f"The message has {len(text):,} characters; at most {longest:,} are read.",
            "Say in a few sentences what you are looking for.",
        )
    cleaned = _visible(text)
    if not cleaned:
        raise MessageError("The message is empty.", "Say what you are looking for, or “surprise me”.")
    return cleaned


def clean_title(title: str) -> str:
    """A conversation's title without control characters and outer blanks.

    Raises:
        MessageError: nothing is left of it, or it is longer than 200 characters.
    """
    cleaned = _visible(title) if len(title) <= LONGEST_TITLE else ""
    if not cleaned:
        raise MessageError(
            f"A title has 1 to {LONGEST_TITLE} characters; this one has {len(title):,}.", "Give it a few words."
        )
    return cleaned


def title_of(text: str) -> str:
    """A title from a conversation's first message: its beginning, cut at a word."""
    words = " ".join(text.split())
    if len(words) <= _TITLE:
        return words
    cut = words[:_TITLE]
    whole = cut.rsplit(" ", 1)[0] if " " in cut else cut[:-1]  # leaves room for the ellipsis
    return f"{whole.rstrip(' .,;:!?')}…"


def plain(text: str) -> str:
    """Words that others wrote, as they may stand in a reply: without markup and links."""
    return " ".join(_MARKUP.sub(" ", text).split())


def clean_name(name: str, what: str) -> str:
    """A user's or thread's name as it is given.

    Raises:
        InputError: it is empty, longer than 200 characters, or has control characters or halves of characters.
    """
    if not name.strip() or len(name) > 200 or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise InputError(
            f"{name[:40]!r} cannot be the name of a {what}.", "Use 1 to 200 characters without control characters."
        )
    return name


def _visible(text: str) -> str:
    text = _TERMINAL_CODES.sub(" ", text)
    kept = "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " " for c in text
    )
    return " ".join(unicodedata.normalize("NFC", kept).split())
