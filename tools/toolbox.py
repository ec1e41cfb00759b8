"""The search functions as LangChain tools, for an agent whose model chooses them: arguments checked, faults explained.

A fault comes back as the tool's answer, with what would work, so that a model can mend its call.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .asked_limits import AttributeLimit, nearest_names, rows_within
from .describing import describe_attributes
from .errors import InputError, UnknownItemError
from .index import Index
from .items import Item
from .search import (
    Candidate,
    liked_together,
    popular_items,
    search_by_meaning,
    search_by_words,
    similar_items,
)

MOST = 50
"""At most so many items in an answer."""

_EXAMPLES = 8
_PROSE = 200

Fact = str | float | list[str]


class PopularItems(BaseModel):
    """What every tool that lists items takes."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(default=10, ge=1, le=MOST, description=f"How many items to bring, 1 to {MOST}.")
    limits: list[AttributeLimit] = Field(
        default_factory=list, max_length=10, description="Limits that every item must satisfy, as in filter_items."
    )


class SearchItems(PopularItems):
    """What the two searches take."""

    query: str = Field(min_length=1, max_length=1000, description="What to look for, in the user's own words.")


class ItemsLike(PopularItems):
    """What the tools take that start from items."""

    ids: list[str] = Field(min_length=1, max_length=20, description="Ids of items, as other tools give them.")


class FilterItems(PopularItems):
    """What filter_items takes."""

    limits: list[AttributeLimit] = Field(
        min_length=1, max_length=10, description="Limits that every item must satisfy."
    )


class OneItem(BaseModel):
    """What get_item takes."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=200, description="The item's id, as other tools give it.")


class FoundItem(BaseModel):
    """An item in a list: what a model needs to choose, and the score of the tool that found it."""

    id: str
    title: str
    score: float
    facts: dict[str, Fact]


class FullItem(BaseModel):
    """All that the catalogue says of an item."""

    id: str
    title: str
    facts: dict[str, Fact]
    aliases: list[str] = []
    text: str = ""
    url: str = ""


def make_tools(index: Index, allowed: np.ndarray | None = None) -> list[BaseTool]:
    """The tools over one catalogue; the one on who liked what is there only where interactions were imported.

    Each answers with a list of items (id, title, score, facts) for the model, or with a sentence where none fits, and
    with the candidates (for `get_item` the item) as artifact.

    Args:
        index: what the tools search in.
        allowed: the rows that may ever be listed, bool, shape (items,), whatever the model asks; None allows all.
    """
    noun, nouns = index.catalogue.schema.noun, index.catalogue.schema.nouns
    attributes = describe_attributes(index.catalogue, _EXAMPLES) or "none; use the other tools"

    def listing(
        name: str,
        description: str,
        arguments: type[PopularItems],
        search: Callable[[Any, np.ndarray | None], list[Candidate]],
    ) -> BaseTool:
        def run(**given: Any) -> tuple[list[dict[str, Any]] | str, list[Candidate]]:
            asked = arguments.model_validate(given)
            mask = _mask(index, asked.limits, allowed)
            try:
                found = search(asked, mask)
            except UnknownItemError as fault:
                raise ToolException(_unknown_ids(index, getattr(asked, "ids", ()))) from fault
            return _listed(index, found) or tell_nothing(index, asked.limits, allowed, nouns), found

        return _tool(name, description, arguments, run)

    tools = [
        listing(
            "search_by_meaning",
            f"Find {nouns} whose description means something near to the query, most similar first; score: cosine "
            "similarity. Good for moods, themes and plots in free words.",
            SearchItems,
            lambda asked, mask: search_by_meaning(index, asked.query, asked.k, mask),
        ),
        listing(
            "search_by_words",
            f"Find {nouns} that share words with the query, best first; score: BM25. Good for names, titles and rare "
            "words.",
            SearchItems,
            lambda asked, mask: search_by_words(index, asked.query, asked.k, mask),
        ),
        listing(
            "similar_items",
            f"Find {nouns} whose descriptions are like those of the given {nouns}, most similar first; the given ones "
            "are left out.",
            ItemsLike,
            lambda asked, mask: similar_items(index, asked.ids, asked.k, mask),
        ),
        listing(
            "popular_items",
            f"The best known {nouns} first; score: from 0 (least known) to 1.",
            PopularItems,
            lambda asked, mask: popular_items(index, asked.k, mask),
        ),
        listing(
            "filter_items",
            f"Find {nouns} that satisfy all limits on attributes, best known first; {nouns} that do not say are left "
            f"out.\nAttributes:\n{attributes}",
            FilterItems,
            lambda asked, mask: popular_items(index, asked.k, mask),
        ),
        _item_tool(index, noun),
    ]
    if index.collaborative is not None:
        together = listing(
            "liked_together",
            f"Find {nouns} that people liked who also liked the given {nouns}, nearest first; the given ones are left "
            "out.",
            ItemsLike,
            lambda asked, mask: liked_together(index, asked.ids, asked.k, mask),
        )
        tools.insert(3, together)
    return tools


def _tool(name: str, description: str, arguments: type[BaseModel], run: Callable[..., Any]) -> BaseTool:
    def explain(fault: ValidationError | Any) -> str:
        return explain_arguments(name, arguments, fault)

    return StructuredTool.from_function(
        run,
        name=name,
        description=description,
        args_schema=arguments,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=explain,
    )


def _item_tool(index: Index, noun: str) -> BaseTool:
    def run(id: str) -> tuple[dict[str, Any], Item]:  # noqa: A002 (the argument's name is what a model sees)
        try:
            item = index.catalogue.item(id)
        except UnknownItemError as fault:
            raise ToolException(_unknown_id(index, id)) from fault
        full = FullItem(
            id=item.id,
            title=item.title,
            facts=item_facts(index, item, full=True),
            aliases=list(item.aliases),
            text=item.text,
            url=item.url,
        )
        return full.model_dump(exclude_defaults=True), item

    return _tool("get_item", f"All that the catalogue says of one {noun}.", OneItem, run)


def _listed(index: Index, found: Sequence[Candidate]) -> list[dict[str, Any]]:
    listed = []
    for candidate in found:
        item = index.catalogue.item(candidate.item)
        entry = FoundItem(id=item.id, title=item.title, score=round(candidate.score, 4), facts=item_facts(index, item))
        listed.append(entry.model_dump())
    return listed


def item_facts(index: Index, item: Item, *, full: bool = False) -> dict[str, Fact]:
    """What an item's attributes say; in a list without the ones that cards hide, and with long prose cut."""
    facts: dict[str, Fact] = {}
    for attribute in index.catalogue.schema.attributes:
        value = item.attributes.get(attribute.name)
        if value is None or value == () or not (full or attribute.shown):
            continue
        if isinstance(value, tuple):
            facts[attribute.name] = list(value if full else value[:_EXAMPLES])
        elif isinstance(value, str) and not full and len(value) > _PROSE:
            facts[attribute.name] = value[:_PROSE].rsplit(" ", 1)[0] + " ..."
        else:
            facts[attribute.name] = value
    return facts


