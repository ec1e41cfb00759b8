"""Health: whether the process lives, whether it can serve, and its numbers, for whoever watches over it."""

import asyncio
import logging
import time

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from .access import Measuring, Serviced
from .metrics import CONTENT_TYPE
from .service import Service

PATIENCE = 2.0
"""Seconds in which the store has to answer."""

_FRESH = 1.0
"""Seconds for which the store's last answer is believed, so that probes do not become its load."""

_NAMESPACE = ("convrec", "health")
_log = logging.getLogger(__name__)


class Health(BaseModel):
    """How it is.

    Attributes:
        status: alive, ready or not ready.
        reasons: why it is not ready.
    """

    status: str
    reasons: list[str] = []


class _Look:
    """The last look at a service's store."""

    def __init__(self) -> None:
        self._time = float("-inf")
        self._answers = False
        self._one = asyncio.Lock()

    async def answers(self, service: Service) -> bool:
        """Whether the store answers in time."""
        async with self._one:
            if time.monotonic() - self._time > _FRESH:
                self._answers = await self._ask(service)
                self._time = time.monotonic()
            return self._answers

    async def _ask(self, service: Service) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await service.recommender.store.aget(_NAMESPACE, "there")
        except Exception as fault:  # noqa: BLE001 (a store of any kind, and whatever is wrong with it, it does not serve)
            _log.warning("The store does not answer: %s", type(fault).__name__)
            return False
        return True


def health_router() -> APIRouter:
    """What an orchestrator and Prometheus ask for."""
    from ..api.problems import told

    router = APIRouter(tags=["health"])
    look = _Look()

    @router.get("/healthz", summary="Whether the process lives")
    async def alive() -> Health:
        return Health(status="alive")

    @router.get(
        "/readyz", summary="Whether it can take turns", responses={503: {"model": Health, "description": "Not now"}}
    )
    async def ready(service: Serviced) -> Response:
        recommender, reasons = service.recommender, list[str]()
        if recommender.stopping:
            reasons.append("The server is stopping.")
        elif not recommender.opened:
            reasons.append("The recommender is not open yet.")
        elif not await look.answers(service):
            reasons.append("The store of memories does not answer.")
        held = Health(status="not ready" if reasons else "ready", reasons=reasons)
        return JSONResponse(held.model_dump(), 503 if reasons else 200, {"Cache-Control": "no-store"})

    @router.get("/metrics", summary="Numbers, as Prometheus reads them", response_class=Response, responses=told())
    async def metrics(service: Serviced, caller: Measuring) -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)

    return router
