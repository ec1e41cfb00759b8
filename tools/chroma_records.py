"""The memory store's records in Chroma: where they lie, how they are read and written.

A server's metadata filters take time in proportion to a collection (a folder's do not, since `chroma_files.py` tells SQLite
of the tables' sizes). Records are therefore spread over some collections by the first two labels of their namespace, and
whoever asks with two labels asks one collection; whoever asks with fewer asks all. A collection is made when something is
first written to it.

Chroma is given placeholders for vectors, since a record holds its own (`memory_record.py`): an index of them is of no use,
and in a folder it is never saved (`chroma_folder.py` says why).
"""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import chroma_files
from .errors import StoreError
from .memory_record import Record, digest, metadata_of, record_id, record_of

SHARDS = 16

_INDEX = {"space": "l2", "max_neighbors": 4, "ef_construction": 8, "batch_size": 50}
_KEEPERS = ("server", "folder")
# After how many writes an index is saved: never in a folder.
_THRESHOLDS = (50, 2_000_000_000)
_PAGE = 2_000
_LABELS = 2


class Records:
    """The records of a store, over the collections of a Chroma client.

    Args:
        client: a Chroma client.
        name: what the collections' names begin with.
        check_room: called with the number of bytes before they are written, 0 for a removal; raises what stops it.
        embedded: whether the client is a folder's.

    Raises:
        StoreError: Chroma cannot be asked.
    """

    def __init__(self, client: Any, name: str, check_room: Callable[[int], None], *, embedded: bool) -> None:
        self.client = client
        self._embedded = embedded
        self._check_room = check_room
        self._name = name
        self._known: dict[int, Any] = {}
        with answered():
            self.most = client.get_max_batch_size()

    def get(self, places: Sequence[tuple[tuple[str, ...], str]]) -> dict[tuple[tuple[str, ...], str], Record]:
        """The records of some namespaces and keys, those that there are."""
        records = [
            record
            for shard, ids in _ids_by_shard(dict.fromkeys(places)).items()
            for part in parts(ids, _PAGE)
            for record in self._read(shard, ids=part)
        ]
        return {(r.namespace, r.key): r for r in records}

    def under(self, prefix: tuple[str, ...]) -> list[Record]:
        """All records whose namespace begins with these labels, by first insertion."""
        records = [r for shard in self._shards(prefix) for r in self._all(shard, _where(prefix))]
        return sorted(records, key=lambda r: r.order)

    def put(self, records: Iterable[Record]) -> None:
        """Write records, in place of those with their namespaces and keys.

        Raises:
            InputError: a value cannot be written as JSON; nothing is written.
            StoreError: Chroma refused; some of the records may have been written.
        """
        written = {shard: [(r, metadata_of(r)) for r in several] for shard, several in _by_shard(records).items()}
        if written:
            self._check_room(sum(len(m["item"]) for several in written.values() for _, m in several))
        for shard, several in written.items():
            collection = self._made(shard)
            for part in parts(several, self.most):
                ids = [record_id(r.namespace, r.key) for r, _ in part]
                with answered():
                    collection.upsert(ids=ids, embeddings=_placeholders(ids), metadatas=[m for _, m in part])

    def touch(self, records: Iterable[Record]) -> None:
        """Write when records expire, and nothing else of them."""
        for shard, several in _by_shard(records).items():
            self._check_room(0)
            collection = self._made(shard)
            for part in parts(several, self.most):
                with answered():
                    collection.update(
                        ids=[record_id(r.namespace, r.key) for r in part],
                        metadatas=[{"expires": r.expires} for r in part],
                    )

    def delete(self, places: Iterable[tuple[tuple[str, ...], str]]) -> None:
        """Remove the records of some namespaces and keys."""
        for shard, ids in _ids_by_shard(places).items():
            self._delete(shard, ids)

    def drop(self, prefix: tuple[str, ...]) -> int:
        """Remove all records under a prefix; how many there were."""
        return sum(self._delete(shard, self._ids(shard, _where(prefix))) for shard in self._shards(prefix))

    def drop_expired(self, now: float) -> int:
        """Remove all records whose time has run out; how many there were."""
        return sum(self._delete(s, self._ids(s, {"expires": {"$lte": now}})) for s in self._every())

    def namespaces(self) -> set[tuple[str, ...]]:
        """Every namespace that has a record."""
        found: set[tuple[str, ...]] = set()
        for shard in self._every():
            # An id begins with its namespace's hash, so one record of each tells them all.
            one = {i.partition("-")[0]: i for i in self._ids(shard, None)}
            for part in parts(list(one.values()), _PAGE):
                found.update(tuple(json.loads(m["item"])["namespace"]) for m in self._metadata(shard, ids=part))
        return found

    def settle(self) -> None:
        """Have Chroma apply what it has only queued."""
        for shard in self._every():
            with answered():
                self._known[shard].count()

    def _shards(self, prefix: tuple[str, ...]) -> Sequence[int]:
        return [_shard(prefix)] if len(prefix) >= _LABELS else self._every()

    def _every(self) -> list[int]:
        """The shards that there are; other clients of a server make them too."""
        with answered():
            there = {c.name: c for c in self.client.list_collections()}
            for shard in range(SHARDS):
                if shard not in self._known and self._title(shard) in there:
                    self._known[shard] = _suit(there[self._title(shard)], self._embedded)
        return list(self._known)

    def _title(self, shard: int) -> str:
        return f"{self._name}-{shard}"

    def _made(self, shard: int) -> Any:
        if self._collection(shard) is None:
            with answered():
                self._known[shard] = _keep(self.client, self._title(shard), self._embedded)
        return self._known[shard]

    def _collection(self, shard: int) -> Any | None:
        from chromadb.errors import NotFoundError

        if shard not in self._known:
            with answered():
                try:
                    found = self.client.get_collection(self._title(shard), embedding_function=None)
                except NotFoundError:
                    return None
                self._known[shard] = _suit(found, self._embedded)
        return self._known[shard]

    def _all(self, shard: int, where: dict[str, Any] | None) -> list[Record]:
        found = self._read(shard, where=where, limit=_PAGE)
        if len(found) < _PAGE:
            return found
        # By their ids, since pages shift when another thread deletes something.
        return [r for part in parts(self._ids(shard, where), _PAGE) for r in self._read(shard, ids=part)]

    def _read(self, shard: int, **asked: Any) -> list[Record]:
        return [record_of(m) for m in self._metadata(shard, **asked)]

    def _metadata(self, shard: int, **asked: Any) -> list[dict[str, Any]]:
        collection = self._collection(shard)
        if collection is None:
            return []
        with answered():
            return collection.get(include=["metadatas"], **asked)["metadatas"]

    def _ids(self, shard: int, where: dict[str, Any] | None) -> list[str]:
        collection = self._collection(shard)
        if collection is None:
            return []
        with answered():
            return collection.get(where=where, include=[])["ids"]

    def _delete(self, shard: int, ids: list[str]) -> int:
        collection = self._collection(shard)
        if collection is None:
            return 0
        for part in parts(ids, self.most):
            self._check_room(0)
            with answered():
                collection.delete(ids=part)
        return len(ids)


