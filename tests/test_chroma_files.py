import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from convrec.tools import chroma_files
from convrec.tools.opening_memories import open_store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A closed store's database, with one memory that was written over, and one that was deleted."""
    store = open_store(tmp_path / "memories")
    store.put(("a",), "k", {"text": "quicksilver"})
    store.put(("a",), "k", {"text": "platinum"})
    store.put(("b",), "k", {"text": "quicksilver"})
    store.delete(("b",), "k")
    store.close()
    return tmp_path / "memories" / "chroma.sqlite3"


def asked(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", "-S", chroma_files.__file__, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def held(folder: Path, word: bytes) -> list[str]:
    return [p.name for p in folder.rglob("*") if p.is_file() and word in p.read_bytes()]


def test_shredding_leaves_what_is_kept_and_nothing_else(file: Path) -> None:
    assert held(file.parent, b"quicksilver")
    assert run("shred", file, chroma_files.MARK).returncode == 0
    assert held(file.parent, b"quicksilver") == []
    assert held(file.parent, b"platinum") == [file.name]
    store = open_store(file.parent)
    assert [i.value for i in store.search(())] == [{"text": "platinum"}]
    store.close()


def test_preparing_tells_the_marked_indexes_and_the_sizes_of_tables(file: Path) -> None:
    told = run("prepare", file, chroma_files.MARK).stdout.split()
    assert sorted(told) == sorted(i for (i,) in asked(file, "SELECT id FROM segments WHERE scope = 'VECTOR'"))
    assert run("prepare", file, "another mark").stdout == ""
    assert asked(file, "PRAGMA journal_mode") == [("wal",)]
    assert len(asked(file, "SELECT * FROM sqlite_stat1")) == 4


def test_the_last_row_of_the_queue_stays_so_that_counting_goes_on(file: Path) -> None:
    (last,) = asked(file, "SELECT MAX(seq_id) FROM embeddings_queue")
    assert run("prune", file, chroma_files.MARK).returncode == 0
    assert asked(file, "SELECT seq_id FROM embeddings_queue") == [last]


def test_the_queue_of_other_collections_is_left_alone(file: Path) -> None:
    before = asked(file, "SELECT seq_id FROM embeddings_queue")
    assert run("prune", file, "another mark").returncode == 0
    assert asked(file, "SELECT seq_id FROM embeddings_queue") == before


def test_what_has_not_been_applied_stays_in_the_queue(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE max_seq_id SET seq_id = 0")
        database.commit()
    before = asked(file, "SELECT seq_id, metadata FROM embeddings_queue")
    assert run("shred", file, chroma_files.MARK).returncode == 0
    assert asked(file, "SELECT seq_id, metadata FROM embeddings_queue") == before


def test_a_fault_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no database " * 1_000)
    failed = run("shred", tmp_path / "file", chroma_files.MARK)
    assert failed.returncode == 1
    assert failed.stderr == "DatabaseError: file is not a database\n"
