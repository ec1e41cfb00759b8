"""MCP over streamable HTTP: one address of the application, with the same keys and limits as the API.

Nothing is kept between requests, so that any instance behind a proxy can answer the next one.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...tools.errors import ConvrecError, InputError, ServingError, SettingsError
from ..api.problems import problem_of
from ..serving.access import Caller, identify_request
from ..serving.service import Service
from .desk import Desk, own_words
from .server import Request as ToolRequest
from .server import make_server
from .toolset import instructions

_log = logging.getLogger(__name__)


class McpEndpoint:
    """The endpoint, as an ASGI application for one route: `Route("/mcp", endpoint=McpEndpoint(service))`.

    Faults of callers are raised before an answer begins, for the application's own handlers to tell. Whether a host or
    an origin may call is the application's to check, as for all its routes.

    Args:
        service: what page, API and MCP share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve until the end of the block; the application's lifespan enters it, with the recommender open."""
        service = self._service
        schema = service.recommender.catalogue.schema
        desk = Desk(service.recommender, _caller, service.throttle.turn, tell_fault)
        self._manager = StreamableHTTPSessionManager(
            make_server(desk, instructions(schema.noun, schema.nouns)),
            stateless=True,
            max_request_body_size=service.settings.serve.body,
        )
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            SignInError: a key is needed, and there is none or it is wrong.
            UnknownUserError: the key speaks for nobody of that name.
            InputError: a service does not say for whom it calls.
            TooManyError: there have been too many requests.
        """
        request = Request(scope, receive)
        caller = identify_request(self._service, request)
        self._service.throttle.count(caller.owner)
        if request.method != "POST":
            # There is no session to listen to or to end.
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        request.state.caller = caller
        assert self._manager is not None
        await self._manager.handle_request(scope, receive, send)


def _caller(request: ToolRequest) -> Caller:
    """Who was found to call when the request came in."""
    assert request.request is not None
    return request.request.state.caller


def tell_fault(fault: ConvrecError) -> str:
    """A fault for callers from elsewhere; what speaks of the server's files and settings goes to the log instead."""
    if isinstance(fault, (InputError, ServingError)) and not isinstance(fault, SettingsError):
        return own_words(fault)
    _log.error("A tool failed: %s", fault)
    problem = problem_of(fault)
    return f"{problem.detail} {problem.hint}".strip()
