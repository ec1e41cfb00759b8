"""The catalogue's labels in a message, as preferences: which sense, which force, and which belong to one "or"."""

import re
from collections.abc import Iterator, Sequence

from ...tools.catalogue import Catalogue
from ...tools.lexicon import Found, Sense
from ...tools.limits import Limit
from ...tools.schema import Attribute
from ..state import Preference, Strength
from .clauses import kind_at
from .message import Message
from .scopes import Force, Scopes

_OR = re.compile(r"^\s*(?:,?\s*(?:or|and/or)(?: maybe| even| perhaps| a| an| the| some)*|/|,)\s*$")
_OR_WORD = re.compile(r"\bor\b|/")
_LANGUAGE_CUE = re.compile(r"\b(?:in|speaks?|speaking|subtitled in|dubbed in|spoken in|language)\s*$")
_LANGUAGE_AFTER = re.compile(r"^[\s-]*(?:language|speaking|spoken|audio|dub|subtitles?)\b")
_SAME = re.compile(r"\b(?:the )?(?:same|its|his|her|their|(?<!of )(?:that|this|those|these))(?: exact)?\s*$")
_NAMED_BEFORE = re.compile(
    r"^[\s:=,-]*(?:(?:that|which|it|this|one|i'?d (?:say|like|want|go for)|should|must|has|have|had|needs?|ought|"
    r"got|to|be|being|"
    r"is|are|was|were|set|would|could|can|will|may|might|of|like|called|named|the|an?|in|only|definitely|really|either|"
    r"preferably|ideally|maybe|please|not|isn'?t|no)\b[\s:=,-]*){0,6}$"
)
"""What may stand between an attribute's name and its value: "as for the colour, it should be red"."""
_NAMED_AFTER = re.compile(
    r"^[\s-]*(?:(?:as|for|is|are|being)(?: (?:the|its|their|a|an|my))?(?: (?:main|original|only|first|preferred))?\s+)?$"
)
"""What may stand between a value and its attribute's name: "with red as the colour"."""
_REACH = 8
"""Words between an attribute's name and its value, at most."""

_MANY = 40
"""Phrases in a message beyond which it is no longer read for how each is meant elsewhere in it."""

_OWNERS = frozenset(["my", "our", "your", "her", "his", "their"])
_WORKING = frozenset(
    """
    love loves loved like hate play plays playing start starting weekend night nights evening sunday saturday friday
    drive time times well hope change work school house home watch read cry call turn manage help fall break friends kids kid
    """.split()
)
_ASKED_FOR = frozenset("suggestion suggestions recommendation recommendations idea ideas option options".split())
"""What items are called by those who ask for them."""

_THAT_MADE = re.compile(
    r"^\s*(?:(?:that|who|which|of|behind|from|did|made|makes|making|wrote|directed|created|developed|"
    r"the)\s*)+[\"'“]?$"
)


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
        if not senses or any(start < e and s < end for s, e in passed) or _is_idle(message, found, senses, catalogue):
            continue
        if found.of("attribute") and _names_attribute(message, found):
            continue
        if _names_maker(message, found, senses, catalogue):
            message.take(start, end)
            continue
        for sense in _choose(message, found, senses, catalogue):
            labels.append(Label(found, start, end, sense))
        message.take(start, end)
    return labels


def _is_idle(message: Message, found: Found, senses: Sequence[Sense], catalogue: Catalogue) -> bool:
    """Whether a loose label's word does other work: "I love …", "my brother", "the same director"."""
    kind = kind_at(message.clauses, message.start(found))
    if kind in ("comment", "closing"):
        return True
    if found.start and message.tokens[found.start - 1].text in _OWNERS and kind != "wish":
        return True
    if not all(catalogue.schema.attribute(s.attribute).open for s in senses):
        return False
    if kind == "life":
        return True
    before = message.tokens[found.start - 1].text if found.start else ""
    word = message.tokens[found.start].text
    if before in _OWNERS or (found.of("attribute") and before in ("same", "that", "this", "different", "those")):
        return True
    if found.end - found.start == 1 and word in _ASKED_FOR:
        return before not in ("about", "of", "with", "involving", "on")
    if found.end - found.start > 1 or word not in _WORKING:
        return False
    return before not in ("about", "of", "with", "involving", "on", "no", "without", "a", "some", "and")


