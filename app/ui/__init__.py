"""The Gradio page: `build_page` makes it, `mount` puts it into an application, `launch` serves it alone."""

from .mounting import launch, mount
from .page import build_page

__all__ = ["build_page", "launch", "mount"]
