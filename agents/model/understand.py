"""The user-understanding agent, model brain: one message and the talk so far, read into an `Understanding`.

The model points at the catalogue's attributes and at what is shown by name and number; labels and titles that it writes
are looked up in the catalogue, and what is not found there stays a phrase about the text, or is named as unknown.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from ...prompts import data, render
from ...tools.index import Index
from ...tools.limits import Limit, Range
from ...tools.schema import Attribute
from ...tools.words import fold, tokens
from ..brains import Model
from ..messages import plain
from ..state import Act, Exchange, Feeling, Mention, Preference, Question, Search, Understanding, Wish
from ..wishes import clashes
from .shapes import ABOUT_TEXT, chosen, understanding_shape
from .telling import NOTHING, attribute_lines, numbered_lines, shown_lines, talk_data, wish_line

_LONGEST = 700
"""Tokens of the answer at most."""

_QUESTIONS = ("ask", "compare")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d+)?)(?:\s*[-–]\s*(\d{1,9}(?:\.\d+)?))?")
_YEAR = re.compile(r"[\s,(\[–-]+(1[0-9]{3}|20[0-9]{2})[)\]]?$")


async def understand(
    model: Model,
    text: str,
    wish: Wish,
    index: Index,
    talk: Sequence[Exchange] = (),
    recalled: Sequence[str] = (),
    today: date | None = None,
) -> Understanding:
    """What a message means, given what was said and shown before, and what is remembered of the user."""
    schema = index.catalogue.schema
    usable = tuple(a.name for a in schema.attributes if a.kind != "text")
    wish = wish.model_copy(update={"focus": tuple(i for i in wish.focus if i in index.catalogue.row_of)})
    shown, wishes = wish.focus[:10], wish.preferences[-12:]
    prompt = render(
        "understand",
        noun=schema.noun,
        nouns=schema.nouns,
        attributes=data("attributes", attribute_lines(index)),
        wishes=data("wishes", numbered_lines("w", (wish_line(p, index) for p in wishes))),
        shown=data("shown", shown_lines(shown, index)),
        asked=next((a.label or a.name for a in schema.attributes if a.name == wish.asking), NOTHING),
        today=str(today or date.today()),
        known=data("known", "\n".join(" ".join(line.split()) for line in recalled) or NOTHING),
        talk=talk_data(talk),
        message=data("message", text),
    )
    said: Any = await model.answer(prompt, understanding_shape(usable, len(wishes), len(shown)), _LONGEST)
    mentions, asked_about, unknown = _mentions(said, shown, wish, index)
    preferences = [p for w in said.wants for p in _preferences(w, index)]
    question = _question(said, text, asked_about or _unfelt(mentions), wish, unknown)
    act = _act(said.act, question, preferences, mentions)
    dropped = [p.key for d in said.drop if (p := chosen("w", d, wishes))]
    dropped += [old.key for old in wish.preferences for new in preferences if clashes(old, new, schema)]
    return Understanding(
        act=act,
        preferences=() if question else tuple({p.key: p for p in preferences}.values()),
        dropped=tuple(dict.fromkeys(dropped)),
        mentions=tuple({(m.item, m.feeling): m for m in _with_unsaid(act, mentions, wish, text)}.values()),
        question=question,
        count=said.count or None,
        repeats=said.repeats,
        declined=said.declined and wish.asking is not None,
        notes=tuple(unknown),
        language=said.language,
        query=said.query.strip(),
        searches=tuple(Search(tool=s.tool, query=s.query.strip()) for s in said.searches if s.query.strip()),
        facts=tuple(fact for line in said.facts if (fact := plain(line))),
    )


def _act(act: Act, question: Question | None, preferences: list[Preference], mentions: list[Mention]) -> Act:
    """The act, unless it asks about nothing that is there."""
    if act in _QUESTIONS and question is None:
        return "request" if preferences or mentions else "unclear"
    return act


def _mentions(said: Any, shown: Sequence[str], wish: Wish, index: Index) -> tuple[list[Mention], list[str], list[str]]:
    """The items spoken of with feelings, those asked about, and the titles that the catalogue does not have."""
    mentions, asked, unknown = [], [], []
    pointed = [(item, s.feeling, s.item) for s in said.shown if (item := chosen("s", s.item, shown))]
    titles = [(title, n.feeling) for n in said.named if (title := plain(n.title))]
    named = [(find_title(title, wish, index), feeling, title) for title, feeling in titles]
    for item, feeling, words in [*pointed, *named]:
        if item is None:
            unknown.append(words)
        elif feeling == "asked":
            asked.append(item)
        else:
            felt: Feeling | None = None if feeling == "none" else feeling  # type: ignore[assignment]
            mentions.append(Mention(item=item, feeling=felt, words=words))
    return mentions, asked, unknown


def _unfelt(mentions: Sequence[Mention]) -> list[str]:
    return [m.item for m in mentions if m.feeling is None]


def _with_unsaid(act: Act, mentions: list[Mention], wish: Wish, text: str) -> list[Mention]:
    """Mentions with what goes without saying: "no" is about what was shown, "that one" takes the one spoken of."""
    felt = {m.item: m.feeling for m in mentions if m.feeling is not None}
    if act in _QUESTIONS:
        return [m for m in mentions if m.feeling not in ("like_this", "accepted")]
    if act == "reject" and not {"seen", "disliked", "rejected"} & {*felt.values()}:
        meant = _unfelt(mentions) or [i for i in wish.focus if i not in felt]
        return [*mentions, *(Mention(item=i, feeling="rejected", words=text.strip()) for i in meant)]
    if act == "accept" and "accepted" not in felt.values():
        spoken = [wish.spoken] if wish.spoken else list(wish.focus)
        meant = list(dict.fromkeys(m.item for m in mentions)) or spoken
        return [*mentions, *(Mention(item=i, feeling="accepted", words=text.strip()) for i in meant if len(meant) == 1)]
    return mentions


def find_title(title: str, wish: Wish, index: Index) -> str | None:
    """The item of a title: one shown here, else one of the catalogue, of the year that stands beside it if one does."""
    catalogue = index.catalogue
    for item in (*wish.focus, *reversed(wish.shown)):
        if item in catalogue.row_of and fold(catalogue.item(item).title) == fold(title):
            return item
    bare = _YEAR.sub("", title.strip())
    for wanted in dict.fromkeys((title, bare)):
        quoted = f'"{wanted}"'
        found = index.lexicon.find(tokens(quoted), quoted)
        senses = [s for f in found if f.end - f.start >= len(tokens(wanted)) for s in f.of("item")]
        if senses:
            items = senses[0].items
            year = _YEAR.search(title.strip())
            return next((i for i in items if year and _dated(i, year[1], index)), items[0])
    return None


def _dated(item: str, year: str, index: Index) -> bool:
    dates = index.catalogue.schema.of_kind("date")
    return any(str(index.catalogue.item(item).attributes.get(a.name, "")).startswith(year) for a in dates)


@lru_cache(16)
def _titles(index: Index) -> frozenset[str]:
    return frozenset(item.title for item in index.catalogue.items)


def _preferences(wanted: Any, index: Index) -> list[Preference]:
    """One wish as preferences: on an attribute as far as its labels or numbers can be read, the rest on the text."""
    schema, columns = index.catalogue.schema, index.catalogue.columns
    attribute = None if wanted.attribute == ABOUT_TEXT else schema.attribute(wanted.attribute)
    rest = tuple(v for v in wanted.values if v.strip())
    limit: Limit | None = None
    if attribute is not None and attribute.name in columns.numbers:
        if bounds := _range(wanted, attribute):
            limit, rest = Limit(attribute=attribute.name, ranges=(bounds,)), ()
    elif attribute is not None and attribute.name in columns.categories:
        labels = {v: columns.categories[attribute.name].label(v.strip(), loose=True) for v in rest}
        known = tuple(dict.fromkeys(label for label in labels.values() if label))
        limit = Limit(attribute=attribute.name, values=known) if known else None
        rest = tuple(v for v in rest if labels[v] is None)
    found = [(limit, wanted.strength)] if limit else []
    # A title is no phrase: a reply that repeats the wish would name an item that is on no card.
    if phrases := tuple(p for v in rest if (p := plain(v)) and p not in _titles(index)):
        # Any of what is wanted is enough: beside a label that is known, a phrase must not bind.
        softer = "prefer" if limit and wanted.strength == "must" else wanted.strength
        found.append((Limit(attribute=None, values=phrases), softer))
    words = plain(wanted.words)
    return [Preference(limit=one, strength=strength, words=words, lasting=wanted.lasting) for one, strength in found]


def _range(wanted: Any, attribute: Attribute) -> Range | None:
    """The numbers wanted; the last year of a span is meant to its end."""
    low, high = (float(n) if n else None for n in (wanted.low, wanted.high))
    if low is None and high is None:
        written = [n for v in wanted.values if (n := _SPAN.fullmatch(v.strip()))]
        numbers = sorted(float(n) for span in written for n in span.groups() if n)
        if not numbers or len(written) < len(wanted.values):
            return None
        low, high = numbers[0], numbers[-1]
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


def _question(said: Any, text: str, asked: list[str], wish: Wish, unknown: list[str]) -> Question | None:
    """What is asked of which items: those named, else the one last spoken of, else those shown."""
    items = asked or ([wish.spoken] if wish.spoken else list(wish.focus))
    if said.act not in _QUESTIONS or not items or (unknown and not asked):
        return None
    kind = said.question.kind
    if kind == "none" or said.act == "compare":
        kind = "compare" if said.act == "compare" and len(items) > 1 else "about"
    attribute = said.question.attribute or None
    return Question(items=tuple(dict.fromkeys(items)), attribute=attribute, kind=kind, words=text)
