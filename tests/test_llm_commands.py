import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from convrec.app.cli import app
from convrec.app.terminal import Shell
from convrec.tools.model_serving import GRACE
from rich.console import Console
from test_model_serving import free_port, install_fakes, is_gone, until
from typer.testing import CliRunner, Result


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("CONVREC_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(install_fakes(tmp_path / "fakes")))


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """What the test has started; none of it is left behind."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def serve(
    started: list[subprocess.Popen[str]], *extra: str, model: str = "some/model", engine: str = "vllm", port: int = 0
) -> subprocess.Popen[str]:
    """`convrec llm serve`, as a process of its own."""
    arguments = ["llm", "serve", "--engine", engine, "--model", model, "--port", str(port or free_port())]
    command = [sys.executable, "-c", "from convrec.app.cli import main; main()", *arguments, "--verbose", "--", *extra]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    return process


def convrec(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), obj=Shell())


def serve_here(*arguments: str) -> Result:
    """`convrec llm serve`, which is to fail, in this process."""
    return convrec("llm", "serve", "--model", "m", "--port", str(free_port()), *arguments)


def lines_until(process: subprocess.Popen[str], word: str) -> str:
    """What it says on stderr, up to a line with a word."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if word in line:
            return said
    raise AssertionError(f"it never said {word!r}: {said}")


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_it_prints_the_settings_that_use_the_engine(started: list[subprocess.Popen[str]], engine: str) -> None:
    port = free_port()
    process = serve(started, model="some/it's", engine=engine, port=port)
    assert process.stdout is not None
    line = process.stdout.readline()
    told = subprocess.run(
        ["/bin/sh", "-c", f'{line}\necho "$CONVREC_LLM__MODEL" "$CONVREC_LLM__BASE_URL"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == f"some/it's http://127.0.0.1:{port}/v1\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_lets_the_engine_end_and_is_told_by_the_exit_code(
    started: list[subprocess.Popen[str]], number: signal.Signals, code: int
) -> None:
    process = serve(started)
    lines_until(process, "is ready")
    process.send_signal(number)
    assert "Stopping vllm" in lines_until(process, "goodbye")
    assert process.wait(20) == code


def test_a_signal_stops_an_engine_that_is_still_starting(started: list[subprocess.Popen[str]]) -> None:
    process = serve(started, "--behave", "never listens")
    lines_until(process, "loading 100%")
    process.send_signal(signal.SIGTERM)
    lines_until(process, "Stopping vllm")
    assert process.wait(20) == 143


def test_a_second_signal_ends_the_patience_with_what_does_not_listen(started: list[subprocess.Popen[str]]) -> None:
    process = serve(started, "--behave", "has a stubborn child")
    said = lines_until(process, "deaf")
    child = int(said.rpartition("\nchild ")[2].split()[0])
    begun = time.monotonic()

    def is_over() -> bool:
        process.send_signal(signal.SIGINT)
        return is_gone(child)

    until(is_over)
    assert time.monotonic() - begun < GRACE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to the one that started it")
def test_the_engine_ends_with_a_command_that_is_killed(started: list[subprocess.Popen[str]]) -> None:
    process = serve(started, "--behave", "tells its number")
    pid = int(lines_until(process, "my number is").split()[-1])
    process.kill()
    until(lambda: is_gone(pid))


def test_a_signal_that_the_caller_ignores_stays_ignored(started: list[subprocess.Popen[str]]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = serve(started)
    finally:
        signal.signal(signal.SIGHUP, before)
    lines_until(process, "is ready")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143


def test_an_engine_that_ends_is_a_fault_with_the_end_of_its_log() -> None:
    result = serve_here("--", "--behave", "ends")
    assert result.exit_code == 2
    assert "Error: vllm ended with code 3. The end of its log:" in result.stderr
    assert "ValueError: no such model" in result.stderr
    assert "after `--`" in result.stderr
    assert result.stdout == ""


def test_an_engine_that_ends_after_it_was_ready_is_a_fault_too() -> None:
    result = serve_here("--", "--behave", "ends later")
    assert result.exit_code == 2
    assert "vllm ended with code 5" in result.stderr


def test_an_engine_that_is_too_slow_is_a_fault() -> None:
    result = serve_here("--timeout", "1", "--", "--behave", "never listens")
    assert result.exit_code == 2
    assert "could not answer within 1 seconds" in result.stderr
    assert "Stopping vllm" in result.stderr


def test_an_engine_that_is_not_installed_is_a_fault_that_says_what_to_install() -> None:
    result = serve_here("--python", "/nowhere/bin/python")
    assert result.exit_code == 2
    assert "There is no Python at /nowhere/bin/python" in result.stderr
    assert "--python" in result.stderr


def test_signals_are_as_before_afterwards() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    serve_here("--", "--behave", "ends")
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_in_a_terminal_the_start_is_a_line_that_changes() -> None:
    shell = Shell()
    shell.err = Console(file=io.StringIO(), force_terminal=True, width=60, highlight=False)
    arguments = ["llm", "serve", "--model", "m", "--port", str(free_port()), "--timeout", "1"]
    CliRunner().invoke(app, [*arguments, "--", "--behave", "never listens"], obj=shell)
    shown = shell.err.file.getvalue()  # type: ignore[attr-defined]
    assert "Starting vllm with m: 0 s · loading 100%" in shown
