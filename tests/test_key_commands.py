import json
import re
from pathlib import Path

from convrec.app.cli import app
from convrec.app.serving.keys import FILE, Keys
from typer.testing import CliRunner


def convrec(home: Path, *args: str):
    return CliRunner().invoke(app, ["--home", str(home), *args])


def test_a_key_is_printed_once_and_alone_on_stdout(tmp_path: Path) -> None:
    result = convrec(tmp_path, "key", "add", "ada")
    assert result.exit_code == 0
    assert re.fullmatch(r"convrec_[0-9a-f]{8}_[0-9a-f]{64}\n", result.stdout)
    assert "ada" in result.stderr
    assert "From now on every call needs a key" in result.stderr
    assert result.stdout.strip() not in result.stderr
    found = Keys(tmp_path / FILE).check(result.stdout.strip())
    assert found
    assert (found.name, found.kind) == ("ada", "user")
    assert "From now on" not in convrec(tmp_path, "key", "add", "bob").stderr


def test_a_services_key_with_scopes_and_days(tmp_path: Path) -> None:
    result = convrec(
        tmp_path, "key", "add", "shop", "--service", "--scope", "metrics", "--scope", "chat", "--days", "30"
    )
    found = Keys(tmp_path / FILE).check(result.stdout.strip())
    assert found
    assert (found.kind, found.scopes) == ("service", ("chat", "metrics"))
    assert found.expires is not None
    assert 29.9 * 86_400 < found.expires - found.created < 30.1 * 86_400


def test_what_cannot_be_used_is_told_with_a_hint_and_makes_no_key(tmp_path: Path) -> None:
    for args in (("a/b",), ("ada", "--scope", "admin"), ("ada", "--days", "0")):
        result = convrec(tmp_path, "key", "add", *args)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "Error:" in result.stderr
    assert not (tmp_path / FILE).exists()


def test_keys_are_listed_without_what_opens_anything(tmp_path: Path) -> None:
    assert "There are no keys" in convrec(tmp_path, "key", "list").stderr
    made = convrec(tmp_path, "key", "add", "ada").stdout.strip()
    _, number, secret = made.split("_")
    listed = convrec(tmp_path, "key", "list")
    assert number in listed.stdout
    assert "ada" in listed.stdout
    assert "never" in listed.stdout
    printed = convrec(tmp_path, "key", "list", "--json").stdout
    (one,) = json.loads(printed)
    assert (one["id"], one["name"], one["kind"], one["expires"]) == (number, "ada", "user", None)
    assert one["scopes"] == ["chat", "items", "memory"]
    assert secret not in listed.stdout + printed
    assert "hash" not in one


def test_a_key_is_revoked_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    made = convrec(tmp_path, "key", "add", "ada").stdout.strip()
    result = convrec(tmp_path, "key", "revoke", made.split("_")[1][:5])
    assert result.exit_code == 0
    assert "every call still needs one" in result.stderr
    assert Keys(tmp_path / FILE).check(made) is None
    assert convrec(tmp_path, "key", "revoke", "00").exit_code == 2


def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    for args in (("add", "ada"), ("list",), ("revoke", "ab")):
        result = convrec(tmp_path, "key", *args)
        assert result.exit_code == 2
        assert FILE in result.stderr
    assert (tmp_path / FILE).read_text() == "{"
