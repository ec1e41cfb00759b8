from pathlib import Path

from convrec.simulator.dialogue import talk
from convrec.simulator.nouns import Goal, Persona, SystemTurn, Utterance
from convrec.simulator.recommender_system import RecommenderSystem
from convrec.simulator.users.replay import ReplayUser, joined
from talk_stage import index_of, recommender


def seeker(text: str, *items: str) -> Utterance:
    return Utterance(speaker="seeker", text=text, items=items)


def other(text: str) -> Utterance:
    return Utterance(speaker="recommender", text=text)


TALK = (
    other("Hello!"), seeker("hi"), seeker("a green tea please", "sencha"), other("Gyokuro?"), seeker("  "),
    other("Or Sencha?"), seeker("I know that one", "sencha"), other("Hm."),
)  # fmt: skip


async def test_the_seekers_messages_are_said_one_by_one() -> None:
    user = ReplayUser(TALK)
    turns = [await user.reply(heard) for heard in (None, SystemTurn(reply="a"), SystemTurn(reply="b"))]
    assert [t.text for t in turns] == ["hi\na green tea please", "I know that one", ""]
    assert [t.act for t in turns] == ["open", "chat", "leave"]
    assert [t.done for t in turns] == [False, False, True]
    assert [t.named for t in turns] == [("sencha",), ("sencha",), ()]
    assert not any(t.accepted or t.rejected or t.stated or t.fault for t in turns)


async def test_it_goes_on_being_over() -> None:
    user = ReplayUser([seeker("hi")])
    assert [(await user.reply(None)).done for _ in range(3)] == [False, True, True]


async def test_a_dialogue_in_which_nobody_looks_for_anything_is_over_at_once() -> None:
    assert (await ReplayUser([other("Hello?")]).reply(None)).done
    assert (await ReplayUser([]).reply(None)).done


def test_messages_in_a_row_are_one() -> None:
    turns = joined(TALK)
    assert [t.speaker for t in turns] == ["recommender", "seeker", "recommender", "seeker", "recommender"]
    assert turns[2].text == "Gyokuro?\nOr Sencha?"
    assert joined([]) == []


def test_items_of_joined_messages_are_kept_once() -> None:
    (turn,) = joined([seeker("a", "x", "y"), seeker("b", "y", "z")])
    assert turn.items == ("x", "y", "z")


async def test_a_human_dialogue_is_replayed_to_its_end_whatever_the_recommender_says(tmp_path: Path) -> None:
    goal = Goal(id="d1", persona=Persona(name="replayed", patience=50))
    async with recommender(tmp_path, "teas") as opened:
        held = await talk(lambda: ReplayUser(TALK), RecommenderSystem(opened), goal, index_of("teas"))
    assert held.ending == "replayed"
    assert held.turns == 2
    assert [r.user.text for r in held.rounds] == ["hi\na green tea please", "I know that one", ""]
    assert not held.success
