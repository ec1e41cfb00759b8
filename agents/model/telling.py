"""What a model is told of a conversation: wishes, items and talk in lines, numbered so that it can point at them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from textwrap import shorten

from ...prompts import data
from ...tools.describing import describe_attributes, describe_in_line
from ...tools.index import Index
from ...tools.items import Item
from ...tools.words import sentences
from ..retrieve import in_words
from ..state import Exchange, Judged, Preference, Wish
from ..summarize import telling_sentence
from .shapes import numbered

EXAMPLES = 6
"""Labels of each attribute that a model is shown."""

NOTHING = "-"

_EXCHANGES, _SAID = 3, 160
_TEXT = 110
"""Characters of a candidate's text; the line of its attributes may have as many."""

_STRENGTHS = {"must": "must", "prefer": "ideally", "avoid": "rather not", "must_not": "must not"}


@lru_cache(16)
def attribute_lines(index: Index) -> str:
    """The catalogue's attributes with their commonest labels."""
    return describe_attributes(index.catalogue, EXAMPLES) or NOTHING


def numbered_lines(mark: str, lines: Iterable[str]) -> str:
    """Lines with their numbers (c1, c2 …), or a dash where there is none; each is one line, whatever it holds."""
    lines = [" ".join(line.split()) for line in lines]
    numbers = numbered(mark, len(lines))
    return "\n".join(f"{n} {line}" for n, line in zip(numbers, lines, strict=True)) or NOTHING


def wish_line(preference: Preference, index: Index) -> str:
    """A preference in one line: "must: running time under 120 min (said: "not too long")"."""
    wanted = preference.model_copy(update={"strength": "must"})
    attribute = preference.limit.attribute
    label = next((a.label or a.name for a in index.catalogue.schema.attributes if a.name == attribute), "text")
    said = f' (said: "{shorten(preference.words, 60, placeholder=" …")}")' if preference.words else ""
    return f"{_STRENGTHS[preference.strength]}: {label}: {in_words(wanted, index)}{said}"


def point_line(preference: Preference, index: Index) -> str:
    """What a preference is about, without whether it is wanted, and that behind it: "mood: dark (must not)"."""
    label = next(
        (a.label or a.name for a in index.catalogue.schema.attributes if a.name == preference.limit.attribute), ""
    )
    return f"{label}{': ' if label else ''}{' or '.join(preference.limit.values)} ({_STRENGTHS[preference.strength]})"


def wish_data(wish: Wish, index: Index) -> str:
    """All wishes, and what the person likes and dislikes, as data."""
    lines = [wish_line(p, index) for p in wish.preferences]
    for said, ids in (("likes", wish.seeds or wish.liked), ("dislikes", wish.disliked)):
        known = [index.catalogue.item(i).title for i in ids[-3:] if i in index.catalogue.row_of]
        lines += [f"{said}: {', '.join(known)}"] if known else []
    return data("wishes", "\n".join(lines))


def shown_lines(ids: Sequence[str], index: Index) -> str:
    """The items last shown, with the numbers that "older" and "shorter" are measured by."""
    measured = [a.name for a in index.catalogue.schema.attributes if a.kind in ("date", "number")]
    schema = index.catalogue.schema
    return numbered_lines("s", (describe_in_line(index.catalogue.item(i), schema, measured, 0) for i in ids))


def talk_data(talk: Sequence[Exchange]) -> str:
    """The last exchanges, as data."""
    lines = []
    for exchange in talk[-_EXCHANGES:]:
        lines.append(f"user: {shorten(exchange.text, _SAID, placeholder=' …')}")
        lines.append(f"you: {shorten(exchange.reply, _SAID, placeholder=' …')}")
    return data("talk", "\n".join(lines))


def candidate_data(candidates: Sequence[Judged], wish: Wish, index: Index, *, summed: bool = False) -> str:
    """Candidates, one a line, as data: what matters of their attributes, then of their text or of their summary."""
    told = {p.limit.attribute for p in wish.preferences if p.limit.attribute is not None}
    lines = []
    for candidate in candidates:
        item = index.catalogue.item(candidate.item)
        line = describe_in_line(item, index.catalogue.schema, told, _TEXT)
        text = candidate.summary if summed and candidate.summary else _telling(item, wish)
        lines.append(f"{line}. {text}" if text else line)
    return data("candidates", numbered_lines("c", lines))


def _telling(item: Item, wish: Wish) -> str:
    """What of an item's text shares most with the wish, and its beginning, as far as there is room."""
    best, first = telling_sentence(item, wish), next(iter(sentences(item.text)), "")
    both = first if best in first or first.startswith(best.removesuffix(" …")) else f"{best}. {first}"
    return shorten(both, _TEXT, placeholder=" …")
