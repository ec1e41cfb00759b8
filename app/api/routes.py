"""All routes of the API under /v1."""

from fastapi import APIRouter

from . import catalogue, items, memories, simulations, threads, turns, users

router = APIRouter(prefix="/v1")
for part in (threads, turns, items, catalogue, memories, users, simulations):
    router.include_router(part.router)
