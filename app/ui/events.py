"""What the chat does when something is said or pressed: each handler turns an event into a new view."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ...tools.errors import ConvrecError
from ..pictures import Pictures
from . import conversation, talks
from .pressed import pressed
from .recommends import Choosing, Recommends
from .saving import File, save
from .session import Ask, Fault, Session
from .settings_tab import take_settings
from .view import View, view
from .who import session_of

_PAUSE = 0.05
"""Seconds between two views of a reply that is being written: often enough to flow, seldom enough to be light."""


@dataclass(frozen=True)
class Handlers:
    """The chat's handlers around one recommender; each returns, or yields, a View.

    Gradio hands each of them the session that belongs to the id that the browser sends; whose it is comes from the
    request, so that nobody who is signed in meets another's.

    Attributes:
        recommender: who answers.
        private: whether every conversation is private, because the settings say so.
        minds: who else can answer, where that can be chosen.
        pictures: which pictures are shown.
        admit: told of the user before each turn; raises TooManyError for one who has had enough.
        hold: holds one of a user's turns while it is answered; raises TooManyError where too many are.
    """

    recommender: Recommends
    private: bool = False
    minds: Choosing | None = None
    pictures: Pictures | None = None
    admit: Callable[[str], None] | None = None
    hold: conversation.Hold | None = None

    async def open(
        self, user: Any, talk: Any = "", settings: Any = None, request: gr.Request | None = None
    ) -> list[Any]:
        """Open a tab, with what the browser remembers of it.

        Args:
            user: the anonymous id that the browser keeps.
            talk: the conversation that this tab showed last.
            settings: who answers, as it was chosen in this browser.
            request: who is signed in.

        Returns:
            The view, and the user's id for the browser to keep.
        """
        session = session_of(None, request, user, private=self.private)
        await take_settings(session, settings, self.minds)
        await talks.bring_back(self.recommender, session, str(talk or "")[:200])
        return [*await self._whole(session, _ready()), _own_id(session)]

    async def turn(
        self, text: str, session: Session | None, event: gr.EventData, request: gr.Request | None = None
    ) -> AsyncGenerator[View, None]:
        """Say what is in the box, or do what a button says, and show the answer as it grows."""
        session = self._session(session, request)
        asked = pressed(event)
        if session.working or not (asked.act or text.strip()):
            yield self._view(session)
            return
        ask = await self._ask(session, asked.act, asked.value) if asked.act else Ask("say", text, text)
        if ask is None:
            yield self._view(session)
            return
        async with aclosing(self._shown(session, ask, typed=not asked.act)) as views:
            async for shown in views:
                yield shown

    async def deed(self, session: Session | None, event: gr.EventData, request: gr.Request | None = None) -> list[Any]:
        """Do what a button says that asks for no answer: feedback, a chip, undo, private, forget. The user's id comes last."""
        session = self._session(session, request)
        asked = pressed(event)
        box = None
        if asked.act == "liked" or asked.act == "disliked" or asked.act == "seen":
            await conversation.give_opinion(self.recommender, session, asked.value, asked.act)
        elif asked.act == "drop":
            await conversation.drop_preference(self.recommender, session, asked.value)
        elif asked.act == "undo":
            words = await conversation.undo(self.recommender, session)
            box = _ready(words) if words else None
        elif asked.act == "private":
            conversation.switch_private(session)
        elif asked.act == "forget":
            await conversation.forget(self.recommender, session, private=self.private)
            box = _ready("")
        return [*await self._whole(session, box), _own_id(session)]

    async def open_talk(self, session: Session | None, event: gr.EventData, request: gr.Request | None = None) -> View:
        """Show another of the user's conversations; an answer that is under way is given up."""
        session = self._session(session, request)
        conversation.stop(session)
        await talks.open_talk(self.recommender, session, pressed(event).value, private=self.private)
        return await self._whole(session, _ready(""))

    async def change_talks(
        self, session: Session | None, event: gr.EventData, request: gr.Request | None = None
    ) -> View:
        """Rename or delete one of the user's conversations, or list more of them."""
        session = self._session(session, request)
        asked = pressed(event)
        if asked.act == "talk.rename":
            await talks.rename_talk(self.recommender, session, asked.value, asked.text("text"))
        elif asked.act == "talk.delete":
            await talks.delete_talk(self.recommender, session, asked.value, private=self.private)
        elif asked.act == "talk.more":
            session.listed += talks.MORE
        return await self._whole(session)

    async def save(
        self, session: Session | None, event: gr.EventData, request: gr.Request | None = None
    ) -> tuple[File | None, Any, Session]:
        """The file that a button asks for, what went wrong if something did, and the session."""
        session = self._session(session, request)
        file = await save(self.recommender, session, pressed(event).act, self.pictures)
        return file, self._view(session).notice, session

    async def restart(self, session: Session | None, request: gr.Request | None = None) -> View:
        """Start a new chat."""
        session = self._session(session, request)
        conversation.restart(session, private=self.private)
        return await self._whole(session, _ready(""))

    async def stop(self, session: Session | None, request: gr.Request | None = None) -> View:
        """Show the turn as stopped; Gradio has cancelled the handler that was answering it."""
        session = self._session(session, request)
        conversation.stop(session)
        return self._view(session, _ready())

    def _session(self, session: Session | None, request: gr.Request | None) -> Session:
        return session_of(session, request, private=self.private)

    def _view(self, session: Session, box: Any = None) -> View:
        return view(self.recommender, session, box, pictures=self.pictures)

    async def _whole(self, session: Session, box: Any = None) -> View:
        """A view with the list of conversations."""
        listed = await talks.list_talks(self.recommender, session)
        html = talks.talks_html(session, listed, time.time())
        return view(self.recommender, session, box, talks=html, pictures=self.pictures)

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
        turns = conversation.take_turn(
            self.recommender, session, ask, minds=self.minds, admit=self.admit, hold=self.hold
        )
        async with aclosing(turns) as views:
            async for turn in views:
                if turn.state == "working":
                    if turn.reply and time.monotonic() - last < _PAUSE:
                        continue
                    yield self._view(session, box)
                else:
                    given_back = ask.value if turn.fault and turn.fault.refused and ask.kind == "say" else None
                    yield await self._whole(session, _ready(given_back))
                box, last = None, time.monotonic()


def _own_id(session: Session) -> Any:
    """What the browser keeps of who the user is: an anonymous id, and nothing where somebody is signed in."""
    return gr.skip() if session.named else session.user


def _ready(text: str | None = None) -> Any:
    changes: dict[str, Any] = {} if text is None else {"value": text}
    return gr.update(submit_btn=True, stop_btn=False, **changes)


def _working(text: str | None) -> Any:
    changes: dict[str, Any] = {} if text is None else {"value": text}
    return gr.update(submit_btn=False, stop_btn=True, **changes)
