"""A catalogue ready to be searched: items, vectors, BM25 and histories, built once and opened quickly."""

import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import orjson

from .catalogue import Catalogue
from .encoder import Encoder, load_encoder
from .errors import CorruptError, StoreError, UnknownCatalogueError
from .files import locked, reported
from .items import Interaction, Item
from .lexical import Lexical, item_text
from .lexicon import Lexicon
from .schema import Schema
from .storage import Home, Manifest, read_items, read_manifest, read_version_schema, write_version
from .vectors import Vectors, add_records, drop_collections, drop_records, forget_chroma, open_collection

if TYPE_CHECKING:
    from .collaborative import Collaborative, Method

_BATCH = 64

Stage = Literal["encode", "index", "store", "learn"]
Progress = Callable[[Stage, int, int], None]
"""Called with the stage, how many are done and how many there are."""


class Index:
    """Everything the tools search in.

    Args:
        catalogue: the items.
        encoder: what made their vectors.
        vectors: nearest items to a vector.
        lexical: BM25 over the items.
        collaborative: what users' histories teach, where interactions were imported.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: Encoder,
        vectors: Vectors,
        lexical: Lexical,
        collaborative: "Collaborative | None" = None,
    ) -> None:
        self.catalogue = catalogue
        self.encoder = encoder
        self.vectors = vectors
        self.lexical = lexical
        self.collaborative = collaborative

    @cached_property
    def lexicon(self) -> Lexicon:
        """Finds the catalogue's own words in talk."""
        return Lexicon(self.catalogue, self.lexical.frequency)


class Changes:
    """What a build did: how many items are new or changed, gone, and as they were."""

    def __init__(self, changed: int, removed: int, kept: int) -> None:
        self.changed = changed
        self.removed = removed
        self.kept = kept


