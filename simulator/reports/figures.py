"""Numbers as a reader wants them: shares in percent, others with three digits that count, intervals beside them."""

import math
from collections.abc import Callable, Iterable

from ..nouns import Estimate


def share(value: float) -> str:
    """A share in percent: "64.2%"."""
    return "" if math.isnan(value) else f"{100 * value:.1f}%"


def fraction(value: float) -> str:
    """A value from 0 to 1 that is no count of cases, as papers print it: "0.158"."""
    return "" if math.isnan(value) else f"{value:.3f}"


def plain(value: float) -> str:
    """A number with three digits that count: "0.00312", "4.57", "12,345"."""
    if math.isnan(value):
        return ""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(max(digits, 0), 8)}f}"


def signed(value: float, written: Callable[[float], str]) -> str:
    """A difference with its sign."""
    text = written(abs(value))
    return text if not text.strip("0.%") else f"{'−' if value < 0 else '+'}{text}"


def interval(estimate: Estimate, written: Callable[[float], str]) -> str:
    """An estimate's interval: "61.0% to 67.3%"."""
    return f"{written(estimate.low)} to {written(estimate.high)}"


def probability(p: float) -> str:
    """A p value: "0.013", "< 0.001"."""
    return "" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float) -> str:
    """A time in the unit that suits it: "42 s", "3 min 10 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def count(number: int, one: str, many: str = "") -> str:
    """How many of what: "1 dialogue", "2,400 dialogues"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(pairs: Iterable[tuple[str, str]]) -> str:
    """Names with what is said of each: "a 64.2%; b 12.0%"."""
    return "; ".join(f"{name} {said}" for name, said in pairs)
