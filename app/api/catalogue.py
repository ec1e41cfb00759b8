"""The catalogue, as callers need to know it, and who can answer."""

from asyncio import to_thread
from weakref import WeakKeyDictionary

from fastapi import APIRouter

from ...tools.browsing import facets
from ...tools.index import Index
from ..minds import EFFORTS
from ..serving.access import Chatting, Reading, Serviced
from .idempotency import Route
from .problems import told
from .shapes import AttributeOut, CatalogueOut, ModelOut, Models

router = APIRouter(route_class=Route, responses=told())

_described: WeakKeyDictionary[Index, CatalogueOut] = WeakKeyDictionary()
"""What was said of an index once; counting all its labels takes tens of milliseconds."""


@router.get("/catalogue", tags=["items"])
async def get_catalogue(service: Serviced, caller: Reading) -> CatalogueOut:
    """What the catalogue holds: what items are called, how many there are, and what is known of them."""
    index = service.recommender.index
    if index not in _described:
        _described[index] = await to_thread(_describe, index, service.recommender.examples)
    return _described[index]


def _describe(index: Index, examples: tuple[str, ...]) -> CatalogueOut:
    catalogue = index.catalogue
    usable = {f.name: AttributeOut.of(f) for f in facets(index)}
    prose = {
        a.name: AttributeOut(name=a.name, label=a.label or a.name, kind=a.kind)
        for a in catalogue.schema.attributes
        if a.name not in usable
    }
    return CatalogueOut(
        name=catalogue.name,
        noun=catalogue.schema.noun,
        nouns=catalogue.schema.nouns,
        count=len(catalogue),
        attributes=tuple({**usable, **prose}[a.name] for a in catalogue.schema.attributes),
        examples=examples,
    )


@router.get("/models", tags=["turns"])
async def list_models(service: Serviced, caller: Chatting) -> Models:
    """Who can answer a turn: models, and how many agents may ask them."""
    models = await to_thread(lambda: service.minds.models)
    return Models(
        models=tuple(ModelOut(id=name, default=name == models[0]) for name in models),
        efforts=EFFORTS,
        effort=service.settings.llm.effort,
        brain=service.recommender.brain,
    )
