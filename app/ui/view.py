"""A session as the page's pieces: the chatbot's messages, the panel, the notice."""

from typing import Any, NamedTuple

import gradio as gr

from ...tools.errors import UnknownItemError
from ..pictures import Pictures
from .panel import panel_html
from .private import private_switch
from .recommends import Recommends
from .session import Session
from .talk import answer_html, notice_html, said_html, welcome_html

_BLANK: dict[str, Any] = gr.HTML("", render=False, js_on_load=None, apply_default_css=False).get_config()
"""What Gradio's chatbot needs to know of an HTML component. Made once and here: a component per message and view is
slow, and inside of a handler Gradio makes no whole component."""


class View(NamedTuple):
    """What the outputs of every handler show, in the order in which page.py lists them."""

    talk: list[dict[str, Any]]
    panel: str
    talks: Any
    notice: Any
    private: str
    box: Any
    session: Session


def view(
    recommender: Recommends,
    session: Session,
    box: Any = None,
    *,
    talks: str | None = None,
    pictures: Pictures | None = None,
) -> View:
    """A session as it stands.

    Args:
        recommender: for the catalogue's words and the examples.
        session: what to show.
        box: an update of the text box, if it changes.
        talks: the list of conversations, if it changes.
        pictures: which pictures are shown.
    """
    notice = notice_html(session)
    return View(
        messages(recommender, session, pictures),
        panel_html(
            session.wish, recommender.catalogue.schema, lambda item: _title(recommender, item), said=bool(session.turns)
        ),
        gr.skip() if talks is None else talks,
        gr.update(value=notice, visible=bool(notice)),
        private_switch(session),
        gr.skip() if box is None else box,
        session,
    )


def messages(recommender: Recommends, session: Session, pictures: Pictures | None = None) -> list[dict[str, Any]]:
    """The talk as the chatbot takes it: HTML from here, so that nothing of it is read as Markdown."""
    schema = recommender.catalogue.schema
    if not session.turns:
        count = len(recommender.catalogue)
        return [_message("assistant", welcome_html(schema.noun, schema.nouns, count, recommender.examples))]
    said: list[dict[str, Any]] = []
    for turn in session.turns:
        newest = turn is session.turns[-1]
        said.append(_message("user", said_html(turn)))
        said.append(_message("assistant", answer_html(turn, session.wish, schema.noun, newest, pictures)))
    return said


def _message(role: str, html: str) -> dict[str, Any]:
    props = {**_BLANK, "value": html}
    content = {"type": "component", "component": "html", "value": html, "constructor_args": {}, "props": props}
    return {"role": role, "content": content}


def _title(recommender: Recommends, item: str) -> str:
    try:
        return recommender.catalogue.item(item).title
    except UnknownItemError:
        return item
