"""The floor: items drawn by chance."""

import random

import numpy as np

from ...tools.index import Index
from ...tools.search import Candidate
from .base import Asked, Baseline, Chosen


class RandomItems(Baseline):
    """Shows items by chance, the same ones for the same seed, conversation and words."""

    name = "random"

    def __init__(self, index: Index, count: int = 3, seed: int = 0) -> None:
        super().__init__(index, count)
        self._seed = seed

    async def choose(self, asked: Asked) -> Chosen:
        """Items drawn without putting back."""
        items = self.index.catalogue.items
        allowed = asked.allowed(self.index)
        rows = range(len(items)) if allowed is None else np.flatnonzero(allowed).tolist()
        chance = random.Random(f"{self._seed}|{asked.thread}|{len(asked.talk)}|{asked.query}")
        drawn = chance.sample(rows, min(asked.k, len(rows)))
        return Chosen(self.shown([Candidate(items[row].id, 0.0) for row in drawn]))
