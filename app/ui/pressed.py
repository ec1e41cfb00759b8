"""What a button or form of the page asks for, as the bridge tells it; all of it comes from a browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import gradio as gr

_MOST = 10_000
"""Characters of a field that are read."""


@dataclass(frozen=True)
class Pressed:
    """What was pressed.

    Attributes:
        act: what to do; empty where nothing was pressed.
        value: what to do it to.
        fields: what the form around it holds, by name.
    """

    act: str = ""
    value: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What a field holds; empty where there is none."""
        return self.fields.get(name, "")


def pressed(event: gr.EventData) -> Pressed:
    """What an event of the bridge asks for."""
    data = event._data if isinstance(event._data, dict) else {}
    fields = data.get("fields")
    told = {str(k): str(v)[:_MOST] for k, v in fields.items()} if isinstance(fields, dict) else {}
    return Pressed(str(data.get("act") or ""), str(data.get("value") or ""), told)
