"""The endpoint for OpenAI's clients: chat completions, whole and streamed, and the list of models, under /openai/v1.

System and developer messages, tools, temperatures and lengths are taken and passed over: what may be said is this
recommender's own affair. What would change the shape of the answer (several choices, JSON, sound) is refused.
"""

import time
import uuid
from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from ...agents.mind import Mind
from ...agents.recommender import Event
from ...agents.state import Answer
from ...tools.errors import InputError
from ..minds import BUILT_IN, EFFORTS, Minds
from ..serving.access import NAMED, Caller, Serviced, admit, identify, identify_request
from ..serving.service import Service
from .leaving import while_there
from .openai_errors import OpenAIRoute, ParameterError, told
from .openai_markdown import items_markdown, reply_markdown
from .openai_shapes import (
    ChatChoice,
    ChatCompletion,
    ChatExtension,
    ChatReply,
    ChatRequest,
    ChatTokens,
    ModelList,
    ModelRecord,
)
from .openai_stream import Chunks, Streamed
from .openai_threads import Histories, read_history
from .showing import as_response, show_answer

NAME = "convrec"
"""The model that is the usual mind; others are `convrec/low`, `convrec/built-in`, `convrec/MODEL/low`."""

_SINCE = 1_767_225_600
"""When models were made, which the protocol wants told and nobody reads: the beginning of 2026."""


async def _talker(request: Request, service: Serviced) -> Caller:
    """Who chats; a service may say for whom in `user`, as OpenAI's protocol has it, or in our header."""
    return await _admitted(request, service, await _user_in_body(request))


async def _reader(request: Request, service: Serviced) -> Caller:
    """Who asks what there is; a service need not say for whom."""
    return await _admitted(request, service, "-")


Talking = Annotated[Caller, Depends(_talker)]
Listing = Annotated[Caller, Depends(_reader)]


async def _one_of_the_turns(service: Serviced, caller: Talking) -> AsyncIterator[None]:
    """Holds one of the caller's turns until the response has gone out."""
    async with service.throttle.turn(caller.owner):
        yield


async def _histories(request: Request, service: Serviced) -> Histories:
    """What finds threads; locks are in it, so an application has one."""
    state = request.app.state
    if not hasattr(state, "histories"):
        state.histories = Histories(service.recommender, private=service.settings.memory.private)
    return state.histories


router = APIRouter(
    prefix="/openai/v1", tags=["openai"], route_class=OpenAIRoute, responses=told(400, 401, 403, 404, 422, 429)
)
_signed = {"security": [{"key": []}]}


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    dependencies=[Depends(_one_of_the_turns)],
    openapi_extra=_signed,
    responses={200: {"description": "The answer.", "content": {"text/event-stream": {}}}, **told(409, 503)},
)
async def complete_chat(
    request: Request,
    service: Serviced,
    caller: Talking,
    histories: Annotated[Histories, Depends(_histories)],
    chat: ChatRequest,
    named: Annotated[
        str,
        Header(
            alias="X-Convrec-Thread", max_length=800, description="The conversation to go on with, as `convrec.thread`."
        ),
    ] = "",
) -> Response:
    """Answer the last message of a history, in the conversation that the history belongs to.

    The answer's `content` is Markdown: the reply, then what is recommended as a list. `convrec` holds the same as data; in
    a stream, it is in the chunk with the finish reason.
    """
    _refuse_what_is_not_done(chat)
    history = read_history(chat.messages, service.settings.max_message)
    mind = await to_thread(find_mind, service.minds, chat.model)
    thread = chat.convrec.thread if chat.convrec and chat.convrec.thread else named
    events = histories.answer(history, user=caller.user, thread=thread, mind=mind)
    name, created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
    if chat.stream:
        usage = bool(chat.stream_options and chat.stream_options.include_usage)
        chunks = Chunks(name, created, chat.model, service.pictures, usage=usage)
        return await Streamed(chunks.of(events)).begun()
    answer = show_answer(await while_there(request, _last(events)), service.pictures)
    content = reply_markdown(answer.reply) + items_markdown(answer, service.pictures)
    completion = ChatCompletion(
        id=name, created=created, model=chat.model, choices=[ChatChoice(message=ChatReply(content=content))],
        usage=ChatTokens.of(answer.usage), convrec=ChatExtension.of(answer),
    )  # fmt: skip
    return as_response(completion)


