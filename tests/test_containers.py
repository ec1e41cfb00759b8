"""The container files agree with the settings, with the versions that were tested, and with one another.

Nothing is built here: there is no engine. What an engine would refuse at once, hadolint finds where it is installed.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from convrec.app.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
CADDYFILE = (ROOT / "docs" / "Caddyfile").read_text(encoding="utf-8")
LETS_IN = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HADOLINT = Path(sys.executable).with_name("hadolint")

SERVICES = COMPOSE["services"]
CONVREC = SERVICES["convrec"]

_BLANK = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def instructions() -> list[tuple[str, str]]:
    """The last stage's instructions and what each is told."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    every = [line.split(maxsplit=1) for line in joined.split("\n") if line.strip()]
    last = max(place for place, (name, _) in enumerate(every) if name == "FROM")
    return [(name, told.strip()) for name, told in every[last:]]


def told(name: str) -> str:
    """What the last stage tells of one instruction."""
    (found,) = [text for instruction, text in instructions() if instruction == name]
    return found


def image_environment() -> dict[str, str]:
    """What the image sets."""
    return dict(pair.split("=", 1) for pair in told("ENV").split())


def filled(text: Any, **values: str) -> str:
    """A value of compose.yaml with its blanks filled, as an engine does."""
    return _BLANK.sub(lambda m: values.get(m[1], m[3] if m[2] == "-" else "x"), str(text))


def versions_of(name: str) -> list[str]:
    """A package's version in the constraints."""
    return re.findall(rf"^{name}==(\S+)$", CONSTRAINTS, re.MULTILINE)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The settings that a container of compose.yaml finds, but for the data folder."""
    given = {name: filled(value or "") for name, value in CONVREC["environment"].items()}
    for name, value in (image_environment() | given).items():
        if name.startswith("CONVREC_"):
            monkeypatch.setenv(name, value)
    return load_settings(home=tmp_path)


def test_every_variable_sets_something(settings: Settings) -> None:
    assert settings.memory.server == "http://chroma:8000"
    assert not settings.llm.discover


def test_the_image_does_not_run_as_root() -> None:
    user, group = told("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_the_image_says_whether_it_is_well() -> None:
    port = Settings.model_fields["serve"].default.port
    assert told("EXPOSE") == str(port)
    assert f"'127.0.0.1', {port}," in told("HEALTHCHECK")
    assert "/healthz" in told("HEALTHCHECK")


def test_a_container_gets_the_signals_itself_and_serves() -> None:
    assert told("ENTRYPOINT") == '["convrec"]'
    assert told("CMD") == '["serve", "--host", "0.0.0.0"]'


def test_data_is_kept_in_a_volume() -> None:
    home = image_environment()["CONVREC_HOME"]
    assert told("VOLUME") == home
    assert CONVREC["volumes"] == [f"data:{home}"]
    assert set(COMPOSE["volumes"]) == {"data", "chroma", "postgres", "caddy"}


def test_the_image_has_the_python_that_the_versions_were_tested_on() -> None:
    tested = re.search(r"on Python (\d+\.\d+)", CONSTRAINTS)
    base = re.search(r"^FROM python:(\d+\.\d+)\.\d+-slim-\w+ AS base$", DOCKERFILE, re.MULTILINE)
    assert tested
    assert base
    assert base[1] == tested[1]


def test_the_server_of_the_memories_is_as_old_as_its_client() -> None:
    assert [SERVICES["chroma"]["image"]] == [f"chromadb/chroma:{version}" for version in versions_of("chromadb")]


def test_images_are_pinned() -> None:
    foreign = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert all(re.search(r":\d[\w.]*$", image) for image in foreign)


def test_what_the_image_installs_is_in_the_project() -> None:
    assert '["optional-dependencies"]["postgres"]' in DOCKERFILE
    assert PROJECT["project"]["optional-dependencies"]["postgres"]


def test_the_wheel_has_all_that_it_is_built_from() -> None:
    packages = {name.split(".")[1] for name in PROJECT["tool"]["setuptools"]["packages"] if "." in name}
    named = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    needed = packages | named | {"__init__.py", "pyproject.toml", "constraints.txt"}
    assert {line[1:] for line in LETS_IN if line.startswith("!")} == needed


def test_convrec_reaches_the_others_by_their_names(settings: Settings) -> None:
    database = urlsplit(settings.memory.database.get_secret_value())
    told_of = SERVICES["postgres"]["environment"]
    assert urlsplit(settings.memory.server).hostname in SERVICES
    assert database.hostname in SERVICES
    assert (database.username, database.path) == (told_of["POSTGRES_USER"], f"/{told_of['POSTGRES_DB']}")
    assert database.password == filled(told_of["POSTGRES_PASSWORD"])


def test_nothing_secret_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    blanks = {(m[1], m[2]) for m in _BLANK.finditer(text)}
    secret = {(name, kind) for name, kind in blanks if re.search("PASSWORD|SECRET|KEY", name)}
    assert secret == {("POSTGRES_PASSWORD", "?")}


def test_only_this_machine_reaches_convrec_and_nobody_the_databases(settings: Settings) -> None:
    assert [filled(port) for port in CONVREC["ports"]] == [f"127.0.0.1:{settings.serve.port}:{settings.serve.port}"]
    for name in ("chroma", "postgres"):
        assert "ports" not in SERVICES[name]
        assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_convrec_waits_until_the_others_are_well() -> None:
    assert CONVREC["depends_on"] == {name: {"condition": "service_healthy"} for name in ("chroma", "postgres")}
    assert all("healthcheck" in SERVICES[name] for name in CONVREC["depends_on"])


def test_turns_under_way_are_finished_before_a_container_is_killed(settings: Settings) -> None:
    assert int(CONVREC["stop_grace_period"].removesuffix("s")) > settings.serve.grace


def test_only_the_proxy_is_believed_and_it_is_there_when_asked_for(settings: Settings) -> None:
    caddy = SERVICES["caddy"]
    assert list(settings.serve.proxies) == [caddy["networks"]["outside"]["ipv4_address"]]
    assert caddy["profiles"] == ["proxy"]
    assert all("profiles" not in service for name, service in SERVICES.items() if name != "caddy")


def test_the_proxy_keeps_a_page_at_its_instance_and_streams(settings: Settings) -> None:
    assert re.search(rf"name convrec\s+port {settings.serve.port}\b", CADDYFILE)
    assert "lb_policy cookie" in CADDYFILE
    assert "flush_interval -1" in CADDYFILE


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed")
def test_hadolint_finds_nothing() -> None:
    found = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert found.stdout == ""
    assert found.returncode == 0
