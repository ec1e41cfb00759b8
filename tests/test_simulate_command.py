import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from convrec.app.cli import app
from convrec.app.terminal import Shell
from convrec.simulator.nouns import Dialogue
from convrec.simulator.runs import read_records
from convrec.tools.index import build_index
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home
from fakes import HashEncoder
from typer.testing import CliRunner, Result


@pytest.fixture(autouse=True)
def games_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, games: tuple[Schema, list[Item]], encoder: HashEncoder
) -> Path:
    """A data folder with sixty games, and an environment that names it."""
    for name in [n for n in os.environ if n.upper().startswith("CONVREC_") and "DISCOVER" not in n]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONVREC_CATALOGUE", "games")
    monkeypatch.setenv("COLUMNS", "120")
    build_index(Home(tmp_path / "home"), "games", games[1], games[0], encoder="hash")
    return tmp_path / "home"


def convrec(*args: str) -> Result:
    return CliRunner().invoke(app, list(args), obj=Shell())


def dialogues(folder: Path) -> list[Dialogue]:
    return list(read_records(folder / "transcripts.jsonl", Dialogue))


def test_systems_are_measured_on_the_same_users_and_a_report_is_written(tmp_path: Path) -> None:
    run = tmp_path / "run"
    result = convrec("simulate", "-s", "convrec", "-s", "random", "--without", "nli", "-n", "4", "--out", str(run))
    assert result.exit_code == 0, result.output
    for name in ("convrec", "random", "convrec without nli", "success rate", "report.html"):
        assert name in result.stdout
    assert "random: 4 of 4" in result.stderr
    held = dialogues(run)
    assert len(held) == 12
    goals = {system: [d.goal.id for d in held if d.system == system] for system in {d.system for d in held}}
    assert len(set(map(tuple, goals.values()))) == 1
    assert not any(d.leaked or d.ending == "fault" for d in held)
    assert {p.name for p in run.iterdir()} >= {"config.json", "goals.jsonl", "metrics.json", "report.html"}
    assert not (tmp_path / "home" / "threads.sqlite").exists()

    compared = convrec("compare", str(run), "-s", "convrec", "-s", "random", "--json")
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout)["pairs"] == 4
    assert "success rate" in convrec("compare", str(run), "-s", "convrec", "-s", "random").stdout
    again = convrec("report", str(run), "--out", str(tmp_path / "page.html"))
    assert again.exit_code == 0
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_the_same_seed_gives_the_same_conversations_and_another_gives_others(tmp_path: Path) -> None:
    said = {}
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert convrec("simulate", "-n", "3", "--seed", seed, "--out", str(tmp_path / name)).exit_code == 0
        said[name] = [r.user.text for d in dialogues(tmp_path / name) for r in d.rounds]
    assert said["a"] == said["b"]
    assert said["a"] != said["c"]


def test_goals_of_one_run_serve_another(tmp_path: Path) -> None:
    assert convrec("simulate", "-s", "popular", "-n", "3", "--out", str(tmp_path / "a")).exit_code == 0
    goals = str(tmp_path / "a" / "goals.jsonl")
    result = convrec("simulate", "-s", "bm25", "-n", "3", "--goals-file", goals, "--out", str(tmp_path / "b"))
    assert result.exit_code == 0, result.output
    compared = convrec("compare", str(tmp_path / "a"), str(tmp_path / "b"))
    assert compared.exit_code == 0, compared.output
    assert "over 3 pairs" in compared.stdout


def test_a_plan_in_a_file_is_run_and_a_run_goes_on_by_its_own_plan(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("systems: [popular]\ngoals: 3\ntrials: 2\npersonas: [picky]\n", encoding="utf-8")
    run = tmp_path / "run"
    assert convrec("simulate", str(plan), "--out", str(run)).exit_code == 0
    assert {d.goal.persona.name for d in dialogues(run)} == {"picky"}
    assert "pass^2" in (run / "metrics.json").read_text(encoding="utf-8")
    transcripts = run / "transcripts.jsonl"
    lines = transcripts.read_bytes().splitlines(keepends=True)
    transcripts.write_bytes(b"".join(lines[:2]) + lines[2][:50])
    result = convrec("simulate", "--resume", str(run))
    assert result.exit_code == 0, result.output
    assert len(dialogues(run)) == 6


def test_dialogues_between_people_are_replayed(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    turns = [{"speaker": "seeker", "text": "a puzzle game"}, {"speaker": "recommender", "text": "Which?"},
             {"speaker": "seeker", "text": "a cheap one"}]  # fmt: skip
    file.write_text(json.dumps({"id": "d1", "turns": turns}) + "\n", encoding="utf-8")
    result = convrec("simulate", "--user", "replay", "--dialogues", str(file), "--out", str(tmp_path / "run"))
    assert result.exit_code == 0, result.output
    (held,) = dialogues(tmp_path / "run")
    assert [r.user.text for r in held.rounds if r.user.text] == ["a puzzle game", "a cheap one"]
    assert held.ending == "replayed"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["-s", "magic"], "no system 'magic'"),
        (["-s", "nowhere.at:all"], "cannot be imported"),
        (["-s", "popular", "-s", "popular"], "named twice"),
        (["--without", "luck"], "no part 'luck'"),
        (["--persona", "martian"], "no persona 'martian'"),
        (["--user", "replay"], "needs dialogues"),
        (["--user", "robot"], "user cannot be 'robot'"),
        (["-n", "0"], "goals cannot be 0"),
        (["--source", "history"], "no interactions"),
        (["--goals-file", "nowhere.jsonl"], "no such file"),
        (["--dialogues", "talks.jsonl"], "replays no dialogues"),
        (["--user-model", "some"], "asks no language model"),
        (["-s", "plain_rag"], "needs a language model"),
        (["--executor", "cloud"], "no executor 'cloud'"),
        (["--resume", "nowhere"], "not the folder of a run"),
        (["--resume", "nowhere", "-n", "3"], "by its own plan"),
        (["nowhere.yaml"], "cannot be read"),
    ],
)
def test_what_cannot_be_simulated_is_told_with_what_would_work(tmp_path: Path, args: list[str], told: str) -> None:
    result = convrec("simulate", *args, *([] if "--resume" in args else ["--out", str(tmp_path / "run")]))
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_used_for_another(tmp_path: Path) -> None:
    for code in (0, 2):
        result = convrec("simulate", "-s", "popular", "-n", "1", "--out", str(tmp_path / "run"))
        assert result.exit_code == code
    assert "--resume" in result.stderr