def _mask(index: Index, limits: Sequence[AttributeLimit], allowed: np.ndarray | None) -> np.ndarray | None:
    """The rows that satisfy limits and may be listed; None where all may.

    Raises:
        ToolException: a limit cannot be used; the message says what can.
    """
    try:
        mask = rows_within(index, limits)
    except InputError as fault:
        raise ToolException(f"{fault} {fault.hint}".rstrip()) from fault
    if mask is None or allowed is None:
        return allowed if mask is None else mask
    return mask & allowed


def tell_nothing(index: Index, limits: Sequence[AttributeLimit], allowed: np.ndarray | None, nouns: str) -> str:
    """Why nothing was found, and which limit to loosen."""
    if not limits:
        return f"No {nouns} found. Use other words or another tool."
    if (mask := _mask(index, limits, allowed)) is not None and mask.any():
        return f"No {nouns} found within these limits. Use other words or another tool."
    without = [_mask(index, [*limits[:place], *limits[place + 1 :]], allowed) for place in range(len(limits))]
    counts = [len(index.catalogue) if mask is None else int(mask.sum()) for mask in without]
    place = int(np.argmax(counts))
    if not counts[place]:
        return f"No {nouns} satisfy these limits, and none would without any one of them. Use fewer limits."
    return f"No {nouns} satisfy these limits; without the one on {limits[place].attribute!r}, {counts[place]} would."


def _unknown_ids(index: Index, ids: Sequence[str]) -> str:
    return " ".join(_unknown_id(index, i) for i in ids if i not in index.catalogue.row_of)


def _unknown_id(index: Index, item_id: str) -> str:
    """That there is no such item, and the ids of those that are called so."""
    titles = {title: item.id for item in reversed(index.catalogue.items) for title in (item.title, *item.aliases)}
    near = dict.fromkeys(titles[title] for title in nearest_names(item_id, list(titles)))
    shown = item_id if len(item_id) <= 60 else item_id[:57] + "..."
    told = f"Did you mean: {', '.join(map(repr, near))}?" if near else "Find ids with search_by_words."
    return f"There is no item with the id {shown!r}. {told}"


def explain_arguments(name: str, arguments: type[BaseModel], fault: ValidationError | Any) -> str:
    """Which arguments cannot be used and why, and which there are."""
    if not isinstance(fault, ValidationError):
        return f"{name} cannot be called so: {fault}"
    faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in fault.errors()[:5])
    return f"{name} cannot be called so: {faults}. Its arguments: {', '.join(arguments.model_fields)}."
