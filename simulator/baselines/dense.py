"""Items whose text means something near to what the user has said (cosine of sentence vectors)."""

import asyncio

from ...tools.search import Candidate, search_by_meaning
from .base import Asked, Baseline, Chosen


class Dense(Baseline):
    """Searches with the meaning of all that the user has said, by the encoder of the catalogue's index."""

    name = "dense"

    async def open(self) -> None:
        """Have the encoder ready."""
        await super().open()
        await asyncio.to_thread(self.index.encoder.encode, [self.index.catalogue.schema.noun])

    async def nearest(self, asked: Asked, k: int) -> list[Candidate]:
        """The k nearest items that may come."""
        return await asyncio.to_thread(search_by_meaning, self.index, asked.query, k, asked.allowed(self.index))

    async def choose(self, asked: Asked) -> Chosen:
        """The nearest items."""
        return Chosen(self.shown(await self.nearest(asked, asked.k)))
