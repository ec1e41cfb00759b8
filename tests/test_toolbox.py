import json
from typing import Any

import numpy as np
import pytest
from convrec.tools.catalogue import Catalogue
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from convrec.tools.toolbox import make_tools
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

SWITCH = {"attribute": "platforms", "any_of": ["Nintendo Switch"]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "search_by_meaning": {"query": "a ruined kingdom", "k": 3},
    "search_by_words": {"query": "Mario", "limits": [SWITCH]},
    "similar_items": {"ids": ["super-mario-odyssey"], "k": 5},
    "liked_together": {"ids": ["super-mario-odyssey"]},
    "popular_items": {},
    "filter_items": {"limits": [SWITCH, {"attribute": "price", "high": 30}]},
    "get_item": {"id": "super-mario-odyssey"},
}


class Standard:
    """What LangChain asks of every tool."""

    example: str

    @pytest.fixture(autouse=True)
    def _index(self, games_index: Index) -> None:
        self.index = games_index

    @property
    def tool_constructor(self) -> BaseTool:
        return named(self.index)[self.example]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return EXAMPLES[self.example]


def suites() -> dict[str, type]:
    made = {}
    for name in EXAMPLES:
        title = "".join(word.title() for word in name.split("_"))
        for suite in (ToolsUnitTests, ToolsIntegrationTests):
            kind = suite.__name__.removeprefix("Tools")
            body = {"example": name, "__module__": __name__}
            made[f"Test{title}{kind}"] = type(f"Test{title}{kind}", (Standard, suite), body)
    return made


globals().update(suites())


def named(index: Index, allowed: np.ndarray | None = None) -> dict[str, BaseTool]:
    return {tool.name: tool for tool in make_tools(index, allowed)}


def ask(index: Index, tool: str, allowed: np.ndarray | None = None, **arguments: Any) -> ToolMessage:
    call = {"name": tool, "args": arguments, "id": "call 1", "type": "tool_call"}
    return named(index, allowed)[tool].invoke(call)


def ids(message: ToolMessage) -> list[str]:
    assert message.status == "success", message.content
    return [entry["id"] for entry in json.loads(str(message.content))]


def fault(message: ToolMessage) -> str:
    assert message.status == "error", message.content
    return str(message.content)


def test_every_tool_has_its_example(games_index: Index) -> None:
    assert set(named(games_index)) == set(EXAMPLES)


def test_what_people_liked_is_no_tool_where_nobody_told(games_index: Index) -> None:
    quiet = Index(games_index.catalogue, games_index.encoder, games_index.vectors, games_index.lexical)
    assert set(named(quiet)) == set(EXAMPLES) - {"liked_together"}


@pytest.mark.parametrize("tool", EXAMPLES)
def test_a_model_sees_bounded_arguments_with_their_meaning(games_index: Index, tool: str) -> None:
    seen = convert_to_openai_tool(named(games_index)[tool])["function"]
    assert len(seen["description"]) > 30
    for name, argument in seen["parameters"]["properties"].items():
        assert argument["description"], name
        bounds = {"integer": "maximum", "string": "maxLength", "array": "maxItems"}
        assert bounds[argument["type"]] in argument, name


def test_the_filter_tells_which_attributes_there_are(games_index: Index) -> None:
    told = named(games_index)["filter_items"].description
    for attribute in games_index.catalogue.schema.attributes:
        assert f"- {attribute.name}" in told
    assert "Action" in told
    assert "USD" in told


def test_an_agent_finds_filters_and_reads_an_item(games_index: Index) -> None:
    found = ask(games_index, "search_by_words", query="dancers and dinosaurs with a plumber", k=3)
    assert "super-mario-odyssey" in ids(found)
    assert [c.item for c in found.artifact] == ids(found)
    entry = json.loads(str(found.content))[0]
    assert set(entry) == {"id", "title", "score", "facts"}
    alike = ask(games_index, "similar_items", ids=ids(found)[:1], k=4, limits=[SWITCH])
    assert len(ids(alike)) == 4
    assert ids(found)[0] not in ids(alike)
    item = games_index.catalogue.item(ids(alike)[0])
    full = ask(games_index, "get_item", id=item.id)
    assert full.artifact == item
    assert json.loads(str(full.content))["text"] == item.text
    assert json.loads(str(full.content))["facts"]["platforms"] == list(item.attributes["platforms"])


