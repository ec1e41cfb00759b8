import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from convrec.tools.chroma_store import ChromaStore
from convrec.tools.errors import BusyError, CorruptError, ReadOnlyError, StoreError
from convrec.tools.opening_memories import open_store
from filelock import FileLock, Timeout
from langgraph.store.base import IndexConfig, PutOp

PROGRAM = """
import sys
from pathlib import Path
from convrec.tools.opening_memories import open_store
from langgraph.store.base import PutOp

def embed(texts):
    return [[1.0, 0.0, 0.0, float(len(t))] for t in texts]

def put(n):
    return PutOp((f"{who}-{n % 5}", "items"), str(n), {"text": "word " * (n % 9 + 1), "n": n, "who": who})

folder, who, start, end, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
store = open_store(Path(folder), index={"dims": 4, "embed": embed, "fields": ["text"]})
for n in range(start, end, size):
    store.batch([put(i) for i in range(n, n + size)])
    print(n + size, flush=True)
store.close()
"""


def embed(texts: list[str]) -> list[list[float]]:
    return [[1.0, 0.0, 0.0, float(len(t))] for t in texts]


INDEX = IndexConfig(dims=4, embed=embed, fields=["text"])


def running(folder: Path, who: str, start: int, end: int, size: int) -> "subprocess.Popen[str]":
    """Another process that writes so many memories, and tells after each batch how many there are."""
    arguments = [str(folder), who, str(start), str(end), str(size)]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def asked(folder: Path, query: str) -> str:
    """What the database answers to another process; two copies of SQLite in one would undo each other's locks."""
    program = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])"
    command = [sys.executable, "-I", "-S", "-c", program, str(folder / "chroma.sqlite3"), query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memories"


@pytest.fixture
def store(folder: Path) -> Iterator[ChromaStore]:
    opened = open_store(folder, index=INDEX)
    yield opened
    opened.close()


def numbers(store: ChromaStore, who: str) -> set[int]:
    found = store.search((), query="word", limit=100_000)
    assert all(item.namespace[0] == f"{item.value['who']}-{item.value['n'] % 5}" for item in found)
    return {item.value["n"] for item in found if item.value["who"] == who}


def test_processes_take_turns_and_lose_and_cross_nothing(store: ChromaStore, folder: Path) -> None:
    with running(folder, "one", 0, 100, 1) as one, running(folder, "two", 0, 100, 1) as two:
        assert one.stdout is not None
        said = int(one.stdout.readline())
        assert numbers(store, "one") >= set(range(said))
        for n in range(20):
            store.put((f"we-{n % 5}", "items"), str(n), {"text": "word", "n": n, "who": "we"})
        one.stdout.read()
        assert (one.wait(), two.wait()) == (0, 0)
    assert [numbers(store, who) for who in ("one", "two")] == [set(range(100))] * 2
    assert numbers(store, "we") == set(range(20))


def test_who_waits_gets_the_folder_and_the_holder_gets_it_back(store: ChromaStore, folder: Path) -> None:
    store.put(("a",), "k", {"n": 1})
    with FileLock(folder / "next.lock"), FileLock(folder / "turn.lock", timeout=10):
        pass
    found = store.get(("a",), "k")
    assert found is not None


def test_a_process_that_keeps_the_folder_is_told_of_with_the_server(folder: Path) -> None:
    folder.mkdir()
    with FileLock(folder / "turn.lock"), pytest.raises(BusyError, match="Another process") as fault:
        open_store(folder, patience=0.05)
    assert "chroma run" in fault.value.hint
    assert "memory.server" in fault.value.hint
    open_store(folder, patience=0.05).close()


def test_stores_of_one_process_share_a_folder(store: ChromaStore, folder: Path) -> None:
    other = open_store(folder, index=INDEX)
    other.put(("a",), "k", {"text": "word"})
    other.close()
    assert store.search(("a",), query="word")
    with pytest.raises(Timeout):
        FileLock(folder / "turn.lock").acquire(timeout=0)


def test_a_store_that_nobody_holds_lets_the_folder_go(folder: Path) -> None:
    open_store(folder).put(("a",), "k", {})
    with FileLock(folder / "turn.lock", timeout=1):
        pass


def test_what_was_acknowledged_survives_a_kill(folder: Path) -> None:
    start = 0
    for size, writes, how in ((1, 30, signal.SIGKILL), (500, 1, signal.SIGKILL), (70, 5, signal.SIGINT)):
        with running(folder, "we", start, start + 10**6, size) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(writes)]
            writer.send_signal(how)
            told += [int(line) for line in writer.stdout if line.endswith("\n")]
        store = open_store(folder, index=INDEX)
        assert numbers(store, "we") >= set(range(told[-1]))
        store.close()
        start = told[-1]


