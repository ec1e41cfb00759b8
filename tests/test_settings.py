import os
import traceback
from pathlib import Path

import pytest
from convrec.app.setting_groups import AgentModels, LlmSettings
from convrec.app.settings import FILE, Settings, load_settings, openai_environment
from convrec.tools.errors import SettingsError
from pydantic import ValidationError

SECRET = "sk-secret"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in list(os.environ):
        if name.upper().startswith(("CONVREC_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path))
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / FILE).write_text(text, encoding="utf-8")


def refused(**overrides: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    assert caught.value.hint
    told = f"{caught.value} {caught.value.hint}"
    # A traceback may show more than the message, but no key either.
    assert SECRET not in told + "".join(traceback.format_exception(caught.value))
    return told


def test_without_any_setting_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.home == tmp_path
    assert (settings.catalogue, settings.count, settings.questions) == ("films", 3, 2)
    assert (settings.turn.max_calls, settings.ui.port, settings.llm.model) == (12, 7860, "")


def test_without_a_home_the_system_says_where_data_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONVREC_HOME")
    assert load_settings().home.name == "convrec"


def test_the_environment_wins_over_the_file_and_arguments_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "count = 4\nquestions = 1\n[ui]\nport = 8001\nhost = '0.0.0.0'\n[turn]\nmax_calls = 3\n")
    monkeypatch.setenv("CONVREC_COUNT", "5")
    monkeypatch.setenv("CONVREC_UI__PORT", "8002")
    settings = load_settings(ui={"port": 8003}, catalogue=None)
    assert (settings.count, settings.questions, settings.turn.max_calls) == (5, 1, 3)
    assert (settings.ui.host, settings.ui.port) == ("0.0.0.0", 8003)
    assert load_settings(count=6).count == 6
    assert load_settings().ui.port == 8002


def test_the_file_is_read_from_the_home_that_is_given(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, "count = 7\n")
    assert load_settings(home=other).count == 7
    assert load_settings().count == 3


def test_a_home_is_made_absolute_and_its_tilde_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings(home="~/data").home == tmp_path / "data"
    assert load_settings(home="data").home == Path.cwd() / "data"


def test_the_folder_of_test_data_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_DATA", "/somewhere")
    assert load_settings().catalogue == "films"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_COUNT", "")
    assert load_settings().count == 3


def test_a_misspelt_variable_is_refused_with_the_right_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_CUONT", "3")
    assert "CONVREC_CUONT" in (text := refused())
    assert "CONVREC_COUNT?" in text


def test_a_bad_value_in_the_environment_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_TURN__MAX_CALLS", "many")
    text = refused()
    assert "turn.max_calls" in text
    assert "'many'" in text
    assert "CONVREC_TURN__MAX_CALLS" in text
    assert "0 to 1,000" in text


def test_a_bad_value_in_the_file_is_named_with_the_file(tmp_path: Path) -> None:
    write(tmp_path, "count = 50\n")
    text = refused()
    assert "'count' cannot be 50" in text
    assert str(tmp_path / FILE) in text
    assert "1 to 10" in text


def test_a_bad_argument_is_said_to_be_an_argument(tmp_path: Path) -> None:
    write(tmp_path, "count = 4\n")
    assert "given as an argument" in refused(count=0)


def test_an_unknown_key_in_the_file_is_refused_even_in_a_group(tmp_path: Path) -> None:
    write(tmp_path, "[ui]\nprot = 8000\n")
    text = refused()
    assert "'ui.prot'" in text
    assert "ui.port?" in text


def test_a_value_where_a_group_belongs_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "ui = 8000\n")
    assert "host, port" in refused()


@pytest.mark.parametrize("text", ["count = = 3", "count", '{"count": 3}', "count = 3\ncount = 4"])
def test_a_file_that_is_no_toml_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert str(tmp_path / FILE) in refused()


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00count")
    assert str(tmp_path / FILE) in refused()


def test_the_file_cannot_say_where_it_lies_itself(tmp_path: Path) -> None:
    write(tmp_path, "home = '/elsewhere'\n")
    assert "CONVREC_HOME" in refused()


def test_a_group_may_be_json_and_bad_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_UI", '{"port": 8000}')
    assert load_settings().ui.port == 8000
    monkeypatch.setenv("CONVREC_UI", "{port: 8000")
    assert "ui" in refused()


def test_a_home_under_a_regular_file_still_gives_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert load_settings(home=tmp_path / "file" / "home").count == 3


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVREC_LLM__API_KEY", "sk-secret")
    assert "sk-secret" not in repr(load_settings())
    assert "sk-secret" not in load_settings().model_dump_json()
    monkeypatch.delenv("CONVREC_LLM__API_KEY")
    write(tmp_path, "[llm]\napi_key = ['sk-secret']\n")
    assert "sk-secret" not in refused()


