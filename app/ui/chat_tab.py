"""The chat's pieces: the conversations, the talk with its box, and what was understood."""

from dataclasses import dataclass

import gradio as gr

from .around import pane


@dataclass(frozen=True)
class Pieces:
    """The components that a view fills.

    Attributes:
        talk: the conversation.
        panel: what was understood.
        talks: the list of conversations.
        notice: what went wrong outside a turn.
        box: where the user writes.
    """

    talk: gr.Chatbot
    panel: gr.HTML
    talks: gr.HTML
    notice: gr.HTML
    box: gr.Textbox


def chat_tab() -> Pieces:
    """Make the pieces, where the caller stands in the page."""
    with gr.Row(elem_classes="cr-main", equal_height=True):
        with gr.Column(elem_classes="cr-side cr-drawer-talks", scale=0, min_width=0):
            talks = pane("", "cr-talks-box")
        with gr.Column(elem_classes="cr-talk", scale=1, min_width=0):
            pane('<h2 class="cr-hidden">Talk</h2>', "cr-talk-head")
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
            notice = pane("", "cr-notice", visible=False)
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
        with gr.Column(elem_classes="cr-side cr-drawer-panel", scale=0, min_width=0):
            panel = pane("", "cr-panel-box")
    return Pieces(talk, panel, talks, notice, box)
