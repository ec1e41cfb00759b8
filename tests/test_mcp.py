"""The MCP tools by the official client: in memory, and over HTTP with keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from api_stage import as_service, as_user, open_stage
from convrec.agents.recommender import Recommender
from convrec.app.mcp.desk import Desk
from convrec.app.mcp.http import tell_fault
from convrec.app.mcp.server import make_server
from convrec.app.mcp.toolset import TOOLS, instructions
from convrec.app.serving.access import Caller
from convrec.app.serving.application import make_app
from convrec.app.serving.keys import SCOPES
from convrec.app.serving.service import Service
from convrec.tools.errors import MessageError, StoreError
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult
from talk_stage import recommender

module_loop = pytest.mark.asyncio(loop_scope="module")

URL = "http://testserver/mcp"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_memories", "arguments": {}}}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recommender]:
    async with recommender(tmp_path_factory.mktemp("mcp")) as opened:
        yield opened


def server(talker: Any, user: str, *scopes: Any) -> Any:
    """The server, as one user's calls reach it."""
    caller = Caller(user, frozenset(scopes or SCOPES))
    return make_server(Desk(talker, lambda _: caller, lambda _: nullcontext()), instructions("tea", "teas"))


async def call(talker: Any, user: str, tool: str, **arguments: Any) -> Any:
    """What a tool gives."""
    async with Client(server(talker, user)) as client:
        result = await client.call_tool(tool, arguments)
    assert not result.is_error, words(result)
    return result.structured_content


async def refusal(talker: Any, user: str, tool: str, **arguments: Any) -> str:
    """Why a tool gives nothing."""
    async with Client(server(talker, user)) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert "Traceback" not in words(result)
    return words(result)


def words(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if block.type == "text")


# What a client sees


