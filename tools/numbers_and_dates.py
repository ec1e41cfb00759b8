"""Numbers, lengths of time and dates, however they were written: "€ 1.299,00", "1h 30m", "Jan 4, 2018"."""

import re
from datetime import UTC, date, datetime
from typing import Any

from .cells import as_text

LONGEST = 60
"""Text of more characters than this is no number, length of time or date."""

LARGEST = 1e300
"""Numbers beyond this are taken for nonsense; infinity is among them."""

CURRENCIES = {
    "$": "USD",
    "us$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "zł": "PLN",
}
_CODES = frozenset(
    ("usd", "eur", "gbp", "jpy", "inr", "rub", "krw", "pln", "chf", "cad", "aud", "sek", "nok", "dkk", "brl")
)
_NUMBER = re.compile(
    r"(?P<before>[^\d+\-.,]{0,10}?)\s*(?P<digits>[-+]?(?:\d[\d.,' ]*|[.,]\d+))(?P<power>[eE][-+]?\d+)?"
    r"(?:\s*/\s*\d+|\s+out of \d+)?(?:\s*(?P<after>[^\d\s][^\d]{0,23}))?"
)
_FREE = re.compile(r"free|.*\bfor free\b|gratis|gratuit|kostenlos", re.I)
_BEFORE = re.compile(r"(?:about|approx\.?|ca?\.?|circa|from|up to|ab|à partir de|rs\.?|[~≈<>≤≥#])?", re.I)
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*")
_SPAN = re.compile(
    r"(?:p?t)?(?:(?P<h>\d+(?:[.,]\d+)?)\s*(?:h|hrs?|hours?|std\.?|stunden?|heures?)\b\.?)?[\s,]*"
    r"(?:(?P<m>\d+(?:[.,]\d+)?)\s*(?:m|mins?|minutes?|minuten|′|')\.?)?[\s,]*(?:(?P<s>\d+)\s*(?:s|secs?|seconds?)\.?)?",
    re.I,
)
_HM = re.compile(r"(?:p?t)?(\d+)h\s*(\d+)(?:m\w*)?", re.I)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})")


