"""What goes wrong as problem details (RFC 9457): one shape for every error, in words that name no file and no secret."""

import logging
import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect

from ...tools.errors import ConvrecError, StoppingError, TooManyError
from ..serving.recording import route_of
from .documenting import document
from .kinds import Kind, kind_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_MOST_FAULTS = 10
_BARE = {
    404: "/docs describes every route.",
    405: "/docs describes every route; the header Allow has the methods of this one.",
}
"""What would work where the router finds no route."""

_LATER = 5.0
"""Seconds after which it is worth trying again what a store could not do."""


class Fault(BaseModel):
    """One thing that is wrong with a request.

    Attributes:
        where: the part of the request: `body.text`, `query.limit`.
        message: what is wrong with it.
    """

    model_config = ConfigDict(frozen=True)

    where: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457), with what would work.

    Attributes:
        type: what kind of problem it is, to tell it from others; `about:blank` where the status says it all.
        title: the kind in a few words.
        status: the HTTP status.
        detail: what was wrong this time.
        hint: what would work.
        instance: the path that was asked for.
        errors: what is wrong with which part of the request.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "example": {
                "type": "urn:convrec:unknown-thread",
                "title": "Unknown thread",
                "status": 404,
                "detail": "There is no such thread.",
                "hint": "GET /v1/threads lists those that there are; POST /v1/threads begins one.",
                "instance": "/v1/threads/6f1c",
            }
        },
    )

    type: str = Field(default="about:blank", description="What kind of problem it is; `about:blank` for a bare status.")
    title: str = Field(description="The kind in a few words.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(default="", description="What was wrong this time.")
    hint: str = Field(default="", description="What would work.")
    instance: str = Field(default="", description="The path that was asked for.")
    errors: tuple[Fault, ...] = Field(default=(), description="What is wrong with which part of the request.")


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an application as problem details, and say so in its OpenAPI document."""
    app.add_exception_handler(ConvrecError, _answer)
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(AnyHTTPException, _answer)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(Exception, _answer_bug)
    document(app, Problem)


def problem_of(fault: Exception, instance: str = "") -> Problem:
    """An error as problem details; of one that is ours to mend, nothing is told but that it happened."""
    if isinstance(fault, RequestValidationError):
        return _of_validation(fault, instance)
    if isinstance(fault, AnyHTTPException):
        detail = fault.detail if isinstance(fault.detail, str) else ""
        title = _phrase(fault.status_code)
        return Problem(
            title=title, status=fault.status_code, instance=instance,
            detail="" if detail == title else detail, hint=_BARE.get(fault.status_code, ""),
        )  # fmt: skip
    if not isinstance(fault, ConvrecError):
        return Problem(
            title=_phrase(500),
            status=500,
            instance=instance,
            detail="Something went wrong on the server; it is logged.",
        )
    name, kind = kind_of(fault)
    return Problem(
        type=f"urn:convrec:{name}",
        title=kind.title,
        status=kind.status,
        detail=kind.inner or str(fault),
        hint=_hint(kind, fault),
        instance=instance,
    )


def _hint(kind: Kind, fault: ConvrecError) -> str:
    """What would work over HTTP; what to type at the server's own command line only where nothing else would."""
    if kind.inner or (kind.hint and (not fault.hint or "`convrec " in fault.hint)):
        return kind.hint
    return fault.hint


def answer_fault(request: Request, fault: Exception) -> Response:
    """The response to an error."""
    problem = problem_of(fault, _path(request))
    if isinstance(fault, ConvrecError) and problem.status >= 500 and not isinstance(fault, StoppingError):
        # Its own words may speak of files and addresses, which are for the log alone.
        log.error("%s %s failed: %s", request.method, route_of(request.scope), fault)
    headers = _headers(fault, problem.status)
    if problem.status == 405 and (methods := _methods(request)):
        headers["Allow"] = ", ".join(methods)
    return respond(problem, headers)


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as a response."""
    return Response(dump(problem), problem.status, headers=headers, media_type=MEDIA_TYPE)


def dump(problem: Problem) -> str:
    """A problem as JSON, without what it does not tell."""
    empty = {name for name in ("detail", "hint", "instance", "errors") if not getattr(problem, name)}
    return problem.model_dump_json(exclude=empty)


Status = Literal[400, 401, 403, 404, 409, 413, 415, 422, 429, 503]

_TOLD: dict[int, str] = {
    400: "Something in the request cannot be done as asked.",
    401: "No key was given, or none that is known.",
    403: "The key does not allow this.",
    404: "There is no such thing, or it is another's.",
    409: "The same request, or something that would interfere, is under way.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something in the request has not the right form.",
    429: "Too many requests, or too many turns at once; `Retry-After` says when to try again.",
    503: "The server is stopping, or cannot read or write what it keeps.",
}


_ANY: tuple[Status, ...] = (400, 401, 403, 404, 422, 429, 503)
"""What every route may answer: a key may be wrong, and so may be the name of whom a service calls for."""


def told(*more: Status) -> dict[int | str, dict[str, Any]]:
    """Problems for `responses=` of a route: those that every route has, and more."""
    schema = {"$ref": "#/components/schemas/Problem"}
    statuses = sorted({*_ANY, *more})
    return {s: {"description": _TOLD[s], "content": {MEDIA_TYPE: {"schema": schema}}} for s in statuses}


async def _answer(request: Request, fault: Exception) -> Response:
    return answer_fault(request, fault)


async def _answer_nobody(request: Request, fault: Exception) -> Response:
    return Response(status_code=499)


async def _answer_bug(request: Request, fault: Exception) -> Response:
    # The server's own log gets the traceback, for the error is raised again.
    log.error("%s %s failed: %s", request.method, route_of(request.scope), type(fault).__name__)
    return respond(problem_of(fault, _path(request)))


def _of_validation(fault: RequestValidationError, instance: str) -> Problem:
    """What is wrong with a request, without what was in it."""
    errors = fault.errors()
    kinds = {str(error.get("type")) for error in errors}
    if "json_invalid" in kinds:
        return Problem(
            title=_phrase(400), status=400, detail="The body is no JSON that can be read.", instance=instance,
            hint="Send UTF-8 JSON.",
        )  # fmt: skip
    if isinstance(fault.body, bytes):
        return Problem(
            title=_phrase(415), status=415, detail="The body is not said to be JSON.", instance=instance,
            hint="Send it with the header Content-Type: application/json.",
        )  # fmt: skip
    faults = tuple(_faults(errors))
    return Problem(
        title=_phrase(422), status=422, instance=instance, errors=faults,
        detail="; ".join(f"{f.where}: {f.message}" for f in faults[:3]),
    )  # fmt: skip


def _faults(errors: Any) -> Iterator[Fault]:
    for error in errors[:_MOST_FAULTS]:
        where = ".".join(_shortened(str(part)) for part in error["loc"])
        yield Fault(where=where, message=str(error["msg"]).removeprefix("Value error, "))


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _headers(fault: Exception, status: int) -> dict[str, str]:
    if isinstance(fault, AnyHTTPException):
        return dict(fault.headers or {})
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="convrec"'}
    if isinstance(fault, TooManyError):
        return {"Retry-After": str(max(1, math.ceil(fault.seconds)))}
    return {"Retry-After": f"{_LATER:.0f}"} if status == 503 else {}


def _methods(request: Request) -> list[str]:
    """What may be done at a path: several routes share it, and the framework names one route's methods alone."""
    return sorted(method.upper() for method in request.app.openapi()["paths"].get(route_of(request.scope), {}))


def _path(request: Request) -> str:
    path = quote(request.url.path, safe="/:@!$&'()*+,;=~-._")
    return path if len(path) <= 300 else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
