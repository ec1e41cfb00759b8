"""Cards: items as a page shows them, every word from the catalogue."""

from collections.abc import Iterable

from ..tools.catalogue import describe_value
from ..tools.index import Index
from .state import Card, Pick, Verdict


def card(pick: Pick, index: Index) -> Card:
    """A pick as the page shows it."""
    item = index.catalogue.item(pick.item)
    facts = {
        (a.label or a.name): value
        for a in index.catalogue.schema.attributes
        if a.shown and (value := describe_value(item.attributes.get(a.name), a))
    }
    return Card(
        id=item.id, title=item.title, attributes=item.attributes, facts=facts, text=item.text, url=item.url,
        image=item.image, reason=pick.reason, verdicts=pick.verdicts, tools=pick.tools,
        because=index.catalogue.item(pick.because).title if pick.because else "",
    )  # fmt: skip


def cards_of(items: Iterable[str], index: Index, missed: str = "") -> tuple[Card, ...]:
    """Cards of items that were not recommended.

    Args:
        items: their ids.
        index: the catalogue.
        missed: the one limit that they break, in words, where they stand for what does not fit.
    """
    broken = Verdict(preference=missed, strength="must", label="contradicts", score=-1.0)
    return tuple(card(Pick(item=i, verdicts=(broken,) if missed else ()), index) for i in items)
