"""Vague quantities: "not too long", "cheap", "recent", "famous", "for kids". They move the order, or rule out extremes.

The words belong to measures, not to any one catalogue; where a catalogue has a label of the same name, the label wins.
"""

import re
from dataclasses import dataclass
from typing import Literal

from ...tools.catalogue import Catalogue
from ...tools.limits import Limit, Range
from ...tools.schema import Attribute, Measure
from ...tools.talk_words import TALK_WORDS
from ...tools.words import STOPWORDS
from .clauses import kind_at
from .message import Message
from .scopes import Scopes

_AgeYears = 8
"""What "for kids" means on an attribute that measures a least age."""

_Side = Literal["low", "high"]
_WORDS: dict[Measure | Literal["date"], dict[_Side, str]] = {
    "duration": {
        "low": r"short(?:er|est|ish)?|quick|brief", "high": r"long(?:er|est)?|lengthy|epic[- ]length",
    },
    "length": {
        "low": r"short(?:er|est|ish)?|quick(?: read)?|brief|thin|slim",
        "high": r"long(?:er|est)?|lengthy|thick|hefty|doorstoppers?",
    },
    "price": {
        "low": r"cheap(?:er|est|ish)?|inexpensive|affordable|bargains?|low[- ]cost|budget(?:[- ]friendly)?|"
        r"good value",
        "high": r"expensive|pricey|premium|high[- ]end|luxury",
    },
    "rating": {
        "low": r"badly (?:rated|reviewed)|poorly (?:rated|reviewed)",
        "high": r"(?:highly|well|top|best|better|high)[- ]?(?:rated|reviewed|regarded|received|ranked)|"
        r"(?:critically )?acclaimed|(?:great|good|excellent|rave|high|top) (?:reviews?|ratings?|scores?)|"
        r"highest[- ]rated|award[- ]winning|(?:popular|a hit|big) with (?:the )?critics|critics (?:love|"
        r"loved|adore)|loved by (?:the )?critics",
    },
    "popularity": {
        "low": r"obscure|(?:lesser|less|little|not (?:so|very|well)|not that)[- ](?:well[- ])?known|hidden gems?|"
        r"underrated|underground|niche|overlooked|under the radar|off the beaten (?:path|track)|unknown|"
        r"less famous|less popular|nobody (?:has heard|knows)|not (?:so |too |that |very )?(?:popular|"
        r"mainstream|famous|obvious)",
        "high": r"popular|famous|well[- ]known|mainstream|big[- ]name|blockbusters?|best[- ]?sell(?:ers?|ing)|"
        r"everyone (?:knows|likes|loves|is talking about)|widely known|iconic",
    },
    "age": {
        "low": r"(?:for|with|suitable for|ok for|okay for|appropriate for|good for)(?: \w+){0,3}? (?:kids?|"
        r"children|child|toddlers?|little ones|son|daughter|grandkids|grandchildren|nephews?|nieces?|"
        r"whole family|(?:young )?family)\b|(?:kid|child|family)(?:s|ren)?[- ]?friendly|all ages|the kids",
        "high": r"for (?:adults|grown[- ]?ups)|mature|adults? only|grown[- ]?up",
    },
    "date": {
        "low": r"old(?:er|est|ies|ish)?(?! (?:enough|friend|man|woman|people|lady|guy|couple|age|school friend))|"
        r"classics?|vintage|retro|old[- ]?school|old[- ]?fashioned|ancient|from way back",
        "high": r"recent(?:ly (?:made|released|published))?|new(?:er|est|ish)?(?! (?:york|zealand|orleans|england|"
        r"jersey|to|idea))|modern|latest|contemporary|current|fresh|just (?:came )?out",
    },
}  # fmt: skip
_PATTERNS: list[tuple[Measure | Literal["date"], _Side, re.Pattern[str]]] = [
    (measure, side, re.compile(rf"\b(?:{words})(?![\w-])"))
    for measure, sides in _WORDS.items()
    for side, words in sides.items()
]
_NOT_ABOUT_ITEMS = re.compile(
    r"\b(?:long|short) (?:time|ago|story|way|day|week|list|answer|as|term|while|on)\b|\bas long\b|"
    r"\bno longer\b|\bso long\b|\bbefore long\b|\b\d+[ -](?:years?[ -])?(?:years?|yrs?)[ -]olds?\b|\bquick (?:question|one)\b|"
    r"\bnew here\b|\bold news\b"
)


