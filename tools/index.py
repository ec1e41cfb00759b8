"""A catalogue ready to be searched: items, vectors, BM25 and neighbours, built once and opened quickly."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import orjson

from .catalogue import Catalogue
from .encoder import Encoder, load_encoder
from .errors import CorruptError, UnknownCatalogueError
from .files import locked, reported
from .items import Interaction, Item
from .lexical import Lexical, item_text
from .lexicon import Lexicon
from .schema import Schema
from .storage import (
    Home,
    Manifest,
    read_interactions,
    read_items,
    read_manifest,
    read_version_schema,
    write_version,
)
from .vectors import Vectors, add_records, drop_records, open_collection

if TYPE_CHECKING:
    from .neighbours import Neighbours

_BATCH = 64

Stage = Literal["encode", "index", "store"]
Progress = Callable[[Stage, int, int], None]
"""Called with the stage, how many are done and how many there are."""


class Index:
    """Everything the tools search in.

    Args:
        catalogue: the items.
        encoder: what made their vectors.
        vectors: nearest items to a vector.
        lexical: BM25 over the items.
        neighbours: items liked together, where interactions were imported.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: Encoder,
        vectors: Vectors,
        lexical: Lexical,
        neighbours: "Neighbours | None" = None,
    ) -> None:
        self.catalogue = catalogue
        self.encoder = encoder
        self.vectors = vectors
        self.lexical = lexical
        self.neighbours = neighbours

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
) -> Changes:
    """Build a catalogue's index and put it in the old one's place, in one step.

    Only items whose content changed are encoded and stored again. A crash at any point leaves the old version or the
    new one. Time is linear in the items: about 300 a second are encoded on two cores.

    Raises:
        BusyError: another process is building.
        StoreError: the data folder cannot be written.
    """
    import time

    with locked(home.folder / "build.lock", "building an index"):
        home.catalogue(name)
        texts = [item_text(i, schema) for i in items]
        hashes = tuple(content_hash(i, t, encoder) for i, t in zip(items, texts, strict=True))
        known = _known_vectors(home, name, encoder)
        model = load_encoder(encoder, home.encoders)
        draft = home.draft(name)
        try:
            matrix = _encode(model, texts, hashes, known, on_progress)
            with reported(draft):
                np.save(draft / "vectors.npy", matrix)
                Lexical.build(texts).save(draft / "bm25")
                if interactions:
                    _fit_neighbours(draft, items, interactions)
            manifest = Manifest(
                encoder=encoder,
                items=len(items),
                hashes=hashes,
                interactions=len(interactions),
                source=source,
                built=time.time(),
            )
            collection = open_collection(home.chroma, _collection_name(name))
            keys = record_keys(items, hashes)
            done = 0

            def on_batch(count: int) -> None:
                nonlocal done
                done += count
                if on_progress is not None:
                    on_progress("store", done, len(keys))

            add_records(collection, keys, matrix, on_batch)
            write_version(draft, items, schema, interactions, manifest)
            home.publish(name, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        drop_records(collection, keys)
    changed = sum(h not in known for h in hashes)
    return Changes(changed, len(set(known) - set(hashes)), len(hashes) - changed)


def rebuild_index(home: Home, name: str, *, encoder: str, on_progress: Progress | None = None) -> Changes:
    """Build a catalogue's index anew from its own items, and its Chroma collection from nothing.

    A damaged Chroma database is set aside first, as `chroma.damaged`.
    """
    version = home.version(name)
    items, schema = read_items(version), read_version_schema(version)
    interactions, source = read_interactions(version), read_manifest(version).source
    with locked(home.folder / "build.lock", "building an index"):
        try:
            from chromadb.errors import NotFoundError

            from .vectors import open_chroma

            try:
                open_chroma(home.chroma).delete_collection(_collection_name(name))
            except (NotFoundError, ValueError):
                pass
        except CorruptError:
            with reported(home.folder):
                shutil.rmtree(home.folder / "chroma.damaged", ignore_errors=True)
                home.chroma.rename(home.folder / "chroma.damaged")
        (version / "vectors.npy").unlink(missing_ok=True)
    return build_index(home, name, items, schema, interactions, encoder=encoder, source=source, on_progress=on_progress)


def open_index(home: Home, name: str) -> Index:
    """Open a catalogue's index.

    Raises:
        UnknownCatalogueError: it was never imported.
        CorruptError: a file of it is damaged.
    """
    version = home.version(name)
    manifest = read_manifest(version)
    items, schema = read_items(version), read_version_schema(version)
    try:
        matrix = np.load(version / "vectors.npy", mmap_mode="r" if len(items) > 50_000 else None)
        lexical = Lexical.load(version / "bm25")
        neighbours = None
        if manifest.interactions:
            from .neighbours import Neighbours

            neighbours = Neighbours.load(version)
    except (OSError, ValueError, KeyError, EOFError) as fault:
        raise CorruptError(
            f"The index of the catalogue {name!r} is damaged: {fault}", f"`convrec catalog index {name}` rebuilds it."
        ) from fault
    if not len(items) == len(matrix) == manifest.items:
        raise CorruptError(
            f"The index of the catalogue {name!r} is incomplete: {len(items)} items, {len(matrix)} vectors.",
            f"`convrec catalog index {name}` rebuilds it.",
        )
    encoder = load_encoder(manifest.encoder, home.encoders)
    vectors = Vectors(
        matrix,
        record_keys(items, manifest.hashes),
        _once(lambda: open_collection(home.chroma, _collection_name(name))),
    )
    popularity = neighbours.counts.astype(float) if neighbours is not None else None
    return Index(Catalogue(name, schema, items, popularity), encoder, vectors, lexical, neighbours)


def remove_index(home: Home, name: str) -> None:
    """Delete a catalogue and its records in Chroma."""
    from .vectors import open_chroma

    home.version(name)
    with locked(home.folder / "build.lock", "building an index"):
        (home.catalogue(name) / "CURRENT").unlink()
        open_chroma(home.chroma).delete_collection(_collection_name(name))
        shutil.rmtree(home.catalogue(name))


def content_hash(item: Item, text: str, encoder: str) -> str:
    """What changes when an item's content or its encoder does."""
    return hashlib.blake2b(orjson.dumps([item.model_dump(), text, encoder]), digest_size=10).hexdigest()


def record_keys(items: Sequence[Item], hashes: Sequence[str]) -> list[str]:
    """Each item's key in Chroma."""
    return [f"{item.id}#{h}" for item, h in zip(items, hashes, strict=True)]


def _collection_name(name: str) -> str:
    return f"items-{name}"


def _once(make: Callable[[], object]) -> Callable[[], object]:
    from functools import lru_cache

    return lru_cache(maxsize=1)(make)


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


def _fit_neighbours(folder: Path, items: Sequence[Item], interactions: Sequence[Interaction]) -> None:
    from .neighbours import Neighbours

    Neighbours.fit(interactions, {item.id: row for row, item in enumerate(items)}).save(folder)
