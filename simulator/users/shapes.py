"""What a model that plays a user may answer: every field bounded, and what it points at by number, as an enum."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, create_model

from ...agents.model.shapes import Line, Shape, numbered
from ..nouns import UserAct

NONE = "none"

_CACHED = 256
_SAYS, _DROPS = 4, 2
"""Wishes that one message says, or takes back, at most."""


@lru_cache(_CACHED)
def message_shape(revealed: int, hidden: int, shown: int, sentences: int) -> type[Shape]:
    """A user's next message: see prompts/simulated_user.md for each field.

    Args:
        revealed: how many wishes they say of their own accord (r1 …).
        hidden: how many they keep to themselves (h1 …).
        shown: how many items were shown last (s1 …).
        sentences: how many sentences they say at most.
    """
    wish = _one_of((*numbered("r", revealed), *numbered("h", hidden)))
    item, wishes = _one_of(numbered("s", shown)), revealed + hidden
    return create_model(
        "Message",
        __base__=Shape,
        act=(_one_of(get_args(UserAct)), ...),
        says=_list_of(wish, min(wishes, _SAYS)),
        drops=_list_of(wish, min(wishes, _DROPS)),
        accepts=(_one_of((NONE, *numbered("s", shown))), NONE),
        rejects=_list_of(item, shown),
        sentences=_list_of(Line, sentences, 1),
    )


def _one_of(names: Sequence[str]) -> Any:
    """One of some names, in whatever case."""

    def spelt(said: Any) -> Any:
        return said.strip().lower() if isinstance(said, str) else said

    return Annotated[Literal[tuple(names) or (NONE,)], BeforeValidator(spelt)]  # type: ignore[valid-type]


def _list_of(kind: Any, most: int, least: int = 0) -> Any:
    """A list of so many; of more, the first count, and one value alone is a list of one."""

    def listed(said: Any) -> Any:
        return said[:most] if isinstance(said, list) else [said] if isinstance(said, str) and said else said

    given = Field(min_length=least, max_length=most) if least else Field(default_factory=list, max_length=most)
    return (Annotated[list[kind], BeforeValidator(listed)], given)
