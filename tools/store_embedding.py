"""What of a store's operations is embedded: the queries of searches, and the texts at the indexed paths of values."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from langgraph.store.base import IndexConfig, Op, PutOp, SearchOp, ensure_embeddings, get_text_at_path

from .errors import InputError
from .memory_record import Paths, Record, digest


@dataclass(frozen=True)
class Embedded:
    """The vectors of some operations' queries and texts, each of shape (dimension,), float32."""

    queries: Mapping[str, np.ndarray] = field(default_factory=dict)
    texts: Mapping[str, np.ndarray] = field(default_factory=dict)


class Embedding:
    """How a store's texts become vectors.

    Args:
        index: the embedding, and which paths of a value are embedded; None for a store without meaning.
        encoder: the embedding's name. What was embedded by one of another name, of another length or at other paths is
            embedded anew before it is searched.

    Attributes:
        stamp: what tells this embedding's vectors from others'; empty for a store without meaning.
    """

    def __init__(self, index: IndexConfig | None, encoder: str = "") -> None:
        self._embeddings = ensure_embeddings(index.get("embed")) if index else None
        self._paths = (index.get("fields") or ["$"]) if index else []
        self.stamp = digest([encoder, str(index["dims"]), *self._paths])[:12] if index else ""

    def embed(self, ops: Sequence[Op]) -> Embedded:
        """Embed what the operations need, each text once.

        Raises:
            InputError: a value cannot be written as JSON.
        """
        if self._embeddings is None:
            return Embedded()
        queries = _queries(ops)
        asked = [self._embeddings.embed_query(q) for q in queries]
        return Embedded(_paired(queries, asked), self.embed_texts(self._texts(ops)))

    async def aembed(self, ops: Sequence[Op]) -> Embedded:
        """Embed what the operations need, each text once, as `embed` does.

        Raises:
            InputError: a value cannot be written as JSON.
        """
        if self._embeddings is None:
            return Embedded()
        queries = _queries(ops)
        asked = await asyncio.gather(*(self._embeddings.aembed_query(q) for q in queries))
        return Embedded(_paired(queries, asked), await self.aembed_texts(self._texts(ops)))

    def embed_texts(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Each text's vector."""
        if self._embeddings is None or not texts:
            return {}
        return _paired(texts, self._embeddings.embed_documents(list(texts)))

    async def aembed_texts(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Each text's vector, as `embed_texts` does."""
        if self._embeddings is None or not texts:
            return {}
        return _paired(texts, await self._embeddings.aembed_documents(list(texts)))

    def is_old(self, record: Record) -> bool:
        """Whether a record has other vectors than this embedding would give it."""
        return bool(self.stamp) and record.paths is not False and record.encoder != self.stamp

    def texts_of(self, value: Mapping[str, Any] | None, paths: Paths) -> list[str]:
        """The texts of a value that are embedded, in the order of their paths.

        Raises:
            InputError: the value cannot be written as JSON.
        """
        if value is None or paths is False or self._embeddings is None:
            return []
        try:
            asked = dict.fromkeys(self._paths if paths is None else paths)
            return [text for path in asked for text in get_text_at_path(value, path)]
        except (TypeError, ValueError, RecursionError) as fault:
            raise InputError(
                f"A value cannot be kept: {fault}",
                "Values are made of texts, numbers, true, false, null, lists and mappings.",
            ) from fault

    def _texts(self, ops: Sequence[Op]) -> list[str]:
        return list(dict.fromkeys(text for op in last_puts(ops) for text in self.texts_of(op.value, op.index)))


def last_puts(ops: Sequence[Op]) -> list[PutOp]:
    """What is written, the last operation on each key, in the order in which keys first came."""
    return list({(op.namespace, op.key): op for op in ops if isinstance(op, PutOp)}.values())


def _queries(ops: Sequence[Op]) -> list[str]:
    return list(dict.fromkeys(op.query for op in ops if isinstance(op, SearchOp) and op.query))


def _paired(texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> dict[str, np.ndarray]:
    return {text: np.asarray(vector, dtype=np.float32) for text, vector in zip(texts, vectors, strict=True)}