@router.get("/models", openapi_extra=_signed)
async def list_models(service: Serviced, _: Listing) -> ModelList:
    """The models that can be asked for: who answers, and at which effort."""
    return ModelList(data=[_record(name) for name in await to_thread(model_names, service.minds)])


@router.get("/models/{model:path}", openapi_extra=_signed)
async def get_model(service: Serviced, _: Listing, model: str) -> ModelRecord:
    """One model that can be asked for."""
    await to_thread(find_mind, service.minds, model)
    return _record(model)


def model_names(minds: Minds) -> list[str]:
    """What the models are called; asks the model server for its list, the first time."""
    usual, *others = minds.models
    if usual == BUILT_IN:
        return [NAME, f"{NAME}/{BUILT_IN}"]
    efforts = [f"{NAME}/{effort}" for effort in EFFORTS]
    more = [f"{NAME}/{model}/{effort}" for model in others if model != BUILT_IN for effort in EFFORTS]
    return [NAME, *efforts, f"{NAME}/{BUILT_IN}", *more]


def find_mind(minds: Minds, name: str) -> Mind | None:
    """Who answers by a model's name; None for the usual mind.

    Raises:
        ParameterError: there is no such model.
    """
    if name == NAME:
        return None
    head, _, rest = name.partition("/")
    model, _, effort = rest.rpartition("/")
    if rest in EFFORTS or effort not in EFFORTS:
        model, effort = ("", rest) if rest in EFFORTS else (rest, "")
    try:
        if head != NAME or not rest:
            raise InputError(f"There is no model {name[:80]!r} here.")
        return minds.find(model, effort)
    except InputError:
        raise ParameterError(
            f"There is no model {name[:80]!r} here.", "GET /openai/v1/models lists those that there are.", "model",
            "model_not_found", 404,
        ) from None  # fmt: skip


async def _admitted(request: Request, service: Service, named: str) -> Caller:
    """Who calls, counted; `named` is for whom, where a service's header does not say it and nobody else's matters."""
    authorization = request.headers.get("authorization", "")
    key = service.keys.check(authorization.partition(" ")[2].strip())
    if key is not None and key.kind == "service" and named and not request.headers.get(NAMED):
        caller = identify(service, authorization, named)
        request.state.key = caller.key
    else:
        caller = identify_request(service, request)
    admit(service, caller, "chat")
    return caller


async def _user_in_body(request: Request) -> str:
    """The `user` of a request, before its body is checked; nothing where it has none."""
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        return ""
    user = body.get("user") if isinstance(body, dict) else None
    return user if isinstance(user, str) else ""


async def _last(events: AsyncIterator[Event]) -> Answer:
    async with aclosing(events) as turn:  # type: ignore[type-var]
        return [event async for event in turn if isinstance(event, Answer)][-1]


def _refuse_what_is_not_done(chat: ChatRequest) -> None:
    """Refuse what would change the shape of the answer.

    Raises:
        ParameterError: something of it is asked for.
    """
    refused = {
        "n": (chat.n or 1) != 1,
        "logprobs": bool(chat.logprobs),
        "modalities": bool(chat.modalities) and chat.modalities != ["text"],
        "response_format": chat.response_format is not None and chat.response_format.get("type") != "text",
        "tool_choice": chat.tool_choice not in (None, "none", "auto"),
    }
    for name in (name for name, asked in refused.items() if asked):
        raise ParameterError(f"This value of {name!r} is not supported here.", "Leave it out.", name)


def _record(name: str) -> ModelRecord:
    return ModelRecord(id=name, created=_SINCE)
