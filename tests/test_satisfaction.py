import os
from dataclasses import astuple, fields
from pathlib import Path

import pytest
from convrec.simulator.agreement import auc
from convrec.simulator.nouns import Dialogue, Goal, Persona, Round, Shown, SystemTurn, UserTurn, Utterance
from convrec.simulator.offline.crsarena import read_rated_dialogues
from convrec.simulator.satisfaction import (
    GOOD,
    TRUST,
    WEIGHTS,
    Signs,
    satisfaction,
    satisfaction_of,
    score,
    signs,
    utterances_of,
)

DATA = Path(os.environ.get("CONVREC_DATA") or Path(__file__).parent.parent.parent / "shared" / "data")
ARENA = DATA / "crsarena_dial" / "crs_arena_dial_open.json"


def talk(*texts: str) -> list[Utterance]:
    """A dialogue that the seeker begins."""
    return [Utterance(speaker="recommender" if n % 2 else "seeker", text=text) for n, text in enumerate(texts)]


PLEASED = talk(
    "hi, I need a lamp with warm light",
    "These have a warm light, and the first can be dimmed as well:\n- Aurora\n- Page\n- Ember",
    "nice, anything in brass?",
    "Two warm ones are made of brass, and both stand well on a desk:\n- Hearth\n- Bellows",
    "I'll take Hearth, thank you!",
)
FED_UP = talk(
    "a warm lamp", "is a lamp by by the the maker.", "what? I said WARM", "is a lamp by by the the maker.", "useless!!"
)


# Signs


@pytest.mark.parametrize(
    ("texts", "sign", "value"),
    [
        (("a lamp", "1: Aurora\n2: Page\n3. Ember"), "offers", 3 / 12),
        (("a lamp", "- Aurora\n* Aurora"), "offers", 1 / 12),
        (("a lamp", "- Aurora\n- Aurora"), "same_offers", 0.5),
        (("a lamp", "\n".join(f"{n}. Lamp {n}" for n in range(1, 30))), "offers", 1.0),
        (("a lamp", "What kind?", "any", "- Aurora"), "offering", 0.5),
        (("a lamp", "one two three four"), "length", 0.1),
        (("a lamp", "word " * 400), "length", 1.0),
        (("warm brass lamps", "A lamp of brass."), "taken_up", 2 / 3),
        (("thanks", "hm"), "thanks", 0.0),
        (("a lamp", "Aurora.", "Thanks a lot"), "thanks", 1.0),
        (("a lamp", "Aurora.", "thanks, another", "Page.", "no"), "thanks", 0.0),
        (("a lamp", "Aurora.", "I’ll definitely take it"), "takes", 1.0),
        (("a lamp", "Aurora.", "sounds good"), "takes", 1.0),
        (("a lamp", "Aurora.", "I will not"), "takes", 0.0),
        (("a lamp", "It is is a lamp.", "and", "A lamp."), "stutters", 0.5),
        (("a lamp", "is a lamp."), "fragments", 1.0),
        (("a lamp", "A fine lamp.", "no", "a fine lamp"), "same_replies", 0.5),
        (("a warm lamp", "?", "a warm lamp please", "?"), "asks_again", 0.5),
        (("that is wrong", "?", "that is wrong", "?", "ok"), "complaints", 0.5),
        (("a lamp", "?", "what??"), "shouts", 1.0),
        (("a LED lamp", "?"), "shouts", 0.0),
    ],
)
def test_a_sign_is_what_can_be_counted(texts: tuple[str, ...], sign: str, value: float) -> None:
    assert getattr(signs(talk(*texts)), sign) == pytest.approx(value)


def test_all_signs_lie_between_none_and_one() -> None:
    for one in (PLEASED, FED_UP, talk(), talk("?"), talk("", ""), talk("a", "b" * 10_000, "!?" * 500, "- x\n" * 500)):
        assert all(0 <= value <= 1 for value in astuple(signs(one)))


def test_nothing_said_has_no_signs() -> None:
    assert signs([]) == Signs()
    assert 0 < satisfaction([]) < 0.2


def test_items_that_are_named_stand_for_what_is_offered() -> None:
    said = [*talk("a lamp"), Utterance(speaker="recommender", text="- not an offer", items=("a", "b"))]
    assert signs(said).offers == pytest.approx(2 / 12)


