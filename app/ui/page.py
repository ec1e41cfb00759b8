"""The page: its tabs, where their pieces stand, and which handler each event goes to."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from ..pictures import Pictures
from .around import pane
from .bridge import BRIDGE, REMEMBERED, SAVE
from .catalogue_tab import CatalogueHandlers, catalogue_tab
from .chat_tab import chat_tab
from .conversation import Hold
from .dialog import DIALOG
from .events import Handlers
from .head import brand_html, tools_html
from .memory_tab import MemoryHandlers, memory_tab
from .recommends import Choosing, Recommends
from .settings_tab import SettingsHandlers, settings_tab

if TYPE_CHECKING:
    from ..arena import Arena
    from ..jobs import Jobs

STYLES = tuple(Path(__file__).with_name(name) for name in ("style.css", "rooms.css", "arena.css", "evaluate.css"))
"""The page's looks: the frame and the chat, then the other tabs."""

Page = gr.Blocks
"""A page that was built."""

_MOST_WAITING = 1_000
"""Events that may wait for their turn; more are told to try again."""


def build_page(
    recommender: Recommends,
    *,
    name: str = "convrec",
    turns_at_once: int = 16,
    private: bool = False,
    minds: Choosing | None = None,
    pictures: Pictures | None = None,
    jobs: "Jobs | None" = None,
    arena: "Arena | None" = None,
    admit: Callable[[str], None] | None = None,
    admit_job: Callable[[str], None] | None = None,
    hold: Hold | None = None,
) -> Page:
    """The page of one recommender; `mount` puts it into an application.

    Args:
        recommender: who answers; its catalogue gives the page its words.
        name: the page's title.
        turns_at_once: how many users can be answered at the same time; others wait.
        private: whether every conversation is private, because the settings say so.
        minds: who else can answer, for a tab to choose in; None makes no such tab.
        pictures: which pictures are shown; None shows none.
        jobs: simulations, for a tab of their own.
        arena: votes between two systems, for a tab of their own.
        admit: told of the user before each turn; raises TooManyError for one who has had enough.
        admit_job: told of the user before each simulation; raises what refuses it.
        hold: holds one of a user's turns while it is answered; raises TooManyError where too many are.
    """
    handlers = Handlers(recommender, private, minds, pictures, admit, hold)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    with gr.Blocks(title=name, analytics_enabled=False, fill_height=True, fill_width=True) as page:
        session = gr.State(None)
        # The storage key and secret are fixed so that a browser's anonymous id outlives a restart of the server.
        user = gr.BrowserState("", storage_key="convrec-user", secret="convrec")
        kept = gr.BrowserState({}, storage_key="convrec-settings", secret="convrec")
        last = gr.Textbox("", visible=False)
        file = gr.JSON(visible=False)
        bridge = gr.HTML(DIALOG, js_on_load=BRIDGE, elem_classes="cr-bridge", apply_default_css=False)
        with gr.Row(elem_classes="cr-head"):
            pane(brand_html(name, recommender.catalogue.schema.nouns, recommender.brain), "cr-brand")
            pane(tools_html(), "cr-tools")
            switch = pane("", "cr-private-box")
            fresh = gr.Button("New chat", elem_classes="cr-new", size="sm", scale=0, min_width=0)
        with gr.Tabs(elem_classes="cr-tabs", overflow_behavior="wrap"):
            with gr.Tab("Chat", elem_id="cr-chat-tab", elem_classes="cr-chat-tab"):
                pieces = chat_tab()
            tabs = {label: gr.Tab(label, elem_id=f"cr-{label.lower()}-tab") for label in _labels(minds, arena, jobs)}
        outputs = [pieces.talk, pieces.panel, pieces.talks, pieces.notice, switch, pieces.box, session]
        memory_tab(tabs["Memory"], bridge, MemoryHandlers(recommender, private), session, turns_at_once)
        catalogue_tab(
            tabs["Catalogue"],
            bridge,
            CatalogueHandlers(recommender, pictures, private),
            session,
            outputs,
            turns_at_once,
        )
        if minds is not None:
            settings_tab(tabs["Settings"], bridge, SettingsHandlers(minds, private), session, kept, turns_at_once)
        if arena is not None:
            from .arena_tab import arena_tab

            with tabs["Arena"]:
                arena_tab(arena, session, admit)
        if jobs is not None:
            from .evaluate_tab import evaluate_tab

            with tabs["Evaluate"]:
                evaluate_tab(jobs, session, admit_job)
        answering = gr.on(
            [pieces.box.submit, bridge.submit],
            handlers.turn,
            [pieces.box, session],
            outputs,
            concurrency_limit=turns_at_once,
            **quiet,
        )
        bridge.click(handlers.deed, session, [*outputs, user], concurrency_limit=turns_at_once, **quiet)
        bridge.edit(handlers.change_talks, session, outputs, concurrency_limit=turns_at_once, **quiet)
        bridge.download(
            handlers.save, session, [file, pieces.notice, session], concurrency_limit=turns_at_once, **quiet
        ).then(None, file, None, js=SAVE, api_visibility="private")
        # What ends a turn does not wait behind others.
        for trigger, handler in (
            (pieces.box.stop, handlers.stop),
            (fresh.click, handlers.restart),
            (bridge.select, handlers.open_talk),
        ):
            trigger(handler, session, outputs, cancels=answering, concurrency_limit=None, **quiet)
        page.load(
            handlers.open, [user, last, kept], [*outputs, user], js=REMEMBERED, concurrency_limit=turns_at_once, **quiet
        )
    page.queue(api_open=False, max_size=_MOST_WAITING)
    return page


def _labels(*given: object) -> list[str]:
    """The tabs beside the chat, in their order."""
    minds, arena, jobs = (one is not None for one in given)
    optional = [("Arena", arena), ("Evaluate", jobs), ("Settings", minds)]
    return ["Memory", "Catalogue", *(label for label, wanted in optional if wanted)]
