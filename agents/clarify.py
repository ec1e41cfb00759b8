"""The clarifying agent, built-in brain: asks for the attribute whose answer would tell most about the candidates.

Expected information gain is the entropy of the candidates' values, as in Zhang et al., "Towards conversational search
and recommendation: system ask, user respond", CIKM 2018, and earlier decision-tree elicitation: an attribute with a
few large groups splits best, one that most items lack or whose values are all different splits badly.
"""

import math
from collections.abc import Sequence

import numpy as np

from ..tools.columns import HOLDS
from ..tools.index import Index
from ..tools.limits import Range, describe_range
from ..tools.schema import Attribute
from .state import ClarifyingQuestion, Wish

OPTIONS = 5
_LEAST_COVERAGE = 0.6


async def clarify(wish: Wish, index: Index, rows: np.ndarray) -> ClarifyingQuestion | None:
    """The best question about some candidates; None when nothing is left to ask."""
    return next(iter(questions(wish, index, rows)), None)


def questions(wish: Wish, index: Index, rows: np.ndarray) -> list[ClarifyingQuestion]:
    """All questions worth asking about some candidates, the most telling first.

    Args:
        wish: what is known; nothing in it is asked again.
        index: the catalogue.
        rows: the candidates, shape (candidates,).
    """
    limited = {p.limit.attribute for p in wish.preferences}
    asked = [a for a in index.catalogue.schema.attributes if a.name not in limited and a.name not in wish.asked]
    scored = [
        (gain, -place, a, o) for place, a in enumerate(asked) for gain, o in [_split(a, index, rows)] if len(o) > 1
    ]
    return [
        ClarifyingQuestion(attribute=attribute.name, text=_wording(attribute, options), options=tuple(options))
        for _, _, attribute, options in sorted(scored, key=lambda s: s[:2], reverse=True)
    ]


def _split(attribute: Attribute, index: Index, rows: np.ndarray) -> tuple[float, list[str]]:
    """The expected information gain of asking about an attribute, in bits, and the options to offer."""
    columns = index.catalogue.columns
    if (
        attribute.person
        or attribute.kind == "text"
        or attribute.measure in ("rating", "popularity")
        or not attribute.shown
    ):
        return 0.0, []
    if attribute.name in columns.categories:
        column = columns.categories[attribute.name]
        if column.coverage < _LEAST_COVERAGE:
            return 0.0, []
        here = np.zeros(columns.count, dtype=bool)
        here[rows] = True
        counts = {v: int(np.count_nonzero(here[column.rows(v)])) for v in column.values[:200]}
        common = sorted((v for v in counts if counts[v]), key=lambda v: -counts[v])[:OPTIONS]
        return _entropy([counts[v] for v in common], len(rows)) * column.coverage, common
    column = columns.numbers[attribute.name]
    numbers = column.numbers[rows]
    known = numbers[~np.isnan(numbers)]
    if len(known) < _LEAST_COVERAGE * len(rows) or len(np.unique(known)) < 4:
        return 0.0, []
    low, high = (_round(float(q), attribute) for q in np.quantile(known, [1 / 3, 2 / 3]))
    if low >= high:
        return 0.0, []
    bounds = [Range(high=low, open_high=True), Range(low=low, high=high, open_high=True), Range(low=high)]
    sizes = [int((column.judge([b])[rows] == HOLDS).sum()) for b in bounds]
    return _entropy(sizes, len(rows)) * 0.9, [_option(b, attribute) for b in bounds]


def _entropy(counts: Sequence[int], total: int) -> float:
    """Bits that an answer tells on average; what no option covers counts as one more group."""
    rest = max(total - sum(counts), 0)
    whole = sum(counts) + rest
    shares = [c / whole for c in (*counts, rest) if c and whole]
    return -sum(s * math.log2(s) for s in shares)


def _round(number: float, attribute: Attribute) -> float:
    step = (
        10.0
        if attribute.kind == "date"
        else 10 ** max(math.floor(math.log10(abs(number) or 1)) - 1, 0) * (5 if number > 20 else 1)
    )
    return round(number / step) * step


def _option(bounds: Range, attribute: Attribute) -> str:
    if attribute.kind == "date":
        if bounds.low is None:
            return f"before {bounds.high:g}"
        if bounds.high is None:
            return f"{bounds.low:g} or later"
        return f"{bounds.low:g} to {bounds.high - 1:g}"
    if bounds.low is not None and bounds.high is not None:
        return f"{bounds.low:g} to {bounds.high:g} {attribute.unit}".rstrip()
    return describe_range(bounds, attribute)


def _wording(attribute: Attribute, options: Sequence[str]) -> str:
    label = attribute.label or attribute.name.replace("_", " ")
    listed = ", ".join(options[:-1]) + f" or {options[-1]}"
    if attribute.kind == "category":
        return f"Which {label} would you like: {listed}?"
    return f"What about the {label}: {listed}?"
