"""Conversations with titles, and their turns shown again, in the data folder."""

import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.messages import title_of
from convrec.agents.recommender import Recommender
from convrec.agents.state import Exchange, Pick, Shown
from convrec.agents.threads import thread_key
from convrec.app.build import make_setup
from convrec.app.setting_groups import MemorySettings
from convrec.app.settings import Settings
from convrec.tools.errors import SettingsError
from pydantic import SecretStr
from talk_stage import Clock, recommender
from threads_stage import CHECKS, Opens

SECRET = "marmalade"


@pytest.fixture
def open_(tmp_path: Path) -> Opens:
    clock = Clock()

    def opens(**options: Any) -> AbstractAsyncContextManager[Recommender]:
        return recommender(tmp_path, clock=clock, **options)

    return opens


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_in_the_data_folder(check: Callable[[Opens], Awaitable[None]], open_: Opens) -> None:
    await check(open_)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("a green tea", "a green tea"), ("x" * 60, "x" * 60), ("x" * 61, f"{'x' * 59}…"),
        ("a " * 40, f"{'a ' * 30}".strip() + "…"),
        ("one, two " * 9, "one, two " * 6 + "one…"), (" a\n b\t", "a b"),
    ],
)  # fmt: skip
def test_a_title_is_the_beginning_of_a_message_cut_at_a_word(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title) <= 60


async def test_titles_of_what_is_forgotten_undone_or_private_are_in_no_file(tmp_path: Path, open_: Opens) -> None:
    def written() -> bool:
        return any(SECRET.encode() in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())

    async with open_() as opened:
        await opened.begin(title=SECRET)
        await opened.begin(thread="one", title=f"{SECRET} jam")
        await opened.begin(thread="two", title="honey")
        await opened.rename(SECRET, thread="two")
        assert written()
        await opened.rename("honey", thread="two")
        await opened.forget(thread="one")
        assert written()
        await opened.forget()
        assert not written()
        await opened.reply(SECRET, thread="p", private=True)
        await opened.rename(SECRET, thread="p")
        assert not written()
    async with open_(private=True) as opened:
        info = await opened.begin(title=SECRET)
        assert await opened.rename(f"{SECRET} jam", thread=info.thread)
        assert (await opened.thread(thread=info.thread)).title == f"{SECRET} jam"
        assert await opened.threads() == []
    assert not written()


async def test_a_database_that_is_older_than_titles_goes_on(tmp_path: Path, open_: Opens) -> None:
    async with open_() as opened:
        answer = await opened.reply("a green tea")
        # What an exchange was before more of it was kept.
        state = await opened._open_conversations.state(thread_key("me", "main"))
        old = [Exchange(text=e.text, reply=e.reply, items=e.items) for e in state["talk"]]
        workflow, config = opened._open_conversations._graph, {"configurable": {"thread_id": thread_key("me", "main")}}
        await workflow.aupdate_state(config, {"talk": old}, as_node="remember")
    with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database:
        database.execute("DROP TABLE convrec_threads")
    async with open_() as opened:
        (info,) = await opened.threads()
        assert (info.title, info.turns, info.named) == ("a green tea", 1, False)
        assert info.created > 1_600_000_000
        (turn,) = await opened.past()
        assert (turn.text, turn.time, turn.answer.reply) == ("a green tea", 0.0, answer.reply)
        assert [c.model_copy(update={"reason": "", "verdicts": (), "tools": {}}) for c in answer.items] == list(
            turn.answer.items
        )
        await opened.reply("more")
        assert (await opened.threads())[0].turns == 2


async def test_a_long_thread_grows_by_little_with_each_turn(tmp_path: Path, open_: Opens) -> None:
    sizes = []
    async with open_() as opened:
        for _ in range(8):
            await opened.reply("a green tea, anything goes", thread="long")
            await opened.reply("start over", thread="long")
            with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database:
                ((size, count),) = database.execute("SELECT SUM(LENGTH(checkpoint)), COUNT(*) FROM checkpoints")
            assert count == 1
            sizes.append(size)
    assert max(later - earlier for earlier, later in pairwise(sizes)) < 4_000


def test_what_was_shown_is_packed_small_and_comes_back() -> None:
    shown = Shown(picks=(Pick(item="a", reason="because " * 40),), suggestions=("more",), missed="under 2 min")
    exchange = Exchange(text="x", reply="y", packed=shown.packed())
    assert len(exchange.packed) < 200
    assert exchange.shown == shown
    assert Exchange.model_validate_json(exchange.model_dump_json()) == exchange
    assert Exchange(**exchange.model_dump()) == exchange
    assert Exchange(text="x", reply="y").model_dump() == {"text": "x", "reply": "y", "items": ()}
    assert Shown().packed() == b""


def test_a_postgres_database_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql://ann:sesame@host/talks"
    monkeypatch.setitem(sys.modules, "convrec.agents.postgres_threads", None)
    plain = Settings(home=tmp_path)
    assert make_setup(plain).threads is None
    opened = make_setup(plain.model_copy(update={"memory": MemorySettings(database=SecretStr(address))})).threads
    assert opened is not None
    with pytest.raises(SettingsError) as refused:
        opened()
    assert "pip install 'convrec[postgres]'" in refused.value.hint
    assert "sesame" not in f"{refused.value} {refused.value.hint}"