def build_index(
    home: Home,
    name: str,
    items: Sequence[Item],
    schema: Schema,
    interactions: Sequence[Interaction] = (),
    *,
    encoder: str,
    source: str = "",
    on_progress: Progress | None = None,
    anew: bool = False,
    method: "Method" = "auto",
    half_life_days: float = 0.0,
) -> Changes:
    """Build a catalogue's index and put it in the old one's place, in one step.

    Only items whose content changed are encoded and stored again. A crash at any point leaves the old version or the
    new one. Time is linear in the items: two cores encode 25 to 140 a second, by the length of their texts.
    With `anew`, every item is encoded again.

    The catalogue keeps the histories that it has. Where interactions are given they are added to these, by the method and
    half-life given, in a step of its own once the items are in place.

    Raises:
        BusyError: another process is building.
        StoreError: the data folder cannot be written.
    """
    import time

    with locked(home.folder / "build.lock", "building an index"):
        home.catalogue(name)
        texts = [item_text(i, schema) for i in items]
        hashes = tuple(content_hash(i, t, encoder) for i, t in zip(items, texts, strict=True))
        known = {} if anew else _known_vectors(home, name, encoder)
        before = _known_ids(home, name)
        model = load_encoder(encoder, home.encoders)
        draft = home.draft(name)
        try:
            matrix = _encode(model, texts, hashes, known, on_progress)
            with reported(draft):
                np.save(draft / "vectors.npy", matrix)
                Lexical.build(texts).save(draft / "bm25")
            manifest = Manifest(encoder=encoder, items=len(items), hashes=hashes, source=source, built=time.time())
            collection = open_collection(home.chroma, collection_name(name, matrix.shape[1]))
            keys = record_keys(items, hashes)
            done = 0

            def on_batch(count: int) -> None:
                nonlocal done
                done += count
                if on_progress is not None:
                    on_progress("store", done, len(keys))

            add_records(collection, keys, matrix, on_batch)
            write_version(draft, items, schema, manifest)
            home.publish(name, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        drop_records(collection, keys)
        drop_collections(home.chroma, lambda other: _belongs(other, name) and other != collection.name)
    if interactions:
        _import_history(home, name, items, interactions, method, half_life_days, on_progress)
    changed = sum(h not in known for h in hashes)
    return Changes(changed, len(before - {i.id for i in items}), len(hashes) - changed)


def rebuild_index(home: Home, name: str, *, encoder: str, on_progress: Progress | None = None) -> Changes:
    """Build a catalogue's index anew from its own items, and its Chroma collection from nothing.

    A damaged Chroma database is set aside first, as `chroma.damaged`.

    Raises:
        CorruptError: the items or schema themselves are damaged; only an import mends that.
    """
    version = home.version(name)
    items, schema = read_items(version), read_version_schema(version)
    try:
        source = read_manifest(version).source
    except CorruptError:
        source = ""
    with locked(home.folder / "build.lock", "building an index"):
        try:
            drop_collections(home.chroma, lambda other: _belongs(other, name))
        except StoreError:
            forget_chroma(home.chroma)
            with reported(home.folder):
                shutil.rmtree(home.folder / "chroma.damaged", ignore_errors=True)
                home.chroma.rename(home.folder / "chroma.damaged")
    return build_index(home, name, items, schema, encoder=encoder, source=source, on_progress=on_progress, anew=True)


def open_index(home: Home, name: str, *, with_history: bool = True) -> Index:
    """Open a catalogue's index, and what its users' histories teach unless that is not wanted.

    Raises:
        UnknownCatalogueError: it was never imported.
        CorruptError: a file of it is damaged.
    """
    version = home.version(name)
    try:
        return _open_version(home, name, version, with_history)
    except CorruptError:
        if home.version(name) == version:
            raise
    # A build took its place, and removed it, while it was being read.
    return open_index(home, name, with_history=with_history)


def _open_version(home: Home, name: str, version: Path, with_history: bool) -> Index:
    manifest = read_manifest(version)
    items, schema = read_items(version), read_version_schema(version)
    try:
        matrix = np.load(version / "vectors.npy", mmap_mode="r" if len(items) > 50_000 else None)
        lexical = Lexical.load(version / "bm25")
    except (OSError, ValueError, KeyError, EOFError) as fault:
        raise CorruptError(
            f"The index of the catalogue {name!r} is damaged: {fault}", f"`convrec catalog index {name}` rebuilds it."
        ) from fault
    if len({len(items), len(matrix), len(lexical), manifest.items, len(manifest.hashes)}) > 1:
        raise CorruptError(
            f"The index of the catalogue {name!r} is incomplete: {len(items)} items, {len(matrix)} vectors.",
            f"`convrec catalog index {name}` rebuilds it.",
        )
    encoder = load_encoder(manifest.encoder, home.encoders)
    vectors = Vectors(
        matrix,
        record_keys(items, manifest.hashes),
        _once(lambda: open_collection(home.chroma, collection_name(name, matrix.shape[1]))),
    )
    collaborative = None
    if with_history:
        from .history import open_collaborative

        collaborative = open_collaborative(home, name, [item.id for item in items])
    popularity = collaborative.counts if collaborative is not None and collaborative.counts.any() else None
    return Index(Catalogue(name, schema, items, popularity), encoder, vectors, lexical, collaborative)


def remove_index(home: Home, name: str) -> None:
    """Delete a catalogue, whole or damaged, its users' histories and its records in Chroma.

    Raises:
        UnknownCatalogueError: it was never imported.
        StoreError: the data folder cannot be written, or its Chroma database is damaged (the catalogue is gone then).
    """
    if not home.exists(name):
        home.version(name)
    with locked(home.folder / "build.lock", "building an index"):
        with reported(home.folder):
            (home.catalogue(name) / "CURRENT").unlink()
            shutil.rmtree(home.catalogue(name))
        drop_collections(home.chroma, lambda other: _belongs(other, name))


def content_hash(item: Item, text: str, encoder: str) -> str:
    """What changes when an item's content or its encoder does."""
    return hashlib.blake2b(orjson.dumps([item.model_dump(), text, encoder]), digest_size=10).hexdigest()


def record_keys(items: Sequence[Item], hashes: Sequence[str]) -> list[str]:
    """Each item's key in Chroma."""
    return [f"{item.id}#{h}" for item, h in zip(items, hashes, strict=True)]


def collection_name(name: str, dimension: int) -> str:
    """A catalogue's collection in Chroma; it holds vectors of one dimension, so each dimension has its own."""
    return f"items-{name}-{dimension}d"


def _belongs(collection: str, name: str) -> bool:
    """Whether a collection holds vectors of a catalogue."""
    return re.fullmatch(rf"items-{re.escape(name)}-\d+d", collection) is not None


def _once(make: Callable[[], object]) -> Callable[[], object]:
    """`make`, called once even if several threads ask at a time."""
    lock, made = threading.Lock(), []

    def get() -> object:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def _known_ids(home: Home, name: str) -> set[str]:
    """The ids of the current version's items, if there is one that can be read."""
    try:
        return {item.id for item in read_items(home.version(name))}
    except (UnknownCatalogueError, CorruptError):
        return set()


def _known_vectors(home: Home, name: str, encoder: str) -> dict[str, np.ndarray]:
    """Content hash -> vector of the current version, if there is one that can be read."""
    try:
        version = home.version(name)
        manifest = read_manifest(version)
        matrix = np.load(version / "vectors.npy")
    except (UnknownCatalogueError, CorruptError, OSError, ValueError):
        return {}
    if manifest.encoder != encoder or len(matrix) != len(manifest.hashes):
        return {}
    return dict(zip(manifest.hashes, matrix, strict=True))


def _encode(
    model: Encoder,
    texts: Sequence[str],
    hashes: Sequence[str],
    known: dict[str, np.ndarray],
    on_progress: Progress | None,
) -> np.ndarray:
    new = sorted((r for r, h in enumerate(hashes) if h not in known), key=lambda r: len(texts[r]))
    fresh: dict[int, np.ndarray] = {}
    for start in range(0, len(new), _BATCH):
        rows = new[start : start + _BATCH]
        fresh.update(
            zip(rows, model.encode([texts[r] for r in rows] if len(rows) > 1 else [texts[rows[0]], ""]), strict=False)
        )
        if on_progress is not None:
            on_progress("encode", start + len(rows), len(new))
    return np.stack([fresh[r] if r in fresh else known[h] for r, h in enumerate(hashes)]).astype(np.float32)


def _import_history(
    home: Home,
    name: str,
    items: Sequence[Item],
    interactions: Sequence[Interaction],
    method: "Method",
    half_life_days: float,
    on_progress: Progress | None,
) -> None:
    from .history import import_history
    from .interaction_log import Log

    import_history(
        home,
        name,
        Log.of(interactions),
        [item.id for item in items],
        method=method,
        half_life_days=half_life_days,
        on_progress=None if on_progress is None else lambda done, total: on_progress("learn", done, total),
    )
