import json
import stat
from pathlib import Path

import pytest
from convrec.app.serving.keys import FILE, SCOPES, USER_SCOPES, Keys
from convrec.tools.errors import CorruptError, InputError


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "home" / FILE)


def test_without_a_file_there_are_no_keys_and_none_is_asked_for(keys: Keys) -> None:
    assert keys.all() == []
    assert not keys.any()
    assert keys.check("convrec_00000000_" + "0" * 64) is None


def test_a_key_that_was_made_is_known_by_the_whole_of_it(keys: Keys) -> None:
    made = keys.add("ada", "user", USER_SCOPES)
    found = keys.check(made)
    assert found is not None
    assert (found.name, found.kind, found.scopes, found.expires) == ("ada", "user", USER_SCOPES, None)
    assert made.startswith(f"convrec_{found.id}_")
    assert keys.find(found.id) == found


def test_the_file_is_its_owners_alone_and_holds_no_key(keys: Keys, tmp_path: Path) -> None:
    made = keys.add("ada", "user", USER_SCOPES)
    file = tmp_path / "home" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made not in file.read_text()
    assert made.rpartition("_")[2] not in file.read_text()


@pytest.mark.parametrize(
    "change", [lambda k: k[:-1], lambda k: k + "0", lambda k: k.upper(), lambda k: f" {k}", str.title]
)
def test_what_differs_from_a_key_in_one_place_is_no_key(keys: Keys, change) -> None:
    assert keys.check(change(keys.add("ada", "user", USER_SCOPES))) is None


def test_the_secret_of_one_key_does_not_open_another(keys: Keys) -> None:
    one, other = keys.add("ada", "user", USER_SCOPES), keys.add("bob", "user", USER_SCOPES)
    mixed = "_".join(("convrec", one.split("_")[1], other.split("_")[2]))
    assert keys.check(mixed) is None


@pytest.mark.parametrize("text", ["", "convrec__", "convrec_1_2", "ü" * 300, "convrec_" + "0" * 10_000, "\ud800"])
def test_any_text_can_be_checked(keys: Keys, text: str) -> None:
    keys.add("ada", "user", USER_SCOPES)
    assert keys.check(text) is None


def test_a_key_runs_out(tmp_path: Path) -> None:
    clock = Clock()
    keys = Keys(tmp_path / FILE, clock)
    made = keys.add("ada", "user", USER_SCOPES, days=2)
    clock.now += 2 * 86_400 - 1
    assert keys.check(made)
    clock.now += 1
    assert keys.check(made) is None
    assert keys.find(made.split("_")[1]) is None
    assert len(keys.all()) == 1
    assert keys.any()


def test_a_revoked_key_is_no_key_and_a_key_is_still_asked_for(keys: Keys) -> None:
    made = keys.add("ada", "user", USER_SCOPES)
    assert keys.revoke(made.split("_")[1][:4]).name == "ada"
    assert keys.check(made) is None
    assert keys.all() == []
    assert keys.any()


def test_a_running_server_learns_of_keys_that_others_make_and_revoke(keys: Keys, tmp_path: Path) -> None:
    assert not keys.any()
    elsewhere = Keys(tmp_path / "home" / FILE)
    made = elsewhere.add("ada", "user", USER_SCOPES)
    assert keys.check(made)
    elsewhere.revoke(made.split("_")[1])
    assert keys.check(made) is None


def test_a_server_that_has_seen_keys_goes_on_asking_when_the_file_is_deleted(keys: Keys, tmp_path: Path) -> None:
    made = keys.add("ada", "user", USER_SCOPES)
    (tmp_path / "home" / FILE).unlink()
    assert keys.check(made) is None
    assert keys.any()
    assert not Keys(tmp_path / "home" / FILE).any()


@pytest.mark.parametrize("held", [b"", b"{", b"[]", b'{"keys": [{"id": "x"}]}', b"\xff\xfe", b'{"other": 1}'])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / FILE
    file.write_bytes(held)
    keys = Keys(file)
    for look in (keys.any, keys.all, lambda: keys.check("convrec_x_y"), lambda: keys.add("a", "user", SCOPES)):
        with pytest.raises(CorruptError, match=FILE):
            look()
    assert file.read_bytes() == held


def test_a_file_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(CorruptError):
        Keys(tmp_path / FILE).any()


def test_a_file_that_is_damaged_while_the_server_runs_lets_nobody_in(keys: Keys, tmp_path: Path) -> None:
    made = keys.add("ada", "user", USER_SCOPES)
    assert keys.check(made)
    (tmp_path / "home" / FILE).write_text("{")
    with pytest.raises(CorruptError):
        keys.check(made)
    with pytest.raises(CorruptError):
        keys.check(made)


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\nb", "x" * 65, " ada", "\ud800"])
def test_a_name_that_could_be_taken_for_anothers_is_refused(keys: Keys, name: str) -> None:
    with pytest.raises(InputError):
        keys.add(name, "user", USER_SCOPES)
    assert not keys.any()


def test_scopes_that_there_are_not_and_odd_days_are_refused(keys: Keys) -> None:
    with pytest.raises(InputError, match="admin"):
        keys.add("ada", "user", ("chat", "admin"))  # pyright: ignore
    with pytest.raises(InputError):
        keys.add("ada", "user", ())
    for days in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InputError):
            keys.add("ada", "user", USER_SCOPES, days)
    assert not keys.any()


def test_a_beginning_that_several_ids_share_revokes_none(keys: Keys, tmp_path: Path) -> None:
    keys.add("ada", "user", USER_SCOPES)
    file = tmp_path / "home" / FILE
    held = json.loads(file.read_text())
    held["keys"] = [{**held["keys"][0], "id": number} for number in ("ab000001", "ab000002")]
    file.write_text(json.dumps(held))
    for beginning in ("ab", "cd", ""):
        with pytest.raises(InputError):
            keys.revoke(beginning)
    assert keys.revoke("ab000002").id == "ab000002"
    assert [key.id for key in keys.all()] == ["ab000001"]
