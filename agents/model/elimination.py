"""The ranking agent, elimination strategy: a model drops the worst candidates, round by round, until few are left.

Telling what does not fit is easier than putting all in order; as many rounds are asked as there are calls, at most
three. What is dropped late comes before what is dropped early.
"""

from collections.abc import Sequence
from typing import Any

from ...tools.index import Index
from ..brains import Model
from ..rank import pick_in_order
from ..state import Judged, Pick, Wish
from .ranking import KEPT, LONGEST, ask_to_rank, contenders
from .shapes import all_chosen, elimination_shape

ROUNDS = 3
"""Rounds at most."""


async def rank(model: Model, accepted: Sequence[Judged], wish: Wish, index: Index, count: int, text: str) -> list[Pick]:
    """The candidates that were dropped last or never, not too much alike."""
    left = contenders(model, accepted, wish, index)
    dropped: list[Judged] = []
    rounds = min(ROUNDS, model.spare(KEPT))
    for number in range(rounds):
        surplus = len(left) - count
        if surplus <= 0 or not model.spare(KEPT):
            break
        most = surplus if number == rounds - 1 else -(-surplus // 2)
        prompt = ask_to_rank("eliminate", left, wish, index, text, most)
        said: Any = await model.answer(prompt, elimination_shape(len(left), most), LONGEST, keep=KEPT)
        worst = all_chosen("c", said.worst, left)
        dropped = [*reversed(worst), *dropped]
        gone = {j.item for j in worst}
        left = [j for j in left if j.item not in gone]
    return pick_in_order([*left, *dropped], accepted, wish, index, count)
