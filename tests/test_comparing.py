import pytest
from convrec.simulator.comparing import Comparison, Difference, adjusted, compare_runs
from convrec.simulator.nouns import Dialogue
from convrec.simulator.reports.run_data import RunData
from convrec.tools.errors import InputError
from report_stage import failure, fault, goal, leaked, ranking, success

GOALS = [goal(f"g{n}") for n in range(40)]
GOOD = [success("good", g) if n % 10 else failure("good", g) for n, g in enumerate(GOALS)]
POOR = [success("poor", g) if n % 3 == 0 else failure("poor", g) for n, g in enumerate(GOALS)]


def of(comparison: Comparison, measure: str) -> Difference:
    return next(d for d in comparison.differences if d.measure == measure)


def test_the_same_goals_are_paired_whatever_their_order() -> None:
    forward, backward = compare_runs(POOR, GOOD), compare_runs(POOR, GOOD[::-1])
    assert forward == backward
    assert (forward.a, forward.b, forward.pairs, forward.groups) == ("poor", "good", 40, 40)


def test_a_difference_is_the_second_minus_the_first_with_its_interval_and_chance() -> None:
    difference = of(compare_runs(POOR, GOOD), "success rate")
    assert difference.b - difference.a == pytest.approx(difference.mean)
    assert difference.mean == pytest.approx(36 / 40 - 14 / 40)
    assert 0 < difference.low < difference.mean < difference.high
    assert difference.p_value < 0.001
    assert difference.verdict == "better"
    assert of(compare_runs(GOOD, POOR), "success rate").verdict == "worse"


def test_fewer_turns_are_better() -> None:
    slow, fast = [success("slow", g, turns=5) for g in GOALS], [success("fast", g, turns=2) for g in GOALS]
    difference = of(compare_runs(slow, fast), "average turns")
    assert difference.mean == -3
    assert difference.verdict == "better"


def test_a_failure_counts_all_the_turns_that_the_user_had() -> None:
    assert of(compare_runs([failure("x", turns=1)], [success("y", turns=2)]), "average turns").a == 6


def test_turns_are_not_compared_where_nothing_could_satisfy() -> None:
    told = [failure(name, goal("none", possible=False)) for name in "xy"]
    assert "average turns" not in [d.measure for d in compare_runs(told[:1], told[1:]).differences]


def test_the_same_dialogues_do_not_differ() -> None:
    again = [d.model_copy(update={"system": "again"}) for d in GOOD]
    difference = of(compare_runs(GOOD, again), "success rate")
    assert (difference.mean, difference.p_value, difference.verdict) == (0, 1, "no clear difference")


def test_what_is_zero_on_both_sides_is_not_compared() -> None:
    assert "calls per dialogue" not in [d.measure for d in compare_runs(POOR, GOOD).differences]


def test_trials_of_a_goal_hang_together() -> None:
    two = [goal("a"), goal("b")]
    a = [failure("a", g, trial=t) for g in two for t in range(30)]
    b = [success("b", g, trial=t) for g in two for t in range(30)]
    comparison = compare_runs(a, b)
    assert (comparison.pairs, comparison.groups) == (60, 2)
    assert of(comparison, "success rate").p_value == 0.5


def test_what_has_no_like_is_counted_and_left_out() -> None:
    a = [*POOR, success("poor", goal("only here"))]
    b = [*GOOD[1:-1], fault("good", GOALS[-1])]
    found = compare_runs(a, b)
    assert (found.pairs, found.only_a, found.only_b, found.left_out, found.unlike) == (38, 2, 0, 1, 0)
    assert len(found.lines()) == 3


def test_leaks_and_faults_count_on_neither_side() -> None:
    a = [leaked("x", GOALS[0]), success("x", GOALS[1]), success("x", GOALS[2])]
    b = [success("y", GOALS[0]), fault("y", GOALS[1]), success("y", GOALS[2])]
    found = compare_runs(a, b)
    assert (found.pairs, found.left_out) == (1, 2)


