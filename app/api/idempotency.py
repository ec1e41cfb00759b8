"""Requests that may be sent twice and are done once: with an Idempotency-Key, the second gets the first's response.

What a response said is kept for a day among what is kept of its user, and goes when the user deletes anything, here or
elsewhere: it may hold what was deleted. Of a private conversation no response is kept, nor of a request during which its
user was forgotten. Whether a first request is under way is known in this process alone.
"""

import base64
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from ...agents.recall import responses_of
from ...tools.errors import ConvrecError, InputError, ReusedKeyError, StoreError, UnderWayError
from ..serving.access import Caller, identify_request
from ..serving.service import Service
from .problems import answer_fault

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
EVENTS = "text/event-stream"

_MINUTES = 24 * 60.0
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PASSING = frozenset({401, 403, 409, 429})
"""Refusals that say nothing about the request itself: the next try may do better."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Kept(BaseModel):
    """A response as it is kept.

    Attributes:
        request: what the request was, hashed.
        status: of the response.
        headers: of the response.
        body: of the response, base64.
    """

    model_config = ConfigDict(frozen=True)

    request: str
    status: int
    headers: dict[str, str]
    body: str


async def _declared(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description=(
                "Any text that this request alone has, such as a UUID. The same request with the same key, within a day, "
                "is answered with the first one's response and not done again. Not for answers as an event stream, "
                "nor in private conversations."
            ),
            pattern=r"^[!-~]{1,255}$",
        ),
    ] = None,
) -> None:
    """Puts the header into the OpenAPI document; `Route` does the work."""


class Route(APIRoute):
    """A route of the API, called as its function is; one that changes something takes an Idempotency-Key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if _METHODS & set(options.get("methods") or ()):
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(_declared)]
        options["operation_id"] = options.get("operation_id") or endpoint.__name__
        options["summary"] = options.get("summary") or endpoint.__name__.replace("_", " ").capitalize()
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        """The handler, which does a request once."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method not in _METHODS:
                return await handle(request)
            return await _once(request, key, handle)

        return handle_once


async def _once(request: Request, key: str, handle: Handler) -> Response:
    """Answer a request, or answer as it was answered before.

    Raises:
        InputError: the key cannot be used, or not for this request; nor in a private conversation.
        ReusedKeyError: the key came with another request.
        UnderWayError: the first request is still being answered.
    """
    service: Service = request.app.state.service
    caller = identify_request(service, request)
    if not _KEY.fullmatch(key):
        raise InputError(f"This {HEADER} cannot be used.", "Use 1 to 255 visible ASCII characters.")
    if wants_events(request):
        raise InputError(
            "An event stream cannot be sent twice.", f"Leave out {HEADER}, or ask for JSON: then the answer is kept."
        )
    place, name = responses_of(caller.user), hashlib.sha256(key.encode()).hexdigest()
    under_way: set[tuple[str, str]] = _under_way(request)
    if (caller.user, name) in under_way:
        raise UnderWayError(
            "The request with this key is being answered already.", "Wait for that answer, or ask again a little later."
        )
    under_way.add((caller.user, name))
    try:
        asked = await _fingerprint(request, caller)
        await service.recommender.open()
        item = await service.recommender.store.aget(place, name)
        if item is not None:
            service.throttle.count(caller.owner)
            return _replayed(Kept.model_validate(item.value), asked)
        _refuse_private(request, caller)
        forgotten = service.recommender.forgotten
        response = await _settled(request, handle)
        lasting = service.recommender.forgotten == forgotten and not _is_private(request, caller)
        if lasting and response.status_code < 500 and response.status_code not in _PASSING:
            await _keep(service, place, name, _kept(request, asked, response))
        return response
    finally:
        under_way.discard((caller.user, name))


def _refuse_private(request: Request, caller: Caller) -> None:
    """Refuse what could not be answered again, because nothing of a private conversation is written down."""
    if "thread" in request.path_params and _is_private(request, caller):
        raise InputError("In a private conversation nothing is kept to answer with again.", f"Leave out {HEADER}.")


def _is_private(request: Request, caller: Caller) -> bool:
    """Whether a request is about a conversation that is not written down."""
    if not request.url.path.removeprefix(request.scope.get("root_path", "")).startswith("/v1/threads"):
        return False
    service: Service = request.app.state.service
    return not service.recommender.writes(user=caller.user, thread=request.path_params.get("thread", ""))


async def _settled(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """The response to a request, also where that is a refusal."""
    try:
        return await handle(request)
    except (ConvrecError, HTTPException, RequestValidationError) as fault:
        return answer_fault(request, fault)


async def _keep(service: Service, place: tuple[str, ...], name: str, kept: Kept) -> None:
    store = service.recommender.store
    ttl = {"ttl": _MINUTES} if store.supports_ttl else {}
    try:
        await store.aput(place, name, kept.model_dump(), index=False, **ttl)
    except StoreError as fault:
        # What was asked for is done, and its caller must hear so.
        log.warning("The response to a request was not kept. %s", type(fault).__name__)


def _kept(request: Request, asked: str, response: Response) -> Kept:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    body = base64.b64encode(bytes(response.body)).decode()
    return Kept(request=asked, status=response.status_code, headers=headers, body=body)


def _replayed(kept: Kept, asked: str) -> Response:
    if kept.request != asked:
        raise ReusedKeyError(f"This {HEADER} came with another request before.", "Use a new key for a new request.")
    return Response(base64.b64decode(kept.body), kept.status, headers={**kept.headers, REPLAYED: "true"})


async def _fingerprint(request: Request, caller: Caller) -> str:
    """What a request is: the same one again has the same, asked with as much right."""
    parts = [request.method, request.url.path, request.url.query, *sorted(caller.scopes)]
    return hashlib.sha256(json.dumps(parts).encode() + b"\n" + await request.body()).hexdigest()


def wants_events(request: Request) -> bool:
    """Whether a caller asks for an event stream."""
    accepted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return EVENTS in accepted


def _under_way(request: Request) -> set[tuple[str, str]]:
    state = request.app.state
    if not hasattr(state, "under_way"):
        state.under_way = set()
    return state.under_way
