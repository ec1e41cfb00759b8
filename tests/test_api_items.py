from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import talk_stage
from api_stage import TEAS, open_stage, served
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from fastapi.testclient import TestClient
from talk_stage import small_index

ODD = [
    "a/b",
    "a/b/similar",
    "similar",
    "two words",
    "Ünïcødé ☕",
    "100%",
    "?q=1#x",
    "../up",
    "/first",
    "last/",
    "a&b=c",
    "+",
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(open_stage(tmp_path_factory.mktemp("items"), images=["img.example"])) as opened:
        yield opened


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A catalogue of which the ids hold all kinds of characters."""
    items = [
        Item(id=name, title=f"Title {n}", text=f"word{n}", image=f"https://img{n}.example/a.png")
        for n, name in enumerate(ODD)
    ]
    index = small_index("odd", Schema(), items)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api_stage.index_of", lambda name: index)
        with served(open_stage(tmp_path_factory.mktemp("odd"), images=["img1.example"])) as opened:
            yield opened


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["data"]]


def test_all_items_come_in_pages(client: TestClient) -> None:
    for query in ("", "&q=sweet+leaves"):
        found, cursor = [], ""
        while cursor is not None:
            page = client.get(f"/v1/items?limit=5{query}&cursor={cursor}").json()
            assert page["total"] == len(TEAS)
            found += ids(page)
            cursor = page["next"]
        assert sorted(found) == sorted(TEAS)


def test_items_are_found_by_words_and_limits(client: TestClient) -> None:
    found = client.get(
        "/v1/items", params={"q": "smoke", "where": ["kind:black", "-flavours:malty"], "limit": 3}
    ).json()
    assert "assam-gold" not in ids(found)
    assert {tuple(item["attributes"]["kind"]) for item in found["data"]} == {("black",)}
    assert found["data"][0]["facts"]["steeping time"] == "3 min"
    assert found["attributes"] == []


def test_what_was_found_tells_what_there_is_to_choose_from(client: TestClient) -> None:
    found = client.get("/v1/items", params={"where": "kind:green", "counts": "true"}).json()
    flavours = next(a for a in found["attributes"] if a["name"] == "flavours")
    assert flavours["labels"][0] == {"label": "grassy", "count": 2}


@pytest.mark.parametrize("where", ["colour:red", "kind:purple", "minutes:long", "kind", ":", "minutes:5..1"])
def test_a_limit_that_cannot_be_used_is_told_with_what_can(client: TestClient, where: str) -> None:
    answer = client.get("/v1/items", params={"where": where})
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_cursor_of_another_list_is_refused(client: TestClient) -> None:
    cursor = client.get("/v1/items?limit=2").json()["next"]
    assert client.get(f"/v1/items?limit=3&cursor={cursor}").status_code == 200
    for path in (
        f"/v1/items?q=tea&cursor={cursor}",
        f"/v1/items?where=kind:green&cursor={cursor}",
        f"/v1/items/sencha/similar?cursor={cursor}",
        f"/v1/threads?cursor={cursor}",
        "/v1/items?cursor=nonsense",
        "/v1/items?cursor=W10",
        "/v1/items?cursor=%00",
    ):
        assert client.get(path).status_code == 400, path


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "q=" + "x" * 1_001, "&".join(["where=kind:black"] * 21)]
)
def test_what_is_asked_has_bounds(client: TestClient, query: str) -> None:
    assert client.get(f"/v1/items?{query}").status_code == 422


def test_one_item_is_told_whole_and_its_like_are_found(client: TestClient) -> None:
    assert client.get("/v1/items/sencha").json()["text"] == "Steamed leaves, like a mown meadow."
    alike = client.get("/v1/items/sencha/similar?limit=5").json()
    assert len(ids(alike)) == 5
    assert "sencha" not in ids(alike)
    rest = client.get(f"/v1/items/sencha/similar?limit=100&cursor={alike['next']}").json()
    assert sorted([*ids(alike), *ids(rest), "sencha"]) == sorted(TEAS)
    assert client.get("/v1/items/nope/similar").status_code == client.get("/v1/items/nope").status_code == 404


@pytest.mark.parametrize("name", ODD)
def test_an_id_may_hold_any_character(odd: TestClient, name: str) -> None:
    path = f"/v1/items/{quote(name, safe='')}"
    assert odd.get(path).json()["id"] == name
    alike = odd.get(f"{path}/similar?limit=100").json()
    assert sorted([*ids(alike), name]) == sorted(ODD)


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "%FF", "x" * 3_000, "", "%2E%2E%2Fkeys.json"])
def test_an_id_that_is_none_is_not_found_whatever_it_holds(client: TestClient, name: str) -> None:
    for path in (f"/v1/items/{name}", f"/v1/items/{name}/similar"):
        answer = client.get(path)
        assert answer.status_code in (404, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_pictures_come_from_hosts_that_may_be_shown(odd: TestClient) -> None:
    shown = {item["id"]: item["image"] for item in odd.get("/v1/items?limit=100").json()["data"]}
    assert {name for name, image in shown.items() if image} == {ODD[1]}


def test_the_catalogue_says_what_items_are_called_and_what_is_known_of_them(client: TestClient) -> None:
    told = client.get("/v1/catalogue").json()
    assert (told["name"], told["noun"], told["nouns"], told["count"]) == ("teas", "tea", "teas", len(TEAS))
    assert [a["name"] for a in told["attributes"]] == [a.name for a in talk_stage.TEAS.attributes]
    kind, minutes = told["attributes"][:2]
    assert kind["labels"][0] == {"label": "black", "count": 4}
    assert (minutes["low"], minutes["high"], minutes["unit"]) == (1.0, 5.0, "min")
    assert told["examples"]


def test_the_models_that_can_answer_are_told(client: TestClient) -> None:
    told = client.get("/v1/models").json()
    assert told["models"] == [{"id": "built-in", "default": True}]
    assert told["efforts"] == ["low", "medium", "high"]


def test_a_search_does_not_change_what_is_kept(client: TestClient, tmp_path: Path) -> None:
    client.get("/v1/items?q=secret+words")
    files = [f.read_bytes() for f in client.app.state.service.settings.home.rglob("*") if f.is_file()]  # type: ignore[attr-defined]
    assert not any(b"secret words" in written for written in files)
