from pathlib import Path

import numpy as np
import pytest
from convrec.agents.clarify import clarify, questions
from convrec.agents.state import Wish
from talk_stage import index_of, labelled, limits_of, read, recommender, words_of

ASKING = ["recommend me something", "I want a {noun}", "what should I choose?", "help me find a {noun}", "any ideas?"]


def everything(name: str) -> np.ndarray:
    return np.arange(len(words_of(name).catalogue))


@pytest.mark.parametrize("name", ["films", "games", "books", "teas", "columns"])
async def test_a_question_offers_values_that_split_the_candidates(name: str) -> None:
    index = words_of(name)
    question = await clarify(Wish(), index, everything(name))
    assert question is not None
    assert 2 <= len(question.options) <= 5
    attribute = index.catalogue.schema.attribute(question.attribute)
    assert attribute.shown
    assert not attribute.person
    for option in question.options:
        assert option in question.text
    if attribute.kind == "category":
        column = index.catalogue.columns.categories[attribute.name]
        assert all(0 < len(column.rows(o)) < len(index.catalogue) for o in question.options)


@pytest.mark.parametrize("name", ["films", "games", "books", "teas"])
async def test_every_offered_option_is_understood_when_it_is_said(name: str) -> None:
    index, wish = words_of(name), Wish()
    while question := await clarify(wish, index, everything(name)):
        waiting = wish.model_copy(update={"asking": question.attribute, "asked": (*wish.asked, question.attribute)})
        for option in question.options:
            got = await read(option, name, waiting)
            assert {a for _, a, _ in limits_of(got.preferences)} == {question.attribute}, (question.text, option)
        wish = waiting


async def test_questions_come_to_an_end_and_never_repeat_an_attribute() -> None:
    asked: list[str] = []
    while question := await clarify(Wish(asked=tuple(asked)), words_of("games"), everything("games")):
        assert question.attribute not in asked
        asked.append(question.attribute)
    assert len(asked) >= 2


async def test_what_is_known_is_not_asked() -> None:
    index = words_of("teas")
    first = await clarify(Wish(), index, everything("teas"))
    assert first is not None
    wish = Wish(preferences=(labelled(first.attribute, first.options[0]),))
    second = await clarify(wish, index, everything("teas"))
    assert second is None or second.attribute != first.attribute


async def test_candidates_that_are_all_alike_are_not_asked_about() -> None:
    index = words_of("columns")
    bolts = np.array([r for r, i in enumerate(index.catalogue.items) if i.id.startswith("bolt-brass")])
    question = await clarify(Wish(), index, bolts)
    assert question is None or question.attribute != "col_1"


async def test_no_candidates_are_no_reason_to_ask() -> None:
    assert await clarify(Wish(), words_of("teas"), np.array([], dtype=int)) is None


@pytest.mark.parametrize("name", ["films", "games", "books"])
@pytest.mark.timeout(400)
async def test_at_most_two_questions_come_in_a_row_and_none_twice(tmp_path: Path, name: str) -> None:
    noun = index_of(name).catalogue.schema.noun
    async with recommender(tmp_path, name) as opened:
        asked: list[str] = []
        row = 0
        for text in ASKING * 2:
            answer = await opened.reply(text.format(noun=noun))
            row = row + 1 if answer.question else 0
            assert row <= 2
            asked += [answer.question.attribute] if answer.question else []
            assert answer.question or answer.items or answer.act != "request", (text, answer.reply)
        assert len(asked) == len(set(asked))
        assert asked


@pytest.mark.parametrize(
    "text", ["surprise me", "anything", "whatever", "you choose", "I don't care", "no idea, just pick one"]
)
async def test_who_wants_a_surprise_is_not_asked(tmp_path: Path, text: str) -> None:
    async with recommender(tmp_path, "games") as opened:
        answer = await opened.reply(text)
        assert answer.question is None
        assert len(answer.items) == 3


@pytest.mark.parametrize(
    "text", ["surprise me", "I don't mind", "no preference", "doesn't matter", "not sure", "you decide", "any"]
)
async def test_declining_a_question_brings_items_and_no_other_question(tmp_path: Path, text: str) -> None:
    async with recommender(tmp_path, "games") as opened:
        assert (await opened.reply("I want a game")).question
        answer = await opened.reply(text)
        assert answer.question is None
        assert len(answer.items) == 3


async def test_after_a_surprise_no_question_comes_for_the_same_open_wish(tmp_path: Path) -> None:
    async with recommender(tmp_path, "games") as opened:
        await opened.reply("surprise me")
        for text in ("something else", "more", "another one"):
            answer = await opened.reply(text)
            assert answer.question is None
            assert answer.items


async def test_a_question_asked_of_the_user_can_be_answered_with_a_question(tmp_path: Path) -> None:
    async with recommender(tmp_path, "games") as opened:
        await opened.reply("I want a game")
        answer = await opened.reply("what can you do?")
        assert answer.act == "help"
        assert (await opened.reply("open world")).items


async def test_no_questions_can_be_allowed(tmp_path: Path) -> None:
    async with recommender(tmp_path, "games", questions=0) as opened:
        answer = await opened.reply("I want a game")
        assert answer.question is None
        assert answer.items


@pytest.mark.parametrize("name", ["films", "games", "books", "teas", "columns"])
async def test_of_all_questions_the_first_is_the_one_that_is_asked(name: str) -> None:
    index = words_of(name)
    among = questions(Wish(), index, everything(name))
    assert among[0] == await clarify(Wish(), index, everything(name))
    assert len({q.attribute for q in among}) == len(among) > 1
    wish = Wish(asked=(among[0].attribute,))
    assert questions(wish, index, everything(name)) == among[1:]


def test_without_candidates_there_are_no_questions() -> None:
    assert questions(Wish(), words_of("teas"), np.array([], dtype=int)) == []
