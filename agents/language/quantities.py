"""Numbers, durations, prices, years and decades in a message."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ...tools.limits import Range

_ONES: dict[str, int] = dict(
    zip(
        """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
    """.split(),
        range(20),
        strict=True,
    )
)
_TENS: dict[str, int] = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_WORD = "|".join(
    [*(f"{t}[ -](?:{'|'.join(list(_ONES)[1:10])})" for t in _TENS), *_TENS, *sorted(_ONES, key=len, reverse=True)]
)
NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{_WORD})(?:[ -]hundred)?\b|"
    rf"\ba (?:hundred|thousand)\b|\ba couple(?: of)?\b)"
)
_DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80,
    "nineties": 90, "noughties": 2000, "aughts": 2000,
}  # fmt: skip
_SYMBOLS = "kg|km|cm|mm|ml|cl|lbs?|oz|gb|tb|mb|ghz|mhz|hz|kw|wh|kwh|mah|mph|kmh|px|nm|nits|dpi"
"""Symbols of units that are no words; they may stand right behind a number."""

_SYMBOL_OF = {
    "kilo": "kg", "kilogram": "kg", "kilogramme": "kg", "gram": "g", "gramme": "g", "pound": "lb", "ounce": "oz",
    "kilometre": "km", "kilometer": "km", "metre": "m", "meter": "m", "centimetre": "cm", "centimeter": "cm",
    "millimetre": "mm", "millimeter": "mm", "inch": "in", "mile": "mi", "litre": "l", "liter": "l", "millilitre": "ml",
    "milliliter": "ml", "gigabyte": "gb", "gig": "gb", "terabyte": "tb", "megabyte": "mb", "watt": "w", "volt": "v",
}  # fmt: skip
_CURRENCY = r"dollars?|bucks?|euros?|pounds|quid|usd|eur\b|[$€£]"
_HOURS = r"(?:hours?|hrs?|h)\b"
_MINUTES = r"(?:minutes?|mins?|min|m)\b"

Kind = Literal["minutes", "money", "period", "age", "stars", "number", "ago"]


@dataclass(frozen=True)
class Quantity:
    """A number with its place and kind.

    Attributes:
        start, end: its place in the text, its unit included.
        kind: minutes, money, a period of years, an age, stars, a plain number, or a time ago, which limits nothing.
        bounds: the number, as a range; a period is half open.
        unit: the word or symbol after a plain number ("pages", "kg"), or empty.
        scale: for stars, "out of" how many; 0 when it does not say.
    """

    start: int
    end: int
    kind: Kind
    bounds: Range
    unit: str = ""
    scale: float = 0.0

    @property
    def number(self) -> float:
        """The number, or a period's beginning."""
        return self.bounds.low if self.bounds.low is not None else (self.bounds.high or 0.0)


def find_quantities(level: str, today: date) -> list[Quantity]:
    """All quantities of a folded text, in order, none overlapping."""
    found: list[Quantity] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(level):
            if all(match.end() <= q.start or match.start() >= q.end for q in found):
                quantity = read(match, today)
                if quantity is not None:
                    found.append(quantity)
    return sorted(found, key=lambda q: q.start)


def symbol_of(unit: str) -> str:
    """A unit in one spelling: "kg" for "kilos", "kg" and "Kilogram"; what is no known unit without its plural s."""
    unit = unit.strip(" .").lower()
    plain = unit.removesuffix("es") if unit.endswith("inches") else unit.removesuffix("s")
    return _SYMBOL_OF.get(plain, plain)


def read_number(text: str) -> float:
    """A number in digits or words: "1,200", "twenty-five", "a couple"."""
    text = text.strip().lower()
    if text.startswith("a couple"):
        return 2.0
    if text[0].isdigit():
        return float(text.replace(",", ""))
    if text == "a thousand":
        return 1000.0
    hundred = 100 if text.endswith("hundred") else 1
    pieces = [p for p in re.split(r"[ -]", text.removesuffix("hundred").strip(" -")) if p and p != "a"]
    return float(sum(_TENS.get(p, _ONES.get(p, 0)) for p in pieces) or 1) * hundred


