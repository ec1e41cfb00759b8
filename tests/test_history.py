import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from convrec.tools import history as history_module
from convrec.tools.errors import BusyError, CorruptError, InputError, UnknownCatalogueError
from convrec.tools.files import locked
from convrec.tools.history import (
    add_interactions,
    fit_history,
    forget_user,
    has_history,
    import_history,
    open_collaborative,
    open_history,
    user_interactions,
)
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home, Manifest, write_version

ITEMS = [str(n) for n in range(10)]
LIKES = [Interaction(user=f"u{n % 5}", item=ITEMS[n % 7], value=float(n % 3 + 1), time=float(n + 1)) for n in range(30)]
MORE = [Interaction(user="new", item="1"), Interaction(user="u1", item="9", time=50.0)]


@pytest.fixture
def teas(home: Home) -> Home:
    """A data folder with the catalogue "teas" and its users' interactions."""
    draft = home.draft("teas")
    items = [Item(id=i, title=f"Tea {i}") for i in ITEMS]
    write_version(draft, items, Schema(), Manifest(encoder="hash", items=10, hashes=("x",) * 10))
    home.publish("teas", draft)
    import_history(home, "teas", Log.of(LIKES), ITEMS)
    return home


def folder(home: Home) -> Path:
    return home.catalogue("teas") / "history"


def current(home: Home) -> list[str]:
    return (folder(home) / "CURRENT").read_text(encoding="utf-8").split()


def test_what_is_imported_is_read_again_and_has_been_learnt_from(teas: Home) -> None:
    history = open_history(teas, "teas")
    assert history is not None
    assert set(history.log) == set(LIKES)
    assert history.fitted is not None
    assert (history.fitted.method, history.fitted.log.interactions, history.fitted.items) == ("ease", 30, 7)
    assert history.stale(ITEMS) == history.stale(ITEMS[::-1]) == ""
    collaborative = open_collaborative(teas, "teas", ITEMS)
    assert collaborative is not None
    assert collaborative.scores({"0": 1.0}).any()
    assert collaborative.history("u2") == sorted((i for i in LIKES if i.user == "u2"), key=lambda i: i.time)
    assert collaborative.counts.sum() == 30


def test_without_interactions_there_is_no_history(home: Home) -> None:
    assert not has_history(home, "teas")
    assert open_history(home, "teas") is None
    assert open_collaborative(home, "teas", ITEMS) is None
    assert user_interactions(home, "u1") == {}
    assert forget_user(home, "u1") == 0
    with pytest.raises(InputError, match="no interactions") as caught:
        fit_history(home, "teas", ITEMS)
    assert "interactions import FILE --catalogue teas" in caught.value.hint
    assert not home.folder.exists()


def test_an_import_adds_and_replacing_replaces(teas: Home) -> None:
    changed = LIKES[0].model_copy(update={"value": 9.0})
    import_history(teas, "teas", Log.of([*MORE, changed]), ITEMS)
    history = open_history(teas, "teas")
    assert history is not None
    assert set(history.log) == {*LIKES[1:], changed, *MORE}
    assert history.stale(ITEMS) == ""
    import_history(teas, "teas", Log.of(MORE), ITEMS, replace=True)
    history = open_history(teas, "teas")
    assert history is not None
    assert set(history.log) == set(MORE)
    assert history.stale(ITEMS) == ""


def test_what_was_added_counts_in_histories_at_once_and_makes_the_model_stale(teas: Home) -> None:
    collaborative = open_collaborative(teas, "teas", ITEMS)
    assert collaborative is not None
    assert collaborative.history("new") == []
    add_interactions(teas, "teas", MORE)
    assert collaborative.history("new") == MORE[:1]
    again = open_collaborative(teas, "teas", ITEMS)
    assert again is not None
    assert again.stale == "interactions were added or replaced since (from 30 to 32)"
    fit_history(teas, "teas", ITEMS)
    again = open_collaborative(teas, "teas", ITEMS)
    assert again is not None
    assert again.stale == ""
    assert again.counts[9] == 1


def test_interactions_can_be_added_where_there_were_none(teas: Home) -> None:
    forgotten = [forget_user(teas, f"u{n}") for n in range(5)]
    assert sum(forgotten) == 30
    assert not has_history(teas, "teas")
    add_interactions(teas, "teas", ())
    assert not has_history(teas, "teas")
    add_interactions(teas, "teas", MORE)
    assert user_interactions(teas, "new") == {"teas": MORE[:1]}
    collaborative = open_collaborative(teas, "teas", ITEMS)
    assert collaborative is not None
    assert collaborative.stale == "nothing was learnt from the interactions yet"
    assert not collaborative.scores({"1": 1.0}).any()
    with pytest.raises(UnknownCatalogueError):
        add_interactions(teas, "coffees", MORE)