async def test_tools_run_side_by_side(games_index: Index) -> None:
    import asyncio

    tools = named(games_index)
    calls = [{"name": name, "args": EXAMPLES[name], "id": name, "type": "tool_call"} for name in EXAMPLES]
    answers = await asyncio.gather(*(tools[str(call["name"])].ainvoke(call) for call in calls))
    assert [a.tool_call_id for a in answers] == list(EXAMPLES)
    assert all(a.status == "success" for a in answers)


def test_limits_hold_for_every_listing(games_index: Index) -> None:
    limits = [SWITCH, {"attribute": "price", "low": 10, "high": 40}, {"attribute": "genres", "any_of": ["Action"]}]
    limits[2]["exclude"] = True
    expected = {
        i.id
        for i in games_index.catalogue.items
        if "Nintendo Switch" in i.attributes.get("platforms", ())  # type: ignore[operator]
        and 10 <= i.attributes.get("price", -1) <= 40  # type: ignore[operator]
        and "Action" not in i.attributes.get("genres", ())  # type: ignore[operator]
    }
    assert len(expected) > 3
    for tool in ("popular_items", "filter_items"):
        assert set(ids(ask(games_index, tool, limits=limits, k=50))) == expected
    seed = next(iter(sorted(expected)))
    for tool, arguments in (
        ("search_by_meaning", {"query": "a farm"}),
        ("search_by_words", {"query": "a the game of kingdom and town or story world life"}),
        ("similar_items", {"ids": [seed]}),
        ("liked_together", {"ids": [seed]}),
    ):
        found = set(ids(ask(games_index, tool, limits=limits, k=50, **arguments)))
        assert found
        assert found <= expected


def test_nothing_outside_the_allowed_rows_is_ever_listed(games_index: Index) -> None:
    allowed = np.zeros(len(games_index.catalogue), dtype=bool)
    allowed[[3, 5, 8]] = True
    some = {games_index.catalogue.items[row].id for row in (3, 5, 8)}
    for tool in set(EXAMPLES) - {"get_item"}:
        message = ask(games_index, tool, allowed, **EXAMPLES[tool])
        assert {c.item for c in message.artifact} <= some
    assert set(ids(ask(games_index, "popular_items", allowed, k=50))) == some


def test_a_year_counts_to_its_end_and_a_day_is_exact(games_index: Index) -> None:
    def between(low: Any, high: Any) -> set[str]:
        limit = {"attribute": "release_date", "low": low, "high": high}
        return set(ids(ask(games_index, "filter_items", limits=[limit], k=50)))

    dated = {i.id: str(i.attributes["release_date"]) for i in games_index.catalogue.items}
    year = {i for i, day in dated.items() if day.startswith("2017")}
    assert "the-legend-of-zelda-breath-of-the-wild" in year
    assert between(2017, 2017) == between("2017", "2017") == between("2017-01-01", "2017-12-31") == year
    months = {day[:7] for day in dated.values()}
    assert any(month.endswith("-12") for month in months)
    for month in months:
        assert between(month, month) == {i for i, day in dated.items() if day.startswith(month)}
    assert between("2017-03-03", "2017-03-03") == {i for i in year if dated[i] == "2017-03-03"}


