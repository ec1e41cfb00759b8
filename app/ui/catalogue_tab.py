"""The tab to look through the catalogue: search, choose, turn pages; likes and "More like this" go to the talk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import gradio as gr

from ...agents.cards import cards_of
from ...tools.asked_limits import AttributeLimit
from ...tools.browsing import Facet, facets, search_catalogue
from ...tools.errors import ConvrecError
from ..pictures import Pictures
from . import conversation
from .around import pane
from .faults import faults_to
from .pressed import Pressed, pressed
from .recommends import Recommends
from .session import Fault, Session
from .shelf import PAGE, Looking, Shelf, shelf_html
from .view import View, view
from .who import session_of

_MOST = 20
"""Limits that are taken together."""


@dataclass(frozen=True)
class CatalogueHandlers:
    """The tab's handlers; what takes time runs beside the event loop.

    Attributes:
        recommender: whose catalogue it is.
        pictures: which pictures are shown.
        private: whether every conversation is private.
    """

    recommender: Recommends
    pictures: Pictures | None = None
    private: bool = False

    async def show(
        self, looking: Looking | None, session: Session | None, request: gr.Request | None = None
    ) -> tuple[str, Looking]:
        """What is looked for now."""
        session = session_of(session, request, private=self.private)
        return await self._shown(looking or Looking(), session, [])

    async def change(
        self,
        looking: Looking | None,
        session: Session | None,
        event: gr.EventData,
        request: gr.Request | None = None,
    ) -> list[Any]:
        """Do what a button or form says; the tab, what is looked for, and the view of the talk."""
        session = session_of(session, request, private=self.private)
        asked = pressed(event)
        looking = looking or Looking()
        faults: list[Fault] = []
        talk: Sequence[Any] = [gr.skip()] * len(View._fields)
        if asked.act == "shelf.liked":
            await conversation.give_opinion(self.recommender, session, asked.value, "liked")
            if session.notice:
                faults.append(session.notice)
            talk = view(self.recommender, session, pictures=self.pictures)
        else:
            looking = changed(looking, asked)
        html, looking = await self._shown(looking, session, faults)
        return [html, looking, *talk]

    async def _shown(self, looking: Looking, session: Session, faults: list[Fault]) -> tuple[str, Looking]:
        schema = self.recommender.catalogue.schema
        try:
            shelf = await asyncio.to_thread(self._find, looking)
        except ConvrecError as error:
            # What cannot be looked for is said, and what was looked for before it is not lost.
            faults.append(Fault(str(error), error.hint))
            looking = replace(looking, limits=looking.limits[:-1], page=0)
            shelf = Shelf(looking)
            with faults_to(faults.append):
                shelf = await asyncio.to_thread(self._find, looking)
        shelf = replace(shelf, wish=session.wish, fault=faults[0] if faults else None)
        return shelf_html(shelf, schema, self.pictures), shelf.looking

    def _find(self, looking: Looking) -> Shelf:
        index = self.recommender.index
        found = search_catalogue(index, looking.query, looking.limits, looking.page * PAGE, PAGE)
        if not found.items and found.total:
            looking = replace(looking, page=(found.total - 1) // PAGE)
            found = search_catalogue(index, looking.query, looking.limits, looking.page * PAGE, PAGE)
        cards = cards_of((item.id for item in found.items), index)
        everything = not looking.query.strip() and not looking.limits
        choices = self._all_facets if everything else facets(index, found.rows)
        return Shelf(looking, cards, found.total, choices)

    @cached_property
    def _all_facets(self) -> tuple[Facet, ...]:
        return facets(self.recommender.index)


def changed(looking: Looking, asked: Pressed) -> Looking:
    """What is looked for after a button or form; what a browser should not have sent changes nothing."""
    if asked.act == "shelf.find":
        return replace(looking, query=asked.text("query").strip()[:500], page=0)
    if asked.act == "shelf.clear":
        return Looking()
    if asked.act == "shelf.page" and asked.value.isdecimal() and len(asked.value) < 8:
        return replace(looking, page=int(asked.value))
    if asked.act == "shelf.drop" and asked.value.isdecimal() and len(asked.value) < 4:
        place = int(asked.value)
        return replace(looking, limits=looking.limits[:place] + looking.limits[place + 1 :], page=0)
    if asked.act == "shelf.label":
        return _toggled(looking, *asked.value[:600].split("\n", 1))
    if asked.act == "shelf.span":
        return _spanned(looking, asked.value, asked.text("low").strip()[:40], asked.text("high").strip()[:40])
    return looking


def _toggled(looking: Looking, name: str, label: str = "") -> Looking:
    """With a label chosen, or no longer chosen."""
    kept = tuple(one for one in looking.limits if one.attribute != name or label not in one.any_of)
    if len(kept) == len(looking.limits) and 0 < len(name) <= 100 and label and len(kept) < _MOST:
        kept = (*kept, AttributeLimit(attribute=name, any_of=[label]))
    return replace(looking, limits=kept, page=0)


def _spanned(looking: Looking, name: str, low: str, high: str) -> Looking:
    """With a span of a number or date in place of the one before it."""
    kept = tuple(one for one in looking.limits if one.attribute != name)
    if (low or high) and 0 < len(name) <= 100 and len(kept) < _MOST:
        kept = (*kept, AttributeLimit(attribute=name, low=low or None, high=high or None))
    return replace(looking, limits=kept, page=0)


def catalogue_tab(
    tab: gr.Tab,
    bridge: gr.HTML,
    handlers: CatalogueHandlers,
    session: gr.State,
    talk: Sequence[Any],
    at_once: int,
) -> None:
    """Fill the tab, and wire its events.

    Args:
        tab: where it stands; it is renewed whenever it is chosen.
        bridge: what turns its buttons and forms into events.
        handlers: what they do.
        session: the browser tab's session.
        talk: what shows the talk, in the order of `View`.
        at_once: how many of its events are handled at the same time.
    """
    with tab:
        looking = gr.State(None)
        shown = pane("", "cr-room-box")
    quiet: dict[str, Any] = {
        "concurrency_limit": at_once, "show_progress": "hidden", "api_visibility": "private"
    }  # fmt: skip
    tab.select(handlers.show, [looking, session], [shown, looking], **quiet)
    bridge.input(handlers.change, [looking, session], [shown, looking, *talk], **quiet)
