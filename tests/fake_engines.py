"""Engines that are fakes: a small server where a real one would load a model. All else of starting and stopping is real."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from convrec.tools.engine_plans import Plan

FAKE = '''
"""Takes the place of an engine; the word after --behave says how it goes wrong."""

import http.server, os, signal, subprocess, sys, time

def option(name, otherwise=""):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise

behave = option("--behave")
print("arguments:", *sys.argv[1:])
print("OMP_NUM_THREADS is", os.environ.get("OMP_NUM_THREADS"))
print("\\x1b[32mloading\\x1b[0m  10%\\rloading 100%")
if behave == "ends":
    print("ValueError: no such model", file=sys.stderr)
    sys.exit(3)
if behave == "is killed":
    os.kill(os.getpid(), signal.SIGKILL)
if behave == "has a stubborn child":
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    print("child", subprocess.Popen([sys.executable, "-c", child]).pid)
if behave == "tells its number":
    print("my number is", os.getpid())
if behave == "never listens":
    time.sleep(60)

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path in ("/health", "/v1/models")
        self.send_response(503 if behave == "is never healthy" else 200 if known else 404)
        self.end_headers()
        if behave == "ends later":
            os._exit(5)
    def log_message(self, *arguments):
        pass

def leave(number, frame):
    try:
        print("goodbye")
    finally:
        os._exit(0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if behave == "is stubborn" else leave)
http.server.HTTPServer((option("--host"), int(option("--port"))), Answers).serve_forever()
'''


def install_fakes(folder: Path) -> Path:
    """A folder for PYTHONPATH whose engines are fakes."""
    for module in ("vllm/entrypoints/openai/api_server.py", "transformers/cli/transformers.py"):
        path = folder / module
        path.parent.mkdir(parents=True)
        path.write_text(FAKE, encoding="utf-8")
        for package in path.parents[: len(Path(module).parents) - 1]:
            (package / "__init__.py").touch()
    for module in ("torch", "accelerate", "fastapi", "uvicorn", "openai"):
        (folder / f"{module}.py").touch()
    return folder


@contextlib.contextmanager
def fake_engines(folder: Path) -> Iterator[Path]:
    """Fakes for every Python that is started meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(install_fakes(folder)))
        patch.delenv("OMP_NUM_THREADS", raising=False)
        yield folder


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def until(happens: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something, but not for ever."""
    late = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < late, "it did not happen in time"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, collected or not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def plan(behave: str = "well", **changes: object) -> Plan:
    told = {"engine": "vllm", "model": "some/model", "port": free_port(), "extra": ("--behave", behave), "gpu": False}
    return Plan(**(told | changes))  # type: ignore[arg-type]
