"""The user-understanding agent, model brain: one message and the talk so far, read into an `Understanding`.

The model points at the catalogue's attributes and at what is shown by name and number; labels and titles that it writes
are looked up in the catalogue, and what is not found there stays a phrase about the text, or is named as unknown.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from ...prompts import data, render
from ...tools.index import Index
from ...tools.limits import Limit, Range
from ...tools.schema import Attribute
from ...tools.words import fold, tokens
from ..brains import Model
from ..state import Act, Exchange, Feeling, Mention, Preference, Question, Search, Understanding, Wish
from .shapes import ABOUT_TEXT, chosen, understanding_shape
from .telling import NOTHING, attribute_lines, numbered_lines, shown_lines, talk_data, wish_line

_LONGEST = 700
"""Tokens of the answer at most."""

_QUESTIONS = ("ask", "compare")
_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")


async def understand(
    model: Model, text: str, wish: Wish, index: Index, talk: Sequence[Exchange] = (), today: date | None = None
) -> Understanding:
    """What a message means, given what was said and shown before."""
    schema = index.catalogue.schema
    usable = tuple(a.name for a in schema.attributes if a.kind != "text")
    shown, wishes = wish.focus[:10], wish.preferences[-12:]
    prompt = render(
        "understand",
        noun=schema.noun,
        nouns=schema.nouns,
        attributes=attribute_lines(index),
        wishes=data("wishes", numbered_lines("w", (wish_line(p, index) for p in wishes))),
        shown=data("shown", shown_lines(shown, index)),
        asked=next((a.label or a.name for a in schema.attributes if a.name == wish.asking), NOTHING),
        today=str(today or date.today()),
        talk=talk_data(talk),
        message=data("message", text),
    )
    said: Any = await model.answer(prompt, understanding_shape(usable, len(wishes), len(shown)), _LONGEST)
    mentions, asked_about, unknown = _mentions(said, shown, wish, index)
    preferences = [p for w in said.wants if (p := _preference(w, index))]
    question = _question(said, text, asked_about, wish) if said.act in _QUESTIONS else None
    dropped = [p.key for d in said.drop if (p := chosen("w", d, wishes))]
    dropped += [old.key for old in wish.preferences for new in preferences if _clash(old, new)]
    return Understanding(
        act=_act(said.act, question, preferences, mentions),
        preferences=() if question else tuple({p.key: p for p in preferences}.values()),
        dropped=tuple(dict.fromkeys(dropped)),
        mentions=tuple(mentions),
        question=question,
        count=said.count or None,
        repeats=said.repeats,
        declined=said.declined,
        notes=tuple(unknown),
        language=said.language,
        query=said.query.strip(),
        searches=tuple(Search(tool=s.tool, query=s.query.strip()) for s in said.searches if s.query.strip()),
    )


def _act(act: Act, question: Question | None, preferences: list[Preference], mentions: list[Mention]) -> Act:
    """The act, unless it asks about nothing that is there."""
    if act in _QUESTIONS and question is None:
        return "request" if preferences or mentions else "unclear"
    return act


def _mentions(said: Any, shown: Sequence[str], wish: Wish, index: Index) -> tuple[list[Mention], list[str], list[str]]:
    """The items spoken of with feelings, those asked about, and the titles that the catalogue does not have."""
    mentions, asked, unknown = [], [], []
    named: list[tuple[str | None, str, str]] = [(chosen("s", s.item, shown), s.feeling, s.item) for s in said.shown]
    named += [(find_title(n.title, wish, index), n.feeling, n.title.strip()) for n in said.named if n.title.strip()]
    for item, feeling, words in named:
        if item is None:
            unknown.append(words)
        elif feeling == "asked":
            asked.append(item)
        else:
            felt: Feeling | None = None if feeling == "none" else feeling  # type: ignore[assignment]
            mentions.append(Mention(item=item, feeling=felt, words=words))
    return mentions, asked, [u for u in unknown if u not in shown]


def find_title(title: str, wish: Wish, index: Index) -> str | None:
    """The item of a title: one shown here, else one of the catalogue, of the year that stands beside it if one does."""
    catalogue = index.catalogue
    for item in (*wish.focus, *reversed(wish.shown)):
        if fold(catalogue.item(item).title) == fold(title):
            return item
    bare = _YEAR.sub("", title).strip(" ()[],-") or title
    for wanted in dict.fromkeys((title, bare)):
        quoted = f'"{wanted}"'
        found = index.lexicon.find(tokens(quoted), quoted)
        senses = [s for f in found if f.end - f.start >= len(tokens(wanted)) for s in f.of("item")]
        if senses:
            items = senses[0].items
            year = _YEAR.search(title)
            return next((i for i in items if year and _dated(i, year[1], index)), items[0])
    return None


def _dated(item: str, year: str, index: Index) -> bool:
    dates = index.catalogue.schema.of_kind("date")
    return any(str(index.catalogue.item(item).attributes.get(a.name, "")).startswith(year) for a in dates)


def _preference(wanted: Any, index: Index) -> Preference | None:
    """One wish as a preference: on an attribute where its labels or numbers can be read, else on the text."""
    schema, columns = index.catalogue.schema, index.catalogue.columns
    attribute = None if wanted.attribute == ABOUT_TEXT else schema.attribute(wanted.attribute)
    values = tuple(v.strip() for v in wanted.values if v.strip())
    limit: Limit | None = None
    if attribute is not None and attribute.name in columns.numbers:
        bounds = _range(wanted, attribute)
        limit = Limit(attribute=attribute.name, ranges=(bounds,)) if bounds else None
    elif attribute is not None and attribute.name in columns.categories:
        labels = [label for v in values if (label := columns.categories[attribute.name].label(v, loose=True))]
        limit = Limit(attribute=attribute.name, values=tuple(dict.fromkeys(labels))) if labels else None
    if limit is None and values:
        limit = Limit(attribute=None, values=values)
    if limit is None:
        return None
    return Preference(limit=limit, strength=wanted.strength, words=wanted.words.strip(), lasting=wanted.lasting)


def _range(wanted: Any, attribute: Attribute) -> Range | None:
    """The numbers wanted; the last year of a span is meant to its end."""
    low, high = (float(n) if n else None for n in (wanted.low, wanted.high))
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        low, high = high, low
    if attribute.kind != "date":
        return Range(
            low=low, high=high, open_low=wanted.strict and high is None, open_high=wanted.strict and low is None
        )
    if wanted.strict and low is not None and high is None:
        return Range(low=low + 1)
    if wanted.strict and high is not None and low is None:
        return Range(high=high, open_high=True)
    return Range(low=low, high=None if high is None else high + 1, open_high=high is not None)


def _question(said: Any, text: str, asked: list[str], wish: Wish) -> Question | None:
    """What is asked of which items: those named, else the one last spoken of, else those shown."""
    items = asked or ([wish.spoken] if wish.spoken else list(wish.focus))
    if not items:
        return None
    kind = said.question.kind
    if kind == "none" or said.act == "compare":
        kind = "compare" if said.act == "compare" and len(items) > 1 else "about"
    attribute = said.question.attribute or None
    return Question(items=tuple(dict.fromkeys(items)), attribute=attribute, kind=kind, words=text)


def _clash(old: Preference, new: Preference) -> bool:
    """Whether two wishes about one attribute cannot both be meant: numbers that never meet, a label wanted and not."""
    if old.limit.attribute is None or old.limit.attribute != new.limit.attribute or old.key == new.key:
        return False
    if old.limit.ranges and new.limit.ranges and old.wanted and new.wanted:
        return not any(_meet(a, b) for a in old.limit.ranges for b in new.limit.ranges)
    shared = set(map(fold, old.limit.values)) & set(map(fold, new.limit.values))
    return bool(shared) and (old.wanted != new.wanted or set(old.limit.values) == set(new.limit.values))


def _meet(one: Range, other: Range) -> bool:
    low = max(n for n in (one.low, other.low, float("-inf")) if n is not None)
    high = min(n for n in (one.high, other.high, float("inf")) if n is not None)
    return low < high or (low == high and one.holds(low) and other.holds(low))
