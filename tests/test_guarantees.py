"""The guarantees of docs/architecture.md, with model brains that misbehave on purpose."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.brains import Brain, Brains, Model, TurnLimits
from convrec.agents.guarantees import known_numbers, lawful, names_exactly, names_only
from convrec.agents.recommender import Recommender
from convrec.agents.retrieve import Retrieved
from convrec.agents.state import (
    AgentName,
    Answer,
    ClarifyingQuestion,
    Judged,
    Mention,
    Pick,
    Preference,
    Question,
    Understanding,
    Verdict,
    Wish,
)
from convrec.prompts import Prompt
from convrec.tools.chat import Chat
from convrec.tools.errors import ModelError
from convrec.tools.items import Item
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Schema
from convrec.tools.scripted_chat import ScriptedChat
from pydantic import BaseModel
from talk_stage import bold_titles, breaks, check_guarantees, index_of, labelled, recommender, small_index, words_of

GREEN = labelled("kind", "green")
MODELS: tuple[AgentName, ...] = (
    "understand", "clarify", "answer", "retrieve", "nli", "summarize", "rank", "respond", "remember",
)  # fmt: skip


class Word(BaseModel):
    """What a model is asked for by the brains below, whatever they think."""

    word: str


def says(value: Any) -> Brain:
    """A brain that always thinks the same, and asks no model."""

    async def think(*_: Any) -> Any:
        return value

    return Brain(think, "misled")


def asks(value: Any, words: str = "word") -> Brain:
    """A brain that asks a model once, with so many words, and then always thinks the same."""

    async def think(model: Model, *_: Any) -> Any:
        await model.answer(Prompt("Say a word.", words), Word, 10)
        return value

    return Brain(think, "asking", Chat(ScriptedChat(script=[Word(word="word")]), "asking"))


def ranks(*ids: str, reason: str = "", verdicts: tuple[Verdict, ...] = ()) -> Brain:
    return says([Pick(item=i, reason=reason, verdicts=verdicts) for i in ids])


async def turn(folder: Path, text: str, brains: Brains, *before: str, limits: TurnLimits | None = None) -> Answer:
    """The answer to a message on the teas, after some others; the brains think in the last turn only."""
    async with recommender(folder, "teas") as plain:
        for said in before:
            await plain.reply(said)
    async with recommender(folder, "teas", brains, limits) as misled:
        earlier = await misled.wish()
        answer = await misled.reply(text)
        check_guarantees(answer, earlier, index_of("teas"))
        return answer


def fallbacks(answer: Answer) -> dict[str, str]:
    return {s.agent: s.fallback for s in answer.steps if s.fallback}


async def test_an_invented_id_is_dropped_from_the_ranking(tmp_path: Path) -> None:
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("invented", "sencha", "made-up")})
    assert [c.id for c in answer.items] == ["sencha"]


async def test_a_ranking_of_nothing_but_inventions_is_done_again_by_the_built_in_brain(tmp_path: Path) -> None:
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("invented", "made-up")})
    assert len(answer.items) == 3
    assert "rank" in fallbacks(answer)


async def test_an_empty_ranking_is_done_again_by_the_built_in_brain(tmp_path: Path) -> None:
    answer = await turn(tmp_path, "a green tea", {"rank": ranks()})
    assert len(answer.items) == 3


async def test_an_item_that_breaks_a_must_is_dropped(tmp_path: Path) -> None:
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("assam-gold", "gyokuro", "silver-needle")})
    assert [c.id for c in answer.items] == ["gyokuro"]


async def test_an_item_that_breaks_a_must_not_is_dropped(tmp_path: Path) -> None:
    brains = {"rank": ranks("assam-gold", "sencha", "keemun-hao")}
    answer = await turn(tmp_path, "something sweet, no black tea", brains)
    assert [c.id for c in answer.items] == ["sencha"]


async def test_an_item_over_a_hard_number_is_dropped(tmp_path: Path) -> None:
    brains = {"rank": ranks("milk-oolong", "assam-gold", "hojicha")}
    answer = await turn(tmp_path, "a tea that takes under 3 minutes", brains)
    assert [c.id for c in answer.items] == ["hojicha"]


async def test_an_item_that_was_shown_before_is_dropped(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as plain:
        shown = [c.id for c in (await plain.reply("a green tea")).items]
    left = ({"sencha", "gyokuro", "genmaicha", "hojicha"} - set(shown)).pop()
    answer = await turn(tmp_path, "more", {"rank": ranks(*shown, left)})
    assert [c.id for c in answer.items] == [left]


async def test_an_item_that_the_user_knows_is_dropped(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as plain:
        await plain.feedback("sencha", "seen")
        await plain.feedback("gyokuro", "disliked", thread="other")
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("sencha", "gyokuro", "hojicha")})
    assert [c.id for c in answer.items] == ["hojicha"]


async def test_an_item_comes_once_however_often_it_is_ranked(tmp_path: Path) -> None:
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("sencha", "sencha", "hojicha", "sencha")})
    assert [c.id for c in answer.items] == ["sencha", "hojicha"]


async def test_no_more_items_come_than_were_asked_for(tmp_path: Path) -> None:
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("sencha", "hojicha", "gyokuro", "genmaicha")})
    assert len(answer.items) == 3


async def test_a_pick_that_its_own_verdict_contradicts_is_dropped(tmp_path: Path) -> None:
    verdict = Verdict(preference="sweet", strength="must", label="contradicts", score=-1.0)
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("sencha", verdicts=(verdict,))})
    assert "sencha" not in {c.id for c in answer.items}


async def test_a_reason_that_names_another_title_does_not_reach_the_reply(tmp_path: Path) -> None:
    brains = {"rank": ranks("sencha", reason="even better than **Assam Gold**")}
    answer = await turn(tmp_path, "a green tea", brains)
    assert bold_titles(answer.reply) == {"Sencha"}


@pytest.mark.parametrize(
    "reply",
    [
        "Try **Sencha**, or better **Assam Gold**.",
        "Try **Sencha**.",
        "Try these.",
        "",
        "**Earl Grey** is what you want.",
        "**Sencha** and **Hojicha** are fine, and so is **Sencha Deluxe**.",
    ],
)
async def test_a_reply_that_names_other_items_than_the_cards_is_refused(tmp_path: Path, reply: str) -> None:
    brains = {"rank": ranks("sencha", "hojicha"), "respond": says(reply)}
    answer = await turn(tmp_path, "a green tea", brains)
    assert answer.reply != reply
    assert "respond" in fallbacks(answer)


async def test_a_reply_that_names_another_item_in_plain_letters_is_refused(tmp_path: Path) -> None:
    reply = "**Sencha** is good, but Silver Needle and Assam Gold are better."
    answer = await turn(tmp_path, "a green tea", {"rank": ranks("sencha"), "respond": says(reply)})
    assert "Silver Needle" not in answer.reply


async def test_a_faithful_reply_is_kept(tmp_path: Path) -> None:
    reply = "Warm evening? **Sencha** first, then **Hojicha**."
    brains = {"rank": ranks("sencha", "hojicha"), "respond": says(reply)}
    async with recommender(tmp_path, "teas", brains) as misled:
        answer = await misled.reply("a green tea")
    assert answer.reply == reply
    assert not fallbacks(answer)


@pytest.mark.parametrize("text", ["hello", "thanks", "a green tea from 1850"])
async def test_a_reply_without_cards_may_name_no_title(tmp_path: Path, text: str) -> None:
    answer = await turn(tmp_path, text, {"respond": says("Hello! Have a **Assam Gold**.")})
    assert "Assam Gold" not in bold_titles(answer.reply) or "assam-gold" in {c.id for c in answer.nearest}


async def test_an_answer_that_names_other_items_than_those_asked_about_is_refused(tmp_path: Path) -> None:
    brains = {"answer": says("**Assam Gold** takes 99 minutes.")}
    answer = await turn(tmp_path, "how long does the first one take?", brains, "a green tea")
    assert len(answer.items) == 1


async def test_candidates_that_do_not_exist_do_not_stop_the_turn(tmp_path: Path) -> None:
    found = Retrieved([Judged(item="invented", score=1.0), Judged(item="sencha", score=0.5), Judged(item="assam-gold")])
    answer = await turn(tmp_path, "a green tea", {"retrieve": says(found)})
    assert [c.id for c in answer.items] == ["sencha"]


async def test_judgements_on_items_that_do_not_exist_do_not_stop_the_turn(tmp_path: Path) -> None:
    judged = [Judged(item="invented"), Judged(item="assam-gold"), Judged(item="sencha")]
    answer = await turn(tmp_path, "a green tea", {"nli": says(judged)})
    assert [c.id for c in answer.items] == ["sencha"]


async def test_summaries_of_items_that_do_not_exist_do_not_stop_the_turn(tmp_path: Path) -> None:
    judged = [Judged(item="invented", summary="x"), Judged(item="sencha", summary="y")]
    answer = await turn(tmp_path, "a green tea", {"summarize": says(judged)})
    assert [c.id for c in answer.items] == ["sencha"]


@pytest.mark.parametrize("agent", ["nli", "summarize"])
async def test_a_model_that_lets_nothing_through_is_no_proof_that_all_was_shown(
    tmp_path: Path, agent: AgentName
) -> None:
    answer = await turn(tmp_path, "a green tea", {agent: says([])})
    assert "every tea that fits" not in answer.reply


@pytest.mark.parametrize(
    "read",
    [
        Understanding(act="request", mentions=(Mention(item="invented", feeling="like_this"),)),
        Understanding(act="request", mentions=(Mention(item="invented", feeling="liked"),)),
        Understanding(act="ask", question=Question(items=("invented",), words="what is it?")),
        Understanding(act="ask", question=Question(items=("sencha",), attribute="colour", words="what colour?")),
        Understanding(act="request", preferences=(labelled("colour", "blue"),)),
        Understanding(act="request", preferences=(labelled("kind", "rooibos"),)),
        Understanding(
            act="request",
            preferences=(Preference(limit=Limit(attribute="kind", ranges=(Range(low=1),)), strength="must"),),
        ),
        Understanding(
            act="request", preferences=(Preference(limit=Limit(attribute="minutes", values=("x",)), strength="must"),)
        ),
        Understanding(act="request", preferences=(GREEN,), count=100_000),
        Understanding(act="request", preferences=(GREEN,), count=-3),
        Understanding(act="request", dropped=("no such key",)),
        Understanding(act="ask", question=Question(items=(), words="?")),
        Understanding(act="compare", question=Question(items=("sencha", "invented"), kind="compare")),
    ],
)
async def test_a_misreading_does_not_stop_the_turn_and_names_nothing_that_is_not_there(
    tmp_path: Path, read: Understanding
) -> None:
    answer = await turn(tmp_path, "a green tea", {"understand": says(read)})
    known = {a.name for a in index_of("teas").catalogue.schema.attributes}
    assert all(p.limit.attribute in (*known, None) for p in answer.preferences)
    async with recommender(tmp_path, "teas") as plain:
        after = await plain.reply("a black tea")
    assert len(after.items) <= 10


@pytest.mark.parametrize(
    "question",
    [
        ClarifyingQuestion(attribute="colour", text="Which colour?", options=("red",)),
        ClarifyingQuestion(attribute="kind", text="Which: **Assam Gold** or **Sencha**?", options=("black",)),
    ],
)
async def test_a_question_that_cannot_be_asked_is_not_asked(tmp_path: Path, question: ClarifyingQuestion) -> None:
    answer = await turn(tmp_path, "recommend me something", {"clarify": says(question)})
    assert answer.question != question
    assert answer.reply.strip()


async def refuse(*_: Any) -> Any:
    raise ModelError("The model refused to answer.")


async def hang(*_: Any) -> Any:
    await asyncio.Event().wait()
    raise AssertionError


REFUSING, HANGING = Brain(refuse, "refusing"), Brain(hang, "hanging")


@pytest.mark.parametrize("text", ["a green tea", "recommend me something", "hello", "how long is the first one?"])
async def test_models_that_fail_leave_the_built_in_answer_and_every_step_says_why(tmp_path: Path, text: str) -> None:
    failing = await turn(tmp_path / "a", text, dict.fromkeys(MODELS, REFUSING), "a black tea")
    plain = await turn(tmp_path / "b", text, {}, "a black tea")
    assert (failing.reply, failing.items) == (plain.reply, plain.items)
    # Where an agent has answered or asked already, the reply is that, and no model words it again.
    said = {"respond"} if {"answer", "clarify"} & {s.agent for s in failing.steps} else set()
    assert {s.fallback for s in failing.steps if s.agent not in said} == {"The model refused to answer."}
    assert {s.brain for s in failing.steps} == {"built-in"}
    assert failing.usage.fallbacks == len(failing.steps) - len(said)


async def test_models_that_hang_leave_the_built_in_answer_in_time(tmp_path: Path) -> None:
    limits = TurnLimits(max_seconds=0.1)
    answer = await asyncio.wait_for(turn(tmp_path, "a green tea", dict.fromkeys(MODELS, HANGING), limits=limits), 30)
    assert len(answer.items) == 3
    assert all("the turn's time" in s.fallback for s in answer.steps)


async def test_once_the_turns_seconds_are_over_no_model_is_asked(tmp_path: Path) -> None:
    brains = {**dict.fromkeys(MODELS, asks(None)), "understand": HANGING}
    answer = await turn(tmp_path, "a green tea", brains, limits=TurnLimits(max_seconds=0.1))
    assert len(answer.items) == 3
    assert all("seconds are over" in s.fallback for s in answer.steps[1:])
    assert answer.usage.calls == 0


async def test_a_turn_that_has_used_its_calls_goes_on_built_in(tmp_path: Path) -> None:
    brains: Brains = {"rank": asks([Pick(item="sencha")]), "respond": asks("**Sencha**!")}
    answer = await turn(tmp_path, "a green tea", brains, limits=TurnLimits(max_calls=1))
    assert [c.id for c in answer.items] == ["sencha"]
    assert answer.usage.calls == 1
    assert "1 calls" in fallbacks(answer)["respond"]


async def test_a_turn_that_has_used_its_tokens_goes_on_built_in(tmp_path: Path) -> None:
    brains: Brains = {"rank": asks([Pick(item="sencha")], "word " * 380), "respond": asks("**Sencha**!", "word " * 80)}
    answer = await turn(tmp_path, "a green tea", brains, limits=TurnLimits(max_tokens=500))
    assert [c.id for c in answer.items] == ["sencha"]
    assert "500 tokens" in fallbacks(answer)["respond"]
    assert 450 < answer.usage.prompt_tokens + answer.usage.completion_tokens <= 500


async def test_a_model_that_forgets_to_remember_saves_the_turn_all_the_same(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas", {"remember": REFUSING}) as failing:
        await failing.reply("a green tea")
        await failing.reply("I've already tried the first one")
        assert len((await failing.known()).seen) == 1
        assert len(await failing.talk()) == 2


def pick(item: str, *verdicts: Verdict) -> Pick:
    return Pick(item=item, verdicts=verdicts)


def test_lawful_picks_keep_their_order() -> None:
    index = index_of("teas")
    picks = [pick("hojicha"), pick("nothing"), pick("assam-gold"), pick("sencha"), pick("hojicha")]
    kept = lawful(picks, Wish(preferences=(GREEN,)), index, frozenset())
    assert [p.item for p in kept] == ["hojicha", "sencha"]
    assert [p.item for p in lawful(picks, Wish(preferences=(GREEN,)), index, frozenset({"hojicha"}))] == ["sencha"]


def test_an_item_of_which_the_catalogue_does_not_say_is_lawful() -> None:
    quick = Preference(limit=Limit(attribute="minutes", ranges=(Range(high=2),)), strength="must")
    kept = lawful(
        [pick("mystery-blend"), pick("assam-gold")], Wish(preferences=(quick,)), index_of("teas"), frozenset()
    )
    assert [p.item for p in kept] == ["mystery-blend"]
    assert not breaks("mystery-blend", [quick], index_of("teas"))


@pytest.mark.parametrize(
    ("reply", "items", "expected"),
    [
        ("**Sencha** it is", ["sencha"], True),
        ("**Sencha** and **Hojicha**", ["hojicha", "sencha"], True),
        ("**Sencha**", ["hojicha", "sencha"], False),
        ("**Sencha** and **Hojicha**", ["sencha"], False),
        ("nothing", [], True),
        ("**Sencha**", ["invented"], False),
        ("**sencha**", ["sencha"], False),
    ],
)
def test_a_reply_names_exactly_its_cards(reply: str, items: list[str], expected: bool) -> None:
    assert names_exactly(reply, items, index_of("teas")) is expected


@pytest.mark.parametrize(
    ("text", "items", "expected"),
    [
        ("**Sencha** it is.", {"sencha"}, True),
        ("Sencha it is.", {"sencha"}, True),
        ("Nothing fits.", {"sencha"}, True),
        ("Nothing fits.", set(), True),
        ("Sencha it is.", set(), False),
        ("**Sencha** and Hojicha.", {"sencha"}, False),
        ("**Sencha** and **Hojicha**.", {"sencha"}, False),
        ("**Sencha** beats Silver Needle.", {"sencha"}, False),
        ("**Earl Grey**, if you like.", {"sencha"}, False),
        ("**sencha**, if you like.", {"sencha"}, False),
        ("A sencha-like freshness.", {"hojicha"}, False),
        ("It is made of green leaves and dried in the sun.", {"sencha"}, True),
        ("**Lapsang Souchong** tastes of campfires and silver needle.", {"lapsang-souchong"}, False),
        ("Gyokuru-green leaves, which is only nearly a title.", {"sencha"}, True),
    ],
)
def test_a_text_names_no_items_but_those_it_may(text: str, items: set[str], expected: bool) -> None:
    assert names_only(text, items, index_of("teas")) is expected


def test_what_an_item_says_of_itself_is_no_other_item() -> None:
    items = [
        Item(id="1", title="Brooklyn"),
        Item(id="2", title="The Long Walk", text="A baker crosses Brooklyn at night."),
        Item(id="3", title="Bread"),
    ]
    towns = small_index("towns", Schema(), items)
    assert names_only("**The Long Walk** – across Brooklyn at night.", {"2"}, towns)
    assert not names_only("**Bread** – better than Brooklyn.", {"3"}, towns)
    assert not names_only("**The Long Walk** and **Brooklyn**.", {"2"}, towns)


@pytest.mark.parametrize(
    "text",
    [
        "It is a warm, big story about her.",
        "Up for something lighter?",
        "Seven people meet in a house; speed matters here.",
        "Voici trois comédies pour ce soir.",
    ],
)
def test_a_title_made_of_ordinary_words_is_not_named_by_ordinary_talk(text: str) -> None:
    assert names_only(text, (), words_of("films"))


@pytest.mark.parametrize("text", ["You could watch Heat tonight.", "The Godfather is better.", 'Or take "Alien".'])
def test_a_title_in_plain_letters_is_named(text: str) -> None:
    assert not names_only(text, (), words_of("films"))


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("It takes 90 minutes.", ["running time: 90 min"]),
        ("Made in 1994.", ["year: 1994"]),
        ("Made in 1994, rated 8.5.", ["1994", "rating: 8.5"]),
        ("12,000 people", ["12000"]),
        ("12000 people", ["12,000"]),
        ("12.000 personnes", ["12,000"]),
        ("12\u202f000 personnes", ["12,000"]),
        ("12\u00a0000 personnes", ["12,000"]),
        ("1,234,567 votes", ["1234567"]),
        ("1.234,5 Gramm", ["1,234.5 g"]),
        ("noté 8,5", ["8.5"]),
        ("rated 8.50", ["8.5"]),
        ("rated 8.0", ["8"]),
        ("rated 8", ["8.00"]),
        ("0,5 litre", ["0.5 l"]),
        ("in 05/2021", ["2021-05"]),
        ("a 90-minute (1994) wonder: 90!", ["1994, 90 min"]),
        ("ninety minutes, two friends, a third chance", []),
        ("no numbers at all", []),
        ("", []),
    ],
)
def test_numbers_that_stand_in_a_source_are_known_however_they_are_written(text: str, sources: list[str]) -> None:
    assert known_numbers(text, sources)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("It takes 91 minutes.", ["90 min"]),
        ("Made in 1994.", []),
        ("Made in 1994.", ["19940"]),
        ("Made in 94.", ["1994"]),
        ("12,000 people", ["12 people"]),
        ("rated 8.5", ["85", "8 of 5"]),
        ("rated 85", ["8.5"]),
        ("8.05", ["8.5"]),
        ("0.5", ["5"]),
        ("10", ["1"]),
        ("100", ["10.0"]),
        ("90 minutes, 12 euros", ["90 min"]),
    ],
)
def test_numbers_that_stand_in_no_source_are_a_models_own(text: str, sources: list[str]) -> None:
    assert not known_numbers(text, sources)


async def ask_teas(opened: Recommender, user: str) -> list[Answer]:
    kinds = {0: "green", 1: "black", 2: "white", 3: "oolong"}
    number = int(user.removeprefix("user "))
    said = [f"a {kinds[number % 4]} tea", "I've already tried the first one", "more"]
    return [await opened.reply(text, user=user) for text in said]


async def test_twenty_users_at_once_do_not_touch_one_another(tmp_path: Path) -> None:
    users = [f"user {n}" for n in range(20)]
    async with recommender(tmp_path / "all") as opened:
        together = await asyncio.gather(*(ask_teas(opened, u) for u in users))
        known = [await opened.known(user=u) for u in users]
        talks = [await opened.talk(user=u) for u in users]
    for number in range(4):
        async with recommender(tmp_path / str(number)) as opened:
            alone = await ask_teas(opened, f"user {number}")
            for same in range(number, 20, 4):
                assert [a.reply for a in together[same]] == [a.reply for a in alone]
                assert known[same] == await opened.known(user=f"user {number}")
                assert [t.text for t in talks[same]] == [t.text for t in await opened.talk(user=f"user {number}")]


async def test_users_whose_names_look_alike_share_nothing(tmp_path: Path) -> None:
    names = ["a", "a\\", 'a"', 'a", "main', "A", "a ", "[]", "ä", "user-a", "a%", "_"]
    async with recommender(tmp_path) as opened:
        for place, name in enumerate(names):
            await opened.feedback(["sencha", "hojicha"][place % 2], "seen", user=name, thread=f"thread of {name}")
        for place, name in enumerate(names):
            assert (await opened.known(user=name)).seen == (["sencha", "hojicha"][place % 2],)
            assert [i.thread for i in await opened.threads(user=name)] == [f"thread of {name}"]
        await opened.forget(user="a")
        for name in names[1:]:
            assert (await opened.known(user=name)).seen, name
            assert await opened.threads(user=name), name


@pytest.mark.parametrize("user", ["ann@example.com", "a.b", ".", "langgraph", "../../etc/passwd", "ünï © 用户"])
async def test_a_user_may_have_any_name(tmp_path: Path, user: str) -> None:
    async with recommender(tmp_path) as opened:
        answer = await opened.reply("a green tea", user=user, thread=user)
        await opened.feedback(answer.items[0].id, "liked", user=user, thread=user)
        assert (await opened.known(user=user)).liked == (answer.items[0].id,)
        assert [i.thread for i in await opened.threads(user=user)] == [user]
        await opened.forget(user=user)
        assert await opened.known(user=user) == Wish()
