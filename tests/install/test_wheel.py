"""The wheel, installed as anybody would: built from what the container's builder gets, into an environment of its own.

`make test-install`; some minutes, 2.5 GB on disk while it runs, and PyPI must be there.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from server_process import plain_environment, server_process

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.timeout(1_800)


@dataclass(frozen=True)
class Installed:
    """An environment with nothing but the wheel and what it needs.

    Attributes:
        folder: of the environment.
        home: a data folder.
        source: what the wheel was built from.
    """

    folder: Path
    home: Path
    source: Path

    @property
    def convrec(self) -> str:
        """The command."""
        return str(self.folder / "bin" / "convrec")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, far from the checkout."""
        return subprocess.run(
            [str(self.folder / "bin" / words[0]), *words[1:]],
            env=plain_environment(self.home, {}),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def copy_source(folder: Path) -> Path:
    """The files that .dockerignore lets in."""
    folder.mkdir()
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        path = ROOT / line.removeprefix("!")
        if not line.startswith("!"):
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel with its Postgres extra, by the versions in constraints.txt; removed at the end, for it is large."""
    place = tmp_path_factory.mktemp("wheel")
    source = copy_source(place / "source")
    wheels = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place), str(source)]
    subprocess.run(wheels, check=True)
    (wheel,) = place.glob("convrec-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
    pip = [str(place / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The processor's torch where there is one to be had: pip's own settings say where.
    subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), f"{wheel}[postgres]"], check=True)
    home = place / "home"
    home.mkdir()
    yield Installed(place / "venv", home, source)
    shutil.rmtree(place / "venv", ignore_errors=True)


def test_it_tells_its_version(installed: Installed) -> None:
    done = installed.run("convrec", "--version")
    assert done.stdout.startswith("convrec ")
    assert done.returncode == 0


def test_it_is_not_the_checkout_that_runs(installed: Installed) -> None:
    done = installed.run("python", "-c", "import convrec; print(convrec.__file__)")
    assert done.stdout.startswith(str(installed.folder))


def test_every_file_of_the_source_is_in_it(installed: Installed) -> None:
    (package,) = installed.folder.glob("lib/python*/site-packages/convrec")
    outside = {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
    files = {p.relative_to(installed.source).as_posix() for p in installed.source.rglob("*") if p.is_file()}
    there = {p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file()}
    built = {name for name in files if name.split("/")[0] in ("build", "convrec.egg-info")}
    assert files - outside - built <= there


def test_nothing_is_missing_in_it(installed: Installed) -> None:
    done = installed.run("python", "-m", "pip", "check")
    assert done.returncode == 0, done.stdout


def test_it_serves_and_talks(installed: Installed) -> None:
    with (
        server_process(installed.home, command=[installed.convrec]) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        thread = client.post("/v1/threads", json={}).raise_for_status().json()["thread"]
        answer = client.post(f"/v1/threads/{thread}/turns", json={"text": "something funny"}).raise_for_status().json()
        assert answer["reply"]
        assert answer["items"]
        page = client.get("/", headers={"accept": "text/html"}, follow_redirects=True)
        assert page.status_code == 200
        assert "gradio" in page.text


def test_the_doctor_finds_it_well(installed: Installed) -> None:
    done = installed.run("convrec", "doctor")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", ["mcp", "key", "serve", "simulate"])
def test_it_explains_its_commands(installed: Installed, command: str) -> None:
    done = installed.run("convrec", command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_it_writes_to_its_data_folder_alone(installed: Installed, tmp_path: Path) -> None:
    """As in a container, whose root is read-only; and no library leaves something of its own elsewhere."""
    environment = plain_environment(installed.home, {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"})
    for name in [n for n in environment if n.startswith("XDG_")]:
        del environment[name]
    done = subprocess.run(
        [installed.convrec, "ask", "something funny", "--json"],
        env=environment, cwd=os.sep, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert list(tmp_path.rglob("*")) == []
