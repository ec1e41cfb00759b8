"""A LangGraph store over Chroma: what is remembered across threads, found by place, by filter and by meaning.

It answers as `InMemoryStore` does, and departs from it where that one forgets its contract: an update keeps `created_at`,
vectors are those of the latest value, a namespace without items is not listed, and a comparison with a value that cannot
be compared does not match instead of raising. Values are kept as JSON, so tuples come back as lists.

A search reads every item under its prefix and compares their vectors exactly, without an index: under a user's namespace
that is a hundred or a thousand. Its time grows with the items under the prefix: 10,000 take 0.7 s of one processor.
"""

import asyncio
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from langgraph.store.base import (
    BaseStore,
    GetOp,
    IndexConfig,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)

from .chroma_database import Database
from .chroma_records import Records, parts
from .errors import StoreError
from .memory_record import NEVER, Record, pack
from .store_embedding import Embedded, Embedding, last_puts
from .store_matching import fits, passes, similarities

NAME = "memories"
SWEEP_MINUTES = 10.0

_RENEWED_AT_ONCE = 256

_writing: dict[str, threading.RLock] = {}


class Orders:
    """Numbers that only grow, in this process and from one to the next."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self, now: float) -> int:
        """A number larger than all before."""
        with self._lock:
            self._last = max(self._last + 1, int(now * 1e6))
            return self._last


_orders = Orders()


class ChromaStore(BaseStore):
    """Items by namespace and key, kept in Chroma.

    Args:
        database: where the Chroma client comes from; `open_store` and `connect_store` (opening_memories.py) make one.
            The store releases it once, when it is closed or nobody holds it any more.
        index: how texts become vectors, and which fields of a value are embedded; None for a store without meaning.
        encoder: the embedding's name; items embedded by another are embedded anew when they are first searched.
        ttl: how long items live unless told otherwise, and whether reading puts off their end.
        name: what the collections' names begin with.
        clock: seconds since 1970.
    """

    supports_ttl = True

    def __init__(
        self,
        database: Database,
        *,
        index: IndexConfig | None = None,
        encoder: str = "",
        ttl: TTLConfig | None = None,
        name: str = NAME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._embedding = Embedding(index, encoder)
        self.ttl_config = ttl
        self._database = database
        self._name = name
        self._clock = clock
        self._swept = clock()
        self._records: Records | None = None
        self._close = weakref.finalize(self, database.release)
        self._write = _writing.setdefault(f"{database.path} {name}", threading.RLock())

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Answer operations together; what is read is the state before what is written.

        Raises:
            InputError: a value cannot be kept as JSON.
            BusyError: another process does not hand the folder over.
            StoreError: Chroma cannot be asked.
            ValueError: an operation or a filter's operator is unknown.
        """
        ops = list(ops)
        embedded = self._embedding.embed(ops)
        while True:
            try:
                return self._run(ops, embedded)
            except _OldVectorsError as found:
                for several in parts(found.records, _RENEWED_AT_ONCE):
                    self._renew(several, self._embedding.embed_texts(self._texts(several)))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Answer operations together, as `batch` does, without holding up the event loop."""
        ops = list(ops)
        embedded = await self._embedding.aembed(ops)
        while True:
            try:
                return await asyncio.to_thread(self._run, ops, embedded)
            except _OldVectorsError as found:
                for several in parts(found.records, _RENEWED_AT_ONCE):
                    vectors = await self._embedding.aembed_texts(self._texts(several))
                    await asyncio.to_thread(self._renew, several, vectors)

    def forget(self, prefix: tuple[str, ...]) -> int:
        """Delete everything under a namespace and cut its words out of Chroma's files; how many items there were.

        Raises:
            StoreError: the items are deleted, and the files could not be cut; calling it again tries again.
        """
        with self._opened() as records, self._write:
            count = records.drop(prefix)
            self._shred(records)
        return count

    def shred(self) -> None:
        """Cut out of Chroma's file what was deleted or written over.

        The whole file is written anew, which takes twice its size of free space. A server's file is out of reach: a
        warning in the log names what to run on its machine, `python -m convrec.tools.chroma_files clean FILE`.

        Raises:
            StoreError: the file is in use for more than a minute, or the disk is full.
        """
        with self._opened() as records, self._write:
            self._shred(records)

    def sweep_ttl(self) -> int:
        """Delete the items whose time has run out; how many there were."""
        with self._opened() as records:
            return self._sweep(records)

    def close(self) -> None:
        """Need the folder no more."""
        self._close()

    @contextmanager
    def _opened(self) -> Iterator[Records]:
        if not self._close.alive:
            raise StoreError("The memory store is closed.", "Open it again.")
        with self._database.using() as client:
            records = self._records
            if records is None or records.client is not client:
                self._records = records = Records(
                    client, self._name, self._database.check_room, embedded=self._database.path is not None
                )
            yield records

    def _run(self, ops: list[Op], embedded: Embedded) -> list[Result]:
        with self._opened() as records:
            now = self._clock()
            read: set[tuple[tuple[str, ...], str]] = set()
            gets = [(op.namespace, op.key) for op in ops if isinstance(op, GetOp)]
            found = records.get(gets) if gets else {}
            results: list[Result] = []
            for op in ops:
                if isinstance(op, GetOp):
                    record = found.get((op.namespace, op.key))
                    if record is None or record.expires <= now:
                        results.append(None)
                        continue
                    results.append(_item(record))
                    several = [record]
                elif isinstance(op, SearchOp):
                    hits = self._search(records, op, embedded.queries.get(op.query or ""), now)
                    results.append([_search_item(record, score) for record, score in hits])
                    several = [record for record, _ in hits]
                elif isinstance(op, ListNamespacesOp):
                    results.append(self._list(records, op, now))
                    continue
                elif isinstance(op, PutOp):
                    results.append(None)
                    continue
                else:
                    raise ValueError(f"Unknown operation type: {type(op)}")
                if op.refresh_ttl:
                    read.update((r.namespace, r.key) for r in several if r.ttl is not None)
            puts = last_puts(ops)
            if read or puts:
                with self._write:
                    # Read again, for another thread may have put another value with another time since.
                    known = records.get(list(read)) if read else {}
                    records.touch(r.touched(now) for r in known.values() if r.ttl is not None)
                    self._put(records, puts, embedded.texts, now)
            if puts and now - self._swept >= self._sweep_seconds:
                self._sweep(records)
            return results

    @property
    def _sweep_seconds(self) -> float:
        minutes = (self.ttl_config or {}).get("sweep_interval_minutes")
        return 60 * (SWEEP_MINUTES if minutes is None else minutes)

    def _search(
        self, records: Records, op: SearchOp, query: np.ndarray | None, now: float
    ) -> list[tuple[Record, float | None]]:
        live = [r for r in records.under(op.namespace_prefix) if r.expires > now]
        first: dict[tuple[str, ...], int] = {}
        for record in live:
            first.setdefault(record.namespace, record.order)
        live.sort(key=lambda r: (first[r.namespace], r.order))
        kept = [r for r in live if passes(r.value, op.filter)]
        if query is None:
            return [(r, None) for r in kept[op.offset : op.offset + op.limit]]
        old = [r for r in kept if self._embedding.is_old(r)]
        if old:
            raise _OldVectorsError(old)
        scored = list(zip(kept, similarities(query, [r.vectors for r in kept]), strict=True))
        near = sorted(((r, s) for r, s in scored if s is not None), key=lambda pair: -pair[1])
        page: list[tuple[Record, float | None]] = [*near[op.offset : op.offset + op.limit]]
        return page + [pair for pair in scored if pair[1] is None][: max(op.limit - len(page), 0)]

    def _list(self, records: Records, op: ListNamespacesOp, now: float) -> list[tuple[str, ...]]:
        with self._write:
            records.drop_expired(now)
        conditions = op.match_conditions or ()
        found = [n for n in records.namespaces() if all(fits(n, c.match_type, c.path) for c in conditions)]
        cut = found if op.max_depth is None else {n[: op.max_depth] for n in found}
        return sorted(cut)[op.offset : op.offset + op.limit]

    def _put(self, records: Records, ops: Sequence[PutOp], vectors: Mapping[str, np.ndarray], now: float) -> None:
        old = records.get([(op.namespace, op.key) for op in ops]) if ops else {}
        new = []
        for op in ops:
            if op.value is None:
                continue
            before = old.get((op.namespace, op.key))
            if before is not None and before.expires <= now:
                before = None
            record = Record(
                namespace=op.namespace,
                key=op.key,
                value=dict(op.value),
                order=before.order if before else _orders.next(now),
                created=before.created if before else now,
                updated=now,
                ttl=op.ttl,
                expires=NEVER if op.ttl is None else min(now + op.ttl * 60, NEVER),
                paths=op.index,
            )
            new.append(self._with_vectors(record, vectors))
        records.put(new)
        records.delete((op.namespace, op.key) for op in ops if op.value is None)

    def _texts(self, several: Sequence[Record]) -> list[str]:
        return list(dict.fromkeys(t for r in several for t in self._embedding.texts_of(r.value, r.paths)))

    def _with_vectors(self, record: Record, vectors: Mapping[str, np.ndarray]) -> Record:
        own = [vectors[text] for text in self._embedding.texts_of(record.value, record.paths)]
        return replace(record, encoder=self._embedding.stamp, count=len(own), packed=pack(own))

    def _renew(self, several: Sequence[Record], vectors: Mapping[str, np.ndarray]) -> None:
        """Give records the vectors of this store's embedding, unless they have changed meanwhile."""
        with self._opened() as records, self._write:
            now = records.get([(r.namespace, r.key) for r in several])
            same = [now[r.namespace, r.key] for r in several if _unchanged(now.get((r.namespace, r.key)), r)]
            records.put(self._with_vectors(r, vectors) for r in same)

    def _sweep(self, records: Records) -> int:
        with self._write:
            self._swept = self._clock()
            return records.drop_expired(self._swept)

    def _shred(self, records: Records) -> None:
        records.settle()
        self._database.shred()


class _OldVectorsError(Exception):
    """A search met records whose vectors are another embedding's; nothing has been written yet."""

    def __init__(self, records: list[Record]) -> None:
        super().__init__(f"{len(records)} records")
        self.records = records


def _unchanged(now: Record | None, then: Record) -> bool:
    return now is not None and (now.value, now.paths, now.encoder) == (then.value, then.paths, then.encoder)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _item(record: Record) -> Item:
    return Item(
        value=record.value,
        key=record.key,
        namespace=record.namespace,
        created_at=_time(record.created),
        updated_at=_time(record.updated),
    )


def _search_item(record: Record, score: float | None) -> SearchItem:
    return SearchItem(
        record.namespace, record.key, record.value, _time(record.created), _time(record.updated), score=score
    )
