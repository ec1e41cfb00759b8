import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from api_stage import app_of, begin_thread, open_stage, say, served
from convrec.agents.recommender import Event
from convrec.agents.state import Answer, Card, Step
from convrec.agents.turn import Token
from convrec.app.api import events
from convrec.app.api.events import TurnEvents
from convrec.app.api.leaving import while_there
from convrec.app.pictures import Pictures
from convrec.tools.errors import StoreError
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(open_stage(tmp_path_factory.mktemp("turns"), turns=1)) as opened:
        yield opened


def read_events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, by name."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_message_gets_an_answer_with_cards(client: TestClient) -> None:
    thread = begin_thread(client)
    answer = say(client, thread, "a smoky black tea")
    assert answer["thread"] == thread
    assert answer["items"][0]["title"] in answer["reply"]
    assert client.get(f"/v1/threads/{thread}").json()["title"] == "a smoky black tea"


def test_items_can_be_asked_about_in_place_of_words(client: TestClient) -> None:
    thread = begin_thread(client)
    turns = f"/v1/threads/{thread}/turns"
    shown = say(client, thread, "a smoky black tea")["items"][0]
    why = client.post(turns, json={"why": shown["id"]}).json()
    assert why["act"] == "ask"
    assert shown["title"] in why["reply"]
    alike = client.post(turns, json={"like": shown["id"]}).json()
    assert shown["id"] not in [card["id"] for card in alike["items"]]
    assert client.post(turns, json={"like": "nope"}).json()["type"] == "urn:convrec:unknown-item"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": "a", "like": "b"}, 422),
        ({"text": ""}, 422),
        ({"text": " \u200b "}, 422),
        ({"text": "x" * 4_001}, 422),
        ({"text": "a", "colour": "red"}, 422),
        ({"text": "a", "effort": "huge"}, 422),
        ({"text": "a", "model": "nobody"}, 400),
        ({"text": 7}, 422),
        (["a"], 422),
    ],
)
def test_what_is_no_message_is_refused_before_a_turn_begins(client: TestClient, body: Any, status: int) -> None:
    thread = begin_thread(client)
    for headers in ({}, STREAM):
        answer = client.post(f"/v1/threads/{thread}/turns", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"/v1/threads/{thread}").json()["turns"] == 0


def test_the_model_and_effort_can_be_chosen(client: TestClient) -> None:
    thread = begin_thread(client)
    asked = {"text": "a green tea", "model": "built-in", "effort": "low"}
    assert client.post(f"/v1/threads/{thread}/turns", json=asked).json()["items"]


def test_a_stream_tells_steps_tokens_items_and_the_answer_in_this_order(client: TestClient) -> None:
    thread = begin_thread(client)
    answer = client.post(f"/v1/threads/{thread}/turns", json={"text": "a smoky black tea"}, headers=STREAM)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    told = read_events(answer.text)
    names = [name for name, _ in told]
    assert names[0] == "step"
    assert names[-2:] == ["items", "done"]
    assert set(names) == {"step", "token", "items", "done"}
    done = told[-1][1]
    said = ""
    for name, data in told:
        if name == "token":
            said = data["text"] if data["fresh"] else said + data["text"]
    assert said.strip() == done["reply"].strip()
    assert told[-2][1] == {"items": done["items"], "nearest": done["nearest"]}
    assert [s["agent"] for n, s in told if n == "step"] == [s["agent"] for s in done["steps"]]
    assert client.get(f"/v1/threads/{thread}/turns").json()["data"][0]["answer"]["reply"] == done["reply"]


def test_a_thread_that_is_none_has_no_turns_to_take_or_give(client: TestClient) -> None:
    for headers in ({}, STREAM):
        assert client.post("/v1/threads/nope/turns", json={"text": "tea"}, headers=headers).status_code == 404
    assert client.delete("/v1/threads/nope/turns/last").status_code == 404
    assert client.get("/v1/threads").status_code == 200


def test_past_turns_come_in_pages_with_their_cards_as_they_were(client: TestClient) -> None:
    thread = begin_thread(client)
    shown = [say(client, thread, text)["items"] for text in ("a green tea", "a black tea", "an oolong")]
    first = client.get(f"/v1/threads/{thread}/turns?limit=2").json()
    rest = client.get(f"/v1/threads/{thread}/turns?limit=2&cursor={first['next']}").json()
    turns = [*first["data"], *rest["data"]]
    assert [t["text"] for t in turns] == ["a green tea", "a black tea", "an oolong"]
    seen = [[(card["id"], card["reason"], card["facts"]) for card in t["answer"]["items"]] for t in turns]
    assert seen == [[(card["id"], card["reason"], card["facts"]) for card in cards] for cards in shown]
    assert rest["next"] is None


