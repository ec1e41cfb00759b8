"""Multi-round asking about values."""

import random
from functools import cache

import numpy as np
import pytest
from convrec.agents.clarify import questions
from convrec.agents.state import Wish
from convrec.simulator.offline.askers import (
    Asker,
    ClarifyingAsker,
    EntropyAsker,
    Greedy,
    Probe,
    RandomAsker,
    Session,
    Values,
    askers,
)
from convrec.simulator.offline.attributes import Asked, ask_attributes, catalogue_cases
from convrec.simulator.offline.evaluating import Done
from convrec.simulator.offline.nouns import Case
from convrec.tools.errors import CallError, InputError
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from offline_stage import case, tea_index
from talk_stage import TEA_ITEMS, small_index

SHAPES, SHADES = ("round", "square", "flat"), ("red", "blue", "green", "white")
SCHEMA = Schema(
    attributes=(
        Attribute(name="shape", kind="category"),
        Attribute(name="shade", kind="category", many=True),
        Attribute(name="maker", kind="category", person=True),
        Attribute(name="size", kind="number"),
    )
)
THINGS = [
    Item(
        id=f"{n}", title=f"Thing {n}",
        attributes={"shape": (SHAPES[n % 3],), "shade": (SHADES[n % 4],), "maker": (f"M{n % 5}",), "size": float(n)},
    )
    for n in range(60)
]  # fmt: skip


def things() -> Index:
    return small_index("things", SCHEMA, THINGS)


@cache
def many() -> Index:
    """1,200 things; an opening leaves a third of them, 40 lists of ten, and few answers tell the rest."""
    items = [
        Item(id=str(n), title=f"T{n}", attributes={"shape": (SHAPES[n % 3],), "shade": (f"s{n % 20}",), "cut": (f"c{n % 7}",)})
        for n in range(1200)
    ]  # fmt: skip
    return small_index(
        "many", Schema(attributes=tuple(Attribute(name=n, kind="category") for n in items[0].attributes)), items
    )


async def sessions(cases: list[Case], index: Index, systems: list[Asker], **options: object) -> list[Asked]:
    return [a async for a in ask_attributes(cases, index, systems, **options)]  # type: ignore[arg-type]


def fresh(index: Index) -> Session:
    values, count = Values(index), len(index.catalogue)
    return Session(
        index, values, -np.arange(count, dtype=float), np.ones(count, dtype=bool), random.Random(0),
        rank=np.arange(1, count + 1),
    )  # fmt: skip


def test_only_values_of_categories_without_people_are_asked_about() -> None:
    values = Values(things())
    assert values.attributes == ["shape", "shade"]
    assert {p.value for p in values.probes} == {*SHAPES, *SHADES}
    assert set(values.of_row(5)) == {Probe("shape", "flat"), Probe("shade", "blue")}


def test_values_are_counted_among_the_candidates() -> None:
    values = Values(things())
    mask = np.zeros(60, dtype=bool)
    mask[:6] = True
    counts = dict(zip(values.probes, values.counts(mask).tolist(), strict=True))
    assert counts[Probe("shape", "round")] == 2
    assert counts[Probe("shade", "white")] == 1


def test_answers_leave_only_what_they_allow() -> None:
    session = fresh(things())
    session.hear(Probe("shape", "round"), holds=True)
    session.hear(Probe("shade", "red"), holds=False)
    assert session.rows.tolist() == [n for n in range(60) if n % 3 == 0 and n % 4]
    assert session.best() == session.rows.tolist()[:10]


def test_greedy_never_asks_and_finds_by_rank_alone() -> None:
    assert Greedy().choose(fresh(things())) is None


def test_max_entropy_parts_the_candidates_most_evenly() -> None:
    session = fresh(things())
    probe = EntropyAsker().choose(session)
    assert probe is not None
    assert probe.attribute == "shape"


def test_random_asking_asks_only_what_some_candidates_have_and_others_lack() -> None:
    for seed in range(20):
        session = fresh(things())
        session.hear(Probe("shape", "flat"), holds=True)
        session.rng = random.Random(seed)
        probe = RandomAsker().choose(session)
        assert probe is None or probe.attribute == "shade"


def test_ours_asks_the_clarifying_agents_attribute_and_stops_when_ten_are_left() -> None:
    session = fresh(many())
    assert ClarifyingAsker().choose(session) is None, "the first list has a fair chance"
    session.rank += 200  # as after twenty lists that were turned down
    probe = ClarifyingAsker().choose(session)
    assert probe is not None
    assert probe.attribute == questions(Wish(), session.index, session.rows)[0].attribute
    session.candidates[10:] = False
    assert ClarifyingAsker().choose(session) is None


def test_ours_does_not_ask_in_the_last_turn_nor_what_tells_nothing() -> None:
    session = fresh(many())
    session.rank += 200
    session.turn = 15
    assert ClarifyingAsker().choose(session) is None
    session = fresh(tea_index())
    session.hear(Probe("kind", "black"), holds=True)
    probe = ClarifyingAsker().choose(session)
    assert probe is None or probe.attribute != "kind"


async def test_every_session_ends_within_fifteen_turns_and_the_right_item_is_found() -> None:
    cases = catalogue_cases(THINGS, 30)
    found = await sessions(cases, things(), askers())
    assert len(found) == 120
    for one in found:
        assert 1 <= one.turns <= 15
        assert one.success == (1 <= one.place <= 10)
        assert one.success
        assert one.questions < one.turns
    assert not any(a.questions for a in found if a.system == "greedy")


async def test_asking_saves_turns_where_lists_of_ten_are_slow() -> None:
    found = await sessions(catalogue_cases(many().catalogue.items, 12), many(), askers())
    turns = {name: sum(a.turns for a in found if a.system == name) for name in {a.system for a in found}}
    assert turns["convrec"] < turns["greedy"]


async def test_runs_agree_and_the_opening_is_the_same_for_every_system() -> None:
    first = await sessions(catalogue_cases(THINGS, 8), things(), askers(), seed=3)
    again = await sessions(catalogue_cases(THINGS, 8), things(), askers(), seed=3)
    assert [a.model_copy(update={"seconds": 0.0}) for a in first] == [
        a.model_copy(update={"seconds": 0.0}) for a in again
    ]


async def test_a_failing_system_is_a_fault_and_not_a_failure() -> None:
    class Broken:
        name = "broken"

        def choose(self, session: Session) -> Probe | None:
            raise CallError("No answer.")

    [found] = await sessions([case()], tea_index(), [Broken()])
    assert found.fault == "CallError: No answer."


async def test_what_is_done_is_left_out_and_items_without_a_value_too() -> None:
    cases = [case(1), case(2), case(3, targets=("nowhere",))]
    done = {Done(system="greedy", case="c1")}
    assert [a.case for a in await sessions(cases, tea_index(), [Greedy()], done=done)] == ["c2"]


async def test_a_catalogue_without_values_is_refused() -> None:
    bare = small_index("bare", Schema(), [Item(id=str(n), title=f"T{n}") for n in range(5)])
    with pytest.raises(InputError, match="questions"):
        await sessions(catalogue_cases(bare.catalogue.items, 2), bare, askers())


async def test_two_systems_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="same name"):
        await sessions([case()], tea_index(), [Greedy(), Greedy()])


def test_cases_of_a_catalogue_hold_each_item_at_most_once() -> None:
    cases = catalogue_cases(TEA_ITEMS, 99)
    assert sorted(c.targets[0] for c in cases) == sorted(i.id for i in TEA_ITEMS)
