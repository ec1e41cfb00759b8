"""Guards: what every answer says to browsers, and which requests go no further.

They stand around the whole application, so that an error page has the headers too, and know nothing of what is asked.
Browsers are what they are against: a page of another site that sends requests with our cookie, or to a server that needs
no key; and a name that an attacker has turned to this machine (DNS rebinding).
"""

from collections.abc import Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .throttle import Refused

LOOPBACK = ("localhost", "127.0.0.1", "::1")

PROBES = ("/healthz", "/readyz")
"""What an orchestrator asks by an address that nobody wrote down; it says nothing that is secret."""

_SAFE = ("GET", "HEAD", "OPTIONS")

STRICT = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""The content security policy of our own pages, which hold no scripts."""


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine alone."""
    host = host.strip("[]").lower()
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def page_policy(pictures: Collection[str]) -> str:
    """The content security policy of the Gradio page.

    Gradio writes its configuration into inline scripts, and makes functions of its HTML components' code; so both have to
    be allowed, and what the policy then keeps out is every other host.

    Args:
        pictures: where pictures may come from.
    """
    sources = " ".join(["'self'", "data:", "blob:", *pictures])
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src {sources}; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


class Rooted:
    """Tells the application the path that a proxy serves it under, whether the proxy takes it off or leaves it on.

    Args:
        app: what is guarded.
        root: the path, `/convrec`; empty for none.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if self._root and scope["type"] == "http":
            path = scope["path"]
            below = path == self._root or path.startswith(f"{self._root}/")
            scope = {**scope, "root_path": self._root, "path": path if below else self._root + path}
        await self._app(scope, receive, send)


class SecureHeaders:
    """Adds the headers that make browsers careful; what an answer says itself stays.

    Args:
        app: what is guarded.
        policy: the content security policy of what has none of its own.
        proxied: whether a proxy is believed; else what others claim of one is taken out.
    """

    def __init__(self, app: ASGIApp, policy: str, *, proxied: bool = False) -> None:
        self._app = app
        self._proxied = proxied
        self._usual = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            # With no-referrer, browsers would send forms from our own pages with `Origin: null`.
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._proxied:
            scope["headers"] = [(k, v) for k, v in scope["headers"] if not _of_proxies(k)]
        private = _is_private(_path(scope))

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._usual.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                if private:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with)


class HostCheck:
    """Refuses requests for a name that is not this server's.

    Args:
        app: what is guarded.
        hosts: the names it is called by, `*.example.org` for all below one; none lets every name through.
        refused: told of each refusal.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], refused: Callable[[Refused], None]) -> None:
        self._app = app
        self._hosts = frozenset(h.lower() for h in hosts)
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and self._hosts and _path(scope) not in PROBES:
            host = _host(Headers(scope=scope).get("host", ""))
            if not self._known(host):
                self._refused("host")
                answer = _problem(
                    421, "Unknown host", "This server does not go by that name.",
                    "Call it by its own name, or add the name to `serve.hosts` in the settings.",
                )  # fmt: skip
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _known(self, host: str) -> bool:
        above = host.partition(".")[2]
        return bool(host) and ("*" in self._hosts or host in self._hosts or f"*.{above}" in self._hosts)


class OriginCheck:
    """Refuses requests that change something and come from another site's page.

    It asks first what the browser says of the request (`Sec-Fetch-Site`), which no page can forge, and where that is
    missing compares `Origin` with `Host`. Programs that are no browsers send neither, and pass.

    Args:
        app: what is guarded.
        origins: other sites whose pages may call it.
        refused: told of each refusal.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str], refused: Callable[[Refused], None]) -> None:
        self._app = app
        self._origins = frozenset(o.rstrip("/").lower() for o in origins)
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in _SAFE and not self._allowed(Headers(scope=scope)):
            self._refused("origin")
            answer = _problem(
                403, "Foreign origin", "A page of another site may not do this.",
                "Add the site to `serve.origins` in the settings, if its pages may.",
            )  # fmt: skip
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allowed(self, headers: Headers) -> bool:
        origin = headers.get("origin", "").lower()
        if origin in self._origins:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        return not origin or urlsplit(origin).netloc == headers.get("host", "").lower()


def _path(scope: Scope) -> str:
    """The path below the one that a proxy serves us under."""
    path, root = scope["path"], scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _is_private(path: str) -> bool:
    """Whether a path's answers are somebody's own, and kept by no cache."""
    return path.startswith(("/v1/", "/openai/", "/mcp", "/login", "/logout", "/metrics"))


def _host(header: str) -> str:
    """The host of a `Host` header, without its port."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].rstrip(".")


def _of_proxies(name: bytes) -> bool:
    return name == b"forwarded" or name.startswith(b"x-forwarded-") or name == b"x-real-ip"


def _problem(status: int, title: str, detail: str, hint: str) -> JSONResponse:
    """An answer for a request that goes no further, as the API words its problems (RFC 9457)."""
    kind = title.lower().replace(" ", "-")
    held = {"type": f"urn:convrec:{kind}", "title": title, "status": status, "detail": detail, "hint": hint}
    return JSONResponse(held, status, media_type="application/problem+json")