def test_the_last_turn_is_taken_back(client: TestClient) -> None:
    thread = begin_thread(client)
    say(client, thread, "a green tea")
    assert client.delete(f"/v1/threads/{thread}/turns/last").json() == {"text": "a green tea"}
    assert client.delete(f"/v1/threads/{thread}/turns/last").status_code == 404
    assert client.get(f"/v1/threads/{thread}/turns").json()["data"] == []


def test_feedback_moves_what_is_known(client: TestClient) -> None:
    thread = begin_thread(client)
    feedback = f"/v1/threads/{thread}/feedback"
    for feeling in ("liked", "disliked", "seen", "accepted"):
        said = client.post(feedback, json={"item": "sencha", "feeling": feeling})
        assert "sencha" in said.json()[feeling]
    assert client.post(feedback, json={"item": "nope", "feeling": "liked"}).status_code == 404
    assert client.post(feedback, json={"item": "sencha", "feeling": "rejected"}).status_code == 422


def test_a_private_turn_is_written_down_nowhere(client: TestClient) -> None:
    ann = {"X-Convrec-User": "private ann"}
    thread = begin_thread(client, ann)
    asked = {"text": "I never want anything smoky. A black tea.", "private": True}
    assert client.post(f"/v1/threads/{thread}/turns", json=asked, headers=ann).status_code == 200
    client.post(
        f"/v1/threads/{thread}/feedback", json={"item": "sencha", "feeling": "liked", "private": True}, headers=ann
    )
    assert client.get("/v1/memories", headers=ann).json()["data"] == []
    files = [file.read_bytes() for file in app_of(client).state.service.settings.home.rglob("*") if file.is_file()]
    assert files
    assert not any(b"anything smoky" in written for written in files)


def test_one_turn_at_a_time_is_counted_until_its_response_is_out(client: TestClient) -> None:
    # Each ends before the next begins, whether it is answered, streamed, refused or left.
    thread = begin_thread(client)
    for headers, body in (({}, {"text": "tea"}), (STREAM, {"text": "tea"}), ({}, {}), ({}, {"text": "tea"})):
        assert client.post(f"/v1/threads/{thread}/turns", json=body, headers=headers).status_code in (200, 422)


async def hanging(left: asyncio.Event) -> AsyncIterator[Event]:
    try:
        yield Step(agent="understand", milliseconds=1.0)
        await asyncio.Event().wait()
    finally:
        left.set()


async def listen(response: TurnEvents, until: bytes) -> bytes:
    """Read a response as a caller who leaves after some words."""
    heard, enough = bytearray(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.extend(message.get("body", b""))
        if until in heard:
            enough.set()

    async with asyncio.timeout(5):
        await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    return bytes(heard)


async def test_a_caller_who_leaves_ends_the_turn() -> None:
    left = asyncio.Event()
    heard = await listen(TurnEvents(hanging(left), Pictures([]), "/v1"), b"event: step")
    assert left.is_set()
    assert b"done" not in heard


async def test_silence_is_filled_with_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE", 0.01)
    left = asyncio.Event()
    heard = await listen(TurnEvents(hanging(left), Pictures([]), "/v1"), b": ping\n\n: ping\n\n")
    assert read_events(heard.decode())[0][0] == "step"
    assert left.is_set()


async def test_a_fault_within_a_stream_is_told_as_a_problem_without_what_is_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def failing(fault: Exception) -> AsyncIterator[Event]:
        yield Token("Try ", fresh=True)
        raise fault

    for fault, status in ((StoreError("/srv/secret is full"), 503), (RuntimeError("secret"), 500)):
        heard = await listen(TurnEvents(failing(fault), Pictures([]), "/v1/x"), b"event: error")
        name, problem = read_events(heard.decode())[-1]
        assert (name, problem["status"], problem["instance"]) == ("error", status, "/v1/x")
        assert "secret" not in heard.decode()
    assert "A turn failed" in caplog.text


async def test_pictures_are_those_that_may_be_shown() -> None:
    cards = tuple(Card(id=host, title=host, image=f"https://{host}/a.png") for host in ("good.example", "bad.example"))

    async def answering() -> AsyncIterator[Event]:
        yield Answer(reply="Yes.", items=cards)

    heard = await listen(TurnEvents(answering(), Pictures(["good.example"]), "/v1"), b"event: done")
    for _, data in read_events(heard.decode()):
        assert [card["image"] for card in data["items"]] == ["https://good.example/a.png", ""]


async def test_work_is_stopped_when_its_caller_leaves() -> None:
    stopped = asyncio.Event()

    async def work() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return "never"

    async def leaving() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        await while_there(Request({"type": "http"}, leaving), work())
    assert stopped.is_set()


async def test_work_is_done_for_a_caller_who_stays() -> None:
    async def staying() -> dict[str, Any]:
        return await asyncio.Future()

    async def work() -> str:
        return "done"

    assert await while_there(Request({"type": "http"}, staying), work()) == "done"
