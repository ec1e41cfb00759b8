"""BM25 over items (bm25s), saved with the catalogue and read from disk as it is needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .items import Item
from .schema import Schema
from .words import STOPWORDS, content_stems


class Lexical:
    """Scores every item by the words that a query shares with it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._stems: dict[str, int] = model.vocab_dict

    @classmethod
    def build(cls, texts: Sequence[str]) -> "Lexical":
        """Index texts; one row per text."""
        import bm25s

        model = bm25s.BM25()
        corpus = [content_stems(t) for t in texts]
        if not any(corpus):
            corpus = [["\0"], *corpus[1:]]
        model.index(corpus, show_progress=False)
        return cls(model)

    @classmethod
    def load(cls, folder: Path) -> "Lexical":
        """Read what `save` wrote."""
        import bm25s

        return cls(bm25s.BM25.load(str(folder), mmap=True, show_progress=False))

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        self._model.save(str(folder), show_progress=False)

    def __len__(self) -> int:
        return int(self._model.scores["num_docs"])

    def __contains__(self, stem: str) -> bool:
        return stem in self._stems

    def frequency(self, stem: str) -> int:
        """How many items contain a stem."""
        known = self._stems.get(stem)
        if known is None:
            return 0
        starts = self._model.scores["indptr"]
        return int(starts[known + 1] - starts[known])

    def rows(self, stem: str) -> np.ndarray:
        """The rows whose text contains a stem, ascending."""
        known = self._stems.get(stem)
        if known is None:
            return np.empty(0, dtype=np.int64)
        starts = self._model.scores["indptr"]
        return np.asarray(self._model.scores["indices"][starts[known] : starts[known + 1]])

    def scores(self, query: str) -> np.ndarray:
        """BM25 of every item, shape (items,); zero where no word is shared."""
        known = [s for s in content_stems(query) if s in self._stems and s not in STOPWORDS]
        if not known:
            return np.zeros(len(self), dtype=np.float32)
        return self._model.get_scores(known)


def item_text(item: Item, schema: Schema) -> str:
    """What search sees of an item: title, other titles, labelled attributes and text."""
    lines = [item.title, *item.aliases]
    for attribute in schema.attributes:
        value = item.attributes.get(attribute.name)
        if isinstance(value, tuple):
            lines.append(f"{attribute.label or attribute.name}: {', '.join(value)}")
        elif isinstance(value, str):
            lines.append(f"{attribute.label or attribute.name}: {value}" if attribute.kind == "date" else value)
    return "\n".join([*lines, item.text]).strip()
