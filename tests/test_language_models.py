import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from convrec.app.language_models import (
    DEFAULT_MODEL,
    OPENAI,
    Found,
    choose,
    choose_for_agents,
    configured_address,
    key_for,
)
from convrec.app.settings import Settings, load_settings
from convrec.tools import model_servers
from convrec.tools.chat_models import ModelChoice
from convrec.tools.errors import CallError
from test_model_servers import free_address, hang, listing, saying, serving

OURS, THEIRS, MINE = "sk-ours", "sk-openai", "sk-mine"
KEYS = (OURS, THEIRS, MINE)
SERVER, OTHER = "https://models.example/v1", "https://other.example/v1"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("CONVREC_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path))


class Asked:
    """Names the models of servers as a test says, and writes down whom it asked with which key."""

    def __init__(self, **models: tuple[str, ...]) -> None:
        self.models = {"models": ("embed-1", "first", "second"), "other": ("third", "second"), **models}
        self.calls: list[tuple[str, str]] = []

    def __call__(self, base_url: str, api_key: str, seconds: float) -> tuple[str, ...]:
        self.calls.append((base_url, api_key))
        assert 0 < seconds <= 3
        name = base_url.split("//")[1].split(".")[0]
        if name not in self.models:
            raise CallError(f"the server at {name} did not answer in time", "Start it.")
        return self.models[name]


@pytest.fixture
def asked() -> Asked:
    return Asked()


def llm(**values: Any) -> Settings:
    return load_settings(llm=values)


def chosen(found: Found) -> ModelChoice:
    assert found.choice, found.told
    assert not found.hint
    return found.choice


def told(choice: ModelChoice) -> tuple[str, ...]:
    return choice.name, choice.base_url, choice.api_key.get_secret_value(), choice.origin


def set_openai(patch: pytest.MonkeyPatch, key: str = "", base_url: str = "") -> None:
    for name, value in (("OPENAI_API_KEY", key), ("OPENAI_BASE_URL", base_url)):
        patch.setenv(name, value)


# Which model


def test_without_anything_the_built_in_agents_answer_and_nothing_is_wrong(asked: Asked) -> None:
    found = choose(load_settings(), asked)
    assert (found.choice, found.hint) == (None, "")
    assert found.told == "none: the built-in agents answer (none is set, and none was found on this machine)"
    assert not asked.calls


@pytest.mark.parametrize("name", ["none", "None", " NONE "])
def test_none_switches_models_off_whatever_else_is_set(
    name: str, monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    set_openai(monkeypatch, THEIRS, OTHER)
    found = choose(llm(model=name, base_url=SERVER, api_key=OURS), asked)
    assert (found.choice, found.hint) == (None, "")
    assert "llm.model" in found.told
    assert not asked.calls


def test_a_model_that_is_set_is_taken_as_it_is_with_all_that_is_set_for_calls(asked: Asked) -> None:
    settings = llm(model="qwen3", base_url=SERVER, timeout=7, retries=1, temperature=0.5, seed=11)
    choice = chosen(choose(settings, asked))
    assert told(choice) == ("qwen3", SERVER, "", "set by llm.model")
    assert (choice.timeout, choice.retries, choice.temperature, choice.seed) == (7, 1, 0.5, 11)
    assert not asked.calls


def test_a_model_in_this_process_needs_neither_server_nor_key(monkeypatch: pytest.MonkeyPatch) -> None:
    set_openai(monkeypatch, THEIRS)
    choice = chosen(choose(llm(model="transformers:/models/tiny", api_key=OURS, base_url=SERVER)))
    assert told(choice) == ("transformers:/models/tiny", "", "", "set by llm.model")


def test_an_address_alone_gives_its_first_model_that_chats(asked: Asked) -> None:
    assert told(chosen(choose(llm(base_url=SERVER, api_key=OURS), asked))) == (
        "first",
        SERVER,
        OURS,
        "set by llm.base_url",
    )
    assert asked.calls == [(SERVER, OURS)]


def test_openais_key_alone_gives_its_default_model_and_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    set_openai(monkeypatch, f"{THEIRS}\n")
    assert told(chosen(choose(load_settings(), asked))) == (DEFAULT_MODEL, OPENAI, THEIRS, "from OPENAI_API_KEY")
    assert told(chosen(choose(llm(base_url=OPENAI), asked))) == (DEFAULT_MODEL, OPENAI, THEIRS, "set by llm.base_url")
    assert not asked.calls


def test_a_key_of_ours_alone_is_one_for_openai(asked: Asked) -> None:
    assert told(chosen(choose(llm(api_key=OURS), asked))) == (DEFAULT_MODEL, OPENAI, OURS, "set by llm.api_key")


def test_openais_address_alone_gives_its_first_model(monkeypatch: pytest.MonkeyPatch, asked: Asked) -> None:
    set_openai(monkeypatch, THEIRS, SERVER)
    assert told(chosen(choose(load_settings(), asked))) == ("first", SERVER, THEIRS, "from OPENAI_BASE_URL")


def test_a_server_that_has_the_default_model_is_asked_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    set_openai(monkeypatch, THEIRS, "https://eu.openai.example/v1")
    assert chosen(choose(load_settings(), Asked(eu=("old", DEFAULT_MODEL)))).name == DEFAULT_MODEL


def test_what_is_set_comes_before_openais_variables(monkeypatch: pytest.MonkeyPatch, asked: Asked) -> None:
    set_openai(monkeypatch, THEIRS, OTHER)
    assert told(chosen(choose(llm(base_url=SERVER), asked)))[:3] == ("first", SERVER, "")
    assert told(chosen(choose(llm(model="qwen3"), asked))) == ("qwen3", OTHER, THEIRS, "set by llm.model")


def test_a_server_on_this_machine_is_the_last_to_be_looked_for(monkeypatch: pytest.MonkeyPatch, asked: Asked) -> None:
    with serving(listing("all-minilm", "qwen3", "llama3")) as server:
        monkeypatch.setattr(model_servers, "LOOPBACK", (free_address(), server.base_url))
        assert told(chosen(choose(load_settings(), asked))) == (
            "qwen3",
            server.base_url,
            "",
            f"found at {server.place}",
        )
        before = len(server.asked)
        assert choose(llm(discover=False), asked).choice is None
        assert choose(llm(model="none"), asked).choice is None
        assert chosen(choose(llm(base_url=SERVER), asked)).base_url == SERVER
        set_openai(monkeypatch, THEIRS)
        assert chosen(choose(load_settings(), asked)).base_url == OPENAI
        assert len(server.asked) == before


def test_a_model_that_is_set_without_a_key_is_looked_for_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(listing("qwen3", "llama3:latest")) as server:
        monkeypatch.setattr(model_servers, "LOOPBACK", (server.base_url,))
        origin = f"set by llm.model, found at {server.place}"
        assert told(chosen(choose(llm(model="llama3")))) == ("llama3", server.base_url, "", origin)
        assert chosen(choose(llm(model="openai:qwen3"))).model == "qwen3"
        nowhere = choose(llm(model="gpt-4.1"))
        assert nowhere.choice is None
        assert "no server on this machine lists it" in nowhere.told
        assert "OPENAI_API_KEY" in nowhere.hint
        assert choose(llm(model="qwen3", discover=False)).choice is None


@pytest.mark.parametrize("values", [{"base_url": "https://silent.example/v1"}, {}])
def test_a_server_that_is_set_and_silent_leaves_the_built_in_agents_and_a_reason(
    values: dict[str, str], monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    set_openai(monkeypatch, THEIRS, "" if values else "https://silent.example/v1")
    found = choose(llm(**values), asked)
    assert found.choice is None
    assert "silent did not answer" in found.told
    assert found.hint == "Start it."


def test_a_server_that_only_embeds_leaves_the_built_in_agents(asked: Asked) -> None:
    asked.models["models"] = ("nomic-embed-text",)
    found = choose(llm(base_url=SERVER), asked)
    assert "lists no model that chats" in found.told
    assert found.hint


def test_a_silent_server_does_not_hold_up_the_start() -> None:
    with serving(hang) as server:
        started = time.monotonic()
        found = choose(llm(base_url=server.base_url, timeout=0.1))
        assert time.monotonic() - started < 10
    assert "in time" in found.told


@pytest.mark.parametrize(
    ("key", "base_url", "name"),
    [
        ("sk-openai\nX: y", "", "OPENAI_API_KEY"),
        ("sk-openai-é", SERVER, "OPENAI_API_KEY"),
        (THEIRS, "models.example", "OPENAI_BASE_URL"),
        (THEIRS, f"https://ann:{THEIRS}@models.example/v1", "OPENAI_BASE_URL"),
    ],
)
def test_openais_variables_that_cannot_be_used_are_told_and_nothing_is_sent_anywhere(
    key: str, base_url: str, name: str, monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    set_openai(monkeypatch, key, base_url)
    for settings in (load_settings(), llm(api_key=OURS), llm(model="qwen3", api_key=OURS)):
        found = choose(settings, asked)
        assert found.choice is None
        assert name in found.told
        assert found.hint
        assert THEIRS not in repr(found) + found.told
    agents = {"rank": {"model": "big", "api_key": MINE}, "nli": {"model": "big"}}
    assert all(f.choice is None and f.hint for f in choose_for_agents(llm(agents=agents), found, asked).values())
    assert chosen(choose(llm(base_url=SERVER), asked)).api_key.get_secret_value() == ""


# Keys


@pytest.mark.parametrize(
    ("base_url", "openai_url", "ours", "address", "key"),
    [
        ("", "", "", OPENAI, THEIRS),
        ("", "", OURS, OPENAI, OURS),
        ("", SERVER, "", SERVER, THEIRS),
        ("", SERVER, OURS, SERVER, OURS),
        (SERVER, "", "", SERVER, ""),
        (SERVER, "", OURS, SERVER, OURS),
        (SERVER, OTHER, "", SERVER, ""),
        (SERVER, OTHER, OURS, SERVER, OURS),
        (SERVER, "https://models.example:443/v2", "", SERVER, THEIRS),
        (SERVER, "http://models.example/v1", "", SERVER, ""),
        (SERVER, "https://models.example:8443/v1", "", SERVER, ""),
        (SERVER, "https://models.example.evil.example/v1", "", SERVER, ""),
        (OPENAI, "", "", OPENAI, THEIRS),
        (OPENAI, SERVER, "", OPENAI, ""),
        ("http://api.openai.com/v1", "", "", "http://api.openai.com/v1", ""),
        ("http://127.0.0.1:8000/v1", "", "", "http://127.0.0.1:8000/v1", ""),
    ],
)
def test_a_key_goes_to_the_server_that_it_belongs_to_and_to_no_other(
    base_url: str, openai_url: str, ours: str, address: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_openai(monkeypatch, THEIRS, openai_url)
    settings = llm(base_url=base_url, api_key=ours, model="qwen3")
    assert configured_address(settings) == address
    assert key_for(address, settings).get_secret_value() == key
    found = choose(settings)
    assert (found.choice.api_key.get_secret_value() if found.choice else "") == key


def test_a_server_that_was_found_is_never_sent_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(listing("qwen3", "big")) as server:
        monkeypatch.setattr(model_servers, "LOOPBACK", (server.base_url,))
        settings = llm(agents={"rank": {"model": "big"}, "nli": {"model": "gpt-4.1", "api_key": MINE}})
        default = choose(settings)
        agents = choose_for_agents(settings, default)
        assert told(chosen(agents["rank"])) == ("big", server.base_url, "", "set by llm.agents.rank.model")
        assert told(chosen(agents["nli"]))[:3] == ("gpt-4.1", OPENAI, MINE)
        assert set(server.keys) == {""}


# Agents


def agents_of(asked: Asked, default: dict[str, str], **agents: dict[str, str]) -> dict[str, Found]:
    settings = llm(**default, agents=agents)
    return choose_for_agents(settings, choose(settings, asked), asked)


def test_agents_without_anything_of_their_own_are_not_named(asked: Asked) -> None:
    default = {"model": "qwen3", "base_url": SERVER, "api_key": OURS}
    assert agents_of(asked, default) == {}
    same = {
        "rank": {"model": "qwen3"},
        "nli": {"base_url": SERVER},
        "respond": {"api_key": OURS, "model": "qwen3"},
    }
    assert agents_of(asked, default, **same) == {}
    assert not asked.calls


def test_an_agents_model_is_asked_at_the_server_of_all_with_its_key(asked: Asked) -> None:
    found = agents_of(asked, {"model": "qwen3", "base_url": SERVER, "api_key": OURS}, rank={"model": "big"})
    assert {a: told(chosen(f)) for a, f in found.items()} == {
        "rank": ("big", SERVER, OURS, "set by llm.agents.rank.model")
    }


def test_an_agents_other_server_gets_its_own_key_or_none(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    set_openai(monkeypatch, THEIRS)
    found = agents_of(
        asked,
        {"model": "qwen3", "base_url": SERVER, "api_key": OURS},
        rank={"base_url": OTHER, "model": "big"},
        nli={"base_url": OTHER, "model": "big", "api_key": MINE},
        respond={"base_url": OPENAI, "model": "gpt-4.1"},
        understand={"base_url": "https://models.example/other", "model": "big"},
        answer={"api_key": MINE},
    )
    keys = {agent: (chosen(f).base_url, chosen(f).api_key.get_secret_value()) for agent, f in found.items()}
    assert keys == {
        "rank": (OTHER, ""),
        "nli": (OTHER, MINE),
        "respond": (OPENAI, THEIRS),
        "understand": ("https://models.example/other", OURS),
        "answer": (SERVER, MINE),
    }
    assert chosen(found["answer"]).name == "qwen3"


def test_an_agents_server_without_a_name_gives_the_model_of_all_if_it_has_it_or_its_first(asked: Asked) -> None:
    own = {"base_url": OTHER}
    assert chosen(agents_of(asked, {"model": "second", "base_url": SERVER}, rank=own)["rank"]).name == "second"
    assert chosen(agents_of(asked, {"model": "qwen3", "base_url": SERVER}, rank=own)["rank"]).name == "third"
    assert chosen(agents_of(asked, {}, rank=own)["rank"]).name == "third"


def test_an_agent_may_be_built_in_while_the_others_ask_a_model_and_the_other_way_round(asked: Asked) -> None:
    found = agents_of(asked, {"model": "qwen3", "base_url": SERVER}, rank={"model": "none"})
    assert found == {"rank": Found(reason='llm.agents.rank.model is "none"')}
    found = agents_of(asked, {"model": "none", "base_url": SERVER}, rank={"model": "big"}, nli={"model": "none"})
    assert list(found) == ["rank"]
    assert told(chosen(found["rank"]))[:2] == ("big", SERVER)


def test_an_agent_may_run_in_this_process_and_the_others_not(asked: Asked) -> None:
    found = agents_of(
        asked, {"model": "qwen3", "base_url": SERVER, "api_key": OURS}, nli={"model": "transformers:tiny"}
    )
    assert told(chosen(found["nli"]))[:3] == ("transformers:tiny", "", "")
    found = agents_of(asked, {"model": "transformers:tiny"}, rank={"model": "big", "base_url": SERVER})
    assert told(chosen(found["rank"]))[:2] == ("big", SERVER)


def test_an_agents_model_without_a_key_for_openai_is_told(asked: Asked) -> None:
    found = agents_of(asked, {}, rank={"model": "gpt-4.1"})["rank"]
    assert found.choice is None
    assert "gpt-4.1 is set by llm.agents.rank.model" in found.told
    assert found.hint


def test_a_silent_server_of_several_agents_is_waited_for_once(asked: Asked) -> None:
    silent = {"base_url": "https://silent.example/v1"}
    found = agents_of(asked, {"model": "qwen3", "base_url": SERVER}, rank=silent, nli=silent, respond=silent)
    assert {a: (f.choice, f.hint) for a, f in found.items()} == dict.fromkeys(
        ("nli", "rank", "respond"), (None, "Start it.")
    )
    assert len(asked.calls) == 1


# Secrets


@pytest.mark.parametrize(
    "answer",
    [listing("first"), saying(json.dumps({"error": KEYS}), 401), saying("<html>")],
    ids=["a list", "a refusal", "a page"],
)
def test_no_key_is_ever_shown(
    answer: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with serving(answer) as server:
        set_openai(monkeypatch, THEIRS, OTHER)
        agents = {a: {"base_url": server.base_url, "api_key": MINE} for a in ("rank", "nli")}
        settings = llm(base_url=server.base_url, api_key=OURS, agents=agents)
        found = choose(settings)
        shown = [settings, settings.model_dump_json(), found, found.told, found.hint]
        for own in choose_for_agents(settings, found).values():
            shown += [own, own.told, own.hint]
            shown += [own.choice.model_dump_json(), own.choice.place] if own.choice else []
        assert f"Bearer {OURS}" in server.keys
    text = " ".join(f"{s} {s!r}" for s in shown) + caplog.text
    assert not [key for key in KEYS if key in text]
