"""The conversation as HTML, one piece per message."""

from ...agents.state import Wish
from ..pictures import Pictures
from .cards import card_grid
from .icons import RETRY, UNDO
from .markup import button, hidden, prose, safe
from .session import Fault, Kind, Session, Turn
from .steps import live_line, steps_line

_FIRST: dict[Kind, str] = {
    "say": "Reading your words",
    "more": "Looking for similar ones",
    "why": "Gathering the reasons",
}


def welcome_html(noun: str, nouns: str, count: int, examples: tuple[str, ...]) -> str:
    """What an empty conversation shows: what this is, and openers to try."""
    openers = "".join(button(example, "say", value=example, kind="cr-example") for example in examples)
    tries = f'<div class="cr-examples" role="group" aria-label="Examples">{openers}</div>' if openers else ""
    article = "an" if noun[:1].lower() in "aeiou" else "a"
    many = f"{count:,} {nouns}" if count != 1 else f"1 {noun}"
    return (
        f'<div class="cr-welcome"><h2>Let’s find {article} {safe(noun)}<br>you’ll be glad you found.</h2>'
        f"<p>Say what you are in the mood for, what to avoid, or what you loved before. "
        f"I search {safe(many)} and show why each one fits.</p>{tries}</div>"
    )


def said_html(turn: Turn) -> str:
    """The user's side of a turn."""
    look = "" if turn.ask.kind == "say" else " cr-deed"
    return f'<div class="cr-said{look}">{hidden("You: ")}{safe(turn.ask.words)}</div>'


def answer_html(turn: Turn, wish: Wish, noun: str, newest: bool, pictures: Pictures | None = None) -> str:
    """The answer's side of a turn: how it was made, the reply, the cards, and, on the newest turn, what to do next."""
    working = turn.state == "working"
    parts = [
        live_line(turn.steps, bool(turn.reply), _FIRST[turn.ask.kind])
        if working
        else steps_line(turn.steps, turn.usage)
    ]
    if turn.reply.strip():
        caret = '<span class="cr-caret" aria-hidden="true"></span>' if working else ""
        titles = [card.title for card in (*turn.cards, *turn.nearest)]
        parts.append(f'<div class="cr-reply">{prose(turn.reply, titles)}{caret}</div>')
    parts.append(card_grid(turn.cards, wish, noun, pictures=pictures))
    if turn.nearest:
        nearest = card_grid(turn.nearest, wish, noun, "What comes nearest", pictures)
        parts.append(f'<div class="cr-nearest"><h3>Near, but not what you asked for</h3>{nearest}</div>')
    if turn.state == "stopped":
        parts.append('<p class="cr-stopped">You stopped this answer.</p>')
    if turn.fault:
        parts.append(fault_html(turn.fault))
    if newest and not working:
        parts.append(_next(turn))
    return f'<div class="cr-answer" aria-busy="{str(working).lower()}">{"".join(parts)}</div>'


def fault_html(fault: Fault) -> str:
    """What went wrong, and what would work."""
    hint = f'<p class="cr-hint">{safe(fault.hint)}</p>' if fault.hint else ""
    return f'<div class="cr-fault" role="alert"><p>{safe(fault.message)}</p>{hint}</div>'


def notice_html(session: Session) -> str:
    """What went wrong outside a turn, if something did."""
    if session.notice is None:
        return ""
    return fault_html(session.notice)


def _next(turn: Turn) -> str:
    replies = "".join(button(text, "say", value=text, kind="cr-suggestion") for text in turn.suggestions)
    quick = f'<div class="cr-suggestions" role="group" aria-label="Quick replies">{replies}</div>' if replies else ""
    again = button("Try again", "retry", kind="cr-quiet", icon=RETRY)
    back = button("Undo", "undo", kind="cr-quiet", icon=UNDO)
    return f'{quick}<div class="cr-turn-buttons" role="group" aria-label="This turn">{again}{back}</div>'
