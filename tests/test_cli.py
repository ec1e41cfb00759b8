import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from convrec.agents.state import Answer
from convrec.app.catalog_commands import slug
from convrec.app.cli import app
from convrec.app.terminal import Shell
from convrec.tools.storage import Home, Manifest, write_version
from convrec.tools.vectors import open_collection
from test_terminal import ITEMS, SCHEMA, FakeRecommender
from typer.testing import CliRunner, Result


def clean(patch: pytest.MonkeyPatch) -> None:
    """Leave nothing in the environment that convrec would read."""
    for name in list(os.environ):
        if name.upper().startswith("CONVREC_") or name == "OPENAI_API_KEY":
            patch.delenv(name)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean(monkeypatch)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def recommender() -> FakeRecommender:
    return FakeRecommender()


@pytest.fixture
def teas(tmp_path: Path) -> Home:
    """A data folder that holds the catalogue "teas", without an index."""
    home = Home(tmp_path / "home")
    draft = home.draft("teas")
    manifest = Manifest(encoder="all-MiniLM-L6-v2", items=2, hashes=("a", "b"), source="/somewhere/teas.csv", built=1e9)
    write_version(draft, ITEMS, SCHEMA, manifest)
    home.publish("teas", draft)
    return home


def convrec(*args: str, recommender: FakeRecommender | None = None, stdin: str | bytes | None = None) -> Result:
    fake = recommender or FakeRecommender()
    return CliRunner().invoke(app, list(args), obj=Shell(lambda settings, on_progress: fake), input=stdin)


def test_asking_prints_the_reply_and_the_cards_on_stdout_and_how_to_go_on_on_stderr() -> None:
    result = convrec("ask", "something green", "--thread", "t-9")
    assert result.exit_code == 0
    assert "Lapsang and Sencha fit." in result.stdout
    assert "1. Lapsang" in result.stdout
    assert "ask --thread t-9" in result.stderr
    assert "ask --thread" not in result.stdout


def test_json_is_the_whole_answer_and_nothing_else() -> None:
    result = convrec("ask", "something green", "--json", "--user", "ann", "--thread", "t-9")
    answer = Answer.model_validate_json(result.stdout)
    assert (answer.user, answer.thread, len(answer.items), answer.usage.calls) == ("ann", "t-9", 2, 1)
    told = json.loads(result.stdout)
    assert told["items"][0]["reason"]
    assert told["items"][0]["verdicts"][0]["label"] == "entails"
    assert told["preferences"][0]["limit"]["values"] == ["green"]
    assert told["steps"][0]["milliseconds"] == 2.5


def test_each_question_is_a_conversation_of_its_own_unless_a_thread_is_named(recommender: FakeRecommender) -> None:
    for _ in range(2):
        convrec("ask", "green", recommender=recommender)
    threads = {asked[3] for asked in recommender.asked}
    assert len(threads) == 2
    assert recommender.closed


def test_a_dash_reads_the_message_from_stdin(recommender: FakeRecommender) -> None:
    assert convrec("ask", "-", recommender=recommender, stdin="grüner Tee, 緑茶").exit_code == 0
    assert recommender.asked[0][1] == "grüner Tee, 緑茶"


def test_a_chat_answers_a_pipe_line_by_line(recommender: FakeRecommender) -> None:
    result = convrec("chat", "--user", "bob", recommender=recommender, stdin="green\n/like 1\n\n/quit\nnever\n")
    assert result.exit_code == 0
    assert [a[0] for a in recommender.asked] == ["reply", "feedback"]
    assert "You like Lapsang." in result.stdout


def test_a_piped_chat_with_a_fault_goes_on_and_ends_with_2(recommender: FakeRecommender) -> None:
    result = convrec("chat", recommender=recommender, stdin="/dance\ngreen\n")
    assert result.exit_code == 2
    assert recommender.asked[0][1] == "green"


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_000])
def test_a_message_that_cannot_be_answered_ends_with_2_and_a_reason(text: str) -> None:
    result = convrec("ask", text)
    assert result.exit_code == 2
    assert "Error: The message" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "args",
    [
        ("ask",),
        ("ask", "green", "--colour"),
        ("dance",),
        ("ui", "--port", "http"),
        ("catalog", "remove"),
        ("memory", "forget"),
    ],
)
def test_flags_and_commands_that_do_not_exist_end_with_2(args: tuple[str, ...]) -> None:
    result = convrec(*args)
    assert result.exit_code == 2
    assert "Usage" in result.stderr


