"""The page: its pieces, where they stand, and which handler each event goes to."""

from pathlib import Path

import gradio as gr

from ...tools.errors import SettingsError
from .bridge import BRIDGE
from .events import Handlers
from .markup import safe
from .recommends import Recommends
from .theme import theme

STYLE = Path(__file__).with_name("style.css")


def build_page(
    recommender: Recommends, *, name: str = "convrec", turns_at_once: int = 16, private: bool = False
) -> gr.Blocks:
    """The chat page of one recommender.

    Args:
        recommender: who answers; its catalogue gives the page its words.
        name: the page's title.
        turns_at_once: how many users can be answered at the same time; others wait.
        private: whether every conversation is private, because the settings say so.
    """
    schema = recommender.catalogue.schema
    handlers = Handlers(recommender, private)
    with gr.Blocks(title=name, analytics_enabled=False, fill_height=True, fill_width=True) as page:
        session = gr.State(None)
        # The storage key and secret are fixed so that a browser's anonymous id outlives a restart of the server.
        user = gr.BrowserState("", storage_key="convrec-user", secret="convrec")
        bridge = gr.HTML("", js_on_load=BRIDGE, elem_classes="cr-bridge", apply_default_css=False)
        with gr.Row(elem_classes="cr-head"):
            gr.HTML(
                _brand(name, schema.nouns, recommender.brain),
                elem_classes="cr-brand",
                js_on_load=None,
                apply_default_css=False,
            )
            switch = gr.HTML("", elem_classes="cr-private-box", js_on_load=None, apply_default_css=False)
            fresh = gr.Button("New chat", elem_classes="cr-new", size="sm", scale=0, min_width=110)
        with gr.Row(elem_classes="cr-main", equal_height=True):
            with gr.Column(elem_classes="cr-side", scale=0, min_width=280):
                panel = gr.HTML("", elem_classes="cr-panel-box", js_on_load=None, apply_default_css=False)
            with gr.Column(elem_classes="cr-talk", scale=1, min_width=0):
                talk = gr.Chatbot(
                    elem_classes="cr-chat",
                    label="Conversation",
                    show_label=False,
                    container=False,
                    height="100%",
                    layout="panel",
                    buttons=[],
                    feedback_options=None,
                    group_consecutive_messages=False,
                    autoscroll=False,
                )
                notice = gr.HTML("", visible=False, elem_classes="cr-notice", js_on_load=None, apply_default_css=False)
                box = gr.Textbox(
                    elem_classes="cr-box",
                    label="Your message",
                    show_label=False,
                    container=False,
                    placeholder="Say what you’d like …",
                    lines=1,
                    max_lines=6,
                    submit_btn=True,
                    autofocus=True,
                )
        outputs = [talk, panel, notice, switch, box, session]
        answering = gr.on(
            [box.submit, bridge.submit],
            handlers.turn,
            [box, session],
            outputs,
            concurrency_limit=turns_at_once,
            show_progress="hidden",
            api_visibility="private",
        )
        bridge.click(
            handlers.deed,
            session,
            [*outputs, user],
            concurrency_limit=turns_at_once,
            show_progress="hidden",
            api_visibility="private",
        )
        for trigger, handler in ((box.stop, handlers.stop), (fresh.click, handlers.restart)):
            trigger(
                handler,
                session,
                outputs,
                cancels=answering,
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )
        page.load(handlers.open, user, [*outputs, user], show_progress="hidden", api_visibility="private")
    return page


def launch(
    page: gr.Blocks,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    open_browser: bool = False,
    wait: bool = True,
    root_path: str = "",
) -> str:
    """Serve a page, on this machine alone unless `host` says otherwise.

    Args:
        page: from build_page.
        host: the address to listen on; `0.0.0.0` for every network this machine is in.
        port: the port to listen on.
        open_browser: whether to show the page in a browser.
        wait: whether to stay here until the server ends.
        root_path: the path under which a reverse proxy serves the page.

    Returns:
        the page's address.

    Raises:
        SettingsError: the port is taken or the address cannot be listened on.
    """
    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            inbrowser=open_browser,
            prevent_thread_lock=True,
            share=False,
            quiet=True,
            show_error=False,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            root_path=root_path or None,
            theme=theme(),
            css_paths=[STYLE],
        )
    except OSError as error:
        raise SettingsError(
            f"The page cannot listen on {host}:{port}.", "Choose another port, or end what uses this one."
        ) from error
    if wait:
        page.block_thread()
    return address


def _brand(name: str, nouns: str, brain: str) -> str:
    # A narrow page says who answers, not where and how.
    who = brain.split(", ")[0].split(" at ")[0]
    more = f'<span class="cr-more">{safe(brain[len(who) :])}</span>'
    return (
        f'<div class="cr-name"><h1>{safe(name)}</h1><div class="cr-lines">'
        f'<p class="cr-tagline">{safe(nouns)}, found in conversation</p>'
        f'<p class="cr-who" title="{safe(brain)}">Answered by {safe(who)}{more}</p></div></div>'
    )
