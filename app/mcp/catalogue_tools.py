"""The MCP tools that look at the catalogue: search it, find what is like some items, read one."""

import asyncio
from collections.abc import Sequence

from ...tools.asked_limits import AttributeLimit, rows_within
from ...tools.browsing import search_catalogue
from ...tools.errors import UnknownItemError
from ...tools.index import Index
from ...tools.items import Item
from ...tools.search import similar_items as find_similar
from ...tools.toolbox import FullItem, ItemsLike, OneItem, SearchItems, item_facts, tell_nothing
from .desk import Call
from .shapes import Listed, Listing


async def search_items(call: Call, asked: SearchItems) -> Listing:
    """The items nearest to a query by meaning and by words, within limits."""
    return await asyncio.to_thread(_search, call.recommender.index, asked)


async def similar_items(call: Call, asked: ItemsLike) -> Listing:
    """The items whose descriptions are like those of the given ones, which are left out."""
    return await asyncio.to_thread(_similar, call.recommender.index, asked)


async def get_item(call: Call, asked: OneItem) -> FullItem:
    """All that the catalogue says of one item."""
    index = call.recommender.index
    item = _item(index, asked.id)
    return FullItem(
        id=item.id, title=item.title, facts=item_facts(index, item, full=True), aliases=list(item.aliases),
        text=item.text, url=item.url,
    )  # fmt: skip


def tell_listing(listing: Listing) -> str:
    """A list for a reader who sees text alone."""
    return "\n".join(
        f"{place}. {item.title} [{item.id}]: " + "; ".join(_told(*fact) for fact in item.facts.items())
        for place, item in enumerate(listing.items, start=1)
    )


def tell_item(item: FullItem) -> str:
    """An item for a reader who sees text alone."""
    facts = [_told(name, value) for name, value in item.facts.items()]
    return "\n".join(filter(None, [f"{item.title} [{item.id}]", *facts, item.text, item.url]))


def _search(index: Index, asked: SearchItems) -> Listing:
    found = search_catalogue(index, asked.query, asked.limits, 0, asked.k)
    return _listing(index, found.items, found.total, asked.limits)


def _similar(index: Index, asked: ItemsLike) -> Listing:
    for one in asked.ids:
        _item(index, one)
    found = find_similar(index, asked.ids, asked.k, rows_within(index, asked.limits))
    return _listing(index, [index.catalogue.item(c.item) for c in found], len(found), asked.limits)


def _listing(index: Index, items: Sequence[Item], total: int, limits: Sequence[AttributeLimit]) -> Listing:
    if not items:
        return Listing(items=[], total=0, note=tell_nothing(index, limits, None, index.catalogue.schema.nouns))
    listed = [Listed(id=item.id, title=item.title, facts=item_facts(index, item)) for item in items]
    return Listing(items=listed, total=total)


def _item(index: Index, item_id: str) -> Item:
    """The item of an id.

    Raises:
        UnknownItemError: there is none; the hint names the tool that finds ids.
    """
    try:
        return index.catalogue.item(item_id)
    except UnknownItemError as fault:
        raise UnknownItemError(str(fault), "search_items gives the ids of items.") from fault


def _told(name: str, value: str | float | list[str]) -> str:
    words = ", ".join(value) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
    return f"{name}: {words}"
