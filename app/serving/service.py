"""The service: everything that one server shares among its callers, in one place."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...agents.recommender import Setup
from ...tools.answer_cache import AnswerCache
from ...tools.index import Progress
from ...tools.storage import Home
from ..minds import Minds
from ..pictures import Pictures
from ..settings import Settings
from .keys import FILE, Keys
from .metrics import Metrics
from .recommending import Served
from .throttle import Throttle

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from ..arena import Arena
    from ..jobs import Jobs


@dataclass
class Service:
    """What page, API and MCP share.

    Attributes:
        settings: what is set.
        recommender: who answers, unless a mind is asked for.
        minds: who else can answer.
        keys: who may call.
        throttle: how much a caller may.
        metrics: what has happened so far.
        pictures: which pictures may be shown.
        jobs: simulations that run for somebody.
        arena: votes between two systems.
        guarded: whether a key is asked for even where none was made, because others than this machine can call.
        closing: set when event streams that are still open are to end.
    """

    settings: Settings
    recommender: Served
    minds: Minds
    keys: Keys
    throttle: Throttle
    metrics: Metrics
    pictures: Pictures
    jobs: "Jobs"
    arena: "Arena"
    guarded: bool = field(default=False, kw_only=True)
    closing: asyncio.Event = field(default_factory=asyncio.Event, kw_only=True)


def open_service(
    settings: Settings,
    setup: Setup | None = None,
    model: "BaseChatModel | None" = None,
    on_progress: Progress | None = None,
) -> Service:
    """A service by settings; its recommender opens with the application.

    Args:
        settings: what is set.
        setup: what the recommender runs on; made from the settings when not given.
        model: any LangChain chat model, in place of the one that the settings name or find.
        on_progress: told how building the shipped catalogue's index gets on, the first time.

    Raises:
        SettingsError: a cross-encoder is set and is not on this machine.
    """
    from ..arena import open_arena
    from ..jobs import Jobs

    serve = settings.serve
    metrics = Metrics()
    recommender = Served(settings, metrics, setup, model, on_progress)
    return Service(
        settings=settings,
        recommender=recommender,
        minds=Minds(settings, AnswerCache(Home(settings.home).answers) if settings.llm.cache else None),
        keys=Keys(settings.home / FILE),
        throttle=Throttle(serve.requests, serve.turns, refused=metrics.refuse),
        metrics=metrics,
        pictures=Pictures(serve.images),
        jobs=Jobs(settings),
        arena=open_arena(settings, lambda: recommender.index),
    )