@module_loop
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_clients_of_the_old_and_the_new_protocol_see_the_tools(talker: Recommender, mode: str) -> None:
    async with Client(server(talker, "ann"), mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        told = client.instructions or ""
    assert list(tools) == list(TOOLS)
    assert told.startswith("Recommends teas from one catalogue.")
    for tool in tools.values():
        assert tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert "film" not in tool.description
    assert "- kind: labels: black, green" in str(tools["search_items"].description)
    reading = {n for n, t in tools.items() if t.annotations and t.annotations.read_only_hint}
    assert reading == {"search_items", "similar_items", "get_item", "list_memories"}
    assert [n for n, t in tools.items() if t.annotations and t.annotations.destructive_hint] == ["forget"]


@module_loop
async def test_a_tool_that_there_is_not_is_a_fault_of_the_protocol(talker: Recommender) -> None:
    async with Client(server(talker, "ann")) as client:
        with pytest.raises(MCPError, match="There are: recommend"):
            await client.call_tool("dance", {})


# Talking


@module_loop
async def test_recommend_holds_a_conversation_and_says_all_of_it_in_words_too(talker: Recommender) -> None:
    agents: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        agents.append(message or "")

    async with Client(server(talker, "talks")) as client:
        result = await client.call_tool("recommend", {"message": "a smoky black tea"}, progress_callback=heard)
    first: Any = result.structured_content
    assert first["items"][0]["id"] == "lapsang-souchong"
    assert first["items"][0]["fits"][0] == {"wish": "smoky", "verdict": "entails", "evidence": "flavour: smoky"}
    assert first["options"]
    assert "Lapsang Souchong [lapsang-souchong]" in words(result)
    assert f"Conversation: {first['thread']}" in words(result)
    assert agents[:2] == ["understand", "retrieve"]
    second = await call(talker, "talks", "recommend", message="something else", thread=first["thread"])
    assert second["thread"] == first["thread"]
    assert not {i["id"] for i in first["items"]} & {i["id"] for i in second["items"]}


@module_loop
async def test_where_nothing_fits_the_nearest_are_told_as_what_they_are(talker: Recommender) -> None:
    got = await call(talker, "misses", "recommend", message="a white tea that steeps at most 1 minute")
    assert got["items"] == []
    assert all(item["fits"][0]["verdict"] == "contradicts" for item in got["nearest"])


@module_loop
async def test_anothers_conversation_is_told_of_as_one_that_never_was(talker: Recommender) -> None:
    hers = await call(talker, "hers", "recommend", message="a black tea")
    told = [await refusal(talker, "his", "recommend", message="hi", thread=t) for t in (hers["thread"], "f" * 32)]
    assert told[0].replace(hers["thread"], "f" * 32) == told[1]
    assert "Leave `thread` out" in told[0]
    assert await talker.threads(user="his") == []


# Looking things up


@module_loop
async def test_search_brings_what_fits_the_limits(talker: Recommender) -> None:
    limits = [{"attribute": "kind", "any_of": ["Black"]}, {"attribute": "minutes", "high": 4}]
    got = await call(talker, "ann", "search_items", query="smoky", limits=limits, k=1)
    assert got["total"] == 3
    assert got["items"][0]["id"] in ("keemun-hao", "lapsang-souchong")
    assert got["items"][0]["facts"]["kind"] == ["black"]
    as_text = '[{"attribute": "kind", "any_of": ["white"], "exclude": true}]'
    assert (await call(talker, "ann", "search_items", query="tea", limits=as_text))["total"] == 11


@module_loop
async def test_where_a_search_brings_nothing_it_says_which_limit_to_loosen(talker: Recommender) -> None:
    limits = [{"attribute": "kind", "any_of": ["white"]}, {"attribute": "minutes", "high": 1}]
    got = await call(talker, "ann", "search_items", query="tea", limits=limits)
    assert got["items"] == []
    assert "No teas satisfy these limits; without the one on" in got["note"]


@module_loop
async def test_similar_items_and_one_item(talker: Recommender) -> None:
    got = await call(talker, "ann", "similar_items", ids=["sencha"], k=3)
    assert len(got["items"]) == 3
    assert "sencha" not in {i["id"] for i in got["items"]}
    item = await call(talker, "ann", "get_item", id="sencha")
    assert (item["title"], item["facts"]["kind"]) == ("Sencha", ["green"])
    assert "mown meadow" in item["text"]


@module_loop
@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("get_item", {"id": "coffee"}, "search_items gives the ids"),
        ("similar_items", {"ids": ["sencha", "coffee"]}, "no item with the id 'coffee'"),
        ("similar_items", {"ids": []}, "ids: List should have at least 1 item"),
        ("search_items", {"query": "x", "k": 51}, "Its arguments: k, limits, query"),
        ("search_items", {"query": "x", "colour": "red"}, "colour: Extra inputs"),
        (
            "search_items",
            {"query": "x", "limits": [{"attribute": "price", "high": 3}]},
            "There is no attribute 'price'",
        ),
        ("search_items", {"query": "x", "limits": [{"attribute": "kind", "any_of": ["blak"]}]}, "nearest are: 'black'"),
        ("search_items", {"query": "x", "limits": "[" * 5_000}, "limits: Input should be a valid list"),
        ("recommend", {"message": "   "}, "The message is empty"),
        ("recommend", {"message": "x" * 5_000}, "at most 4,000"),
        ("recommend", {}, "message: Field required"),
        ("remember", {"text": "x" * 401}, "at most 400"),
        ("forget", {}, "exactly one of"),
        ("forget", {"memory": "", "words": " "}, "exactly one of"),
        ("forget", {"words": "tea", "everything": True}, "exactly one of"),
        ("forget", {"memory": "nothing"}, "list_memories gives the ids"),
        ("forget", {"words": "nobody said this"}, "No memory says these words"),
    ],
)
async def test_a_call_that_cannot_be_carried_out_says_what_would_work(
    talker: Recommender, tool: str, arguments: dict[str, Any], reason: str
) -> None:
    assert reason in await refusal(talker, "ann", tool, **arguments)


# What is remembered


@module_loop
async def test_what_is_remembered_counts_and_can_be_listed_and_forgotten_one_by_one(talker: Recommender) -> None:
    (green,) = (await call(talker, "rosa", "remember", text="I never drink green tea."))["memories"]
    await call(talker, "rosa", "remember", text="I love floral teas.")
    got = await call(talker, "rosa", "recommend", message="a light tea")
    assert "green" not in {i["facts"]["kind"] for i in got["items"]}
    listed = (await call(talker, "rosa", "list_memories"))["memories"]
    assert len(listed) == 2
    assert "2 memories say these words" not in await refusal(talker, "rosa", "forget", words="zzz")
    gone = await call(talker, "rosa", "forget", memory=green["id"])
    assert gone == {"count": 1, "memories": [green]}
    gone = await call(talker, "rosa", "forget", words="FLORAL")
    assert gone["count"] == 1
    assert (await call(talker, "rosa", "list_memories"))["memories"] == []


@module_loop
async def test_words_that_several_memories_say_forget_none_and_all_go_only_by_the_flag(talker: Recommender) -> None:
    for text in ("I never drink green tea.", "I never drink white tea."):
        await call(talker, "otto", "remember", text=text)
    told = await refusal(talker, "otto", "forget", words="never")
    assert "2 memories say these words" in told
    listed = (await call(talker, "otto", "list_memories"))["memories"]
    assert all(f"[{m['id']}]" in told for m in listed)
    assert (await call(talker, "otto", "forget", everything=True))["count"] == 2
    assert (await call(talker, "otto", "list_memories"))["memories"] == []


