"""Metrics of conversations, by hand and by trying all there is."""

import itertools
import random

import pytest
from convrec.simulator.metrics.dialogues import (
    LISTED,
    Share,
    average_turns,
    best_utilities,
    constraint_satisfaction,
    grounding_rate,
    lists_shown,
    names_exactly_rate,
    no_match_correctness,
    pass_all,
    repeat_rate,
    reward_per_turn,
    success_by_turn,
    success_rate,
    taken,
    turns_or_most,
    utility_gains,
)
from convrec.simulator.metrics.ranking import normalised_gain
from convrec.simulator.nouns import Checks, Dialogue, Ending, Goal, Persona, Round, Shown, SystemTurn, UserAct, UserTurn

GOAL = Goal(id="g", persona=Persona(name="someone", patience=6), taste={"a": 0.9, "b": 0.6, "c": 0.3}, floor=0.1)


def shows(*ids: str, act: UserAct = "inform", near: str = "", **checks: object) -> Round:
    """A turn that shows items; `near` is one that is shown as a near miss."""
    items = [Shown(id=i, title=i) for i in ids] + ([Shown(id=near, title=near, nearest=True)] if near else [])
    return Round(
        user=UserTurn(text="words", act=act),
        system=SystemTurn(reply="words", items=tuple(items)),
        checks=Checks.model_validate(checks),
    )


def dialogue(*rounds: Round, accepts: str = "", ending: Ending = "gave up", goal: Goal = GOAL) -> Dialogue:
    """A dialogue of these rounds; a last message takes an item, if one is named."""
    last = (Round(user=UserTurn(text="that one", act="accept", accepted=accepts, done=True)),) if accepts else ()
    return Dialogue(system="s", goal=goal, rounds=(*rounds, *last), ending="accepted" if accepts else ending)


def test_success_rate_and_average_turns_are_plain_means() -> None:
    assert success_rate([True, False, True, True]) == 0.75
    assert average_turns([2, None, 4], most=15) == 7.0
    with pytest.raises(ValueError, match="nothing to take a share of"):
        success_rate([])


def test_success_by_turn_grows_to_the_success_rate() -> None:
    turns = [1, 3, None, 3, 5]
    assert success_by_turn(turns, most=6) == [0.2, 0.2, 0.6, 0.6, 0.8, 0.8]


@pytest.mark.parametrize("trials", range(1, 7))
def test_pass_all_is_the_share_of_all_choices_that_hold_successes_alone(trials: int) -> None:
    for successes, k in itertools.product(range(trials + 1), range(1, trials + 1)):
        outcomes = [n < successes for n in range(trials)]
        choices = list(itertools.combinations(outcomes, k))
        assert pass_all(successes, trials, k) == pytest.approx(sum(all(c) for c in choices) / len(choices))


def test_pass_all_of_more_than_there_were_is_refused() -> None:
    for successes, trials, k in ((1, 2, 3), (3, 2, 1), (1, 2, 0)):
        with pytest.raises(ValueError, match="cannot be told"):
            pass_all(successes, trials, k)
    assert pass_all(400, 1000, 500) == 0.0


def test_a_failure_counts_all_turns_that_patience_had() -> None:
    assert turns_or_most(dialogue(shows("a"), accepts="a")) == 1
    assert turns_or_most(dialogue(shows("x"))) == 6
    assert turns_or_most(dialogue(*[shows("x")] * 8)) == 8
    # Something was taken, but nothing that is good enough.
    assert turns_or_most(dialogue(shows("x"), accepts="x")) == 6


def test_a_reward_is_the_utility_of_what_was_taken_over_the_turns() -> None:
    assert reward_per_turn(dialogue(shows("b"), shows("a"), accepts="a")) == pytest.approx(0.45)
    assert reward_per_turn(dialogue(shows("x"), accepts="x")) == 0.0
    assert reward_per_turn(dialogue()) == 0.0
    assert taken(dialogue(shows("a"), accepts="a")) == "a"
    assert taken(dialogue(shows("a"))) == ""


def test_rates_of_items_are_over_all_items_recommended() -> None:
    rounds = [shows("a", shown=3, fitting=2, repeated=1, grounded=3), shows("b", shown=1, fitting=1, grounded=0)]
    assert constraint_satisfaction(rounds) == Share(3, 4)
    assert repeat_rate(rounds).value == 0.25
    assert grounding_rate(rounds).value == 0.75
    with pytest.raises(ValueError, match="nothing to take a share of"):
        assert repeat_rate([]).value


def test_replies_that_were_never_given_name_nothing() -> None:
    silent = Round(user=UserTurn(text="bye", act="leave"))
    assert names_exactly_rate([shows("a"), shows("a", names_exactly=False), silent]) == Share(1, 2)


def test_no_match_is_correct_where_it_is_said_and_so() -> None:
    claims, truths = [True, True, False, False], [True, False, True, False]
    assert no_match_correctness(claims, truths) == Share(1, 3)
    assert no_match_correctness([], []).whole == 0


def test_lists_hold_what_is_recommended_and_not_what_is_spoken_of() -> None:
    silent = Round(user=UserTurn(text="bye", act="leave"))
    talk = dialogue(shows("a", "b", near="c"), shows(), shows("a", "d", act="ask"), shows("a"), silent)
    assert [[item.id for item in items] for items in lists_shown(talk)] == [["a", "b"], [], ["d"], ["a"]]


def test_the_best_utilities_are_the_highest_of_the_taste() -> None:
    values = [random.Random(1).random() for _ in range(300)]
    goal = GOAL.model_copy(update={"taste": {f"i{n}": v for n, v in enumerate(values)}})
    assert best_utilities(goal) == sorted(values, reverse=True)[:LISTED]


def gains_of(*lists: list[str]) -> list[float]:
    return [normalised_gain(g.list, g.best) for g in utility_gains(GOAL, lists, best_utilities(GOAL))]


def test_a_list_is_measured_by_the_best_that_was_still_to_be_had() -> None:
    assert gains_of(["a", "b"], ["c", "x"]) == pytest.approx([1.0, 1.0])
    assert gains_of(["a"], ["c"]) == pytest.approx([1.0, 0.3 / 0.6])
    assert gains_of(["x"]) == pytest.approx([0.1 / 0.9])


def test_an_item_shown_again_gains_nothing() -> None:
    assert gains_of(["a"], ["a"]) == pytest.approx([1.0, 0.0])
    assert gains_of(["b", "b"])[0] < gains_of(["b", "c"])[0]


def test_empty_lists_and_endless_ones_are_not_measured() -> None:
    long = [f"x{n}" for n in range(LISTED)]
    assert len(gains_of([], ["a"], long, ["b"])) == 2


def test_no_list_gains_more_than_the_best() -> None:
    rng = random.Random(4)
    for _ in range(50):
        lists = [rng.choices(["a", "b", "c", "x", "y"], k=rng.randint(1, 4)) for _ in range(4)]
        assert all(0 <= gain <= 1 + 1e-12 for gain in gains_of(*lists))
