"""Goals from histories and from the catalogue."""

from collections import Counter

import pytest
from convrec.simulator.goals import goals_from_catalogue, goals_from_histories
from convrec.simulator.leaks import leaked_titles
from convrec.simulator.nouns import Goal
from convrec.simulator.personas import PERSONAS
from convrec.simulator.users.impressions import breaks
from convrec.simulator.utility import LEAST
from convrec.tools.errors import InputError
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of, small_index
from user_stage import lamp_log, lamps


def check(goal: Goal, index) -> None:
    """What must hold of every goal."""
    catalogue = index.catalogue
    assert goal.revealed
    assert all(p.words for p in (*goal.revealed, *goal.hidden))
    if not goal.possible:
        assert not goal.taste
        assert not goal.hidden
        assert all(any(breaks(i, p, catalogue) for p in goal.hard) for i in catalogue.items)
        return
    assert goal.taste
    assert goal.targets
    for one, utility in goal.taste.items():
        assert LEAST <= utility <= 1
        assert not any(breaks(catalogue.item(one), p, catalogue) for p in goal.hard), (one, goal.hard)
    assert set(goal.targets) <= set(goal.taste)
    assert not set(goal.targets) & {*goal.known, *goal.disliked}
    assert not set(goal.taste) & {*goal.known, *goal.disliked}
    targets = [catalogue.item(i) for i in goal.targets]
    for known in goal.known:
        assert not leaked_titles(f"i liked {catalogue.item(known).title} a lot", targets)


@pytest.mark.parametrize("name", ["lamps", "games", "books", "teas", "columns"])
def test_goals_can_be_made_of_any_catalogue(name: str):
    index = lamps() if name == "lamps" else index_of(name)
    goals = goals_from_catalogue(index, 24, seed=2)
    assert len(goals) >= 23
    for goal in goals:
        check(goal, index)
        assert goal.source == "catalogue"
        assert not goal.user
    assert len({tuple(p.key for p in g.hard) for g in goals}) > len(goals) // 5


@pytest.mark.parametrize("timed", [True, False])
def test_goals_are_made_of_what_users_went_on_to_like(timed: bool):
    index, log = lamps(), lamp_log(timed=timed)
    goals = goals_from_histories(index, log, 15, seed=1)
    assert len(goals) == 15
    for goal in goals:
        check(goal, index)
        theirs = {i.item: i for i in log.of_user(goal.user)}
        assert set(goal.targets) <= {i for i, one in theirs.items() if one.value == 5.0}
        assert set(goal.known) <= set(theirs)
        assert all(theirs[i].value == 1.0 for i in goal.disliked)
        if timed and goal.targets and goal.known:
            assert min(theirs[i].time for i in goal.targets) > max(theirs[i].time for i in goal.known)


def test_the_same_seed_makes_the_same_goals_and_more_can_be_added():
    index, log = lamps(), lamp_log()
    assert goals_from_catalogue(index, 12, seed=4) == goals_from_catalogue(index, 12, seed=4)
    assert goals_from_catalogue(index, 12, seed=4) != goals_from_catalogue(index, 12, seed=5)
    first = goals_from_histories(index, log, 6, seed=4, impossible=0.0)
    assert goals_from_histories(index, log, 12, seed=4, impossible=0.0)[:6] == first


def test_ids_are_unique_and_personas_come_equally_often():
    goals = goals_from_catalogue(lamps(), 2 * len(PERSONAS), seed=1)
    assert len({g.id for g in goals}) == len(goals)
    assert set(Counter(g.persona.name for g in goals).values()) == {2}


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.05, 2), (0.5, 20)])
def test_the_share_of_impossible_goals_is_met(share: float, count: int):
    goals = goals_from_catalogue(lamps(), 40, seed=3, impossible=share)
    assert sum(not g.possible for g in goals) == count


def test_few_users_come_again_with_other_needs():
    few = Log.of(i for i in lamp_log() if i.user in ("u1", "u2"))
    goals = goals_from_histories(lamps(), few, 12, seed=1, impossible=0.0)
    assert len(goals) == 12
    assert {g.user for g in goals} == {"u1", "u2"}
    assert len({tuple(p.key for p in (*g.revealed, *g.hidden)) for g in goals}) > 4


def test_who_liked_too_little_makes_no_goal():
    index = lamps()
    short = Log.of(Interaction(user="a", item=f"l{n}", value=1.0) for n in range(9))
    with pytest.raises(InputError, match="liked 10 items"):
        goals_from_histories(index, short, 3)
    elsewhere = Log.of(Interaction(user="a", item=f"other {n}", value=1.0) for n in range(50))
    with pytest.raises(InputError):
        goals_from_histories(index, elsewhere, 3)


def test_yes_and_no_are_understood_as_stars_are():
    index, ids = lamps(), [i.id for i in lamps().catalogue.items if i.labels("style") == ("gothic",)]
    votes = [Interaction(user="a", item=i, value=1.0) for i in ids[:20]]
    votes += [Interaction(user="a", item=f"l{n}", value=0.0) for n in range(1000, 1005)]
    for goal in goals_from_histories(index, Log.of(votes), 4, impossible=0.0):
        assert {*goal.targets, *goal.known} <= set(ids[:20])
        assert set(goal.disliked) <= {f"l{n}" for n in range(1000, 1005)}


def test_a_catalogue_that_says_nothing_makes_no_goals():
    schema = Schema(attributes=(Attribute(name="note", kind="text"),))
    items = [Item(id=str(n), title=f"Thing {n}", attributes={"note": "words"}) for n in range(30)]
    with pytest.raises(InputError, match="nothing to ask for"):
        goals_from_catalogue(small_index("things", schema, items), 5)


def test_no_goals_asked_for_are_no_goals():
    assert goals_from_catalogue(lamps(), 0) == []
