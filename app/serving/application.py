"""The application: the API, MCP, the page and health in one, opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match, Mount, Route
from starlette.types import ASGIApp, Scope

from .bodies import BodyLimit
from .closing import Closing
from .documentation import api_page
from .guards import LOOPBACK, STRICT, HostCheck, OriginCheck, Rooted, SecureHeaders, is_loopback, page_policy
from .health import health_router
from .recording import ID, Named, Recorder
from .service import Service
from .sign_in import Gate, SignIns, sign_in_router

if TYPE_CHECKING:
    from ..ui.page import Page

_ABOUT = """\
Talk with a recommender, look at its catalogue, see and change what is remembered, and run simulations.

Send a key as `Authorization: Bearer convrec_…`; a service says for whom of its users it calls in the header X-Convrec-User.
While no key was made, this machine needs none. Whatever goes wrong is a problem (RFC 9457) with a hint of what would work."""


_PROGRAMS = ("v1", "openai")
"""Where programs call: what they get wrong there is told as a problem, and no page stands in its way."""


class Application(FastAPI):
    """FastAPI with our guards around all of it, its own error pages included."""

    service: Service

    def build_middleware_stack(self) -> ASGIApp:
        """The application with its guards, the outermost first: record, headers, host, other sites' pages, size."""
        serve, metrics = self.service.settings.serve, self.service.metrics
        ending = Closing(super().build_middleware_stack(), self.service.closing)
        limited = BodyLimit(ending, serve.body, metrics.refuse)
        guarded: ASGIApp = OriginCheck(limited, serve.origins, metrics.refuse)
        if serve.origins:
            guarded = CORSMiddleware(
                guarded, serve.origins, ("GET", "POST", "PUT", "PATCH", "DELETE"),
                ("Authorization", "Content-Type", "X-Convrec-User", "Idempotency-Key", "Mcp-Session-Id",
                 "Mcp-Protocol-Version", "Last-Event-Id", "X-Convrec-Thread", ID),
                expose_headers=(ID, "Retry-After", "Location", "Mcp-Session-Id"),
            )  # fmt: skip
        guarded = HostCheck(guarded, _hosts(serve.host, serve.hosts), metrics.refuse)
        policy = page_policy(self.service.pictures.sources)
        guarded = Recorder(SecureHeaders(guarded, policy, proxied=bool(serve.proxies)), metrics)
        return Rooted(guarded, serve.root_path.rstrip("/"))


def make_app(service: Service, page: "Page | None") -> FastAPI:
    """The application of a service.

    Args:
        service: what it serves.
        page: the chat page, shown at `/`; None for none.

    Raises:
        StoreError: the secret that signs sign-ins cannot be kept in the data folder.
    """
    from ..api import openai_router, router
    from ..api.problems import add_problem_handlers
    from ..mcp.http import McpEndpoint

    mcp = McpEndpoint(service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(service.recommender)
            stack.push_async_callback(service.jobs.aclose)
            stack.push_async_callback(service.arena.aclose)
            await stack.enter_async_context(mcp.run())
            yield

    app = Application(
        title="convrec", version=version("convrec"), description=_ABOUT, lifespan=lifespan,
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.service = app.state.service = service
    add_problem_handlers(app)
    app.include_router(router)
    app.include_router(openai_router)
    app.include_router(health_router())
    signs = SignIns(service)
    app.include_router(sign_in_router(service, signs))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(api_page(app.openapi(), signs.root), headers={"Content-Security-Policy": STRICT})

    app.router.routes.append(Route("/mcp", endpoint=Named(mcp, "/mcp")))
    if page is not None:
        _mount_page(app, page, signs)
    return app


class _PageMount(Mount):
    """The page, at every path but those of programs: a wrong path or method there is the router's to answer."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for the page."""
        first = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/").partition("/")[0]
        return (Match.NONE, {}) if first in _PROGRAMS else super().matches(scope)


def _mount_page(app: FastAPI, page: "Page", signs: SignIns) -> None:
    """Show the page at `/`, behind the gate."""
    from ..ui import mount

    mount(app, page, signed_in=signs.user, root_path=signs.root)
    routes = app.router.routes
    for place, route in enumerate(routes):
        if isinstance(route, Mount) and not route.path:
            routes[place] = _PageMount("", Gate(route.app, signs))


def _hosts(bound: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """The names that requests may be for; none lets all through, as keys then keep strangers out."""
    if is_loopback(bound):
        return (*LOOPBACK, bound, *named)
    return (*LOOPBACK, *named) if named else ()
