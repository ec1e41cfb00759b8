"""Limits on numbers and dates: "under two hours", "80s or early 90s", "older than Alien", "for four players"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...tools.catalogue import Catalogue
from ...tools.limits import Limit, Range
from ...tools.schema import Attribute, Measure
from .message import Message
from .quantities import Quantity, symbol_of

_UNDER = re.compile(
    r"(?P<not>\b(?:no|not|never|nothing|isn'?t|none|can'?t|cannot|won'?t|mustn'?t|shouldn'?t)(?: \w+){0,3} )?"
    r"\b(?P<word>under|below|"
    r"less than|fewer than|lower than|shorter than|quicker than|cheaper than|smaller than|"
    r"younger than|thinner than|max(?:imum)?(?: of)?|at most|at the most|up to|within|prior to|before|"
    r"pre|earlier than|older than|until|till|through|by|<=?|no (?:more|longer|later|newer|greater|"
    r"higher|bigger) than|"
    r"not (?:more|longer|later|newer|greater|higher|bigger) than|not exceeding|capped at|as low as|"
    r"budget (?:of|is)(?: about| around)?|(?:i|we)(?:'ve| have|'d| only| just)*(?: got)?(?: only|"
    r" just| about| around| maybe)*(?=\s*$)(?<=got|ave|'ve|nly|out|und|ybe))[ -]*$"
)
_OVER = re.compile(
    r"(?P<not>\b(?:no|not|never|nothing|isn'?t|none|can'?t|cannot|won'?t|mustn'?t|shouldn'?t)(?: \w+){0,3} )?"
    r"\b(?P<word>over|above|more than|"
    r"greater than|higher than|longer than|bigger than|better than|rated|at least|at the least|"
    r"min(?:imum)?(?: of)?|"
    r"from|since|after|post|newer than|later than|pricier than|more expensive than|more recent than|"
    r">=?|no (?:less|fewer|shorter|older|earlier|lower) than|not (?:less|fewer|shorter|older|earlier|"
    r"lower) than|starting (?:in|at|from)|beyond|past|exceeding)[ -]*$"
)
_ABOUT = re.compile(r"\b(?:around|about|approximately|roughly|circa|c\.|ca\.?|near(?:ly)?|some|or so|~|like|ish)[ -]*$")
_BETWEEN = re.compile(r"^\s*(?:and|to|-|–|through|until|till)\s*(?:the )?$")
_BETWEEN_CUE = re.compile(r"\b(?:between|from|anywhere from)\s*(?:the )?$")
_OR = re.compile(r"^\s*(?:,?\s*(?:or|and|&)|,|/)\s*(?:(?:the|from the|in the)\s)?$")
_AT_MOST_AFTER = re.compile(
    r"^\s*(?:or (?:less|under|fewer|below|shorter|cheaper|earlier|older|before|so less)|and (?:under|"
    r"below|earlier|older)(?!\s*[\d$€£])|max(?:imum)?\b|tops\b|at (?:the )?most)"
)
_AT_LEAST_AFTER = re.compile(
    r"^\s*(?:\+|or (?:more|over|above|higher|longer|later|newer|after|better|up)|and (?:up|over|above|"
    r"later|newer|after|beyond|onwards?|higher|more)(?!\s*[\d$€£])|(?:and )?onwards?|"
    r"at (?:the )?least|minimum\b|plus\b)"
)
_GLUE = re.compile(
    r"^[\s:=]*(?:(?:is|are|of|at|above|over|under|below|less|more|than|least|most|about|around|"
    r"between|up|to|higher|lower|better)\s*)*$"
)
_PEOPLE = re.compile(r"^(?:people|persons?|of us|friends|players?|gamers|adults|buddies|mates)\b")
_CHILDREN = re.compile(r"^(?:[a-z]+[ -])?(?:kids|children|toddlers|babies|boys|girls|sons|daughters|grandchildren)\b")
_GROUP = re.compile(r"\b(?:family|group|party|team|gang|bunch|crew) of\s*$|\b(?:for|with)\s*$")
_ADJECTIVES: dict[str, Measure | None] = {
    "short": "duration", "long": "duration", "quick": "duration", "cheap": "price", "pric": "price", "expensive": "price",
    "thin": "length", "rated": "rating", "better": "rating", "budget": "price",
}  # fmt: skip
_COMPARED: dict[str, tuple[Measure | None, int]] = {
    "older": (None, -1), "earlier": (None, -1), "newer": (None, 1), "later": (None, 1), "more recent": (None, 1),
    "more modern": (None, 1), "younger": (None, 1), "shorter": ("duration", -1), "less long": ("duration", -1),
    "longer": ("duration", 1), "cheaper": ("price", -1), "less expensive": ("price", -1), "pricier": ("price", 1),
    "more expensive": ("price", 1), "better rated": ("rating", 1), "higher rated": ("rating", 1), "better": ("rating", 1),
    "more popular": ("popularity", 1), "more famous": ("popularity", 1), "better known": ("popularity", 1),
    "less popular": ("popularity", -1), "less known": ("popularity", -1), "lesser known": ("popularity", -1),
    "more obscure": ("popularity", -1), "less famous": ("popularity", -1), "less well known": ("popularity", -1),
}  # fmt: skip
_THAN = re.compile(
    rf"\b(?P<word>{'|'.join(sorted(_COMPARED, key=len, reverse=True))})(?: \w+)? than (?P<what>that|it|"
    rf"this|these|those|them)?\b"
)
_BARE = re.compile(
    rf"\b(?:something|anything|some|ones?|but|a (?:bit|little)|slightly|much|even|any|and|maybe|too|"
    rf"how about|what about|,|^|show me|is there|got|"
    rf"more)\s*(?P<word>{'|'.join(sorted(_COMPARED, key=len, reverse=True))})(?=\s*(?:$|[,.;!?]|one|"
    rf"ones|please|and|or|but|than (?:that|this|these|those|it|them)|stuff|{{noun}}))"
)
_COMPARED_MEASURES: tuple[Measure, ...] = ("duration", "length")


@dataclass(frozen=True)
class Measured:
    """A limit with the words that say it.

    Attributes:
        start, end: its place in the text.
        limit: what it says; its ranges already include a "not" before the comparison.
        soft: whether it is approximate ("around two hours"), so that it only moves the order.
        relative: whether it is measured by the items in view ("something older").
    """

    start: int
    end: int
    limit: Limit
    soft: bool = False
    relative: bool = False


def read_limits(message: Message, quantities: Sequence[Quantity], catalogue: Catalogue) -> list[Measured]:
    """The limits that a message's quantities set, in order."""
    measured: list[Measured] = []
    skip = 0
    for place in range(len(quantities)):
        if place < skip:
            continue
        run, ranges, skip = _run(message.level, quantities, place)
        limit = _limit(message, run, ranges, catalogue)
        if limit is not None:
            measured.append(limit)
    return measured


