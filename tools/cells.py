"""What stands in one cell of a table, as text, prose or labels, however it was written."""

import ast
import html
import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson

MISSING = frozenset(
    ("", "nan", "null", "none", "n/a", "na", "#n/a", "nat", "nil", "\\n", "-", "--", "—", "?", "unknown", "undefined")
)
"""What people and programs write where there is nothing, in small letters."""

_INLINE = re.compile(r"</?(?:b|i|em|strong|span|a|sub|sup|u|s|font|small|big|mark|code)(?:\s[^<>]*)?>", re.I)
_TAG = re.compile(
    r"</?(?:p|br|div|ul|ol|li|h[1-6]|table|t[rdh]|thead|tbody|img|hr|blockquote|q|pre|iframe|video|audio|source|input|"
    r"button|form|section|article|header|footer|nav|figure|figcaption|center|d[ldt]|label|html|head|body|title|meta|link|"
    r"svg|path|cite|abbr|del|ins)(?:[\s/][^<>]*)?>",
    re.I,
)
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.{0,20000}?</\1>|<!--.{0,5000}?-->", re.I | re.S)
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BLOCK = re.compile(r"\[/?(?:b|i|u|h\d|url|img|list|\*)(?:=[^\]]*)?\]", re.I)  # forum markup, as game shops use it


def clean_text(text: str) -> str:
    """Plain text: no HTML, no control characters, single spaces."""
    if "<" in text or "&" in text:
        text = html.unescape(_untagged(text))
        if "<" in text:  # it was escaped twice
            text = _untagged(text)
    if "[" in text:
        text = _BLOCK.sub(" ", text)
    if not (text.isascii() and text.isprintable()):
        text = _CONTROL.sub("", text)
    return " ".join(text.split())


def _untagged(text: str) -> str:
    if "-->" in text or "</s" in text or "</S" in text:
        text = _HIDDEN.sub(" ", text)
    return _TAG.sub(" ", _INLINE.sub("", text))


def is_missing(value: Any) -> bool:
    """Whether a cell says nothing."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return True
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return isinstance(value, (list, tuple, dict, set)) and not value


def as_text(value: Any) -> str:
    """A cell as one line of plain text; several values stand after one another with commas."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, (bytes, bytearray)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if not math.isfinite(value) else str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return next((as_text(value[key]) for key in ("name", "title", "label", "value") if key in value), "")
    if isinstance(value, (list, tuple, set)):
        return ", ".join(text for text in map(as_text, value) if text)
    return clean_text(str(value))


def as_paragraphs(value: Any) -> str:
    """A cell of prose; the elements of a list become sentences one after the other."""
    values = parse_list(value) or value
    if isinstance(values, (list, tuple)):
        return " ".join(text if text[-1] in ".!?…" else text + "." for text in map(as_text, values) if text)
    return as_text(value)


_SEPARATORS = {
    "|": re.compile(r"\s*\|\s*"),
    ";": re.compile(r"\s*;\s*"),
    ",": re.compile(
        r"\s*,(?!\s*(?:inc|llc|ltd|co|corp|gmbh|s\.?a|s\.?l|s\.?r\.?l|jr|sr|ph\.?d|m\.?d|iii?)\b)(?!\d{3}\b)\s*", re.I
    ),
}
SEPARATORS = tuple(_SEPARATORS)


def split(text: str, separator: str) -> list[str]:
    """The parts of a text; a comma inside "Acme, Inc." or "1,000" parts nothing."""
    return [part for part in _SEPARATORS[separator].split(text) if part]


def parse_list(value: Any) -> list[Any] | None:
    """The elements of a list, or of text that is a JSON, Python or R list; None where it is no list."""
    if isinstance(value, (list, tuple, set)):
        return list(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.startswith("c(") and text.endswith(")"):
        text = f"[{text[2:-1]}]"
    if not (text.startswith("[") and text.endswith("]")):
        return None
    for parse in (orjson.loads, json.loads, ast.literal_eval):
        try:
            return list(parse(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return [part.strip("'\" ") for part in split(text[1:-1], ",")]


def as_labels(value: Any, separator: str = "") -> tuple[str, ...]:
    """The labels in a cell, each once, in order; elements such as {"name": "Drama"} give their name."""
    elements = parse_list(value)
    if elements is None:
        text = as_text(value)
        elements = split(text, separator) if separator else [text]
    labels = (as_text(element) for element in elements if not is_missing(element))
    return tuple(dict.fromkeys(label for label in labels if label.lower() not in MISSING))
