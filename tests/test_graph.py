import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.brains import Brain, Budget, TurnLimits
from convrec.agents.graph import build_graph, too_vague, walk
from convrec.agents.state import Answer, Draft, Step, Understanding, Wish
from convrec.agents.suggest import suggest
from convrec.agents.turn import State, Token, Turn
from convrec.agents.wishes import grow
from convrec.tools.errors import AnswerError, MessageError
from talk_stage import check_guarantees, index_of, labelled, read, recommender

GENERAL = [
    "hi", "thanks", "surprise me", "more", "another one", "something else", "none of these", "seen the first one",
    "I've seen them all", "I loved the second one", "I hated the third one", "more like the first one", "more like that",
    "what is the first one about?", "why the second one?", "which is better?", "compare them", "how long is it?",
    "is it any good?", "something older", "something shorter", "not too long", "something more recent", "before 1990",
    "after 2000", "between 1950 and 1990", "in 2031", "start over", "forget everything", "forget the year", "any year is fine",
    "actually the 80s", "I'll take the first one", "great", "no", "yes", "I don't mind", "whatever", "what can you do?",
    "five of them please", "show me those again", "highly rated", "something obscure", "not so famous", "for kids",
    "asdf qwer", "我想", "!!!", "what's the weather?", "the last one", "it", "that one, no wait, the other one", "hmm",
    "nothing sad", "something funny", "dark", "not dark", "under 2 hours", "cheap", "for four players", "under 300 pages",
]  # fmt: skip


def label_sayings(name: str) -> list[str]:
    """Sayings made of a catalogue's own labels and titles."""
    catalogue, chance = index_of(name).catalogue, random.Random(name)
    sayings = []
    for attribute in catalogue.schema.of_kind("category"):
        for value in catalogue.columns.categories[attribute.name].values[:8]:
            sayings += [
                value,
                f"no {value}",
                f"{value} instead",
                f"forget {value}",
                f"only {value}",
                f"ideally {value}",
            ]
    for item in chance.sample(catalogue.items, min(20, len(catalogue))):
        sayings += [f"something like {item.title}", f"I've seen {item.title}", f"I hated {item.title}", item.title]
    return chance.sample(sayings, min(len(sayings), 80))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("name", "turns"), [("films", 70), ("games", 70), ("books", 70), ("teas", 60), ("columns", 60)]
)
async def test_whatever_is_said_the_guarantees_hold_after_every_turn(tmp_path: Path, name: str, turns: int) -> None:
    chance = random.Random(f"walk {name}")
    bank = GENERAL + label_sayings(name)
    index = index_of(name)
    again = ("again", "remind", "those")
    faults: list[str] = []
    async with recommender(tmp_path, name) as opened:
        said: list[str] = []
        for number in range(turns):
            thread = f"t{number // 35}"
            said = [] if number % 35 == 0 else said
            before, known = await opened.wish(thread=thread), await opened.known()
            barred = before.model_copy(
                update={n: (*getattr(before, n), *getattr(known, n)) for n in ("seen", "disliked")}
            )
            text = chance.choice(bank)
            said.append(text)
            try:
                answer = await opened.reply(text, thread=thread)
                check_guarantees(answer, barred, index, again=any(w in text for w in again))
                for verdict in (v for c in answer.items for v in c.verdicts):
                    assert not (verdict.label == "contradicts" and verdict.strength in ("must", "must_not"))
            except MessageError:
                continue
            except Exception as fault:  # noqa: BLE001
                faults.append(f"{said[-4:]}: {type(fault).__name__} {str(fault)[:300]}")
    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize(
    ("text", "agents"),
    [
        ("hello", ["understand", "respond", "remember"]),
        ("a green tea", ["understand", "retrieve", "nli", "summarize", "rank", "respond", "remember"]),
        ("recommend me something", ["understand", "clarify", "respond", "remember"]),
        ("surprise me", ["understand", "retrieve", "nli", "summarize", "rank", "respond", "remember"]),
        ("a green tea from 1850", ["understand", "retrieve", "respond", "remember"]),
        ("what is Sencha about?", ["understand", "answer", "respond", "remember"]),
        ("start over", ["understand", "respond", "remember"]),
    ],
)
async def test_a_message_takes_its_way_through_the_agents(tmp_path: Path, text: str, agents: list[str]) -> None:
    async with recommender(tmp_path) as opened:
        answer = await opened.reply(text)
        assert [s.agent for s in answer.steps] == agents


