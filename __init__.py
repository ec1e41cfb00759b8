"""convrec: a conversational recommender built from language-model agents, for any catalogue.

from convrec import Recommender

async with Recommender() as recommender:
    answer = await recommender.reply("a funny French film, not too long", user="u", thread="t")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agents.state import Answer, Card, Step
    from .app.build import Recommender
    from .app.settings import Settings
    from .tools.errors import ConvrecError

__all__ = ["Answer", "Card", "ConvrecError", "Recommender", "Settings", "Step"]

_HOMES = {
    "Answer": ".agents.state",
    "Card": ".agents.state",
    "ConvrecError": ".tools.errors",
    "Recommender": ".app.build",
    "Settings": ".app.settings",
    "Step": ".agents.state",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home, __name__), name)
