import asyncio
import json
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from api_stage import app_of, as_user, begin_thread, open_stage, say, served
from convrec.agents.recall import namespace
from convrec.app.serving.application import make_app
from convrec.tools.errors import StoreError
from fastapi.testclient import TestClient
from langgraph.store.base import Op, PutOp, Result
from langgraph.store.memory import InMemoryStore

KEY = "Idempotency-Key"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(open_stage(tmp_path_factory.mktemp("once"))) as opened:
        yield opened


@pytest.fixture
def user(request: pytest.FixtureRequest) -> dict[str, str]:
    """The headers of a user of this test alone, with a key for a request."""
    return {"X-Convrec-User": request.node.name[:100], KEY: "first"}


def keyless(user: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in user.items() if name != KEY}


def test_the_same_request_is_done_once(client: TestClient, user: dict[str, str]) -> None:
    first = client.post("/v1/threads", json={"title": "Tea"}, headers=user)
    again = client.post("/v1/threads", json={"title": "Tea"}, headers=user)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert len(client.get("/v1/threads", headers=user).json()["data"]) == 1


def test_a_turn_is_taken_once_and_its_answer_is_kept_whole(client: TestClient, user: dict[str, str]) -> None:
    thread = begin_thread(client, keyless(user))
    first, again = (
        client.post(f"/v1/threads/{thread}/turns", json={"text": "a green tea"}, headers=user) for _ in range(2)
    )
    assert first.content == again.content
    assert client.get(f"/v1/threads/{thread}", headers=user).json()["turns"] == 1


def test_without_a_key_each_request_is_done(client: TestClient, user: dict[str, str]) -> None:
    ids = {begin_thread(client, keyless(user)) for _ in range(2)}
    assert len(ids) == 2


def test_a_key_is_not_for_another_request(client: TestClient, user: dict[str, str]) -> None:
    thread = client.post("/v1/threads", json={"title": "Tea"}, headers=user).json()["thread"]
    for method, path, body in (
        ("POST", "/v1/threads", {"title": "Coffee"}),
        ("POST", "/v1/memories", {"text": "I have a cat"}),
        ("PATCH", f"/v1/threads/{thread}", {"title": "Tea"}),
        ("DELETE", f"/v1/threads/{thread}", None),
    ):
        answer = client.request(method, path, json=body, headers=user)
        assert answer.status_code == 422, path
        assert answer.json()["type"] == "urn:convrec:reused-key"
    assert client.get(f"/v1/threads/{thread}", headers=user).status_code == 200


def test_keys_of_two_users_do_not_meet(client: TestClient, user: dict[str, str]) -> None:
    first = client.post("/v1/threads", json={}, headers=user)
    other = client.post("/v1/threads", json={}, headers={**user, "X-Convrec-User": "somebody else"})
    assert first.json()["thread"] != other.json()["thread"]


def test_a_deletion_done_before_is_told_as_done(client: TestClient, user: dict[str, str]) -> None:
    thread = begin_thread(client, keyless(user))
    for replayed in (False, True):
        answer = client.delete(f"/v1/threads/{thread}", headers=user)
        assert answer.status_code == 204
        assert ("idempotent-replayed" in answer.headers) is replayed


def test_a_refusal_is_kept_and_a_key_that_may_not_is_not(client: TestClient, user: dict[str, str]) -> None:
    first = client.post("/v1/memories", json={"text": ""}, headers=user)
    again = client.post("/v1/memories", json={"text": ""}, headers=user)
    assert (first.status_code, again.status_code) == (422, 422)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\tbed", "Ünï"])
def test_a_key_that_is_none_is_refused(client: TestClient, user: dict[str, str], key: str) -> None:
    answer = client.post("/v1/threads", json={}, headers={**user, KEY: key.encode()})  # type: ignore[dict-item]
    assert answer.status_code == 400
    assert answer.json()["hint"] == "Use 1 to 255 visible ASCII characters."


def test_a_stream_takes_no_key_and_says_why(client: TestClient, user: dict[str, str]) -> None:
    thread = begin_thread(client, keyless(user))
    headers = {**user, "Accept": "text/event-stream"}
    answer = client.post(f"/v1/threads/{thread}/turns", json={"text": "tea"}, headers=headers)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["hint"]


def test_a_request_that_only_looks_takes_no_notice_of_a_key(client: TestClient, user: dict[str, str]) -> None:
    for _ in range(2):
        assert "idempotent-replayed" not in client.get("/v1/threads", headers=user).headers
    client.post("/v1/threads", json={}, headers=user)
    assert len(client.get("/v1/threads", headers=user).json()["data"]) == 1


def test_what_is_deleted_is_gone_from_kept_responses_too(client: TestClient, user: dict[str, str]) -> None:
    thread = client.post("/v1/threads", json={"title": "Secret"}, headers={**user, KEY: "a"}).json()["thread"]
    path = f"/v1/threads/{thread}"
    client.post(f"{path}/turns", json={"text": "a green tea"}, headers={**user, KEY: "b"})
    say(client, thread, "a black tea", keyless(user))
    client.delete(path, headers=keyless(user))
    gone = client.post(f"{path}/turns", json={"text": "a green tea"}, headers={**user, KEY: "b"})
    assert gone.status_code == 404
    assert client.post("/v1/threads", json={"title": "Secret"}, headers={**user, KEY: "a"}).json()["thread"] != thread


