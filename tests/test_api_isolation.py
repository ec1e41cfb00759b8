"""What is one caller's is nobody else's, on every route that there is: the routes are those of the OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from api_stage import app_of, as_service, as_user, begin_thread, open_stage, say, served
from convrec.app.serving.service import Service
from convrec.app.serving.throttle import Throttle
from fastapi.testclient import TestClient

SHARED = {"item"}
"""What stands in paths and belongs to everybody: the catalogue's."""

NEVER = "0" * 32
OPEN = {"/healthz", "/readyz", "/login", "/logout"}
"""What needs no key: probes, and the way to sign in."""


@dataclass
class Stage:
    """Ann, who has something of everything, and others who want to see it."""

    client: TestClient
    service: Service
    ann: dict[str, str]
    others: dict[str, dict[str, str]]
    owned: dict[str, str] = field(default_factory=dict)

    @property
    def routes(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Method, path and operation of every route."""
        document = app_of(self.client).openapi()
        return [(m.upper(), path, o) for path, several in document["paths"].items() for m, o in several.items()]

    def call(self, method: str, path: str, operation: dict[str, Any], names: dict[str, str], headers: dict[str, str]):
        """Call a route with some names in its path, and an example as its body."""
        for name in _names(path):
            assert name in names, f"{path} names a {name}: say in this test whose it is"
            path = path.replace(f"{{{name}}}", names[name])
        return self.client.request(method, path, json=self._body(operation), headers=headers)

    def _body(self, operation: dict[str, Any]) -> Any:
        if "requestBody" not in operation:
            return None
        (content,) = operation["requestBody"]["content"].values()
        schema = app_of(self.client).openapi()["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        example = next(iter(schema.get("examples", [])), {"user": "ann"})
        # An item that there is, so that nothing else can be what is not found.
        return {**example, "item": "sencha"} if "item" in schema.get("properties", {}) else example


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    service = open_stage(tmp_path_factory.mktemp("isolation"))
    # So many wrong keys from one address are else refused as such.
    service.throttle = Throttle(1_000_000, 8, tries=1_000_000)
    ann = as_user(service, "ann", "chat", "items", "memory", "simulate")
    bob = as_user(service, "bob", "chat", "items", "memory", "simulate")
    shop, rival = as_service(service, "shop"), as_service(service, "rival")
    with served(service) as client:
        made = Stage(client, service, ann, {"bob": bob, "a service for ann": shop("ann"), "a rival": rival("bob")})
        thread = begin_thread(client, ann, "Ann's secret title")
        say(client, thread, "a green tea for Ann's secret", ann)
        memory = client.post("/v1/memories", json={"text": "I have a secret cat"}, headers=ann).json()["data"][0]["id"]
        job = client.post("/v1/simulations", json={"goals": 1, "seed": 424242}, headers=ann).json()["id"]
        preference = client.get(f"/v1/threads/{thread}/preferences", headers=ann).json()["preferences"][0]["key"]
        made.owned = {"thread": thread, "memory": memory, "simulation": job, "key": preference.replace("|", "%7C")}
        yield made


def owning_routes(stage: Stage) -> list[tuple[str, str, dict[str, Any]]]:
    """The routes that name something of somebody's."""
    return [r for r in stage.routes if r[1].startswith("/v1/") and set(_names(r[1])) - SHARED]


def test_what_is_anothers_is_not_found_in_the_words_of_what_never_was(stage: Stage) -> None:
    assert len(owning_routes(stage)) >= 15
    never = {**dict.fromkeys(stage.owned, NEVER), "key": stage.owned["key"]}
    for who, headers in stage.others.items():
        for method, path, operation in owning_routes(stage):
            hers = stage.call(method, path, operation, stage.owned, headers)
            none = stage.call(method, path, operation, never, headers)
            assert hers.status_code == none.status_code == 404, (who, method, path, hers.text)
            told = hers.text
            for name, value in stage.owned.items():
                if name != "key":
                    told = told.replace(value, NEVER)
            assert told == none.text, (who, method, path)


def test_what_is_anns_is_there_for_ann_after_all_of_that(stage: Stage) -> None:
    for path in ("", "/turns", "/preferences", "/export"):
        assert stage.client.get(f"/v1/threads/{stage.owned['thread']}{path}", headers=stage.ann).status_code == 200
    memories = stage.client.get("/v1/memories", headers=stage.ann).json()["data"]
    assert stage.owned["memory"] in [m["id"] for m in memories]
    assert stage.client.get(f"/v1/simulations/{stage.owned['simulation']}", headers=stage.ann).status_code == 200


def test_lists_and_exports_show_nothing_of_anothers(stage: Stage) -> None:
    listing = [r for r in stage.routes if r[0] == "GET" and r[1].startswith("/v1/") and not _names(r[1])]
    assert len(listing) >= 6
    for who, headers in stage.others.items():
        for method, path, operation in listing:
            answer = stage.call(method, path, operation, {}, headers)
            assert answer.status_code == 200, (who, path, answer.text)
            for secret in (*stage.owned.values(), "secret", "424242"):
                assert secret not in answer.text, (who, path)


def test_nobody_speaks_for_another_by_naming_them(stage: Stage) -> None:
    bob = {**stage.others["bob"], "X-Convrec-User": "ann"}
    never = {**stage.others["bob"], "X-Convrec-User": "nobody at all"}
    names = {**stage.owned, "item": "sencha"}
    for method, path, operation in stage.routes:
        if path.startswith("/v1/"):
            answers = [stage.call(method, path, operation, names, headers) for headers in (bob, never)]
            assert [a.status_code for a in answers] == [404, 404], (method, path)
            assert answers[0].json() == answers[1].json()


def test_what_others_change_is_their_own(stage: Stage) -> None:
    before = stage.client.get("/v1/user/export", headers=stage.ann).json()
    for headers in stage.others.values():
        for method, path, operation in stage.routes:
            if method != "GET" and path.startswith("/v1/") and not _names(path):
                assert stage.call(method, path, operation, {}, headers).status_code < 500, path
    after = stage.client.get("/v1/user/export", headers=stage.ann).json()
    assert {**after, "made": 0} == {**before, "made": 0}


def test_no_route_answers_without_a_key_once_there_are_keys(stage: Stage) -> None:
    names = {**stage.owned, "item": "sencha", "model": "convrec"}
    for method, path, operation in stage.routes:
        if path in OPEN:
            continue
        for headers in ({}, {"Authorization": "Bearer convrec_00000000_" + "0" * 64}, {"X-Convrec-User": "ann"}):
            answer = stage.call(method, path, operation, names, headers)
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.headers["www-authenticate"].startswith("Bearer"), path
            assert "secret" not in answer.text


def test_a_key_does_what_its_scopes_say_and_nothing_else(stage: Stage) -> None:
    needed = {"/v1/threads": "chat", "/v1/items": "items", "/v1/catalogue": "items", "/v1/memories": "memory",
              "/v1/profile": "memory", "/v1/user": "memory", "/v1/simulations": "simulate", "/v1/models": "chat"}  # fmt: skip
    keys = {scope: as_user(stage.service, f"only {scope}", scope) for scope in ("chat", "items", "memory", "simulate")}
    for method, path, operation in stage.routes:
        if not path.startswith("/v1/"):
            continue
        scope = next(needed[begin] for begin in needed if path == begin or path.startswith(f"{begin}/"))
        for held, headers in keys.items():
            answer = stage.call(method, path, operation, {**stage.owned, "item": "sencha"}, headers)
            assert (answer.status_code == 403) is (held != scope), (method, path, held, answer.status_code)
