import json
import os
from pathlib import Path

import pytest
from convrec.app.cli import app
from convrec.app.terminal import Shell
from convrec.simulator.offline.nouns import Ranking
from convrec.simulator.runs import read_records
from convrec.tools.history import add_interactions
from convrec.tools.index import build_index
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home
from fakes import HashEncoder
from typer.testing import CliRunner, Result


@pytest.fixture(autouse=True)
def games_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, games: tuple[Schema, list[Item]], encoder: HashEncoder
) -> Path:
    """A data folder with sixty games and thirty users, and an environment that names it."""
    for name in [n for n in os.environ if n.upper().startswith("CONVREC_") and "DISCOVER" not in n]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONVREC_CATALOGUE", "games")
    monkeypatch.setattr("convrec.tools.encoder.load_encoder", lambda name, folder: encoder)
    home = Home(tmp_path / "home")
    build_index(home, "games", games[1], games[0], encoder="hash")
    taken = [Interaction(user=f"u{n}", item=games[1][n + k].id, time=float(k)) for n in range(30) for k in range(5)]
    add_interactions(home, "games", taken)
    return home.folder


def convrec(*args: str) -> Result:
    return CliRunner().invoke(app, list(args), obj=Shell())


def test_so_many_cases_are_ranked_by_each_system_and_a_run_goes_on_by_its_own_plan(tmp_path: Path) -> None:
    run = tmp_path / "run"
    given = ("next-item", "-s", "convrec", "-s", "random", "--limit", "6", "--out", str(run))
    result = convrec("evaluate", *given)
    assert result.exit_code == 0, result.output
    assert "Hit@5" in result.stdout
    first = list(read_records(run / "rankings.jsonl", Ranking))
    assert len(first) == 12
    assert len({r.case for r in first}) == 6
    lines = (run / "rankings.jsonl").read_bytes().splitlines(keepends=True)
    (run / "rankings.jsonl").write_bytes(b"".join(lines[:5]) + lines[5][:30])
    assert convrec("evaluate", "--resume", str(run)).exit_code == 0
    again = list(read_records(run / "rankings.jsonl", Ranking))
    assert {(r.system, r.case, r.ranked) for r in again} == {(r.system, r.case, r.ranked) for r in first}
    assert len(again) == 12
    assert convrec("evaluate", "--resume", str(run), "--limit", "3").exit_code == 2
    wrong = convrec("simulate", "--resume", str(run))
    assert wrong.exit_code == 2
    assert "a run of another kind: evaluate, not simulate" in " ".join(wrong.stderr.split())


def test_data_are_found_again_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("talks.jsonl").write_text("", encoding="utf-8")
    convrec("evaluate", "dialogues", "talks.jsonl", "--out", "run")
    assert json.loads(Path("run/config.json").read_bytes())["plan"]["data"] == str(tmp_path / "talks.jsonl")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["redial"], "redial needs data"),
        (["redial", "nowhere"], "no such file or folder"),
        (["next-item", "--without", "words"], "no parts to leave out"),
        (["next-item", "-c", "nowhere"], "no catalogue 'nowhere'"),
        (["next-item", "-s", "plain_rag"], "needs a language model"),
        (["gossip"], "protocol cannot be 'gossip'"),
        ([], "protocol is missing"),
    ],
)
def test_what_cannot_be_evaluated_is_told_and_leaves_no_run(tmp_path: Path, args: list[str], told: str) -> None:
    result = convrec("evaluate", *args, "--out", str(tmp_path / "run"))
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()
