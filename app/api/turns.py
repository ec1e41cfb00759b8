"""Turns: a message and its answer, whole or as server-sent events; taking the last one back; feedback."""

from asyncio import to_thread
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from ...agents.messages import clean_message
from ...agents.mind import Mind
from ...agents.state import Answer
from ...tools.errors import StoppingError
from ..serving.access import Chatting, Serviced
from ..serving.service import Service
from .events import EVENTS_OF_A_TURN, TurnEvents
from .idempotency import HEADER, Route, wants_events
from .leaving import while_there
from .naming import ThreadName
from .paging import Cursor, Limit, page
from .problems import told
from .requests import NewFeedback, NewTurn
from .shapes import Preferences, Turns, Undone
from .showing import as_response, show_answer, show_turn

router = APIRouter(prefix="/threads/{thread}", tags=["turns"], route_class=Route, responses=told())

Private = Annotated[bool, Query(description="Nothing of it is written down, nor of what follows.")]


async def _one_of_the_turns(service: Serviced, caller: Chatting) -> AsyncIterator[None]:
    """Holds one of the caller's turns until the response has gone out."""
    async with service.throttle.turn(caller.owner):
        yield


@router.get("/turns")
async def list_turns(
    service: Serviced, caller: Chatting, thread: ThreadName, limit: Limit = 20, cursor: Cursor = ""
) -> Turns:
    """A conversation from its beginning: what was said, and each answer with its cards as they were shown."""
    await service.recommender.thread(user=caller.user, thread=thread)
    past = list(enumerate(await service.recommender.past(user=caller.user, thread=thread)))
    found, after = page(past, limit, cursor, "turns", caller.user, thread, name=lambda turn: str(turn[0]))
    return Turns(data=tuple(show_turn(turn, service.pictures) for _, turn in found), next=after)


@router.post(
    "/turns",
    response_model=Answer,
    dependencies=[Depends(_one_of_the_turns)],
    responses={200: {"description": "The answer.", "content": EVENTS_OF_A_TURN}, **told(409, 413, 415)},
)
async def take_turn(
    request: Request, service: Serviced, caller: Chatting, thread: ThreadName, asked: NewTurn
) -> Response:
    """Say something, and get the answer; the conversation must have been begun.

    With `Accept: text/event-stream` the answer comes as it is made: `step` for each agent, `token` for each piece of the
    reply (with `fresh`, the reply begins anew), `items` with the cards, `done` with the whole answer, or `error` with a
    problem. A caller who leaves before the end ends the turn, and nothing of it is kept, unless the request has an
    Idempotency-Key: then it goes on, and the same request gets the answer.
    """
    await service.recommender.thread(user=caller.user, thread=thread)
    text = _words(service, asked)
    mind = await _mind(service, asked)
    options = {"user": caller.user, "thread": thread, "private": asked.private, "mind": mind}
    if wants_events(request):
        if service.recommender.stopping:
            # Within a stream it could be told only after its beginning, which says that all is well.
            raise StoppingError("The server is stopping, and takes no new turns.", "Try again in a minute.")
        return TurnEvents(service.recommender.astream(text, **options), service.pictures, request.url.path)
    turn = service.recommender.reply(text, **options)
    answer = await (turn if HEADER in request.headers else while_there(request, turn))
    return as_response(show_answer(answer, service.pictures))


@router.delete("/turns/last", responses=told(409))
async def undo_turn(service: Serviced, caller: Chatting, thread: ThreadName, private: Private = False) -> Undone:
    """Take the last turn back, with what it made remembered."""
    await service.recommender.thread(user=caller.user, thread=thread)
    return Undone(text=await service.recommender.undo(user=caller.user, thread=thread, private=private))


@router.post("/feedback", responses=told(409, 413, 415))
async def give_feedback(service: Serviced, caller: Chatting, thread: ThreadName, asked: NewFeedback) -> Preferences:
    """Say how the user feels about an item: like (`liked`), dislike (`disliked`), `seen` or accept (`accepted`)."""
    await service.recommender.thread(user=caller.user, thread=thread)
    wish = await service.recommender.feedback(
        asked.item, asked.feeling, user=caller.user, thread=thread, private=asked.private
    )
    return Preferences.of(wish, service.recommender.index)


def _words(service: Service, asked: NewTurn) -> str:
    """The message that a turn sends, as it is asked in words.

    Raises:
        UnknownItemError: the item is not in the catalogue.
    """
    if asked.text:
        return clean_message(asked.text, service.settings.max_message)
    title = service.recommender.catalogue.item(asked.like or asked.why).title
    return f'More like "{title}"' if asked.like else f'Why "{title}"?'


async def _mind(service: Service, asked: NewTurn) -> Mind | None:
    """Who answers, where somebody is asked for; asking which models there are may take a while."""
    if not asked.model and not asked.effort:
        return None
    return await to_thread(service.minds.find, asked.model, asked.effort)
