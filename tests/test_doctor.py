import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from convrec.app.cli import app
from convrec.app.doctor import Check, Report, check_encoder, check_home, check_language_model, examine
from convrec.app.settings import Settings, load_settings
from convrec.tools.lexical import Lexical
from convrec.tools.storage import Home, Manifest, write_version
from test_terminal import ITEMS, SCHEMA
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith("CONVREC_") or name == "OPENAI_API_KEY":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))


@pytest.fixture
def teas(tmp_path: Path) -> Home:
    """A data folder that holds the catalogue "teas", with a file of its index missing."""
    home = Home(tmp_path / "home")
    draft = home.draft("teas")
    write_version(draft, ITEMS, SCHEMA, (), Manifest(encoder="all-MiniLM-L6-v2", items=2, hashes=("a", "b")))
    Lexical.build([i.text for i in ITEMS]).save(draft / "bm25")
    home.publish("teas", draft)
    return home


def settings(**overrides: object) -> Callable[[], Settings]:
    return lambda: load_settings(**overrides)


def problems(report: Report, area: str) -> list[Check]:
    return [c for c in report.checks if c.area == area and c.state == "problem"]


def test_a_fresh_machine_is_told_how_to_build_the_catalogue_that_ships(tmp_path: Path) -> None:
    report = examine(settings())
    assert not report.ok
    (missing,) = problems(report, "catalogues")
    assert missing.fix == "convrec catalog index films"
    assert not (tmp_path / "home").exists()


def test_every_problem_comes_with_what_mends_it(teas: Home) -> None:
    (teas.folder / "threads.sqlite").write_bytes(b"not a database at all" * 100)
    report = examine(settings(catalogue="coffees", encoder="no-such-encoder"))
    found = [c for c in report.checks if c.state == "problem"]
    assert {c.area for c in found} == {"catalogues", "sentence encoder", "memory"}
    assert all(c.fix for c in found)


def test_a_catalogue_in_the_settings_that_was_never_imported_is_a_problem() -> None:
    (missing,) = problems(examine(settings(catalogue="coffees")), "catalogues")
    assert missing.fix == "convrec catalog import FILE --name coffees"


def test_an_index_that_lost_a_file_is_to_be_rebuilt(teas: Home) -> None:
    (damaged,) = problems(examine(settings(catalogue="teas")), "catalogues")
    assert "teas" in damaged.message
    assert damaged.fix == "convrec catalog index teas --rebuild"


def test_an_index_whose_items_are_damaged_is_to_be_imported_again(teas: Home) -> None:
    np.save(teas.version("teas") / "vectors.npy", np.eye(2, dtype=np.float32))
    (teas.version("teas") / "items.jsonl").write_text("{", encoding="utf-8")
    (damaged,) = problems(examine(settings(catalogue="teas")), "catalogues")
    assert "import FILE --name teas" in damaged.fix


def test_the_commands_keep_the_data_folder_that_was_given(tmp_path: Path) -> None:
    other = tmp_path / "my teas"
    result = CliRunner().invoke(app, ["--home", str(other), "doctor"])
    assert result.exit_code == 1
    assert f"convrec --home '{other}' catalog index films" in result.stdout


def test_bad_settings_are_a_problem_and_the_rest_is_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_COUNT", "many")
    report = examine(settings())
    (bad,) = problems(report, "settings")
    assert "CONVREC_COUNT" in bad.message
    assert "1 to 10" in bad.fix
    assert any(c.area == "libraries" for c in report.checks)


def test_a_data_folder_under_a_regular_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (check,) = check_home(tmp_path / "file" / "deep" / "home", "convrec")
    assert check.state == "problem"
    assert "is no folder" in check.message
    assert "CONVREC_HOME" in check.fix


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_data_folder_is_a_problem(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    (check,) = check_home(home, "convrec")
    assert check.state == "problem"
    assert check.fix == f"chmod u+rwx {home}"


def test_looking_leaves_no_file_behind(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (check,) = check_home(tmp_path / "home", "convrec")
    assert check.state == "fine"
    assert list((tmp_path / "home").iterdir()) == []


def test_the_encoder_that_ships_is_there_and_a_folder_with_a_model_is_accepted(tmp_path: Path) -> None:
    assert check_encoder(load_settings()).state == "fine"
    (tmp_path / "modules.json").write_text("[]", encoding="utf-8")
    assert check_encoder(load_settings(encoder=str(tmp_path))).state == "fine"


@pytest.mark.parametrize("name", ["no-such-encoder", "someone/no-such-encoder", "/no/such/folder", "a/b/c", "-x-", "."])
def test_an_encoder_that_is_not_here_is_a_problem(name: str) -> None:
    check = check_encoder(load_settings(encoder=name))
    assert check.state == "problem"
    assert check.fix


def test_without_a_language_model_the_report_says_plainly_who_answers() -> None:
    check = check_language_model(load_settings())
    assert check.state == "note"
    assert "built-in agents" in check.message


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "CONVREC_LLM__API_KEY"])
def test_a_key_is_found_and_never_shown(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "sk-secret")
    for flags in ([], ["--json"]):
        result = CliRunner().invoke(app, ["doctor", *flags])
        assert "sk-secret" not in result.output
        assert "a key" in result.output
        assert "not used by this version" in result.output


def test_json_carries_the_verdict_the_versions_and_every_check() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    assert '"ok": false' in result.stdout
    report = Report.model_validate_json(result.stdout)
    assert report.libraries["chromadb"]
    assert {c.area for c in report.checks} >= {"libraries", "data folder", "catalogues", "sentence encoder"}
