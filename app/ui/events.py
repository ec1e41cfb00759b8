"""What the page does when something is said or pressed: each handler turns an event into a new view."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ...tools.errors import ConvrecError
from . import conversation
from .recommends import Recommends
from .session import Ask, Fault, Session, known_or_new
from .view import View, view

_PAUSE = 0.05
"""Seconds between two views of a reply that is being written: often enough to flow, seldom enough to be light."""


@dataclass(frozen=True)
class Handlers:
    """The page's handlers around one recommender; each returns, or yields, a View.

    Attributes:
        recommender: who answers.
        private: whether every conversation is private, because the settings say so.
    """

    recommender: Recommends
    private: bool = False

    def open(self, user: Any) -> list[Any]:
        """Open a tab: a thread of its own, for the user that the browser remembers. The user's id comes last."""
        session = self._session(user)
        return [*view(self.recommender, session, _ready()), session.user]

    async def turn(self, text: str, session: Session | None, event: gr.EventData) -> AsyncGenerator[View, None]:
        """Say what is in the box, or do what a button says, and show the answer as it grows."""
        session = session or self._session()
        act, value = _pressed(event)
        if session.working or not (act or text.strip()):
            yield view(self.recommender, session)
            return
        ask = await self._ask(session, act, value) if act else Ask("say", text, text)
        if ask is None:
            yield view(self.recommender, session)
            return
        async with aclosing(self._shown(session, ask, typed=not act)) as views:
            async for shown in views:
                yield shown

    async def deed(self, session: Session | None, event: gr.EventData) -> list[Any]:
        """Do what a button says that asks for no answer: feedback, a chip, undo, private, forget. The user's id comes last."""
        session = session or self._session()
        act, value = _pressed(event)
        box = None
        if act == "liked" or act == "disliked" or act == "seen":
            await conversation.give_opinion(self.recommender, session, value, act)
        elif act == "drop":
            await conversation.drop_preference(self.recommender, session, value)
        elif act == "undo":
            words = await conversation.undo(self.recommender, session)
            box = _ready(words) if words else None
        elif act == "private":
            conversation.switch_private(session)
        elif act == "forget":
            await conversation.forget(self.recommender, session, private=self.private)
            box = _ready("")
        return [*view(self.recommender, session, box), session.user]

    def restart(self, session: Session | None) -> View:
        """Start a new chat."""
        session = session or self._session()
        conversation.restart(session, private=self.private)
        return view(self.recommender, session, _ready(""))

    def stop(self, session: Session | None) -> View:
        """Show the turn as stopped; Gradio has cancelled the handler that was answering it."""
        session = session or self._session()
        conversation.stop(session)
        return view(self.recommender, session, _ready())

    def _session(self, user: Any = None) -> Session:
        return Session(known_or_new(user), private=self.private, sealed=self.private)

    async def _ask(self, session: Session, act: str, value: str) -> Ask | None:
        """What a button asks for; None when it asks for nothing that can be done, and the session says why."""
        if act == "say":
            return Ask("say", value, value)
        if act == "retry":
            if not session.turns:
                return None
            ask = session.turns[-1].ask
            await conversation.undo(self.recommender, session)
            return None if session.notice else ask
        try:
            title = self.recommender.catalogue.item(value).title
        except ConvrecError as error:
            session.notice = Fault(str(error), error.hint)
            return None
        if act == "more":
            return Ask("more", value, f"More like {title}")
        return Ask("why", value, f"Why {title}?")

    async def _shown(self, session: Session, ask: Ask, typed: bool) -> AsyncGenerator[View, None]:
        box: Any = _working("" if typed else None)
        last = 0.0
        async with aclosing(conversation.take_turn(self.recommender, session, ask)) as views:
            async for turn in views:
                if turn.state == "working":
                    if turn.reply and time.monotonic() - last < _PAUSE:
                        continue
                else:
                    box = _ready(ask.value if turn.fault and turn.fault.refused else None)
                yield view(self.recommender, session, box)
                box, last = None, time.monotonic()


def _pressed(event: gr.EventData) -> tuple[str, str]:
    data = event._data if isinstance(event._data, dict) else {}
    return str(data.get("act") or ""), str(data.get("value") or "")


def _ready(text: str | None = None) -> Any:
    changes: dict[str, Any] = {} if text is None else {"value": text}
    return gr.update(submit_btn=True, stop_btn=False, **changes)


def _working(text: str | None) -> Any:
    changes: dict[str, Any] = {} if text is None else {"value": text}
    return gr.update(submit_btn=False, stop_btn=True, **changes)
