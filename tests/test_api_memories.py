from collections.abc import Iterator

import pytest
from api_stage import begin_thread, open_stage, say, served
from fastapi.testclient import TestClient


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(open_stage(tmp_path_factory.mktemp("memories"))) as opened:
        yield opened


@pytest.fixture
def user(request: pytest.FixtureRequest) -> dict[str, str]:
    """The headers of a user of this test alone."""
    return {"X-Convrec-User": request.node.name[:100]}


def test_a_memory_is_added_listed_edited_and_forgotten(client: TestClient, user: dict[str, str]) -> None:
    added = client.post("/v1/memories", json={"text": "I avoid smoky tea"}, headers=user)
    assert added.status_code == 201
    (memory,) = added.json()["data"]
    assert client.get("/v1/memories", headers=user).json()["data"] == [memory]
    path = f"/v1/memories/{memory['id']}"
    (edited,) = client.patch(path, json={"text": "I avoid grassy tea"}, headers=user).json()["data"]
    assert edited["preference"]["limit"]["values"] == ["grassy"]
    assert client.delete(path, headers=user).status_code == 404
    assert client.delete(f"/v1/memories/{edited['id']}", headers=user).status_code == 204
    assert client.get("/v1/memories", headers=user).json()["data"] == []


def test_the_beginning_of_an_id_is_none(client: TestClient, user: dict[str, str]) -> None:
    (memory,) = client.post("/v1/memories", json={"text": "I have a cat"}, headers=user).json()["data"]
    for path in (f"/v1/memories/{memory['id'][:4]}", "/v1/memories/%00", "/v1/memories/" + "x" * 101):
        assert client.delete(path, headers=user).status_code in (404, 422)
        assert client.patch(path, json={"text": "I have a dog"}, headers=user).status_code in (404, 422)
    assert len(client.get("/v1/memories", headers=user).json()["data"]) == 1


def test_memories_come_in_pages(client: TestClient, user: dict[str, str]) -> None:
    for animal in ("a cat", "a dog", "two hens"):
        client.post("/v1/memories", json={"text": f"I have {animal}"}, headers=user)
    first = client.get("/v1/memories?limit=2", headers=user).json()
    rest = client.get(f"/v1/memories?limit=2&cursor={first['next']}", headers=user).json()
    assert [m["text"] for m in (*first["data"], *rest["data"])] == ["Has a cat.", "Has a dog.", "Has two hens."]
    assert rest["next"] is None


@pytest.mark.parametrize("text", ["", "   ", "x" * 401, "***"])
def test_what_cannot_be_remembered_is_refused(client: TestClient, user: dict[str, str], text: str) -> None:
    assert client.post("/v1/memories", json={"text": text}, headers=user).status_code == 422


def test_the_profile_is_read_and_rewritten(client: TestClient, user: dict[str, str]) -> None:
    client.post("/v1/memories", json={"text": "I avoid smoky tea"}, headers=user)
    assert "smoky" in client.get("/v1/profile", headers=user).json()["text"]
    rewritten = client.put("/v1/profile", json={"text": "I love green tea."}, headers=user).json()["text"]
    assert "green" in rewritten
    assert "smoky" not in client.get("/v1/profile", headers=user).json()["text"]
    assert client.put("/v1/profile", json={"text": ""}, headers=user).json() == {"text": ""}


def test_a_user_takes_everything_along_and_brings_it_back(client: TestClient, user: dict[str, str]) -> None:
    client.post("/v1/memories", json={"text": "I avoid smoky tea"}, headers=user)
    say(client, begin_thread(client, user), "a green tea", user)
    taken = client.get("/v1/user/export", headers=user)
    assert taken.headers["content-disposition"] == 'attachment; filename="convrec-user.json"'
    assert taken.json()["talks"][0]["turns"][0]["text"] == "a green tea"
    other = {"X-Convrec-User": "another home"}
    brought = client.post("/v1/user/import", json=taken.json(), headers=other)
    assert brought.json() == {"memories": 1}
    assert "smoky" in client.get("/v1/profile", headers=other).json()["text"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"user": "x", "format": "convrec-user-9"}, 422),
        ({"user": "x", "memories": [{"id": "1"}]}, 422),
        ({"user": "x", "interactions": {"../../etc": [{"user": "x", "item": "y"}]}}, 400),
        ({"user": "x"}, 200),
    ],
)
def test_what_is_no_export_is_not_brought_back(
    client: TestClient, user: dict[str, str], data: dict, status: int
) -> None:
    assert client.post("/v1/user/import", json=data, headers=user).status_code == status


def test_a_user_is_forgotten_whole(client: TestClient, user: dict[str, str]) -> None:
    client.post("/v1/memories", json={"text": "I avoid smoky tea"}, headers={**user, "Idempotency-Key": "1"})
    say(client, begin_thread(client, user), "a green tea", user)
    job = client.post("/v1/simulations", json={"goals": 1}, headers=user).json()["id"]
    assert client.delete("/v1/user", headers=user).status_code == 204
    assert client.get("/v1/memories", headers=user).json()["data"] == []
    assert client.get("/v1/threads", headers=user).json()["data"] == []
    assert client.get("/v1/simulations", headers=user).json()["data"] == []
    assert client.get(f"/v1/simulations/{job}", headers=user).status_code == 404
    again = client.post("/v1/memories", json={"text": "I avoid smoky tea"}, headers={**user, "Idempotency-Key": "1"})
    assert "idempotent-replayed" not in again.headers
