"""Items: found by words, meaning and limits, a page at a time; one of them; those like one."""

from asyncio import to_thread
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request

from ...tools.asked_limits import AttributeLimit, parse_limit
from ...tools.browsing import facets, search_catalogue
from ...tools.index import Index
from ...tools.search import similar_items
from ..pictures import Pictures
from ..serving.access import Reading, Serviced
from ..serving.service import Service
from .idempotency import Route
from .naming import ItemName
from .paging import Cursor, Limit, Place, read_cursor, write_cursor
from .problems import told
from .shapes import AttributeOut, ItemOut, Items

router = APIRouter(prefix="/items", tags=["items"], route_class=Route, responses=told())

_ALIKE = 200
"""How many items like one there are at most."""

Where = Annotated[
    list[Annotated[str, Query(min_length=1, max_length=1_000)]] | None,
    Query(
        max_length=20,
        description=(
            "A limit that every item satisfies; may be given several times. `name:label` or `name:label|label` for a "
            "category, `name:low..high`, `name:low..` or `name:..high` for a number or date; with `-` before it, what fits "
            "it is left out. GET /v1/catalogue has the names and labels."
        ),
    ),
]


@router.get("")
async def find_items(
    service: Serviced,
    caller: Reading,
    q: Annotated[str, Query(max_length=1_000, description="What to look for, in any words.")] = "",
    where: Where = None,
    counts: Annotated[bool, Query(description="Whether to tell what all the items found have to choose from.")] = False,
    limit: Limit = 20,
    cursor: Cursor = "",
) -> Items:
    """Items that satisfy all limits: without `q` the best known first, with it the nearest by meaning and by words."""
    index = service.recommender.index
    query = ("items", index.catalogue.name, len(index.catalogue), q, where or [])
    place = read_cursor(cursor, *query)
    limits = [parse_limit(index, text) for text in where or ()]
    # To search is work for the processor, which turns under way should not wait for.
    page = await to_thread(_search, index, service.pictures, q, limits, place.offset, limit, counts=counts)
    end = place.offset + len(page.data)
    more = page.data and end < page.total
    return page.model_copy(update={"next": write_cursor(Place(end), *query) if more else None})


def _search(
    index: Index, pictures: Pictures, q: str, limits: Sequence[AttributeLimit], offset: int, limit: int, *, counts: bool
) -> Items:
    found = search_catalogue(index, q, limits, offset, limit)
    return Items(
        data=tuple(ItemOut.of(item, index.catalogue, pictures) for item in found.items),
        total=found.total,
        attributes=tuple(map(AttributeOut.of, facets(index, found.rows))) if counts else (),
    )


# Before the route to one item, which a path with a slash would fit as well.
@router.get("/{item:path}/similar")
async def find_similar(
    request: Request, service: Serviced, caller: Reading, item: ItemName, limit: Limit = 20, cursor: Cursor = ""
) -> Items | ItemOut:
    """Items like one by their descriptions, the most similar first."""
    if _ends_encoded(request):
        return _one(service, f"{item}/similar")
    index = service.recommender.index
    query = ("similar", index.catalogue.name, len(index.catalogue), item)
    place = read_cursor(cursor, *query)
    found = await to_thread(similar_items, index, [item], _ALIKE)
    end = place.offset + limit
    alike = [index.catalogue.item(candidate.item) for candidate in found[place.offset : end]]
    return Items(
        data=tuple(ItemOut.of(one, index.catalogue, service.pictures) for one in alike),
        next=write_cursor(Place(end), *query) if end < len(found) else None,
        total=len(found),
    )


@router.get("/{item:path}")
async def get_item(service: Serviced, caller: Reading, item: ItemName) -> ItemOut:
    """One item: all that the catalogue says of it."""
    return _one(service, item)


def _one(service: Service, item: str) -> ItemOut:
    catalogue = service.recommender.catalogue
    return ItemOut.of(catalogue.item(item), catalogue, service.pictures)


def _ends_encoded(request: Request) -> bool:
    """Whether `/similar` at a path's end is part of an id: then its slash was percent-encoded."""
    return bytes(request.scope.get("raw_path", b"")).lower().endswith(b"%2fsimilar")