def test_the_language_model_has_cautious_defaults() -> None:
    llm = load_settings().llm
    assert (llm.model, llm.base_url, llm.api_key.get_secret_value(), llm.cross_encoder) == ("", "", "", "")
    assert (llm.effort, llm.ranking, llm.timeout, llm.retries, llm.concurrency) == ("medium", "listwise", 30, 2, 8)
    assert (llm.temperature, llm.seed, llm.cache, llm.discover) == (0, None, False, True)
    assert llm.agents == AgentModels()
    assert (load_settings().trace.enabled, load_settings().trace.words) == (True, False)


def test_the_language_model_is_set_by_the_environment_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        "[llm]\nmodel = ' qwen3 '\nretries = 0\ncache = true\nseed = 7\n"
        "[llm.agents.rank]\nmodel = 'big'\n[llm.agents.nli]\nmodel = 'none'\n[trace]\nwords = true\n",
    )
    monkeypatch.setenv("CONVREC_LLM__BASE_URL", " http://127.0.0.1:8000/v1/ ")
    monkeypatch.setenv("CONVREC_LLM__API_KEY", "sk-1\n")
    monkeypatch.setenv("CONVREC_LLM__AGENTS__RANK__MODEL", "bigger")
    monkeypatch.setenv("CONVREC_LLM__AGENTS__RESPOND__API_KEY", "sk-2")
    monkeypatch.setenv("CONVREC_LLM__EFFORT", "high")
    llm = load_settings().llm
    assert (llm.model, llm.base_url, llm.effort) == ("qwen3", "http://127.0.0.1:8000/v1", "high")
    assert (llm.retries, llm.cache, llm.seed) == (0, True, 7)
    assert (llm.agents.rank.model, llm.agents.nli.model) == ("bigger", "none")
    assert [k.get_secret_value() for k in (llm.api_key, llm.agents.respond.api_key)] == ["sk-1", "sk-2"]
    assert load_settings().trace.words is True


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("effort", "huge", "low, medium or high"),
        ("ranking", "best", "listwise, elimination or vote"),
        ("timeout", "0", "more than 0, at most 3,600"),
        ("timeout", "inf", "more than 0, at most 3,600"),
        ("retries", "11", "0 to 10"),
        ("concurrency", "0", "1 to 1,000"),
        ("concurrency", "1001", "1 to 1,000"),
        ("temperature", "2.1", "at most 2"),
        ("temperature", "nan", "at most 2"),
        ("seed", "-1", "a whole number from 0"),
        ("seed", "1.5", "a whole number from 0"),
        ("cache", "often", "true or false"),
        ("base_url", "127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("base_url", "ftp://host", "http://127.0.0.1:8000/v1"),
        ("base_url", "http://", "http://127.0.0.1:8000/v1"),
        ("agents__rank__base_url", "host", "http://127.0.0.1:8000/v1"),
    ],
)
def test_a_bad_value_for_the_language_model_is_refused_with_what_is_allowed(
    key: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CONVREC_LLM__{key.upper()}", value)
    text = refused()
    assert f"llm.{key.replace('__', '.')}" in text
    assert repr(value) in text
    assert allowed in text


def test_an_agent_that_there_is_not_is_refused_with_the_right_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_LLM__AGENTS__RANC__MODEL", "big")
    assert "CONVREC_LLM__AGENTS__RANK__MODEL?" in refused()


def test_every_agent_that_can_have_a_model_has_a_group() -> None:
    from typing import get_args

    from convrec.agents.state import AgentName

    assert set(AgentModels.model_fields) <= set(get_args(AgentName))


@pytest.mark.parametrize(
    "text",
    [
        f"llm = '{SECRET}'",
        f"llm = ['{SECRET}']",
        f"[llm]\napi_key = ['{SECRET}']",
        f'[llm]\napi_key = "{SECRET}\\u0007"',
        f"[llm]\napi_key = '{SECRET}é'",
        f"[llm]\napi_key = {{ key = '{SECRET}' }}",
        f"[llm]\nbase_url = 'https://ann:{SECRET}@host/v1'",
        f"[llm]\nbase_url = 'https://{SECRET}@host/v1'",
        f"[llm]\nbase_url = 'ann:{SECRET}@host'",
        f"[llm]\nbase_url = 'https://ann:{SECRET}?#/@host/v1'",
        f"[llm]\nbase_url = 'https://host/v1?api_key={SECRET}'",
        f"[llm]\nbase_url = 'https://host/v1#{SECRET}'",
        f"[llm]\nbase_url = ['{SECRET}']",
        f"[llm]\nagents = '{SECRET}'",
        f"[llm.agents]\nrank = '{SECRET}'",
        f"[llm.agents]\nrank = ['{SECRET}']",
        f"[llm.agents.rank]\napi_key = ['{SECRET}']",
        f"[llm.agents.rank]\nbase_url = 'https://ann:{SECRET}@host/v1'",
        f"[llm]\napi_key = '{SECRET}'\nmodle = 'x'",
        f"[llm]\napi_key = '{SECRET}'\ntimeout = 0",
        f"[llm]\napi_key = '{SECRET}'\napi_key = '{SECRET}'",
        f"[llm]\napi_key = '{SECRET}",
        f"[llm]\napi_key = {SECRET}",
    ],
)
def test_no_message_shows_a_key_wherever_it_stands_in_the_file(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert SECRET not in refused()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONVREC_LLM", SECRET),
        ("CONVREC_LLM", f'{{"api_key": "{SECRET}", "modle": "x"}}'),
        ("CONVREC_LLM", f'{{"api_key": "{SECRET}"'),
        ("CONVREC_LLM", f'["{SECRET}"]'),
        ("CONVREC_LLM__AGENTS", SECRET),
        ("CONVREC_LLM__AGENTS", f'{{"rank": "{SECRET}"}}'),
        ("CONVREC_LLM__AGENTS__RANK", SECRET),
        ("CONVREC_LLM__AGENTS__RANK", f'["{SECRET}"]'),
        ("CONVREC_LLM__AGENTS__RANK__API_KEY", f"{SECRET}é"),
        ("CONVREC_LLM__AGENTS__RANK__API_KEY__X", SECRET),
        ("CONVREC_LLM__API_KEY", f"{SECRET}\x07"),
        ("CONVREC_LLM_API_KEY", SECRET),
        ("CONVREC_LLM__BASE_URL", f"https://ann:{SECRET}@host/v1"),
    ],
)
def test_no_message_shows_a_key_wherever_it_stands_in_the_environment(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert SECRET not in refused()


def test_no_message_shows_a_key_that_was_given_as_an_argument() -> None:
    assert SECRET not in refused(llm={"api_key": [SECRET]})
    assert SECRET not in refused(llm={"agents": {"rank": {"api_key": {"key": SECRET}}}})
    assert "…@host" in refused(llm={"base_url": f"https://ann:{SECRET}@host/v1"})
    for make in (Settings, LlmSettings):
        with pytest.raises(ValidationError) as caught:
            make(llm={"api_key": [SECRET]}) if make is Settings else make(api_key=[SECRET])  # type: ignore[arg-type]
        assert SECRET not in f"{caught.value} {caught.value!r}"


def test_settings_that_hold_keys_show_none_of_them() -> None:
    agents = {name: {"api_key": f"{SECRET}-{name}"} for name in AgentModels.model_fields}
    settings = load_settings(llm={"api_key": SECRET, "agents": agents})
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()} {settings.llm.agents.rank}"
    assert SECRET not in shown
    assert settings.llm.agents.rank.api_key.get_secret_value() == "sk-secret-rank"


