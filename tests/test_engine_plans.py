import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from convrec.tools.engine_plans import check_plan, has_gpu
from convrec.tools.errors import InputError
from fake_engines import fake_engines, plan


@pytest.fixture
def fakes(tmp_path: Path) -> Iterator[Path]:
    with fake_engines(tmp_path / "fakes") as folder:
        yield folder


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
