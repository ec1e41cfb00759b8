"""Baselines by name."""

from ...tools.chat import Chat
from ...tools.errors import InputError, SettingsError
from ...tools.index import Index
from .arag import Arag
from .asking import ModelBaseline
from .base import Baseline
from .bm25 import Bm25
from .chance import RandomItems
from .dense import Dense
from .plain_rag import PlainRag
from .popular import Popular
from .single_prompt import SinglePrompt

_PLAIN: tuple[type[Baseline], ...] = (RandomItems, Popular, Bm25, Dense)
_ASKING: tuple[type[ModelBaseline], ...] = (PlainRag, Arag, SinglePrompt)

ASKING: tuple[str, ...] = tuple(kind.name for kind in _ASKING)
"""The names of the baselines that ask a language model."""

BASELINES: tuple[str, ...] = (*(kind.name for kind in _PLAIN), *ASKING)
"""The names of all baselines."""


def make_baseline(name: str, index: Index, chat: Chat | None = None, count: int = 3) -> Baseline:
    """The baseline of that name.

    Args:
        name: one of `BASELINES`; hyphens may stand for underscores.
        index: the catalogue that it recommends from.
        chat: the language model, for those that ask one.
        count: how many items a reply shows.

    Raises:
        InputError: there is none of that name.
        SettingsError: it asks a language model, and there is none.
    """
    wanted = name.replace("-", "_")
    for plain in _PLAIN:
        if plain.name == wanted:
            return plain(index, count)
    for asking in _ASKING:
        if asking.name == wanted:
            if chat is None:
                raise SettingsError(
                    f"The baseline {name} asks a language model, and none is set.",
                    "Set llm.model, or leave the baseline out.",
                )
            return asking(index, chat, count)
    raise InputError(f"There is no baseline {name!r}.", f"There are: {', '.join(BASELINES)}.")