@pytest.mark.parametrize(
    ("ids", "settings", "told"),
    [
        (ITEMS[1:], {}, "the catalogue's items changed since"),
        (ITEMS, {"method": "neighbours"}, "learnt with the method auto, and the settings say neighbours"),
        (ITEMS, {"half_life_days": 30.0}, "learnt with a half-life of 0 days, and the settings say 30"),
        (ITEMS, {"method": "auto", "half_life_days": 0.0}, ""),
    ],
)
def test_a_model_that_is_out_of_date_says_why(teas: Home, ids: list[str], settings: dict, told: str) -> None:
    history = open_history(teas, "teas")
    assert history is not None
    stale = history.stale(ids, **settings)
    assert told in stale
    assert bool(told) == bool(stale)


def test_a_forgotten_user_is_in_no_file_and_the_model_says_so(teas: Home) -> None:
    opened = open_collaborative(teas, "teas", ITEMS)
    add_interactions(teas, "teas", [Interaction(user="jane.doe@example.org", item="3"), *MORE])
    fit_history(teas, "teas", ITEMS)
    assert forget_user(teas, "jane.doe@example.org") == 1
    assert forget_user(teas, "u1") == 7
    assert forget_user(teas, "stranger") == 0
    assert not [p for p in teas.folder.rglob("*") if p.is_file() and b"jane.doe" in p.read_bytes()]
    collaborative = open_collaborative(teas, "teas", ITEMS)
    assert collaborative is not None
    assert collaborative.stale == "2 users were forgotten since"
    assert opened is not None
    assert opened.history("u1") == collaborative.history("u1") == []
    assert user_interactions(teas, "u1") == {}
    assert user_interactions(teas, "u2") == {"teas": collaborative.history("u2")}
    assert {p.name for p in folder(teas).iterdir()} == {"CURRENT", "lock", *current(teas)}


def test_who_is_forgotten_while_others_learn_stays_forgotten(teas: Home) -> None:
    def meanwhile(*_: int) -> None:
        forget_user(teas, "u1")

    import_history(teas, "teas", Log.of(MORE[:1]), ITEMS, on_progress=meanwhile)
    history = open_history(teas, "teas")
    assert history is not None
    assert history.log.of_user("u1") == []
    assert history.log.of_user("new") == MORE[:1]
    assert history.stale(ITEMS) == "1 user was forgotten since"
    fit_history(teas, "teas", ITEMS, on_progress=lambda *_: add_interactions(teas, "teas", MORE))
    history = open_history(teas, "teas")
    assert history is not None
    assert "added or replaced" in history.stale(ITEMS)


@pytest.mark.parametrize("work", [import_history, fit_history])
def test_stopping_while_it_learns_leaves_what_was_there(teas: Home, work: Callable) -> None:
    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    before = current(teas)
    with pytest.raises(KeyboardInterrupt):
        work(teas, "teas", *([Log.of(MORE)] if work is import_history else []), ITEMS, on_progress=stop)
    assert current(teas) == before
    assert {p.name for p in folder(teas).iterdir()} == {"CURRENT", "lock", *before}


def test_one_process_writes_at_a_time(teas: Home) -> None:
    with locked(folder(teas) / "lock", "writing interactions"):
        for write in (
            lambda: add_interactions(teas, "teas", MORE),
            lambda: import_history(teas, "teas", Log.of(MORE), ITEMS),
            lambda: fit_history(teas, "teas", ITEMS),
            lambda: forget_user(teas, "u1"),
        ):
            with pytest.raises(BusyError, match="writing interactions"):
                write()
        assert open_history(teas, "teas") is not None
    forget_user(teas, "u1")


