"""The catalogue's labels in a message, as preferences: which sense, which force, and which belong to one "or"."""

import re
from collections.abc import Sequence

from ...tools.catalogue import Catalogue
from ...tools.lexicon import Found, Sense
from ...tools.limits import Limit
from ...tools.schema import Attribute
from ...tools.words import STOPWORDS
from ..state import Preference, Strength
from .message import Message
from .scopes import Force, Scopes

_OR = re.compile(r"^\s*(?:,?\s*(?:or|and/or)(?: maybe| even| perhaps| a| an| the| some)*|/|,)\s*$")
_OR_WORD = re.compile(r"\bor\b|/")
_LANGUAGE_CUE = re.compile(r"\b(?:in|speaks?|speaking|subtitled in|dubbed in|spoken in|language)\s*$")
_LANGUAGE_AFTER = re.compile(r"^[\s-]*(?:language|speaking|spoken|audio|dub|subtitles?)\b")
_SAME = re.compile(r"\b(?:the )?(?:same|that|this|its|his|her|their)(?: exact)?\s*$")


class Label:
    """A label in a message: its place, its attribute and value."""

    def __init__(self, found: Found, start: int, end: int, sense: Sense) -> None:
        self.found = found
        self.start = start
        self.end = end
        self.sense = sense


def read_labels(message: Message, catalogue: Catalogue, passed: Sequence[tuple[int, int]]) -> list[Label]:
    """The labels of a message, one sense each; what lies in a passed place is left alone."""
    labels: list[Label] = []
    for found in message.found:
        senses = found.of("value")
        start, end = message.start(found), message.end(found)
        if not senses or any(start < e and s < end for s, e in passed):
            continue
        for sense in _choose(message, found, senses, catalogue):
            labels.append(Label(found, start, end, sense))
        message.take(start, end)
    return labels


def label_preferences(
    message: Message, labels: Sequence[Label], scopes: Scopes, catalogue: Catalogue
) -> list[Preference]:
    """Preferences of labels: those joined by "or" become one, the rest stand alone."""
    preferences: list[Preference] = []
    for group in _groups(message, labels, scopes, catalogue):
        first = group[0]
        attribute = catalogue.schema.attribute(first.sense.attribute)
        force = scopes.force(first.start)
        if force == "ignore":
            continue
        strength = strength_of(force, attribute)
        words = message.words(scopes.cue_start(first.start), group[-1].end)
        values = list(dict.fromkeys(label.sense.value for label in group))
        parts = [[v] for v in values] if strength in ("must_not", "avoid") and _joined_by_or(message, group) else [values]
        preferences += [
            Preference(limit=Limit(attribute=attribute.name, values=tuple(part)), strength=strength, words=words) for part in parts
        ]
    return preferences


def strength_of(force: Force | None, attribute: Attribute | None) -> Strength:
    """What a force means for an attribute: a plain wish is a must for a label that tells items apart, else a preference."""
    if force in ("must", "prefer", "avoid", "must_not"):
        return force  # type: ignore[return-value]
    return "prefer" if attribute is None or attribute.open else "must"


def same_as_shown(message: Message, focus: Sequence[str], catalogue: Catalogue) -> list[Preference]:
    """ "by the same director": the shown item's own values of the attribute that is named."""
    preferences: list[Preference] = []
    for found in message.found:
        for sense in found.of("attribute"):
            start, end = message.start(found), message.end(found)
            if not focus or not _SAME.search(message.level[:start]):
                continue
            attribute = catalogue.schema.attribute(sense.attribute)
            values = catalogue.item(focus[0]).attributes.get(attribute.name)
            if attribute.kind == "category" and isinstance(values, tuple):
                limit = Limit(attribute=attribute.name, values=values)
                preferences.append(Preference(limit=limit, strength="must", words=message.words(start - 5, end)))
                message.take(start, end)
                break
    if not preferences and focus and re.search(r"\b(?:by|from|with|of) (?:him|her|them|the same (?:person|people|guy|team|one))\b|\bhis (?:other|earlier|later)|\bher (?:other|earlier|later)|\btheir (?:other|earlier|later)", message.level):
        for attribute in catalogue.schema.attributes:
            values = catalogue.item(focus[0]).attributes.get(attribute.name)
            if attribute.person and isinstance(values, tuple):
                return [Preference(limit=Limit(attribute=attribute.name, values=values), strength="must", words=message.text.strip())]
    return preferences


