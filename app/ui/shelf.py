"""The catalogue to look through, as HTML: a search box, what can be chosen from, cards, and the way to the next page."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.state import Card, Wish
from ...tools.asked_limits import AttributeLimit
from ...tools.browsing import Facet
from ...tools.schema import Schema
from ..pictures import Pictures
from .cards import card_html, feeling_of
from .icons import CROSS, FILTER, HEART, SIMILAR
from .markup import attributes, button, hidden, safe
from .session import Fault
from .talk import fault_html

PAGE = 24
"""Items on a page."""

_LABELS = 8
"""Labels of an attribute that are shown, beside those that were chosen."""


@dataclass(frozen=True)
class Looking:
    """What is looked for.

    Attributes:
        query: words, or empty for everything.
        limits: what was chosen; each label is a limit of its own, so that each choice narrows what is shown.
        page: which page, from 0.
    """

    query: str = ""
    limits: tuple[AttributeLimit, ...] = ()
    page: int = 0


@dataclass(frozen=True)
class Shelf:
    """What was found.

    Attributes:
        looking: what was looked for.
        cards: the page's items.
        total: how many there are on all pages.
        facets: what can be chosen among all that was found.
        wish: with the feedback given so far.
        fault: what went wrong, if something did.
    """

    looking: Looking = Looking()
    cards: Sequence[Card] = ()
    total: int = 0
    facets: Sequence[Facet] = ()
    wish: Wish = field(default_factory=Wish)
    fault: Fault | None = None


def shelf_html(shelf: Shelf, schema: Schema, pictures: Pictures | None = None) -> str:
    """The whole tab."""
    looking = shelf.looking
    fault = fault_html(shelf.fault) if shelf.fault else ""
    cards = "".join(f"<li>{_card(card, shelf.wish, schema.noun, pictures)}</li>" for card in shelf.cards)
    grid = f'<ol class="cr-cards" aria-label="{safe(schema.nouns)}">{cards}</ol>' if cards else _nothing(fault)
    return (
        f'<section class="cr-room cr-shelf" aria-labelledby="cr-shelf-head" data-page="{looking.page}">'
        f'<h2 id="cr-shelf-head" class="cr-hidden">Look through all {safe(schema.nouns)}</h2>'
        f"{_search(looking, schema)}"
        f'<aside class="cr-facets cr-drawer-facets" aria-label="Filters">{_facets(shelf)}</aside>'
        f'<div class="cr-shelf-found">{fault}{_count(shelf, schema)}{_chosen(looking, shelf.facets)}{grid}{_pages(shelf)}</div>'
        "</section>"
    )


def _search(looking: Looking, schema: Schema) -> str:
    box = attributes(
        type="search", name="query", value=looking.query, autocomplete="off", maxlength="500",
        placeholder=f"Search {schema.nouns} by words or by meaning", aria_label=f"Search {schema.nouns}",
    )  # fmt: skip
    drawer = button(
        "Filters", "drawer", kind="cr-drawer-button", icon=FILTER, data_drawer="facets", aria_expanded="false"
    )
    return (
        f'<form class="cr-search" role="search" data-act="shelf.find" data-value=""><input{box}>'
        f'<button type="submit" class="cr-button cr-strong">Search</button>{drawer}</form>'
    )


def _facets(shelf: Shelf) -> str:
    groups = [_labels(facet, shelf.looking) if facet.kind == "category" else _span(facet, shelf.looking)
              for facet in shelf.facets]  # fmt: skip
    return "".join(groups) or '<p class="cr-empty">There is nothing to choose from here.</p>'


def _labels(facet: Facet, looking: Looking) -> str:
    chosen = {limit.any_of[0] for limit in looking.limits if limit.attribute == facet.name and limit.any_of}
    choices = [c for c in facet.choices if c.label not in chosen][:_LABELS]
    counted = {c.label: c.count for c in facet.choices}
    if not choices and not chosen:
        return ""
    pressed = [_label(facet, label, counted.get(label), pressed=True) for label in sorted(chosen)]
    others = [_label(facet, choice.label, choice.count, pressed=False) for choice in choices]
    return _group(facet, f"<ul>{''.join([*pressed, *others])}</ul>")


def _label(facet: Facet, label: str, count: int | None, *, pressed: bool) -> str:
    held = attributes(
        type="button", class_="cr-button cr-facet", data_act="shelf.label", data_value=f"{facet.name}\n{label}",
        aria_pressed=str(pressed).lower(),
    )  # fmt: skip
    many = "" if count is None else f'<span class="cr-facet-count">{hidden(", ")}{count:,}</span>'
    return f'<li><button{held}><span class="cr-facet-label">{safe(label)}</span>{many}</button></li>'


def _span(facet: Facet, looking: Looking) -> str:
    limit = next((one for one in looking.limits if one.attribute == facet.name), None)
    if facet.low is None or facet.high is None:
        if limit is None:
            return ""
        low = high = ""
    else:
        low, high = (_number(end, facet) for end in (facet.low, facet.high))
    ends = "".join(
        "<input"
        + attributes(
            type="text", inputmode="numeric" if facet.kind == "date" else "decimal", name=name, data_now="",
            value="" if held is None else str(held), placeholder=hint, aria_label=f"{facet.label} {words}",
            maxlength="20", autocomplete="off",
        )
        + ">"
        + between
        for name, held, hint, words, between in (
            ("low", limit.low if limit else None, low, "from", '<span aria-hidden="true">–</span>'),
            ("high", limit.high if limit else None, high, "to", ""),
        )
    )  # fmt: skip
    unit = f'<span class="cr-unit">{safe(facet.unit)}</span>' if facet.unit else ""
    form = attributes(class_="cr-span", data_act="shelf.span", data_value=facet.name)
    # Enter sends a form of several fields only where it has a button.
    return _group(facet, f'<form{form}>{ends}{unit}<button class="cr-hidden" tabindex="-1">Apply</button></form>')


def _group(facet: Facet, inside: str) -> str:
    return f'<fieldset class="cr-facet-group"><legend>{safe(facet.label)}</legend>{inside}</fieldset>'


def _number(end: float, facet: Facet) -> str:
    if facet.kind == "date":
        return str(int(end))
    return f"{end:.0f}" if end == int(end) else f"{end:.2f}".rstrip("0").rstrip(".")


def _count(shelf: Shelf, schema: Schema) -> str:
    noun = schema.noun if shelf.total == 1 else schema.nouns
    first = shelf.looking.page * PAGE + 1
    last = first + len(shelf.cards) - 1
    where = f", {first:,} to {last:,} shown" if len(shelf.cards) < shelf.total and shelf.cards else ""
    return f'<p class="cr-found" role="status">{shelf.total:,} {safe(noun)}{where}</p>'


def _chosen(looking: Looking, facets: Sequence[Facet]) -> str:
    if not looking.limits and not looking.query:
        return ""
    named = {facet.name: facet for facet in facets}
    chips = [_chip(place, limit, named.get(limit.attribute)) for place, limit in enumerate(looking.limits)]
    clear = button("Clear all", "shelf.clear", kind="cr-quiet")
    return f'<ul class="cr-chosen" aria-label="Chosen">{"".join(chips)}<li>{clear}</li></ul>'


def _chip(place: int, limit: AttributeLimit, facet: Facet | None) -> str:
    label = facet.label if facet else limit.attribute
    low, high = limit.low, limit.high
    said = limit.any_of[0] if limit.any_of else f"from {low}" if high is None else f"to {high}" if low is None else (
        f"{low} to {high}")  # fmt: skip
    words = f"{label}: {said}"
    away = button("", "shelf.drop", value=str(place), kind="cr-remove", icon=CROSS, aria_label=f"Remove: {words}")
    return f'<li class="cr-chip"><span class="cr-chip-words">{safe(words)}</span>{away}</li>'


def _card(card: Card, wish: Wish, noun: str, pictures: Pictures | None) -> str:
    liked = feeling_of(card.id, wish) == "liked"
    like = button(
        "Liked" if liked else "Like", "shelf.liked", value=card.id, kind="cr-feeling", icon=HEART,
        aria_pressed=str(liked).lower(), aria_label=f"{'Liked' if liked else 'Like'}: {card.title}",
    )  # fmt: skip
    more = button(
        "More like this", "more", value=card.id, kind="cr-next", icon=SIMILAR,
        aria_label=f"More like this: {card.title}",
    )  # fmt: skip
    buttons = f'<div class="cr-card-buttons cr-brief" role="group" aria-label="{safe(card.title)}">{like}{more}</div>'
    return card_html(card, 0, wish, noun, pictures, buttons)


def _nothing(fault: str) -> str:
    return "" if fault else '<p class="cr-empty cr-nothing">Nothing fits all of this. Take something away.</p>'


def _pages(shelf: Shelf) -> str:
    page, pages = shelf.looking.page, -(-shelf.total // PAGE)
    if pages < 2:
        return ""
    back = button("Previous", "shelf.page", value=str(page - 1), aria_disabled=str(page == 0).lower())
    on = button("Next", "shelf.page", value=str(page + 1), aria_disabled=str(page + 1 >= pages).lower())
    return f'<nav class="cr-pages" aria-label="Pages">{back}<span>Page {page + 1:,} of {pages:,}</span>{on}</nav>'
