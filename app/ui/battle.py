"""A battle of the arena as HTML: both sides beside one another, message by message; and where the systems stand."""

from collections.abc import Sequence

from ...agents.state import Card, Wish
from ...simulator.metrics.elo import Winner
from ..arena_nouns import Answered, Battle, Round, Standing
from .cards import card_html
from .markup import hidden, prose, safe

_VOTED: dict[Winner, str] = {
    "a": "You preferred A.",
    "b": "You preferred B.",
    "tie": "You found them equally good.",
    "both bad": "You found both bad.",
}
_ASIDE = (
    "Say what you are looking for. Two systems, drawn by chance, both hear it; talk with them for up to ten messages, and "
    "vote once you know which serves you better."
)


def battle_html(battle: Battle | None, noun: str, pending: str = "") -> str:
    """All messages of a battle, with both answers to each.

    Args:
        battle: what was said so far.
        noun: what an item is called.
        pending: a message that both are answering.
    """
    rounds = battle.rounds if battle else ()
    told = "".join(_round(place, one, noun) for place, one in enumerate(rounds, 1))
    if pending:
        wait = '<p class="cr-now"><span class="cr-pulse" aria-hidden="true"></span>Working on an answer</p>'
        sides = "".join(f'<div class="cr-half"><h4>{side}</h4>{wait}</div>' for side in "AB")
        told += f'{_said(pending)}<div class="cr-halves" aria-busy="true">{sides}</div>'
    if not told:
        told = f'<p class="cr-lead cr-arena-empty">{_ASIDE}</p>'
    return f'<section class="cr-battle" aria-label="The conversation with A and B">{told}</section>'


def told_html(battle: Battle | None) -> str:
    """What has just become possible, for screen readers alone; and who they were, once there is a vote."""
    if battle is None or not battle.rounds:
        return ""
    if battle.winner is None:
        said = "Both have answered: go on, or vote." if battle.ready else "Not both have answered yet."
        return f'<p class="cr-hidden" role="status">{said}</p>'
    names = f"A was <strong>{safe(battle.a)}</strong>, B was <strong>{safe(battle.b)}</strong>."
    return f'<p class="cr-reveal" role="status">{_VOTED[battle.winner]} {names}</p>'


def standings_html(standings: Sequence[Standing]) -> str:
    """Where the systems stand, as a table; a rating is shown with its 95% interval."""
    rows = "".join(_row(place, one) for place, one in enumerate(standings, 1))
    votes = sum(one.wins + one.losses + one.ties for one in standings) // 2
    count = f"{votes:,} vote{'' if votes == 1 else 's'}"
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Rating", "95% interval", "Votes", "Won", "Lost", "Tied")
    )
    return (
        '<section class="cr-standings" aria-labelledby="cr-standings-head">'
        f'<h3 id="cr-standings-head">Where they stand</h3><p class="cr-soft-text">{count} so far. Ratings are Bradley-Terry '
        "strengths on the Elo scale, 1,000 on average; 400 points more are ten wins to one. Where intervals overlap widely, "
        "nothing is decided yet.</p>"
        '<div class="cr-scroll" tabindex="0" role="region" aria-label="Where they stand">'
        f'<table class="cr-table"><thead><tr><th scope="col">System</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div></section>"
    )


def _said(text: str) -> str:
    return f'<div class="cr-said">{hidden("You: ")}{safe(text)}</div>'


def _round(place: int, one: Round, noun: str) -> str:
    halves = "".join(
        f'<article class="cr-half" aria-label="{side}, answer {place}"><h4>{side}</h4>{_answer(answered, noun)}</article>'
        for side, answered in (("A", one.a), ("B", one.b))
    )
    return f'{_said(one.text)}<div class="cr-halves">{halves}</div>'


def _answer(answered: Answered, noun: str) -> str:
    if answered.failed:
        return '<p class="cr-stopped">No answer came from this side.</p>'
    reply = f'<div class="cr-reply">{prose(answered.reply, [card.title for card in answered.cards])}</div>'
    options = "".join(f"<li>{safe(option)}</li>" for option in answered.options)
    fits = [card for card in answered.cards if card.id not in answered.near]
    near = [card for card in answered.cards if card.id in answered.near]
    parts = [reply, f'<ul class="cr-options" aria-label="Answers that it offers">{options}</ul>' if options else ""]
    parts.append(_cards(fits, noun, "Recommendations"))
    if near:
        parts.append(f"<h5>Near, but not what you asked for</h5>{_cards(near, noun, 'What comes nearest')}")
    return "".join(parts)


def _cards(cards: Sequence[Card], noun: str, heading: str) -> str:
    if not cards:
        return ""
    # Verdicts and buttons would tell the systems apart, and there is nothing here to remember feelings in.
    rows = "".join(f"<li>{card_html(c, place, Wish(), noun, None, '')}</li>" for place, c in enumerate(cards, 1))
    return f'<ol class="cr-cards cr-count-3" aria-label="{safe(heading)}">{rows}</ol>'


def _row(place: int, one: Standing) -> str:
    rating, rated = one.rating, one.rating is not None
    cells = [
        f"{rating.value:,.0f}" if rating else "–",
        f"{rating.low:,.0f} to {rating.high:,.0f}" if rating else "no votes yet",
        *(f"{n:,}" for n in (one.wins + one.losses + one.ties, one.wins, one.losses, one.ties)),
    ]
    number = f'<span class="cr-place" aria-hidden="true">{place if rated else ""}</span> '
    return f'<tr><th scope="row">{number}{safe(one.system)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
