"""The remembering agent, model brain: tells what repeats or replaces a memory though it says so in other words.

What a turn said that lasts is read by the understanding agent; a model only relates it to what is remembered. Feelings
about items are never put to it, and a contradiction that code can see counts whatever it answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...prompts import data, render
from ...tools.index import Index
from ...tools.words import words
from ..brains import Model
from ..memory import Changes, Known, Memory
from ..remember import Relation, Told, relate, said, says_the_same, taken_back
from .shapes import chosen, relations_shape
from .telling import numbered_lines

_LONGEST = 400
"""Tokens of the answer at most."""

_NEW, _KNOWN = 6, 12
"""Lines that a model is shown."""


async def remember(model: Model, told: Told, known: Known, index: Index) -> Changes:
    """What a turn changes in a user's memory."""
    found = said(told, index)
    there = sorted((m for m in known.holding if m.kind != "feedback"), key=lambda m: -known.near.get(m.id, 0.0))[
        :_KNOWN
    ]
    new = [m for m in found if m.kind != "feedback" and not any(says_the_same(m, old) for old in known.memories)][:_NEW]
    relations: Mapping[str, Relation] = {}
    if new and there and model.spare(0):
        relations = await _relations(model, new, there, told, index)
    return relate(found, known, told, index.catalogue.schema, taken_back(told, known, index), relations)


async def _relations(
    model: Model, new: Sequence[Memory], there: Sequence[Memory], told: Told, index: Index
) -> dict[str, Relation]:
    prompt = render(
        "remember",
        nouns=index.catalogue.schema.nouns,
        new=data("new", numbered_lines("n", (m.text for m in new))),
        known=data("known", numbered_lines("m", (m.text for m in there))),
        message=data("message", told.text),
    )
    answer: Any = await model.answer(prompt, relations_shape(len(new), len(there)), _LONGEST)
    relations = {}
    for one in answer.relations:
        memory, old = chosen("n", one.new, new), chosen("m", one.memory, there)
        if memory is None or not _may(one.does, memory, old):
            continue
        relations[memory.id] = Relation(one.does, old.id if old else "", _told_plainly(one.text, memory, told, model))
    return relations


def _may(does: str, new: Memory, old: Memory | None) -> bool:
    """Whether a model may say so: what repeats or replaces is of the same kind, catalogue and attribute.

    Labels and numbers that differ never say the same; what a user ruled out is not passed over, and falls only where code
    sees the contradiction.
    """
    if does in ("adds", "passes"):
        return does == "adds" or new.preference is None or not new.preference.hard
    if old is None or new.kind != old.kind or new.catalogue != old.catalogue:
        return False
    one, other = new.preference, old.preference
    if one is None or other is None:
        return one is other
    if does == "repeats":
        return one.limit.attribute is None is other.limit.attribute and one.wanted == other.wanted
    may_fall = not other.hard or one.strength == other.strength == "must"
    return one.limit.attribute == other.limit.attribute and may_fall


def _told_plainly(text: str, memory: Memory, told: Told, model: Model) -> str:
    """A model's wording of a fact, if every number and most words of it were said; a taste's words are our own."""
    if memory.kind != "fact" or not text.strip():
        return ""
    heard = {*words(told.text), *words(memory.text)}
    foreign = [w for w in words(text) if w not in heard]
    if len(foreign) > 2 or any(w.isdigit() for w in foreign):
        model.dropped += 1
        return ""
    return text.strip()
