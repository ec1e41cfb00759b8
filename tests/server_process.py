"""`convrec serve` in a process of its own, for tests and benchmarks that call it over HTTP."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from fake_engines import free_port, until

CONVREC = (sys.executable, "-c", "from convrec.app.cli import main; main()")
PATIENCE = 300.0
"""Seconds until a server is ready; the first one in a data folder builds the index of the films."""


@dataclass(frozen=True)
class ServerProcess:
    """A server that answers.

    Attributes:
        url: where, without a slash at its end.
        process: the process.
        log: what it writes.
    """

    url: str
    process: subprocess.Popen[bytes]
    log: Path


def plain_environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with no settings of convrec but those given, and no model to be found."""
    foreign = ("CONVREC_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(foreign)}
    return {**kept, "CONVREC_HOME": str(home), "CONVREC_LLM__DISCOVER": "false", **settings}


def copy_indexes(source: Path, home: Path) -> None:
    """Give a data folder the catalogues of another, and nothing of its users."""
    for name in ("catalogues", "chroma", "encoders"):
        if (source / name).exists():
            shutil.copytree(source / name, home / name, dirs_exist_ok=True)


@contextlib.contextmanager
def server_process(
    home: Path, settings: Mapping[str, str] | None = None, command: Sequence[str] = CONVREC, cwd: Path | None = None
) -> Iterator[ServerProcess]:
    """A served convrec on a free port of this machine, until the block ends.

    Args:
        home: its data folder.
        settings: environment variables.
        command: what starts convrec.
        cwd: where it is started; the data folder when not given.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = home / f"serve-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port)],
            env=plain_environment(home, settings or {}),
            cwd=cwd or home,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    server = ServerProcess(f"http://127.0.0.1:{port}", process, log)
    try:
        until(lambda: _answers(server), PATIENCE)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _answers(server: ServerProcess) -> bool:
    """Whether it is healthy; one that has ended never will be."""
    words = server.log.read_text(encoding="utf-8", errors="replace")[-3000:]
    assert server.process.poll() is None, f"convrec serve ended with {server.process.returncode}:\n{words}"
    try:
        return httpx.get(f"{server.url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
