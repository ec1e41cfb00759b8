"""The built-in simulated user in conversation."""

import random
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from convrec.agents.state import Preference, Strength
from convrec.simulator.goals import goals_from_catalogue, goals_from_histories
from convrec.simulator.nouns import Goal, Persona, Shown, SystemTurn, UserTurn
from convrec.simulator.personas import PERSONAS
from convrec.simulator.users.agenda import AgendaUser
from convrec.simulator.users.impressions import breaks
from convrec.tools.limits import Limit, Range
from convrec.tools.words import words
from talk_stage import index_of
from user_stage import converse, lamp_log, lamps, persona, popular, shows, succeeds

TEAS = index_of("teas")
NOTHING = SystemTurn(reply="Nothing fits.", nothing_fits=True)


def label(attribute: str, *values: str, strength: Strength = "must") -> Preference:
    return Preference(limit=Limit(attribute=attribute, values=values), strength=strength)


GREEN, NOT_SMOKY, GRASSY = (
    label("kind", "green"),
    label("flavours", "smoky", strength="must_not"),
    label("flavours", "grassy", strength="prefer"),
)
QUICK = Preference(limit=Limit(attribute="minutes", ranges=(Range(high=2.0),)), strength="must")
MOVED = {"taste": {"sencha": 0.9, "gyokuro": 0.62}, "targets": ("sencha",), "bar": 0.6}


def tea_goal(someone: Persona | None = None, **parts: object) -> Goal:
    someone = someone or persona(decisiveness=1.0, verbosity=0.3)
    made = Goal(id="g", persona=someone, revealed=(GREEN, GRASSY), hidden=(NOT_SMOKY,))
    return made.model_copy(update={**MOVED, **parts})


async def after(goal: Goal, *heard: SystemTurn, seed: int = 0) -> UserTurn:
    """The user's answer to the last of some turns of a system."""
    user = AgendaUser(goal, TEAS, seed)
    said = await user.reply(None)
    for turn in heard:
        assert not said.done
        said = await user.reply(turn)
    return said


async def many(goal: Goal, *heard: SystemTurn) -> list[UserTurn]:
    """The same with thirty different chances."""
    return [await after(goal, *heard, seed=seed) for seed in range(30)]


def keys(preferences: Sequence[Preference]) -> set[str]:
    return {p.key for p in preferences}


async def test_it_opens_with_what_it_wants_most():
    for said in await many(tea_goal()):
        assert said.act == "open"
        assert GREEN.key in keys(said.stated)
        assert keys(said.stated) <= keys((GREEN, GRASSY))
        assert "green" in said.text.lower()
        assert ("grassy" in said.text.lower()) == (GRASSY.key in keys(said.stated))


async def test_the_talkative_tell_more_at_once_and_in_more_words():
    terse = await many(tea_goal(persona(verbosity=0.0)))
    chatty = await many(tea_goal(persona(verbosity=1.0)))
    assert sum(len(s.stated) for s in terse) < sum(len(s.stated) for s in chatty)
    assert 2 * sum(len(words(s.text)) for s in terse) < sum(len(words(s.text)) for s in chatty)


async def test_the_same_seed_says_the_same_and_another_something_else():
    assert await after(tea_goal(), shows(TEAS, ["hojicha"])) == await after(tea_goal(), shows(TEAS, ["hojicha"]))
    assert len({s.text for s in await many(tea_goal())}) > 10


async def test_what_is_good_enough_is_taken_at_once_by_the_decided():
    for said in await many(tea_goal(), shows(TEAS, ["hojicha", "sencha", "keemun-hao"])):
        assert (said.act, said.accepted, said.done) == ("accept", "sencha", True)
        assert "second" in said.text.lower() or "sencha" in said.text.lower()


async def test_the_undecided_compare_and_ask_before_they_take_the_same():
    undecided = tea_goal(persona(decisiveness=0.0, patience=12))
    first = await many(undecided, shows(TEAS, ["sencha", "hojicha"]))
    assert {"ask", "more"} <= {s.act for s in first}
    talks = [await converse(undecided, TEAS, lambda _, __: shows(TEAS, ["sencha", "hojicha"]), n) for n in range(20)]
    assert all(t[-1].accepted == "sencha" for t in talks)
    assert sum(map(len, talks)) / len(talks) > 2.5


