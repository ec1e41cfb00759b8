"""Signing in: a browser hands over a user's key once, and holds a signed cookie from then on.

The cookie says which key it was, and when. It is looked up among the keys at each request, so that a key that is revoked
signs its user out at once; stolen without the secret that signs it, it cannot be made for another key.
"""

import secrets
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.types import ASGIApp, Receive, Scope, Send

from ...tools.errors import CorruptError, TooManyError
from ...tools.files import reported
from ..user_files import write_private
from .access import Caller
from .guards import STRICT
from .keys import USER_SCOPES, Key
from .recording import FILES
from .service import Service
from .sign_in_pages import login_page, logout_page
from .tabs import UnreadableError, as_own

COOKIE = "convrec-sign-in"
SECONDS = 30 * 86_400
"""How long a browser stays signed in."""

_OPEN = ("theme.css", "favicon.ico", "robots.txt", "manifest.json", "assets", "static", "svelte")
"""The page's own files, which are the same for everybody."""

_USED = (
    "queue", "heartbeat", "startup-events", "reset", "cancel", "info", "app_id", "theme.css",
)  # fmt: skip
"""What the page calls of Gradio; the rest of what Gradio answers is not for browsers, and shut."""


class SignIns:
    """Who is signed in at the page.

    Args:
        service: with the keys and the settings.

    Raises:
        StoreError: the secret that signs cannot be kept in the data folder.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        serve = service.settings.serve
        secret = serve.secret.get_secret_value() or _kept_secret(service.settings.home / "secret")
        self._signer = URLSafeTimedSerializer(secret, salt="convrec sign-in")
        self.root = serve.root_path.rstrip("/")

    @property
    def needed(self) -> bool:
        """Whether anybody has to sign in."""
        return self._service.keys.any() or self._service.guarded

    def caller(self, request: Request) -> Caller | None:
        """Who is signed in; None if nobody is."""
        try:
            number = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=SECONDS)
        except BadSignature:
            return None
        key = self._service.keys.find(str(number))
        if key is None or not _may(key):
            return None
        return Caller(key.name, frozenset(key.scopes), key.id, "page")

    def user(self, request: Request) -> str | None:
        """Whose page it is: who is signed in; nobody in particular (empty) where nobody has to be; None if they have to."""
        caller = self.caller(request)
        if caller is not None:
            return caller.user
        return None if self.needed else ""

    def sign_in(self, request: Request, response: Response, key: Key) -> None:
        """Give a browser its cookie."""
        self._set(request, response, str(self._signer.dumps(key.id)), SECONDS)

    def sign_out(self, request: Request, response: Response) -> None:
        """Take it back."""
        self._set(request, response, "", 0)

    def _set(self, request: Request, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            COOKIE, value, max_age=seconds, path=self.root or "/",
            secure=request.url.scheme == "https", httponly=True, samesite="lax",
        )  # fmt: skip


def sign_in_router(service: Service, signs: SignIns) -> APIRouter:
    """The pages on which one signs in and out; they work without scripts."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def ask(request: Request, to: str = "/") -> Response:
        if signs.caller(request) is not None or not signs.needed:
            return RedirectResponse(signs.root + local_path(to), 303)
        return _page(login_page(signs.root, local_path(to)))

    @router.post("/login")
    async def sign_in(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=8)
        to, given = local_path(str(form.get("to", "/"))), str(form.get("key", "")).strip()
        key = service.keys.check(given)
        if key is not None and _may(key):
            response = RedirectResponse(signs.root + to, 303)
            signs.sign_in(request, response, key)
            return response
        service.metrics.refuse("key")
        try:
            service.throttle.count_wrong(request.client.host if request.client else "")
        except TooManyError as fault:
            page = login_page(signs.root, to, f"{fault} {fault.hint}")
            return _page(page, 429, {"Retry-After": f"{fault.seconds:.0f}"})
        if key is None:
            return _page(login_page(signs.root, to, "This key is not known here."), 401)
        return _page(login_page(signs.root, to, f"The page needs a user's key for {', '.join(USER_SCOPES)}."), 403)

    @router.get("/logout")
    async def ask_out(request: Request) -> Response:
        caller = signs.caller(request)
        if caller is None:
            return RedirectResponse(f"{signs.root}/", 303)
        return _page(logout_page(signs.root, caller.user))

    @router.post("/logout")
    async def sign_out(request: Request) -> Response:
        response = RedirectResponse(f"{signs.root}/login", 303)
        signs.sign_out(request, response)
        return response

    return router


class Gate:
    """Stands before the Gradio page: browsers that are not signed in are sent to do so, and get nothing of it else; those
    that are meet their own tabs alone.

    Args:
        app: Gradio's application.
        signs: who is signed in.
    """

    def __init__(self, app: ASGIApp, signs: SignIns) -> None:
        self._app = app
        self._signs = signs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or send the browser to sign in."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope)
        request.state.route = "page"
        # Gradio lets the pages of other sites read along, by rules of its own; ours stand around all of the application.
        scope = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != b"origin"]}
        answer = self._refusal(request)
        caller = None if answer else self._signs.caller(request)
        if caller is not None:
            try:
                scope, receive = await as_own(scope, receive, caller.user)
            except UnreadableError:
                answer = Response("Send JSON.", 400, media_type="text/plain")
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).strip("/")
        first, _, rest = path.partition("/")
        if first in _OPEN:
            request.state.route = FILES
            return None
        used = first in ("", "config") or (first == "gradio_api" and rest.partition("/")[0].partition("=")[0] in _USED)
        if not used:
            return _page("<!doctype html><title>Not found</title><p>There is no such page.", 404)
        caller = self._signs.caller(request)
        if caller is None and self._signs.needed:
            if not first and request.method in ("GET", "HEAD"):
                query = f"?{request.url.query}" if request.url.query else ""
                return RedirectResponse(f"{self._signs.root}/login?to={quote(f'/{query}')}", 303)
            return Response("Sign in first.", 401, media_type="text/plain")
        request.state.key = caller.key if caller else ""
        return None


def local_path(to: str) -> str:
    """A path on this server, to go to after signing in; `/` for whatever leads elsewhere."""
    plain = to.isprintable() and "\\" not in to and " " not in to
    return to if plain and to.startswith("/") and not to.startswith("//") else "/"


def _may(key: Key) -> bool:
    """Whether a key is one to sign in with: a service has no face, and the page shows all that users' keys are for."""
    return key.kind == "user" and set(USER_SCOPES) <= set(key.scopes)


def _page(html: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(
        html, status, {"Content-Security-Policy": STRICT, "Cache-Control": "no-store", **(headers or {})}
    )


def _kept_secret(file: Path) -> str:
    """The secret in the data folder, made the first time.

    Raises:
        CorruptError: it is there, and cannot be read.
        StoreError: it cannot be written.
    """
    from filelock import FileLock

    with reported(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        # Instances that start at once wait for the one that makes it.
        with FileLock(file.with_name(f"{file.name}.lock")):
            if not file.exists():
                write_private(file, secrets.token_hex(32).encode(), replace=True)
    try:
        held = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        held = ""
    if len(held) < 32:
        raise CorruptError(
            f"The file of the secret that signs sign-ins, {file}, cannot be read or is damaged.",
            "Delete it; another is made, and everybody signs in anew.",
        )
    return held
