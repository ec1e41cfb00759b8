import errno
import os
from pathlib import Path

import pytest
from convrec.tools.errors import BusyError, ReadOnlyError, StoreError
from convrec.tools.files import locked, replace_folder, reported, write_text


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_a_text_replaces_the_old_one_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    write_text(path, "old")
    write_text(path, "naïve ☕\n")
    assert path.read_bytes() == "naïve ☕\n".encode()
    assert names(path.parent) == {"a.txt"}


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud83d")
    assert path.read_text() == "old"
    assert names(tmp_path) == {"a.txt"}


def test_a_folder_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    with replace_folder(path) as draft:
        (draft / "new").touch()
        assert names(path) == {"old"}
    assert names(path) == {"new"}
    assert names(tmp_path) == {"model"}


def test_a_folder_stays_when_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()

    def fail() -> None:
        with replace_folder(path) as draft:
            (draft / "new").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(path) == {"old"}
    assert names(tmp_path) == {"model"}


def test_one_holds_the_lock_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path / "build.lock", "building"):
        with pytest.raises(BusyError, match="building") as caught, locked(tmp_path / "build.lock", "building"):
            raise AssertionError("two at once")
        assert caught.value.hint
    with locked(tmp_path / "build.lock", "building"):
        pass


def test_the_lock_is_given_back_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "build.lock", "building"):
        raise ZeroDivisionError
    with locked(tmp_path / "build.lock", "building"):
        pass


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, ReadOnlyError, "cannot be written"),
        (errno.EPERM, ReadOnlyError, "cannot be written"),
        (errno.ENOTDIR, ReadOnlyError, "cannot be written"),
        (errno.EROFS, ReadOnlyError, "read-only"),
        (errno.ENOSPC, StoreError, "full"),
        (errno.EDQUOT, StoreError, "full"),
        (errno.EIO, StoreError, "cannot be used"),
    ],
)
def test_the_systems_faults_become_ours(tmp_path: Path, number: int, kind: type[StoreError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught, reported(tmp_path):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is kind
    assert str(tmp_path) in str(caught.value)
    assert "CONVREC_HOME" in caught.value.hint


@pytest.mark.parametrize("write", [lambda p: write_text(p, "x"), lambda p: locked(p, "x").__enter__()])
def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path, write) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReadOnlyError):
        write(tmp_path / "file" / "home" / "a.txt")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_told() -> None:
    with pytest.raises(StoreError, match="full"), reported(Path("/dev")):
        Path("/dev/full").write_text("x")