def test_a_bad_flag_value_is_explained_like_a_setting() -> None:
    result = convrec("ui", "--port", "99999")
    assert result.exit_code == 2
    assert "ui.port" in result.stderr
    assert "1 to 65,535" in result.stderr


def test_a_bad_settings_file_ends_with_2_and_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "convrec.toml").write_text('{"count": 3}', encoding="utf-8")
    result = convrec("ask", "green")
    assert result.exit_code == 2
    assert "convrec.toml" in result.stderr.replace("\n", "")


def test_the_home_flag_wins_over_the_environment(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "convrec.toml").write_text("count = 99", encoding="utf-8")
    assert convrec("ask", "green").exit_code == 0
    assert convrec("--home", str(other), "ask", "green").exit_code == 2


def test_catalogues_are_listed(teas: Home) -> None:
    result = convrec("catalog", "list")
    assert result.exit_code == 0
    assert "teas" in result.stdout
    assert "2 items" in result.stdout


def test_without_any_catalogue_the_list_says_what_happens_next() -> None:
    result = convrec("catalog", "list")
    assert result.exit_code == 0
    assert "None yet" in result.stdout


def test_a_damaged_catalogue_is_listed_as_such(teas: Home) -> None:
    (teas.version("teas") / "manifest.json").write_text("{", encoding="utf-8")
    result = convrec("catalog", "list")
    assert result.exit_code == 0
    assert "damaged" in result.stdout


def test_info_shows_every_attribute_with_how_full_it_is(teas: Home) -> None:
    result = convrec("catalog", "info", "teas")
    assert result.exit_code == 0
    assert "2 teas" in result.stdout
    assert "black (1), green (1)" in result.stdout
    assert "2 min · 2 min · 4 min" in result.stdout
    assert "100%" in result.stdout


def test_info_as_json_has_the_same_facts(teas: Home) -> None:
    told = json.loads(convrec("catalog", "info", "teas", "--json").stdout)
    assert (told["items"], told["encoder"], told["source"]) == (2, "all-MiniLM-L6-v2", "/somewhere/teas.csv")
    assert told["attributes"][0]["common"] == {"black": 1, "green": 1}
    assert told["popularity"] == "nothing (all alike)"


def test_a_schema_is_written_to_stdout_or_a_file_and_reads_back(teas: Home, tmp_path: Path) -> None:
    from convrec.tools.schema_file import read_schema

    printed = convrec("catalog", "schema", "teas").stdout
    out = tmp_path / "teas.toml"
    assert convrec("catalog", "schema", "teas", "--out", str(out)).exit_code == 0
    assert out.read_text(encoding="utf-8") == printed
    assert read_schema(out) == SCHEMA


@pytest.mark.parametrize("command", ["info", "schema", "index", "remove"])
def test_a_catalogue_that_was_never_imported_ends_with_2(command: str) -> None:
    result = convrec("catalog", command, "coffees")
    assert result.exit_code == 2
    assert "coffees" in result.stderr


@pytest.mark.parametrize("name", ["../etc", "Teas", "a b", "x" * 60])
def test_a_name_that_cannot_be_a_catalogues_ends_with_2(name: str) -> None:
    assert convrec("catalog", "info", name).exit_code == 2


