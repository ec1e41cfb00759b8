"""The tab with what is remembered of a user, for them to see, correct, add to, take along and delete."""

import time
from dataclasses import dataclass

import gradio as gr

from .around import pane
from .faults import faults_to
from .memory_list import Remembered, memory_html
from .pressed import Pressed, pressed
from .recommends import Recommends
from .session import Fault, Session
from .talks import list_talks
from .who import session_of


@dataclass(frozen=True)
class MemoryHandlers:
    """The tab's handlers; each returns the tab's HTML.

    Attributes:
        recommender: whose memories they are.
        private: whether every conversation is private.
    """

    recommender: Recommends
    private: bool = False

    async def show(self, session: Session | None, request: gr.Request | None = None) -> str:
        """What is remembered now."""
        return await self._shown(session_of(session, request, private=self.private), [])

    async def change(self, session: Session | None, event: gr.EventData, request: gr.Request | None = None) -> str:
        """Do what a button says: add, edit or delete a memory."""
        session = session_of(session, request, private=self.private)
        faults: list[Fault] = []
        with faults_to(faults.append):
            await self._change(session.user, pressed(event))
        return await self._shown(session, faults)

    async def _change(self, user: str, asked: Pressed) -> None:
        await self.recommender.open()
        memories = self.recommender.memories
        if asked.act == "memory.add":
            await memories.add(user, asked.text("text"))
        elif asked.act == "memory.edit":
            await memories.edit(user, asked.value, asked.text("text"))
        elif asked.act == "memory.delete":
            await memories.forget(user, asked.value)

    async def _shown(self, session: Session, faults: list[Fault]) -> str:
        now = time.time()
        with faults_to(faults.append):
            await self.recommender.open()
            memories = await self.recommender.memories.of(session.user)
            profile = await self.recommender.memories.profile(session.user)
            titles = {talk.thread: talk.title for talk in await list_talks(self.recommender, session)}
            return memory_html(Remembered(memories, profile, titles, now, faults[0] if faults else None))
        return memory_html(Remembered(now=now, fault=faults[0]))


def memory_tab(tab: gr.Tab, bridge: gr.HTML, handlers: MemoryHandlers, session: gr.State, at_once: int) -> gr.HTML:
    """Fill the tab, and wire its events.

    Args:
        tab: where it stands; it is renewed whenever it is chosen.
        bridge: what turns its buttons into events.
        handlers: what they do.
        session: the browser tab's session.
        at_once: how many of its events are handled at the same time.
    """
    with tab:
        shown = pane("", "cr-room-box")
    for trigger, handler in ((tab.select, handlers.show), (bridge.apply, handlers.change)):
        trigger(
            handler,
            session,
            shown,
            concurrency_limit=at_once,
            show_progress="hidden",
            api_visibility="private",
        )
    return shown
