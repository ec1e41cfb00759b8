import logging
from typing import Any

import pytest
from convrec.app.serving.guards import HostCheck, OriginCheck, SecureHeaders, is_loopback, page_policy
from convrec.app.serving.metrics import Metrics
from convrec.app.serving.recording import Recorder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    response: Response = JSONResponse({"headers": dict(request.headers), "path": request.url.path})
    if request.url.path == "/events":
        response = StreamingResponse(iter(["data: 1\n\n"]), media_type="text/event-stream")
    if request.url.path == "/own":
        response.headers["Content-Security-Policy"] = "default-src 'none'"
    if request.url.path == "/bug":
        raise RuntimeError("a wire came loose")
    await response(scope, receive, send)


def client_of(app: ASGIApp, base: str = "http://talk.example") -> TestClient:
    return TestClient(app, base_url=base, raise_server_exceptions=False)


def test_every_answer_has_the_headers_that_make_browsers_careful() -> None:
    client = client_of(SecureHeaders(echo, page_policy(())))
    headers = client.get("/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers
    assert client.get("/own").headers["content-security-policy"] == "default-src 'none'"


def test_only_over_https_is_https_asked_for_ever_after() -> None:
    client = client_of(SecureHeaders(echo, ""), "https://talk.example")
    assert "max-age" in client.get("/").headers["strict-transport-security"]


def test_what_is_somebodys_own_is_kept_in_no_cache() -> None:
    client = client_of(SecureHeaders(echo, ""))
    for path in ("/v1/threads", "/openai/v1/models", "/mcp", "/login", "/metrics"):
        assert client.get(path).headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/assets/x.js").headers


def test_pictures_may_come_from_the_hosts_that_are_listed_and_scripts_from_here_alone() -> None:
    policy = dict(part.strip().split(" ", 1) for part in page_policy(("img.example.org",)).split(";"))
    assert policy["img-src"].split() == ["'self'", "data:", "blob:", "img.example.org"]
    assert "http" not in policy["script-src"]
    assert policy["connect-src"] == "'self'"


def test_what_a_stranger_says_of_proxies_is_not_believed() -> None:
    given = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "1.2.3.4",
        "Forwarded": "for=x",
        "X-Real-IP": "1.1.1.1",
    }
    seen = client_of(SecureHeaders(echo, "")).get("/", headers=given).json()["headers"]
    assert not [name for name in seen if "forwarded" in name or name == "x-real-ip"]
    seen = client_of(SecureHeaders(echo, "", proxied=True)).get("/", headers=given).json()["headers"]
    assert seen["x-forwarded-host"] == "evil.example"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("LOCALHOST", 200), ("talk.example.org", 200),
        ("localhost.", 200), ("evil.example", 421), ("localhost.evil.example", 421), ("", 421), ("[", 421),
        ("127.0.0.1@evil.example", 421), ("a.talk.example.org", 421), ("a.all.example.org", 200), ("all.example.org", 421),
    ],
)  # fmt: skip
def test_a_name_that_is_not_this_servers_is_refused(host: str, status: int) -> None:
    refused: list[Any] = []
    hosts = ("localhost", "127.0.0.1", "::1", "talk.example.org", "*.all.example.org")
    client = client_of(HostCheck(echo, hosts, refused.append))
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == status
    assert refused == (["host"] if status == 421 else [])
    if status == 421:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["hint"]
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_without_names_every_name_is_let_through() -> None:
    assert client_of(HostCheck(echo, (), lambda why: None)).get("/", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://talk.example"}, 200),
        ({"Origin": "https://talk.example"}, 200),
        ({"Origin": "https://shop.example"}, 200),
        ({"Origin": "https://SHOP.example", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://talk.example.evil.example"}, 403),
        ({"Origin": "http://talk.example:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://talk.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.proxy.example"}, 200),
    ],
)
def test_pages_of_other_sites_may_change_nothing(headers: dict[str, str], status: int) -> None:
    refused: list[Any] = []
    client = client_of(OriginCheck(echo, ("https://shop.example",), refused.append))
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        assert client.request(method, "/", headers=headers).status_code == status
    assert len(refused) == (5 if status == 403 else 0)
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("[::1]", True), ("localhost", True), ("a.localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.2", False), ("example.org", False), ("127.evil.example", False)],
)  # fmt: skip
def test_loopback_is_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_log_names_route_and_key_and_nothing_that_was_said(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["key"] = "ab12cd34"
        await echo(scope, receive, send)

    client = client_of(Recorder(app, Metrics()))
    with caplog.at_level(logging.INFO, "convrec.access"):
        client.post(
            "/v1/secret-item?q=secret-words",
            content="secret-body",
            headers={
                "Authorization": "Bearer secret-key",
                "Cookie": "a=secret-cookie",
                "X-Convrec-User": "secret-user",
            },
        )
    (line,) = caplog.messages
    assert "secret" not in line
    assert line.startswith("POST unknown 200 ")
    assert "key=ab12cd34" in line


def test_each_request_has_an_id_and_a_caller_may_choose_a_harmless_one(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(Recorder(echo, Metrics()))
    assert client.get("/", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    for odd in ("a b", "x" * 65, "a\tb", ""):
        assert len(client.get("/", headers={"X-Request-Id": odd}).headers["x-request-id"]) == 32


def test_requests_and_event_streams_are_counted_bugs_too() -> None:
    metrics = Metrics()
    client = client_of(Recorder(echo, metrics))
    client.get("/events")
    client.request("BREW", "/x")
    client.get("/bug")
    text = metrics.text().decode()
    assert 'convrec_requests_total{method="GET",route="unknown",status="200"} 1.0' in text
    assert 'method="other"' in text
    assert 'status="499"' in text
    assert "convrec_event_streams 0.0" in text