def test_openais_own_variables_are_kept_apart_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert openai_environment().api_key.get_secret_value() == ""
    monkeypatch.setenv("OPENAI_API_KEY", f" {SECRET}\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example/v1/")
    openai = openai_environment()
    assert (openai.api_key.get_secret_value(), openai.base_url, openai.fault) == (
        SECRET,
        "https://models.example/v1",
        "",
    )
    assert SECRET not in f"{openai} {openai!r} {openai.model_dump_json()}"
    assert load_settings().llm == LlmSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", f"{SECRET}\n{SECRET}"),
        ("OPENAI_API_KEY", f"{SECRET}é"),
        ("OPENAI_BASE_URL", f"https://ann:{SECRET}@models.example"),
        ("OPENAI_BASE_URL", f"{SECRET}"),
    ],
)
def test_openais_own_variables_stop_nothing_when_they_cannot_be_used(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv(name, value)
    openai = openai_environment()
    assert f"{name} cannot be used: it " in openai.fault
    assert (openai.api_key.get_secret_value(), openai.base_url) == ("", "")
    assert SECRET not in openai.fault
    assert load_settings().count == 3


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().count = 4  # pyright: ignore[reportAttributeAccessIssue]


def test_settings_can_be_made_directly(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, count=2).count == 2