def test_a_goal_of_the_same_name_with_another_seed_or_persona_is_no_pair() -> None:
    a = [success("x", GOALS[0]), success("x", GOALS[1], seed=7), success("x", GOALS[2])]
    b = [success("y", GOALS[0]), success("y", GOALS[1], seed=8), success("y", goal("g2", persona="critic"))]
    found = compare_runs(a, b)
    assert (found.pairs, found.unlike) == (1, 2)


@pytest.mark.parametrize(
    ("b", "why"),
    [
        ([success("y", goal("elsewhere"))], "no goal"),
        ([success("y", seed=8)], "other goals, targets or seeds"),
        ([fault("y")], "counts on both sides"),
    ],
)
def test_nothing_to_pair_is_refused_with_its_reason(b: list[Dialogue], why: str) -> None:
    with pytest.raises(InputError, match=why) as refused:
        compare_runs([success("x")], b)
    assert "seed" in refused.value.hint


def test_two_systems_of_one_run_are_compared() -> None:
    run = RunData(name="both", dialogues=[*POOR, *GOOD])
    found = compare_runs(run, run)
    assert (found.a, found.b) == ("poor", "good")
    turned = compare_runs(run, run, system_a="good")
    assert (turned.a, turned.b) == ("good", "poor")


def test_the_same_system_of_two_runs_is_told_apart_by_the_runs() -> None:
    before, after = RunData(name="before", dialogues=POOR), RunData(name="after", dialogues=POOR)
    found = compare_runs(before, after)
    assert (found.a, found.b) == ("before: poor", "after: poor")


def test_the_system_that_two_runs_share_is_meant() -> None:
    before = RunData(name="before", dialogues=[*GOOD, *POOR])
    after = RunData(name="after", dialogues=[*GOOD, *(d.model_copy(update={"system": "new"}) for d in POOR)])
    assert compare_runs(before, after).b == "after: good"


def test_systems_that_are_not_plain_are_asked_for() -> None:
    run = RunData(name="three", dialogues=[*POOR, *GOOD, success("third")])
    with pytest.raises(InputError, match="not plain") as refused:
        compare_runs(run, run)
    assert "third" in refused.value.hint
    with pytest.raises(InputError, match="no system 'fourth'"):
        compare_runs(run, run, system_a="fourth")


def test_rankings_are_compared_case_by_case() -> None:
    a = RunData(name="a", rankings=[ranking("low", f"c{n}", 30) for n in range(30)])
    b = RunData(name="b", rankings=[ranking("high", f"c{n}", 1) for n in range(30)])
    found = compare_runs(a, b)
    assert found.pairs == 30
    assert [of(found, m).mean for m in ("Recall@1", "Recall@10")] == [1, 1]
    assert of(found, "MRR").a == pytest.approx(1 / 30)
    assert "Recall@50" in [d.measure for d in found.differences]


def test_rankings_of_other_targets_and_faults_are_no_pairs() -> None:
    a = [ranking("x", "1", 1), ranking("x", "2", 1), ranking("x", "3", 1)]
    b = [
        ranking("y", "1", 1),
        ranking("y", "2", 1, target="u"),
        ranking("y", "3", 1).model_copy(update={"fault": "no"}),
    ]
    found = compare_runs(RunData(name="a", rankings=a), RunData(name="b", rankings=b))
    assert (found.pairs, found.unlike, found.left_out) == (1, 1, 1)


def test_dialogues_and_rankings_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="neither"):
        compare_runs(RunData(name="a", dialogues=POOR), RunData(name="b", rankings=[ranking("x", "1", 1)]))


def test_p_values_are_adjusted_for_everything_that_is_looked_at() -> None:
    one = compare_runs(POOR, GOOD)
    assert all(d.p_holm >= d.p_value for d in one.differences)
    together = adjusted([one, one])
    assert of(together[0], "success rate").p_holm >= of(one, "success rate").p_holm