async def test_the_graph_runs_without_checkpoints_and_without_a_store() -> None:
    turn = Turn(index=index_of("teas"), budget=Budget(TurnLimits()))
    state = await build_graph().ainvoke({"text": "a green tea", "user": "me"}, context=turn)
    assert len(state["picks"]) == 3
    assert len(state["talk"]) == 1


@pytest.mark.parametrize(
    "text",
    ["a green tea", "hello", "can you recommend me something?", "what is Sencha about?", "a black tea under a minute"],
)
async def test_a_walk_ends_as_the_graph_does(text: str) -> None:
    given: State = {"text": text, "user": "me", "thread": "t"}
    graphs, walks = Turn(index=index_of("teas")), Turn(index=index_of("teas"))
    streamed = build_graph().astream(given, context=graphs, stream_mode=["custom", "values"])
    parts = [part async for part in streamed]
    told: list[Any] = []
    states = [state async for state in walk(given, walks, tell=told.append)]
    assert states[-1] == parts[-1][1]
    assert [t for t in told if isinstance(t, Token)] == [p for mode, p in parts if isinstance(p, Token)]
    assert [t.agent for t in told if isinstance(t, Step)] == [s.agent for s in graphs.budget.steps]


async def test_the_graph_streams_the_reply_word_by_word() -> None:
    turn = Turn(index=index_of("teas"))
    given = {"text": "a green tea", "user": "me"}
    tokens = [p async for p in build_graph().astream(given, context=turn, stream_mode="custom") if isinstance(p, Token)]
    assert len(tokens) > 10


def test_only_an_open_request_is_too_vague() -> None:
    ask = Understanding(act="request")
    assert too_vague(ask, Wish())
    assert not too_vague(ask, Wish(preferences=(labelled("kind", "green"),)))
    assert not too_vague(ask, Wish(seeds=("sencha",)))
    assert not too_vague(Understanding(act="surprise"), Wish())
    assert not too_vague(Understanding(act="request", declined=True), Wish())


async def test_the_number_of_items_is_what_was_asked_for(tmp_path: Path) -> None:
    async with recommender(tmp_path, "games") as opened:
        assert len((await opened.reply("five action games")).items) == 5
        assert len((await opened.reply("more")).items) == 3
        assert len((await opened.reply("just one more")).items) == 1
    async with recommender(tmp_path / "two", "games", count=2) as opened:
        assert len((await opened.reply("an action game")).items) == 2


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["films", "games", "books", "teas", "columns"])
async def test_every_suggestion_is_understood_when_it_is_said(tmp_path: Path, name: str) -> None:
    index = index_of(name)
    firsts = [i.id for i in index.catalogue.items[:2]]
    wish = Wish(focus=tuple(firsts), shown=tuple(firsts))
    for text in suggest(wish, index):
        got = await read(text, name, wish)
        assert got.act in ("more", "reject", "request"), text
        assert got.mentions or grow(wish, got).preferences, text


async def test_every_way_out_of_a_miss_leads_out(tmp_path: Path) -> None:
    async with recommender(tmp_path, "games") as opened:
        for miss in (
            "a racing game for 10 dollars from the 1930s",
            "a Nintendo game on Xbox",
            "a puzzle game before 1960",
        ):
            answer = await opened.reply(miss, thread=miss)
            assert not answer.items
            assert len(answer.suggestions) > 1
            after = await opened.reply(answer.suggestions[0], thread=miss)
            assert len(after.preferences) < len(answer.preferences), (miss, answer.suggestions[0])


async def test_an_honest_miss_names_the_limit_and_offers_what_breaks_only_that(tmp_path: Path) -> None:
    async with recommender(tmp_path, "books") as opened:
        answer = await opened.reply("a fantasy book by Agatha Christie")
        assert not answer.items
        assert answer.nearest
        assert "Agatha Christie" in answer.reply
        assert all(v.label == "contradicts" for c in answer.nearest for v in c.verdicts)
        check_guarantees(answer, Wish(), index_of("books"))


