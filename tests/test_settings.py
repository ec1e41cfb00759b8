import os
from pathlib import Path

import pytest
from convrec.app.settings import FILE, Settings, load_settings
from convrec.tools.errors import SettingsError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in list(os.environ):
        if name.upper().startswith("CONVREC_") or name == "OPENAI_API_KEY":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path))
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / FILE).write_text(text, encoding="utf-8")


def refused(**overrides: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    assert caught.value.hint
    return f"{caught.value} {caught.value.hint}"


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


def test_openais_own_variable_is_the_last_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert load_settings().llm.api_key.get_secret_value() == "sk-openai"
    monkeypatch.setenv("CONVREC_LLM__API_KEY", "sk-ours")
    assert load_settings().llm.api_key.get_secret_value() == "sk-ours"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().count = 4  # pyright: ignore[reportAttributeAccessIssue]


def test_settings_can_be_made_directly(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, count=2).count == 2
