"""Tabs: the id that a browser gives each of its tabs, and Gradio's key to what the tab shows, made the signed-in user's own.

Gradio hands a tab's events and what it holds to whoever names the tab's id. Here the name of who is signed in becomes part
of the id before Gradio sees it, so that with somebody else's id one has an empty tab of one's own.
"""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

_FIELD = "session_hash"
_HEARTBEAT = "gradio_api/heartbeat/"


class UnreadableError(ValueError):
    """A body is no JSON object."""


def own_id(user: str, tab: str) -> str:
    """The id under which Gradio knows a user's tab."""
    return hashlib.sha256(json.dumps([user, tab]).encode()).hexdigest()


async def as_own(scope: Scope, receive: Receive, user: str) -> tuple[Scope, Receive]:
    """A request of a signed-in user as Gradio is to see it: whatever tab it names is the user's own.

    Args:
        scope: the request's.
        receive: its body.
        user: who is signed in.

    Raises:
        UnreadableError: what is posted is no JSON object.
    """
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if any(name == _FIELD for name, _ in query):
        told = [(name, own_id(user, value) if name == _FIELD else value) for name, value in query]
        scope = {**scope, "query_string": urlencode(told).encode()}
    before, mark, tab = scope["path"].partition(_HEARTBEAT)
    if mark:
        path = f"{before}{mark}{own_id(user, tab)}"
        scope = {**scope, "path": path, "raw_path": path.encode()}
    if scope["method"] != "POST":
        return scope, receive
    body = json.dumps(_owned(await Request(scope, receive).body(), user)).encode()
    headers = [(k, v) for k, v in scope["headers"] if k not in (b"content-length", b"transfer-encoding")]
    headers.append((b"content-length", str(len(body)).encode()))
    return {**scope, "headers": headers}, _replay(body, receive)


def _owned(body: bytes, user: str) -> Any:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableError from None
    if not isinstance(asked, dict):
        raise UnreadableError
    tab = asked.get(_FIELD)
    return {**asked, _FIELD: own_id(user, tab)} if isinstance(tab, str) else asked


def _replay(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more, and then whatever comes after it."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return left.pop() if left else await receive()

    return receive_again