async def test_a_near_miss_is_no_temptation():
    nearest = shows(TEAS, []).model_copy(
        update={"items": (Shown(id="keemun-hao", title="Keemun Hao", nearest=True),), "nothing_fits": True}
    )
    assert not [s for s in await many(tea_goal(), nearest) if s.accepted]


async def test_the_best_reason_does_not_sell_what_breaks_a_limit():
    sold = Shown(id="hojicha", title="Hojicha", reason="green, grassy, kind: green, flavour: grassy")
    open_one = tea_goal(persona(openness=1.0, decisiveness=1.0))
    assert not [s for s in await many(open_one, shows(TEAS, []).model_copy(update={"items": (sold,)})) if s.accepted]


async def test_a_fitting_reason_moves_the_open_and_no_others():
    goal = tea_goal(persona(openness=1.0, decisiveness=0.3), taste={"gyokuro": 0.57})
    plain = shows(TEAS, ["gyokuro"])
    reasoned = plain.model_copy(update={"items": (Shown(id="gyokuro", title="Gyokuro", reason="It is grassy."),)})

    user = AgendaUser(goal, TEAS, 1)
    await user.reply(None)
    said = await user.reply(reasoned)
    while not said.done:
        said = await user.reply(reasoned)
    assert said.accepted == "gyokuro"
    user = AgendaUser(goal, TEAS, 1)
    said = await user.reply(None)
    while not said.done:
        said = await user.reply(plain)
    assert said.act == "leave"


async def test_a_hidden_limit_is_told_when_something_breaks_it():
    for said in await many(tea_goal(), shows(TEAS, ["hojicha"])):
        assert said.act == "criticise"
        assert keys(said.stated) == {NOT_SMOKY.key}
        assert said.rejected == ("hojicha",)
        assert "smoky" in said.text.lower()


async def test_what_breaks_what_was_said_is_called_so():
    for said in await many(tea_goal(), shows(TEAS, ["assam-gold", "milk-oolong"])):
        assert said.act == "criticise"
        assert GREEN.key in keys(said.stated)
        assert "green" in said.text.lower()


async def test_a_question_is_answered_with_what_is_wanted():
    goal = tea_goal(revealed=(GREEN,), hidden=(QUICK,))
    for said in await many(
        goal, SystemTurn(reply="How long?", question="minutes", options=("under 3 min", "3 min or more"))
    ):
        assert said.act == "answer"
        assert keys(said.stated) == {QUICK.key}
        assert "2" in said.text


async def test_a_question_in_words_is_answered_too():
    goal = tea_goal(revealed=(GREEN,), hidden=(QUICK,))
    for said in await many(goal, SystemTurn(reply="What steeping time do you like?")):
        assert QUICK.key in keys(said.stated)


async def test_who_wants_nothing_of_an_attribute_says_so_or_chooses_by_taste():
    goal = tea_goal(targets=("sencha", "gyokuro"))
    said = await many(goal, SystemTurn(reply="Which?", question="flavours", options=("grassy", "malty")))
    assert all(s.act == "answer" for s in said)
    plain = tea_goal(revealed=(QUICK,), hidden=())
    turns = await many(plain, SystemTurn(reply="Which?", question="kind", options=("green", "black", "white")))
    chosen = [s for s in turns if s.stated]
    assert 3 <= len(chosen) <= 27
    assert all(keys(s.stated) == {"prefer|kind|green"} for s in chosen)
    assert all("green" in s.text.lower() for s in chosen)


async def test_too_many_questions_try_the_patience():
    def ask(_: UserTurn, shown: list[str]) -> SystemTurn:
        return SystemTurn(reply="And?", question="picked", options=("2019", "2020"))

    talk = await converse(tea_goal(persona(patience=9)), TEAS, ask)
    assert talk[-1].act == "leave"
    assert len(talk) < 9


async def test_what_comes_again_and_again_tries_the_patience():
    gothic = [i.id for i in lamps().catalogue.items if i.labels("style") == ("gothic",)]
    goal = tea_goal(
        persona(patience=10), revealed=(label("style", "gothic"),), hidden=(), targets=(), taste={"none": 1.0}
    )

    async def length(system) -> float:
        talks = [await converse(goal, lamps(), system, seed) for seed in range(10)]
        assert all(t[-1].act == "leave" for t in talks)
        return sum(map(len, talks)) / len(talks)

    fresh = await length(lambda _, shown: shows(lamps(), [gothic[len(shown)]]))
    assert await length(lambda *_: shows(lamps(), gothic[:1])) < 0.7 * fresh


