"""Item vectors: Chroma keeps and searches them, a memory-mapped array beside the catalogue answers selective limits.

Chroma is fast without a filter and slow with one (tens to hundreds of milliseconds), and an exact product over the
allowed rows is fast while they are few. So a search over few rows is exact, and a search over many asks Chroma for
more than it needs and drops what is not allowed.

A record's key in Chroma is the item's id with a hash of its content. Records are never changed, so an import adds the
new ones first and removes the old ones last: a crash leaves extra records, which no search shows.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .errors import CorruptError, StoreError

log = logging.getLogger(__name__)

EXACT_ROWS = 20_000
"""Up to so many allowed rows are compared one by one (4 ms)."""

REBUILD = "`convrec catalog index --rebuild` writes it anew from the catalogue."

_BATCH = 2_000
_opening = threading.Lock()


class Vectors:
    """Nearest items to a vector.

    Args:
        matrix: unit vectors, shape (items, dimension).
        keys: each row's key in Chroma.
        collection: the Chroma collection, or a function that opens it when it is first needed.
    """

    def __init__(self, matrix: np.ndarray, keys: Sequence[str], collection: Callable[[], Any]) -> None:
        _use_one_thread()
        self.matrix = matrix
        self._row_of = {key: row for row, key in enumerate(keys)}
        self._collection = collection

    def nearest(self, vector: np.ndarray, k: int, allowed: np.ndarray | None = None) -> "Nearest":
        """The most similar rows, most similar first.

        Args:
            vector: a unit vector, shape (dimension,).
            k: how many.
            allowed: which rows may be found, bool, shape (items,); None allows all.
        """
        rows = None if allowed is None else np.flatnonzero(allowed)
        count = len(self.matrix) if rows is None else len(rows)
        if count <= EXACT_ROWS:
            return self._exact(vector, k, rows)
        wanted = min(k * len(self.matrix) // count * 2 + k, 5_000)
        try:
            found = self._approximate(vector, wanted)
        except StoreError as fault:
            log.warning("Every vector is compared instead. %s", fault)
            return self._exact(vector, k, rows)
        if allowed is not None:
            keep = allowed[found.rows]
            found = Nearest(found.rows[keep], found.similarities[keep])
        if len(found.rows) < min(k, count):
            return self._exact(vector, k, rows)
        return Nearest(found.rows[:k], found.similarities[:k])

    def similarities(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Cosine similarity of a unit vector to some rows, shape (rows,)."""
        return self.matrix[rows] @ vector

    def _exact(self, vector: np.ndarray, k: int, rows: np.ndarray | None) -> "Nearest":
        if rows is None:
            similarities = self.matrix @ vector
        elif 3 * len(rows) > len(self.matrix):
            # To copy many rows takes longer than to compare with the rest of them as well.
            similarities = (self.matrix @ vector)[rows]
        else:
            similarities = self.matrix[rows] @ vector
        best = most(similarities, k)
        return Nearest(best if rows is None else rows[best], similarities[best])

    def _approximate(self, vector: np.ndarray, k: int) -> "Nearest":
        from chromadb.errors import ChromaError

        try:
            answer = self._collection().query(query_embeddings=[vector], n_results=k, include=["distances"])
        except ChromaError as fault:
            raise StoreError(f"Chroma cannot answer: {fault}", REBUILD) from fault
        found = [
            (self._row_of[key], 1.0 - distance)
            for key, distance in zip(answer["ids"][0], answer["distances"][0], strict=True)
            if key in self._row_of
        ]
        return Nearest(np.array([r for r, _ in found], dtype=np.int64), np.array([s for _, s in found]))


@lru_cache(maxsize=1)
def _use_one_thread() -> None:
    """Keep BLAS to one thread in this process: products here are small, and its idle threads spin, which doubles a turn."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


class Nearest:
    """Rows and their cosine similarities, most similar first."""

    def __init__(self, rows: np.ndarray, similarities: np.ndarray) -> None:
        self.rows = rows
        self.similarities = similarities


def most(scores: np.ndarray, k: int) -> np.ndarray:
    """The places of the k largest scores, largest first; ties by place, so that runs agree."""
    if k < len(scores):
        best = np.argpartition(-scores, k - 1)[:k]
        best = np.sort(best)
    else:
        best = np.arange(len(scores))
    return best[np.argsort(-scores[best], kind="stable")]


def open_chroma(folder: Path) -> Any:
    """The embedded Chroma database in a folder.

    Raises:
        CorruptError: its files are damaged.
        StoreError: it cannot be opened.
    """
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    with _opening:
        try:
            return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        except (ChromaError, ValueError, RuntimeError, OSError) as fault:
            forget_chroma(folder)
            text = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
            raise CorruptError(f"The Chroma database in {folder} cannot be opened: {text}", REBUILD) from fault
        except BaseException as fault:
            forget_chroma(folder)
            if type(fault).__name__ != "PanicException":
                raise
            raise CorruptError(f"The Chroma database in {folder} is damaged.", REBUILD) from fault


def forget_chroma(folder: Path) -> None:
    """Have the next opening read the folder anew: Chroma keeps what it opened there, even what failed to open."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient._identifier_to_system.pop(str(folder), None)
    SharedSystemClient._identifier_to_refcount.pop(str(folder), None)


def open_collection(folder: Path, name: str) -> Any:
    """A collection by cosine distance, made when it is missing."""
    from chromadb.errors import ChromaError

    try:
        return open_chroma(folder).get_or_create_collection(
            name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
    except (ChromaError, ValueError, RuntimeError) as fault:
        raise StoreError(f"The Chroma collection {name} cannot be opened: {fault}", REBUILD) from fault


def drop_collections(folder: Path, names: Callable[[str], bool]) -> None:
    """Delete the collections whose name passes."""
    client = open_chroma(folder)
    for collection in client.list_collections():
        if names(collection.name):
            client.delete_collection(collection.name)


def add_records(
    collection: Any, keys: Sequence[str], vectors: np.ndarray, on_progress: Callable[[int], None] | None = None
) -> None:
    """Add the records that are missing, in batches."""
    present = stored_keys(collection)
    missing = [row for row, key in enumerate(keys) if key not in present]
    for start in range(0, len(missing), _BATCH):
        rows = missing[start : start + _BATCH]
        collection.upsert(ids=[keys[r] for r in rows], embeddings=np.asarray(vectors[rows]))
        if on_progress is not None:
            on_progress(len(rows))


def drop_records(collection: Any, keys: Sequence[str]) -> None:
    """Remove every record but these."""
    extra = sorted(stored_keys(collection) - set(keys))
    for start in range(0, len(extra), _BATCH):
        collection.delete(ids=extra[start : start + _BATCH])


def stored_keys(collection: Any) -> set[str]:
    """The keys of all records."""
    keys: set[str] = set()
    while page := collection.get(include=[], limit=20_000, offset=len(keys))["ids"]:
        keys.update(page)
    return keys