def _point(number: float) -> Range:
    return Range(low=number, high=number)


def _duration(match: re.Match[str], _: date) -> Quantity:
    group = match.groupdict()
    if group.get("half_hour"):
        minutes = 30.0
    else:
        hours = 1.0 if group["hours"] in ("an", "a") else read_number(group["hours"]) if group["hours"] else 0.0
        minutes = hours * 60 + (30 if group["half"] or group["half_after"] else 0)
        if group["minutes"]:
            minutes += float(group["minutes"])
    return Quantity(match.start(), match.end(), "minutes", _point(minutes))


def _minutes(match: re.Match[str], _: date) -> Quantity:
    return Quantity(match.start(), match.end(), "minutes", _point(read_number(match["n"])))


def _money(match: re.Match[str], _: date) -> Quantity:
    return Quantity(match.start(), match.end(), "money", _point(read_number(match["n"] or match["m"])))


def _age(match: re.Match[str], _: date) -> Quantity:
    return Quantity(match.start(), match.end(), "age", _point(read_number(match["n"])))


def _decade(match: re.Match[str], _: date) -> Quantity:
    word, digits = match["word"], match["digits"]
    decade = _DECADES[word] if word else int(digits)
    if decade < 100:
        decade += 1900 if decade >= 20 else 2000
    low, high = _part(decade, 10, match["part"])
    return Quantity(match.start(), match.end(), "period", Range(low=low, high=high, open_high=True))


def _century(match: re.Match[str], _: date) -> Quantity:
    low, high = _part((int(match["n"]) - 1) * 100, 100, match["part"])
    return Quantity(match.start(), match.end(), "period", Range(low=low, high=high, open_high=True))


def _part(start: int, length: int, part: str | None) -> tuple[float, float]:
    cuts = {"early": (0.0, 0.4), "mid": (0.3, 0.7), "middle": (0.3, 0.7), "late": (0.6, 1.0)}
    first, last = cuts.get((part or "").strip(" -"), (0.0, 1.0))
    return start + round(first * length), start + round(last * length)


def _last_years(match: re.Match[str], today: date) -> Quantity:
    count = {"decade": 10, "century": 100, "year": 1}.get(match["span"] or "", 0)
    years = count * (read_number(match["times"]) if match["times"] else 1) or read_number(match["n"])
    low = today.year - years
    return Quantity(match.start(), match.end(), "period", Range(low=low, high=None))


def _since_years(match: re.Match[str], today: date) -> Quantity:
    return Quantity(match.start(), match.end(), "period", Range(low=today.year - read_number(match["n"])))


def _named_year(match: re.Match[str], today: date) -> Quantity:
    year = today.year - (match["which"] == "last")
    return Quantity(match.start(), match.end(), "period", Range(low=year, high=year + 1, open_high=True))


def _year(match: re.Match[str], today: date) -> Quantity | None:
    year = int(match["year"])
    if year > today.year + 20:
        return None
    return Quantity(match.start(), match.end(), "period", Range(low=year, high=year + 1, open_high=True))


def _number(match: re.Match[str], _: date) -> Quantity:
    unit = match["unit"] or ""
    return Quantity(
        match.start(), match.end() - len(match["tail"] or ""), "number", _point(read_number(match["n"])), unit
    )


