import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from convrec.agents.memory import Memory
from convrec.app.ui.memory_list import Remembered, memory_html
from convrec.app.ui.memory_tab import MemoryHandlers
from convrec.app.ui.session import Session
from test_ui import EVIL, read
from ui_stage import StandIn


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def handlers(stand_in: StandIn) -> MemoryHandlers:
    return MemoryHandlers(stand_in)


SESSION = Session(user="u1", thread="t1")


def ask(act: str, value: str = "", **fields: str) -> gr.EventData:
    return gr.EventData(None, {"act": act, "value": value, "fields": fields})


def texts(html: str) -> list[str]:
    return [read(part).words for part in re.findall(r'<p class="cr-memory-text">.*?</p>', html)]


async def test_where_nothing_is_remembered_the_tab_says_so(handlers: MemoryHandlers):
    words = read(await handlers.show(SESSION)).words
    assert "Nothing is remembered yet." in words
    assert "In short" not in words


async def test_memories_stand_by_kind_newest_first_with_when_and_from_which_talk(
    handlers: MemoryHandlers, stand_in: StandIn
):
    async for _ in stand_in.astream("a dark corner", user="u1", thread="t1"):
        pass
    stand_in.memories.hold("u1", "Has a cat.", kind="fact")
    stand_in.memories.hold("u1", "Avoids palms.", thread="gone", times=3)
    html = await handlers.show(SESSION)
    assert texts(html) == ["Avoids palms.", "Said “a dark corner”.", "Has a cat."]
    words = read(html).words
    for told in ("in a talk that is gone", "3 times", "told here", "last said", "In short", "About you"):
        assert told in words
    assert 'data-act="talk.open" data-value="t1"' in html


async def test_a_memory_is_added_changed_and_deleted(handlers: MemoryHandlers, stand_in: StandIn):
    html = await handlers.change(SESSION, ask("memory.add", text="I have a cat"))
    assert texts(html) == ["I have a cat"]
    (memory,) = stand_in.memories.kept["u1"]
    html = await handlers.change(SESSION, ask("memory.edit", memory.id, text="I have two cats"))
    assert texts(html) == ["I have two cats"]
    (memory,) = stand_in.memories.kept["u1"]
    html = await handlers.change(SESSION, ask("memory.delete", memory.id))
    assert texts(html) == []


async def test_what_cannot_be_remembered_or_is_gone_is_told(handlers: MemoryHandlers):
    assert "must say something" in await handlers.change(SESSION, ask("memory.add", text=" "))
    assert "No memory has that id." in await handlers.change(SESSION, ask("memory.delete", "m9"))


async def test_nobody_who_is_signed_in_sees_or_changes_anothers_memories(handlers: MemoryHandlers, stand_in: StandIn):
    bob: Any = SimpleNamespace(username="bob")
    held = stand_in.memories.hold("anna", "Has a secret.")
    annas = Session(user="anna", named=True)
    assert texts(await handlers.show(annas, SimpleNamespace(username="anna"))) == ["Has a secret."]  # pyright: ignore[reportArgumentType]
    assert texts(await handlers.show(annas, bob)) == []
    await handlers.change(annas, ask("memory.delete", held.id), bob)
    await handlers.change(annas, ask("memory.edit", held.id, text="Nothing."), bob)
    await handlers.change(annas, ask("memory.add", text="Bob was here."), bob)
    assert [memory.text for memory in stand_in.memories.kept["anna"]] == ["Has a secret."]


def test_the_tab_shows_every_text_as_it_is():
    memory = Memory(id='m"1', kind="taste", text=EVIL, thread="t", told=1.0)
    reader = read(memory_html(Remembered([memory], EVIL, {"t": EVIL}, now=2.0)))
    assert not {"img", "b", "a"} & set(reader.tags)
    edit = next(b for b in reader.buttons if b["data-act"] == "memory.edit")
    assert (edit["data-value"], edit["data-text"], edit["data-field"]) == ('m"1', EVIL, "In your own words")


def test_forgetting_everything_asks_first():
    forget = next(b for b in read(memory_html(Remembered())).buttons if b["data-act"] == "forget")
    assert forget["data-ask"] == "Forget everything about you?"
    assert "cannot be taken back" in forget["data-told"]
