import asyncio
import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from convrec.app.ui import build_page, mount
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from ui_stage import StandIn, StandInMinds


def signed_in(request: Request) -> str | None:
    return request.headers.get("x-name")


@pytest.fixture(scope="module")
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture(scope="module")
def app(stand_in: StandIn) -> FastAPI:
    async def made() -> FastAPI:
        # Where no loop runs, Gradio makes one and never closes it.
        return mount(FastAPI(), build_page(stand_in, minds=StandInMinds()), signed_in=signed_in)

    return asyncio.run(made())


@pytest.fixture(scope="module")
def page(app: FastAPI) -> gr.Blocks:
    mounted: Any = app.routes[-1]
    return mounted.app.get_blocks()


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def number_of(page: gr.Blocks, name: str) -> int:
    """The number under which Gradio calls a handler."""
    return next(n for n, fn in page.fns.items() if fn.fn is not None and fn.fn.__name__ == name)


def call(client: TestClient, page: gr.Blocks, name: str, who: str, session: str) -> str:
    """What an event of who is signed in brings."""
    body = {"fn_index": number_of(page, name), "session_hash": session, "data": [None]}
    headers = {"x-name": who}
    assert client.post("/gradio_api/queue/join", json=body, headers=headers).status_code == 200
    told = client.get("/gradio_api/queue/data", params={"session_hash": session}, headers=headers).text
    return json.dumps([json.loads(line.removeprefix("data: ")) for line in told.splitlines() if line])


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/gradio_api/queue/status"])
def test_nobody_sees_the_page_without_being_signed_in(client: TestClient, path: str):
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"x-name": "anna"}).status_code == 200


def test_no_event_is_handled_for_one_who_is_not_signed_in(client: TestClient, page: gr.Blocks):
    body = {"fn_index": number_of(page, "restart"), "session_hash": "s", "data": [None]}
    assert client.post("/gradio_api/run/predict", json=body).status_code == 401
    assert client.post("/gradio_api/queue/join", json=body).status_code == 401


def test_the_page_is_that_of_who_is_signed_in_also_under_anothers_session_id(client: TestClient, page: gr.Blocks):
    for who in ("anna", "bob", "anna"):
        assert f"<strong>{who}</strong>" in call(client, page, "restart", who, "shared")


def test_the_page_takes_no_files(client: TestClient):
    sent = client.post("/gradio_api/upload", files={"files": ("x.txt", b"hello")}, headers={"x-name": "anna"})
    assert sent.status_code == 413


@pytest.mark.parametrize("name", ["deed", "restart", "stop", "open_talk"])
def test_no_handler_can_be_called_past_the_queue(client: TestClient, page: gr.Blocks, name: str):
    body = {"fn_index": number_of(page, name), "session_hash": "s", "data": [None]}
    assert client.post("/gradio_api/run/predict", json=body, headers={"x-name": "anna"}).status_code == 404


def test_every_look_of_the_page_is_handed_over_and_no_tab_has_more_than_was_given(page: gr.Blocks):
    look = str(page.css)
    assert ".cr-shelf" in look
    assert ".cr-main" in look
    config: Any = page.get_config_file()
    tabs = [c["props"]["label"] for c in config["components"] if c["type"] == "tabitem"]
    assert tabs == ["Chat", "Memory", "Catalogue", "Settings"]
    assert {d["api_visibility"] for d in config["dependencies"]} == {"private"}
    limited = [d for d in page.fns.values() if d.queue and d.fn is not None]
    assert {fn.concurrency_limit for fn in limited} == {16, None}
