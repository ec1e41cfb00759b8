"""What the agents did in a turn, as a line that unfolds."""

from collections.abc import Iterator

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
_DOT = "&nbsp;· "
"""Parts two pieces, where no line begins with it."""

_CACHED = "The model was asked exactly this before; its answer was kept."
_REPAIRED = "The first answer did not have the shape asked for, so the model was asked again."
_DROPPED = (
    "Left out of the model’s answer: quotes that the item does not say, or sentences that named what is not on a card."
)
_FALLBACK = "Steps that the built-in agents took over from the model."


def live_line(steps: list[Step], saying: bool, first: str = "Reading your words") -> str:
    """What is going on now, with the steps done so far; `first` is what goes on before the first is done."""
    now = "Writing" if saying else _NEXT.get(steps[-1].agent, "Working") if steps else first
    trail = "".join(f"<li>{MARK_FITS}{_name(step)}<span>{_duration(step.milliseconds)}</span></li>" for step in steps)
    note = f'<span class="cr-soft">{safe(steps[-1].note)}</span>' if steps and steps[-1].note and not saying else ""
    done = f'<ol class="cr-trail">{trail}</ol>' if steps else ""
    return (
        f'<div class="cr-steps cr-live"><div class="cr-now">'
        f'<span class="cr-pulse" aria-hidden="true"></span><span>{now} …</span>{note}</div>{done}</div>'
    )


def steps_line(steps: list[Step], usage: Usage) -> str:
    """How an answer was made: one line, with every step behind it."""
    if not steps:
        return ""
    seconds = usage.seconds or sum(step.milliseconds for step in steps) / 1000
    cost = [f"<span>{_count(len(steps), 'step')}</span>", f"<span>{_duration(seconds * 1000)}</span>"]
    if usage.calls:
        cost.append(f"<span>{_count(usage.calls, 'model call')}</span>")
    if tokens := usage.prompt_tokens + usage.completion_tokens:
        cost.append(_hinted(_count(tokens, "token"), _tokens_hint(usage)))
    if usage.cached:
        cost.append(_hinted(f"{usage.cached:,} from the cache", _CACHED))
    if usage.fallbacks:
        cost.append(_hinted(_count(usage.fallbacks, "fallback"), _FALLBACK, "cr-warn"))
    return (
        f'<details class="cr-steps"><summary>{CHEVRON}<span>How this was made</span> '
        f'<span class="cr-cost">{_DOT.join(cost)}</span></summary>{_list(steps)}</details>'
    )


def _list(steps: list[Step]) -> str:
    return '<ol class="cr-step-list">' + "".join(map(_step, steps)) + "</ol>"


def _step(step: Step) -> str:
    brain = "" if step.brain == "built-in" else f' <span class="cr-brain">{safe(step.brain)}</span>'
    took = f'<span class="cr-ms">{_duration(step.milliseconds)}</span>'
    told = _DOT.join([*([safe(step.note)] if step.note else []), *_asked(step)])
    note = f' <span class="cr-note">{told}</span>' if told else ""
    fallback = f' <span class="cr-fallback">Built-in took over: {safe(step.fallback)}</span>' if step.fallback else ""
    return f'<li><span class="cr-did">{_name(step)}{brain}</span> {took}{note}{fallback}</li>'


def _asked(step: Step) -> Iterator[str]:
    """What a model was asked in a step, piece by piece; nothing where none was."""
    if step.calls:
        yield f"<span>{_count(step.calls, 'call')}</span>"
    if step.prompt_tokens or step.completion_tokens:
        yield _hinted(f"{step.prompt_tokens:,} → {step.completion_tokens:,} tokens", _tokens_hint(step))
    if step.cached:
        yield _hinted("from the cache" if not step.calls else f"{step.cached:,} from the cache", _CACHED)
    if step.repaired:
        yield _hinted("asked twice" if step.repaired == 1 else f"{step.repaired:,} asked twice", _REPAIRED)
    if step.dropped:
        yield _hinted(f"{step.dropped:,} dropped", _DROPPED)


def _tokens_hint(cost: Step | Usage) -> str:
    return f"{_count(cost.prompt_tokens, 'token')} of prompt, {cost.completion_tokens:,} of answer"


def _hinted(words: str, hint: str, look: str = "") -> str:
    return f'<span class="{f"cr-hinted {look}".strip()}" title="{safe(hint)}">{words}</span>'


def _name(step: Step) -> str:
    return f'<span class="cr-agent" title="{safe(step.agent)}">{safe(_NAMES.get(step.agent, step.agent))}</span>'


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _duration(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "&lt;1 ms"
