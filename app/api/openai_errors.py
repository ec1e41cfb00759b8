"""What goes wrong under /openai/v1 in OpenAI's shape, which its clients read: {"error": {message, type, param, code}}."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ...tools.errors import ConvrecError, InputError
from .problems import Problem, answer_fault, problem_of

log = logging.getLogger(__name__)

_LEFT = 499
"""The status of an answer that nobody waits for, as proxies log it."""

_TYPES = {403: "permission_error", 409: "conflict_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


class ParameterError(InputError):
    """A parameter of a request asks for something that is not done here."""

    def __init__(self, message: str, hint: str, param: str, code: str = "unsupported_value", status: int = 400) -> None:
        super().__init__(message, hint)
        self.param = param
        self.code = code
        self.status = status


class ChatFault(BaseModel):
    """What was wrong; `param` names the part of the request, `code` the kind."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ChatFaultAnswer(BaseModel):
    """The body of an answer to what went wrong."""

    error: ChatFault


class OpenAIRoute(APIRoute):
    """A route whose faults are told in OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except ClientDisconnect:
                return Response(status_code=_LEFT)
            except Exception as fault:
                if not isinstance(fault, (ConvrecError, RequestValidationError, HTTPException)):
                    log.exception("A request under /openai/v1 failed.")
                return _answer(request, fault)

        return answer


def fault_of(fault: Exception) -> ChatFaultAnswer:
    """An error in OpenAI's shape; of a bug, nothing is told but that it happened."""
    problem = problem_of(fault)
    status = _status(fault, problem)
    if isinstance(fault, ParameterError):
        param, code = fault.param, fault.code
    elif isinstance(fault, RequestValidationError):
        param, code = _place(fault), "invalid_value"
    else:
        kind = problem.type.rpartition(":")[2]
        param, code = None, _CODES.get(status) or (kind.replace("-", "_") if kind != "blank" else None)
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return ChatFaultAnswer(
        error=ChatFault(
            message=f"{problem.detail} {problem.hint}".strip() or problem.title, type=kind, param=param, code=code
        )
    )


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Faults for `responses=` of a route."""
    return {status: {"model": ChatFaultAnswer, "description": "A fault in OpenAI's shape."} for status in statuses}


def _answer(request: Request, fault: Exception) -> Response:
    # The application's own answer has the headers that tell when to try again, and logs what is ours to mend.
    plain = answer_fault(request, fault)
    headers = {
        name: plain.headers[name] for name in ("www-authenticate", "retry-after", "allow") if name in plain.headers
    }
    status = _status(fault, problem_of(fault))
    return JSONResponse(fault_of(fault).model_dump(), status, headers=headers)


def _status(fault: Exception, problem: Problem) -> int:
    """OpenAI's servers say 400 to whatever has not the right form."""
    if isinstance(fault, ParameterError):
        return fault.status
    return 400 if problem.status in (415, 422) else problem.status


def _place(fault: RequestValidationError) -> str | None:
    """The parameter that is wrong, as OpenAI names it: `messages.0.role`."""
    parts = [str(part) for error in fault.errors()[:1] for part in error["loc"] if part != "body"]
    return ".".join(parts) if parts and "json_invalid" not in {e.get("type") for e in fault.errors()} else None
