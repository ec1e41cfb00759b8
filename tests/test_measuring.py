"""Measuring systems by their dialogues and rankings."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from convrec.agents.state import Preference
from convrec.simulator.measuring import (
    DEFINITIONS,
    definition_of,
    measure_by,
    measure_dialogues,
    measure_rankings,
    measure_success_by_turn,
)
from convrec.simulator.metrics.definitions import family
from convrec.simulator.metrics.dialogues import pass_all
from convrec.simulator.metrics.ranking import recall_at
from convrec.simulator.metrics.statistics import bootstrap_interval
from convrec.simulator.nouns import (
    Checks,
    Dialogue,
    Ending,
    Goal,
    Persona,
    Round,
    Shown,
    SystemMetrics,
    SystemTurn,
    UserAct,
    UserTurn,
)
from convrec.simulator.offline.nouns import Ranking
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of, labelled, small_index

PERSONA = Persona(name="calm", patience=5)
GREEN, RED = labelled("kind", "green"), labelled("kind", "red")
GREENS = {"sencha": 0.9, "gyokuro": 0.7, "genmaicha": 0.4, "hojicha": 0.2}
POSSIBLE = Goal(id="green", persona=PERSONA, revealed=(GREEN,), taste=GREENS, targets=("sencha",))
IMPOSSIBLE = Goal(
    id="red", persona=Persona(name="hasty", patience=3), revealed=(RED,), possible=False, source="history"
)


def turn(*ids: str, says: Sequence[Preference] = (), act: UserAct = "inform", **options: object) -> Round:
    """What the user states, and the items that are shown; checks by the kinds of the teas."""
    items = index_of("teas").catalogue
    fitting = sum(items.item(i).labels("kind") == ("green",) for i in ids if i in items.row_of)
    grounded = sum(i in items.row_of for i in ids)
    shown = tuple(Shown(id=i, title=i) for i in ids)
    answer = SystemTurn.model_validate({"reply": "words", "items": shown, "seconds": 0.5, "calls": 2, **options})
    checks = Checks(shown=len(ids), grounded=grounded, fitting=fitting, diversity=0.5 if len(ids) > 1 else None)
    return Round(user=UserTurn(text="words", act=act, stated=tuple(says)), system=answer, checks=checks)


def dialogue(*rounds: Round, accepts: str = "", ending: Ending = "gave up", **fields: object) -> Dialogue:
    """A dialogue of these rounds; a last message takes an item, if one is named."""
    last = (Round(user=UserTurn(text="that", act="accept", accepted=accepts, done=True)),) if accepts else ()
    told = {"system": "s", "goal": POSSIBLE, "rounds": (*rounds, *last), "ending": "accepted" if accepts else ending}
    return Dialogue.model_validate(told | fields)


def measured(*dialogues: Dialogue, index: Index | None = None) -> SystemMetrics:
    """The metrics of the only system."""
    (found,) = measure_dialogues(dialogues, index or index_of("teas"))
    return found


def value(metrics: SystemMetrics, name: str) -> float:
    return metrics.metrics[name].value


def test_success_turns_and_pass_are_told_for_goals() -> None:
    good = dialogue(turn(), turn("sencha"), accepts="sencha")
    bad = dialogue(turn("assam-gold"), trial=1)
    honest = dialogue(turn(says=[RED], nothing_fits=True), goal=IMPOSSIBLE)
    found = measured(good, bad, honest)
    assert value(found, "success rate") == pytest.approx(2 / 3)
    assert value(found, "success rate, possible goals") == 0.5
    assert value(found, "success rate, impossible goals") == 1.0
    assert value(found, "average turns") == (2 + 5) / 2
    # The goal of one trial passes; that of two passes half the time, and never twice.
    assert value(found, "pass^1") == 0.75
    assert value(found, "pass^2") == 0.0
    assert found.metrics["pass^2"].n == 1
    assert value(found, "reward per turn") == pytest.approx(0.9 / 2 / 2)
    assert value(found, "utility taken") == 0.9
    assert found.counts["goals"] == 2
    assert (found.counts["accepted"], found.counts["gave up"]) == (1, 2)


def test_leaks_and_faults_are_counted_and_measured_nowhere() -> None:
    good = dialogue(turn("sencha"), accepts="sencha")
    leak = Round(user=UserTurn(text="Sencha, please", act="open", leaks=("Sencha",)))
    silent = Round(user=UserTurn(text="", act="leave", fault="no answer"))
    found = measured(
        good,
        dialogue(leak, turn("assam-gold", calls=99), trial=1),
        dialogue(turn("assam-gold"), silent, ending="fault", fault="no answer", trial=2, attempts=3),
    )
    assert measured(good).metrics == found.metrics
    assert {name: found.counts[name] for name in ("dialogues", "excluded leaks", "excluded faults")} == {
        "dialogues": 3,
        "excluded leaks": 1,
        "excluded faults": 1,
    }
    assert (found.counts["user faults"], found.counts["begun again"], found.counts["goals"]) == (1, 1, 1)


def test_what_never_goes_wrong_is_counted_as_nought() -> None:
    counts = measured(dialogue(turn("sencha"), accepts="sencha")).counts
    assert {counts[n] for n in ("excluded leaks", "excluded faults", "user faults", "begun again", "fallbacks")} == {0}


def test_a_system_whose_dialogues_all_fail_for_other_reasons_has_counts_alone() -> None:
    found = measured(dialogue(ending="fault", fault="no server"))
    assert found.metrics == {}
    assert found.counts["excluded faults"] == 1


def test_items_are_checked_over_all_that_were_recommended() -> None:
    found = measured(dialogue(turn("sencha", "assam-gold", "no-tea"), turn("gyokuro")))
    assert value(found, "constraint satisfaction") == 0.5
    assert value(found, "grounding rate") == 0.75
    assert value(found, "repeat rate") == 0.0
    assert value(found, "text equals cards") == 1.0
    assert value(found, "intra-list diversity") == 0.5
    assert found.metrics["constraint satisfaction"].n == 4


def test_saying_that_nothing_fits_is_right_only_where_nothing_does() -> None:
    said = turn(says=[GREEN], nothing_fits=True)
    assert value(measured(dialogue(said)), "no match correctness") == 0.0
    assert value(measured(dialogue(turn(says=[RED], nothing_fits=True))), "no match correctness") == 1.0
    silent = dialogue(turn("assam-gold", says=[RED]), goal=IMPOSSIBLE)
    assert value(measured(silent), "no match correctness") == 0.0
    assert "no match correctness" not in measured(dialogue(turn("sencha", says=[GREEN]))).metrics


def test_nothing_is_left_once_all_that_fits_was_shown_or_the_wish_is_taken_back() -> None:
    claim = turn(nothing_fits=True)
    shown = dialogue(turn(*GREENS, says=[GREEN]), claim)
    assert value(measured(shown), "no match correctness") == 1.0
    back = Round(user=UserTurn(text="any", act="revise", dropped=(RED.key,)), system=claim.system)
    assert value(measured(dialogue(turn(says=[RED], nothing_fits=True), back)), "no match correctness") == 0.5


def test_only_items_that_the_user_saw_can_hit() -> None:
    first, second = dialogue(turn("hojicha", "sencha"), turn("gyokuro")), dialogue(turn("gyokuro"), trial=1)
    found = measured(first, second)
    assert value(found, "hit@1 of shown") == 0.0
    assert value(found, "hit@5 of shown") == 0.5
    assert value(found, "MRR of shown") == 0.25
    weight = 1 / np.log2(3)
    lists = [(0.2 + 0.9 * weight) / (0.9 + 0.7 * weight), 1.0, 0.7 / 0.9]
    assert value(found, "NDCG of shown") == pytest.approx(np.mean(lists))
    untold = measured(dialogue(turn("sencha"), goal=POSSIBLE.model_copy(update={"targets": (), "taste": {}})))
    assert not {name for name in untold.metrics if "of shown" in name}


def test_replayed_dialogues_succeed_in_nothing() -> None:
    found = measured(dialogue(turn("sencha"), ending="replayed"))
    assert "success rate" not in found.metrics
    assert "average turns" not in found.metrics
    assert value(found, "grounding rate") == 1.0


def test_popularity_is_left_out_where_nothing_tells_it() -> None:
    names = set(measured(dialogue(turn("sencha", "gyokuro"))).metrics)
    assert {"coverage", "Gini index", "intra-list diversity"} <= names
    assert not names & {"novelty (EPC)", "popularity (ARP)", "long-tail items (ACLT)", "PopREO"}


def famous() -> Index:
    """Ten items, the first by far the best known."""
    schema = Schema(attributes=(Attribute(name="fame", kind="number", label="fame", measure="popularity"),))
    fame = (60.0, 20, 5, 5, 5, 1, 1, 1, 1, 1)
    return small_index(
        "fame", schema, [Item(id=f"i{n}", title=f"T{n}", attributes={"fame": f}) for n, f in enumerate(fame)]
    )


def test_popularity_is_told_by_list() -> None:
    goal = Goal(id="g", persona=PERSONA, taste={"i0": 1.0}, targets=("i0", "i4"))
    found = measured(dialogue(turn("i0", "i9"), turn("i2"), goal=goal), index=famous())
    assert value(found, "popularity (ARP)") == pytest.approx(((60 + 1) / 2 + 5) / 2)
    assert value(found, "long-tail items (ACLT)") == 1.0
    assert value(found, "long-tail share (APLT)") == 0.75
    weight = 1 / np.log2(3)
    assert value(found, "novelty (EPC)") == pytest.approx((59 / 60 * weight / (1 + weight) + 55 / 60) / 2)
    assert value(found, "coverage") == 0.3
    assert value(found, "PopREO") == 1.0


def test_cost_is_told_per_turn_and_per_dialogue() -> None:
    quick = turn(calls=1, prompt_tokens=10, completion_tokens=4, seconds=1.0, first_token_seconds=0.2)
    slow = turn(calls=3, prompt_tokens=50, completion_tokens=6, seconds=3.0, fallbacks=1)
    found = measured(dialogue(quick, slow), dialogue(quick, trial=1))
    assert value(found, "calls per turn") == pytest.approx(5 / 3)
    assert value(found, "calls per dialogue") == 2.5
    assert value(found, "prompt tokens per turn") == pytest.approx(70 / 3)
    assert value(found, "completion tokens per turn") == pytest.approx(14 / 3)
    assert value(found, "tokens per dialogue") == 42.0
    assert value(found, "fallbacks per turn") == pytest.approx(1 / 3)
    assert value(found, "seconds p50") == 1.0
    assert value(found, "seconds p95") == pytest.approx(2.8)
    assert value(found, "first token seconds p50") == 0.2
    assert found.counts["fallbacks"] == 1


def many(count: int, systems: Sequence[str] = ("ours", "theirs"), trials: int = 3) -> Iterator[Dialogue]:
    """Dialogues by chance, goal by goal."""
    rng = random.Random(7)
    for number in range(count):
        persona = PERSONA.model_copy(update={"name": ("calm", "curious")[number % 2]})
        goal = POSSIBLE.model_copy(update={"id": f"g{number}", "persona": persona})
        for trial in range(trials):
            for system in systems:
                rounds = [turn(*rng.sample([*GREENS, "assam-gold"], 2)) for _ in range(rng.randint(1, 4))]
                taken = rng.choice(["", rounds[-1].system.items[0].id if rounds[-1].system else ""])
                yield dialogue(*rounds, accepts=taken, system=system, goal=goal, trial=trial)


def test_systems_come_in_the_order_in_which_they_were_met_and_are_read_once() -> None:
    found = measure_dialogues(many(10), index_of("teas"), seed=1)
    assert [m.system for m in found] == ["ours", "theirs"]
    assert found == measure_dialogues(list(many(10)), index_of("teas"), seed=1)
    alone = measure_dialogues((d for d in many(10) if d.system == "theirs"), index_of("teas"), seed=1)
    assert alone == found[1:]


def test_intervals_take_the_trials_of_a_goal_as_one() -> None:
    dialogues = [d for d in many(25) if d.system == "ours"]
    successes = [float(d.success) for d in dialogues]
    found = measured(*dialogues)
    expected = bootstrap_interval(successes, clusters=[d.goal.id for d in dialogues])
    assert found.metrics["success rate"] == expected
    by_goal: dict[str, int] = {}
    for d in dialogues:
        by_goal[d.goal.id] = by_goal.get(d.goal.id, 0) + d.success
    for k in (1, 2, 3):
        assert value(found, f"pass^{k}") == pytest.approx(np.mean([pass_all(c, 3, k) for c in by_goal.values()]))


def test_every_metric_lies_within_its_interval_and_has_a_definition() -> None:
    curves = measure_success_by_turn(many(12))
    rankings = measure_rankings([ranking(n) for n in range(9)])
    told = dialogue(turn("i0", "i9", first_token_seconds=0.1, nothing_fits=True), system="s")
    liked = Goal(id="g", persona=PERSONA, taste={"i0": 1.0}, targets=("i0", "i4"))
    honest = dialogue(turn(nothing_fits=True), goal=IMPOSSIBLE)
    popular = measure_dialogues([told, dialogue(turn("i0"), goal=liked), honest], famous())
    met = set[str]()
    for metrics in (*measure_dialogues(many(12), index_of("teas")), *popular, *rankings, *curves):
        for name, estimate in metrics.metrics.items():
            met.add(family(name))
            assert estimate.low <= estimate.value <= estimate.high, name
            assert estimate.n > 0
            if definition_of(name).share:
                assert estimate.low >= 0, name
                assert estimate.high <= 1 + 1e-9, name
    assert met == {name for name in DEFINITIONS if not name.startswith("judged")}


def test_definitions_are_found_whatever_the_depth() -> None:
    assert definition_of("pass^12") is DEFINITIONS["pass^k"]
    assert definition_of("hit@10 of shown") is DEFINITIONS["hit@k of shown"]
    assert definition_of("success rate by turn 14") is DEFINITIONS["success rate by turn t"]
    assert definition_of("seconds p95") is DEFINITIONS["seconds p95"]
    with pytest.raises(KeyError):
        definition_of("happiness")
    for name, definition in DEFINITIONS.items():
        assert definition.meaning.endswith("."), name
        assert "\n" not in definition.meaning


def test_metrics_come_in_the_order_of_their_definitions() -> None:
    names = [family(name) for name in measure_dialogues(many(5), index_of("teas"))[0].metrics]
    places = [list(DEFINITIONS).index(name) for name in names]
    assert places == sorted(places)


def test_success_by_turn_ends_at_the_success_rate() -> None:
    dialogues = list(many(20))
    curves = measure_success_by_turn(dialogues)
    whole = measure_dialogues(dialogues, index_of("teas"))
    for curve, metrics in zip(curves, whole, strict=True):
        points = [e.value for e in curve.metrics.values()]
        assert list(curve.metrics) == [f"success rate by turn {t}" for t in range(1, 5)]
        assert points == sorted(points)
        assert points[-1] == value(metrics, "success rate, possible goals")
    assert measure_success_by_turn([dialogue(turn(), goal=IMPOSSIBLE)])[0].metrics == {}


def test_success_is_told_per_persona_and_per_source() -> None:
    dialogues = [
        *many(9, systems=("ours",)),
        dialogue(turn(says=[RED], nothing_fits=True), goal=IMPOSSIBLE, system="ours"),
    ]
    found = {g.group: g.success for g in measure_by(dialogues, lambda d: d.goal.persona.name)}
    assert list(found) == ["calm", "curious", "hasty"]
    calm = [d for d in dialogues if d.goal.persona.name == "calm"]
    assert found["calm"].value == pytest.approx(sum(d.success for d in calm) / len(calm))
    assert found["calm"].n == len(calm)
    by_source = measure_by(dialogues, lambda d: d.goal.source)
    assert [(g.system, g.group, g.success.n) for g in by_source] == [("ours", "catalogue", 27), ("ours", "history", 1)]


def ranking(number: int, **fields: object) -> Ranking:
    """A ranking of 50 items by chance, its target somewhere in 100."""
    rng = random.Random(number)
    told = {"case": f"c{number}", "dialogue": f"d{number // 3}", "system": "s", "seconds": 0.1 * number}
    ranked = tuple(f"i{n}" for n in rng.sample(range(100), 50))
    return Ranking.model_validate({"ranked": ranked, "targets": (f"i{rng.randrange(100)}", "i7"), **told, **fields})


def test_rankings_are_measured_over_cases_and_resampled_over_dialogues() -> None:
    rankings = [ranking(n) for n in range(60)]
    (found,) = measure_rankings(rankings, seed=2)
    recalls = [recall_at(r.ranked, r.targets, 10) for r in rankings]
    expected = bootstrap_interval(recalls, seed=2, clusters=[r.dialogue for r in rankings])
    assert found.metrics["Recall@10"] == expected
    assert found.metrics["Recall@10"].n == 60
    assert set(found.metrics) == {
        *(f"{name}@{k}" for name in ("Recall", "Hit") for k in (1, 5, 10, 50)),
        *("MRR", "NDCG@5", "NDCG@10", "seconds p50", "seconds p95"),
    }
    assert value(found, "Hit@50") >= value(found, "Recall@50")
    assert found.counts == {"cases": 60, "excluded faults": 0, "without targets": 0, "dialogues": 20}


def test_rankings_with_a_fault_or_without_a_target_are_counted_apart() -> None:
    good = [ranking(n) for n in range(6)]
    (found,) = measure_rankings([*good, ranking(7, fault="no answer", ranked=()), ranking(8, targets=())])
    assert found.metrics == measure_rankings(good)[0].metrics
    assert (found.counts["cases"], found.counts["excluded faults"], found.counts["without targets"]) == (8, 1, 1)
    (lost,) = measure_rankings([ranking(1, fault="no answer", ranked=())])
    assert lost.metrics == {}


def test_systems_that_rank_are_measured_apart() -> None:
    found = measure_rankings([ranking(1, system="b"), ranking(1, system="a"), ranking(2, system="b")])
    assert [(m.system, m.counts["cases"]) for m in found] == [("b", 2), ("a", 1)]


def test_nothing_measured_is_nothing_found() -> None:
    assert measure_dialogues([], index_of("teas")) == []
    assert measure_rankings([]) == []
    assert measure_by([], lambda d: d.ending) == []
