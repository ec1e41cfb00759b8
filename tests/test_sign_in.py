from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api_stage import as_service, as_user, open_stage
from convrec.app.serving.guards import OriginCheck, Rooted
from convrec.app.serving.service import Service
from convrec.app.serving.sign_in import COOKIE, Gate, SignIns, local_path, sign_in_router
from convrec.app.serving.tabs import own_id
from convrec.tools.errors import CorruptError
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

HTML = {"Accept": "text/html"}


def client_of(service: Service, base: str = "http://testserver") -> TestClient:
    """A page that says who is signed in, behind its gate."""
    app, signs = FastAPI(), SignIns(service)
    app.include_router(sign_in_router(service, signs))

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        user = signs.user(Request(scope))
        await PlainTextResponse(f"user {user!r}")(scope, receive, send)

    app.router.routes.append(Mount("/", app=Gate(page, signs)))
    guarded = OriginCheck(Rooted(app, service.settings.serve.root_path), (), lambda why: None)
    return TestClient(guarded, base_url=base, follow_redirects=False)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_stage(tmp_path)


@pytest.fixture
def client(service: Service) -> TestClient:
    return client_of(service)


def key_of(service: Service, name: str, *scopes: str) -> str:
    return as_user(service, name, *scopes)["Authorization"].removeprefix("Bearer ")


def test_without_keys_nobody_signs_in(client: TestClient) -> None:
    assert client.get("/").text == "user ''"
    assert client.get("/login").headers["location"] == "/"


def test_a_browser_is_sent_to_sign_in_and_back_and_the_page_knows_it(client: TestClient, service: Service) -> None:
    key = key_of(service, "ada")
    sent = client.get("/?thread=7", headers=HTML)
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?to=/%3Fthread%3D7")
    form = client.get(sent.headers["location"])
    assert 'name="to" value="/?thread=7"' in form.text
    back = client.post("/login", data={"key": f" {key} ", "to": "/?thread=7"})
    assert (back.status_code, back.headers["location"]) == (303, "/?thread=7")
    assert client.get("/").text == "user 'ada'"
    assert key not in client.cookies[COOKIE]