async def test_told_that_nothing_fits_it_leaves_content_where_that_is_so():
    goal = tea_goal(revealed=(GREEN, label("flavours", "malty")), hidden=(), taste={}, targets=(), possible=False)
    for seed in range(20):
        talk = await converse(goal, TEAS, lambda *_: NOTHING, seed)
        assert talk[-1].act == "leave"
        assert {p.key for t in talk for p in t.stated} >= keys(goal.revealed)
        assert len(talk) <= 3


async def test_told_so_wrongly_it_insists_or_lets_go_of_something_soft():
    said = await many(tea_goal(hidden=()), NOTHING)
    assert not [s for s in said if s.done]
    for turn in said:
        assert turn.dropped == (GRASSY.key,) or turn.stated
    dropped = [s for s in said if s.dropped]
    assert all(s.act == "revise" and "grassy" in s.text.lower() for s in dropped)


async def test_only_what_was_said_is_taken_back():
    for seed in range(30):
        said: set[str] = set()
        for turn in await converse(tea_goal(persona(fickleness=1.0, patience=6)), TEAS, lambda *_: NOTHING, seed):
            assert set(turn.dropped) <= said
            said = (said - set(turn.dropped)) | keys(turn.stated)


async def test_the_fickle_say_something_else_first_and_take_it_back():
    goals = [g for g in goals_from_catalogue(lamps(), 20, seed=6, personas=[persona(fickleness=1.0)]) if g.possible]
    changed = 0
    for goal in goals:
        own = keys((*goal.revealed, *goal.hidden))
        talk = await converse(goal, lamps(), lambda *_: shows(lamps(), ["l1"]))
        stated = {p.key for t in talk for p in t.stated}
        taken_back = {key for t in talk for key in t.dropped}
        changed += bool(taken_back)
        # Who goes before they have said what they really want takes nothing back.
        assert stated - own <= taken_back | keys(talk[-2].stated)
        for turn in talk:
            assert not turn.dropped or turn.act == "revise"
    assert changed > len(goals) / 3


async def test_the_steady_never_change_their_mind():
    for goal in goals_from_catalogue(lamps(), 12, seed=6, personas=[persona()]):
        talk = await converse(goal, lamps(), lambda *_: shows(lamps(), ["l1"]))
        assert not [t for t in talk if t.dropped]
        assert {p.key for t in talk for p in t.stated} <= keys((*goal.revealed, *goal.hidden))


async def test_items_that_it_knows_are_named_as_known():
    goal = tea_goal(persona(verbosity=0.5), known=("genmaicha",), revealed=(GREEN,), hidden=())
    said = await many(goal, shows(TEAS, ["genmaicha"]))
    assert sum(s.named == ("genmaicha",) for s in said) > 10
    assert not [s for s in said if s.accepted]


async def test_an_item_of_no_catalogue_is_not_taken_and_breaks_nothing():
    foreign = SystemTurn(reply="Here.", items=(Shown(id="invented", title="Invented Thing"),))
    assert not [s for s in await many(tea_goal(), foreign) if s.accepted]


@cache
def goals(count: int = 40, seed: int = 3) -> list[Goal]:
    return [g for g in goals_from_catalogue(lamps(), count, seed=seed) if g.possible]


async def success(system, some: Sequence[Goal]) -> float:
    return sum([succeeds(g, await converse(g, lamps(), system(g))) for g in some]) / len(some)


async def test_a_system_without_sense_succeeds_next_to_never():
    best, everything = popular(lamps()), [i.id for i in lamps().catalogue.items]

    def same(_: Goal):
        return lambda *_: shows(lamps(), best[:3])

    def anything(goal: Goal):
        rng = random.Random(goal.id)
        return lambda *_: shows(lamps(), rng.sample(everything, 3))

    assert await success(same, goals()) <= 0.05
    assert await success(anything, goals()) <= 0.15
    silent = lambda _: lambda *_: SystemTurn(reply="I see.")  # noqa: E731
    assert await success(silent, goals()) == 0


