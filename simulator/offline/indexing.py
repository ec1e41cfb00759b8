"""A data set's index in memory, one per fold: the items are encoded once, histories and popularity belong to the fold."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ...tools.catalogue import Catalogue
from ...tools.encoder import Encoder
from ...tools.files import reported
from ...tools.index import Index
from ...tools.items import Interaction
from ...tools.lexical import Lexical, item_text
from ...tools.vectors import Nearest, Vectors
from .nouns import Case, Dataset

_BATCH = 64

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


@dataclass(frozen=True)
class FoldIndex:
    """A fold's number, its cases, and an index that has learnt from what the fold may be learnt from."""

    number: int
    cases: tuple[Case, ...]
    index: Index


class Shelf:
    """A data set's items, encoded and ready to be indexed fold by fold.

    Args:
        dataset: the data set.
        encoder: makes the vectors.
        vectors: a folder that keeps the vectors between runs; None keeps none.
        on_progress: told how many items are encoded.
    """

    def __init__(
        self, dataset: Dataset, encoder: Encoder, vectors: Path | None = None, on_progress: Progress | None = None
    ) -> None:
        self.dataset = dataset
        self._encoder = encoder
        self._folder = vectors
        self._on_progress = on_progress

    def __iter__(self) -> Iterator[FoldIndex]:
        for number, fold in enumerate(self.dataset.folds):
            yield FoldIndex(number, fold.cases, self.index(fold.interactions))

    def index(self, interactions: Sequence[Interaction] = ()) -> Index:
        """An index over the items that has learnt from some interactions; popularity is how often an item is in them."""
        collaborative = None
        if interactions:
            from ...tools.collaborative import fit_collaborative

            collaborative = fit_collaborative(interactions, [item.id for item in self.dataset.items])
        counts = collaborative.counts if collaborative is not None and collaborative.counts.any() else None
        catalogue = Catalogue(self.dataset.name, self.dataset.schema, self.dataset.items, counts)
        # Every fold has the same items, so what is made of them alone is made once.
        catalogue.columns = self._plain.columns
        return Index(catalogue, self._encoder, self._vectors, self._lexical, collaborative)

    @cached_property
    def _plain(self) -> Catalogue:
        return Catalogue(self.dataset.name, self.dataset.schema, self.dataset.items)

    @cached_property
    def _texts(self) -> list[str]:
        return [item_text(item, self.dataset.schema) for item in self.dataset.items]

    @cached_property
    def _lexical(self) -> Lexical:
        return Lexical.build(self._texts)

    @cached_property
    def _vectors(self) -> Vectors:
        return _Exact(encoded(self._texts, self._encoder, self._folder, self._on_progress))


class _Exact(Vectors):
    """Vectors that are compared one by one however many there are: nothing is stored in Chroma."""

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__(matrix, (), lambda: None)

    def nearest(self, vector: np.ndarray, k: int, allowed: np.ndarray | None = None) -> Nearest:
        """The most similar rows, most similar first, as `Vectors.nearest`."""
        return self._exact(vector, k, None if allowed is None else np.flatnonzero(allowed))


def encoded(
    texts: Sequence[str], encoder: Encoder, folder: Path | None = None, on_progress: Progress | None = None
) -> np.ndarray:
    """Unit vectors of texts, shape (texts, dimension), float32; those of the same texts are kept in a folder.

    Two cores encode 25 to 140 texts a second, by their length.

    Raises:
        StoreError: the folder cannot be written.
    """
    path = folder / f"{_digest(texts, encoder.name)}.npy" if folder is not None else None
    if path is not None and path.is_file():
        try:
            kept = np.load(path)
        except (OSError, ValueError, EOFError):
            kept = np.zeros((0, 0))
        if len(kept) == len(texts):
            return kept
    # Texts of like length are encoded together, for a batch is padded to its longest.
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    rows: list[np.ndarray] = []
    for start in range(0, len(order), _BATCH):
        rows.append(encoder.encode([texts[row] for row in order[start : start + _BATCH]]))
        if on_progress is not None:
            on_progress(min(start + _BATCH, len(order)), len(order))
    matrix = np.empty((len(texts), rows[0].shape[1]) if rows else (0, 0), dtype=np.float32)
    if rows:
        matrix[order] = np.concatenate(rows)
    if path is not None:
        with reported(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.stem}.{os.getpid()}.npy")
            np.save(draft, matrix)
            draft.replace(path)
    return matrix


def _digest(texts: Sequence[str], encoder: str) -> str:
    digest = hashlib.blake2b(encoder.encode(), digest_size=12)
    for text in texts:
        digest.update(b"\0")
        digest.update(text.encode(errors="replace"))
    return digest.hexdigest()
