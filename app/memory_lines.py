"""What is remembered of a user, as lines for a terminal: the same ones in the chat and for `convrec memory`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from .terminal import clean

if TYPE_CHECKING:
    from ..agents.memory import Memory
    from ..tools.items import Interaction

_HEADINGS = {"taste": "Tastes", "fact": "Facts", "feedback": "Items"}
_SHORT = 8
"""Characters of an id that are shown; any beginning of an id that no other shares will do."""

_LATEST = 5
"""Interactions of a catalogue that are shown."""


def ordered(memories: Iterable["Memory"]) -> "list[Memory]":
    """Memories by kind, those of a kind in the order in which they are given."""
    return sorted(memories, key=lambda m: list(_HEADINGS).index(m.kind))


def memory_lines(memories: "Sequence[Memory]", *, numbered: bool = False) -> list[Text]:
    """Memories under a heading for each kind.

    Args:
        memories: as `ordered` puts them.
        numbered: whether each has its number, from 1, in place of its id.
    """
    replaced_by = {old: memory.id for memory in memories for old in memory.supersedes}
    lines: list[Text] = []
    kind = ""
    for number, memory in enumerate(memories, 1):
        if memory.kind != kind:
            kind = memory.kind
            lines.append(Text(_HEADINGS[kind], style="bold"))
        name = f"{number:>3}." if numbered else short_id(memory.id)
        line = Text(f"  {clean(name)}  ", style="dim") + Text(one_line(memory.text), style="default")
        lines.append(line + Text(f"  {_told(memory, replaced_by.get(memory.id, ''))}", style="dim"))
    return lines


def history_lines(
    history: "Mapping[str, Sequence[Interaction]]", titles: Mapping[str, Mapping[str, str]]
) -> list[Text]:
    """How much history a user has with each catalogue, and the last of it.

    Args:
        history: catalogue -> interactions, oldest first.
        titles: catalogue -> item id -> title; an item without one is shown by its id.
    """
    lines: list[Text] = []
    for name, several in history.items():
        known = titles.get(name, {})
        last = [f"{one_line(known.get(i.item, i.item))} {i.value:g}" for i in latest(several)]
        line = Text(f"  {clean(name)}: {count_of(len(several), 'interaction')}", style="default")
        lines.append(line + Text(f", the last: {' · '.join(last)}", style="dim"))
    return lines


def latest(interactions: "Sequence[Interaction]") -> "list[Interaction]":
    """The last few of a user's interactions, newest first."""
    return list(reversed(interactions[-_LATEST:]))


def short_id(name: str) -> str:
    """The beginning of a memory's id."""
    return name[:_SHORT]


def one_line(text: str) -> str:
    """A text on one line, without what could steer a terminal."""
    return " ".join(clean(text).split())


def count_of(number: int, noun: str, several: str = "") -> str:
    """How many there are: "1 memory", "1,200 memories"."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def _told(memory: "Memory", replaced_by: str) -> str:
    parts = [f"last said {_day(memory.told)}" if memory.told else ""]
    parts.append(f"{memory.times:,} times" if memory.times > 1 else "")
    parts.append(f"in the conversation {one_line(memory.thread)}" if memory.thread else "")
    if memory.ended is not None:
        by = f", replaced by {short_id(clean(replaced_by))}" if replaced_by else ""
        parts.append(f"ended {_day(memory.ended)}{by}")
    return ", ".join(filter(None, parts))


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds).astimezone().date().isoformat()
    except (OverflowError, ValueError, OSError):
        # What was imported may hold any number.
        return "at no known time"
