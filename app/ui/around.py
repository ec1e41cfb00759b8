"""What stands around a tab's pieces while a page is made: when they are shown, so that they can be renewed then."""

from typing import Any

import gradio as gr
from gradio.context import Context

from ...tools.errors import ConvrecError


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
