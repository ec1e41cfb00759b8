"""What the ranking strategies share: which candidates a model sees, and how they are shown to it."""

from collections.abc import Sequence

from ...prompts import Prompt, data, render
from ...tools.errors import SpentError
from ...tools.index import Index
from ..brains import Model
from ..rank import in_order, placed_among
from ..state import Judged, Wish
from .telling import candidate_data, wish_data

MOST = 12
"""Candidates that a ranker sees."""

KEPT = 1
"""Calls that replying needs."""

LONGEST = 200
"""Tokens of an order at most."""


def contenders(model: Model, accepted: Sequence[Judged], wish: Wish, index: Index) -> list[Judged]:
    """The candidates to rank: those that were judged best, else those with the best weighted sum.

    Raises:
        SpentError: the calls that are left are needed for replying.
    """
    if not model.spare(KEPT):
        raise SpentError("the call that is left is kept for the reply")
    return in_order(placed_among(accepted), accepted, wish, index)[:MOST]


def ask_to_rank(name: str, candidates: Sequence[Judged], wish: Wish, index: Index, text: str, most: int) -> Prompt:
    """The prompt of a strategy."""
    return render(
        name,
        nouns=index.catalogue.schema.nouns,
        most=str(most),
        wishes=wish_data(wish, index),
        candidates=candidate_data(candidates, wish, index, summed=True),
        message=data("message", text),
    )
