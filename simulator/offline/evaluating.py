"""Runs rankers over cases: each answer with its time, faults counted and not hidden, what is done already left out.

A system is asked for as many items as will be left when those that the dialogue has named are gone. Where a case has
candidates, the ranker puts these in order if it can (`CandidateRanker`), or else its order of the whole catalogue is
cut down to them. Nothing but the case's talk, user and candidates reaches the ranker; targets never do.
"""

import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Protocol, runtime_checkable

from ...agents.state import Noun
from ...tools.errors import ConvrecError, InputError
from ...tools.index import Index
from ..nouns import Utterance
from ..systems import Ranker
from .indexing import Shelf
from .nouns import Case, Ranking

LISTED = 50
"""How many ids a ranking keeps."""

Progress = Callable[[Ranking, int, int], None]
"""Called after each ranking with it, how many are done and how many there are."""


@runtime_checkable
class CandidateRanker(Protocol):
    """A ranker that can put given candidates in order, without ranking all the rest."""

    async def rank_candidates(
        self, candidates: Sequence[str], talk: Sequence[Utterance], *, user: str = ""
    ) -> list[str]:
        """The candidates, best first.

        Args:
            candidates: ids.
            talk: the dialogue so far, oldest first.
            user: whose history counts, where there is one.
        """
        ...


class Done(Noun):
    """A ranking that exists already: its system and case."""

    system: str
    case: str


def done_of(rankings: Collection[Ranking], *, faults: bool = False) -> frozenset[Done]:
    """What need not be ranked again; rankings that failed are tried again unless `faults`."""
    return frozenset(Done(system=r.system, case=r.case) for r in rankings if faults or not r.fault)


async def rank_cases(
    cases: Sequence[Case],
    rankers: Sequence[Ranker],
    *,
    size: int,
    done: Collection[Done] = frozenset(),
    on_progress: Progress | None = None,
) -> AsyncIterator[Ranking]:
    """Every ranker's answer to every case, case by case; a ConvrecError is a fault of that ranking alone.

    Args:
        cases: what to rank.
        rankers: systems with different names, over the cases' catalogue.
        size: how many items the catalogue has.
        done: rankings that exist already; they are left out.
        on_progress: told of each ranking.

    Raises:
        InputError: two rankers have one name.
        ConvrecError: a ranker could not be opened.
    """
    if len({r.name for r in rankers}) < len(rankers):
        raise InputError("Two systems have the same name.", "Give each system a name of its own.")
    for ranker in rankers:
        await ranker.open()
    try:
        left = [(c, r) for c in cases for r in rankers if Done(system=r.name, case=c.id) not in done]
        for number, (case, ranker) in enumerate(left, 1):
            ranking = await _rank(case, ranker, size)
            if on_progress is not None:
                on_progress(ranking, number, len(left))
            yield ranking
    finally:
        for ranker in rankers:
            await ranker.aclose()


async def rank_dataset(
    shelf: Shelf,
    make: Callable[[Index], Sequence[Ranker]],
    *,
    limit: int = 0,
    seed: int = 0,
    done: Collection[Done] = frozenset(),
    on_progress: Progress | None = None,
) -> AsyncIterator[Ranking]:
    """`rank_cases` for every fold of a data set, each with rankers over the fold's own index.

    Args:
        shelf: the data set with its encoded items.
        make: makes the rankers from a fold's index.
        limit: how many cases are drawn of all folds together; 0 takes all.
        seed: what they are drawn with.
        done, on_progress: as `rank_cases`; progress is counted over all folds.

    Raises:
        InputError: two rankers have one name.
        ConvrecError: a ranker could not be opened.
    """
    chosen = drawn([case for fold in shelf.dataset.folds for case in fold.cases], limit, seed)
    ids, counted = {case.id for case in chosen}, 0
    for fold in shelf.dataset.folds:
        cases = [case for case in fold.cases if case.id in ids]
        if not cases:
            continue
        index = shelf.index(fold.interactions)
        rankers = make(index)
        counted += sum(Done(system=r.name, case=c.id) in done for c in cases for r in rankers)
        async for ranking in rank_cases(cases, rankers, size=len(index.catalogue), done=done):
            counted += 1
            if on_progress is not None:
                on_progress(ranking, counted, len(chosen) * len(rankers))
            yield ranking


def drawn(cases: Sequence[Case], limit: int, seed: int = 0) -> list[Case]:
    """So many cases by chance, in their order; all of them where the limit is 0."""
    if not 0 < limit < len(cases):
        return list(cases)
    return [cases[place] for place in sorted(random.Random(seed).sample(range(len(cases)), limit))]


async def _rank(case: Case, ranker: Ranker, size: int) -> Ranking:
    begun = time.perf_counter()
    ranked: tuple[str, ...] = ()
    fault = ""
    try:
        ranked = await _order(case, ranker, size)
    except ConvrecError as error:
        fault = f"{type(error).__name__}: {error}"
    return Ranking(
        case=case.id, dialogue=case.dialogue, system=ranker.name, targets=case.targets, ranked=ranked,
        seconds=time.perf_counter() - begun, fault=fault,
    )  # fmt: skip


async def _order(case: Case, ranker: Ranker, size: int) -> tuple[str, ...]:
    named = frozenset(case.named)
    if not case.candidates:
        found = await ranker.rank(case.talk, min(LISTED + len(named), size), user=case.user)
    elif isinstance(ranker, CandidateRanker):
        found = await ranker.rank_candidates(case.candidates, case.talk, user=case.user)
    else:
        found = await ranker.rank(case.talk, size, user=case.user)
    wanted = frozenset(case.candidates)
    kept = [i for i in dict.fromkeys(found) if i not in named and (not wanted or i in wanted)]
    return tuple(kept[:LISTED])
