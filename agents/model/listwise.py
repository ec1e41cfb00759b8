"""The ranking agent, listwise strategy: a model puts all candidates in order in one answer.

After Sun et al., "Is ChatGPT good at search? Investigating large language models as re-ranking agents", EMNLP 2023,
section 3 (permutation generation); the order points at candidates by number and can name no others.
"""

from collections.abc import Sequence
from typing import Any

from ...tools.index import Index
from ..brains import Model
from ..rank import pick_in_order
from ..state import Judged, Pick, Wish
from .ranking import KEPT, LONGEST, ask_to_rank, contenders
from .shapes import all_chosen, order_shape


async def rank(model: Model, accepted: Sequence[Judged], wish: Wish, index: Index, count: int, text: str) -> list[Pick]:
    """The best candidates by the model's order, not too much alike."""
    candidates = contenders(model, accepted, wish, index)
    most = min(2 * count + 2, len(candidates))
    prompt = ask_to_rank("rank", candidates, wish, index, text, most)
    said: Any = await model.answer(prompt, order_shape(len(candidates), most), LONGEST, keep=KEPT)
    order = all_chosen("c", said.best, candidates)
    return pick_in_order(order, accepted, wish, index, count)