def _choose(message: Message, found: Found, senses: Sequence[Sense], catalogue: Catalogue) -> list[Sense]:
    """The sense that the words around a label point to; several values only where they share a surname."""
    start, end = message.start(found), message.end(found)
    cued = _cued_attribute(message, found)
    best = max(s.exact for s in senses)
    schema = catalogue.schema

    def rank(sense: Sense) -> tuple[float, ...]:
        attribute = schema.attribute(sense.attribute)
        return (
            sense.attribute == cued,
            round(sense.exact, 2) if abs(sense.exact - best) > 0.15 else 0,
            _tongue(message, start, end, attribute),
            not attribute.open,
            len(catalogue.columns.categories[sense.attribute].rows(sense.value)),
        )

    ordered = sorted(senses, key=rank, reverse=True)
    chosen = ordered[0]
    alike = [s for s in ordered if s.attribute == chosen.attribute and s.exact == chosen.exact]
    synonyms = schema.attribute(chosen.attribute).synonyms
    if chosen.exact >= 0.8 and len(alike) > 1 and all(s.value in synonyms for s in alike):
        return alike
    if schema.attribute(chosen.attribute).person and chosen.exact < 0.8 and 1 < len(alike) <= 3:
        return alike
    return [chosen]


def _tongue(message: Message, start: int, end: int, attribute: Attribute) -> int:
    """A nationality names a place, unless the words around it speak of language."""
    language = "language" in (attribute.label, attribute.name.rstrip("s"))
    spoken = bool(_LANGUAGE_CUE.search(message.level[:start]) or _LANGUAGE_AFTER.match(message.level[end:]))
    return int(language == spoken)


def _cued_attribute(message: Message, found: Found) -> str:
    """The attribute whose name stands right before or after a label: "director Jane Campion", "the horror genre"."""
    for other in message.found:
        before = 0 <= found.start - other.end <= 2
        after = other.start == found.end
        if (before or after) and other is not found:
            between = message.tokens[other.end : found.start] if before else []
            senses = other.of("attribute")
            if senses and all(t.text in STOPWORDS for t in between):
                return senses[0].attribute
    return ""


def _groups(message: Message, labels: Sequence[Label], scopes: Scopes, catalogue: Catalogue) -> list[list[Label]]:
    groups: list[list[Label]] = []
    for label in labels:
        last = groups[-1][-1] if groups else None
        if last is not None and last.sense.attribute == label.sense.attribute and _alternatives(message, last, label, catalogue, labels):
            if scopes.force(last.start) == scopes.force(label.start):
                groups[-1].append(label)
                continue
        groups.append([label])
    return groups


def _alternatives(message: Message, last: Label, label: Label, catalogue: Catalogue, labels: Sequence[Label]) -> bool:
    """Whether two labels of one attribute are alternatives: joined by "or", or an attribute that holds one value only."""
    if last.start == label.start:
        return not _go_together(last.sense, label.sense, catalogue)
    gap = message.level[last.end : label.start]
    if not _OR.match(gap):
        single = not catalogue.schema.attribute(label.sense.attribute).many
        return single and bool(re.match(r"^\s*(?:and|,|&)\s*$", gap))
    if _OR_WORD.search(gap):
        return True
    following = [x for x in labels if x.start >= label.end]
    return bool(following) and _alternatives_ahead(message, label, following[0])


def _go_together(a: Sense, b: Sense, catalogue: Catalogue) -> bool:
    """Whether one word for two values means both ("rom-com") and not either: items often carry both."""
    column = catalogue.columns.categories[a.attribute]
    rows = set(column.rows(a.value).tolist()), set(column.rows(b.value).tolist())
    return len(rows[0] & rows[1]) * 10 > min(len(rows[0]), len(rows[1]))


def _alternatives_ahead(message: Message, label: Label, following: Label) -> bool:
    return bool(re.match(r"^\s*,?\s*or\b", message.level[label.end : following.start]))


def _joined_by_or(message: Message, group: Sequence[Label]) -> bool:
    return len(group) > 1