_READERS = [
    (re.compile(rf"\b(?:he|she|they|son|daughter|kid|child|youngest|oldest|nephew|niece|grandson|granddaughter|"
        rf"who)(?:'s| is|'re| are| turns?| just turned) (?P<n>{NUMBER})\b(?![ -](?:h|m|p|s))"), _age),
    (re.compile(rf"\b(?P<half_hour>half an hour)\b|(?P<hours>\b(?:an|a)\b|"
        rf"{NUMBER})(?P<half> and a half)?[ -]?{_HOURS}"
                rf"(?:(?P<half_after> and a half)|(?: and)? ?(?P<minutes>\d{{1,2}})(?: ?{_MINUTES})?)?"), _duration),
    (re.compile(r"\b(?P<hours>\d)h(?P<minutes>\d\d)\b(?P<half>)(?P<half_after>)"), _duration),
    (re.compile(rf"(?P<n>{NUMBER})[ -]?{_MINUTES}"), _minutes),
    (re.compile(rf"(?:[$€£]|\b(?:usd|eur) ?) ?(?P<n>\d+(?:,\d{{3}})*(?:\.\d+)?)|(?P<m>{NUMBER}) ?(?:{_CURRENCY})"), _money),
    (re.compile(rf"(?P<n>{NUMBER})(?:[ -]?stars?(?: out of (?P<scale>\d+))?| out of (?P<_>)(?P<scale2>\d+)|"
        rf"/(?P<scale3>5|10|100)\b)"),
     lambda m, d: Quantity(m.start(), m.end(), "stars", _point(read_number(m["n"])),
                           scale=float(m["scale"] or m["scale2"] or m["scale3"] or 0))),
    (re.compile(rf"\b(?:no|not) (?:more than|older than|over) (?P<n>{NUMBER}) years?(?: old| ago)?\b"), _since_years),
    (re.compile(rf"\b(?:{NUMBER}) years? (?:ago|later|earlier)\b"), lambda m, d: Quantity(m.start(), m.end(), "ago", Range())),
    (re.compile(rf"(?P<n>{NUMBER})[ -]?(?:(?:years?[ -])?(?:years?|yrs?)[ -]olds?\b|y/?o'?s?\b)"), _age),
    (re.compile(rf"\b(?:kids?|child(?:ren)?|boys?|girls?|son|daughter|toddlers?|teenagers?|nephew|niece|someone|"
        rf"somebody|people|"
        rf"those) (?:who (?:is|are) |(?:of|aged?) )(?:only |about |just |around )?(?P<n>{NUMBER})(?![ -]?(?:min|"
        rf"hour|%))\b"), _age),
    (re.compile(r"\b(?P<part>early|mid|middle|late)?[ -]*(?:the )?'?(?P<digits>(?:1[5-9]|20)\d0|"
        r"[0-9]0)'?s\b(?P<word>)"), _decade),
    (re.compile(rf"\b(?P<part>early|mid|middle|late)?[ -]*(?:the )?(?P<word>{'|'.join(_DECADES)})\b(?P<digits>)"), _decade),
    (re.compile(r"\b(?P<part>early|mid|middle|late)?[ -]*(?:the )?(?P<n>1?\d|2[01])(?:st|nd|rd|th)[ -]century\b"), _century),
    (re.compile(rf"\b(?:last|past|previous|recent) (?:(?P<times>{NUMBER}) )?(?:(?P<span>decade|century)s?|"
        rf"(?P<n>{NUMBER}) years)\b|\b(?:(?P<times2>)last few years)\b"),
     lambda m, d: _last_years(m, d) if m["span"] or m["n"] else Quantity(m.start(), m.end(), "period", Range(low=d.year - 5))),
    (re.compile(r"\b(?P<which>this|last) year\b"), _named_year),
    (re.compile(r"(?<![\d.,$€£])\b(?P<year>1[5-9]\d\d|20\d\d)\b(?!(?:[,.]\d)|(?: ?(?:pages|words|players|points))|"
                rf"(?: ?(?:and|to|or|-) ?\d[\d.,]* ?(?:{_CURRENCY})))"), _year),
    (re.compile(rf"(?<![\w#])(?P<n>{NUMBER})(?![\d:])"
                rf"(?P<tail>(?:\+?[ -](?=[a-z]{{3}})|\+?[ -]?(?=(?:{_SYMBOLS})\b))(?P<unit>[a-z]+))?"), _number),
]  # fmt: skip
