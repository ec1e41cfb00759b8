"""Which items a system showed, how often, and how popular they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...tools.index import Index
from ..nouns import Estimate
from .catalogue import coverage, gini_index, long_tail, pop_reo
from .statistics import bootstrap_statistic, jackknife_interval

GROUPS = 40
"""Goals are dealt into so many groups, and an interval comes from leaving each out."""


@dataclass(frozen=True)
class Popularity:
    """How well known each item is, by row.

    Attributes:
        counts: how often it was used, or the number by which the catalogue measures popularity, shape (items,).
        seen: how likely it is known: its count over the greatest, shape (items,). Vargas and Castells divide by the number of
            users, which a catalogue's attribute does not tell; the greatest count is the least number it can be.
        tail: whether it belongs to the long tail, bool, shape (items,).
    """

    counts: np.ndarray
    seen: np.ndarray
    tail: np.ndarray


def popularity_of(index: Index) -> Popularity | None:
    """How popular a catalogue's items are, by users' histories, else by the attribute that measures it; None without both."""
    counts = None if index.collaborative is None else np.asarray(index.collaborative.counts, dtype=np.float64)
    if counts is None or not counts.any():
        attribute = index.catalogue.schema.measuring("popularity")
        column = None if attribute is None else index.catalogue.columns.numbers.get(attribute.name)
        counts = None if column is None else np.maximum(np.nan_to_num(column.numbers), 0.0)
    if counts is None or not counts.any():
        return None
    return Popularity(counts, counts / counts.max(), long_tail(counts))


class Exposure:
    """How often each item was shown, by groups of goals.

    Args:
        items: how many items the catalogue has.
    """

    def __init__(self, items: int) -> None:
        self._shown = np.zeros((GROUPS, items), dtype=np.int32)
        self._groups = set[int]()

    def add(self, cluster: int, rows: Sequence[int]) -> None:
        """Count items that were shown.

        Args:
            cluster: the goal's number.
            rows: the items' rows, once for each time.
        """
        group = cluster % GROUPS
        self._groups.add(group)
        np.add.at(self._shown[group], rows, 1)

    def estimates(self) -> dict[str, Estimate]:
        """Coverage and Gini index, with jackknife intervals; none where nothing was shown."""
        total = self._shown.sum(axis=0)
        n = int(total.sum())
        if not n:
            return {}
        left = [total - self._shown[group] for group in sorted(self._groups)]
        left = [counts for counts in left if counts.any()]
        covered = jackknife_interval(coverage(total), [coverage(counts) for counts in left], n)
        spread = jackknife_interval(gini_index(total), [gini_index(counts) for counts in left], n)
        return {"coverage": covered, "Gini index": spread}


class Chances:
    """Held-out items by popularity group, and those of them that were shown: what PopREO is made of."""

    def __init__(self, tail: np.ndarray) -> None:
        self._tail = tail
        self._sums: list[list[int]] = []

    def add(self, cluster: int, targets: Sequence[int], shown: set[int]) -> None:
        """Count one dialogue.

        Args:
            cluster: the goal's number.
            targets: the rows of what the user really liked.
            shown: the rows of what was shown.
        """
        while len(self._sums) <= cluster:
            self._sums.append([0, 0, 0, 0])
        sums = self._sums[cluster]
        for row in targets:
            group = int(self._tail[row])
            sums[group] += row in shown
            sums[2 + group] += 1

    def estimate(self, seed: int) -> Estimate | None:
        """PopREO with its interval; None where there is nothing to tell it from."""
        if not self._sums:
            return None
        sums = np.array(self._sums, dtype=np.float64)
        return bootstrap_statistic(sums, _unequal, int(sums[:, 2:].sum()), seed)


def _unequal(sums: np.ndarray) -> np.ndarray:
    return pop_reo(sums[..., :2], sums[..., 2:])
