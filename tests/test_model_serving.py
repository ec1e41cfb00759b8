import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from convrec.tools.errors import InputError, ModelError
from convrec.tools.model_serving import Engine, Plan, check_plan, has_gpu

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


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fakes, installed for every Python that is started."""
    folder = install_fakes(tmp_path / "fakes")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return folder


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


def child_of(engine: Engine) -> int:
    """The child that the fake started, once it is deaf to being terminated."""
    until(lambda: "deaf" in engine.lines)
    return int(next(line for line in engine.lines if line.startswith("child ")).split()[1])


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize("name", ["vllm", "transformers"])
def test_an_engine_is_healthy_when_it_answers(name: str) -> None:
    told: list[tuple[float, str]] = []
    with Engine(plan(engine=name)) as engine:
        assert engine.wait_until_healthy(20, lambda seconds, line: told.append((seconds, line)))
        assert not engine.ended
    assert engine.ended
    assert "goodbye" in engine.lines
    assert told[0] == (told[0][0], "")
    assert told == sorted(told, key=lambda t: t[0])


@pytest.mark.usefixtures("fakes")
def test_its_log_is_kept_without_colours_and_told_line_by_line() -> None:
    told: list[str] = []
    with Engine(plan(), told.append) as engine:
        engine.wait_until_healthy(20)
    assert "loading  10%" in engine.lines
    assert "loading 100%" in engine.lines
    assert tuple(told) == engine.lines


@pytest.mark.usefixtures("fakes")
def test_without_a_gpu_the_engine_gets_what_a_cpu_needs_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value, expected in ((None, "1"), ("7", "7")):
        if value:
            monkeypatch.setenv("OMP_NUM_THREADS", value)
        with Engine(plan()) as engine:
            engine.wait_until_healthy(20)
        assert f"OMP_NUM_THREADS is {expected}" in engine.lines


@pytest.mark.usefixtures("fakes")
def test_modules_in_the_folder_of_the_caller_do_not_hide_those_of_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "vllm.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    with Engine(plan()) as engine:
        assert engine.wait_until_healthy(20)


@pytest.mark.usefixtures("fakes")
def test_an_engine_that_ends_before_it_is_healthy_is_told_with_the_end_of_its_log() -> None:
    with Engine(plan("ends")) as engine, pytest.raises(ModelError) as caught:
        engine.wait_until_healthy(20)
    assert str(caught.value).startswith("vllm ended with code 3.")
    assert str(caught.value).endswith("ValueError: no such model")


@pytest.mark.usefixtures("fakes")
def test_an_engine_that_was_killed_is_told_with_the_signal() -> None:
    with Engine(plan("is killed")) as engine, pytest.raises(ModelError, match="was killed by SIGKILL"):
        engine.wait_until_healthy(20)


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize("behave", ["never listens", "is never healthy"])
def test_an_engine_that_is_not_healthy_in_time_is_stopped(behave: str) -> None:
    with (
        Engine(plan(behave)) as engine,
        pytest.raises(ModelError, match=r"could not answer within 0\.5 seconds") as caught,
    ):
        engine.wait_until_healthy(0.5)
    assert "--timeout" in caught.value.hint
    assert is_gone(engine.pid)


@pytest.mark.usefixtures("fakes")
def test_waiting_ends_when_somebody_wants_to_stop() -> None:
    asked = iter([False, False, True])
    with Engine(plan("never listens")) as engine:
        assert not engine.wait_until_healthy(20, stopping=lambda: next(asked))


@pytest.mark.usefixtures("fakes")
def test_an_engine_that_ends_after_it_was_healthy_is_told() -> None:
    with Engine(plan("ends later")) as engine:
        with contextlib.suppress(ModelError):
            engine.wait_until_healthy(20)
        with pytest.raises(ModelError, match="ended with code 5"):
            engine.watch(lambda: False)


@pytest.mark.usefixtures("fakes")
def test_stopping_ends_children_that_do_not_listen() -> None:
    with Engine(plan("has a stubborn child")) as engine:
        engine.wait_until_healthy(20)
        child = child_of(engine)
        assert not is_gone(child)
        engine.stop(grace=0.3)
    until(lambda: is_gone(child))
    assert is_gone(engine.pid)


@pytest.mark.usefixtures("fakes")
def test_children_of_an_engine_that_was_killed_are_ended_too() -> None:
    with Engine(plan("has a stubborn child")) as engine:
        child = child_of(engine)
        os.kill(engine.pid, signal.SIGKILL)
        until(lambda: engine.ended)
        engine.stop(grace=0.3)
    until(lambda: is_gone(child))


@pytest.mark.usefixtures("fakes")
def test_an_engine_that_does_not_listen_is_killed_after_its_grace_or_at_once_in_a_hurry() -> None:
    for grace, hurry, least, most in ((0.5, False, 0.5, 10), (60, True, 0, 10)):
        with Engine(plan("is stubborn")) as engine:
            engine.wait_until_healthy(20)
            started = time.monotonic()
            engine.stop(grace, lambda hurry=hurry: hurry)
            assert least <= time.monotonic() - started < most
        assert is_gone(engine.pid)


@pytest.mark.usefixtures("fakes")
def test_stopping_twice_is_harmless() -> None:
    with Engine(plan()) as engine:
        engine.stop()
        engine.stop()
    assert engine.ended


@pytest.mark.usefixtures("fakes")
def test_a_port_that_is_taken_is_told_before_anything_starts() -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        place.listen()
        port = place.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: address already in use") as caught:
            check_plan(plan(port=port))
    assert "--port" in caught.value.hint
    check_plan(plan(port=port))


@pytest.mark.usefixtures("fakes")
def test_an_address_that_is_not_of_this_machine_is_refused() -> None:
    with pytest.raises(InputError, match=r"Nothing can listen at 192\.0\.2\.1"):
        check_plan(plan(host="192.0.2.1"))


@pytest.mark.parametrize("python", ["/nowhere/bin/python", "no-such-python"])
def test_an_interpreter_that_is_not_there_is_told(python: str) -> None:
    with pytest.raises(InputError, match=f"There is no Python at {python}"):
        check_plan(plan(python=python))


def test_a_program_that_is_no_interpreter_is_told(tmp_path: Path) -> None:
    false = tmp_path / "python"
    false.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    false.chmod(0o755)
    with pytest.raises(InputError, match="cannot be run as a Python"):
        check_plan(plan(python=str(false)))


def test_an_engine_that_is_not_installed_is_told_with_what_to_install(fakes: Path) -> None:
    (fakes / "vllm" / "__init__.py").unlink()
    (fakes / "vllm").rename(fakes / "other")
    with pytest.raises(InputError, match=r"vllm is not installed for .*: it lacks vllm") as caught:
        check_plan(plan())
    assert "pip install vllm" in caught.value.hint
    assert "--python" in caught.value.hint


@pytest.mark.parametrize("argument", ["--port", "--host=0.0.0.0", "--model", "--served-model-name=x"])
def test_an_argument_for_the_engine_may_not_contradict_ours(argument: str) -> None:
    with pytest.raises(InputError, match="is set by convrec itself"):
        check_plan(plan(extra=(argument, "1")))


def test_vllm_is_asked_for_grammars_without_white_space_and_on_a_cpu_to_compile_nothing() -> None:
    with_gpu, without = (plan(gpu=gpu, extra=("--dtype", "float16")) for gpu in (True, False))
    for command in (with_gpu.command, without.command):
        assert '{"backend":"xgrammar","disable_any_whitespace":true}' in command
        assert command[-2:] == ["--dtype", "float16"]
    assert "--enforce-eager" in without.command
    assert "--enforce-eager" not in with_gpu.command
    assert without.defaults["VLLM_CPU_KVCACHE_SPACE"] == "1"
    assert "VLLM_CPU_KVCACHE_SPACE" not in with_gpu.defaults


def test_a_model_is_called_what_its_server_calls_it(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    folder = f"{tmp_path}/small/"
    assert plan().name == "some/model"
    assert plan(model=folder).name == "small"
    assert plan(model=folder, engine="transformers").name == folder
    assert plan(model=folder).defaults["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in plan().defaults


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/v1"),
        ("0.0.0.0", "http://127.0.0.1:8000/v1"),
        ("::", "http://[::1]:8000/v1"),
        ("tea.example", "http://tea.example:8000/v1"),
    ],
)
def test_the_address_is_one_that_this_machine_can_reach(host: str, expected: str) -> None:
    assert plan(host=host, port=8000).base_url == expected


def test_a_gpu_is_known_by_its_device(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert not has_gpu(tmp_path)
    (tmp_path / "nvidia3").touch()
    assert has_gpu(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to the one that started it")
@pytest.mark.usefixtures("fakes")
def test_an_engine_ends_when_the_process_that_started_it_is_killed() -> None:
    port = free_port()
    code = textwrap.dedent(f"""
        from convrec.tools.model_serving import Engine, Plan
        with Engine(Plan("vllm", "m", port={port})) as engine:
            engine.wait_until_healthy(20)
            print(engine.pid, flush=True)
            engine.watch(lambda: False)
    """)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        pid = int(started.stdout.readline())
        assert not is_gone(pid)
        started.kill()
    until(lambda: is_gone(pid))
