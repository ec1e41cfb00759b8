"""The best known items, whatever is said."""

from ...tools.search import popular_items
from .base import Asked, Baseline, Chosen


class Popular(Baseline):
    """Shows the best known items first."""

    name = "popular"

    async def choose(self, asked: Asked) -> Chosen:
        """The best known items that have not been shown."""
        return Chosen(self.shown(popular_items(self.index, asked.k, asked.allowed(self.index))))
