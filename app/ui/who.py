"""Whose page it is: who is signed in, or the browser's anonymous user. No id that a browser sends is believed where
somebody is signed in."""

import gradio as gr

from .markup import safe
from .session import Session, known_or_new


def signed_in(request: gr.Request | None) -> str:
    """The name of who is signed in; empty where nobody has to be."""
    return str(getattr(request, "username", None) or "")


def session_of(
    session: Session | None, request: gr.Request | None = None, kept: object = "", *, private: bool = False
) -> Session:
    """The tab's session, if it is the caller's; else a new one.

    Args:
        session: what Gradio holds under the id that the browser sends.
        request: the event's request; None in tests.
        kept: the anonymous id that the browser kept.
        private: whether every conversation is private.
    """
    name = signed_in(request)
    if session is not None and session.named == bool(name) and (not name or session.user == name):
        return session
    return Session(name or known_or_new(kept), named=bool(name), private=private, sealed=private)


def who_html(session: Session) -> str:
    """Who is signed in, and the way out; empty where nobody is."""
    if not session.named:
        return ""
    return (
        f'<div class="cr-signed-in"><span>Signed in as <strong>{safe(session.user)}</strong></span>'
        '<a class="cr-button cr-quiet" href="logout">Sign out</a></div>'
    )
