"""Rankers run over cases."""

import pytest
from convrec.simulator.nouns import Utterance
from convrec.simulator.offline.evaluating import LISTED, Done, done_of, drawn, rank_cases, rank_dataset
from convrec.simulator.offline.indexing import Shelf
from convrec.simulator.offline.nouns import Case, Ranking
from convrec.simulator.systems import Ranker
from convrec.tools.errors import InputError
from fakes import HashEncoder
from offline_stage import TWO_FOLDS, ListRanker, case, dataset
from talk_stage import TEA_ITEMS

IDS = [item.id for item in TEA_ITEMS]


async def ranked(cases: list[Case], *rankers: Ranker, size: int = len(IDS), **options: object) -> list[Ranking]:
    return [r async for r in rank_cases(cases, rankers, size=size, **options)]  # type: ignore[arg-type]


async def test_every_ranker_answers_every_case_and_is_opened_and_closed_once() -> None:
    one, two = ListRanker(IDS, "one"), ListRanker(IDS[::-1], "two")
    talk = (Utterance(speaker="seeker", text="Green, please"),)
    found = await ranked([case(1, talk=talk), case(2)], one, two)
    assert [(r.case, r.system) for r in found] == [("c1", "one"), ("c1", "two"), ("c2", "one"), ("c2", "two")]
    assert found[1].ranked == tuple(IDS[::-1])
    assert found[0].targets == ("sencha",)
    assert (one.opened, one.closed) == (1, 1)
    assert one.heard == [talk, ()]
    assert not any(r.fault for r in found)


async def test_what_the_dialogue_named_is_never_ranked() -> None:
    ranker = ListRanker([*IDS, IDS[4]])
    [found] = await ranked([case(named=tuple(IDS[:3]))], ranker)
    assert found.ranked == tuple(IDS[3:])
    many = ListRanker([str(n) for n in range(200)])
    [found] = await ranked([case(named=("0", "5"))], many, size=200)
    assert many.asked == [LISTED + 2]
    assert found.ranked == tuple(str(n) for n in range(52) if n not in (0, 5))


async def test_candidates_are_cut_out_of_the_whole_order() -> None:
    ranker = ListRanker(IDS)
    [found] = await ranked([case(candidates=(IDS[9], IDS[2], IDS[5]), named=(IDS[5],))], ranker)
    assert found.ranked == (IDS[2], IDS[9])
    assert ranker.asked == [len(IDS)]


async def test_a_ranker_of_candidates_is_given_them() -> None:
    class Sorter(ListRanker):
        async def rank_candidates(self, candidates: tuple[str, ...], talk: object, *, user: str = "") -> list[str]:
            return sorted(candidates)

    ranker = Sorter([])
    [found] = await ranked([case(candidates=("b", "c", "a"))], ranker)
    assert found.ranked == ("a", "b", "c")
    assert ranker.asked == []


async def test_a_fault_is_counted_and_the_rest_goes_on() -> None:
    cases = [case(1, user="ann"), case(2, user="bo")]
    first, second = await ranked(cases, ListRanker(IDS, fails_for="ann"))
    assert first.fault == "CallError: The model did not answer."
    assert first.ranked == ()
    assert second.ranked
    assert not second.fault


async def test_an_error_that_nobody_planned_ends_the_run_and_closes_the_rankers() -> None:
    class Broken(ListRanker):
        async def rank(self, talk: object, k: int, *, user: str = "") -> list[str]:
            raise ZeroDivisionError

    ranker = Broken([])
    with pytest.raises(ZeroDivisionError):
        await ranked([case()], ranker)
    assert ranker.closed == 1


async def test_what_is_done_is_left_out_and_faults_are_tried_again() -> None:
    cases = [case(1, user="ann"), case(2)]
    before = await ranked(cases, ListRanker(IDS, fails_for="ann"))
    done = done_of(before)
    assert done == {Done(system="list", case="c2")}
    assert done_of(before, faults=True) == {Done(system="list", case=c) for c in ("c1", "c2")}
    told: list[int] = []
    again = await ranked(cases, ListRanker(IDS), done=done, on_progress=lambda r, n, total: told.append(total))
    assert [(r.case, r.fault) for r in again] == [("c1", "")]
    assert told == [1]


async def test_two_systems_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="same name"):
        await ranked([case()], ListRanker(IDS), ListRanker(IDS))


async def test_a_data_set_is_ranked_fold_by_fold_each_with_its_index() -> None:
    seen: list[int] = []

    def make(index: object) -> list[ListRanker]:
        seen.append(id(index))
        return [ListRanker(IDS)]

    told: list[str] = []
    found = [
        r
        async for r in rank_dataset(
            Shelf(TWO_FOLDS, HashEncoder()), make, on_progress=lambda r, n, total: told.append(f"{n}/{total}")
        )
    ]
    assert [r.case for r in found] == ["c1", "c2"]
    assert len(set(seen)) == 2
    assert told == ["1/2", "2/2"]
    again = [r async for r in rank_dataset(Shelf(TWO_FOLDS, HashEncoder()), make, done=done_of(found))]
    assert again == []


async def test_a_limit_draws_the_same_cases_in_every_run() -> None:
    cases = [case(n) for n in range(30)]
    some = drawn(cases, 10, seed=3)
    assert some == drawn(cases, 10, seed=3) != drawn(cases, 10, seed=4)
    assert [c.id for c in some] == sorted((c.id for c in some), key=lambda i: int(i[1:]))
    assert drawn(cases, 0) == drawn(cases, 99) == cases
    shelf = Shelf(dataset(cases), HashEncoder())
    found = [r async for r in rank_dataset(shelf, lambda _: [ListRanker(IDS)], limit=10, seed=3)]
    assert [r.case for r in found] == [c.id for c in some]
