"""The natural-language-inference agent, model brain: one call judges the best candidates by all wishes, and orders them.

What columns know is settled by the built-in brain and not asked. The model is asked of the rest: phrases about the
text, and labels that an item may deserve and does not carry. Every verdict needs a quote, and one that the item does not
say is dropped and counted.
"""

from collections.abc import Sequence
from typing import Any

from ...prompts import data, render
from ...tools.entailment import Entailment, says
from ...tools.errors import SpentError
from ...tools.index import Index
from ..brains import Model
from ..nli import judge as settle
from ..nli import seen_from
from ..rank import best_first
from ..retrieve import in_words
from ..state import Judged, Preference, Wish
from .shapes import all_chosen, chosen, judgement_shape
from .telling import candidate_data, numbered_lines, point_line, wish_data

MOST = 20
"""Candidates that a model judges; the others keep the built-in verdicts."""

KEPT = 1
"""Calls that replying needs."""

_WISHES = 8
_LONGEST = 1_200
"""Tokens of the answer at most."""


async def judge(
    model: Model, candidates: Sequence[Judged], preferences: Sequence[Preference], index: Index, wish: Wish, text: str
) -> list[Judged]:
    """Candidates with verdicts, those that the model judged first; what contradicts a hard preference is dropped."""
    settled = best_first(await settle(candidates, preferences, index), wish, index)
    asked, rest = settled[:MOST], settled[MOST:]
    if not asked:
        return settled
    if not model.spare(KEPT):
        raise SpentError("the call that is left is kept for the reply")
    open_ones = _open(asked, preferences)
    schema = index.catalogue.schema
    settled_ones = [p for place, p in enumerate(preferences) if place not in open_ones]
    prompt = render(
        "judge",
        nouns=schema.nouns,
        wishes=f"{wish_data(wish.model_copy(update={'preferences': tuple(settled_ones)}), index)}\nTo judge:\n"
        + data("to judge", numbered_lines("p", (point_line(preferences[p], index) for p in open_ones))),
        candidates=candidate_data(asked, wish, index),
        message=data("message", text),
    )
    said: Any = await model.answer(prompt, judgement_shape(len(asked), len(open_ones)), _LONGEST, keep=KEPT)
    judged = {j.item: j for j in asked}
    for verdict in said.verdicts:
        candidate, place = chosen("c", verdict.item, asked), chosen("p", verdict.wish, open_ones)
        if candidate is None or place is None:
            continue
        if not verdict.quote.strip() or not says(index.catalogue.item(candidate.item), verdict.quote, schema):
            model.dropped += 1
            continue
        judged[candidate.item] = _with(judged[candidate.item], place, verdict, preferences[place], index)
    places = {c.item: n for n, c in enumerate(all_chosen("c", said.best, asked))}
    placed = [j.model_copy(update={"place": places.get(j.item)}) for j in judged.values()]
    return [j for j in [*placed, *rest] if not j.broken]


def _open(candidates: Sequence[Judged], preferences: Sequence[Preference]) -> list[int]:
    """The places of the preferences that some candidate's columns and words leave open, phrases first."""
    unsure = [
        place
        for place in range(len(preferences))
        if any(j.verdicts[place].label == "neutral" for j in candidates) and not preferences[place].limit.ranges
    ]
    return sorted(unsure, key=lambda p: preferences[p].limit.attribute is not None)[:_WISHES]


def _with(judged: Judged, place: int, said: Any, preference: Preference, index: Index) -> Judged:
    """A candidate with one verdict of the model's, unless its columns have settled that one."""
    if judged.verdicts[place].label != "neutral":
        return judged
    score = said.score / 100 * (1 if said.label == "entails" else -1)
    said_of_it = Entailment(label=said.label, score=score, evidence=said.quote.strip())
    verdict = seen_from(preference, in_words(preference, index), said_of_it)
    verdicts = (*judged.verdicts[:place], verdict, *judged.verdicts[place + 1 :])
    return judged.model_copy(update={"verdicts": verdicts})
