"""The Gradio page: `build_page` makes it, `launch` serves it."""

from .page import build_page, launch

__all__ = ["build_page", "launch"]