def test_messages_in_a_row_are_one() -> None:
    apart = [*talk("a lamp"), Utterance(speaker="seeker", text="a lamp"), *talk("", "Aurora.")[1:]]
    assert signs(apart).asks_again == 0


# The estimate


def test_somebody_pleased_is_told_from_somebody_fed_up() -> None:
    assert satisfaction(PLEASED) > 0.5
    assert satisfaction(FED_UP) < 0.05


def test_each_weight_points_where_its_sign_does() -> None:
    assert set(GOOD) < {f.name for f in fields(Signs)}
    for field in fields(Signs):
        weight = getattr(WEIGHTS, field.name)
        assert weight >= 0 if field.name in GOOD else weight <= 0


def test_each_sign_moves_the_estimate_by_its_weight() -> None:
    for field in fields(Signs):
        moved = score(Signs(**{field.name: 1.0})) - score(Signs())
        assert moved == pytest.approx(getattr(WEIGHTS, field.name))


def test_the_same_reply_again_and_again_is_worse_than_new_ones() -> None:
    new = talk("a lamp", "Take Aurora.", "more", "There is Page.", "more", "Ember may do.")
    same = talk("a lamp", "Take Aurora.", "more", "Take Aurora.", "more", "Take Aurora.")
    assert satisfaction(same) < satisfaction(new)


# Simulated dialogues


def held(*rounds: Round, goal: str = "g") -> Dialogue:
    return Dialogue(system="s", goal=Goal(id=goal, persona=Persona(name="x")), rounds=rounds, ending="gave up")


def round_of(text: str, reply: str | None, *items: str) -> Round:
    shown = tuple(Shown(id=i, title=i.title()) for i in items)
    return Round(
        user=UserTurn(text=text, act="inform"), system=None if reply is None else SystemTurn(reply=reply, items=shown)
    )


def test_a_simulated_dialogue_is_read_by_what_was_said_and_shown() -> None:
    dialogue = held(round_of("a lamp", "Two lamps.", "aurora", "page"), round_of("thanks", None))
    assert utterances_of(dialogue) == [
        Utterance(speaker="seeker", text="a lamp"),
        Utterance(speaker="recommender", text="Two lamps.", items=("aurora", "page")),
        Utterance(speaker="seeker", text="thanks"),
    ]
    assert satisfaction_of(dialogue) == satisfaction(utterances_of(dialogue))


def test_what_a_user_wants_in_secret_changes_no_estimate() -> None:
    rounds = (round_of("a lamp", "Two lamps.", "aurora"),)
    good = Goal(id="h", persona=Persona(name="y", patience=1), taste={"aurora": 1.0}, targets=("aurora",))
    other = held(*rounds).model_copy(update={"goal": good, "ending": "accepted"})
    assert satisfaction_of(other) == satisfaction_of(held(*rounds))


# Real people


@pytest.mark.skipif(not ARENA.is_file(), reason="CRSArena-Dial is not in the data folder")
def test_people_who_left_satisfied_are_told_from_the_frustrated() -> None:
    rated = read_rated_dialogues(ARENA)
    area = auc([satisfaction(d.talk) for d in rated], [d.satisfied for d in rated])
    assert len(rated) == TRUST.dialogues
    assert area is not None
    assert area > 0.84


@pytest.mark.skipif(not ARENA.is_file(), reason="CRSArena-Dial is not in the data folder")
def test_they_are_told_apart_by_weights_that_have_not_seen_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
    from bench_satisfaction import folds_of, held_out, read, within

    rated = read(ARENA)
    people = auc(held_out(rated, folds_of(rated.people, 0)), rated.satisfied)
    systems = held_out(rated, rated.systems)
    area = auc(systems, rated.satisfied)
    assert people is not None
    assert area is not None
    assert people > 0.79
    assert area > 0.80
    assert within(systems, rated) > 0.66


@pytest.mark.skipif(not ARENA.is_file(), reason="CRSArena-Dial is not in the data folder")
def test_nobody_is_learnt_from_and_estimated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
    from bench_satisfaction import FOLDS, folds_of, read

    rated = read(ARENA)
    folds = folds_of(rated.people, 1)
    of_person = {p: {int(f) for f in folds[rated.people == p]} for p in set(rated.people.tolist())}
    assert all(len(found) == 1 for found in of_person.values())
    assert {f for found in of_person.values() for f in found} == set(range(FOLDS))
