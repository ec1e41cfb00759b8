from collections.abc import Iterator
from typing import Any

import pytest
from api_stage import app_of, as_user, open_stage, served
from convrec.app.api.problems import Problem, add_problem_handlers, problem_of
from convrec.tools import errors
from convrec.tools.errors import ConvrecError, SettingsError, TooManyError, UnknownItemError
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

EVERY = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, ConvrecError)]
STATUS = {
    "SignInError": 401, "ScopeError": 403, "UnknownItemError": 404, "UnknownThreadError": 404, "UnknownMemoryError": 404,
    "UnknownCatalogueError": 404, "UnknownUserError": 404, "UnknownJobError": 404, "UnknownPreferenceError": 404,
    "InputError": 400, "MessageError": 422, "ReusedKeyError": 422, "TooManyError": 429, "UnderWayError": 409,
    "BusyError": 409, "NoResultError": 409, "StoreError": 503, "CorruptError": 503, "ReadOnlyError": 503,
    "StoppingError": 503, "ConvrecError": 500, "SettingsError": 500, "CallError": 500,
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(open_stage(tmp_path_factory.mktemp("problems"), body=20_000)) as opened:
        yield opened


@pytest.mark.parametrize("fault", EVERY, ids=lambda cls: cls.__name__)
def test_every_error_is_a_problem_of_its_kind(fault: type[ConvrecError]) -> None:
    problem = problem_of(fault("What was wrong.", "What would work."), "/v1/x")
    assert problem.type.startswith("urn:convrec:")
    assert problem.title
    assert problem.status == STATUS.get(fault.__name__, problem.status)
    if problem.status < 500 and fault.__name__ != "BusyError":
        assert problem.detail == "What was wrong."
        assert problem.hint == "What would work."


def test_what_is_the_servers_own_to_mend_is_not_told() -> None:
    for name in ("StoreError", "BusyError", "CorruptError", "SettingsError", "CallError", "ConvrecError"):
        told = problem_of(getattr(errors, name)("/srv/convrec/threads.sqlite", "CONVREC_HOME=/srv"), "/v1/x")
        assert "srv" not in told.model_dump_json()
    assert "secret" not in problem_of(RuntimeError("secret")).model_dump_json()


def test_a_hint_for_the_command_line_becomes_one_for_callers() -> None:
    told = problem_of(UnknownItemError("No such item.", "Ids are in the answers of `convrec ask --json`."))
    assert told.hint == "GET /v1/items finds items, with their ids."


def failing(fault: Exception) -> TestClient:
    """An application of which the only route fails."""
    app = FastAPI()
    add_problem_handlers(app)

    @app.get("/fail/{word}")
    async def fail(word: str) -> None:
        raise fault

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (errors.SignInError("A key is needed."), 401, {"www-authenticate": 'Bearer realm="convrec"'}),
        (TooManyError("Too many.", seconds=2.1), 429, {"retry-after": "3"}),
        (errors.StoppingError("Stopping."), 503, {"retry-after": "5"}),
        (HTTPException(405, headers={"Allow": "GET"}), 405, {"allow": "GET"}),
    ],
)
def test_the_headers_say_what_to_do_next(fault: Exception, status: int, headers: dict[str, str]) -> None:
    answer = failing(fault).get("/fail/x")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    for name, value in headers.items():
        assert answer.headers[name] == value


def test_a_bug_is_told_without_what_is_inside_and_logged_without_words(caplog: pytest.LogCaptureFixture) -> None:
    answer = failing(RuntimeError("secret words")).get("/fail/secret")
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    assert "words" not in answer.text
    assert "GET /fail/{word} failed: RuntimeError" in caplog.text
    assert "secret" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("convrec"))


def test_a_store_that_fails_is_logged_with_what_its_keeper_must_know(caplog: pytest.LogCaptureFixture) -> None:
    assert failing(SettingsError("There is no cross-encoder in /models.")).get("/fail/x").status_code == 500
    assert "no cross-encoder in /models" in caplog.text