def _run(level: str, quantities: Sequence[Quantity], place: int) -> tuple[list[Quantity], list[Range], int]:
    """Quantities that belong together: "between 1980 and 1990", "80s or early 90s"."""
    first = quantities[place]
    run, ranges = [first], [first.bounds]
    following = place + 1
    while following < len(quantities):
        last, nxt = run[-1], quantities[following]
        gap = level[last.end : nxt.start]
        fits = last.kind == nxt.kind or last.kind == "number" or {last.kind, nxt.kind} == {"number", "money"}
        if (
            fits
            and _BETWEEN.match(gap)
            and (gap.strip(" -–") != "and" or _BETWEEN_CUE.search(level[: first.start]))
            and len(run) == 1
        ):
            high = nxt.bounds.high if nxt.bounds.high is not None else nxt.bounds.low
            low = first.bounds.low
            if nxt.kind == "minutes" and last.kind == "number" and low is not None and low < 10 <= (high or 0):
                low *= 60
            ranges = [Range(low=low, high=high, open_high=nxt.bounds.open_high)]
        elif last.kind == nxt.kind == "period" and _OR.match(gap):
            ranges = _joined([*ranges, nxt.bounds])
        else:
            break
        run.append(nxt)
        following += 1
    return run, ranges, following


def _joined(ranges: Sequence[Range]) -> list[Range]:
    """Periods that touch become one."""
    ordered = sorted(ranges, key=lambda r: r.low if r.low is not None else float("-inf"))
    joined = [ordered[0]]
    for bounds in ordered[1:]:
        last = joined[-1]
        if last.high is not None and bounds.low is not None and bounds.low <= last.high:
            joined[-1] = Range(low=last.low, high=bounds.high, open_high=bounds.open_high)
        else:
            joined.append(bounds)
    return joined