async def test_the_nearest_can_be_spoken_of_and_taken(tmp_path: Path) -> None:
    async with recommender(tmp_path, "books") as opened:
        miss = await opened.reply("a fantasy book by Agatha Christie")
        about = await opened.reply("what is the second one about?")
        assert [c.id for c in about.items] == [miss.nearest[1].id]
        taken = await opened.reply("I'll take the first one")
        assert taken.act == "accept"
        assert (await opened.wish()).accepted == (miss.nearest[0].id,)


# A model speaks


def speaking(*pieces: str, then: Callable[[Draft], str] | None = None, fault: Exception | None = None) -> Brain:
    """A brain that says some pieces at once, and returns them, or something else, or fails."""

    async def think(_: Any, draft: Draft, index: Any, talk: Any, say: Callable[[str], None]) -> str:
        for piece in pieces:
            say(piece)
        if fault is not None:
            raise fault
        return then(draft) if then else "".join(pieces)

    return Brain(think, "speaking")


async def heard(folder: Path, brain: Brain, text: str = "thanks") -> tuple[list[Token], Answer]:
    """The pieces of a reply as they came, and the answer."""
    async with recommender(folder, brains={"respond": brain}) as opened:
        events = [e async for e in opened.astream(text)]
    assert isinstance(events[-1], Answer)
    return [e for e in events if isinstance(e, Token)], events[-1]


def left(tokens: list[Token]) -> str:
    """What a listener is left with."""
    text = ""
    for token in tokens:
        text = token.text if token.fresh else text + token.text
    return text


async def test_what_a_model_says_is_streamed_as_it_says_it_and_not_again(tmp_path: Path) -> None:
    tokens, answer = await heard(tmp_path, speaking("You are ", "very ", "welcome."))
    assert [t.text for t in tokens] == ["You are ", "very ", "welcome."]
    assert not any(t.fresh for t in tokens)
    assert answer.reply == "You are very welcome."


async def test_a_model_that_says_nothing_on_its_way_is_streamed_at_the_end(tmp_path: Path) -> None:
    tokens, answer = await heard(tmp_path, speaking(then=lambda _: "You are welcome."))
    assert [t.text for t in tokens] == ["You ", "are ", "welcome."]
    assert not any(t.fresh for t in tokens)
    assert answer.reply == left(tokens) == "You are welcome."


@pytest.mark.parametrize(
    "brain",
    [
        speaking("Have some ", fault=AnswerError("the reply broke off")),
        speaking("Have some ", "**Sencha**."),
        speaking("Have some ", then=lambda draft: "You are welcome."),
    ],
    ids=["broken off", "against a guarantee", "something else"],
)
async def test_what_a_model_said_of_another_reply_is_taken_back(tmp_path: Path, brain: Brain) -> None:
    tokens, answer = await heard(tmp_path, brain)
    assert tokens[0].text == "Have some "
    assert [t.fresh for t in tokens].count(True) == 1
    assert left(tokens) == answer.reply
    assert "Sencha" not in answer.reply


async def test_a_model_is_handed_what_must_be_said_with_its_items(tmp_path: Path) -> None:
    drafts: list[Draft] = []

    def note(draft: Draft) -> str:
        drafts.append(draft)
        return draft.text

    _, answer = await heard(tmp_path, speaking(then=note), "a green tea")
    (draft,) = drafts
    assert draft.items == tuple(c.id for c in answer.items)
    assert (draft.asked, draft.language, draft.text) == ("a green tea", "en", answer.reply)


@pytest.mark.parametrize(
    ("first", "text"), [("a green tea", "how long does the first one take?"), ("", "recommend me something")]
)
async def test_a_question_and_an_answer_are_not_worded_twice(tmp_path: Path, first: str, text: str) -> None:
    async with recommender(tmp_path) as opened:
        if first:
            await opened.reply(first)
    tokens, answer = await heard(tmp_path, speaking("I say ", "it again."), text)
    assert "again" not in answer.reply
    assert left(tokens) == answer.reply
    (step,) = [s for s in answer.steps if s.agent == "respond"]
    assert (step.brain, step.fallback) == ("built-in", "")


async def test_every_step_is_streamed_once_and_in_order(tmp_path: Path) -> None:
    async with recommender(tmp_path) as opened:
        for text in ("a green tea", "what is the first one about?", "recommend me something", "thanks"):
            events = [e async for e in opened.astream(text)]
            answer = events[-1]
            assert isinstance(answer, Answer)
            assert tuple(e for e in events if isinstance(e, Step)) == answer.steps
