from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_stage import as_service, as_user, open_stage
from convrec.app.serving.access import Chatting, Measuring, admit_simulation, identify
from convrec.app.serving.keys import SCOPES, USER_SCOPES
from convrec.app.serving.service import Service
from convrec.tools.errors import (
    CorruptError,
    InputError,
    ScopeError,
    SignInError,
    TooManyError,
    UnknownUserError,
)
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_stage(tmp_path)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """An application that says who calls, and which error it was."""
    app = FastAPI()
    app.state.service = service

    @app.get("/chat")
    async def chat(caller: Chatting) -> dict[str, Any]:
        return {"user": caller.user, "kind": caller.kind, "owner": caller.owner}

    @app.get("/metrics")
    async def metrics(caller: Measuring) -> str:
        return caller.user

    @app.exception_handler(SignInError)
    @app.exception_handler(ScopeError)
    @app.exception_handler(TooManyError)
    @app.exception_handler(InputError)
    async def tell(_: Request, fault: Exception) -> JSONResponse:
        return JSONResponse({"kind": type(fault).__name__, "words": str(fault)}, 400)

    with TestClient(app) as opened:
        yield opened


def bearer(service: Service, name: str, kind: Any = "user", scopes: Any = USER_SCOPES) -> str:
    return f"Bearer {service.keys.add(name, kind, scopes)}"


def test_without_keys_this_machine_is_believed(service: Service) -> None:
    caller = identify(service, "", "")
    assert (caller.user, caller.kind, caller.key) == ("me", "local", "")
    assert caller.scopes == frozenset(SCOPES)
    assert identify(service, "", "ada").user == "ada"
    assert identify(service, "Bearer whatever", "ada").user == "ada"


def test_from_the_first_key_on_every_call_needs_one(service: Service) -> None:
    bearer(service, "ada")
    for header in ("", "Bearer ", "Bearer wrong", "Basic YWRhOng=", "convrec_00000000_" + "0" * 64):
        with pytest.raises(SignInError):
            identify(service, header, "")


def test_a_server_that_others_reach_needs_a_key_even_when_there_is_none(service: Service) -> None:
    service.guarded = True
    with pytest.raises(SignInError):
        identify(service, "", "")


def test_a_damaged_file_of_keys_lets_nobody_in(service: Service) -> None:
    bearer(service, "ada")
    (service.settings.home / "keys.json").write_text("{")
    with pytest.raises(CorruptError):
        identify(service, "", "")


def test_a_users_key_speaks_for_that_user_alone(service: Service) -> None:
    key = bearer(service, "ada")
    bearer(service, "bob")
    for named in ("", "me", "ada"):
        caller = identify(service, key, named)
        assert (caller.user, caller.kind) == ("ada", "user")
        assert key.startswith(f"Bearer convrec_{caller.owner}_")
    told = []
    for named in ("bob", "nobody", "Ada", "ada/x", "ada "):
        with pytest.raises(UnknownUserError) as caught:
            identify(service, key, named)
        told.append(str(caught.value))
    assert len(set(told)) == 1


def test_a_service_reaches_its_own_users_and_nobody_elses(service: Service) -> None:
    shop, other = bearer(service, "shop", "service"), bearer(service, "other", "service")
    bearer(service, "ada")
    assert identify(service, shop, "ada").user == "shop/ada"
    assert identify(service, other, "ada").user == "other/ada"
    assert identify(service, shop, "../ada").user == "shop/../ada"
    assert identify(service, shop, "me").user == "shop/me"
    with pytest.raises(InputError):
        identify(service, shop, "")
    for odd in ("x" * 300, "a\nb"):
        with pytest.raises(InputError):
            identify(service, shop, odd)


def test_a_name_that_is_not_ascii_is_the_same_in_a_header(client: TestClient, service: Service) -> None:
    headers = as_service(service, "shop")("x")
    answer = client.get("/chat", headers={**headers, "X-Convrec-User": "Zoë".encode()})  # type: ignore[dict-item]
    assert answer.json()["user"] == "shop/Zoë"


def test_a_request_needs_the_scope_of_what_it_asks(client: TestClient, service: Service) -> None:
    headers = as_user(service, "ada")
    assert client.get("/chat", headers=headers).json()["user"] == "ada"
    assert client.get("/metrics", headers=headers).json()["kind"] == "ScopeError"
    assert client.get("/metrics", headers=as_user(service, "prometheus", "metrics")).json() == "prometheus"
    assert client.get("/chat").json()["kind"] == "SignInError"
    assert client.get("/chat", headers={**headers, "X-Convrec-User": "bob"}).json()["kind"] == "UnknownUserError"


def test_requests_of_a_key_are_limited_and_those_of_others_are_not(tmp_path: Path) -> None:
    service = open_stage(tmp_path, requests=2)
    app = FastAPI()
    app.state.service = service

    @app.get("/chat")
    async def chat(caller: Chatting) -> str:
        return caller.owner

    ada, bob = as_user(service, "ada"), as_user(service, "bob")
    with TestClient(app) as client:
        for _ in range(2):
            client.get("/chat", headers=ada)
        with pytest.raises(TooManyError):
            client.get("/chat", headers=ada)
        assert client.get("/chat", headers=bob).status_code == 200


def test_wrong_keys_are_limited_and_a_right_one_still_opens(client: TestClient, service: Service) -> None:
    headers = as_user(service, "ada")
    kinds = [client.get("/chat", headers={"Authorization": "Bearer wrong"}).json()["kind"] for _ in range(30)]
    assert kinds[0] == "SignInError"
    assert kinds[-1] == "TooManyError"
    assert client.get("/chat", headers=headers).json()["user"] == "ada"
    assert client.get("/chat").json()["kind"] == "SignInError"


def test_no_error_repeats_the_key(service: Service) -> None:
    key = bearer(service, "ada")
    with pytest.raises(SignInError) as caught:
        identify(service, key + "0", "")
    assert key[-20:] not in f"{caught.value}{caught.value.hint}"


def test_on_the_page_simulations_are_for_users_whose_key_allows_them(service: Service) -> None:
    admit_simulation(service, "anybody")
    as_user(service, "ada")
    as_service(service, "bob")
    for name in ("ada", "bob", "anybody"):
        with pytest.raises(ScopeError):
            admit_simulation(service, name)
    as_user(service, "ada", "simulate")
    admit_simulation(service, "ada")


def test_a_service_reads_numbers_for_none_of_its_users_and_nothing_that_is_a_users(
    service: Service, client: TestClient
) -> None:
    key = bearer(service, "watch", "service", ("metrics", "chat"))
    assert client.get("/metrics", headers={"Authorization": key}).status_code == 200
    assert client.get("/chat", headers={"Authorization": key}).json()["kind"] == "InputError"
