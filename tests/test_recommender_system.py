"""convrec's recommender as a system under test: its answers as turns, its threads let go, its ranking."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.state import Answer, Card, ClarifyingQuestion, Usage
from convrec.agents.turn import Token
from convrec.simulator.checks import Heard, check_turn
from convrec.simulator.dialogue import talk
from convrec.simulator.nouns import Goal, Persona, SystemTurn, UserTurn
from convrec.simulator.recommender_system import RecommenderSystem, turn_of
from convrec.tools.errors import AnswerError
from talk_stage import index_of, labelled, recommender

TEAS = index_of("teas")
GOAL = Goal(id="g1", persona=Persona(name="anybody"))


class Stub:
    """A recommender that says one thing, in one piece."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[dict[str, Any]] = []
        self.closed = False

    async def reply(self, text: str, *, user: str, thread: str, **options: Any) -> Answer:
        self.calls.append({"text": text, "user": user, "thread": thread, **options})
        return self.answer

    async def forget(self, *, user: str, thread: str | None = None) -> None:
        self.calls.append({"forget": user, "thread": thread})

    async def aclose(self) -> None:
        self.closed = True


class Streaming(Stub):
    """One that streams: steps, pieces, the answer."""

    def __init__(self, *events: Any) -> None:
        super().__init__(Answer(reply="unused"))
        self.events = events

    async def astream(self, text: str, **options: Any) -> AsyncIterator[Any]:
        self.calls.append({"text": text, **options})
        for event in self.events:
            yield event


def card(item: str) -> Card:
    return Card(id=item, title=TEAS.catalogue.item(item).title, reason="it is green")


# Answers as turns


def test_an_answer_with_items_is_a_turn_with_them_and_what_it_cost() -> None:
    usage = Usage(calls=2, prompt_tokens=30, completion_tokens=4, fallbacks=1, seconds=9)
    turn = turn_of(Answer(reply="Two", items=(card("sencha"), card("gyokuro")), act="request", usage=usage), 0.5, 0.25)
    assert [(i.id, i.title, i.reason, i.nearest) for i in turn.items] == [
        ("sencha", "Sencha", "it is green", False), ("gyokuro", "Gyokuro", "it is green", False),
    ]  # fmt: skip
    assert (turn.calls, turn.prompt_tokens, turn.completion_tokens, turn.fallbacks) == (2, 30, 4, 1)
    assert (turn.seconds, turn.first_token_seconds, turn.nothing_fits) == (0.5, 0.25, False)


def test_near_misses_are_marked_and_say_that_nothing_fits() -> None:
    turn = turn_of(Answer(reply="No tea fits.", nearest=(card("sencha"),), act="preference"), 0)
    assert [i.nearest for i in turn.items] == [True]
    assert turn.nothing_fits


@pytest.mark.parametrize(
    ("answer", "nothing"),
    [
        (Answer(reply="No tea fits.", act="request"), True),
        (Answer(reply="I have shown you every tea.", act="more"), True),
        (Answer(reply="You're welcome.", act="thanks"), False),
        (Answer(reply="Sencha steeps 2 min.", items=(card("sencha"),), act="ask"), False),
        (
            Answer(
                reply="Which?", act="request", question=ClarifyingQuestion(attribute="kind", text="W?", options=("a",))
            ),
            False,
        ),
    ],
)
def test_only_a_search_without_items_and_without_a_question_says_that_nothing_fits(
    answer: Answer, nothing: bool
) -> None:
    assert turn_of(answer, 0).nothing_fits is nothing


def test_a_question_is_told_by_its_attribute_and_options() -> None:
    question = ClarifyingQuestion(attribute="kind", text="What kind?", options=("black", "green"))
    turn = turn_of(Answer(reply="What kind?", question=question, act="request"), 0)
    assert (turn.question, turn.options) == ("kind", ("black", "green"))


# Anything with the interface