@module_loop
async def test_anothers_memory_is_told_of_as_one_that_never_was(talker: Recommender) -> None:
    (hers,) = (await call(talker, "eva", "remember", text="I never drink green tea."))["memories"]
    told = [await refusal(talker, "adam", "forget", memory=m) for m in (hers["id"], "0" * 16)]
    assert told[0].replace(hers["id"], "0" * 16) == told[1]
    assert "No memory says" in await refusal(talker, "adam", "forget", words="green")
    assert (await call(talker, "adam", "list_memories"))["memories"] == []
    assert (await call(talker, "adam", "forget", everything=True))["count"] == 0
    assert (await call(talker, "eva", "list_memories"))["memories"] == [hers]


@module_loop
async def test_a_bug_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def open(self) -> None:
            raise RuntimeError("/srv/secret")

    assert "Something went wrong" in await refusal(Broken(), "ann", "list_memories")
    assert "secret" not in await refusal(Broken(), "ann", "list_memories")
    assert "list_memories failed" in caplog.text


# Over HTTP


@asynccontextmanager
async def over_http(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service's application."""
    app = make_app(service, None)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver") as http,
    ):
        yield http


async def test_over_http_each_key_reaches_its_own(tmp_path: Path) -> None:
    service = open_stage(tmp_path)
    shop = as_service(service, "shop")
    ann, carl = as_user(service, "ann"), shop("carl")
    async with over_http(service) as http:

        async def say(headers: dict[str, str], tool: str, mode: str = "auto", **arguments: Any) -> CallToolResult:
            http.headers.update(headers)
            async with Client(streamable_http_client(URL, http_client=http), mode=mode) as client:
                assert (client.instructions or "").startswith("Recommends teas")
                return await client.call_tool(tool, arguments)

        first: Any = (await say(ann, "recommend", message="a smoky black tea")).structured_content
        assert first["items"][0]["id"] == "lapsang-souchong"
        again = await say(ann, "recommend", mode="legacy", message="something else", thread=first["thread"])
        assert not again.is_error
        await say(ann, "remember", text="I never drink green tea.")
        lost = await say(carl, "recommend", message="something else", thread=first["thread"])
        assert lost.is_error
        assert (await say(carl, "list_memories")).structured_content == {"memories": []}
        assert [t.turns for t in await service.recommender.threads(user="ann")] == [2]


async def test_over_http_a_key_is_needed_and_its_scopes_and_limits_count(tmp_path: Path) -> None:
    service = open_stage(tmp_path, requests=4)
    reader, ann, shop = as_user(service, "reader", "items"), as_user(service, "ann"), as_service(service, "shop")
    async with over_http(service) as http:

        async def post(headers: dict[str, str]) -> httpx2.Response:
            return await http.post("/mcp", json=CALL, headers={**ACCEPT, **headers})

        for headers in ({}, {"Authorization": "Bearer convrec_0_0"}):
            answer = await post(headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await post({**ann, "X-Convrec-User": "bob"})).status_code == 404
        assert (await post({"Authorization": shop("")["Authorization"]})).status_code == 400
        assert "This key does not allow 'memory'" in (await post(reader)).text
        assert (await http.get("/mcp", headers={**ACCEPT, **ann})).status_code == 405
        assert (await http.delete("/mcp", headers=ann)).status_code == 405
        assert (await post({**ann, "Origin": "https://evil.example"})).status_code == 403
        assert (await post({**ann, "Host": "evil.example"})).status_code >= 400
        assert [(await post(ann)).status_code for _ in range(3)] == [200, 200, 429]


async def test_over_http_turns_at_once_are_limited_and_a_stopping_server_says_so(tmp_path: Path) -> None:
    service = open_stage(tmp_path, turns=1)
    body = {**CALL, "params": {"name": "recommend", "arguments": {"message": "a tea"}}}
    async with over_http(service) as http, service.throttle.turn("me"):
        answers = await asyncio.gather(*(http.post("/mcp", json=body, headers=ACCEPT) for _ in range(2)))
        assert all("1 turns are being answered already" in a.text for a in answers)
        service.recommender.stop()
    async with over_http(service) as http:
        assert "The server is stopping" in (await http.post("/mcp", json=body, headers=ACCEPT)).text


def test_over_http_nobody_is_told_of_the_servers_files(caplog: pytest.LogCaptureFixture) -> None:
    told = tell_fault(StoreError("The disk of /srv/home is full.", "Free some space in /srv/home."))
    assert "/srv" not in told
    assert "Try again later" in told
    assert "/srv/home" in caplog.text
    assert tell_fault(MessageError("The message is empty.", "Say something.")) == "The message is empty. Say something."