@contextmanager
def answered() -> Iterator[None]:
    """Say Chroma's own faults in ours.

    Raises:
        StoreError: the disk is full, the server is gone, or Chroma has a fault.
    """
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.TransportError) as fault:
        raise _fault(fault) from fault
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":
            raise
        raise _fault(fault) from fault


def _fault(fault: BaseException) -> StoreError:
    return StoreError(f"Chroma cannot answer: {fault}", "Look whether the disk is full, or whether its server runs.")


def parts(things: Sequence[Any], size: int) -> Iterator[Any]:
    """The things in runs of at most so many."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _keep(client: Any, name: str, embedded: bool) -> Any:
    """A collection whose vectors are placeholders of length two, made when it is missing.

    Args:
        client: a Chroma client.
        name: the collection's name.
        embedded: whether the client is a folder's. A server's index is saved, for nobody else cuts its queue.
    """
    index = {**_INDEX, "sync_threshold": _THRESHOLDS[embedded]}
    return client.get_or_create_collection(
        name,
        embedding_function=None,
        metadata={chroma_files.MARK: _KEEPERS[embedded]},
        configuration={"hnsw": index},
    )


def _suit(collection: Any, embedded: bool) -> Any:
    """A collection that a server may have made, with an index as a folder has it, or the other way about."""
    if collection.metadata[chroma_files.MARK] != _KEEPERS[embedded]:
        with warnings.catch_warnings():
            # Chroma warns of how it keeps that a collection has no embedding function.
            warnings.simplefilter("ignore", DeprecationWarning)
            collection.modify(
                metadata={chroma_files.MARK: _KEEPERS[embedded]},
                configuration={"hnsw": {"sync_threshold": _THRESHOLDS[embedded]}},
            )
    return collection


def _placeholders(ids: Sequence[str]) -> np.ndarray:
    """What Chroma takes for vectors; scattered, since it is slow with many equal ones."""
    return np.array([[int(i[:6], 16), int(i[-6:], 16)] for i in ids], dtype=np.float32) / 2**24


def _shard(namespace: tuple[str, ...]) -> int:
    return int(digest(namespace[:_LABELS]), 16) % SHARDS


def _by_shard(records: Iterable[Record]) -> dict[int, list[Record]]:
    by_shard: dict[int, list[Record]] = {}
    for record in records:
        by_shard.setdefault(_shard(record.namespace), []).append(record)
    return by_shard


def _ids_by_shard(places: Iterable[tuple[tuple[str, ...], str]]) -> dict[int, list[str]]:
    by_shard: dict[int, list[str]] = {}
    for namespace, key in places:
        by_shard.setdefault(_shard(namespace), []).append(record_id(namespace, key))
    return by_shard


def _where(prefix: tuple[str, ...]) -> dict[str, Any] | None:
    return {f"under{len(prefix)}": digest(prefix)} if prefix else None
