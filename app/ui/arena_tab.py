"""The tab in which two unnamed systems answer at once, and the reader votes for the better one."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from ...simulator.metrics.elo import Winner
from ..arena import Arena
from ..arena_nouns import Battle
from .around import pane, when_shown
from .battle import battle_html, standings_html, told_html
from .faults import faults_to
from .session import Fault, Session
from .talk import fault_html
from .who import session_of

VOTES: dict[Winner, str] = {"a": "A is better", "b": "B is better", "tie": "Equally good", "both bad": "Both are bad"}

_HEAD = (
    '<div class="cr-arena-head"><h2>Arena</h2><p class="cr-lead">Two systems without names answer the same messages. '
    "Vote for the better one, and their names are shown. Of the talk nothing is kept; of you, nothing but the vote.</p></div>"
)
_FOLLOW = """
() => {
  const said = [...document.querySelectorAll(".cr-arena .cr-said")].pop();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  requestAnimationFrame(() => {
    said?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    const box = document.querySelector(".cr-arena-box textarea");
    if (document.activeElement === document.body) box?.focus({ preventScroll: true });
  });
  return [];
}
"""
"""Shows the newest message from its beginning, and goes back to the box that was disabled meanwhile."""

_AT_ONCE = 8
"""Battles that are answered at the same time; others wait."""


class ArenaView(NamedTuple):
    """What the tab shows, in the order of its outputs."""

    duel: Any
    notice: Any
    told: Any
    a: Any
    b: Any
    tie: Any
    bad: Any
    box: Any
    again: Any
    standings: Any
    battle: Any


@dataclass(frozen=True)
class ArenaHandlers:
    """The tab's handlers; each returns, or yields, an ArenaView.

    Attributes:
        arena: where battles are held.
        noun: what an item is called.
        admit: told of the user before each message; raises TooManyError for one who has had enough.
    """

    arena: Arena
    noun: str = "item"
    admit: Callable[[str], None] | None = None

    async def show(self, battle: Battle | None) -> ArenaView:
        """What stands now."""
        return await self._view(battle, [], standings=True)

    async def say(
        self, text: str, battle: Battle | None, session: Session | None, request: gr.Request | None = None
    ) -> AsyncGenerator[ArenaView, None]:
        """Say something to both, drawing a pair first where there is none."""
        if not text.strip():
            yield await self._view(battle, [])
            return
        battle = None if battle is not None and battle.winner is not None else battle
        yield self._working(battle, text)
        faults, box = list[Fault](), gr.update(value="", interactive=True)
        with faults_to(faults.append):
            if self.admit is not None:
                self.admit(session_of(session, request).user)
            battle = battle or await self.arena.pair()
            battle = await self.arena.say(battle.id, text)
        if faults:
            # What was not heard stays where it can be said again.
            box = gr.update(value=text, interactive=True)
        yield await self._view(battle, faults, box=box)

    async def vote(self, winner: Winner, battle: Battle | None) -> ArenaView:
        """Take the vote, and show who they were."""
        faults = list[Fault]()
        with faults_to(faults.append):
            if battle is not None and battle.winner is None:
                battle = await self.arena.vote(battle.id, winner)
        return await self._view(battle, faults, standings=not faults)

    async def again(self, battle: Battle | None) -> ArenaView:
        """Begin with the next pair; one without a vote is given up."""
        faults = list[Fault]()
        with faults_to(faults.append):
            battle = await self.arena.pair(instead=battle.id if battle else "")
        return await self._view(battle, faults, box=gr.update(value="", interactive=True))

    async def _view(
        self, battle: Battle | None, faults: list[Fault], *, box: Any = None, standings: bool = False
    ) -> ArenaView:
        ready = battle is not None and battle.ready
        over = battle is not None and battle.winner is not None
        table: Any = gr.skip()
        if standings:
            with faults_to(faults.append):
                table = standings_html(await asyncio.to_thread(self.arena.standings))
        if box is None:
            box = gr.skip()
        return ArenaView(
            duel=battle_html(battle, self.noun),
            notice=gr.update(value="".join(map(fault_html, faults)), visible=bool(faults)),
            told=told_html(battle),
            a=gr.update(interactive=ready),
            b=gr.update(interactive=ready),
            tie=gr.update(interactive=ready),
            bad=gr.update(interactive=ready),
            box=box,
            again=gr.update(variant="primary" if over else "secondary", interactive=True),
            standings=table,
            battle=battle,
        )

    def _working(self, battle: Battle | None, text: str) -> ArenaView:
        off = gr.update(interactive=False)
        return ArenaView(
            duel=battle_html(battle, self.noun, pending=text),
            notice=gr.update(value="", visible=False),
            told="",
            a=off,
            b=off,
            tie=off,
            bad=off,
            box=gr.update(value="", interactive=False),
            again=off,
            standings=gr.skip(),
            battle=battle,
        )


def arena_tab(arena: Arena, session: gr.State, admit: Callable[[str], None] | None = None) -> None:
    """Make the tab's pieces where the caller stands, and wire their events.

    Args:
        arena: where battles are held.
        session: the browser tab's session.
        admit: told of the user before each message; raises TooManyError for one who has had enough.
    """
    handlers = ArenaHandlers(arena, arena.catalogue.schema.noun, admit)
    shown = when_shown()
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    battle = gr.State(None)
    with gr.Column(elem_classes="cr-arena", min_width=0):
        pane(_HEAD, "cr-arena-head-box")
        duel = pane(battle_html(None, handlers.noun), "cr-arena-talk")
        with gr.Column(elem_classes="cr-arena-foot", min_width=0):
            notice = pane("", "cr-notice", visible=False)
            told = pane("", "cr-told-box")
            box = gr.Textbox(
                elem_classes="cr-arena-box",
                label="Your message to both",
                placeholder="Say what you’d like …",
                lines=1,
                max_lines=4,
                container=False,
                submit_btn="Send",
            )
            with gr.Row(elem_classes="cr-votes"):
                votes: dict[Winner, gr.Button] = {
                    winner: gr.Button(label, interactive=False, min_width=0, elem_classes="cr-vote")
                    for winner, label in VOTES.items()
                }
                again = gr.Button("Next pair", min_width=0, elem_classes="cr-again")
        standings = pane("", "cr-standings-box")
    outputs = ArenaView(duel, notice, told, *votes.values(), box=box, again=again, standings=standings, battle=battle)
    box.submit(handlers.say, [box, battle, session], [*outputs], concurrency_limit=_AT_ONCE, **quiet).then(
        None, None, None, js=_FOLLOW, api_visibility="private"
    )
    for winner, button in votes.items():
        button.click(partial(handlers.vote, winner), battle, [*outputs], concurrency_limit=_AT_ONCE, **quiet)
    again.click(handlers.again, battle, [*outputs], concurrency_limit=_AT_ONCE, **quiet)
    shown(handlers.show, battle, [*outputs], concurrency_limit=_AT_ONCE, **quiet)
