import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from convrec.app.cli import app
from convrec.app.terminal import Shell
from convrec.tools.model_serving import GRACE
from fake_engines import free_port, install_fakes, is_gone, until
from openai_server import Fault, OpenAiServer, in_turn
from rich.console import Console
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


class Lamps:
    """Who answers the questions of a check."""

    def value(self, schema: dict[str, Any], prompt: str, time: int) -> Any:
        assert "q1 room" in prompt
        return {"question": "q1", "sentences": ["Where will it stand?"]}

    def reply(self, prompt: str, time: int) -> str:
        assert "One lamp" in prompt
        return "This one has a soft amber glow:\n- [1] – right for reading."


def check(server: OpenAiServer, **settings: str) -> Result:
    """`convrec llm check` of a server."""
    told = {"BASE_URL": server.base_url, "API_KEY": "sk-secret", "RETRIES": "0"} | settings
    return CliRunner(env={f"CONVREC_LLM__{name}": value for name, value in told.items()}).invoke(
        app, ["llm", "check"], obj=Shell()
    )


def test_a_check_tells_model_place_way_and_speed() -> None:
    with OpenAiServer(Lamps()) as server:
        result = check(server)
    assert result.exit_code == 0, result.output
    first, structured, streamed = result.stdout.splitlines()
    place = server.base_url.removeprefix("http://").removesuffix("/v1")
    assert first == f"all agents: tiny at {place}, set by llm.base_url"
    assert re.fullmatch(r"  ✓ structured answer by JSON schema: \d+ ms", structured)
    assert re.fullmatch(r"  ✓ streamed answer: first words after \d+ ms, \d+ tokens in \d+ ms, \d+ tokens/s", streamed)


def test_a_check_tells_in_which_way_a_shape_was_got() -> None:
    for ways, told in (
        (("tools", "words"), "as a tool call: "),
        (("words",), "its shape told in the prompt: "),
    ):
        with OpenAiServer(Lamps(), takes=ways) as server:
            result = check(server)
        assert result.exit_code == 0
        assert f"structured answer {told}" in result.stdout


def test_a_check_of_an_answer_that_had_to_be_mended_says_so() -> None:
    with OpenAiServer(Lamps(), in_turn("not_json")) as server:
        result = check(server)
    assert result.exit_code == 0
    assert "at the second try" in result.stdout
    assert "2 calls" in result.stdout


@pytest.mark.parametrize(("fault", "told"), [("refused", "refused the key (HTTP 401)"), ("empty", "empty")])
def test_a_fault_is_told_with_what_would_work(fault: Fault, told: str) -> None:
    with OpenAiServer(Lamps(), lambda _: fault, echoes_key=True) as server:
        result = check(server)
    assert result.exit_code == 1
    assert told in result.stdout
    assert ("llm.api_key" in result.stdout) == (fault == "refused")
    assert "sk-secret" not in result.output


def test_a_server_that_is_not_there_is_told() -> None:
    result = CliRunner(env={"CONVREC_LLM__BASE_URL": f"http://127.0.0.1:{free_port()}/v1"}).invoke(
        app, ["llm", "check"], obj=Shell()
    )
    assert result.exit_code == 1
    assert result.stdout.startswith("all agents: none\n  ✗ the server at 127.0.0.1")


def test_a_model_of_an_agent_of_its_own_is_checked_too() -> None:
    with OpenAiServer(Lamps()) as server:
        result = check(server, AGENTS__RANK__MODEL="other")
    assert result.exit_code == 0, result.output
    assert "rank: other at 127.0.0.1" in result.stdout
    assert result.stdout.count("✓") == 4
    assert {r.body["model"] for r in server.requests if r.body} == {"tiny", "other"}


def test_where_there_is_no_model_a_check_says_how_to_get_one() -> None:
    result = CliRunner(env={"CONVREC_LLM__DISCOVER": "false"}).invoke(app, ["llm", "check"], obj=Shell())
    assert result.exit_code == 2
    assert "There is no language model to check" in result.stderr
    assert "llm serve --model NAME" in result.stderr
