from collections.abc import Iterator

import pytest
from api_stage import begin_thread, open_stage, say, served
from fastapi.testclient import TestClient


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(open_stage(tmp_path_factory.mktemp("threads"))) as opened:
        yield opened


def user(name: str) -> dict[str, str]:
    return {"X-Convrec-User": name}


def test_a_thread_is_begun_listed_renamed_and_deleted(client: TestClient) -> None:
    begun = client.post("/v1/threads", json={"title": "For the weekend"}, headers=user("ann"))
    assert begun.status_code == 201
    thread = begun.json()["thread"]
    listed = client.get("/v1/threads", headers=user("ann")).json()
    assert [t["title"] for t in listed["data"]] == ["For the weekend"]
    assert listed["next"] is None
    renamed = client.patch(f"/v1/threads/{thread}", json={"title": "For Monday"}, headers=user("ann"))
    assert renamed.json()["title"] == "For Monday"
    assert client.get(f"/v1/threads/{thread}", headers=user("ann")).json()["title"] == "For Monday"
    assert client.delete(f"/v1/threads/{thread}", headers=user("ann")).status_code == 204
    assert client.get(f"/v1/threads/{thread}", headers=user("ann")).status_code == 404
    assert client.get("/v1/threads", headers=user("ann")).json()["data"] == []


def test_threads_come_in_pages_the_newest_first(client: TestClient) -> None:
    names = [begin_thread(client, user("paul"), f"T{n}") for n in range(5)]
    first = client.get("/v1/threads?limit=2", headers=user("paul")).json()
    # What is begun meanwhile shifts nothing.
    begin_thread(client, user("paul"), "meanwhile")
    second = client.get(f"/v1/threads?limit=2&cursor={first['next']}", headers=user("paul")).json()
    third = client.get(f"/v1/threads?limit=2&cursor={second['next']}", headers=user("paul")).json()
    found = [t["thread"] for page in (first, second, third) for t in page["data"]]
    assert found == names[::-1]
    assert third["next"] is None


def test_a_thread_is_shared_as_markdown_and_as_json(client: TestClient) -> None:
    thread = begin_thread(client, title="<b>Tea</b>")
    say(client, thread, "a green tea, *please*")
    markdown = client.get(f"/v1/threads/{thread}/export")
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.headers["content-disposition"] == 'attachment; filename="conversation.md"'
    assert "# \\<b\\>Tea\\</b\\>" in markdown.text
    assert "> a green tea, \\*please\\*" in markdown.text
    shared = client.get(f"/v1/threads/{thread}/export?format=json").json()
    assert shared["turns"][0]["text"] == "a green tea, *please*"
    assert shared["turns"][0]["items"]
    assert client.get(f"/v1/threads/{thread}/export?format=pdf").status_code == 422


def test_preferences_are_told_in_words_and_dropped_by_their_key(client: TestClient) -> None:
    thread = begin_thread(client)
    say(client, thread, "a green tea, nothing grassy")
    path = f"/v1/threads/{thread}/preferences"
    told = client.get(path).json()["preferences"]
    assert [p["says"] for p in told] == ["green", "not grassy"]
    left = client.delete(f"{path}/{told[1]['key']}").json()["preferences"]
    assert [p["says"] for p in left] == ["green"]
    assert client.delete(f"{path}/{told[1]['key']}").json()["type"] == "urn:convrec:unknown-preference"


def test_a_preference_of_which_the_label_has_a_slash_can_be_dropped(client: TestClient) -> None:
    thread = begin_thread(client)
    gone = client.delete(f"/v1/threads/{thread}/preferences/must%7Ckind%7Ca%2Fb")
    assert gone.json()["type"] == "urn:convrec:unknown-preference"


@pytest.mark.parametrize("title", ["", "x" * 201, "\x00", "  "])
def test_a_title_that_is_none_is_refused(client: TestClient, title: str) -> None:
    thread = begin_thread(client)
    assert client.patch(f"/v1/threads/{thread}", json={"title": title}).status_code == 422


@pytest.mark.parametrize("thread", ["nope", "%00", "%ED%A0%80", "x" * 5_000, "a%2Fb", "%2e%2e", "%20"])
def test_a_thread_that_is_none_is_not_found_whatever_its_name(client: TestClient, thread: str) -> None:
    for path in ("", "/turns", "/export", "/preferences"):
        answer = client.get(f"/v1/threads/{thread}{path}")
        assert answer.status_code in (404, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.text) < 1_000
