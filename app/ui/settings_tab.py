"""The tab in which a user chooses who answers; the choice is kept in the browser."""

import asyncio
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .around import pane
from .faults import faults_to
from .markup import attributes, safe
from .pressed import pressed
from .recommends import Choosing
from .session import Fault, Session
from .talk import fault_html
from .who import session_of

_EFFORTS = {
    "low": "one or two questions to the model in a turn: it reads what you say, and words the reply",
    "medium": "two or three: it also judges and orders what was found",
    "high": "one for each agent: slowest, and most thorough",
}
_BUILT_IN_ALONE = (
    "<p>The built-in agents answer here, without a language model. There is none to choose.</p>"
    "<p>To get one, <code>convrec llm serve</code> starts a model on the machine that serves this page; or set "
    "<code>CONVREC_LLM__BASE_URL</code> and <code>CONVREC_LLM__MODEL</code> to a server that speaks OpenAI’s "
    "protocol, such as Ollama or vLLM. Then start the page again.</p>"
)


@dataclass(frozen=True)
class SettingsHandlers:
    """The tab's handlers.

    Attributes:
        minds: who can answer.
        private: whether every conversation is private.
    """

    minds: Choosing
    private: bool = False

    async def show(self, session: Session | None, request: gr.Request | None = None) -> str:
        """What is chosen now."""
        return await self._shown(session_of(session, request, private=self.private), [], saved=False)

    async def change(
        self, session: Session | None, event: gr.EventData, request: gr.Request | None = None
    ) -> tuple[str, dict[str, Any], Session]:
        """Take what the form says; the tab, what the browser keeps, and the session."""
        session = session_of(session, request, private=self.private)
        asked = pressed(event)
        faults: list[Fault] = []
        with faults_to(faults.append):
            model, effort = asked.text("model"), asked.text("effort")
            await asyncio.to_thread(self.minds.find, model, effort)
            session.model, session.effort = model, effort
            session.reserved = bool(asked.text("private"))
            if not session.turns and not session.sealed:
                session.private = session.reserved
        return await self._shown(session, faults, saved=not faults), kept_settings(session), session

    async def _shown(self, session: Session, faults: list[Fault], *, saved: bool) -> str:
        models: tuple[str, ...] = ()
        with faults_to(faults.append):
            models = await asyncio.to_thread(lambda: self.minds.models)
        return settings_html(session, models, fault=faults[0] if faults else None, saved=saved, private=self.private)


async def take_settings(session: Session, kept: object, minds: Choosing | None) -> None:
    """Put what a browser kept into force, as far as it still can be; a model that is gone is not asked for again."""
    held = kept if isinstance(kept, dict) else {}
    session.reserved = held.get("private") is True
    if not session.sealed:
        session.private = session.private or session.reserved
    model, effort = str(held.get("model") or "")[:200], str(held.get("effort") or "")[:20]
    if minds is None or not (model or effort):
        return
    with faults_to(lambda _: None):
        await asyncio.to_thread(minds.find, model, effort)
        session.model, session.effort = model, effort


def kept_settings(session: Session) -> dict[str, Any]:
    """What the browser keeps of a session's settings."""
    return {"model": session.model, "effort": session.effort, "private": session.reserved}


def settings_html(
    session: Session, models: tuple[str, ...], *, fault: Fault | None = None, saved: bool = False, private: bool = False
) -> str:
    """The form.

    Args:
        session: with what is chosen.
        models: what can be asked, the default first.
        fault: what went wrong, if something did.
        saved: whether the choice has just been kept.
        private: whether every conversation is private, so that there is nothing to choose about it.
    """
    alone = len(models) < 2
    who = _BUILT_IN_ALONE if alone else _choices(session, models)
    note = '<p class="cr-saved" role="status">Saved in this browser.</p>' if saved else ""
    return (
        '<section class="cr-room cr-settings" aria-labelledby="cr-settings-head"><h2 id="cr-settings-head">Settings</h2>'
        f"{fault_html(fault) if fault else ''}"
        f'<form data-act="settings.save" data-value=""><fieldset><legend>Who answers</legend>{who}</fieldset>'
        f"<fieldset><legend>Privacy</legend>{_privacy(session, private=private)}</fieldset>"
        f'<div class="cr-room-foot"><button type="submit" class="cr-button cr-strong">Save</button>{note}</div>'
        "</form></section>"
    )


def _choices(session: Session, models: tuple[str, ...]) -> str:
    from ..minds import EFFORTS

    model = _select("model", "Model", [("", f"As set: {models[0]}"), *((m, m) for m in models)], session.model)
    effort = _select("effort", "Effort", [("", "As set"), *((e, e) for e in EFFORTS)], session.effort)
    told = "".join(f"<li><strong>{safe(e)}</strong>: {_EFFORTS[e]}</li>" for e in EFFORTS if e in _EFFORTS)
    return (
        f'<div class="cr-fields">{model}{effort}</div><ul class="cr-efforts">{told}</ul>'
        "<p>It holds from your next message on. More effort makes answers slower.</p>"
    )


def _select(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> str:
    inside = "".join(
        f"<option{attributes(value=value)}{' selected' if value == chosen else ''}>{safe(words)}</option>"
        for value, words in options
    )
    return f'<label class="cr-field"><span>{safe(label)}</span><select{attributes(name=name)}>{inside}</select></label>'


def _privacy(session: Session, *, private: bool) -> str:
    if private:
        return "<p>Every conversation here is private: nothing of it is written down.</p>"
    checked = " checked" if session.reserved else ""
    return (
        f'<label class="cr-check"><input type="checkbox" name="private" value="yes"{checked}>'
        "<span>Begin each new conversation as a private one: nothing of it is written down or remembered, and it is gone "
        "when the page is loaded again.</span></label>"
    )


def settings_tab(
    tab: gr.Tab, bridge: gr.HTML, handlers: SettingsHandlers, session: gr.State, kept: gr.BrowserState, at_once: int
) -> None:
    """Fill the tab, and wire its events.

    Args:
        tab: where it stands; it is renewed whenever it is chosen.
        bridge: what turns its form into events.
        handlers: what they do.
        session: the browser tab's session.
        kept: where the browser keeps what is chosen.
        at_once: how many of its events are handled at the same time.
    """
    with tab:
        shown = pane("", "cr-room-box")
    quiet: dict[str, Any] = {
        "concurrency_limit": at_once, "show_progress": "hidden", "api_visibility": "private"
    }  # fmt: skip
    tab.select(handlers.show, session, shown, **quiet)
    bridge.release(handlers.change, session, [shown, kept, session], **quiet)
