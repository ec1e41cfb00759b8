"""What language models are told and asked: one Markdown file per prompt, filled by `render`."""

from .rendering import Prompt, data, render

__all__ = ["Prompt", "data", "render"]
