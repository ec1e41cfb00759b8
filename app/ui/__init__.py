"""The Gradio page: `build_page` makes it, `mount` puts it into an application."""

from .mounting import mount
from .page import build_page

__all__ = ["build_page", "mount"]
