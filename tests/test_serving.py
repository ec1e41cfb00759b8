import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
import uvicorn
from api_stage import as_service, as_user, begin_thread, open_stage, say, served
from convrec.agents.recommender import Setup
from convrec.app.serving.application import make_app
from convrec.app.serving.bodies import BodyLimit
from convrec.app.serving.closing import Closing
from convrec.app.serving.documentation import api_page
from convrec.app.serving.heads import BoundedHeads
from convrec.app.serving.recommending import Served
from convrec.app.serving.server import Server, check_open, listen, serve
from convrec.app.serving.service import Service
from convrec.tools.errors import MessageError, SettingsError, StoppingError
from convrec.tools.storage import Home
from fastapi import FastAPI
from fastapi.testclient import TestClient
from langgraph.store.memory import InMemoryStore
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from talk_stage import index_of


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service that needs no key."""
    return open_stage(tmp_path_factory.mktemp("open"), body=2_000, origins=("https://shop.example",))


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    with served(service) as opened:
        yield opened


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with keys."""
    made = open_stage(tmp_path_factory.mktemp("shut"))
    made.keys.add("somebody", "user", ("chat",))
    return made


@pytest.fixture(scope="module")
def locked(shut: Service) -> Iterator[TestClient]:
    async def make() -> FastAPI:
        # Where no loop runs, Gradio makes one and never closes it.
        with gr.Blocks() as page:
            gr.Markdown("hello")
        return make_app(shut, page)

    with TestClient(asyncio.run(make()), follow_redirects=False) as opened:
        yield opened


def number(service: Service, line: str) -> float:
    """A line of the metrics; 0 where it is not there yet."""
    found = [one for one in service.metrics.text().decode().splitlines() if one.startswith(line)]
    return sum(float(one.rpartition(" ")[2]) for one in found)


def test_what_a_program_gets_wrong_is_a_problem_also_where_a_page_is_shown(locked: TestClient) -> None:
    for method, path, status in (
        ("GET", "/v1/nosuch", 404),
        ("GET", "/openai/v1/nosuch", 404),
        ("PUT", "/v1/threads", 405),
        ("HEAD", "/v1/threads", 405),
    ):
        answer = locked.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert method == "HEAD" or "/docs" in answer.json()["hint"]
    assert "<!doctype html>" in locked.get("/nosuch").text


