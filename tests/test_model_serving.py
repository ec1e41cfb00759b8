import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from convrec.tools.errors import ModelError
from convrec.tools.model_serving import Engine
from fake_engines import fake_engines, free_port, is_gone, plan, until


@pytest.fixture
def fakes(tmp_path: Path) -> Iterator[Path]:
    with fake_engines(tmp_path / "fakes") as folder:
        yield folder


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to the one that started it")
@pytest.mark.usefixtures("fakes")
def test_an_engine_ends_when_the_process_that_started_it_is_killed() -> None:
    port = free_port()
    code = textwrap.dedent(f"""
        from convrec.tools.engine_plans import Plan
        from convrec.tools.model_serving import Engine
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