def test_importing_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    result = convrec("catalog", "import", str(tmp_path / "none.csv"))
    assert result.exit_code == 2
    assert "none.csv" in result.stderr.replace("\n", "")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which a small file was imported."""
    home = tmp_path_factory.mktemp("imported")
    file = home / "My Teas.csv"
    rows = [f"{n},Tea {n},{'green' if n % 2 else 'black'},{n + 1}" for n in range(1, 31)]
    broken = [f"{n}" for n in range(12)]
    file.write_text("\n".join(["id,title,kind,minutes", *rows, *broken]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        clean(patch)
        done = convrec("--home", str(home), "catalog", "import", str(file))
    assert done.exit_code == 0, done.output
    assert "30 new or changed, 0 gone" in done.stdout
    assert "kind" in done.stdout
    assert "catalog schema my-teas --out" in done.stdout
    assert "line 32: " in done.stderr
    assert "line 42: " not in done.stderr
    assert "12 faults" in done.stderr
    return home


@pytest.fixture
def copied(imported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(imported, tmp_path / "home")


def test_every_fault_of_an_import_is_kept_in_a_file(imported: Path) -> None:
    lines = (imported / "catalogues" / "my-teas" / "faults.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["line"] for line in lines] == list(range(32, 44))


def test_importing_again_indexes_only_what_changed_and_takes_an_edited_schema(copied: Path) -> None:
    file, schema = copied / "My Teas.csv", copied / "teas.toml"
    assert convrec("catalog", "schema", "my-teas", "--out", str(schema)).exit_code == 0
    file.write_text("\n".join(file.read_text(encoding="utf-8").splitlines()[:30]), encoding="utf-8")
    again = convrec("catalog", "import", str(file), "--schema", str(schema))
    assert again.exit_code == 0
    assert "29 items (0 new or changed, 1 gone, 29 as they were)" in again.stdout
    assert not (copied / "catalogues" / "my-teas" / "faults.jsonl").exists()


def test_a_schema_that_does_not_fit_the_file_ends_with_2_and_changes_nothing(copied: Path) -> None:
    schema = copied / "teas.toml"
    convrec("catalog", "schema", "my-teas", "--out", str(schema))
    schema.write_text(schema.read_text(encoding="utf-8").replace('"minutes"', '"hours"'), encoding="utf-8")
    refused = convrec("catalog", "import", str(copied / "My Teas.csv"), "--schema", str(schema))
    assert refused.exit_code == 2
    assert "hours" in refused.stderr
    assert "30 items" in convrec("catalog", "list").stdout


def test_an_index_is_mended_in_place(copied: Path) -> None:
    version = Home(copied).version("my-teas")
    (version / "vectors.npy").write_bytes(b"broken")
    assert convrec("doctor").stdout.count("catalog index my-teas --rebuild") == 1
    mended = convrec("catalog", "index", "my-teas")
    assert mended.exit_code == 0
    assert "30 new or changed" in mended.stdout
    assert "0 new or changed, 0 gone, 30 as they were" in convrec("catalog", "index", "my-teas").stdout
    assert "my-teas: 30 items" in convrec("doctor").stdout


def test_removing_a_catalogue_asks_no_one_when_no_one_is_there(teas: Home) -> None:
    open_collection(teas.chroma, "items-teas")
    assert convrec("catalog", "remove", "teas").exit_code == 0
    assert not teas.exists("teas")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("games.csv", "games"),
        ("My Games (2024).csv.gz", "my-games-2024"),
        ("/a/ml-latest-small", "ml-latest-small"),
        ("Amélie.jsonl", "amelie"),
        ("緑茶.csv", "catalogue"),
        (f"{'x' * 80}.csv", "x" * 51),
        ("__.csv", "catalogue"),
    ],
)
def test_a_catalogues_name_is_made_from_the_files(file: str, name: str) -> None:
    assert slug(Path(file)) == name


def test_a_private_question_or_chat_is_private_and_names_no_way_to_go_on(recommender: FakeRecommender) -> None:
    asked = convrec("ask", "green", "--private", recommender=recommender)
    convrec("chat", "--private", recommender=recommender, stdin="green\n/like 1\n")
    assert recommender.private == [True, True, True]
    assert "To go on" not in asked.stderr


def test_the_settings_make_every_conversation_private(
    recommender: FakeRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVREC_MEMORY__PRIVATE", "true")
    assert "To go on" not in convrec("ask", "green", recommender=recommender).stderr
    convrec("chat", recommender=recommender, stdin="green\n")
    assert recommender.private[-1]


def run_convrec(*args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from convrec.app.cli import main; main()", *args]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def test_the_version_is_told() -> None:
    done = run_convrec("--version")
    assert (done.returncode, done.stdout[:8]) == (0, b"convrec ")


def test_a_message_that_is_not_utf8_ends_with_2() -> None:
    done = run_convrec("ask", "-", stdin=b"caf\xe9")
    assert done.returncode == 2
    assert b"UTF-8" in done.stderr


def test_a_data_folder_under_a_regular_file_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = run_convrec("--home", str(tmp_path / "file" / "home"), "ask", "something funny")
    assert done.returncode == 2
    assert b"cannot be written" in b" ".join(done.stderr.split())


def test_help_is_there_at_once_because_heavy_libraries_wait() -> None:
    code = (
        "import sys, convrec, convrec.app.cli; "
        "print([m for m in ('numpy', 'torch', 'gradio', 'chromadb', 'langgraph', 'pydantic_settings', 'scipy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
    assert run_convrec("--help").returncode == 0
