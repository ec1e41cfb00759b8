from pathlib import Path

import pytest
from convrec.app.plans import read_plan
from convrec.simulator.plan import Plan, seed_of, tasks_of
from convrec.tools.errors import InputError
from simulated_stage import goals


def test_every_system_meets_the_same_users_with_the_same_seeds() -> None:
    tasks = list(tasks_of(("one", "two"), goals(3), 2, seed=5))
    assert len(tasks) == 12
    assert len({t.key for t in tasks}) == 12
    seeds = {name: [(t.goal.id, t.trial, t.seed) for t in tasks if t.system == name] for name in ("one", "two")}
    assert seeds["one"] == seeds["two"]


def test_seeds_differ_by_run_goal_and_trial_and_are_the_same_everywhere() -> None:
    seeds = {seed_of(run, goal, trial) for run in (0, 1) for goal in ("a", "b") for trial in (0, 1)}
    assert len(seeds) == 8
    assert seed_of(0, "a", 0) == 193993836073754


def test_flags_count_before_the_file_and_the_file_before_what_is_usual(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("systems: [convrec, bm25]\ngoals: 20\ntrials: 4\n", encoding="utf-8")
    plan = read_plan(path, {"goals": 7, "seed": None})
    assert plan == Plan(systems=("convrec", "bm25"), goals=7, trials=4)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("goal: 20", "no 'goal'"),
        ("goals: many", "goals cannot be 'many'"),
        ("goals: [", "cannot be read"),
        ("- goals", "no names with values"),
        ("user: robot", "user cannot be 'robot'"),
    ],
)
def test_a_plan_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_plan(path, {})


def test_a_flag_that_cannot_be_used_is_told_apart_from_the_file() -> None:
    with pytest.raises(InputError, match="as a flag"):
        read_plan(None, {"trials": 0})


def test_parts_that_are_switched_off_are_systems_of_their_own() -> None:
    assert Plan(without=("nli",)).names == ("convrec", "convrec without nli")
