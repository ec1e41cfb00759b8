"""The HTTP API: conversations, items and memories under /v1, and the protocol of OpenAI under /openai/v1."""

from .openai import router as openai_router
from .routes import router

__all__ = ["openai_router", "router"]
