"""What is remembered of a user, as HTML: the profile, the memories by kind, and what can be done with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...agents.memory import Memory
from .dialog import asking
from .icons import BIN, PEN, PLUS, SAVE
from .markup import button, prose, safe
from .session import Fault
from .talk import fault_html
from .times import when_html

_HEADINGS = {"taste": "Tastes", "fact": "About you", "feedback": "Items"}
_LONGEST = 400
_TOLD = (
    "What you say lasts beyond a conversation where it is a taste, or tells of you, or is a feeling about something "
    "that was shown. It is used in your next conversations, and you can change or delete any of it."
)


@dataclass(frozen=True)
class Remembered:
    """What the tab shows.

    Attributes:
        memories: what holds, what was said last at the end.
        profile: the same in sentences.
        titles: of the user's conversations, by id.
        now: seconds since 1970.
        fault: what went wrong, if something did.
    """

    memories: Sequence[Memory] = ()
    profile: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    now: float = 0.0
    fault: Fault | None = None


def memory_html(shown: Remembered) -> str:
    """Everything that is remembered, newest first within each kind."""
    groups = "".join(_group(kind, shown) for kind in _HEADINGS)
    if not groups:
        groups = '<p class="cr-empty cr-nothing">Nothing is remembered yet.</p>'
    profile = f'<section class="cr-profile" aria-label="In short"><h3>In short</h3>{prose(shown.profile)}</section>'
    return (
        f'<section class="cr-room cr-memory" aria-labelledby="cr-memory-head">'
        f'<div class="cr-room-head"><h2 id="cr-memory-head">What I remember</h2>{_add()}</div>'
        f'<p class="cr-lead">{_TOLD}</p>{fault_html(shown.fault) if shown.fault else ""}'
        f"{profile if shown.profile.strip() and shown.memories else ''}{groups}{_foot()}</section>"
    )


def _group(kind: str, shown: Remembered) -> str:
    rows = [_row(memory, shown) for memory in reversed(shown.memories) if memory.kind == kind]
    if not rows:
        return ""
    return f'<section class="cr-kind"><h3>{_HEADINGS[kind]}</h3><ul class="cr-memories">{"".join(rows)}</ul></section>'


def _row(memory: Memory, shown: Remembered) -> str:
    edit = asking(
        "", "memory.edit", "Change what is remembered", "Save", value=memory.id, field="In your own words",
        text=memory.text, most=_LONGEST, kind="cr-small", icon=PEN, aria_label=f"Edit: {memory.text}", title="Edit",
    )  # fmt: skip
    delete = asking(
        "", "memory.delete", "Forget this?", "Forget it", value=memory.id, danger=True, kind="cr-small", icon=BIN,
        told=f"“{memory.text}” is deleted, and cannot be brought back.", aria_label=f"Delete: {memory.text}",
        title="Delete",
    )  # fmt: skip
    return (
        f'<li class="cr-memory-row"><div><p class="cr-memory-text">{safe(memory.text)}</p>'
        f'<p class="cr-memory-facts">{_facts(memory, shown)}</p></div>'
        f'<span class="cr-row-buttons">{edit}{delete}</span></li>'
    )


def _facts(memory: Memory, shown: Remembered) -> str:
    facts = [f"last said {when_html(memory.told, shown.now)}"] if memory.told else []
    if memory.times > 1:
        facts.append(f"{memory.times:,} times")
    if not memory.thread:
        facts.append("told here")
    elif title := shown.titles.get(memory.thread):
        facts.append("in " + button(title, "talk.open", value=memory.thread, kind="cr-link", title="Open this talk"))
    else:
        facts.append("in a talk that is gone")
    return " · ".join(facts)


def _add() -> str:
    return asking(
        "Add", "memory.add", "What should be remembered?", "Remember it", field="About you, in your own words",
        most=_LONGEST, icon=PLUS, told="For example: I have two small children. Or: nothing too loud.",
    )  # fmt: skip


def _foot() -> str:
    export = button("Save everything as a file", "save.everything", icon=SAVE)
    forget = asking(
        "Forget me", "forget", "Forget everything about you?", "Delete everything", danger=True, kind="cr-danger",
        told="This deletes all of your conversations, your history and everything remembered about you. "
        "It cannot be taken back.",
    )  # fmt: skip
    return f'<div class="cr-room-foot">{export}{forget}</div>'
