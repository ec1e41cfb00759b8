"""Past turns: what of a turn is kept with its thread, and how it is shown again.

A thread keeps nothing of what memory knows, so that what is forgotten is gone. A reason that a remembered taste had a
part in is told anew from what this conversation said; without such a taste it stays as it was.
"""

from collections.abc import Iterable

from ..tools.index import Index
from .cards import card, cards_of
from .remember import LASTING
from .state import Answer, Exchange, Miss, PastTurn, Pick, Shown, Step, Wish
from .suggest import ways_out
from .summarize import reason


def keep(shown: Shown, wish: Wish, miss: Miss | None, index: Index) -> Shown:
    """What a turn showed, as its thread keeps it: without what comes from memory.

    Args:
        shown: what was shown; of a miss, what `miss` tells is added.
        wish: what counted in the turn, with what is remembered.
        miss: why nothing fitted, where that is so.
        index: the catalogue.
    """
    own = _said_here(wish)
    update: dict[str, object] = {"picks": tuple(_kept(p, wish, own, index) for p in shown.picks)}
    if miss is not None:
        # The limit that was missed may be a remembered one; then a suggestion named it too.
        said = any(p.key == miss.key for p in own.preferences)
        update |= {"nearest": miss.nearest, "missed": miss.blocking if said else ""}
        if own.preferences != wish.preferences:
            offered = ways_out(miss, own, index)
            update["suggestions"] = tuple(s for s in shown.suggestions if s in offered)
    return shown.model_copy(update=update)


def brain_of(steps: Iterable[Step]) -> str:
    """The language model that had a part in a turn last; empty where none had."""
    built_in = Step.model_fields["brain"].default
    return next((s.brain for s in reversed(list(steps)) if s.brain != built_in), "")


def show_again(exchange: Exchange, index: Index, *, user: str, thread: str) -> PastTurn:
    """A turn as it was shown; items that the catalogue no longer has are left out."""
    there, shown = index.catalogue.row_of, exchange.shown
    picks = tuple(card(p, index) for p in shown.picks if p.item in there)
    answer = Answer(
        reply=exchange.reply,
        items=picks if shown.picks else cards_of((i for i in exchange.items if i in there), index),
        nearest=cards_of((i for i in shown.nearest if i in there), index, shown.missed),
        act=exchange.act,
        suggestions=shown.suggestions,
        question=shown.question,
        thread=thread,
        user=user,
    )
    return PastTurn(text=exchange.text, time=exchange.time, answer=answer, brain=exchange.brain)


def _said_here(wish: Wish) -> Wish:
    """A wish without what is remembered; how the user feels about items always is."""
    return wish.model_copy(update={**dict.fromkeys(LASTING, ()), "preferences": wish.own, "history": {}})


def _kept(pick: Pick, wish: Wish, own: Wish, index: Index) -> Pick:
    """A pick's reason and verdicts, as far as this conversation itself gave cause for them."""
    verdicts = tuple(v for v in pick.verdicts if not v.remembered)
    recalled = wish.preferences != own.preferences or wish.liked or wish.disliked
    why = reason(pick.item, verdicts, own, index) if recalled else pick.reason
    return Pick(item=pick.item, reason=why, verdicts=verdicts)
