"""The context summary, model brain: each of the best candidates in one line, for the ranker alone; no user reads it."""

from collections.abc import Sequence
from typing import Any

from ...prompts import data, render
from ...tools.index import Index
from ..brains import Model
from ..rank import in_order, placed_among
from ..state import Judged, Wish
from ..summarize import summarize as gather
from .ranking import MOST
from .shapes import chosen, summaries_shape
from .telling import candidate_data, wish_data

_LONGEST = 900
"""Tokens of the answer at most."""


async def summarize(
    model: Model, accepted: Sequence[Judged], wish: Wish, index: Index, text: str, kept: int = 2
) -> list[Judged]:
    """Candidates with a summary each, the ones past the best with their evidence as it is.

    So have all of them where the turn has no call beyond the `kept` ones that ranking and replying need.
    """
    gathered = await gather(accepted, wish, index)
    if not model.spare(kept):
        return gathered
    best = in_order(placed_among(gathered), gathered, wish, index)[:MOST]
    if not best:
        return gathered
    schema = index.catalogue.schema
    prompt = render(
        "summarize",
        nouns=schema.nouns,
        wishes=wish_data(wish, index),
        candidates=candidate_data(best, wish, index),
        message=data("message", text),
    )
    said: Any = await model.answer(prompt, summaries_shape(len(best)), _LONGEST, keep=kept)
    told = {c.item: s.summary.strip() for s in said.summaries if (c := chosen("c", s.item, best))}
    return [j.model_copy(update={"summary": told.get(j.item) or j.summary}) for j in gathered]
