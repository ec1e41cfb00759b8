"""The retrieval agent, model brain: looks at what was found, and searches further while that is not enough.

The first search is the built-in one, with the searches that the understanding agent asked for. Then the model may call
the tools of tools/toolbox.py, several at once, in at most so many rounds; every tool searches only what may be shown,
and a tool that finds nothing says why, to the model.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool

from ...prompts import data, render
from ...tools.index import Index
from ...tools.search import Candidate, fuse
from ...tools.toolbox import make_tools
from ..brains import Model
from ..retrieve import DEPTH, WEIGHTS, Retrieved, may_be_shown
from ..retrieve import retrieve as search
from ..state import Judged, Understanding, Wish
from .shapes import all_chosen, searches_shape
from .telling import NOTHING, candidate_data, wish_data

ROUNDS = 2
"""Times that the model may look."""

_SHOWN = 12
_LONGEST = 400
"""Tokens of the answer at most."""

_LEFT_OUT = ("get_item", "filter_items")
"""Tools of no use here: limits hold in every search already, and an item's text is shown."""


async def retrieve(
    model: Model, wish: Wish, understanding: Understanding, index: Index, text: str, kept: int = 3
) -> Retrieved:
    """Candidates for a wish, from as many searches as it took; `kept` calls are left to the agents that follow."""
    found = await search(wish, understanding, index)
    if not found.candidates:
        return found
    allowed: np.ndarray = may_be_shown(wish, understanding, index)
    tools = {t.name: t for t in make_tools(index, allowed) if t.name not in _LEFT_OUT}
    lists = {"built in": [Candidate(c.item, c.score) for c in found.candidates]}
    candidates, told = found.candidates, ""
    for number in range(ROUNDS):
        if not model.spare(kept):
            break
        shown = candidates[:_SHOWN]
        said: Any = await model.answer(
            _prompt(shown, tools, wish, index, text, told),
            searches_shape(tuple(tools), len(shown)),
            _LONGEST,
            keep=kept,
        )
        if said.enough or not said.searches:
            break
        answers = await asyncio.gather(*(_run(tools[s.tool], s, shown) for s in said.searches))
        told = "\n".join(
            f"{s.tool}: {a.content}" for s, a in zip(said.searches, answers, strict=True) if not a.artifact
        )
        lists |= {f"{number} {n} {a.name}": a.artifact for n, a in enumerate(answers) if a.artifact}
        candidates = _fused(lists, found.candidates)
    return Retrieved(candidates)


def _prompt(
    shown: Sequence[Judged], tools: Mapping[str, BaseTool], wish: Wish, index: Index, text: str, told: str
) -> Any:
    return render(
        "retrieve",
        nouns=index.catalogue.schema.nouns,
        tools="\n".join(f"- {t.name}: {t.description}" for t in tools.values()),
        wishes=wish_data(wish, index),
        found=candidate_data(shown, wish, index),
        told=told or NOTHING,
        message=data("message", text),
    )


async def _run(tool: BaseTool, asked: Any, shown: Sequence[Judged]) -> ToolMessage:
    given: dict[str, Any] = {"k": min(DEPTH, 50)}
    if "query" in tool.args:
        given["query"] = asked.query
    if "ids" in tool.args:
        given["ids"] = [j.item for j in all_chosen("c", asked.items, shown)]
    return await tool.ainvoke({"type": "tool_call", "id": tool.name, "name": tool.name, "args": given})


def _fused(lists: Mapping[str, list[Candidate]], first: Sequence[Judged]) -> list[Judged]:
    """All lists as one, by reciprocal rank; the first search counts as much as two others."""
    weights = {name: 2.0 * WEIGHTS["meaning"] if name == "built in" else WEIGHTS["meaning"] for name in lists}
    before = {j.item: j for j in first}
    found = []
    for candidate in fuse(lists, weights)[: 2 * DEPTH]:
        ranks = {name.split()[-1]: rank for name, rank in candidate.ranks.items() if name != "built in"}
        known = before.get(candidate.item)
        tools = {**(known.tools if known else {}), **ranks}
        found.append(Judged(item=candidate.item, score=candidate.score, tools=tools))
    return found