async def test_a_system_that_listens_succeeds_more_often_than_one_that_does_not():
    index = lamps()

    def fitting(goal: Goal):
        rng, stated = random.Random(goal.id), {}

        def answer(said: UserTurn, shown: list[str]) -> SystemTurn:
            stated.update({p.key: p for p in said.stated})
            for key in said.dropped:
                stated.pop(key, None)
            fits = np.ones(len(index.catalogue), dtype=bool)
            fits[[index.catalogue.row_of[i] for i in shown]] = False
            for preference in (p for p in stated.values() if p.hard):
                verdicts = index.catalogue.columns.judge(preference.limit)
                fits &= verdicts == 1 if preference.wanted else verdicts != 1
            rows = np.flatnonzero(fits).tolist()
            return shows(index, [index.catalogue.items[row].id for row in rng.sample(rows, min(3, len(rows)))])

        return answer

    assert await success(fitting, goals(30)) >= 0.2


async def test_a_system_that_knows_the_taste_always_succeeds():
    def knowing(goal: Goal):
        return lambda *_: shows(lamps(), [max(goal.taste, key=lambda i: goal.taste[i])])

    assert await success(knowing, goals()) == 1.0
    history = [g for g in goals_from_histories(lamps(), lamp_log(), 15, seed=1) if g.possible]
    assert await success(knowing, history) == 1.0


async def test_nobody_ever_takes_what_breaks_a_limit_or_was_never_shown():
    index, rng = lamps(), random.Random(1)
    for goal in goals():
        offered = [*list(goal.taste)[:4], *(f"l{rng.randrange(1500)}" for _ in range(30))]
        seen: list[str] = []

        def some(said: UserTurn, shown: list[str], offered: list[str] = offered, seen: list[str] = seen) -> SystemTurn:
            seen += rng.sample(offered, 3)
            return shows(index, seen[-3:])

        last = (await converse(goal, index, some))[-1]
        if last.accepted:
            assert last.accepted in seen
            assert not any(breaks(index.catalogue.item(last.accepted), p, index.catalogue) for p in goal.hard)


async def test_the_picky_take_more_turns_than_the_easily_persuaded():
    by_name = {p.name: p for p in PERSONAS}

    async def turns(name: str) -> float:
        some = [g.model_copy(update={"persona": by_name[name]}) for g in goals(30)]

        def good(goal: Goal):
            best = sorted(goal.taste, key=lambda i: goal.taste[i])
            return lambda _, shown: shows(lamps(), best[len(shown) // 2 : len(shown) // 2 + 2] or best[-1:])

        return sum([len(await converse(g, lamps(), good(g))) for g in some]) / len(some)

    assert await turns("picky") > 1.3 * await turns("easily persuaded")


async def test_the_hurried_leave_before_the_talkative_do():
    by_name = {p.name: p for p in PERSONAS}

    async def turns(name: str) -> int:
        some = [g.model_copy(update={"persona": by_name[name]}) for g in goals(20)]
        talks = [await converse(g, lamps(), lambda *_: SystemTurn(reply="Hm.")) for g in some]
        assert all(t[-1].done for t in talks)
        return sum(map(len, talks))

    assert await turns("hurried") < await turns("talkative")


@pytest.mark.parametrize("name", ["games", "books"])
async def test_no_target_is_ever_named_before_it_was_shown(name: str):
    index, rng = index_of(name), random.Random(2)
    ids = [i.id for i in index.catalogue.items]
    for goal in goals_from_catalogue(index, 40, seed=8):
        others = [i for i in ids if i not in goal.targets]
        for turn in await converse(goal, index, lambda *_, others=others: shows(index, rng.sample(others, 3))):
            assert turn.leaks == (), turn.text
            for target in goal.targets:
                title = index.catalogue.item(target).title.lower()
                assert len(title) < 9 or title not in turn.text.lower()


async def test_every_turn_has_words_and_ends_once():
    for goal in goals():
        talk = await converse(goal, lamps(), lambda *_: shows(lamps(), ["l5", "l6"]))
        assert all(t.text.strip() for t in talk)
        assert all(len(t.text) < 600 for t in talk)
        assert [t.done for t in talk] == [False] * (len(talk) - 1) + [True]
        assert all(p.words == t.text for t in talk for p in t.stated)
