"""What a wish says about one attribute, as data: values and ranges, and how they read in words."""

from pydantic import BaseModel, ConfigDict

from .schema import Attribute


class Range(BaseModel):
    """Numbers from `low` to `high`; None is no bound.

    A date is measured in years (1994.5 is the middle of 1994), so the eighties are [1980, 1990) with `open_high`.
    """

    model_config = ConfigDict(frozen=True)

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False

    def holds(self, number: float) -> bool:
        """Whether a number lies inside."""
        if self.low is not None and (number < self.low or (self.open_low and number == self.low)):
            return False
        return not (self.high is not None and (number > self.high or (self.open_high and number == self.high)))


def complement(bounds: Range) -> Range | None:
    """Everything outside a range that is open at one end; None for one that is closed at both."""
    if bounds.low is None and bounds.high is not None:
        return Range(low=bounds.high, open_low=not bounds.open_high)
    if bounds.high is None and bounds.low is not None:
        return Range(high=bounds.low, open_high=not bounds.open_low)
    return None


class Limit(BaseModel):
    """Any of some values, or inside any of some ranges, of one attribute.

    Attributes:
        attribute: the schema's name of it; None means the item's text at large, and the values are phrases.
        values: labels of a category (or phrases of the text), any of which satisfies.
        ranges: for numbers and dates, any of which satisfies.
    """

    model_config = ConfigDict(frozen=True)

    attribute: str | None
    values: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()


def describe_limit(limit: Limit, attribute: Attribute | None = None) -> str:
    """A limit in words for people: "1980-1989", "under 120 min", "Comedy or Drama"."""
    if limit.values:
        return " or ".join(limit.values)
    return " or ".join(describe_range(r, attribute) for r in limit.ranges)


def describe_range(bounds: Range, attribute: Attribute | None = None) -> str:
    """A range in words; dates read as whole years."""
    if attribute is not None and attribute.kind == "date":
        return _describe_years(bounds)
    unit = f" {attribute.unit}" if attribute is not None and attribute.unit else ""
    low, high = (None if n is None else _in_full(n) for n in (bounds.low, bounds.high))
    if low is None and high is None:
        return "any"
    if low is not None and high is not None:
        return f"{low}{unit}" if low == high else f"{low}-{high}{unit}"
    if low is not None:
        return f"{'over' if bounds.open_low else 'at least'} {low}{unit}"
    return f"{'under' if bounds.open_high else 'at most'} {high}{unit}"


def _describe_years(bounds: Range) -> str:
    first = None if bounds.low is None else int(bounds.low)
    last = None
    if bounds.high is not None:
        last = int(bounds.high) - 1 if bounds.open_high and bounds.high == int(bounds.high) else int(bounds.high)
    if first is not None and last is not None:
        return str(first) if first == last else f"{first}-{last}"
    if first is not None:
        return f"{first} or later"
    return "any" if last is None else f"{last} or earlier"


def _in_full(number: float) -> str:
    """A number without an exponent: "1500000", "4.99"."""
    return f"{number:.0f}" if number == round(number) else f"{number:.10f}".rstrip("0").rstrip(".")
