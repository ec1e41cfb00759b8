"""Which items of a store a search is about, and which namespaces a listing: filters, patterns, similarity.

Comparisons are those of LangGraph's `InMemoryStore`, except that a value that cannot be compared does not match.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

_COMPARED = {"$gt": (1,), "$gte": (0, 1), "$lt": (-1,), "$lte": (-1, 0)}


def passes(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether an item's value has what a filter asks of each of its fields.

    Raises:
        ValueError: the filter has an operator that there is not.
    """
    return all(_matches(value.get(field), asked) for field, asked in (wanted or {}).items())


def fits(namespace: Sequence[str], kind: Literal["prefix", "suffix"], pattern: Sequence[str]) -> bool:
    """Whether a namespace begins or ends with a pattern, where "*" stands for any label.

    Raises:
        ValueError: the kind is neither prefix nor suffix.
    """
    if kind not in ("prefix", "suffix"):
        raise ValueError(f"Unsupported match type: {kind}")
    if len(namespace) < len(pattern):
        return False
    if kind == "suffix":
        namespace = namespace[len(namespace) - len(pattern) :]
    return all(asked in ("*", label) for label, asked in zip(namespace, pattern, strict=False))


def similarities(query: np.ndarray, vectors: Sequence[np.ndarray]) -> list[float | None]:
    """How near each item is to a query: the largest cosine of its vectors; None for an item without any.

    Args:
        query: shape (dimension,).
        vectors: each item's, of length one or zero, shape (its vectors, dimension).
    """
    counts = [len(v) for v in vectors]
    if not sum(counts):
        return [None] * len(counts)
    matrix = np.concatenate([v for v in vectors if len(v)])
    length = float(np.linalg.norm(query))
    # Beyond the sixth digit, equal vectors would be told apart by chance.
    scores = np.round(matrix @ (query / length if length else query), 6)
    ends = np.cumsum(counts)
    return [float(scores[end - n : end].max()) if n else None for n, end in zip(counts, ends, strict=True)]


def _matches(value: Any, asked: Any) -> bool:
    if isinstance(asked, Mapping):
        if any(isinstance(name, str) and name.startswith("$") for name in asked):
            return all(_compares(value, operator, other) for operator, other in asked.items())
        return isinstance(value, Mapping) and all(_matches(value.get(field), a) for field, a in asked.items())
    if isinstance(asked, list | tuple):
        return _is_list_of(value, asked)
    return value == asked


def _is_list_of(value: Any, asked: Iterable[Any]) -> bool:
    several = list(asked)
    return isinstance(value, list | tuple) and len(value) == len(several) and all(map(_matches, value, several))


def _compares(value: Any, operator: str, other: Any) -> bool:
    if operator == "$eq":
        return value == other
    if operator == "$ne":
        return value != other
    if operator not in _COMPARED:
        raise ValueError(f"Unsupported operator: {operator}")
    return _order(value, other) in _COMPARED[operator]


def _order(value: Any, other: Any) -> int | None:
    """-1, 0 or 1 as the value is below, at or above the other, as numbers where they are, else as texts; None if neither."""
    try:
        pair: tuple[Any, Any] = (float(value), float(other))
    except (TypeError, ValueError):
        if not (isinstance(value, str) and isinstance(other, str)):
            return None
        pair = (value, other)
    if pair[0] != pair[0] or pair[1] != pair[1]:
        return None
    return (pair[0] > pair[1]) - (pair[0] < pair[1])
