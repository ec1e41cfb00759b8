"""The record of requests: one line each in the log, without what was said or who said it, and one count in the metrics."""

import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics

LOG = logging.getLogger("convrec.access")

ID = "X-Request-Id"
"""The header with a request's id, in the answer, and in the request where the caller gives one."""

_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")

FILES = "page files"
"""The route of the page's own files."""

_QUIET = (FILES, "/healthz", "/readyz", "/metrics")
"""Routes that are called all the time, and tell nothing while they work."""


class Recorder:
    """Gives each request an id, and writes down how it went.

    Args:
        app: what answers.
        metrics: told of each request.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, given = time.perf_counter(), Headers(scope=scope).get(ID, "")
        number = given if _GIVEN.fullmatch(given) else uuid4().hex
        # Whoever answers may add to the state: the key's id, and the route where the router does not say it.
        state = scope.setdefault("state", {})
        state["request_id"] = number
        method, status, streams = scope["method"], 0, False

        async def send_with(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[ID] = number
                if headers.get("content-type", "").startswith("text/event-stream"):
                    streams = True
                    self._metrics.stream_opens()
            await send(message)

        try:
            await self._app(scope, receive, send_with)
        finally:
            if streams:
                self._metrics.stream_closes()
            seconds = time.perf_counter() - began
            route = route_of(scope)
            # 499, as nginx has it: the caller left, or was sent away, before there was an answer.
            self._metrics.request(method, route, status or 499, seconds)
            key = state.get("key") or "-"
            level = logging.DEBUG if route in _QUIET and status < 500 else logging.INFO
            words = "%s %s %d %.0f ms key=%s id=%s"
            LOG.log(level, words, _word(method), route, status or 499, seconds * 1000, key, number)


class Named:
    """Says which route it is, for what the router does not say it of.

    Args:
        app: what answers.
        route: as it is declared.
    """

    def __init__(self, app: ASGIApp, route: str) -> None:
        self._app = app
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        scope.setdefault("state", {})["route"] = self._route
        await self._app(scope, receive, send)


def route_of(scope: Scope) -> str:
    """The route that answered, as it was declared; a path that nobody declared is never written down."""
    named = scope.get("state", {}).get("route")
    if named:
        return named
    # A router that is included in another knows its own part of the path alone.
    whole = getattr(scope.get("fastapi", {}).get("effective_route_context"), "path_format", None)
    found = whole or getattr(scope.get("route"), "path", "")
    return found or "unknown"


def _word(method: str) -> str:
    return method if method.isalpha() and len(method) < 10 else "?"
