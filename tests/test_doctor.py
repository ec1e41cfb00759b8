import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from convrec.app.cli import app
from convrec.app.doctor import Check, Report, check_encoder, check_home, check_language_models, examine
from convrec.app.settings import Settings, load_settings
from convrec.tools import model_servers
from convrec.tools.history import fit_history, forget_user, import_history
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction
from convrec.tools.lexical import Lexical
from convrec.tools.storage import Home, Manifest, write_version
from test_model_servers import Answer, free_address, hang, listing, saying, serving
from test_terminal import ITEMS, SCHEMA
from typer.testing import CliRunner

KEY = "sk-secret"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("CONVREC_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))


@pytest.fixture
def teas(tmp_path: Path) -> Home:
    """A data folder that holds the catalogue "teas", with a file of its index missing."""
    home = Home(tmp_path / "home")
    draft = home.draft("teas")
    write_version(draft, ITEMS, SCHEMA, Manifest(encoder="all-MiniLM-L6-v2", items=2, hashes=("a", "b")))
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


def test_what_was_learnt_from_interactions_is_fine_stale_or_damaged(
    teas: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [item.id for item in ITEMS]
    log = Log.of([Interaction(user=u, item=i) for u in "abc" for i in ids])
    assert not [c for c in examine(settings(catalogue="teas")).checks if c.area == "interactions"]
    import_history(teas, "teas", log, ids)
    (fine,) = [c for c in examine(settings(catalogue="teas")).checks if c.area == "interactions"]
    assert (fine.state, fine.message) == ("fine", "teas: 6 of 3 users, learnt by ease")
    forget_user(teas, "a")
    (stale,) = problems(examine(settings(catalogue="teas")), "interactions")
    assert "out of date: 1 user was forgotten since" in stale.message
    assert stale.fix == "convrec interactions fit --catalogue teas"
    fit_history(teas, "teas", ids)
    monkeypatch.setenv("CONVREC_INTERACTIONS__METHOD", "neighbours")
    (other,) = problems(examine(settings(catalogue="teas")), "interactions")
    assert "the settings say neighbours" in other.message
    for model in (teas.catalogue("teas") / "history").glob("model-*/data.npy"):
        model.write_bytes(b"garbage")
    (damaged,) = problems(examine(settings(catalogue="teas")), "interactions")
    assert damaged.fix == "convrec interactions fit --catalogue teas"
    for column in (teas.catalogue("teas") / "history").glob("log-*/value.npy"):
        column.unlink()
    (damaged,) = problems(examine(settings(catalogue="teas")), "interactions")
    assert damaged.fix == "convrec interactions import FILE --catalogue teas --replace"


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


def models(**llm: Any) -> list[Check]:
    return check_language_models(load_settings(llm=llm))


def test_without_a_language_model_the_report_says_plainly_who_answers() -> None:
    (check,) = models()
    assert check.state == "note"
    assert "built-in agents answer" in check.message
    (off,) = models(model="none", base_url="https://models.example/v1")
    assert (off.state, "llm.model" in off.message) == ("note", True)


def test_a_server_that_is_elsewhere_is_told_of_and_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_servers, "list_models", None)
    (named,) = models(model="big", base_url="https://models.example/v1", api_key=KEY)
    assert named.state == "fine"
    assert named.message == "big at models.example, set by llm.model, with a key (not asked)"
    (unnamed,) = models(base_url="https://models.example:8443/v1")
    assert unnamed.state == "note"
    assert "models.example:8443 names a model" in unnamed.message
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (openai,) = models()
    assert openai.message == "gpt-4.1-mini at api.openai.com, from OPENAI_API_KEY, with a key (not asked)"


def test_a_server_on_this_machine_is_asked_whether_it_has_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(listing("bge-m3", "qwen3", "llama3")) as server:
        (named,) = models(model="llama3", base_url=server.base_url)
        assert named.state == "fine"
        assert named.message == f"llama3 at {server.place}, set by llm.model, without a key"
        (first,) = models(base_url=server.base_url)
        assert (first.state, first.message.split()[0]) == ("fine", "qwen3")
        (gone,) = models(model="gemma3", base_url=server.base_url)
        assert gone.state == "problem"
        assert "does not have it" in gone.message
        assert "qwen3, llama3" in gone.fix
        monkeypatch.setattr(model_servers, "LOOPBACK", (server.base_url,))
        (found,) = models()
        assert (found.state, found.message.split(", ")[1]) == ("fine", f"found at {server.place}")


@pytest.mark.parametrize(
    ("answer", "told"), [(saying("", 401), "refused the key"), (saying("<html>"), "list of models"), (hang, "in time")]
)
def test_a_server_on_this_machine_that_is_not_right_is_a_problem_with_a_fix(
    answer: Answer, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convrec.app.doctor.PATIENCE", 0.2)
    with serving(answer) as server:
        for name in ("big", ""):
            (check,) = models(model=name, base_url=server.base_url, api_key=KEY)
            assert check.state == "problem"
            assert told in check.message
            assert check.fix
            assert KEY not in repr(check)


def test_a_server_on_this_machine_that_is_not_running_is_a_problem() -> None:
    (check,) = models(model="big", base_url=free_address())
    assert check.state == "problem"
    assert "cannot be reached" in check.message
    assert "Start" in check.fix


def test_the_agents_own_models_stand_in_one_line() -> None:
    with serving(listing("qwen3")) as server:
        agents = {
            "rank": {"model": "big", "base_url": "https://models.example/v1", "api_key": KEY},
            "nli": {"model": "none"},
        }
        default, own = models(model="qwen3", base_url=server.base_url, agents=agents)
        assert (default.state, own.state) == ("fine", "fine")
        assert "rank big at models.example" in own.message
        assert 'nli built in (llm.agents.nli.model is "none")' in own.message
        agents["respond"] = {"model": "gone"}
        own = models(model="qwen3", base_url=server.base_url, agents=agents)[1]
        assert own.state == "problem"
        assert "respond gone" in own.message
        assert "qwen3" in own.fix


def test_weights_for_this_process_are_looked_for_on_this_machine(tmp_path: Path) -> None:
    (here,) = models(model=f"transformers:{write_model(tmp_path)}")
    assert here.state == "fine"
    assert "in this process" in here.message
    (gone,) = models(model="transformers:someone/no-such-model")
    assert (gone.state, gone.fix) == ("problem", "hf download someone/no-such-model")


def test_a_cross_encoder_is_looked_for_on_this_machine(tmp_path: Path) -> None:
    labels = {"0": "contradiction", "1": "entailment", "2": "neutral"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "id2label": labels}), encoding="utf-8")
    here = models(cross_encoder=str(tmp_path))[1]
    assert (here.area, here.state) == ("cross-encoder", "fine")
    (tmp_path / "config.json").write_text('{"model_type": "bert", "id2label": {"0": "score"}}', encoding="utf-8")
    assert models(cross_encoder=str(tmp_path))[1].state == "problem"
    gone = models(cross_encoder="someone/no-such-model")[1]
    assert gone.state == "problem"
    assert "hf download" in gone.fix
    nonsense = models(cross_encoder="a/b/c")[1]
    assert nonsense.state == "problem"
    assert nonsense.fix


def write_model(folder: Path) -> Path:
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "CONVREC_LLM__API_KEY", "CONVREC_LLM__AGENTS__RANK__API_KEY"])
def test_a_key_is_found_and_never_shown(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, KEY)
    for flags in ([], ["--json"]):
        result = CliRunner().invoke(app, ["doctor", *flags])
        assert KEY not in result.output
        assert "with a key" in result.output


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "OPENAI_BASE_URL", "CONVREC_LLM__BASE_URL"])
def test_a_key_in_a_value_that_cannot_be_used_is_not_shown_either(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"https://ann:{KEY}@models.example/é v1")
    for flags in ([], ["--json"]):
        result = CliRunner().invoke(app, ["doctor", *flags])
        assert KEY not in result.output
        assert "mend it" in result.output or '"problem"' in result.output


def test_json_carries_the_verdict_the_versions_and_every_check() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    assert '"ok": false' in result.stdout
    report = Report.model_validate_json(result.stdout)
    assert report.libraries["chromadb"]
    assert {c.area for c in report.checks} >= {"libraries", "data folder", "catalogues", "sentence encoder"}
