"""A user's conversations: listed, opened again, renamed, deleted."""

from ...agents.state import ThreadInfo
from .conversation import restart
from .dialog import asking
from .faults import faults_to
from .icons import BIN, PEN
from .markup import button, safe
from .recommends import Recommends
from .session import Session
from .times import when_html
from .who import who_html

MORE = 50
"""Conversations that are listed at once."""

_TITLE = 200
_PRIVATE = "This talk is private: it is not in this list, and gone when the page is loaded again."


async def list_talks(recommender: Recommends, session: Session) -> list[ThreadInfo]:
    """The user's conversations in which something was said, newest first; none where they cannot be read, and a notice
    says so."""
    with faults_to(session.notify):
        return [talk for talk in await recommender.threads(user=session.user) if talk.turns]
    return []


async def open_talk(recommender: Recommends, session: Session, thread: str, *, private: bool = False) -> None:
    """Go on with one of the user's conversations; where the user has none of that id, a notice says so.

    Args:
        recommender: who keeps them.
        session: shows it.
        thread: its id.
        private: whether every conversation is private.
    """
    session.notice = None
    with faults_to(session.notify):
        await recommender.thread(user=session.user, thread=thread)
        past = await recommender.past(user=session.user, thread=thread)
        session.show(thread, past, await recommender.wish(user=session.user, thread=thread))
        session.private = session.sealed = private


async def bring_back(recommender: Recommends, session: Session, thread: str) -> None:
    """Show the conversation that a tab showed last; one that is gone or another's is passed over in silence."""
    if thread and not session.sealed:
        await open_talk(recommender, session, thread)
        session.notice = None


async def rename_talk(recommender: Recommends, session: Session, thread: str, title: str) -> None:
    """Give one of the user's conversations another title."""
    session.notice = None
    with faults_to(session.notify):
        await recommender.rename(title, user=session.user, thread=thread)


async def delete_talk(recommender: Recommends, session: Session, thread: str, *, private: bool = False) -> None:
    """Delete one of the user's conversations; the one that is shown makes room for a new one."""
    session.notice = None
    with faults_to(session.notify):
        await recommender.forget(user=session.user, thread=thread)
        if thread == session.thread:
            restart(session, private=private)


def talks_html(session: Session, talks: list[ThreadInfo], now: float) -> str:
    """The list of conversations, with the one that is shown marked.

    Args:
        session: the tab's.
        talks: all of the user's conversations, newest first.
        now: seconds since 1970.
    """
    kept = "" if session.sealed or not session.turns else session.thread
    rows = "".join(_row(talk, session, now) for talk in talks[: session.listed])
    older = len(talks) - session.listed
    more = button(f"Show {min(older, MORE)} older", "talk.more", kind="cr-quiet") if older > 0 else ""
    empty = "" if rows else '<p class="cr-empty">Talks that you have had are listed here.</p>'
    private = f'<p class="cr-empty cr-private-note">{_PRIVATE}</p>' if session.sealed else ""
    return (
        f'<section class="cr-talks" aria-labelledby="cr-talks-head" data-talk="{safe(kept)}">'
        f'<h2 id="cr-talks-head">Conversations</h2>{private}{empty}<ul>{rows}</ul>{more}{who_html(session)}</section>'
    )


def _row(talk: ThreadInfo, session: Session, now: float) -> str:
    title = talk.title.strip() or "Untitled"
    current = talk.thread == session.thread and not session.sealed
    mark = {"aria_current": "true"} if current else {}
    opened = button(title, "talk.open", value=talk.thread, kind="cr-talk-open", title=title, **mark)
    rename = asking(
        "", "talk.rename", "Rename this conversation", "Rename", value=talk.thread, field="Title", text=title,
        most=_TITLE, kind="cr-small", icon=PEN, aria_label=f"Rename: {title}", title="Rename",
    )  # fmt: skip
    delete = asking(
        "", "talk.delete", "Delete this conversation?", "Delete", value=talk.thread, danger=True, kind="cr-small",
        told=f"“{title}” cannot be brought back. What it made remembered stays, and can be deleted under Memory.",
        icon=BIN, aria_label=f"Delete: {title}", title="Delete",
    )  # fmt: skip
    return (
        f'<li class="cr-talk-row{" cr-current" if current else ""}">{opened}'
        f'<span class="cr-when">{when_html(talk.updated, now)}</span><span class="cr-row-buttons">{rename}{delete}</span></li>'
    )
