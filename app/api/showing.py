"""Answers as they leave the server: pictures only from hosts that may be shown, written as JSON once."""

from fastapi import Response
from pydantic import BaseModel

from ...agents.state import Answer, Card, PastTurn
from ..pictures import Pictures


def show_answer(answer: Answer, pictures: Pictures) -> Answer:
    """An answer with the pictures that may be shown."""
    update = {"items": _cards(answer.items, pictures), "nearest": _cards(answer.nearest, pictures)}
    return answer.model_copy(update=update)


def show_turn(turn: PastTurn, pictures: Pictures) -> PastTurn:
    """A past turn with the pictures that may be shown."""
    return turn.model_copy(update={"answer": show_answer(turn.answer, pictures)})


def as_response(value: BaseModel, status: int = 200) -> Response:
    """A value that was checked when it was made, as a response; a large one is not checked again."""
    return Response(value.model_dump_json(), status, media_type="application/json")


def _cards(cards: tuple[Card, ...], pictures: Pictures) -> tuple[Card, ...]:
    return tuple(c.model_copy(update={"image": pictures.shown(c.image)}) if c.image else c for c in cards)