def _limit(message: Message, run: list[Quantity], ranges: list[Range], catalogue: Catalogue) -> Measured | None:
    level, first, last = message.level, run[0], run[-1]
    before, after = level[: first.start], level[last.end :]
    if (
        first.kind in ("minutes", "number", "money")
        and re.search(
            r"\b(?:before|after|since|until|till|past|takes?|lasts|every|in)\s*(?:about |the |an? )?$", before
        )
        and not re.search(r"\b(?:done|finished|over) in\s*$", before)
    ):
        return None
    if first.kind == "minutes" and _idle_duration(before, after):
        return None
    trimmed = re.sub(r"\b(?:the|a|an|year|years|age|ages)\s*$", "", before)
    end, tail = _behind(level, last)
    comparison, direction = _comparison(trimmed, tail)
    attribute = _attribute(first if first.kind != "number" else last, comparison, trimmed, after, catalogue, message)
    if attribute is None:
        return None
    start = first.start - (len(before) - len(trimmed)) if comparison else first.start
    if comparison and comparison in trimmed:
        start = trimmed.rfind(comparison)
    soft = False
    scaled = [_scaled(r, first if len(run) == 1 else last, attribute, catalogue) for r in ranges]
    if attribute.measure == "players" and len(run) == 1:
        scaled = [Range(low=scaled[0].low)]
    elif direction and len(scaled) == 1:
        scaled = [_bounded(scaled[0], direction, comparison, attribute)]
    elif first.kind != "period" and len(run) == 1:
        guess = _unsaid(first, scaled[0], attribute, before)
        scaled, soft = [guess.bounds], guess.soft
        if attribute.kind == "date":
            pass
        elif _ABOUT.search(trimmed):
            start = _ABOUT.search(trimmed).start()  # type: ignore[union-attr]
    if (
        first.kind == "period"
        and not direction
        and len(run) == 1
        and _ABOUT.search(trimmed)
        and first.bounds.high == first.number + 1
    ):
        scaled = [Range(low=first.number - 2, high=first.number + 3, open_high=True)]
    suffix = _AT_MOST_AFTER.match(tail) or _AT_LEAST_AFTER.match(tail)
    if suffix:
        end += suffix.end()
    if attribute.kind == "date":
        follow = re.match(r"\s*(?:-|'s\b|era\b)", level[end:])
        end += follow.end() if follow else 0
    return Measured(start, end, Limit(attribute=attribute.name, ranges=tuple(scaled)), soft)


def _behind(level: str, quantity: Quantity) -> tuple[int, str]:
    """Where a quantity ends and what follows it; its unit is passed over where a bound follows: "300 pages or more"."""
    after = level[quantity.end :]
    unit = re.match(rf"[ -]?{re.escape(quantity.unit)}\b", after) if quantity.unit else None
    if unit is None or _AT_MOST_AFTER.match(after) or _AT_LEAST_AFTER.match(after):
        return quantity.end, after
    rest = after[unit.end() :]
    if _AT_MOST_AFTER.match(rest) or _AT_LEAST_AFTER.match(rest):
        return quantity.end + unit.end(), rest
    return quantity.end, after


def _idle_duration(before: str, after: str) -> bool:
    """Whether a bare duration belongs to the user's day and not to an item: "an hour every evening"."""
    return bool(
        re.match(r"\s*(?:every|each|a (?:day|week|night)|per|ago|left|later|away|from now)\b", after)
    ) and not re.search(r"\b(?:under|than|most|least|over|within|up to)\s*$", before)


def _comparison(before: str, after: str) -> tuple[str, int]:
    """The comparing words and their direction: -1 at most, 1 at least, 0 none."""
    if _AT_MOST_AFTER.match(after):
        return "at most", -1
    if _AT_LEAST_AFTER.match(after):
        return "at least", 1
    under, over = _UNDER.search(before), _OVER.search(before)
    match = under if under and (not over or under.start("word") <= over.start("word")) else over
    if match is None:
        return "", 0
    if match["word"] in ("from", "rated", "by", "past", "through", "some") and match["word"] not in ("by", "rated"):
        since = match["word"] == "from" and re.match(r"\s*(?:on\b|onwards?\b|and (?:later|up|after))", after)
        return ("since", 1) if since else ("", 0)
    direction = -1 if match is under else 1
    if match["not"]:
        return match.group().strip(" -"), -direction
    return match.group().strip(" -"), direction