async def test_a_recommender_without_streams_is_asked_for_the_whole() -> None:
    stub = Stub(Answer(reply="Hello", act="greet"))
    system = RecommenderSystem(stub, "mine")
    await system.open()
    turn = await system.turn("hi", user="u", thread="t")
    await system.aclose()
    assert (system.name, turn.reply, turn.first_token_seconds) == ("mine", "Hello", None)
    assert turn.seconds > 0
    assert stub.calls == [{"text": "hi", "user": "u", "thread": "t"}]
    assert stub.closed


async def test_the_first_piece_of_a_stream_is_timed() -> None:
    system = RecommenderSystem(Streaming("a step", Token("Hel"), Token("lo"), Answer(reply="Hello", act="greet")))
    turn = await system.turn("hi", user="u", thread="t")
    assert turn.reply == "Hello"
    assert turn.first_token_seconds is not None
    assert 0 < turn.first_token_seconds <= turn.seconds


async def test_a_stream_without_an_answer_is_told() -> None:
    with pytest.raises(AnswerError, match="without an answer"):
        await RecommenderSystem(Streaming(Token("Hel"))).turn("hi", user="u", thread="t")  # type: ignore[arg-type]


async def test_who_exists_for_one_conversation_goes_with_it_and_others_stay() -> None:
    stub = Stub(Answer(reply="Hello"))
    system = RecommenderSystem(stub)
    await system.forget("sim-1", "sim-1")
    await system.forget("ann", "sim-1")
    assert stub.calls == [{"forget": "sim-1", "thread": None}, {"forget": "ann", "thread": "sim-1"}]


async def test_in_private_nothing_but_the_thread_is_there_to_forget() -> None:
    stub = Stub(Answer(reply="Hello"))
    system = RecommenderSystem(stub, private=True)
    await system.turn("hi", user="u", thread="u")
    await system.forget("u", "u")
    assert stub.calls == [
        {"text": "hi", "user": "u", "thread": "u", "private": True}, {"forget": "u", "thread": "u"},
    ]  # fmt: skip


# The real one


class Reader:
    """A user who says what is written."""

    def __init__(self, *turns: UserTurn) -> None:
        self.turns = list(turns)

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        return self.turns.pop(0)


def buyer() -> Reader:
    green, grassy = labelled("kind", "green"), labelled("flavours", "grassy", strength="prefer")
    return Reader(
        UserTurn(text="hello", act="chat"),
        UserTurn(text="I only drink green tea", act="inform", stated=(green,)),
        UserTurn(text="ideally grassy", act="inform", stated=(grassy,)),
        UserTurn(text="no, thanks", act="leave", done=True),
    )


@pytest.mark.parametrize("private", [False, True])
async def test_a_conversation_with_the_real_recommender_leaves_nothing_behind(tmp_path: Path, private: bool) -> None:
    async with recommender(tmp_path) as opened:
        system = RecommenderSystem(opened, private=private)
        await system.open()
        dialogue = await talk(buyer, system, GOAL, TEAS, retries=0)
        assert dialogue.ending == "gave up", dialogue.fault
        answers = [r for r in dialogue.rounds if r.system]
        assert all(r.checks.names_exactly and r.checks.shown == r.checks.fitting == r.checks.grounded for r in answers)
        assert [r.checks.repeated for r in answers] == [0, 0, 0]
        assert answers[1].checks.shown == 3
        assert answers[1].system is not None
        assert answers[1].system.first_token_seconds is not None
        assert await opened.threads(user="sim-0-g1-0") == []
        assert await opened.talk(user="sim-0-g1-0", thread="sim-0-g1-0") == []
        assert await opened.memories.of("sim-0-g1-0") == []


async def test_what_cannot_be_had_is_a_miss_with_near_ones(tmp_path: Path) -> None:
    async with recommender(tmp_path) as opened:
        turn = await RecommenderSystem(opened).turn("a white tea that steeps at most 1 minute", user="u", thread="t")
    assert turn.nothing_fits
    assert all(i.nearest for i in turn.items)
    found = check_turn(turn, Heard(), GOAL, TEAS)
    assert (found.shown, found.names_exactly) == (0, True)


# Ranking
