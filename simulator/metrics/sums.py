"""Adds up what metrics are made of, goal by goal, so that dialogues need not be kept."""

from array import array

import numpy as np

from ..nouns import Estimate
from .definitions import definition_of
from .dialogues import Share
from .statistics import RESAMPLES, bootstrap_ratios


class ClusterSums:
    """For each metric and each cluster, what stands above the line of a ratio and what below it.

    A cluster is what hangs together: a goal, or a dialogue. It takes 16 bytes per metric and cluster.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._columns: dict[str, _Column] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, cluster: str) -> int:
        """A cluster's number, from 0, in order of first appearance."""
        return self._rows.setdefault(cluster, len(self._rows))

    def add(self, metric: str, cluster: str, amount: float, over: float = 1.0) -> None:
        """Add to a metric; nothing happens where it is over nothing."""
        if not over:
            return
        column = self._columns.get(metric)
        if column is None:
            column = self._columns[metric] = _Column()
        row = self.row(cluster)
        if row >= len(column.amounts):
            more = [0.0] * (row + 1 - len(column.amounts))
            column.amounts.extend(more)
            column.overs.extend(more)
        column.amounts[row] += amount
        column.overs[row] += over

    def add_share(self, metric: str, cluster: str, share: Share) -> None:
        """Add a part above the line, and its whole below."""
        self.add(metric, cluster, share.part, share.whole)

    def estimates(self, seed: int, resamples: int = RESAMPLES) -> dict[str, Estimate]:
        """Every metric's value and interval, in order of first appearance; clusters are resampled."""
        if not self._columns:
            return {}
        amounts, overs = np.zeros((2, len(self._rows), len(self._columns)))
        for place, column in enumerate(self._columns.values()):
            amounts[: len(column.amounts), place] = column.amounts
            overs[: len(column.overs), place] = column.overs
        shares = [definition_of(metric).share for metric in self._columns]
        found = bootstrap_ratios(amounts, overs, shares, seed, resamples)
        return dict(zip(self._columns, found, strict=True))


class _Column:
    """One metric's sums, by cluster."""

    __slots__ = ("amounts", "overs")

    def __init__(self) -> None:
        self.amounts = array("d")
        self.overs = array("d")
