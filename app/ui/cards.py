"""Recommended items as cards."""

from ...agents.state import Card, Verdict, Wish
from ..pictures import Pictures
from .icons import CROSS, EYE, HEART, MARK_FITS, MARK_MISSES, MARK_UNKNOWN, QUESTION, SIMILAR
from .markup import button, hidden, safe, safe_link

Fact = tuple[str, str]
"""An attribute's label and the item's value in words."""

_MARKS = {
    "entails": ("fits", MARK_FITS, "Fits"),
    "neutral": ("unknown", MARK_UNKNOWN, "Not known"),
    "contradicts": ("misses", MARK_MISSES, "Does not fit"),
}
_FACTS_IN_SIGHT = 6
_FEELINGS = (
    ("liked", "Like", "Liked", HEART),
    ("disliked", "Not for me", "Not for you", CROSS),
    ("seen", "Seen it", "Seen", EYE),
)


def card_grid(
    cards: tuple[Card, ...],
    wish: Wish,
    noun: str,
    heading: str = "Recommendations",
    pictures: Pictures | None = None,
) -> str:
    """All cards of one answer, best first, with the feedback given so far; `heading` is for screen readers."""
    if not cards:
        return ""
    count = f"cr-count-{min(len(cards), 3)}"
    return (
        f'<ol class="cr-cards {count}" aria-label="{safe(heading)}">'
        + "".join(f"<li>{card_html(card, place, wish, noun)}</li>" for place, card in enumerate(cards, start=1))
        + "</ol>"
    )


def card_html(
    card: Card, place: int, wish: Wish, noun: str, pictures: Pictures | None = None, buttons: str | None = None
) -> str:
    """One card: title, picture, facts, reason, verdicts, the text behind a fold, and buttons.

    Args:
        card: what it shows.
        place: its number, from 1; 0 for a card without one.
        wish: with the feedback given so far.
        noun: what an item is called.
        pictures: which pictures are shown; None shows none.
        buttons: other buttons than those of an answer's card, as HTML.
    """
    felt = feeling_of(card.id, wish)
    facts = [(label, words) for label, words in card.facts.items() if words.strip()]
    shown, folded = facts[:_FACTS_IN_SIGHT], facts[_FACTS_IN_SIGHT:]
    return (
        f'<article class="cr-card{f" cr-felt-{felt}" if felt else ""}" aria-label="{safe(card.title)}">'
        f"{_picture(card, pictures)}"
        f'<div class="cr-card-body">{_heading(card, place)}{_facts(shown)}{_reason(card)}'
        f"{_because(card)}{verdict_list(card.verdicts)}{_about(card.text, folded, noun)}</div>"
        f"{_buttons(card, felt) if buttons is None else buttons}"
        "</article>"
    )


def feeling_of(item: str, wish: Wish) -> str:
    """The feedback that an item has: liked, disliked, seen, or empty."""
    if item in wish.liked or item in wish.accepted:
        return "liked"
    if item in wish.disliked:
        return "disliked"
    return "seen" if item in wish.seen else ""


def verdict_list(verdicts: tuple[Verdict, ...]) -> str:
    """What the item says to each preference: a mark, the preference, and the item's own words."""
    if not verdicts:
        return ""
    return '<ul class="cr-verdicts" aria-label="How it fits">' + "".join(map(_verdict, verdicts)) + "</ul>"


def _verdict(verdict: Verdict) -> str:
    look, icon, words = _MARKS[verdict.label]
    quote = f' <q class="cr-evidence">{safe(_shorten(verdict.evidence, 160))}</q>' if verdict.evidence.strip() else ""
    if not quote and verdict.label == "neutral":
        quote = ' <span class="cr-evidence">not stated</span>'
    return (
        f'<li class="cr-verdict cr-{look}"><span class="cr-mark" title="{words}">{icon}</span>'
        f'<span>{hidden(f"{words}: ")}<span class="cr-asked">{safe(verdict.preference)}</span>{quote}</span></li>'
    )


def _picture(card: Card, pictures: Pictures | None) -> str:
    address = safe_link(pictures.shown(card.image)) if pictures is not None and card.image else ""
    if not address:
        return ""
    return (
        f'<div class="cr-picture"><img src="{address}" alt="" loading="lazy" decoding="async" '
        'referrerpolicy="no-referrer"></div>'
    )


def _heading(card: Card, place: int) -> str:
    title = safe(card.title)
    address = safe_link(card.url)
    if address:
        title = (
            f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{title}'
            f"{hidden(' (opens in a new tab)')}</a>"
        )
    number = f'<span class="cr-place" aria-hidden="true">{place}</span>' if place else ""
    return f'<h3 class="cr-title">{number}<span>{title}</span></h3>'


def _facts(facts: list[Fact]) -> str:
    if not facts:
        return ""
    rows = "".join(
        f'<div><dt title="{safe(label)}">{safe(label)}</dt><dd title="{safe(words)}">{safe(words)}</dd></div>'
        for label, words in facts
    )
    return f'<dl class="cr-facts">{rows}</dl>'


def _reason(card: Card) -> str:
    return f'<p class="cr-reason">{safe(card.reason)}</p>' if card.reason.strip() else ""


def _because(card: Card) -> str:
    return f'<p class="cr-because">Because you liked {safe(card.because)}</p>' if card.because.strip() else ""


def _about(text: str, facts: list[Fact], noun: str) -> str:
    text = _shorten(text, 1200)
    if not text and not facts:
        return ""
    words = f"<p>{safe(text)}</p>" if text else ""
    return f'<details class="cr-about"><summary>About this {safe(noun)}</summary>{words}{_facts(facts)}</details>'


def _buttons(card: Card, felt: str) -> str:
    feelings = "".join(
        button(
            after if felt == feeling else before,
            feeling,
            value=card.id,
            kind="cr-feeling",
            icon=icon,
            aria_pressed="true" if felt == feeling else "false",
            aria_label=f"{after if felt == feeling else before}: {card.title}",
        )
        for feeling, before, after, icon in _FEELINGS
    )
    more = button(
        "More like this",
        "more",
        value=card.id,
        kind="cr-next",
        icon=SIMILAR,
        aria_label=f"More like this: {card.title}",
    )
    why = button("Why?", "why", value=card.id, kind="cr-next", icon=QUESTION, aria_label=f"Why? {card.title}")
    return (
        f'<div class="cr-card-buttons" role="group" aria-label="{safe(card.title)}">'
        f'<div class="cr-feelings">{feelings}</div><div class="cr-nexts">{more}{why}</div></div>'
    )


def _shorten(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
