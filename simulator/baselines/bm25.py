"""Items that share words with what the user has said (BM25)."""

from ...tools.search import popular_items, search_by_words
from .base import Asked, Baseline, Chosen, filled


class Bm25(Baseline):
    """Searches with all words of the user; where too few items share any, the best known ones follow."""

    name = "bm25"

    async def open(self) -> None:
        """Have the words ready."""
        await super().open()
        self.index.lexical.scores(self.index.catalogue.schema.noun)

    async def choose(self, asked: Asked) -> Chosen:
        """The items with the highest score."""
        allowed = asked.allowed(self.index)
        found = search_by_words(self.index, asked.query, asked.k, allowed)
        others = [] if len(found) == asked.k else popular_items(self.index, 2 * asked.k, allowed)
        return Chosen(self.shown(filled(found, others, asked.k)))
