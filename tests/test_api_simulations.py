from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_stage import app_of, as_service, as_user, open_stage, served
from convrec.app.serving.service import Service
from convrec.simulator.simulate import Progress
from fastapi.testclient import TestClient
from job_stage import WHOLE, Script

ASKED = {"systems": ["convrec"], "goals": 2}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with keys, in which every simulation is done at once."""
    return open_stage(tmp_path_factory.mktemp("simulations"), begin=Script(*[WHOLE] * 50))


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    with served(service) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(service: Service) -> dict[str, str]:
    return as_user(service, "ann", "simulate", "memory")


@pytest.fixture(scope="module")
def bob(service: Service) -> dict[str, str]:
    return as_user(service, "bob", "simulate")


def start(client: TestClient, headers: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = client.post("/v1/simulations", json={**ASKED, **asked}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


def start_done(client: TestClient, service: Service, headers: dict[str, str]) -> str:
    made = start(client, headers)
    assert client.portal is not None
    client.portal.call(service.jobs.idle)
    return made["id"]


def test_a_simulation_is_taken_on_and_its_result_and_report_are_read(
    client: TestClient, service: Service, ann: dict[str, str]
) -> None:
    answer = client.post("/v1/simulations", json=ASKED, headers=ann)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/simulations/{answer.json()['id']}"
    assert "user" not in answer.json()
    assert client.portal is not None
    client.portal.call(service.jobs.idle)
    place = answer.headers["Location"]
    job = client.get(place, headers=ann).json()
    assert (job["state"], job["progress"][0]["ended"], job["request"]["goals"]) == ("done", 2, 2)
    result = client.get(f"{place}/result", headers=ann).json()
    assert result["metrics"][0]["metrics"]["success rate"] == {"value": 0.5, "low": 0.1, "high": 0.9, "n": 2}
    report = client.get(f"{place}/report", headers=ann)
    assert report.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "A report" in report.text


def test_the_report_is_shown_in_a_sandbox(client: TestClient, service: Service, ann: dict[str, str]) -> None:
    job = start_done(client, service, ann)
    headers = client.get(f"/v1/simulations/{job}/report", headers=ann).headers
    split = [rule.strip().partition(" ") for rule in headers["Content-Security-Policy"].split(";")]
    rules = {name: value for name, _, value in split}
    assert rules["sandbox"] == "allow-scripts"
    assert rules["default-src"] == rules["form-action"] == rules["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]


def test_what_is_anothers_is_what_never_was(
    client: TestClient, service: Service, ann: dict[str, str], bob: dict[str, str]
) -> None:
    job = start_done(client, service, ann)
    for path in ("", "/result", "/report"):
        theirs = client.get(f"/v1/simulations/{job}{path}", headers=bob)
        never = client.get(f"/v1/simulations/{'0' * 32}{path}", headers=bob)
        assert theirs.status_code == never.status_code == 404
        assert theirs.json()["detail"] == never.json()["detail"]
        assert theirs.headers["Content-Type"] == "application/problem+json"
    assert client.delete(f"/v1/simulations/{job}", headers=bob).status_code == 404
    assert client.get("/v1/simulations", headers=bob).json()["data"] == []
    assert client.get(f"/v1/simulations/{job}", headers=ann).status_code == 200


def test_the_users_of_a_service_are_kept_apart(client: TestClient, service: Service) -> None:
    shop = as_service(service, "shop")
    job = start_done(client, service, shop("x"))
    assert client.get(f"/v1/simulations/{job}", headers=shop("x")).status_code == 200
    assert client.get(f"/v1/simulations/{job}", headers=shop("y")).status_code == 404


def test_a_key_without_the_scope_may_not(client: TestClient, service: Service) -> None:
    chats = as_user(service, "chatter", "chat", "items", "memory")
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{'0' * 32}"), ("DELETE", f"/{'0' * 32}")):
        answer = client.request(
            method, f"/v1/simulations{path}", headers=chats, json=ASKED if method == "POST" else None
        )
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:convrec:scope"
    assert client.get("/v1/simulations").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"systems": ["http://169.254.169.254/latest"]},
        {"systems": ["os:system"]},
        {"goals": 100_000},
        {"trials": 9},
        {"goals_file": "/etc/passwd"},
        {"user_url": "http://127.0.0.1:1"},
        {"without": ["walls"]},
    ],
)
def test_what_would_reach_out_or_cost_too_much_is_refused_in_words(
    client: TestClient, ann: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = client.post("/v1/simulations", json={**ASKED, **wrong}, headers=ann)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith(f"body.{next(iter(wrong))}")
    assert "169.254" not in answer.text


def test_an_unknown_persona_is_refused_with_those_that_there_are(client: TestClient, ann: dict[str, str]) -> None:
    answer = client.post("/v1/simulations", json={**ASKED, "personas": ["nobody"]}, headers=ann)
    assert answer.status_code == 400
    assert "expert" in answer.json()["hint"]


def test_the_list_comes_in_pages_newest_first(client: TestClient, service: Service) -> None:
    cat = as_user(service, "cat", "simulate")
    made = [start_done(client, service, cat) for _ in range(3)]
    first = client.get("/v1/simulations?limit=2", headers=cat).json()
    second = client.get("/v1/simulations", params={"limit": 2, "cursor": first["next"]}, headers=cat).json()
    assert [job["id"] for job in (*first["data"], *second["data"])] == made[::-1]
    assert second["next"] is None
    assert client.get("/v1/simulations?cursor=x", headers=cat).status_code == 400


def test_deleting_leaves_nothing(client: TestClient, service: Service, ann: dict[str, str]) -> None:
    job = start_done(client, service, ann)
    assert client.delete(f"/v1/simulations/{job}", headers=ann).status_code == 204
    assert client.get(f"/v1/simulations/{job}", headers=ann).status_code == 404
    assert client.delete(f"/v1/simulations/{job}", headers=ann).status_code == 404


def test_the_same_request_sent_twice_runs_once(client: TestClient, service: Service) -> None:
    headers = as_user(service, "dan", "simulate") | {"Idempotency-Key": "once"}
    assert start(client, headers)["id"] == start(client, headers)["id"]
    assert len(client.get("/v1/simulations", headers=headers).json()["data"]) == 1


def test_one_that_runs_has_no_result_and_can_be_stopped(tmp_path: Path) -> None:
    script = Script(*[[Progress(system="convrec", total=2)]] * 9, lasting=True)
    with served(open_stage(tmp_path, begin=script)) as client:
        jobs = [start(client, {})["id"] for _ in range(3)]
        refused = client.post("/v1/simulations", json=ASKED)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0
        early = client.get(f"/v1/simulations/{jobs[0]}/result")
        assert early.status_code == 409
        assert early.json()["type"] == "urn:convrec:no-result"
        assert client.delete(f"/v1/simulations/{jobs[0]}").status_code == 204
        assert [job["id"] for job in client.get("/v1/simulations").json()["data"]] == [jobs[2], jobs[1]]
    # The application has closed, and ended what ran.
    assert all(worker.ended for worker in script.workers)


def test_every_operation_is_documented_with_its_problems(client: TestClient) -> None:
    paths = app_of(client).openapi()["paths"]
    operations = {
        (method, path): told
        for path, methods in paths.items()
        if path.startswith("/v1/simulations")
        for method, told in methods.items()
    }
    assert len(operations) == 6
    assert all({"401", "403", "429", "503"} <= set(told["responses"]) for told in operations.values())
    report = operations["get", "/v1/simulations/{simulation}/report"]
    assert list(report["responses"]["200"]["content"]) == ["text/html"]
    assert "Location" in operations["post", "/v1/simulations"]["responses"]["202"]["headers"]