def test_no_vector_index_is_left_in_the_folder(store: ChromaStore, folder: Path) -> None:
    for n in range(60):
        store.put(("we-0", "items"), str(n), {"text": "quicksilver"})
        assert [p for p in folder.iterdir() if p.is_dir()] == []
    assert store.forget(("we-0",)) == 60
    store.put(("we-1", "items"), "k", {"text": "sea"})
    assert [p for p in folder.rglob("*") if b"quicksilver" in p.read_bytes()] == []


def test_a_vector_index_that_was_broken_is_removed_before_it_is_read(folder: Path) -> None:
    store = open_store(folder, index=INDEX)
    store.put(("we-0", "items"), "k", {"text": "sea"})
    store.close()
    index = asked(folder, "SELECT id FROM segments WHERE scope = 'VECTOR'")
    (folder / index).mkdir()
    for name in ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle"):
        (folder / index / name).write_bytes(b"broken")
    again = open_store(folder, index=INDEX)
    assert len(again.search(("we-0",), query="sea")) == 1
    again.close()


def queued(folder: Path) -> int:
    return int(asked(folder, "SELECT COUNT(*) FROM embeddings_queue"))


def test_chromas_queue_stays_short(folder: Path) -> None:
    store = open_store(folder)
    for start in (0, 1_000):
        store.batch([PutOp(("a", "b"), str(n), {"n": n, "text": "x" * 2_500}) for n in range(start, start + 1_000)])
    assert queued(folder) < 1_000
    assert len(store.search(("a", "b"), limit=10_000)) == 2_000
    store.put(("a", "b"), "more", {})
    store.delete(("a", "b"), "0")
    store.close()
    open_store(folder).close()
    assert queued(folder) == 1
    again = open_store(folder)
    again.put(("a", "b"), "1", {"n": -1})
    again.put(("b", "b"), "1", {"n": -1})
    assert len(again.search(("a", "b"), limit=10_000)) == 2_000
    assert again.search(("a", "b"), filter={"n": -1})[0].key == "1"
    again.close()


def test_indexes_of_other_collections_are_left_alone(folder: Path) -> None:
    import chromadb

    client = chromadb.PersistentClient(str(folder))
    other = client.create_collection("other", configuration={"hnsw": {"sync_threshold": 2, "batch_size": 2}})
    other.add(ids=["a", "b", "c"], embeddings=[[1.0, 2.0], [2.0, 1.0], [0.0, 1.0]])
    client.close()
    before = sorted(p.name for p in folder.glob("*/data_level0.bin"))
    open_store(folder).close()
    assert before
    assert sorted(p.name for p in folder.glob("*/data_level0.bin")) == before


def test_a_full_disk_is_named_and_nothing_is_lost(
    store: ChromaStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(("a",), "k", {"text": "word"})
    with monkeypatch.context() as disk:
        usage = shutil.disk_usage(folder)
        disk.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5_000_000))
        with pytest.raises(StoreError, match=r"is full: 5\.0 MB are free"):
            store.put(("a",), "l", {"text": "word"})
        assert len(store.search(("a",), query="word")) == 1
        store.delete(("a",), "k")
    store.put(("a",), "m", {"text": "word"})
    assert [i.key for i in store.search(("a",))] == ["m"]


def test_a_file_that_is_no_database_is_named(folder: Path) -> None:
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"no database " * 1_000)
    with pytest.raises(CorruptError, match="not a database"):
        open_store(folder)


def test_other_files_in_the_folder_do_no_harm(folder: Path) -> None:
    (folder / "empty").mkdir(parents=True)
    (folder / "notes.txt").write_text("keep")
    (folder / "chroma.sqlite3").touch()
    store = open_store(folder)
    (folder / "copies").mkdir()
    store.put(("a",), "k", {})
    store.close()
    assert (folder / "notes.txt").read_text() == "keep"
    assert (folder / "copies").is_dir()
    assert (folder / "empty").is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReadOnlyError, match="cannot be written"):
        open_store(tmp_path / "file" / "memories")
