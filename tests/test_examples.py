from pathlib import Path

import pytest
from convrec.agents.examples import openers
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from talk_stage import TEAS, read, recommender, small_index, words_of


@pytest.mark.parametrize("name", ["films", "games", "books", "teas", "columns"])
async def test_openers_are_understood_by_the_agent_that_reads_them(name: str) -> None:
    messages = openers(words_of(name))
    assert len(messages) == len(set(messages)) == 4
    for message in messages:
        got = await read(message, name)
        assert got.act in ("request", "surprise", "preference"), message
        assert not got.notes, message
        if message.startswith("More like"):
            assert [m.feeling for m in got.mentions] == ["like_this"], message
        elif " no " in message and "idea" not in message:
            assert {p.wanted for p in got.preferences} == {True, False}, message


@pytest.mark.parametrize("name", ["games", "books", "teas", "columns"])
async def test_openers_bring_items_or_a_question(tmp_path: Path, name: str) -> None:
    async with recommender(tmp_path, name) as opened:
        for message in opened.examples:
            answer = await opened.reply(message, thread=message)
            assert answer.items or answer.question, message


def test_a_catalogue_of_bare_titles_has_openers_too() -> None:
    bare = small_index("bare", Schema(), [Item(id="1", title="One thing"), Item(id="2", title="Another thing")])
    assert "Surprise me" in openers(bare)


def test_an_empty_catalogue_has_openers_too() -> None:
    assert openers(small_index("one", TEAS, [Item(id="1", title="One")]))
