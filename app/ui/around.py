"""What a tab's pieces are made of and stand in: a pane of HTML, and when it is shown, so that it can be renewed then."""

from typing import Any

import gradio as gr
from gradio.context import Context

from ...tools.errors import ConvrecError


def pane(value: str, look: str, *, visible: bool = True) -> gr.HTML:
    """A piece of HTML with our own look and none of Gradio's."""
    return gr.HTML(value, elem_classes=look, visible=visible, js_on_load=None, apply_default_css=False)


def when_shown() -> Any:
    """The event of the tab that is being filled: that it is chosen; outside of any tab, that the page is loaded.

    Raises:
        ConvrecError: no page is being made.
    """
    block: Any = Context.block
    while block is not None and not isinstance(block, gr.Tab | gr.Blocks):
        block = block.parent
    if block is None:
        raise ConvrecError("There is no page around these pieces.", "Make them inside `with gr.Blocks():`.")
    return block.select if isinstance(block, gr.Tab) else block.load
