"""Works on the SQLite file of a Chroma folder behind Chroma's back; a program of its own, run by the memory store.

`python chroma_files.py prepare FILE MARK` readies the file before Chroma opens it, and writes the ids of the vector indexes
of the collections with that mark. `prune FILE MARK` cuts their queue. `shred FILE MARK` also cuts out of the file what was
deleted. `clean FILE` is for the keeper of a Chroma server, while it is stopped: it shreds, and removes the memories' vector
indexes, which are made anew; that also mends what a killed server has broken. It needs nothing but Python.

It is another process because two copies of SQLite (Chroma has its own) in one process undo each other's locks.
"""

import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

MARK = "placeholders"
"""The metadata key of collections whose vectors are placeholders."""

_MARKED = "SELECT collection_id FROM collection_metadata WHERE key = ?"
_INDEXES = f"SELECT id FROM segments WHERE scope = 'VECTOR' AND collection IN ({_MARKED})"
_CACHED_PAGES = 4_096
# What SQLite is told of the tables' sizes, for large ones. Without it, a filter reads all of a collection.
_SIZES = (
    ("embeddings", "sqlite_autoindex_embeddings_1", "1000000 100000 1"),
    ("embedding_metadata", "sqlite_autoindex_embedding_metadata_1", "4000000 4 1"),
    ("embedding_metadata", "embedding_metadata_string_value", "4000000 1000000 10"),
    ("embedding_metadata", "embedding_metadata_float_value", "1000000 1000000 1000000"),
)
# What the metadata tables have taken. The queue's last row stays: Chroma counts on from it.
_TAKEN = """
FROM embeddings_queue
WHERE substr(topic, -36) = ? AND seq_id < (SELECT MAX(seq_id) FROM embeddings_queue) AND seq_id <= (
    SELECT m.seq_id FROM max_seq_id m JOIN segments s ON s.id = m.segment_id
    WHERE s.scope = 'METADATA' AND s.collection = ?
)
"""
_LAST = """
UPDATE embeddings_queue SET metadata = NULL
WHERE seq_id = (SELECT MAX(seq_id) FROM embeddings_queue) AND seq_id <= (
    SELECT m.seq_id FROM max_seq_id m JOIN segments s ON s.id = m.segment_id
    WHERE s.scope = 'METADATA' AND s.collection = substr(topic, -36)
)
"""


def prepare(file: str, mark: str) -> list[str]:
    """Have Chroma write ahead to a log (a write takes 4 ms then, and 29 otherwise); which vector indexes have the mark.

    A new file gets pages that hold an item with its vector; of smaller ones Chroma's index of texts would take two each.
    Each of Chroma's connections may keep 32 MB of pages: a recall among 300,000 items takes 10 ms then, and 15 with 2 MB.

    Raises:
        sqlite3.Error: the file is damaged or no database, or the disk is full.
    """
    with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as database:
        database.execute("PRAGMA page_size = 8192")
        database.execute("PRAGMA journal_mode = WAL")
        if database.execute("PRAGMA default_cache_size").fetchone() != (_CACHED_PAGES,):
            database.execute(f"PRAGMA default_cache_size = {_CACHED_PAGES}")
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        # A folder whose first opening was killed has only some.
        if not {"embeddings_queue", "max_seq_id", "segments", "collection_metadata"} <= tables:
            return []
        # On a full disk these can wait: what is there can still be read.
        with suppress(sqlite3.OperationalError):
            _tell_sizes(database)
            _prune(database, mark)
        return [name for (name,) in database.execute(_INDEXES, (mark,))]


def prune(file: str, mark: str) -> None:
    """Cut the queue of the collections with a mark: Chroma keeps what it has not saved in a vector index.

    Raises:
        sqlite3.Error: the file is in use for more than five seconds, or the disk is full.
    """
    with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as database:
        _prune(database, mark)


def shred(file: str, mark: str) -> None:
    """Remove from the file what is deleted, and from its log what was in it; the file is written anew.

    Raises:
        sqlite3.Error: the file is in use for more than a minute, or the disk is full.
    """
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = ON")
        _prune(database, mark)
        database.execute(_LAST)
        database.execute("VACUUM")
        busy, _, _ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("its log is in use")


def clean(file: str) -> None:
    """Shred a stopped server's file, and remove the indexes of placeholders.

    Raises:
        sqlite3.Error: the file is damaged or in use, or the disk is full.
    """
    for index in prepare(file, MARK):
        shutil.rmtree(Path(file).parent / index, ignore_errors=True)
    shred(file, MARK)


def main(command: str, file: str, *given: str) -> None:
    """Do what the command line says; a fault is one line on the error stream."""
    try:
        answer = {"prepare": prepare, "prune": prune, "shred": shred, "clean": clean}[command](file, *given)
    except sqlite3.Error as fault:
        sys.exit(f"{type(fault).__name__}: {fault}")
    sys.stdout.write("\n".join(answer or []))


def _tell_sizes(database: sqlite3.Connection) -> None:
    database.execute("ANALYZE sqlite_master")
    if database.execute("SELECT COUNT(*) FROM sqlite_stat1").fetchone() != (len(_SIZES),):
        database.execute("DELETE FROM sqlite_stat1")
        database.executemany("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", _SIZES)


def _prune(database: sqlite3.Connection, mark: str) -> None:
    for (collection,) in database.execute(_MARKED, (mark,)).fetchall():
        database.execute(f"DELETE {_TAKEN}", (collection, collection))


if __name__ == "__main__":
    main(*sys.argv[1:])