def _bounded(bounds: Range, direction: int, comparison: str, attribute: Attribute) -> Range:
    """One end of a range left open. Dates are half open: before 1990 ends at 1990, after 1990 begins at 1991."""
    low, high = bounds.low, bounds.high
    negated = bool(re.match(r"(?:no|not|never|nothing|isn|none|can|cannot|won|mustn|shouldn)\b", comparison))
    if attribute.kind == "date":
        if direction < 0:
            inclusive = (
                bool(
                    re.search(
                        r"until|till|through|\bby\b|at most|up to|no (?:later|newer)|not (?:later|newer)", comparison
                    )
                )
                or negated
            )
            return Range(high=high if inclusive and high is not None else low, open_high=True)
        inclusive = (
            bool(re.search(r"since|from|at least|starting|no (?:older|earlier)|not (?:older|earlier)|>=", comparison))
            or negated
        )
        return Range(low=low if inclusive else high if high is not None else low)
    strict = (
        not negated
        and bool(re.search(r"under|below|than|over|above|more|beyond|past", comparison))
        and not comparison.startswith(("no ", "not "))
    )
    if direction < 0:
        return Range(high=high if high is not None else low, open_high=strict)
    return Range(low=low, open_low=strict)


@dataclass(frozen=True)
class _Guess:
    bounds: Range
    soft: bool


def _unsaid(quantity: Quantity, bounds: Range, attribute: Attribute, before: str) -> _Guess:
    """What a number without comparison means: an age is a maximum, players a minimum, a price a budget, else "about"."""
    number = bounds.low if bounds.low is not None else 0.0
    if attribute.measure == "age":
        return _Guess(Range(high=number), False)
    if attribute.measure in ("players", "rating"):
        return _Guess(Range(low=number), False)
    if attribute.measure == "price":
        return _Guess(Range(high=number), False)
    if attribute.measure in _COMPARED_MEASURES:
        return _Guess(Range(low=round(number * 5 / 6), high=round(number * 7 / 6)), True)
    return _Guess(Range(low=number, high=number), False)


def _attribute(
    quantity: Quantity, comparison: str, before: str, after: str, catalogue: Catalogue, message: Message
) -> Attribute | None:
    """Which attribute a quantity is about; None when it is about nothing that the catalogue knows."""
    schema = catalogue.schema
    dates = schema.of_kind("date")
    match quantity.kind:
        case "period":
            return dates[0] if dates else None
        case "minutes":
            return schema.measuring("duration")
        case "money":
            return schema.measuring("price")
        case "age":
            return schema.measuring("age")
        case "stars":
            return schema.measuring("rating")
        case "ago":
            return None
        case "number":
            return _of_number(quantity, comparison, before, after, catalogue, message)


def _of_number(
    quantity: Quantity, comparison: str, before: str, after: str, catalogue: Catalogue, message: Message
) -> Attribute | None:
    schema = catalogue.schema
    numbers = [a for a in schema.attributes if a.kind == "number"]
    players = schema.measuring("players")
    rest = message.level[quantity.start + len(_digits(message.level[quantity.start : quantity.end])) :].strip(" -")
    if _CHILDREN.match(rest) and not comparison:
        # How many there are limits nothing, whatever the words between say: "two small kids".
        return players
    grouped = _GROUP.search(before) and (not quantity.unit or re.search(r"\bof\s*$", before))
    if players is not None and quantity.number <= 100 and (_PEOPLE.match(rest) or grouped):
        return players
    named = {
        s.attribute
        for f in message.found
        for s in f.of("attribute")
        if _near(message.start(f), message.end(f), quantity, message.level)
    }
    unit, symbol = quantity.unit.rstrip("s"), symbol_of(quantity.unit)
    asked = next((a for a in numbers if a.name == message.asking), None)
    if asked is not None and symbol in ("", symbol_of(asked.unit)):
        return asked
    for attribute in numbers:
        if unit == "year" and attribute.measure == "age":
            continue
        said = symbol == symbol_of(attribute.unit) or unit in (
            attribute.label.lower().rstrip("s"),
            (attribute.measure or "").rstrip("s"),
        )
        if unit and said:
            return attribute
        if attribute.name in named:
            return attribute
    if re.search(r"\b(?:ages?|aged)\s*$", before):
        return schema.measuring("age")
    if re.search(
        r"\b(?:rated|rating|scor(?:e|es|ed|ing))(?: of)?(?: (?:at least|over|above|under|below))?\s*$", before
    ):
        return schema.measuring("rating")
    if not comparison:
        return None
    for word, measure in _ADJECTIVES.items():
        if word in comparison and measure is not None:
            return schema.measuring(measure) or (schema.measuring("length") if measure == "duration" else None)
    if quantity.unit and quantity.unit not in ("or", "and", "but", "with", "please", "if", "max", "tops", "for"):
        return None
    return schema.measuring("price")