def test_a_write_that_is_killed_leaves_what_was_there_or_what_comes_and_can_be_done_again(tmp_path: Path) -> None:
    script = Path(__file__).with_name("crashing_history.py")
    command = [sys.executable, str(script), str(tmp_path), "2"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    trials = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {(name, found) for name, _, found, *_ in trials} >= {("forget", "old"), ("forget", "new"), ("import", "old")}
    for name, kill_at, found, again, tidy, named in trials:
        assert found in ("old", "new"), (name, kill_at)
        assert (again, tidy, named) == ("new", "tidy", False), (name, kill_at)


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\xfe garbage " * 100)


DAMAGES = {"garbled": garble, "gone": Path.unlink, "cut": lambda path: path.write_bytes(path.read_bytes()[:-9])}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["users.npy", "starts.npy", "value.npy", "manifest.json"])
def test_damaged_interactions_are_told_and_an_import_that_replaces_mends_them(
    teas: Home, file: str, damage: str
) -> None:
    add_interactions(teas, "teas", MORE)
    DAMAGES[damage](folder(teas) / current(teas)[0] / file)
    for act in (
        lambda: open_collaborative(teas, "teas", ITEMS),
        lambda: fit_history(teas, "teas", ITEMS),
        lambda: import_history(teas, "teas", Log.of(MORE), ITEMS),
        lambda: add_interactions(teas, "teas", MORE),
        lambda: forget_user(teas, "u1"),
        lambda: user_interactions(teas, "u1"),
    ):
        with pytest.raises(CorruptError, match="interactions of the catalogue 'teas' are damaged") as caught:
            act()
        assert "--catalogue teas --replace" in caught.value.hint
    import_history(teas, "teas", Log.of(MORE), ITEMS, replace=True)
    history = open_history(teas, "teas")
    assert history is not None
    assert set(history.log) == set(MORE)
    assert history.stale(ITEMS) == ""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["data.npy", "ids_starts.npy", "indptr.npy", "manifest.json"])
def test_a_damaged_model_is_told_and_learning_anew_mends_it(teas: Home, file: str, damage: str) -> None:
    DAMAGES[damage](folder(teas) / current(teas)[1] / file)
    with pytest.raises(CorruptError, match="learnt") as caught:
        open_collaborative(teas, "teas", ITEMS)
    assert "convrec interactions fit --catalogue teas" in caught.value.hint
    assert user_interactions(teas, "u1")
    assert forget_user(teas, "u1")
    fit_history(teas, "teas", ITEMS)
    assert open_collaborative(teas, "teas", ITEMS) is not None


@pytest.mark.parametrize("pointer", [b"", b"log-1-gone", b"\xff\xfe", b"../../secrets", b"log-1-a model-1-b model-2-c"])
def test_a_damaged_pointer_is_told_and_nothing_is_cleared_away(teas: Home, pointer: bytes) -> None:
    before = {p.name for p in folder(teas).iterdir()}
    (folder(teas) / "CURRENT").write_bytes(pointer)
    with pytest.raises(CorruptError):
        open_history(teas, "teas")
    with pytest.raises(CorruptError):
        forget_user(teas, "u1")
    assert {p.name for p in folder(teas).iterdir()} >= before


def test_a_damaged_catalogue_does_not_keep_a_user_in_the_others(teas: Home) -> None:
    import_history(teas, "coffees", Log.of(LIKES), ITEMS)
    garble(teas.catalogue("coffees") / "history" / "CURRENT")
    with pytest.raises(CorruptError, match="coffees"):
        forget_user(teas, "u1")
    history = open_history(teas, "teas")
    assert history is not None
    assert history.log.of_user("u1") == []


def test_what_is_replaced_while_it_is_read_gives_way_to_the_new(teas: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    load, overtaken = Log.load, []

    def overtake(path: Path) -> Log:
        if not overtaken:
            overtaken.append(path)
            add_interactions(teas, "teas", MORE)
        return load(path)

    monkeypatch.setattr(history_module.Log, "load", overtake)
    history = open_history(teas, "teas")
    assert history is not None
    assert len(history.log) == 32
    assert overtaken


def test_weights_are_the_same_after_they_were_written(teas: Home) -> None:
    fitted = fit_history(teas, "teas", ITEMS, method="neighbours", half_life_days=9.0)
    history = open_history(teas, "teas")
    assert history is not None
    assert history.model is not None
    assert fitted.model is not None
    assert np.array_equal(history.model.weights.toarray(), fitted.model.weights.toarray())
    assert history.fitted == fitted.fitted
    collaborative = open_collaborative(teas, "teas", ITEMS)
    assert collaborative is not None
    assert collaborative.half_life_days == 9.0


def test_what_people_like_in_talks_is_learnt_from_on_their_own_scale_and_not_kept(teas: Home) -> None:
    before = fit_history(teas, "teas", ITEMS).model
    also = [Interaction(user=user, item=item, value=1.0) for user in ("u1", "talker", "other") for item in ("8", "9")]
    after = fit_history(teas, "teas", ITEMS, also=also)
    assert after.model is not None
    assert before is not None
    assert set(after.model.ids) - set(before.ids) == {"8", "9"}
    collaborative = open_collaborative(teas, "teas", ITEMS)
    assert collaborative is not None
    assert collaborative.scores({"8": 1.0})[9] > 0
    assert collaborative.stale == ""
    assert user_interactions(teas, "talker") == {}
    assert len(after.log) == len(LIKES)