def parse_number(value: Any, decimal: str = ".") -> float | None:
    """The number in a cell: `4.99`, "$4.99", "1,234", "€ 1.299,00", "90 min", "4.5/5"; "Free to play" is 0.

    Args:
        value: the cell.
        decimal: the column's decimal mark, which decides what "1.299" is.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if -LARGEST < value < LARGEST else None
    text = as_text(value)
    if len(text) > LONGEST:
        return None
    found = _number(text)
    if found is None:
        return 0.0 if _FREE.match(text) else None
    digits = _dotted(found["digits"].strip(), decimal)
    number = None if digits is None else float(digits + (found["power"] or ""))
    return number if number is None or abs(number) < LARGEST else None


def unit_of(text: str) -> str:
    """What stands before or after a number: "USD" in "$4.99", "min" in "90 min", nothing in "7"."""
    found = _number(as_text(text))
    if found is None:
        return ""
    mark = found["before"].strip().lower()
    after = (found["after"] or "").strip().rstrip(".")
    for sign in (mark, after.lower()):
        if sign in CURRENCIES or sign in _CODES:
            return CURRENCIES.get(sign, sign.upper())
    return after


def _number(text: str) -> re.Match[str] | None:
    found = _NUMBER.fullmatch(text.replace("−", "-")) if any(map(str.isdigit, text)) else None
    if found is None:
        return None
    mark = found["before"].strip().lower()
    ok = mark in CURRENCIES or mark in _CODES or _BEFORE.fullmatch(mark)
    return found if ok and len((found["after"] or "").split()) <= 2 else None


def _dotted(digits: str, decimal: str) -> str | None:
    """Digits with a dot as the only mark, or None where the marks make no sense."""
    if not any(mark in digits for mark in ",' ") and (
        digits.count(".") == 0 or (decimal == "." and digits.count(".") == 1)
    ):
        return digits if digits.isascii() else None
    digits = digits.rstrip(".,' ")
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        mark = digits[last]
        whole, rest = digits[:last], digits[last + 1 :]
        grouped = len(rest) == 3 and (mark != decimal or mark in whole)
        if not grouped and mark not in whole:
            if whole.strip("+-") and not whole.strip("+-").isdigit() and not _GROUPED.fullmatch(whole):
                return None
            return f"{re.sub(r'[^0-9+-]', '', whole) or '0'}.{rest}" if rest.isdigit() else None
    return re.sub(r"[^0-9+-]", "", digits) if digits.strip("+-").isdigit() or _GROUPED.fullmatch(digits) else None


def parse_minutes(value: Any) -> float | None:
    """A length of time written out, in minutes: "1h 30m", "PT90M", "1:30:00", "3:45" (minutes and seconds)."""
    text = as_text(value)
    if len(text) > LONGEST:
        return None
    if clock := _CLOCK.fullmatch(text):
        return int(clock[1] or 0) * 60 + int(clock[2]) + int(clock[3]) / 60
    if short := _HM.fullmatch(text):
        return int(short[1]) * 60.0 + int(short[2])
    span = _SPAN.fullmatch(text)
    if span is None or not any(span.groups()):
        return None
    hours, minutes, seconds = (float((span[part] or "0").replace(",", ".")) for part in "hms")
    return hours * 60 + minutes + seconds / 60


NO_DATE_YET = re.compile(r"coming|soon|tba|tbd|to be (announced|determined)|unannounced|n\.?d\.?$|0+([-.]0+)*$", re.I)
"""How a date that is not known yet reads ("Coming soon")."""

_MONTHS = (
    *("jan ene gen", "feb fev fév", "mar mär mrz", "apr avr abr", "may mai mag", "jun giu", "jul lug", "aug aoû ago"),
    *("sep set", "oct okt ott out", "nov", "dec dez dic déc"),
)
_MONTH = {name: month for month, names in enumerate(_MONTHS, start=1) for name in names.split()}
_YEAR = re.compile(r"([-−]?\d{1,4})(?:\.0+)?")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ]\d{1,2}:.*)?")
_NUMERIC = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ,]+\d{1,2}:.*)?")
_ROUGH = re.compile(
    r"(?:q[1-4]|spring|summer|autumn|fall|winter|early|mid|late|ca?\.?|circa|about|[~©])[\s,-]*(\d{4})|(\d{4})\s*q[1-4]",
    re.I,
)
_WORDS = re.compile(r"[^\W\d_]+|\d+")


def parse_date(value: Any, *, day_first: bool = False) -> str | None:
    """A date as ISO text, as exact as it was given: "Jan 4, 2018" -> `2018-01-04`, "Q3 2018" -> `2018`.

    Args:
        value: the cell; a large whole number is seconds or milliseconds since 1970.
        day_first: whether "03/04/2018" is the third of April.
    """
    if isinstance(value, (date, datetime)):
        return value.isoformat()[:10]
    text = as_text(value)
    if len(text) > LONGEST:
        return None
    if found := _YEAR.fullmatch(text):
        year = int(found[1].replace("−", "-"))
        return str(year) if -5000 < year < 2200 and year != 0 else None
    if found := _ISO.fullmatch(text):
        return _iso(int(found[1]), int(found[2]), int(found[3] or 0))
    if found := _NUMERIC.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        day, month = (first, second) if (day_first and second <= 12) or first > 12 else (second, first)
        return _iso(int(found[3]), month, day)
    if text.isdecimal():
        return _from_digits(text)
    if found := _ROUGH.fullmatch(text):
        return found[1] or found[2]
    return _from_words(text)


def _from_digits(text: str) -> str | None:
    if len(text) == 8:
        return _iso(int(text[:4]), int(text[4:6]), int(text[6:]))
    if len(text) in (9, 10, 12, 13):
        seconds = int(text) / (1000 if len(text) > 10 else 1)
        return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()
    return None


def _from_words(text: str) -> str | None:
    pieces = _WORDS.findall(text.lower())
    month = next((_MONTH[word[:3]] for word in pieces if word[:3] in _MONTH and not word.isdigit()), 0)
    numbers = [int(piece) for piece in pieces if piece.isdecimal()]
    at = next((i for i, piece in enumerate(numbers) if 1000 <= piece < 2200), None)
    if not month or at is None or len(pieces) > 10 or not text.isprintable():
        return None
    return _iso(numbers[at], month, numbers[0] if at > 0 else 0)


def _iso(year: int, month: int, day: int) -> str | None:
    """Year, month and day as far as they are given; 0 is not given."""
    if month == 0:
        return str(year) if year else None
    try:
        whole = date(year, month, day or 1).isoformat()
    except ValueError:
        return None
    return whole if day else whole[:7]
