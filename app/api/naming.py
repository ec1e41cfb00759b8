"""The names that stand in paths: of threads, items, preferences and memories."""

from typing import Annotated

from fastapi import Path

_PLAIN = r"^[^\x00-\x1f\x7f]+$"

ThreadName = Annotated[
    str, Path(description="The conversation's id, from POST /v1/threads.", max_length=200, pattern=_PLAIN)
]
ItemName = Annotated[
    str,
    Path(description="The item's id, percent-encoded: a slash in it as %2F.", max_length=1_000, pattern=_PLAIN),
]
PreferenceKey = Annotated[
    str,
    Path(description="The preference's `key`, percent-encoded.", max_length=10_000, pattern=_PLAIN),
]
MemoryName = Annotated[str, Path(description="The memory's id, whole.", max_length=100, pattern=_PLAIN)]