def test_a_wrong_request_is_told_by_place_and_never_repeated(client: TestClient) -> None:
    asked = {"text": ["secret" * 1_000], "secret" * 100: 1}
    answer = client.post("/v1/threads/x/turns", json=asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.text"
    assert "secretsecretsecretsecretsecretsecretsecretsecret" not in answer.text
    assert len(answer.text) < 1_500


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 15_000, "application/json", 400),
        (b'{"title": "\\ud800"}', "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 422),
        (b"null", "application/json", 422),
        (b"{}", "application/vnd.api+json", 201),
        (b'{"title": "' + b"x" * 20_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_told_so(client: TestClient, content: bytes, kind: str, status: int) -> None:
    answer = client.post("/v1/threads", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert (answer.headers["content-type"] == "application/problem+json") is (status >= 400)


def test_a_body_of_unknown_length_has_the_same_bound(client: TestClient) -> None:
    answer = client.post(
        "/v1/threads", content=(b" " * 1_000 for _ in range(30)), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_path_that_is_none_and_a_method_that_is_not_there_are_problems_too(client: TestClient) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/threads", 405),
        ("DELETE", "/v1/items/x", 405),
    ):
        answer = client.request(method, path)
        assert answer.status_code == status
        problem = Problem.model_validate_json(answer.content)
        assert (problem.type, problem.status, problem.instance) == ("about:blank", status, path)
    assert "GET" in client.put("/v1/threads").headers["allow"]


def test_too_many_requests_are_told_when_to_come_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = open_stage(tmp_path_factory.mktemp("many"), requests=3)
    with served(service) as few:
        key = as_user(service, "ann")
        answers = [few.get("/v1/catalogue", headers=key) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_server_that_stops_takes_no_turns(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = open_stage(tmp_path_factory.mktemp("stopping"))
    with served(service) as stopping:
        thread = stopping.post("/v1/threads", json={}).json()["thread"]
        service.recommender.stop()
        for headers in ({}, {"Accept": "text/event-stream"}):
            answer = stopping.post(f"/v1/threads/{thread}/turns", json={"text": "tea"}, headers=headers)
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
        assert stopping.get(f"/v1/threads/{thread}").status_code == 200


def problems_in(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        if path.startswith("/v1/"):
            for method, operation in operations.items():
                yield method.upper(), path, operation


def test_every_route_documents_its_problems_and_what_it_takes(client: TestClient) -> None:
    document = app_of(client).openapi()
    names = set()
    for method, path, operation in problems_in(document):
        answers = operation["responses"]
        assert {"400", "401", "403", "404", "422", "429", "503"} <= set(answers), path
        for status, answer in answers.items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, status)
        headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
        assert ("Idempotency-Key" in headers) is (method != "GET"), path
        if "requestBody" in operation:
            assert {"409", "413", "415"} <= set(answers), path
        assert operation["description"]
        assert operation["security"] == [{"key": []}]
        assert all(p["description"] for p in operation["parameters"])
        names.add(operation["operationId"])
    assert len(names) == len(list(problems_in(document)))
    schemas = document["components"]["schemas"]
    assert {"Problem", "Fault", "Answer"} <= set(schemas)
    assert "Attributes:" not in str(schemas)
    assert schemas["Answer"]["properties"]["reply"]["description"].startswith("What is said")
    assert {t["name"] for t in document["tags"]} >= {o["tags"][0] for _, _, o in problems_in(document)}


def test_every_body_has_examples_that_fit_its_shape(client: TestClient) -> None:
    import jsonschema

    document = app_of(client).openapi()
    for method, path, operation in problems_in(document):
        if "requestBody" not in operation or path == "/v1/user/import":
            continue
        (content,) = operation["requestBody"]["content"].values()
        schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        assert schema["examples"], (method, path)
        for example in schema["examples"]:
            jsonschema.validate(example, {**schema, "components": document["components"]})


def test_another_method_is_told_all_that_there_are(client: TestClient) -> None:
    refused = client.put("/v1/threads")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
