"""Putting the page into an application."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import gradio as gr

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
        css_paths=list(STYLES),
    )
