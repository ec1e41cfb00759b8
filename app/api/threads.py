"""Conversations: begun, listed, renamed, exported and deleted; what one has understood so far."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from ...agents.state import ThreadInfo
from ...tools.errors import UnknownPreferenceError
from ..serving.access import Caller, Chatting, Serviced
from ..serving.service import Service
from ..transcripts import as_json, as_markdown
from .idempotency import Route
from .naming import PreferenceKey, ThreadName
from .paging import Cursor, Limit, page
from .problems import told
from .requests import NewThread, Title
from .shapes import Preferences, Threads

router = APIRouter(prefix="/threads", tags=["conversations"], route_class=Route, responses=told())


@router.get("")
async def list_threads(service: Serviced, caller: Chatting, limit: Limit = 20, cursor: Cursor = "") -> Threads:
    """The user's conversations, the newest first."""
    threads = await service.recommender.threads(user=caller.user)
    data, after = page(threads, limit, cursor, "threads", caller.user, name=lambda t: t.thread)
    return Threads(data=tuple(data), next=after)


@router.post("", status_code=201, responses=told(409, 413, 415))
async def begin_thread(service: Serviced, caller: Chatting, asked: NewThread) -> ThreadInfo:
    """Begin a conversation; turns go to the id that comes back."""
    return await service.recommender.begin(user=caller.user, title=asked.title)


@router.get("/{thread}")
async def get_thread(service: Serviced, caller: Chatting, thread: ThreadName) -> ThreadInfo:
    """One conversation: its title, its times, how many turns it has."""
    return await service.recommender.thread(user=caller.user, thread=thread)


@router.patch("/{thread}", responses=told(409, 413, 415))
async def rename_thread(service: Serviced, caller: Chatting, thread: ThreadName, asked: Title) -> ThreadInfo:
    """Give a conversation another title."""
    return await service.recommender.rename(asked.title, user=caller.user, thread=thread)


@router.delete("/{thread}", status_code=204, response_class=Response, responses=told(409))
async def delete_thread(service: Serviced, caller: Chatting, thread: ThreadName) -> None:
    """Delete a conversation; nothing of it is left in the files. What it made remembered stays: DELETE that on its own."""
    await service.recommender.thread(user=caller.user, thread=thread)
    await service.recommender.forget(user=caller.user, thread=thread)


@router.get(
    "/{thread}/export",
    response_class=Response,
    responses={
        200: {
            "description": "The conversation as a file.",
            "content": {
                "text/markdown": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
            },
        },
        **told(),
    },
)
async def export_thread(
    service: Serviced,
    caller: Chatting,
    thread: ThreadName,
    format: Annotated[  # noqa: A002 (the parameter's name is what callers see)
        Literal["markdown", "json"], Query(description="What kind of file.")
    ] = "markdown",
) -> Response:
    """The conversation as a file to share: words, titles and links; nothing that a user or catalogue wrote is markup in it."""
    info = await service.recommender.thread(user=caller.user, thread=thread)
    turns = await service.recommender.past(user=caller.user, thread=thread)
    if format == "json":
        return _file(as_json(info, turns, service.pictures), "application/json", "conversation.json")
    return _file(as_markdown(info.title, turns), "text/markdown; charset=utf-8", "conversation.md")


@router.get("/{thread}/preferences")
async def get_preferences(service: Serviced, caller: Chatting, thread: ThreadName) -> Preferences:
    """What the conversation has understood so far: wishes with their keys, and how the user feels about items."""
    await service.recommender.thread(user=caller.user, thread=thread)
    wish = await service.recommender.wish(user=caller.user, thread=thread)
    return Preferences.of(wish, service.recommender.index)


@router.delete("/{thread}/preferences/{key:path}", responses=told(409))
async def drop_preference(
    service: Serviced,
    caller: Chatting,
    thread: ThreadName,
    key: PreferenceKey,
    private: Annotated[bool, Query(description="Nothing of it is written down, nor of what follows.")] = False,
) -> Preferences:
    """Remove one preference; one that is remembered is set aside in this conversation alone."""
    await _check_preference(service, caller, thread, key)
    wish = await service.recommender.drop_preference(key, user=caller.user, thread=thread, private=private)
    return Preferences.of(wish, service.recommender.index)


async def _check_preference(service: Service, caller: Caller, thread: str, key: str) -> None:
    await service.recommender.thread(user=caller.user, thread=thread)
    wish = await service.recommender.wish(user=caller.user, thread=thread)
    if not any(p.key == key for p in wish.preferences):
        raise UnknownPreferenceError("There is no such preference.", "The conversation's preferences have their keys.")


def _file(text: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(text, media_type=media_type, headers=headers)