def _names_attribute(message: Message, found: Found) -> bool:
    """Whether a word that is a value as well only says which attribute a value beside it is of: "language French"."""
    named = {s.attribute for s in found.of("attribute")}
    return any(
        any(s.attribute in named for s in other.of("value")) and _beside(message, found, other)
        for other in _near(message, found)
    )


def _near(message: Message, found: Found) -> Iterator[Found]:
    """The other phrases a few words away."""
    low, high = found.start - _REACH, found.end + _REACH
    return (f for f in message.found if f.end >= low and f.start <= high and f is not found)


def _beside(message: Message, name: Found, value: Found) -> bool:
    """Whether an attribute's name and a value stand together: "theme revenge", "the genre must be crime", "red as the colour"."""
    if name.end <= value.start:
        return bool(_NAMED_BEFORE.match(message.level[message.end(name) : message.start(value)]))
    return bool(_NAMED_AFTER.match(message.level[message.end(value) : message.start(name)]))


def _names_maker(message: Message, found: Found, senses: Sequence[Sense], catalogue: Catalogue) -> bool:
    """Whether a name only says which item is meant: "Quiet by Susan Cain"."""
    if not any(catalogue.schema.attribute(s.attribute).person for s in senses):
        return False
    before = message.level[: message.start(found)]
    titles = [f for f in message.found if f.of("item") and f.end <= found.start]
    return bool(titles) and bool(re.match(r"^[\"'”]*,? (?:by|from|the)\s*$", before[message.end(titles[-1]) :]))


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
        if strength == "must" and force is None and kind_at(message.clauses, first.start) == "taste":
            strength = "prefer"
        words = message.words(scopes.cue_start(first.start), group[-1].end)
        values = list(dict.fromkeys(label.sense.value for label in group))
        parts = (
            [[v] for v in values] if strength in ("must_not", "avoid") and _joined_by_or(message, group) else [values]
        )
        preferences += [
            Preference(limit=Limit(attribute=attribute.name, values=tuple(part)), strength=strength, words=words)
            for part in parts
        ]
    return preferences


def strength_of(force: Force | None, attribute: Attribute | None) -> Strength:
    """What a force means for an attribute: a plain wish is a must for a label that tells items apart, else a preference."""
    if force in ("must", "prefer", "avoid", "must_not"):
        return force  # type: ignore[return-value]
    return "prefer" if attribute is None or attribute.open else "must"


def same_as_shown(message: Message, focus: Sequence[str], catalogue: Catalogue) -> list[Preference]:
    """ "by the same director", "the studio that made Ico": an item's own values of the attribute that is named."""
    preferences: list[Preference] = []
    for found in message.found:
        for sense in found.of("attribute"):
            start, end = message.start(found), message.end(found)
            made = _made(message, end)
            items = made or (focus if _SAME.search(message.level[:start]) else ())
            if not items or (re.match(r" of\b", message.level[end:]) and not made):
                continue
            attribute = catalogue.schema.attribute(sense.attribute)
            values = catalogue.item(items[0]).labels(attribute.name)
            if values:
                if len(values) > 3 and not message.level[start:end].endswith("s"):
                    values = values[:1]
                limit = Limit(attribute=attribute.name, values=values)
                preferences.append(Preference(limit=limit, strength="must", words=message.words(start - 5, end)))
                message.take(start, end)
                break
    if (
        not preferences
        and focus
        and re.search(
            r"\b(?:by|from|with) (?:him|her|them|the same (?:person|people|guy|team|one))\b|\bhis (?:other|"
            r"earlier|later)|\bher (?:other|earlier|later)|\btheir (?:other|earlier|later)",
            message.level,
        )
    ):
        for attribute in catalogue.schema.attributes:
            values = catalogue.item(focus[0]).labels(attribute.name)
            if attribute.person and values:
                return [
                    Preference(
                        limit=Limit(attribute=attribute.name, values=values),
                        strength="must",
                        words=message.text.strip(),
                    )
                ]
    return preferences


