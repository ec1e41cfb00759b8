import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from convrec.app.cli import app
from convrec.app.serving.keys import FILE, Keys
from convrec.tools.index import build_index
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home
from fake_engines import free_port, until
from fakes import HashEncoder
from typer.testing import CliRunner, Result


@pytest.fixture
def home(tmp_path: Path, games: tuple[Schema, list[Item]], encoder: HashEncoder) -> Path:
    """A data folder with the games."""
    build_index(Home(tmp_path), "games", games[1][:12], games[0], encoder="hash")
    return tmp_path


def convrec(home: Path, *args: str) -> Result:
    return CliRunner(env={"CONVREC_ENCODER": "hash"}).invoke(app, ["--home", str(home), *args])


def served(home: Path, end: int, look: Callable[[str], None], *args: str) -> Result:
    """What the command printed: it is called from another thread when it is ready, and then sent a signal."""
    port = free_port()
    faults: list[BaseException] = []

    def call() -> None:
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: _ready(url), 60)
            look(url)
        except BaseException as fault:  # noqa: BLE001 (told in the test's own thread)
            faults.append(fault)
        finally:
            os.kill(os.getpid(), end)

    caller = threading.Thread(target=call)
    caller.start()
    result = convrec(home, *args, "--port", str(port), "--catalogue", "games")
    caller.join()
    assert not faults, faults
    return result


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_one_port_serves_page_api_and_documentation_until_it_is_told_to_stop(home: Path) -> None:
    def look(url: str) -> None:
        assert "gradio" in httpx.get(url).text
        assert httpx.get(f"{url}/v1/catalogue").json()["name"] == "games"
        assert httpx.get(f"{url}/docs").status_code == 200
        key = Keys(home / FILE).add("ada", "user", ("items",))
        assert httpx.get(f"{url}/v1/catalogue").status_code == 401
        assert httpx.get(f"{url}/v1/catalogue", headers={"Authorization": f"Bearer {key}"}).status_code == 200
        assert httpx.get(url).status_code == 303

    result = served(home, signal.SIGTERM, look, "serve")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert re.search(r"convrec is at http://127\.0\.0\.1:\d+ \(Ctrl-C stops it\)", result.stderr)
    assert "(games), answered by" in result.stderr
    assert "everybody on this machine may use it" in result.stderr


def test_ctrl_c_ends_the_page_with_130(home: Path) -> None:
    result = served(home, signal.SIGINT, lambda url: None, "ui", "--no-browser")
    assert result.exit_code == 130, result.output


def test_others_are_not_let_in_without_a_key(tmp_path: Path) -> None:
    result = convrec(tmp_path, "serve", "--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "convrec key add NAME" in result.stderr
    assert convrec(tmp_path, "ui", "--host", "::").exit_code == 2
    assert not (tmp_path / "catalogues").exists()


def test_a_port_that_is_taken_is_told(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = convrec(home, "serve", "--port", port, "--catalogue", "games")
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_a_catalogue_that_was_never_imported_is_told(tmp_path: Path) -> None:
    result = convrec(tmp_path, "serve", "--catalogue", "nothing")
    assert result.exit_code == 2
    assert "nothing" in result.stderr


def test_the_help_says_what_is_served_and_how_it_ends() -> None:
    told = " ".join(CliRunner(env={"COLUMNS": "200"}).invoke(app, ["serve", "--help"]).stdout.split())
    for word in ("/v1", "/openai/v1", "/mcp", "--host", "--port", "--catalogue", "convrec key add", "SIGTERM"):
        assert word in told