@dataclass(frozen=True)
class Vague:
    """A vague quantity.

    Attributes:
        start, end: its place.
        limit: a range that a third of the items satisfies, or that only the extremes break, for "not too …".
    """

    start: int
    end: int
    limit: Limit


def read_vague(message: Message, scopes: Scopes, catalogue: Catalogue) -> list[Vague]:
    """The vague quantities of a message that nothing else has claimed, in order; one per attribute."""
    blocked = [m.span() for m in _NOT_ABOUT_ITEMS.finditer(message.level)]
    found: dict[str, Vague] = {}
    for measure, side, pattern in _PATTERNS:
        attribute = _attribute(measure, catalogue)
        if attribute is None:
            continue
        for match in pattern.finditer(message.level):
            if any(start < match.end() and match.start() < end for start, end in blocked):
                continue
            if not message.free(match.start(), match.end()) or attribute.name in found:
                continue
            if kind_at(message.clauses, match.start()) in ("comment", "life", "closing"):
                continue
            if measure != "age" and not _describes(message, match.end(), catalogue):
                continue
            force = scopes.force(match.start())
            if measure == "age" and not re.search(r"\b(?:not|nothing|isn't|never)\s*$", message.level[: match.start()]):
                force = None
            if force == "ignore":
                message.take(match.start(), match.end())
                continue
            negated = force in ("must_not", "avoid")
            limit = vague_limit(attribute, _flip(side) if negated else side, catalogue, mild=negated)
            if limit is not None:
                found[attribute.name] = Vague(match.start(), match.end(), limit)
    return sorted(found.values(), key=lambda v: v.start)


def _describes(message: Message, end: int, catalogue: Catalogue) -> bool:
    """Whether an adjective describes an item and not the next word: "an old one", "short and sweet", not "a long drive"."""
    following = next(((place, t) for place, t in enumerate(message.tokens) if t.start >= end), None)
    if following is None or re.search(r"[,.;:!?()]", message.level[end : following[1].start]):
        return True
    place, token = following
    if token.text in STOPWORDS or token.text in TALK_WORDS or token.text[0].isdigit():
        return token.text not in ("night", "time", "way", "idea", "day")
    return any(f.start <= place < f.end for f in message.found)


def vague_limit(attribute: Attribute, side: _Side, catalogue: Catalogue, *, mild: bool = False) -> Limit | None:
    """The range that "short" or "long" means in this catalogue: its lower or upper third, or, mildly, three fifths."""
    column = catalogue.columns.numbers.get(attribute.name)
    if column is None or not len(column.known):
        return None
    if attribute.measure == "age":
        bounds = Range(high=_AgeYears) if side == "low" else Range(low=16)
    elif side == "low":
        edge = column.quantile(0.6 if mild else 0.35)
        bounds = Range(high=float(int(edge))) if edge >= 2 else Range(high=edge)
    else:
        edge = column.quantile(0.4 if mild else 0.65)
        bounds = Range(low=float(int(edge))) if edge >= 2 else Range(low=edge)
    return Limit(attribute=attribute.name, ranges=(bounds,))


def _flip(side: _Side) -> _Side:
    return "high" if side == "low" else "low"


def _attribute(measure: Measure | Literal["date"], catalogue: Catalogue) -> Attribute | None:
    schema = catalogue.schema
    if measure == "date":
        dates = schema.of_kind("date")
        return dates[0] if dates else None
    if measure == "length" and schema.measuring("duration") is not None:
        return None
    return schema.measuring(measure)
