"""What a question asks of which items: a fact, a reason, the story, a comparison."""

import re
from collections.abc import Sequence
from typing import Literal

from ...tools.catalogue import Catalogue
from ...tools.schema import Attribute, Measure
from ..state import Mention, Question, Wish
from . import acts
from .labels import read_labels
from .message import Message
from .references import Reference

_ASKS_MEASURE: list[tuple[re.Pattern[str], tuple[Measure, ...]]] = [
    (re.compile(r"\bhow (?:long|short|many (?:minutes|hours))\b|\bruntime\b|\brunning time\b|\b(?:longer|longest|"
        r"shorter|shortest|duration)\b"), ("duration", "length")),
    (re.compile(r"\bhow many pages\b|\bhow (?:thick|big)\b"), ("length",)),
    (re.compile(r"\bhow (?:much|expensive|cheap)\b|\bcosts?\b|\bprice\b|\b(?:cheaper|cheapest|pricier)\b"), ("price",)),
    (re.compile(r"\bhow (?:good|well (?:rated|reviewed|received))\b|\b(?:rating|score|rated|reviews?)\b|\b(?:best|"
        r"better|worse|worst)\b"), ("rating",)),
    (re.compile(r"\bhow (?:popular|famous|well known)\b|\bmost (?:popular|famous)\b"), ("popularity",)),
    (re.compile(r"\b(?:ok|okay|suitable|appropriate|fine|good|safe) for (?:\w+ ){0,3}(?:kids?|children|"
        r"year[- ]olds?|family|son|daughter)\b|\bhow old (?:do|must|should)\b|\bage (?:rating|limit)\b|"
        r"\bwhat age\b"), ("age",)),
    (re.compile(r"\bhow many (?:people|players)\b"), ("players",)),
]  # fmt: skip
_ASKS_DATE = re.compile(
    r"\bwhen\b|\bwhat year\b|\bwhich year\b|\bhow old is\b|\bhow (?:recent|new)\b|\b(?:older|oldest|"
    r"newer|newest)\b|\brelease date\b|\bcome out\b|\bcame out\b"
)


_THE = re.compile(
    r"^\W*(?:(?:ok|okay|and|so|hmm+|well|but|uh|oh|honestly|to be honest|also|interesting|right|yes|yeah|"
    r"before i decide)\b\W*)*"
    r"(?:(?:what|how) about|what'?s|what (?:is|are)|and)?\s*(?:the|its|their)\s*$"
)
_OF_THEM = re.compile(r"^(?: of (?:it|them|these|those|each|each of them|that one|this one))?\s*\?\W*$")


def read_question(
    message: Message,
    mentions: Sequence[Mention],
    references: Sequence[Reference],
    wish: Wish,
    catalogue: Catalogue,
    act: Literal["ask", "compare"],
) -> Question | None:
    """The question of a message; None when it is about no item in view or named."""
    certain = tuple(dict.fromkeys(i for r in references if r.certain for i in r.items))
    pointed = certain or next((r.items for r in references), None)
    named = tuple(m.item for m in mentions if not any(m.item in r.items for r in references))
    items = (*named, *(pointed or ())) if named and pointed and act == "compare" else named or pointed or ()
    words = message.text.strip()
    if act == "compare":
        items = items if len(items) > 1 else wish.focus
        if not items:
            return None
        attribute = _attribute(message, catalogue)
        return Question(
            items=tuple(items), attribute=attribute.name if attribute else None, kind="compare", words=words
        )
    items = items or wish.focus
    if not items:
        return None
    if acts.WHY.search(message.level):
        return Question(items=tuple(items), kind="why", words=words)
    attribute = _attribute(message, catalogue)
    if acts.ABOUT.search(message.level) and (attribute is None or attribute.open):
        return Question(items=tuple(items), kind="about", words=words)
    if attribute is None and re.search(r"\bwhat (?:was|is|were|are) (?:the|that|those|your)\b", message.level):
        return Question(items=tuple(items), kind="about", words=words)
    return Question(items=tuple(items), attribute=attribute.name if attribute else None, kind="fact", words=words)


def attribute_asked_for(message: Message) -> str:
    """The attribute that a message asks for of what is in view, if it does no more: "what about the rating?", "the year?"."""
    for found in message.found:
        senses = found.of("attribute")
        before, after = message.level[: message.start(found)], message.level[message.end(found) :]
        if senses and _THE.match(before) and _OF_THEM.match(after):
            return senses[0].attribute
    return ""


def _people_of(level: str, catalogue: Catalogue) -> Attribute | None:
    """Whom "who" asks for: those of whom an item has many where they are "in" it, else those who made it."""
    people = [a for a in catalogue.schema.attributes if a.person]
    if not people:
        return None

    def crowd(attribute: Attribute) -> float:
        return catalogue.columns.categories[attribute.name].labels_per_item

    return (max if re.search(r"\b(?:in|with|appears?|plays?|stars?)\b", level) else min)(people, key=crowd)


def _attribute(message: Message, catalogue: Catalogue) -> Attribute | None:
    """The attribute that a question asks for: by its measure, its date, its own name, or a value of it."""
    schema = catalogue.schema
    if asked := attribute_asked_for(message):
        return schema.attribute(asked)
    named = [s.attribute for f in message.found for s in f.of("attribute")]
    for pattern, measures in _ASKS_MEASURE:
        if pattern.search(message.level):
            for measure in measures:
                attribute = schema.measuring(measure)
                if attribute is not None:
                    return attribute
    persons = [n for n in named if schema.attribute(n).person]
    if re.search(r"\b(?:who|whose|whom)\b", message.level):
        if persons:
            return schema.attribute(persons[0])
        return _people_of(message.level, catalogue)
    dates = schema.of_kind("date")
    if dates and _ASKS_DATE.search(message.level):
        return dates[0]
    if named:
        return schema.attribute(named[0])
    labels = read_labels(message, catalogue, ())
    return schema.attribute(labels[0].sense.attribute) if labels else None