def _digits(text: str) -> str:
    """The number at the beginning of a quantity, without its unit."""
    return text.split(" ")[0].split("-")[0]


def _near(start: int, end: int, quantity: Quantity, level: str) -> bool:
    """Whether a named attribute stands right beside a quantity: "rating above 8", "200 calories"."""
    if end <= quantity.start:
        return bool(_GLUE.match(level[end : quantity.start]))
    return not level[quantity.end : start].strip(" -")


def _scaled(bounds: Range, quantity: Quantity, attribute: Attribute, catalogue: Catalogue) -> Range:
    """A range in the attribute's own unit: minutes to hours, stars to its scale."""
    factor = 1.0
    if quantity.kind == "minutes":
        factor = {"h": 1 / 60, "hour": 1 / 60, "hours": 1 / 60, "hrs": 1 / 60, "s": 60.0, "seconds": 60.0}.get(
            attribute.unit.lower(), 1.0
        )
    elif quantity.kind == "stars":
        known = catalogue.columns.numbers[attribute.name].known
        top = next((t for t in (5.0, 10.0, 100.0) if len(known) and known[-1] <= t), 0.0)
        scale = quantity.scale or (5.0 if quantity.number <= 5 else top)
        factor = top / scale if top and scale else 1.0
    if factor == 1.0:
        return bounds
    low, high = (None if n is None else round(n * factor, 2) for n in (bounds.low, bounds.high))
    return Range(low=low, high=high, open_low=bounds.open_low, open_high=bounds.open_high)


def read_comparisons(
    message: Message, catalogue: Catalogue, focus: Sequence[str], named: Callable[[int, int], Sequence[str]]
) -> list[Measured]:
    """Limits relative to items: "older than Alien", "something shorter", "cheaper ones".

    Args:
        message: the message.
        catalogue: whose items.
        focus: the items last shown, which a bare "older" is measured by.
        named: the ids of items named between two places of the text.
    """
    measured: list[Measured] = []
    for match in _THAN.finditer(message.level):
        if re.match(r"\s*(?:about |around |the )?[\d$€£]", message.level[match.end() :]):
            continue
        ids = named(match.end(), min(match.end() + 80, len(message.level)))
        ids = ids or (focus if match["what"] else ())
        measured += _relative(
            match["word"], match.start(), match.end(), ids[:1] if not match["what"] else ids, catalogue
        )
    nouns = "|".join(re.escape(n) for n in (catalogue.schema.noun, catalogue.schema.nouns, *catalogue.schema.also))
    for match in re.finditer(_BARE.pattern.replace("{noun}", nouns), message.level):
        if all(match.start("word") >= m.end or match.end("word") <= m.start for m in measured):
            found = _relative(match["word"], match.start("word"), match.end("word"), focus, catalogue)
            measured += [replace(m, relative=True) for m in found]
    return measured


def _relative(word: str, start: int, end: int, ids: Sequence[str], catalogue: Catalogue) -> list[Measured]:
    measure, direction = _COMPARED[word]
    attribute = _measured_by(measure, catalogue)
    if attribute is None or not ids:
        return []
    column = catalogue.columns.numbers.get(attribute.name)
    if column is None:
        return []
    numbers = [n for n in (float(column.numbers[catalogue.row_of[i]]) for i in ids) if n == n]
    if not numbers:
        return []
    edge = min(numbers) if direction < 0 else max(numbers)
    if attribute.kind == "date":
        year = int(edge)
        bounds = Range(high=year, open_high=True) if direction < 0 else Range(low=year + 1)
    else:
        bounds = Range(high=edge, open_high=True) if direction < 0 else Range(low=edge, open_low=True)
    return [Measured(start, end, Limit(attribute=attribute.name, ranges=(bounds,)))]


def _measured_by(measure: Measure | None, catalogue: Catalogue) -> Attribute | None:
    schema = catalogue.schema
    if measure is None:
        dates = schema.of_kind("date")
        return dates[0] if dates else None
    return schema.measuring(measure) or (schema.measuring("length") if measure == "duration" else None)
