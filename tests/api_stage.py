"""A stage for whatever is served: the application of a service over the teas, and callers with and without keys.

The recommender is the real one, on the small catalogue with the fake encoder; simulations are played by scripts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from convrec.agents.recommender import Setup
from convrec.app.jobs import Begin, Jobs
from convrec.app.serving.application import make_app
from convrec.app.serving.keys import SCOPES, USER_SCOPES
from convrec.app.serving.service import Service, open_service
from convrec.app.settings import Settings
from convrec.tools.storage import Home
from fastapi import FastAPI
from fastapi.testclient import TestClient
from job_stage import WHOLE, Script
from langgraph.store.base import BaseStore
from talk_stage import index_of, memories_beside

TEAS = [item.id for item in index_of("teas").catalogue.items]


def open_stage(
    folder: Path, *, catalogue: str = "teas", begin: Begin | None = None, store: BaseStore | None = None, **serve: Any
) -> Service:
    """A service over a small catalogue, with its data in a folder.

    Args:
        folder: the data folder.
        catalogue: which of the catalogues of talk_stage.
        begin: what starts a simulation; without it, each is done at once.
        store: the users' memories; without it, ones in this process.
        serve: settings of the group `serve`, and `llm`, a group of its own.
    """
    llm = serve.pop("llm", {"model": "none"})
    # The test client calls the server by this name, and asks for a lot in a short time.
    serve = {"hosts": ("testserver",), "requests": 1_000_000, **serve}
    settings = Settings(home=folder, catalogue=catalogue, llm=llm, serve=serve)  # type: ignore[arg-type]
    memories = memories_beside(folder) if store is None else lambda _: nullcontext(store)
    setup = Setup(index=lambda: index_of(catalogue), home=Home(folder), store=memories)
    service = open_service(settings, setup)
    service.jobs = Jobs(settings, folder / "jobs", begin or Script(*[WHOLE] * 20))
    return service


@contextmanager
def served(service: Service, **options: Any) -> Iterator[TestClient]:
    """A client of the service's application, which is open as long."""
    with TestClient(make_app(service, None), raise_server_exceptions=False, **options) as client:
        yield client


def app_of(client: TestClient) -> FastAPI:
    """The application that a client calls."""
    assert isinstance(client.app, FastAPI)
    return client.app


def as_user(service: Service, name: str, *scopes: str) -> dict[str, str]:
    """The headers of a user with a key of their own; it allows all that users' keys may, unless scopes are named."""
    secret = service.keys.add(name, "user", scopes or USER_SCOPES)  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {secret}"}


def as_service(service: Service, name: str, *scopes: str) -> Callable[[str], dict[str, str]]:
    """The headers of a service that calls for one of its users; its key allows all unless scopes are named."""
    secret = service.keys.add(name, "service", scopes or SCOPES)  # type: ignore[arg-type]
    return lambda user: {"Authorization": f"Bearer {secret}", "X-Convrec-User": user}


def begin_thread(client: TestClient, headers: dict[str, str] | None = None, title: str = "") -> str:
    """Begin a conversation; its id."""
    answer = client.post("/v1/threads", json={"title": title}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["thread"]


def say(client: TestClient, thread: str, text: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Say something in a conversation; the answer."""
    answer = client.post(f"/v1/threads/{thread}/turns", json={"text": text}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()
