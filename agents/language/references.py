"""What "the second one", "it", "both" and "the French one" point at among the items last shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from ...tools.catalogue import Catalogue
from ...tools.schema import Measure
from ...tools.words import fold
from .message import Message
from .quantities import find_quantities

_ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "sixth": 5, "6th": 5, "seventh": 6, "eighth": 7, "ninth": 8, "tenth": 9, "top": 0, "last": -1, "final": -1, "middle": 1,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"\b(?:the |your |that |my )?(?P<ordinal>{'|'.join(_ORDINALS)})(?P<more>,? (?:and|or|"
    rf"&) (?:the )?(?P<other>{'|'.join(_ORDINALS)}))?(?P<pair> two| couple| three)?(?: (?P<noun>one|"
    rf"ones|option|pick|choice|suggestion|recommendation|result|item|of (?:these|those|them)|"
    rf"{{noun}}))?\b"
)
_NUMBERED = re.compile(r"(?:#|\bnumber |\bno\. ?|\boption |\bitem )(?P<number>\d|one|two|three|four|five)\b")
_ALL = re.compile(
    r"\b(?:all (?:of )?(?:them|these|those|three|of them)|both(?: of (?:them|these|those))?|them all|"
    r"all (?:three|four|five)|each of (?:them|these)|any of (?:them|these|those)|none of (?:them|"
    r"these|those)|neither(?: of (?:them|these|those))?|these|those|them|they)\b(?! (?:that|who|which|"
    r"days))"
)
_IT = re.compile(
    r"\b(?:that one|this one|that (?:{noun})|this (?:{noun})|it)\b(?! (?:depends|helps))"
    r"|\b(?:that|this)\b(?!'?s? (?:possible|ok|okay|fine|true|all|said|sounds|be nice|depends|helps|\w+ (?:i|we)\b))"
)
_THE_ONE = re.compile(
    r"\bthe (?P<what>(?:[\w'-]+ ){1,4})(?:one|{noun})\b|\bthe one (?:with|by|from|about|in|set in|"
    r"directed by|starring) (?P<after>[\w' -]+)"
)
_VERSION = re.compile(
    r"\bthe (?:one |version |remake )?(?:from|of) (?:the )?[\w' ]*\d+s?\b|\bthe [\w' ]*\d+s? (?:one|"
    r"version|edition|remake|original)\b|\bthe (?:other|original|remake|older?|newer?|first) (?:one|"
    r"version)?"
)
_SUPERLATIVE: dict[str, tuple[Measure | Literal["date"], int]] = {
    "older": ("date", -1), "oldest": ("date", -1), "newer": ("date", 1), "newest": ("date", 1),
    "shorter": ("duration", -1), "shortest": ("duration", -1), "longer": ("duration", 1), "longest": ("duration", 1),
    "cheaper": ("price", -1), "cheapest": ("price", -1),
}  # fmt: skip
_MOST = 10
"""References that one message is read for."""

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@dataclass(frozen=True)
class Reference:
    """A pointing phrase and the ids it points at; `certain` is false for a bare "it" or "that"."""

    start: int
    end: int
    items: tuple[str, ...]
    certain: bool = True


def read_references(
    message: Message, focus: Sequence[str], catalogue: Catalogue, spoken: str | None = None
) -> list[Reference]:
    """The references of a message to the items in focus, certain ones first, then by place; none without a focus.

    A bare "it" means the item last spoken of, or the first one.
    """
    if not focus:
        return []
    nouns = "|".join(re.escape(n) for n in (catalogue.schema.noun, *catalogue.schema.also[:1]))
    found = (
        _ordinals(message, focus, nouns)
        + _described(message, focus, catalogue, nouns)
        + _partial_titles(message, focus, catalogue)
    )
    level = message.level
    if not found:
        found = [Reference(m.start(), m.end(), tuple(focus)) for m in _ALL.finditer(level)]
    if not found:
        for match in islice(re.finditer(_IT.pattern.replace("{noun}", nouns), level), _MOST):
            found.append(
                Reference(
                    match.start(), match.end(), (spoken or focus[0],), match.group() not in ("it", "that", "this")
                )
            )
    return sorted(
        found + _other_version(message, found, spoken or focus[0], catalogue), key=lambda r: (not r.certain, r.start)
    )


def _other_version(message: Message, found: Sequence[Reference], meant: str, catalogue: Catalogue) -> list[Reference]:
    """ "No, the 1982 one": an item of the same name as the one spoken of, from another year."""
    from datetime import date

    match = _VERSION.search(message.level)
    if match is None or any(r.certain and len(r.items) == 1 for r in found):
        return []
    name = fold(catalogue.item(meant).title)
    namesakes = [i.id for i in catalogue.items if i.id != meant and name in {fold(t) for t in (i.title, *i.aliases)}]
    years = [q for q in find_quantities(message.level, date.today()) if q.kind == "period"]
    fitting = [
        i
        for i in namesakes
        for a in catalogue.schema.of_kind("date")[:1]
        if any(q.bounds.holds(float(catalogue.columns.numbers[a.name].numbers[catalogue.row_of[i]])) for q in years)
    ]
    fitting = fitting or (namesakes if not years and len(namesakes) == 1 else [])
    return [Reference(match.start(), match.end(), (fitting[0],))] if len(fitting) == 1 else []


def _ordinals(message: Message, focus: Sequence[str], nouns: str) -> list[Reference]:
    found: list[Reference] = []
    for match in re.finditer(_ORDINAL.pattern.replace("{noun}", nouns), message.level):
        place = _ORDINALS[match["ordinal"]]
        pointed = (
            match["noun"] or match["pair"] or match["more"] or match.group().startswith(("the ", "your ", "that "))
        )
        short = len(message.tokens) <= 3
        if (
            not (pointed or short)
            or not -len(focus) <= place < len(focus)
            or (match["ordinal"] in ("top", "last", "middle") and not match["noun"])
        ):
            continue
        places = [place]
        if match["pair"]:
            count = 3 if "three" in match["pair"] else 2
            places = list(range(count)) if place >= 0 else list(range(-count, 0))
        if match["other"]:
            places.append(_ORDINALS[match["other"]])
        found.append(
            Reference(match.start(), match.end(), tuple(focus[p] for p in places if -len(focus) <= p < len(focus)))
        )
    for match in _NUMBERED.finditer(message.level):
        number = _NUMBERS.get(match["number"]) or int(match["number"])
        if 1 <= number <= len(focus):
            found.append(Reference(match.start(), match.end(), (focus[number - 1],)))
    return found


def _described(message: Message, focus: Sequence[str], catalogue: Catalogue, nouns: str) -> list[Reference]:
    """ "the French one", "the 1982 one", "the shorter one", "the one with the sharks"."""
    from datetime import date

    found: list[Reference] = []
    for match in re.finditer(_THE_ONE.pattern.replace("{noun}", nouns), message.level):
        start, end = match.span("what") if match["what"] else match.span("after")
        words = (match["what"] or match["after"]).split()
        if any(w in _ORDINALS or w in ("same", "other", "right", "best", "only") for w in words):
            continue
        fitting = _superlative(words, focus, catalogue) or [
            i
            for i in focus
            if _fits(message, start, end, i, catalogue, find_quantities(message.level[start:end], date.today()))
        ]
        if len(fitting) == 1:
            found.append(Reference(match.start(), match.end(), tuple(fitting)))
    return found


def _superlative(words: Sequence[str], focus: Sequence[str], catalogue: Catalogue) -> list[str]:
    for word in words:
        if word in _SUPERLATIVE:
            measure, direction = _SUPERLATIVE[word]
            attribute = (
                catalogue.schema.of_kind("date")[:1] if measure == "date" else (catalogue.schema.measuring(measure),)
            )
            if not attribute or attribute[0] is None:
                return []
            numbers = catalogue.columns.numbers[attribute[0].name].numbers
            return [(max if direction > 0 else min)(focus, key=lambda i: numbers[catalogue.row_of[i]])]
    return []


def _fits(message: Message, start: int, end: int, item_id: str, catalogue: Catalogue, quantities: list) -> bool:
    item = catalogue.item(item_id)
    for quantity in quantities:
        for attribute in catalogue.schema.of_kind("date"):
            number = catalogue.columns.numbers[attribute.name].numbers[catalogue.row_of[item_id]]
            if quantity.kind == "period" and quantity.bounds.holds(float(number)):
                return True
    senses = [s for f in message.found if start <= message.start(f) < end for s in f.of("value")]
    return any(s.value in item.labels(s.attribute) for s in senses)


def _partial_titles(message: Message, focus: Sequence[str], catalogue: Catalogue) -> list[Reference]:
    """Words that stand in the title of just one item in focus: "tell me about the godfather one", "rushmore"."""
    from ...tools.talk_words import TALK_WORDS
    from ...tools.words import STOPWORDS, words

    titles = {i: {w for t in (catalogue.item(i).title, *catalogue.item(i).aliases) for w in words(t)} for i in focus}
    found: list[Reference] = []
    for place, token in enumerate(message.tokens):
        bare = token.text.removesuffix("'s")
        if len(bare) < 4 or bare in TALK_WORDS or bare in STOPWORDS:
            continue
        holders = [i for i, known in titles.items() if bare in known]
        if len(holders) == 1 and not any(r.items == (holders[0],) for r in found):
            start, end = place, place + 1
            while start > 0 and message.tokens[start - 1].text in titles[holders[0]]:
                start -= 1
            while end < len(message.tokens) and message.tokens[end].text in titles[holders[0]]:
                end += 1
            span = message.tokens[start].start, message.tokens[end - 1].end
            found.append(Reference(*span, (holders[0],)))
    return found
