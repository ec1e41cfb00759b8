"""The answering agent, model brain: answers from all that the catalogue says of the items asked about."""

from collections.abc import Callable

from ...prompts import data, render
from ...tools.describing import describe_in_full
from ...tools.errors import AnswerError
from ...tools.index import Index
from ..answer import MOST
from ..answer import answer as look_up
from ..brains import Model
from ..guarantees import names_exactly
from ..state import Question, Understanding, Wish
from .speaking import speak
from .telling import wish_data

_LONGEST = 400
"""Tokens of the answer at most."""

_TEXT = 1_200


async def answer(
    model: Model, question: Question, wish: Wish, index: Index, understanding: Understanding, say: Callable[[str], None]
) -> str:
    """An answer that names each item asked about, in the user's language."""
    items, schema = question.items[:MOST], index.catalogue.schema
    records = [describe_in_full(index.catalogue.item(i), schema, _TEXT) for i in items]
    draft = await look_up(question, wish, index)
    prompt = render(
        "answer",
        noun=schema.noun,
        nouns=schema.nouns,
        items=data("items", "\n\n".join(f"[{n}] {record}" for n, record in enumerate(records, 1))),
        wishes=wish_data(wish, index),
        draft=data("draft", draft),
        message=data("message", question.words),
        language=understanding.language,
    )
    sources = (draft, question.words, *records)
    reply = await speak(model, model.stream(prompt, _LONGEST), items, sources, index, say, understanding.language)
    if not names_exactly(reply, items, index):
        raise AnswerError("the answer did not name what was asked about")
    return reply.strip()