def _made(message: Message, end: int) -> tuple[str, ...]:
    """The item named right after an attribute: "the director of Whiplash"."""
    for found in message.found:
        if (
            found.of("item")
            and message.start(found) > end
            and _THAT_MADE.match(message.level[end : message.start(found)])
        ):
            return found.of("item")[0].items[:1]
    return ()


def _choose(message: Message, found: Found, senses: Sequence[Sense], catalogue: Catalogue) -> list[Sense]:
    """The sense that the words around a label point to; several values only where they share a surname."""
    start, end = message.start(found), message.end(found)
    cued = _cued_attribute(message, found) or _cued_elsewhere(message, found)
    best = max(s.exact for s in senses)
    schema = catalogue.schema

    def rank(sense: Sense) -> tuple[float, ...]:
        attribute = schema.attribute(sense.attribute)
        return (
            sense.attribute == message.asking,
            sense.attribute == cued,
            not cued and (sense.attribute, sense.value) in message.wanted,
            round(sense.exact, 2) if abs(sense.exact - best) > 0.15 else 0,
            _tongue(message, start, end, attribute),
            not attribute.open,
            _part(message, start, attribute, catalogue),
            len(catalogue.columns.categories[sense.attribute].rows(sense.value)),
        )

    ordered = sorted(senses, key=rank, reverse=True)
    chosen = ordered[0]
    alike = [s for s in ordered if s.attribute == chosen.attribute and s.exact == chosen.exact]
    if chosen.exact >= 0.8 and len(alike) > 1 and not schema.attribute(chosen.attribute).person:
        return alike
    if schema.attribute(chosen.attribute).person and chosen.exact < 0.8 and 1 < len(alike) <= 3:
        return alike
    return [chosen]


def _tongue(message: Message, start: int, end: int, attribute: Attribute) -> int:
    """A nationality names a place, unless the words around it speak of language."""
    language = "language" in (attribute.label, attribute.name.rstrip("s"))
    spoken = bool(_LANGUAGE_CUE.search(message.level[:start]) or _LANGUAGE_AFTER.match(message.level[end:]))
    return int(language == spoken)


def _part(message: Message, start: int, attribute: Attribute, catalogue: Catalogue) -> float:
    """For a person who stands under several attributes: "with" means those of whom an item has many, "by" the few."""
    if not attribute.person:
        return 0.0
    column = catalogue.columns.categories[attribute.name]
    crowd = column.labels_per_item
    before = message.level[:start]
    if re.search(r"(?:\bwith|\bw/|\bstarring|\bfeaturing|\bstars?|\bhas)\s*$", before):
        return crowd
    return -crowd if re.search(r"\b(?:by|from|of)\s*$", before) else 0.0


def _cued_attribute(message: Message, found: Found) -> str:
    """The attribute whose name stands with a label: "director Jane Campion", "the horror genre", "French as the language"."""
    for other in _near(message, found):
        if (senses := other.of("attribute")) and _beside(message, other, found):
            known = {s.attribute for s in found.of("value")}
            return next((s.attribute for s in senses if s.attribute in known), senses[0].attribute)
    return ""


def _cued_elsewhere(message: Message, found: Found) -> str:
    """The attribute whose name stands with the same label in another place of the message."""
    if len({s.attribute for s in found.of("value")}) < 2 or len(message.found) > _MANY:
        return ""
    said = message.level[slice(*message.place(found))]
    others = (f for f in message.found if f is not found and message.level[slice(*message.place(f))] == said)
    return next((cued for other in others if (cued := _cued_attribute(message, other))), "")


def _groups(message: Message, labels: Sequence[Label], scopes: Scopes, catalogue: Catalogue) -> list[list[Label]]:
    groups: list[list[Label]] = []
    for label in labels:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.sense.attribute == label.sense.attribute
            and _alternatives(message, last, label, catalogue, labels)
            and scopes.force(last.start) == scopes.force(label.start)
        ):
            groups[-1].append(label)
        else:
            groups.append([label])
    return groups


def _alternatives(message: Message, last: Label, label: Label, catalogue: Catalogue, labels: Sequence[Label]) -> bool:
    """Whether two labels of one attribute are alternatives: joined by "or", or an attribute that holds one value only."""
    if last.start == label.start:
        return label.sense.exact == 0.9 or not _go_together(last.sense, label.sense, catalogue)
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
