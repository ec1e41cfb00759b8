from pathlib import Path

import pytest
from convrec.agents.threads import explained, open_threads, thread_key
from convrec.tools.errors import BusyError, CorruptError, ReadOnlyError, StoreError


def test_no_two_users_threads_share_a_key() -> None:
    names = ["a", "b", 'a", "b', "", "a,b", "[", "]", "\\", '"']
    keys = {thread_key(u, t) for u in names for t in names}
    assert len(keys) == len(names) ** 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("database is locked", BusyError),
        ("attempt to write a readonly database", ReadOnlyError),
        ("unable to open database file", ReadOnlyError),
        ("database or disk is full", StoreError),
        ("disk I/O error", StoreError),
        ("database disk image is malformed", CorruptError),
        ("file is not a database", CorruptError),
    ],
)
def test_a_databases_fault_is_explained_with_a_hint(text: str, kind: type[StoreError]) -> None:
    import sqlite3

    with pytest.raises(kind) as fault, explained(Path("/data")):
        raise sqlite3.OperationalError(text)
    assert type(fault.value) is kind
    assert fault.value.hint
    assert "/data" in str(fault.value)


def test_a_fault_of_another_kind_is_left_alone() -> None:
    with pytest.raises(KeyError), explained(Path("/data")):
        raise KeyError("x")


async def test_threads_are_listed_by_user_even_where_names_are_prefixes(tmp_path: Path) -> None:
    async with open_threads(tmp_path / "t.sqlite") as threads:
        for user, thread in (("a", "1"), ("ab", "2"), ("a", "3"), ('a"', "4")):
            await threads.saver.conn.execute(
                "INSERT INTO checkpoints (thread_id, checkpoint_id) VALUES (?, ?)", (thread_key(user, thread), thread)
            )
        assert sorted(await threads.of_user("a")) == ["1", "3"]
        assert await threads.of_user("ab") == ["2"]
        assert await threads.of_user('a"') == ["4"]
        assert await threads.of_user("nobody") == []


async def test_pruning_keeps_the_newest_checkpoint_of_its_thread_only(tmp_path: Path) -> None:
    async with open_threads(tmp_path / "t.sqlite") as threads:
        for thread in ("one", "two"):
            for checkpoint in ("1", "2", "3"):
                await threads.saver.conn.execute(
                    "INSERT INTO checkpoints (thread_id, checkpoint_id) VALUES (?, ?)", (thread, checkpoint)
                )
        await threads.prune("one")
        rows = await threads.saver.conn.execute_fetchall("SELECT thread_id, checkpoint_id FROM checkpoints")
        assert sorted(rows) == [("one", "3"), ("two", "1"), ("two", "2"), ("two", "3")]
