import json
from pathlib import Path

import pytest
from convrec.simulator.offline.attributes import Asked
from convrec.simulator.offline.dialogues_file import HumanDialogue, Turn, write_dialogues
from convrec.simulator.offline.nouns import Ranking
from convrec.simulator.offline.protocols import EvaluationPlan, Ground, begin_evaluation, evaluate
from convrec.simulator.reports.run_data import read_run
from convrec.simulator.runs import read_records
from convrec.tools.errors import InputError
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction
from fakes import HashEncoder
from talk_stage import index_of

GAMES = [item.id for item in index_of("games").catalogue.items]


def ground(tmp_path: Path, *, log: bool = True) -> Ground:
    """The games with sixty users, each of whom took some in a row."""
    taken = [
        Interaction(user=f"u{n}", item=GAMES[(n * 3 + k) % 40], time=float(k)) for n in range(60) for k in range(6)
    ]
    return Ground(HashEncoder(), tmp_path / "vectors", index_of("games"), Log.of(taken) if log else None)


def plan(protocol: str, **given: object) -> EvaluationPlan:
    return EvaluationPlan.model_validate({"protocol": protocol, "catalogue": "games", **given})


def talks(tmp_path: Path) -> str:
    """A file of ten dialogues in which one game is named and another recommended."""
    title = index_of("games").catalogue.items
    dialogues = [
        HumanDialogue(
            id=f"d{n}",
            turns=(
                Turn(speaker="seeker", text=f"Something like {title[n].title}?", items=(GAMES[n],)),
                Turn(speaker="recommender", text="Try this one.", recommended=(GAMES[n + 1],)),
            ),
        )
        for n in range(10)
    ]
    write_dialogues(tmp_path / "talks.jsonl", dialogues)
    return str(tmp_path / "talks.jsonl")


async def test_next_items_of_a_catalogues_histories_are_ranked_beside_baselines(tmp_path: Path) -> None:
    begin_evaluation(tmp_path / "run", plan("next-item", limit=20))
    metrics = await evaluate(tmp_path / "run", ground(tmp_path))
    assert [m.system for m in metrics] == ["convrec", "rag", "recency", "popular", "random"]
    found = {m.system: m.metrics["Hit@5"].value for m in metrics}
    assert found["convrec"] > found["random"]
    rankings = list(read_records(tmp_path / "run" / "rankings.jsonl", Ranking))
    assert len(rankings) == 100
    assert all(r.targets[0] in r.ranked for r in rankings)


async def test_dialogues_of_a_file_are_ranked_with_and_without_a_signal(tmp_path: Path) -> None:
    file = talks(tmp_path)
    begin_evaluation(tmp_path / "run", plan("dialogues", data=file, systems=("convrec", "bm25"), without=("company",)))
    metrics = await evaluate(tmp_path / "run", ground(tmp_path))
    assert [m.system for m in metrics] == ["convrec", "bm25", "convrec without company"]
    for ranking in read_records(tmp_path / "run" / "rankings.jsonl", Ranking):
        assert len(ranking.ranked) == 50
        assert GAMES[int(ranking.dialogue[1:])] not in ranking.ranked


async def test_an_evaluation_that_was_stopped_does_only_what_is_left(tmp_path: Path) -> None:
    run, told = tmp_path / "run", list[int]()
    begin_evaluation(run, plan("next-item", limit=10, systems=("convrec", "random")))
    first = await evaluate(run, ground(tmp_path))
    lines = (run / "rankings.jsonl").read_bytes().splitlines(keepends=True)
    (run / "rankings.jsonl").write_bytes(b"".join(lines[:12]) + lines[12][:30])
    again = await evaluate(run, ground(tmp_path), lambda _, done, total: told.append(total))
    assert len(told) == 8
    assert [m.metrics["NDCG@5"] for m in again] == [m.metrics["NDCG@5"] for m in first]


async def test_sessions_of_asking_are_held_and_reported(tmp_path: Path) -> None:
    begin_evaluation(tmp_path / "run", plan("attributes", limit=8))
    metrics = await evaluate(tmp_path / "run", ground(tmp_path))
    assert {"convrec", "greedy"} < {m.system for m in metrics}
    assert all("SR@15" in m.metrics for m in metrics)
    assert len(list(read_records(tmp_path / "run" / "sessions.jsonl", Asked))) == 8 * len(metrics)
    assert read_run(tmp_path / "run").metrics == tuple(metrics)


async def test_steering_says_how_far_a_stated_preference_moves_the_ranking(tmp_path: Path) -> None:
    begin_evaluation(tmp_path / "run", plan("steering", limit=6, systems=("convrec", "popular")))
    metrics = {m.system: m.metrics for m in await evaluate(tmp_path / "run", ground(tmp_path))}
    assert metrics["convrec"]["preference: share@10 gain"].value > 0
    assert metrics["popular"]["preference: share@10 gain"].value == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"protocol": "next-item", "data": "."}, "no data set of histories that is known"),
        ({"protocol": "next-item", "systems": ("magic",)}, "no system 'magic'"),
        ({"protocol": "inspired", "data": "."}, "brings no catalogue"),
    ],
)
async def test_what_cannot_be_evaluated_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    begin_evaluation(tmp_path / "run", plan(**given))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=told):
        await evaluate(tmp_path / "run", ground(tmp_path))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"protocol": "redial"}, "redial needs data"),
        ({"protocol": "redial", "data": "nowhere"}, "nowhere: there is no such file"),
        ({"protocol": "redial", "data": ".", "also": ("nowhere",)}, "nowhere: there is no such file"),
        ({"protocol": "next-item", "without": ("words",)}, "no parts to leave out"),
    ],
)
def test_what_cannot_be_read_or_left_out_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=told):
        begin_evaluation(tmp_path / "run", plan(**given))  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


async def test_without_histories_there_is_no_next_item(tmp_path: Path) -> None:
    begin_evaluation(tmp_path / "run", plan("next-item"))
    with pytest.raises(InputError, match="no interactions"):
        await evaluate(tmp_path / "run", ground(tmp_path, log=False))


def test_a_part_that_rankings_do_not_have_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no part 'luck'") as refused:
        begin_evaluation(tmp_path / "run", plan("dialogues", without=("luck",)))
    assert "renown" in refused.value.hint
    assert not (tmp_path / "run").exists()


def test_the_config_names_what_was_run(tmp_path: Path) -> None:
    begin_evaluation(tmp_path / "run", plan("steering", seed=3))
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert (config["plan"]["protocol"], config["plan"]["seed"]) == ("steering", 3)
    assert config["versions"]["python"]
