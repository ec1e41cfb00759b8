"""The clarifying agent, model brain: chooses among the questions that split the candidates best, and words it.

The options stay the catalogue's own, so that every answer to them is understood.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...prompts import data, render
from ...tools.errors import AnswerError
from ...tools.index import Index
from ..brains import Model
from ..clarify import questions
from ..state import ClarifyingQuestion, Exchange, Understanding, Wish
from .shapes import chosen, question_shape
from .speaking import may_be_said
from .telling import numbered_lines, talk_data

_MOST = 4
_LONGEST = 200
"""Tokens of the answer at most."""


async def clarify(
    model: Model,
    wish: Wish,
    index: Index,
    rows: np.ndarray,
    understanding: Understanding,
    text: str,
    talk: Sequence[Exchange],
) -> ClarifyingQuestion | None:
    """The question that would help this person most; None when nothing is left to ask."""
    among = questions(wish, index, rows)[:_MOST]
    if not among:
        return None
    schema = index.catalogue.schema
    labels = {a.name: a.label or a.name for a in schema.attributes}
    prompt = render(
        "clarify",
        noun=schema.noun,
        questions=data(
            "questions", numbered_lines("q", (f"{labels[q.attribute]}: {', '.join(q.options)}" for q in among))
        ),
        talk=talk_data(talk),
        message=data("message", text),
        language=understanding.language,
    )
    said: Any = await model.answer(prompt, question_shape(len(among)), _LONGEST)
    question: ClarifyingQuestion = chosen("q", said.question, among) or among[0]
    words = " ".join(s.strip() for s in said.sentences if s.strip())
    if not words or not may_be_said(words, [text, *question.options], index):
        raise AnswerError("the question could not be used")
    return question.model_copy(update={"text": words})
