import random
from pathlib import Path

import pytest
from convrec.agents.brains import Budget, TurnLimits
from convrec.agents.graph import Token, Turn, build_graph, suggest, too_vague
from convrec.agents.state import Understanding, Wish
from convrec.agents.wishes import grow
from convrec.tools.errors import MessageError
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
    limits = TurnLimits()
    turn = Turn(index=index_of("teas"), limits=limits, budget=Budget(limits))
    state = await build_graph().ainvoke({"text": "a green tea", "user": "me"}, context=turn)
    assert len(state["picks"]) == 3
    assert len(state["talk"]) == 1


async def test_the_graph_streams_the_reply_word_by_word() -> None:
    limits = TurnLimits()
    turn = Turn(index=index_of("teas"), limits=limits, budget=Budget(limits))
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
