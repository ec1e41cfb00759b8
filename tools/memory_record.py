"""One memory as a record of Chroma, and back.

A record holds a whole item as one JSON text in the metadata, vectors and all, so that one call to Chroma writes all of an
item or nothing, and reading one needs nothing of Chroma's vector index. Vectors are unit vectors of half precision (two
bytes a number): cosines come out right to about 0.00001. Words stand in metadata only, never in ids (hashes) nor in
documents (whose full-text index keeps deleted words).
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from .errors import InputError

NEVER = 9e15
"""When an item expires that never does, in seconds since 1970."""

Paths = list[str] | Literal[False] | None
"""Which fields of an item are embedded: those of the store (None), none of them, or these."""


@dataclass(frozen=True)
class Record:
    """An item as it is kept.

    Attributes:
        namespace: the item's path.
        key: its name there.
        value: what is kept.
        order: where it stands among all items, by first insertion.
        created: seconds since 1970.
        updated: seconds since 1970.
        ttl: minutes from a touch to its end; None for no end.
        expires: seconds since 1970, NEVER for no end.
        paths: which fields are embedded.
        encoder: what its vectors were made by, empty where nothing made any.
        count: how many vectors it has.
        packed: its vectors, as `pack` writes them.
    """

    namespace: tuple[str, ...]
    key: str
    value: dict[str, Any]
    order: int
    created: float
    updated: float
    ttl: float | None
    expires: float
    paths: Paths = None
    encoder: str = ""
    count: int = 0
    packed: str = ""

    def touched(self, now: float) -> "Record":
        """The record with its end put off."""
        return self if self.ttl is None else replace(self, expires=min(now + self.ttl * 60, NEVER))

    @property
    def vectors(self) -> np.ndarray:
        """Its vectors, each of length one or zero, shape (vectors, dimension), float32."""
        flat = np.frombuffer(base64.b64decode(self.packed), dtype="<f2").astype(np.float32)
        # Rounding to half precision has changed their lengths a little.
        return _units(flat.reshape(self.count, -1)) if self.count else flat.reshape(0, 0)


def pack(vectors: Sequence[np.ndarray]) -> str:
    """Vectors as text; each is made one of length one, unless it is zero."""
    if not len(vectors):
        return ""
    return base64.b64encode(_units(np.stack(vectors).astype(np.float64)).astype("<f2").tobytes()).decode()


def record_id(namespace: tuple[str, ...], key: str) -> str:
    """A record's id: 24 hexadecimal digits for the namespace, 24 for the key."""
    return f"{digest(namespace)}-{digest([key])}"


def digest(labels: Sequence[str]) -> str:
    """A hash of some labels, 24 hexadecimal digits; any characters may stand in them."""
    return hashlib.blake2b(json.dumps(list(labels)).encode(), digest_size=12).hexdigest()


def metadata_of(record: Record) -> dict[str, Any]:
    """A record as Chroma's metadata.

    Raises:
        InputError: its value cannot be written as JSON.
    """
    item = {
        "namespace": record.namespace,
        "key": record.key,
        "value": record.value,
        "order": record.order,
        "created": record.created,
        "updated": record.updated,
        "ttl": record.ttl,
        "paths": record.paths,
        "encoder": record.encoder,
        "count": record.count,
        "vectors": record.packed,
    }
    try:
        text = json.dumps(item)
    except (TypeError, ValueError, RecursionError) as fault:
        raise InputError(
            f"The value of {record.key!r} in {record.namespace} cannot be kept: {fault}",
            "Values are made of texts, numbers, true, false, null, lists and mappings.",
        ) from fault
    depths = range(1, len(record.namespace) + 1)
    return {"item": text, "expires": record.expires, **{f"under{d}": digest(record.namespace[:d]) for d in depths}}


def record_of(metadata: dict[str, Any]) -> Record:
    """The record of Chroma's metadata."""
    item = json.loads(metadata["item"])
    return Record(
        namespace=tuple(item["namespace"]),
        key=item["key"],
        value=item["value"],
        order=item["order"],
        created=item["created"],
        updated=item["updated"],
        ttl=item["ttl"],
        expires=metadata["expires"],
        paths=item["paths"],
        encoder=item["encoder"],
        count=item["count"],
        packed=item["vectors"],
    )


def _units(matrix: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
