"""The ranking agent, vote strategy: several orders of the same candidates, shown in different sequence, added up.

Shuffling works against a model's liking for what stands first; the votes are added by Borda count, as in Tang et al.,
"Found in the middle: permutation self-consistency improves listwise ranking in large language models", NAACL 2024,
section 2 (which takes the order that is nearest to all). The votes are asked at the same time.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...tools.errors import ModelError
from ...tools.index import Index
from ..brains import Model
from ..rank import pick_in_order
from ..state import Judged, Pick, Wish
from .ranking import KEPT, LONGEST, ask_to_rank, contenders
from .shapes import all_chosen, order_shape

VOTES = 3
"""Votes at most; fewer where calls are short."""


async def rank(model: Model, accepted: Sequence[Judged], wish: Wish, index: Index, count: int, text: str) -> list[Pick]:
    """The candidates with the most points, not too much alike."""
    candidates = contenders(model, accepted, wish, index)
    most = min(2 * count + 2, len(candidates))
    chance = random.Random(len(candidates))
    shuffled = [candidates, *(chance.sample(candidates, len(candidates)) for _ in range(VOTES - 1))]

    async def vote(shown: Sequence[Judged]) -> list[Judged]:
        prompt = ask_to_rank("rank", shown, wish, index, text, most)
        said: Any = await model.answer(prompt, order_shape(len(shown), most), LONGEST, keep=KEPT)
        return all_chosen("c", said.best, shown)

    votes = min(VOTES, model.spare(KEPT))
    asked = await asyncio.gather(*(vote(shown) for shown in shuffled[:votes]), return_exceptions=True)
    orders = [order for order in asked if isinstance(order, list)]
    faults = [fault for fault in asked if isinstance(fault, BaseException)]
    # A lost vote is no loss while there is another one; anything but a model's fault is a bug.
    for fault in faults:
        if not orders or not isinstance(fault, ModelError):
            raise fault
    model.dropped += len(faults)
    points = Counter({j.item: 0.0 for j in candidates})
    for order in orders:
        points.update({j.item: float(most - place) for place, j in enumerate(order)})
    chosen_ones = sorted((j for j in candidates if points[j.item]), key=lambda j: -points[j.item])
    return pick_in_order(chosen_ones, accepted, wish, index, count)