def test_health_needs_no_key_and_metrics_do(locked: TestClient, shut: Service) -> None:
    assert locked.get("/healthz").json() == {"status": "alive", "reasons": []}
    assert locked.get("/readyz").json()["status"] == "ready"
    assert locked.get("/metrics").status_code == 401
    assert locked.get("/metrics", headers=as_user(shut, "ada")).status_code == 403
    answer = locked.get("/metrics", headers=as_service(shut, "prometheus", "metrics")("scraper"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "process_resident_memory_bytes" in answer.text


def test_turns_are_counted_by_what_they_were_and_never_by_who_or_what_was_said(
    client: TestClient, service: Service
) -> None:
    before = number(service, 'convrec_turns_total{act="request",brain="built-in"}')
    zoe = {"X-Convrec-User": "zoe-of-the-tests"}
    say(client, begin_thread(client, zoe), "a green tea", zoe)
    text = client.get("/metrics").text
    assert number(service, 'convrec_turns_total{act="request",brain="built-in"}') == before + 1
    assert 'route="/v1/threads/{thread}/turns"' in text
    assert "convrec_turns_under_way 0.0" in text
    assert "zoe" not in text
    assert "green" not in text


def test_a_thousand_paths_are_one_route(client: TestClient, service: Service) -> None:
    def routes() -> int:
        return service.metrics.text().decode().count("convrec_requests_total{")

    for path in ("/v1/items/x", "/nowhere", "/mcp"):
        client.get(path)
    assert 'route="/mcp"' in service.metrics.text().decode()
    before = routes()
    for one in range(20):
        client.get(f"/v1/items/x{one}")
        client.get(f"/nowhere/{one}")
    assert routes() == before


def test_a_stopping_server_is_not_ready_and_takes_no_turns(tmp_path: Path) -> None:
    service = open_stage(tmp_path)
    with served(service) as client:
        thread = begin_thread(client)
        service.recommender.stop()
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["reasons"]) == (503, ["The server is stopping."])
        answer = client.post(f"/v1/threads/{thread}/turns", json={"text": "a tea"})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/v1/threads").status_code == 200
    assert number(service, 'convrec_refused_total{reason="stopping"}') == 1


async def test_a_recommender_that_is_not_open_is_not_ready(tmp_path: Path) -> None:
    app = make_app(open_stage(tmp_path), None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "not open" in answer.text


def test_a_store_that_fails_is_told_without_its_words(tmp_path: Path) -> None:
    class Broken(InMemoryStore):
        async def abatch(self, ops: Any) -> Any:
            raise RuntimeError("password=secret at /home/secret")

    service = open_stage(tmp_path)
    setup = Setup(index=lambda: index_of("teas"), home=Home(tmp_path), store=lambda _: nullcontext(Broken()))
    service.recommender = Served(service.settings, service.metrics, setup)
    with served(service) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "store" in answer.text
    assert "secret" not in answer.text


def test_every_answer_is_guarded_errors_too(client: TestClient) -> None:
    for answer in (client.get("/healthz"), client.get("/nowhere"), client.get("/v1/items/none"), client.get("/docs")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"]
        assert "content-security-policy" in answer.headers
        assert "server" not in answer.headers


def test_foreign_names_and_foreign_pages_are_refused(client: TestClient, service: Service) -> None:
    before = number(service, "convrec_refused_total")
    assert client.get("/v1/threads", headers={"Host": "evil.example"}).status_code == 421
    assert client.post("/v1/threads", headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/mcp", headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/v1/threads", json={}, headers={"Origin": "https://shop.example"}).status_code == 201
    assert number(service, "convrec_refused_total") == before + 3


def test_only_sites_that_are_listed_may_read_answers(client: TestClient, locked: TestClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = client.options("/v1/threads", headers={"Origin": "https://shop.example", **asked})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in answer.headers
    answer = client.options("/v1/threads", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in answer.headers
    answer = locked.get("/healthz", headers={"Origin": "https://shop.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_body_that_is_too_large_is_refused_also_in_pieces(client: TestClient, service: Service) -> None:
    before = number(service, 'convrec_refused_total{reason="body"}')
    big = json.dumps({"title": "x" * 4_000}).encode()
    headers = {"Content-Type": "application/json"}
    whole = client.post("/v1/threads", content=big, headers=headers)
    pieces = client.post("/v1/threads", content=iter([big[:1_500], big[1_500:]]), headers=headers)
    for answer in (whole, pieces):
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert number(service, 'convrec_refused_total{reason="body"}') == before + 2


def test_the_page_is_behind_the_sign_in_and_its_callers_are_told_401(locked: TestClient, shut: Service) -> None:
    sent = locked.get("/", headers={"Accept": "text/html"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?to=/")
    assert locked.get("/config").status_code == 401
    assert locked.post("/gradio_api/queue/join", json={}).status_code == 401
    key = as_user(shut, "ada")["Authorization"].removeprefix("Bearer ")
    locked.post("/login", data={"key": key})
    page = locked.get("/")
    assert page.status_code == 200
    assert "gradio_config" in page.text
    assert locked.get("/config").json()["username"] == "ada"
    assert locked.get("/gradio_api/proxy=http://10.0.0.1/").status_code == 404
    # The cookie is for the page; a page of another site could send it along.
    assert locked.get("/v1/threads").status_code == 401
    locked.cookies.clear()


def test_the_documentation_is_open_whole_in_itself_and_names_every_route(locked: TestClient) -> None:
    page, document = locked.get("/docs"), locked.get("/openapi.json").json()
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "src=" not in page.text
    assert "http" not in page.headers["content-security-policy"]
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    for name in document["components"]["schemas"]:
        assert f"<code>{name}</code>" in page.text
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert "/login" not in document["paths"]


def test_the_documentation_escapes_what_it_shows() -> None:
    evil = "<script>alert(1)</script>"
    operation = {
        "summary": evil, "description": evil, "tags": [evil],
        "parameters": [{"name": evil, "in": evil, "description": evil, "schema": {"type": evil, "default": evil}}],
        "requestBody": {"content": {evil: {"schema": {"enum": [evil]}, "example": evil}}},
        "responses": {evil: {"description": evil}},
    }  # fmt: skip
    document = {
        "info": {"title": evil, "version": evil, "description": evil},
        "paths": {f"/{evil}": {"get": operation}},
        "components": {
            "schemas": {evil: {"properties": {evil: {"$ref": f"#/components/schemas/{evil}"}}, "example": evil}}
        },
    }
    assert "<script" not in api_page(document, '"><script>')


def test_a_public_server_or_one_behind_a_proxy_needs_a_key_to_begin(tmp_path: Path) -> None:
    service = open_stage(tmp_path, hosts=())
    assert check_open(service, "127.0.0.1") is False
    for host in ("0.0.0.0", "::", "192.168.1.5", "talk.example.org"):
        with pytest.raises(SettingsError) as caught:
            check_open(service, host)
        assert "convrec key add" in caught.value.hint
    for settings in ({"hosts": ("talk.example.org",)}, {"hosts": (), "proxies": ("10.0.0.2",)}):
        with pytest.raises(SettingsError):
            check_open(open_stage(tmp_path, **settings), "127.0.0.1")
    service.keys.add("ada", "user", ("chat",))
    assert check_open(service, "0.0.0.0") is True


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    (taken,) = listen("127.0.0.1", 0)
    with taken, pytest.raises(SettingsError, match="cannot listen on"):
        serve(open_stage(tmp_path, hosts=()), None, "127.0.0.1", taken.getsockname()[1])
    with pytest.raises(SettingsError):
        listen("203.0.113.7", 0)


def test_a_name_with_several_addresses_is_listened_to_at_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", 0)) for last in (1, 1, 2)]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **options: both)
    opened = listen("two.localhost", 0)
    assert {one.getsockname()[0] for one in opened} == {"127.0.0.1", "127.0.0.2"}
    assert len({one.getsockname()[1] for one in opened}) == 1
    for one in opened:
        one.close()


@asynccontextmanager
async def wire() -> AsyncIterator[Callable[[bytes], Awaitable[bytes]]]:
    """Sends bytes to a server that answers with how many headers it was told, and brings all that comes back."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        body = str(len(scope["headers"])).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(app, http=BoundedHeads, lifespan="off", log_config=None)
    server, (listening,) = uvicorn.Server(config), listen("127.0.0.1", 0)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup([listening])

    async def tell(told: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        answer = b""
        with suppress(ConnectionError):
            writer.write(told)
            await writer.drain()
        with suppress(ConnectionError):
            answer = await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return answer

    try:
        yield tell
    finally:
        await server.shutdown([listening])
        listening.close()


async def test_a_head_without_end_is_not_read_to_its_end() -> None:
    begin = b"POST / HTTP/1.1\r\nHost: x\r\n"
    chunked = begin + b"Transfer-Encoding: chunked\r\n\r\n"
    async with wire() as tell:
        for endless in (
            begin + b"a: " + b"b" * 2_000_000,
            begin + b"a: b\r\n" * 300_000,
            chunked + b"1;" + b"x" * 2_000_000,
        ):
            assert not (await tell(endless)).startswith(b"HTTP/1.1 200")
        long = await tell(begin + b"a: " + b"b" * 30_000 + b"\r\nContent-Length: 300000\r\n\r\n" + b"c" * 300_000)
        assert long.startswith(b"HTTP/1.1 200")


async def test_what_comes_after_a_body_is_no_header() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    async with wire() as tell:
        assert (await tell(chunked + b"X-Convrec-User: ann\r\n\r\n")).endswith(b"\r\n2\r\n0\r\n\r\n")


async def test_a_head_or_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.app.serving.heads.PATIENCE", 0.01)
    async with wire() as tell:
        assert await tell(b"GET / HTTP/1.1\r\nHost:") == b""

    async def nothing_comes(*_: Any) -> Any:
        await asyncio.Event().wait()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    monkeypatch.setattr("convrec.app.serving.bodies.PATIENCE", 0.01)
    limited = BodyLimit(app, 10, lambda why: None)
    with pytest.raises(HTTPException, match="408"):
        await limited({"type": "http", "headers": []}, nothing_comes, nothing_comes)


class SlowStore(InMemoryStore):
    """Memories that may be held, and are then looked up only when they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting, self.two, self.go = 0, asyncio.Event(), asyncio.Event()
        self.go.set()

    async def abatch(self, ops: Any) -> Any:
        self.waiting += not self.go.is_set()
        if self.waiting == 2:
            self.two.set()
        await self.go.wait()
        return await super().abatch(ops)


@dataclass
class Running:
    """A server on a socket, with two turns under way that wait for their store, the second one streamed."""

    server: Server
    client: httpx.AsyncClient
    store: SlowStore
    turns: list[asyncio.Task[httpx.Response]]


@asynccontextmanager
async def running(folder: Path, **settings: Any) -> AsyncIterator[Running]:
    service, store = open_stage(folder, hosts=(), **settings), SlowStore()
    setup = Setup(index=lambda: index_of("teas"), home=Home(folder), store=lambda _: nullcontext(store))
    service.recommender = Served(service.settings, service.metrics, setup)
    config = uvicorn.Config(
        make_app(service, None), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
    )
    listening = asyncio.Event()
    server = Server(config, service, listening.set)
    sockets = listen("127.0.0.1", 0)
    task = asyncio.create_task(server.serve(sockets))
    await listening.wait()
    port = sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        threads = [(await client.post("/v1/threads", json={})).json()["thread"] for _ in range(2)]
        store.go.clear()
        turns = [
            asyncio.create_task(
                client.post(f"/v1/threads/{one}/turns", json={"text": "a tea"}, headers={"Accept": kind})
            )
            for one, kind in zip(threads, ("application/json", "text/event-stream"), strict=True)
        ]
        await store.two.wait()
        yield Running(server, client, store, turns)
    store.go.set()
    server.force_exit = server.should_exit = True
    await task
    await service.recommender.aclose()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 (a real server has no event to wait for)
            await asyncio.sleep(0)


async def test_a_server_that_stops_finishes_its_turns_refuses_new_ones_and_then_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        recommender, client = stage.server.service.recommender, stage.client
        stage.server.handle_exit(signal.SIGTERM, None)
        await until(lambda: recommender.stopping)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        new = (await client.post("/v1/threads", json={})).json()["thread"]
        assert (await client.post(f"/v1/threads/{new}/turns", json={"text": "a tea"})).status_code == 503
        stage.store.go.set()
        whole, streamed = await asyncio.gather(*stage.turns)
        assert whole.status_code == 200
        assert whole.json()["reply"]
        assert streamed.headers["content-type"].startswith("text/event-stream")
        assert "reply" in streamed.text
        await until(lambda: not recommender.opened)
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")
    assert stage.server.signal == signal.SIGTERM


async def test_a_second_signal_waits_for_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        stage.server.handle_exit(signal.SIGINT, None)
        stage.server.handle_exit(signal.SIGINT, None)
        await until(lambda: stage.server.ended)
        assert not stage.store.go.is_set()
        await asyncio.gather(*stage.turns, return_exceptions=True)
    assert stage.server.signal == signal.SIGINT


async def test_turns_that_outlast_the_grace_are_cut_off(tmp_path: Path) -> None:
    async with running(tmp_path, grace=0) as stage:
        stage.server.handle_exit(signal.SIGTERM, None)
        await until(lambda: stage.server.ended and not stage.server.service.recommender.turns_under_way)
        await asyncio.gather(*stage.turns, return_exceptions=True)


async def test_an_event_stream_that_nobody_ends_is_ended_in_good_order() -> None:
    async def for_ever() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        await asyncio.Event().wait()

    sent: list[Any] = []
    told = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body"):
            told.set()

    closing, incoming = asyncio.Event(), asyncio.Queue[Any]()
    incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    response = StreamingResponse(for_ever(), media_type="text/event-stream")
    call = asyncio.create_task(Closing(response, closing)({"type": "http"}, incoming.get, send))
    await told.wait()
    closing.set()
    await call
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_served_turns_are_counted_while_they_last_whatever_becomes_of_them(tmp_path: Path) -> None:
    service = open_stage(tmp_path)
    async with service.recommender as recommender:
        assert await recommender.idle(0)
        stream = recommender.astream("a green tea", thread="a")
        await anext(stream)
        assert recommender.turns_under_way == 1
        assert not await recommender.idle(0)
        await stream.aclose()  # type: ignore[attr-defined]
        assert recommender.turns_under_way == 0
        with pytest.raises(MessageError):
            await recommender.reply("x" * 100_000)
        assert recommender.turns_under_way == 0
        assert number(service, "convrec_turns_failed_total") == 0
        await recommender.more_like(index_of("teas").catalogue.items[0].id, thread="b")
        recommender.stop()
        for refused in (recommender.reply("a tea"), anext(recommender.astream("a tea"))):
            with pytest.raises(StoppingError):
                await refused
        assert await recommender.idle(0)
    assert number(service, "convrec_turns_total") == 1