def test_labels_are_found_by_case_and_by_synonym(games_index: Index) -> None:
    def of(label: str, attribute: str = "platforms") -> list[str]:
        return ids(ask(games_index, "filter_items", limits=[{"attribute": attribute, "any_of": [label]}], k=50))

    assert of("Nintendo Switch") == of("nintendo switch") == of("Switch") == of("Switch", "console")


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"attribute": "weight", "low": 3}, ["no attribute 'weight'", "platforms", "price"]),
        ({"attribute": "genres", "any_of": ["Acton"]}, ["no item has the genre 'acton'", "'Action'"]),
        ({"attribute": "genres", "any_of": ["qqqq"]}, ["'qqqq'", "Common ones", "'Action'"]),
        ({"attribute": "genres", "low": 3}, ["category", "any_of"]),
        ({"attribute": "price", "any_of": ["cheap"]}, ["number", "low, high"]),
        ({"attribute": "price"}, ["number", "low, high"]),
        ({"attribute": "price", "low": "cheap"}, ["low", "a number", "'cheap'"]),
        ({"attribute": "price", "low": "nan"}, ["low", "a number"]),
        ({"attribute": "price", "low": 30, "high": 10}, ["low (30", "above high (10"]),
        ({"attribute": "release_date", "low": "last year"}, ["release_date", "1994-03-01", "'last year'"]),
        ({"attribute": "release_date", "high": "2017-13"}, ["release_date", "1994-03-01"]),
    ],
)
def test_a_limit_that_cannot_be_used_is_told_with_what_can(
    games_index: Index, limit: dict[str, Any], words: list[str]
) -> None:
    told = fault(ask(games_index, "filter_items", limits=[limit]))
    for word in words:
        assert word.lower() in told.lower()


@pytest.mark.parametrize("tool", ["similar_items", "liked_together"])
def test_an_unknown_id_is_told_with_the_ids_of_such_titles(games_index: Index, tool: str) -> None:
    told = fault(ask(games_index, tool, ids=["super-mario-odyssey", "Breath of the Wild"]))
    assert "the-legend-of-zelda-breath-of-the-wild" in told
    assert "super-mario" not in told.split("Did you mean")[0]
    assert "the-legend-of-zelda-breath-of-the-wild" in fault(ask(games_index, "get_item", id="BotW"))
    assert "search_by_words" in fault(ask(games_index, "get_item", id="zzzzqqqq"))


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("search_by_meaning", {}, ["query", "required"]),
        ("search_by_meaning", {"query": "x", "k": 51}, ["k", "50"]),
        ("search_by_words", {"query": ""}, ["query", "at least 1"]),
        ("search_by_words", {"query": "x", "genre": "Action"}, ["genre", "arguments: k, limits, query"]),
        ("similar_items", {"ids": []}, ["ids", "at least 1"]),
        ("filter_items", {"limits": []}, ["limits", "at least 1"]),
        ("filter_items", {"limits": [{"attribute": "price", "max": 3}]}, ["limits.0.max"]),
        ("get_item", {"id": 7}, ["id", "string"]),
    ],
)
def test_arguments_that_do_not_fit_are_named(
    games_index: Index, tool: str, arguments: dict[str, Any], words: list[str]
) -> None:
    told = fault(ask(games_index, tool, **arguments))
    for word in words:
        assert word.lower() in told.lower()


def test_when_nothing_fits_the_limit_that_excludes_most_is_named(games_index: Index) -> None:
    limits = [{"attribute": "genres", "any_of": ["Action"]}, {"attribute": "price", "low": 1000}, SWITCH]
    message = ask(games_index, "filter_items", limits=limits)
    assert message.status == "success"
    assert message.artifact == []
    assert "without the one on 'price'" in str(message.content)
    assert "Use other words" in str(ask(games_index, "search_by_words", query="xyzzy").content)


def test_a_bare_catalogue_has_working_tools(games_index: Index) -> None:
    items = [Item(id="a", title="One thing", text="red"), Item(id="b", title="Another thing", text="blue")]
    from convrec.tools.lexical import Lexical
    from convrec.tools.vectors import Vectors

    encoder = games_index.encoder
    texts = [f"{i.title} {i.text}" for i in items]
    vectors = Vectors(encoder.encode(texts), ["a", "b"], lambda: None)
    bare = Index(Catalogue("bare", Schema(), items), encoder, vectors, Lexical.build(texts))
    assert ids(ask(bare, "search_by_words", query="blue")) == ["b"]
    assert ids(ask(bare, "search_by_meaning", query="red"))[0] == "a"
    assert ids(ask(bare, "similar_items", ids=["a"])) == ["b"]
    assert len(ids(ask(bare, "popular_items"))) == 2
    assert "no attributes" in fault(ask(bare, "filter_items", limits=[{"attribute": "x", "low": 1}]))
    assert json.loads(str(ask(bare, "get_item", id="a").content))["text"] == "red"