def test_a_file_of_goals_is_taken_whole_unless_a_number_is_given(tmp_path: Path) -> None:
    assert convrec("simulate", "-s", "popular", "-n", "3", "--out", str(tmp_path / "a")).exit_code == 0
    goals = tmp_path / "a" / "goals.jsonl"
    result = convrec("simulate", "-s", "popular", "--goals-file", str(goals), "--out", str(tmp_path / "b"))
    assert result.exit_code == 0, result.output
    assert "can be made" not in result.stderr
    assert len(dialogues(tmp_path / "b")) == 3
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(goals.read_bytes() * 2)
    result = convrec("simulate", "-s", "popular", "--goals-file", str(twice), "--out", str(tmp_path / "c"))
    assert result.exit_code == 2
    assert "the same id" in result.stderr
    given = ("--goals-file", str(twice), "-n", "2", "--out", str(tmp_path / "d"))
    assert convrec("simulate", "-s", "popular", *given).exit_code == 0
    assert len(dialogues(tmp_path / "d")) == 2


def test_what_went_wrong_in_a_conversation_is_told(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("systems: ['http://127.0.0.1:9/talk']\ngoals: 1\nretries: 0\n", encoding="utf-8")
    result = convrec("simulate", str(plan), "--out", str(tmp_path / "run"))
    assert "127.0.0.1:9 cannot be reached" in " ".join(result.stdout.split())


@pytest.mark.parametrize("name", ["user_url", "judge_url"])
def test_an_address_with_a_login_is_refused_without_showing_it(tmp_path: Path, name: str) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(f"user: llm\njudge: true\n{name}: http://me:secret@127.0.0.1/v1\n", encoding="utf-8")
    result = convrec("simulate", str(plan), "--out", str(tmp_path / "run"))
    assert result.exit_code == 2
    assert "holds a login" in result.stderr
    assert "secret" not in result.output
    assert not (tmp_path / "run").exists()


def test_a_run_does_not_go_on_over_another_catalogue(
    tmp_path: Path, games_home: Path, games: tuple[Schema, list[Item]]
) -> None:
    run = tmp_path / "run"
    assert convrec("simulate", "-s", "popular", "-n", "2", "--out", str(run)).exit_code == 0
    build_index(Home(games_home), "games", games[1][:50], games[0], encoder="hash")
    result = convrec("simulate", "--resume", str(run))
    assert result.exit_code == 2
    assert "has 50 items" in " ".join(result.stderr.split())
    renamed = [item.model_copy(update={"id": f"new-{item.id}"}) for item in games[1]]
    build_index(Home(games_home), "games", renamed, games[0], encoder="hash")
    result = convrec("simulate", "--resume", str(run))
    assert result.exit_code == 2
    assert "no longer in the catalogue" in " ".join(result.stderr.split())


def test_a_run_of_another_kind_is_told_apart(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert convrec("simulate", "-s", "popular", "-n", "1", "--out", str(run)).exit_code == 0
    result = convrec("evaluate", "--resume", str(run))
    assert result.exit_code == 2
    assert "a run of another kind: simulate, not evaluate" in " ".join(result.stderr.split())


def test_what_is_replayed_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    turns = [{"speaker": "seeker", "text": "a puzzle game"}]
    Path("talks.jsonl").write_text(json.dumps({"id": "d1", "turns": turns}) + "\n", encoding="utf-8")
    given = ("simulate", "-s", "popular", "--user", "replay", "--dialogues", "talks.jsonl", "--out", "run")
    assert convrec(*given).exit_code == 0
    (tmp_path / "run" / "transcripts.jsonl").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = convrec("simulate", "--resume", str(tmp_path / "run"))
    assert result.exit_code == 0, result.output
    assert len(dialogues(tmp_path / "run")) == 1


def test_ctrl_c_says_how_to_go_on_and_what_was_held_is_kept(tmp_path: Path) -> None:
    run = tmp_path / "run"
    begin = (
        "import sys; sys.path.insert(0, sys.argv[2]); from simulated_stage import begin_slow; begin_slow(sys.argv[1])"
    )
    with Popen([sys.executable, "-c", begin, str(run), str(Path(__file__).parent)], stderr=PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not (run / "transcripts.jsonl").exists() or (run / "transcripts.jsonl").stat().st_size == 0:
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"simulate --resume {shlex.quote(str(run))}" in " ".join(err.split())
    assert len(dialogues(run)) >= 1
