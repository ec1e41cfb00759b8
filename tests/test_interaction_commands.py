import asyncio
import os
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from convrec.agents.memory import Changes, Memory
from convrec.agents.recall import write as write_memories
from convrec.app.build import open_memories
from convrec.app.cli import app
from convrec.app.settings import load_settings
from convrec.app.terminal import Shell
from convrec.tools.history import add_interactions, open_history
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home, Manifest, write_version
from typer.testing import CliRunner, Result

ITEMS = [Item(id=str(n), title=f"Tea {n}") for n in range(1, 7)]
LOG = "user_id,item_id,rating,timestamp\n" + "".join(
    f"u{n % 3},{n % 6 + 1},{n % 5 + 1},{1_600_000_000 + n}\n" for n in range(12)
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.upper().startswith("CONVREC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONVREC_CATALOGUE", "teas")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def teas(tmp_path: Path) -> Home:
    """A data folder that holds the catalogue "teas", without an index."""
    home = Home(tmp_path / "home")
    draft = home.draft("teas")
    write_version(draft, ITEMS, Schema(noun="tea"), Manifest(encoder="hash", items=6, hashes=tuple("abcdef")))
    home.publish("teas", draft)
    return home


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Twelve interactions of three users."""
    return write(tmp_path, "log.csv", LOG)


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def convrec(*args: str) -> Result:
    return CliRunner().invoke(app, list(args), obj=Shell())


def count(home: Home) -> int:
    history = open_history(home, "teas")
    return len(history.log) if history else 0


def test_an_import_says_what_was_read_and_learnt(teas: Home, log: Path) -> None:
    result = convrec("interactions", "import", str(log))
    assert result.exit_code == 0, result.output
    assert "12 interactions of 3 users with 6 items" in result.stdout
    assert "Learnt by EASE" in result.stdout
    history = open_history(teas, "teas")
    assert history is not None
    assert history.stale([item.id for item in ITEMS], "auto", 0.0) == ""


def test_importing_again_adds_and_replace_replaces(teas: Home, log: Path, tmp_path: Path) -> None:
    more = write(tmp_path, "more.csv", "user,tea_id\nnew,1\nnew,2\n")
    for _ in range(2):
        assert convrec("interactions", "import", str(log)).exit_code == 0
        assert count(teas) == 12
    assert "now has 14 interactions of 4 users" in convrec("interactions", "import", str(more)).stdout
    convrec("interactions", "import", str(more), "--replace")
    assert count(teas) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.tsv", "user\titem\nu\t1\n"),
        ("log.jsonl", '{"user_id": "u", "item_id": 1, "liked": true}\n'),
        ("log.inter", "user_id:token\titem_id:token\trating:float\nu\t1\t3.0\n"),
        ("ratings.dat", "4::1::3::978300760\n5::1::3::978300760\n"),
        ("ratings.csv", "5,1,3,978300760\n"),
    ],
)
def test_every_kind_of_file_is_read(teas: Home, tmp_path: Path, name: str, content: str) -> None:
    result = convrec("interactions", "import", str(write(tmp_path, name, content)), "--catalogue", "teas")
    assert result.exit_code == 0, result.output
    assert count(teas)


def test_parquet_and_a_folder_of_ratings_are_read(teas: Home, tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"user_id": ["u"], "item_id": [1]}), tmp_path / "log.parquet")
    assert convrec("interactions", "import", str(tmp_path / "log.parquet")).exit_code == 0
    folder = tmp_path / "ml"
    folder.mkdir()
    write(folder, "ratings.csv", "userId,movieId,rating,timestamp\nv,2,4.0,1260759144\n")
    assert convrec("interactions", "import", str(folder)).exit_code == 0
    assert count(teas) == 2


def test_bad_rows_and_unknown_items_are_told_and_the_rest_is_imported(teas: Home, tmp_path: Path) -> None:
    rows = ["u,1,five", "u,,3", *[f"u,no-{n % 8},3" for n in range(20)], "u,2,3"]
    result = convrec("interactions", "import", str(write(tmp_path, "l.csv", "\n".join(["user,item,rating", *rows]))))
    assert result.exit_code == 0
    assert "line 2: l.csv: rating: 'five' is no number and no yes or no" in result.stderr
    assert "line 3: l.csv: has no item" in result.stderr
    assert "20 interactions speak of 8 items that the catalogue does not have, such as 'no-0', " in result.stderr
    assert "'no-7'" not in result.stderr
    assert count(teas) == 1


def test_a_file_without_a_known_item_ends_with_2_and_changes_nothing(teas: Home, log: Path, tmp_path: Path) -> None:
    convrec("interactions", "import", str(log))
    other = write(tmp_path, "other.csv", "user,item\nu,coffee\n")
    for flags in ([], ["--replace"]):
        result = convrec("interactions", "import", str(other), *flags)
        assert result.exit_code == 2
        assert "none of its interactions is with an item of the catalogue 'teas'" in result.stderr
    assert count(teas) == 12


def test_a_dry_run_writes_nothing(teas: Home, log: Path) -> None:
    result = convrec("interactions", "import", str(log), "--dry-run")
    assert result.exit_code == 0
    assert "holds 12 interactions of 3 users with 6 items" in result.stdout
    assert "Nothing was written" in result.stdout
    assert not (teas.catalogue("teas") / "history").exists()


def test_ctrl_c_while_it_learns_leaves_what_was_there(
    teas: Home, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convrec("interactions", "import", str(log))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("convrec.tools.history.fit_model", stop)
    result = convrec("interactions", "import", str(write(tmp_path, "more.csv", "user,item\nnew,1\n")), "--replace")
    assert result.exit_code == 130
    assert count(teas) == 12


@pytest.mark.parametrize("args", [("import", "log.csv"), ("fit",), ("show",)])
def test_a_catalogue_that_was_never_imported_ends_with_2(args: tuple[str, ...]) -> None:
    result = convrec("interactions", *args, "--catalogue", "coffees")
    assert result.exit_code == 2
    assert "coffees" in result.stderr


@pytest.mark.parametrize("command", ["fit", "show"])
def test_without_interactions_it_is_said_how_to_bring_some(teas: Home, command: str) -> None:
    result = convrec("interactions", command)
    assert result.exit_code == 2
    assert "interactions import FILE --catalogue teas" in result.stderr
    assert teas.exists("teas")


def test_show_tells_what_there_is_and_whether_it_is_up_to_date(
    teas: Home, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convrec("interactions", "import", str(log))
    shown = convrec("interactions", "show").stdout
    assert "12 interactions of 3 users with 6 items" in shown
    assert "Learnt by EASE" in shown
    assert "up to date  yes" in shown
    monkeypatch.setenv("CONVREC_INTERACTIONS__METHOD", "neighbours")
    monkeypatch.setenv("CONVREC_INTERACTIONS__HALF_LIFE_DAYS", "90")
    shown = convrec("interactions", "show").stdout
    assert "learnt with the method auto, and the settings say neighbours" in shown
    assert "half-life of 0 days, and the settings say 90" in shown
    assert "convrec interactions fit --catalogue teas" in shown
    assert "Learnt by neighbours" in convrec("interactions", "fit").stdout
    shown = convrec("interactions", "show").stdout
    assert "up to date  yes" in shown
    assert "half-life 90 days" in shown
    add_interactions(teas, "teas", [Interaction(user="me", item="1")])
    assert "added or replaced since" in convrec("interactions", "show").stdout


def test_show_lists_a_users_own_with_titles(teas: Home, log: Path) -> None:
    convrec("interactions", "import", str(log))
    add_interactions(teas, "teas", [Interaction(user="u1", item="gone", value=2.5)])
    shown = convrec("interactions", "show", "--user", "u1").stdout
    assert "Tea 2" in shown
    assert "2020-09-13" in shown
    assert "(no longer in the catalogue)" in shown
    assert "Tea 1 " not in shown
    assert "'nobody' has no interactions" in convrec("interactions", "show", "--user", "nobody").stdout


@pytest.mark.parametrize("command", [(), ("import",), ("fit",), ("show",)])
def test_help_says_what_each_command_does(command: tuple[str, ...]) -> None:
    result = convrec("interactions", *command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.split()) > 15


def test_fitting_learns_from_talks_unless_told_not_to(teas: Home, log: Path) -> None:
    convrec("interactions", "import", str(log))
    liked = Memory(id="x", kind="feedback", text="Liked Tea 1.", item="1", feeling="liked", catalogue="teas", told=1.0)
    with open_memories(load_settings()) as store:
        asyncio.run(write_memories(store, "ann", Changes(put=(liked,))))
    assert "Also learnt from talks: 1 likes and dislikes." in convrec("interactions", "fit").stdout
    assert "Also learnt" not in convrec("interactions", "fit", "--no-talks").stdout
