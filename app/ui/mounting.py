"""Serving the page: inside another application, or alone on a port of its own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from ...tools.errors import SettingsError
from .page import STYLES
from .theme import theme

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

_UPLOAD = 1
"""Bytes of a file that may be sent; the page takes none, and Gradio has a door for them."""


def mount(
    app: "FastAPI",
    page: gr.Blocks,
    *,
    path: str = "/",
    signed_in: "Callable[[Request], str | None] | None" = None,
    root_path: str = "",
) -> "FastAPI":
    """Put a page into an application; mount it last, because it answers all below its path.

    Args:
        app: the application; its lifespan starts and ends the page's queue.
        page: from build_page.
        path: where in the application the page stands.
        signed_in: the name of who sends a request; None where nobody is signed in, who then is answered with 401. What
            the page shows is the named user's alone. Without it, each browser is an anonymous user.
        root_path: the path under which a reverse proxy serves the application.

    Returns:
        the application.
    """
    return gr.mount_gradio_app(
        app,
        page,
        path,
        auth_dependency=signed_in,
        root_path=root_path or None,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=_UPLOAD,
        theme=theme(),
        css_paths=_styles(),
    )


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
            max_file_size=_UPLOAD,
            theme=theme(),
            css_paths=_styles(),
        )
    except OSError as error:
        raise SettingsError(
            f"The page cannot listen on {host}:{port}.", "Choose another port, or end what uses this one."
        ) from error
    if wait:
        page.block_thread()
    return address


def _styles() -> list[Any]:
    return list(STYLES)