def test_a_memory_that_is_forgotten_is_in_no_kept_response(client: TestClient, user: dict[str, str]) -> None:
    (memory,) = client.post("/v1/memories", json={"text": "I have a cat"}, headers={**user, KEY: "a"}).json()["data"]
    client.put("/v1/profile", json={"text": "Has a cat."}, headers={**user, KEY: "b"})
    client.delete(f"/v1/memories/{memory['id']}", headers=keyless(user))
    store = app_of(client).state.service.recommender.store
    kept = store.search((namespace(user["X-Convrec-User"])[0],))
    # What is still kept is that the profile was written, or nothing; the words are in neither.
    words = [b64decode(item.value["body"]).decode() for item in kept if "body" in item.value]
    assert "cat" not in json.dumps(words)


def test_a_turn_that_is_taken_back_can_be_taken_again(client: TestClient, user: dict[str, str]) -> None:
    thread = begin_thread(client, keyless(user))
    turns = f"/v1/threads/{thread}/turns"
    client.post(turns, json={"text": "a green tea"}, headers=user)
    client.delete(f"{turns}/last", headers=keyless(user))
    assert "idempotent-replayed" not in client.post(turns, json={"text": "a green tea"}, headers=user).headers
    assert client.get(f"/v1/threads/{thread}", headers=user).json()["turns"] == 1


async def test_while_the_first_is_under_way_the_second_is_told_so(tmp_path: Path) -> None:
    app = make_app(open_stage(tmp_path), None)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        thread = (await client.post("/v1/threads", json={})).json()["thread"]
        asked = [
            client.post(f"/v1/threads/{thread}/turns", json={"text": "a green tea"}, headers={KEY: "one"})
            for _ in range(3)
        ]
        answers = await asyncio.gather(*asked)
        assert sorted(a.status_code for a in answers) == [200, 409, 409]
        assert {a.json().get("type") for a in answers if a.status_code == 409} == {"urn:convrec:under-way"}
        again = await client.post(f"/v1/threads/{thread}/turns", json={"text": "a green tea"}, headers={KEY: "one"})
        assert again.headers["idempotent-replayed"] == "true"


class FullStore(InMemoryStore):
    """A store on a disk that is full."""

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        ops = list(ops)
        if any(isinstance(op, PutOp) for op in ops):
            raise StoreError("The disk of /srv/secret is full.")
        return await super().abatch(ops)


def test_a_store_that_keeps_nothing_does_not_undo_what_was_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with served(open_stage(tmp_path, store=FullStore())) as client:
        assert client.post("/v1/threads", json={}, headers={KEY: "x"}).status_code == 201
        assert "was not kept" in caplog.text
        failed = client.post("/v1/memories", json={"text": "I have a cat"})
        assert failed.status_code == 503
        assert failed.headers["retry-after"] == "5"
        assert "secret" not in failed.text


def test_a_key_with_fewer_rights_is_not_shown_what_another_key_was(tmp_path: Path) -> None:
    service = open_stage(tmp_path)
    with served(service) as client:
        whole = as_user(service, "ann")
        narrow = as_user(service, "ann", "items")
        asked = {"text": "I have a cat"}
        assert client.post("/v1/memories", json=asked, headers={**whole, KEY: "x"}).status_code == 201
        answer = client.post("/v1/memories", json=asked, headers={**narrow, KEY: "x"})
        assert "cat" not in answer.text
        assert answer.status_code == 422
        assert client.post("/v1/memories", json=asked, headers={KEY: "x"}).status_code == 401


def test_nothing_of_a_private_conversation_is_kept_to_answer_again(client: TestClient, user: dict[str, str]) -> None:
    turns = f"/v1/threads/{begin_thread(client, keyless(user))}/turns"
    asked = {"text": "a green tea", "private": True}
    assert client.post(turns, json=asked, headers=user).status_code == 200
    store = app_of(client).state.service.recommender.store
    assert not store.search((namespace(user["X-Convrec-User"])[0],))
    again = client.post(turns, json=asked, headers=user)
    assert (again.status_code, again.json()["hint"]) == (400, f"Leave out {KEY}.")
    assert client.delete(f"{turns}/last", headers=keyless(user)).json() == {"text": "a green tea"}


def test_of_a_user_who_is_forgotten_no_response_is_kept_either(client: TestClient, user: dict[str, str]) -> None:
    client.post("/v1/memories", json={"text": "I have a cat"}, headers=keyless(user))
    assert client.delete("/v1/user", headers=user).status_code == 204
    store = app_of(client).state.service.recommender.store
    assert not store.search((namespace(user["X-Convrec-User"])[0],))
    assert client.delete("/v1/user", headers=user).status_code == 204
