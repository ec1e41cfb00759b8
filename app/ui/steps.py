"""What the agents did in a turn, as a line that unfolds."""

from ...agents.state import Step, Usage
from .icons import CHEVRON, MARK_FITS
from .markup import safe

_NAMES = {
    "understand": "Understood your words",
    "clarify": "Looked for a good question",
    "answer": "Looked it up",
    "retrieve": "Searched the catalogue",
    "nli": "Checked each against your wishes",
    "summarize": "Gathered the evidence",
    "rank": "Put them in order",
    "respond": "Wrote the reply",
    "remember": "Noted what lasts",
}
_NEXT = {
    "understand": "Searching the catalogue",
    "retrieve": "Checking what fits",
    "nli": "Putting them in order",
    "summarize": "Putting them in order",
    "rank": "Writing",
    "clarify": "Writing",
    "answer": "Writing",
}


def live_line(steps: list[Step], saying: bool, first: str = "Reading your words") -> str:
    """What is going on now, with the steps done so far; `first` is what goes on before the first is done."""
    now = "Writing" if saying else _NEXT.get(steps[-1].agent, "Working") if steps else first
    trail = "".join(f"<li>{MARK_FITS}{_name(step)}<span>{_duration(step.milliseconds)}</span></li>" for step in steps)
    note = f'<span class="cr-soft">{safe(steps[-1].note)}</span>' if steps and steps[-1].note and not saying else ""
    done = f'<ol class="cr-trail">{trail}</ol>' if steps else ""
    return (
        f'<div class="cr-steps cr-live"><div class="cr-now" role="status">'
        f'<span class="cr-pulse" aria-hidden="true"></span><span>{now} …</span>{note}</div>{done}</div>'
    )


def steps_line(steps: list[Step], usage: Usage) -> str:
    """How an answer was made: one line, with every step behind it."""
    if not steps:
        return ""
    cost = [f"{len(steps)} step{'s' if len(steps) != 1 else ''}"]
    seconds = usage.seconds or sum(step.milliseconds for step in steps) / 1000
    cost.append(_duration(seconds * 1000))
    if usage.calls:
        tokens = usage.prompt_tokens + usage.completion_tokens
        cost.append(f"{usage.calls} model call{'s' if usage.calls != 1 else ''}")
        cost.append(f"{tokens:,} tokens")
    return (
        f'<details class="cr-steps"><summary>{CHEVRON}<span>How this was made</span>'
        f'<span class="cr-cost">{" · ".join(cost)}</span></summary>{_list(steps)}</details>'
    )


def _list(steps: list[Step]) -> str:
    if not steps:
        return ""
    return '<ol class="cr-step-list">' + "".join(map(_step, steps)) + "</ol>"


def _step(step: Step) -> str:
    brain = "" if step.brain == "built-in" else f'<span class="cr-brain">{safe(step.brain)}</span>'
    fallback = f'<span class="cr-fallback">built-in took over: {safe(step.fallback)}</span>' if step.fallback else ""
    note = f'<span class="cr-note">{safe(step.note)}</span>' if step.note else ""
    return f'<li>{_name(step)}{brain}<span class="cr-ms">{_duration(step.milliseconds)}</span>{note}{fallback}</li>'


def _name(step: Step) -> str:
    return f'<span class="cr-agent" title="{safe(step.agent)}">{safe(_NAMES.get(step.agent, step.agent))}</span>'


def _duration(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "&lt;1 ms"
