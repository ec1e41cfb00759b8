"""Whether anything in a catalogue fits what a user has said: the truth behind "nothing fits"."""

from collections.abc import Set as AbstractSet

import numpy as np

from ...agents.state import Preference
from ...tools.index import Index
from ...tools.limits import Limit

_KEPT = 256


class Matches:
    """Judges hard preferences over a whole catalogue; what was judged lately is kept.

    Args:
        index: the catalogue.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._holds: dict[str, np.ndarray] = {}

    def none_left(self, hard: list[Preference], gone: AbstractSet[str]) -> bool | None:
        """Whether no item is known to satisfy all preferences, or only such as are gone; None where columns cannot tell.

        Args:
            hard: what must be and must not be.
            gone: ids of items that may not come again.
        """
        columns = self._index.catalogue.columns
        mask = np.ones(columns.count, dtype=bool)
        for preference in hard:
            name = preference.limit.attribute
            if name not in columns.categories and name not in columns.numbers:
                return None
            holds = self._judge(preference.limit)
            mask &= holds if preference.wanted else ~holds
        row_of = self._index.catalogue.row_of
        mask[[row_of[i] for i in gone if i in row_of]] = False
        return not mask.any()

    def _judge(self, limit: Limit) -> np.ndarray:
        key = limit.model_dump_json()
        if key not in self._holds:
            if len(self._holds) >= _KEPT:
                self._holds.clear()
            self._holds[key] = self._index.catalogue.columns.judge(limit) == 1
        return self._holds[key]