def test_what_the_page_calls_is_answered_401_without_a_session(client: TestClient, service: Service) -> None:
    key_of(service, "ada")
    for path in ("/config", "/gradio_api/queue/data", "/gradio_api/info", "/gradio_api/heartbeat/x"):
        assert client.get(path).status_code == 401
    assert client.post("/gradio_api/queue/join").status_code == 401
    assert client.get("/assets/index.js").status_code == 200
    assert client.get("/theme.css").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://10.0.0.1/", "/gradio_api/vibe-edit", "/gradio_api/dev/reload", "/monitoring", "/user",
        "/gradio_api/run/turn", "/gradio_api/call/turn", "/gradio_api/run-history/connect", "/gradio_api/login_check",
        "/gradio_api", "/token", "/gradio_api/upload", "/gradio_api/file=/etc/passwd",
    ],
)  # fmt: skip
def test_the_doors_of_gradio_that_the_page_does_not_use_are_shut(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_another_users_tab_cannot_be_named_by_whoever_knows_its_id(service: Service) -> None:
    async def gradio(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        seen = [request.query_params.get("session_hash"), scope["path"], request.headers.get("origin")]
        await JSONResponse([*seen, (await request.body()).decode()])(scope, receive, send)

    signs = SignIns(service)
    app = FastAPI()
    app.include_router(sign_in_router(service, signs))
    app.router.routes.append(Mount("/", app=Gate(gradio, signs)))
    clients = [TestClient(app) for _ in range(2)]
    for client, name in zip(clients, ("ann", "bob"), strict=True):
        client.post("/login", data={"key": key_of(service, name)}, follow_redirects=False)
    asked: list[Callable[[TestClient], Any]] = [
        lambda c: c.get("/gradio_api/queue/data?session_hash=x&session_hash=tab"),
        lambda c: c.get("/gradio_api/heartbeat/tab", headers={"Origin": "http://localhost:1"}),
        lambda c: c.post("/gradio_api/queue/join", json={"session_hash": "tab", "data": ["ü"]}),
        lambda c: c.post("/gradio_api/cancel", content=b'{"session_hash": "x", "session_hash": "tab"}'),
    ]
    for ask in asked:
        (ann, again), bob = (ask(clients[0]).json() for _ in range(2)), ask(clients[1]).json()
        assert ann == again != bob
        assert "tab" not in str([ann, bob]).replace("heartbeat", "")
        assert ann[2] is None
    assert own_id("ann", "tab") in asked[2](clients[0]).text
    for content in (b"{", b"[1]", b"[" * 100_000):
        assert clients[0].post("/gradio_api/queue/join", content=content).status_code == 400


def test_the_cookie_is_kept_from_scripts_and_other_sites(service: Service) -> None:
    key = key_of(service, "ada")
    cookie = client_of(service).post("/login", data={"key": key}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/;" in cookie
    assert "Secure" not in cookie
    assert "Secure" in client_of(service, "https://testserver").post("/login", data={"key": key}).headers["set-cookie"]


def test_behind_a_proxy_everything_stays_below_its_path(tmp_path: Path) -> None:
    service = open_stage(tmp_path, root_path="/talk")
    client, key = client_of(service), key_of(service, "ada")
    assert client.get("/").headers["location"] == "/talk/login?to=/"
    assert 'action="/talk/login"' in client.get("/login").text
    answer = client.post("/login", data={"key": key})
    assert answer.headers["location"] == "/talk/"
    assert "Path=/talk" in answer.headers["set-cookie"]


def test_a_revoked_key_signs_out_at_once(client: TestClient, service: Service) -> None:
    client.post("/login", data={"key": (key := key_of(service, "ada"))})
    assert client.get("/").status_code == 200
    service.keys.revoke(key.split("_")[1])
    assert client.get("/").status_code == 303


def test_a_cookie_that_was_tampered_with_or_signed_elsewhere_is_nothing(tmp_path: Path) -> None:
    here, there = open_stage(tmp_path / "here"), open_stage(tmp_path / "there")
    key = key_of(here, "ada")
    cookie = client_of(here).post("/login", data={"key": key}).cookies[COOKIE]
    key_of(there, "ada")
    (tmp_path / "there" / "keys.json").write_text((tmp_path / "here" / "keys.json").read_text())
    for service, held in ((there, cookie), (here, cookie[:-1]), (here, "x"), (here, f"{cookie}.x")):
        client = client_of(service)
        client.cookies.set(COOKIE, held)
        assert client.get("/").status_code == 303
    client = client_of(here)
    client.cookies.set(COOKIE, cookie)
    assert client.get("/").text == "user 'ada'"


def test_instances_with_the_same_secret_know_each_others_sign_ins(tmp_path: Path) -> None:
    secret = "one and the same for all of them"
    here, there = open_stage(tmp_path, secret=secret), open_stage(tmp_path, secret=secret)
    cookie = client_of(here).post("/login", data={"key": key_of(here, "ada")}).cookies[COOKIE]
    client = client_of(there)
    client.cookies.set(COOKIE, cookie)
    assert client.get("/").text == "user 'ada'"
    assert not (tmp_path / "secret").exists()


def test_the_secret_is_made_once_for_its_owners_eyes_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    SignIns(open_stage(tmp_path))
    file = tmp_path / "secret"
    held = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    SignIns(open_stage(tmp_path))
    assert file.read_text() == held
    file.write_text("short")
    with pytest.raises(CorruptError, match="secret"):
        SignIns(open_stage(tmp_path))


def test_only_keys_of_users_for_all_that_the_page_shows_sign_in(client: TestClient, service: Service) -> None:
    shop = as_service(service, "shop")("x")["Authorization"].removeprefix("Bearer ")
    for key in (shop, key_of(service, "ada", "items"), key_of(service, "ada", "chat", "items")):
        answer = client.post("/login", data={"key": key})
        assert answer.status_code == 403
        assert COOKIE not in answer.cookies


def test_wrong_keys_are_told_so_and_after_many_to_wait(client: TestClient, service: Service) -> None:
    key = key_of(service, "ada")
    first = client.post("/login", data={"key": "<b>wrong"})
    assert first.status_code == 401
    assert 'role="alert"' in first.text
    assert "wrong" not in first.text
    for _ in range(30):
        last = client.post("/login", data={})
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    assert client.post("/login", data={"key": key}).status_code == 303


def test_another_site_cannot_sign_a_browser_in_or_out(client: TestClient, service: Service) -> None:
    key = key_of(service, "ada")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert client.post("/login", data={"key": key}, headers=headers).status_code == 403
        assert client.post("/logout", headers=headers).status_code == 403
    client.post("/login", data={"key": key})
    # A link or a picture elsewhere that leads to /logout asks, and does nothing.
    asked = client.get("/logout")
    assert "Sign out?" in asked.text
    assert client.get("/").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("to", "goes"),
    [
        ("/", "/"), ("/?thread=1", "/?thread=1"), ("/docs#x", "/docs#x"), ("", "/"), ("https://evil.example", "/"),
        ("//evil.example", "/"), ("/\\evil.example", "/"), ("\\\\evil.example", "/"), ("javascript:alert(1)", "/"),
        ("/\n/evil.example", "/"), ("/\t/evil.example", "/"), ("evil.example", "/"), ("/ /x", "/"), (" //evil.example", "/"),
    ],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(client: TestClient, service: Service, to: str, goes: str) -> None:
    assert local_path(to) == goes
    answer = client.post("/login", data={"key": key_of(service, "ada"), "to": to})
    assert answer.headers["location"] == goes


def test_the_pages_escape_what_is_given_and_run_no_script(client: TestClient, service: Service) -> None:
    client.post("/login", data={"key": key_of(service, "<script>alert(1)<")})
    pages = [client.get("/logout")]
    client.cookies.clear()
    pages += [client.get("/login", params={"to": '/"><script>alert(1)</script>'})]
    for page in pages:
        assert "<script" not in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert 'lang="en"' in page.text


def test_the_form_has_a_label_and_says_what_it_is_for(client: TestClient, service: Service) -> None:
    key_of(service, "ada")
    page = client.get("/login").text
    assert '<label for="key">' in page
    assert 'id="key" name="key" type="password"' in page
    assert 'method="post"' in page
