"""A sentence encoder without a model: texts that share words have vectors that are near."""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from convrec.tools.words import content_stems


class HashEncoder:
    """Unit vectors from the hashes of a text's stems; it remembers how many texts it encoded."""

    def __init__(self, name: str = "hash", dimension: int = 32) -> None:
        self.name = name
        self.dimension = dimension
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, shape (texts, dimension), float32."""
        self.encoded += [t for t in texts if t]
        return np.stack([self._vector(t) for t in texts])

    def _vector(self, text: str) -> np.ndarray:
        vector = np.sum([direction(s, self.dimension) for s in content_stems(text) or ["\0"]], axis=0)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


@cache
def direction(word: str, dimension: int) -> np.ndarray:
    """A word's own direction."""
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).normal(size=dimension)
