"""Multi-round asking: a user holds one item and answers yes or no; a system asks about values or recommends ten, in turn.

The protocol is that of EAR and SCPR (Lei et al., WSDM 2020 and KDD 2020), with UNICORN's measures (Deng et al., SIGIR
2021, section 5.1): the user opens with a value of the item that they hold; each turn the system asks whether one value
of one attribute holds, which the user answers from the catalogue, or recommends ten items, which end the session if the
item is among them and are turned down if not. SR@t is the share of sessions that have succeeded within t turns, a
failure counts 15 turns, and hDCG@(15,10) rewards early turns and high places (simulator/metrics/ranking.py).

It differs in this: values are the catalogue's own labels, of every attribute that is a category and is not of people;
nothing is trained, so there are no training sessions; and the item is held out of the history that the ranking of
candidates learns from, by the data set and not by us. All systems put candidates in the same order, that of the user's
taste, so that they differ in what is asked and when; published figures come from other rankings and are not comparable.
"""

import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence

import numpy as np

from ...agents.state import Noun
from ...tools.errors import ConvrecError, InputError
from ...tools.index import Index
from ...tools.items import Item
from .askers import LISTED, TURNS, Asker, Probe, Session, Values, askers
from .evaluating import Done
from .nouns import Case
from .rankers import by_taste, history_of

__all__ = ["LISTED", "TURNS", "Asked", "Asker", "ask_attributes", "askers", "catalogue_cases"]


class Asked(Noun):
    """How one session went.

    Attributes:
        case, dialogue, system: whose session with which system it was.
        turns: the turn of the success, from 1; 15 for a failure.
        place: the item's place in the list that held it, from 1; 0 for a failure.
        questions: how many turns asked.
        seconds: the system's time for the whole session.
        fault: why there is no outcome, if there is none; such a session is counted apart.
    """

    case: str
    dialogue: str
    system: str
    turns: int = TURNS
    place: int = 0
    questions: int = 0
    seconds: float = 0.0
    fault: str = ""

    @property
    def success(self) -> bool:
        """Whether the item was found."""
        return self.place > 0


Progress = Callable[[Asked, int, int], None]
"""Called after each session with it, how many are done and how many there are."""


async def ask_attributes(
    cases: Sequence[Case],
    index: Index,
    systems: Sequence[Asker],
    *,
    seed: int = 0,
    done: Collection[Done] = frozenset(),
    on_progress: Progress | None = None,
) -> AsyncIterator[Asked]:
    """Every system's session about every case, case by case; a ConvrecError is a fault of that session alone.

    The opening value and the order of candidates are the same for every system.

    Args:
        cases: whose first target is the item that the user holds; of an item without a value nothing can be said, and
            the session is left out.
        index: the catalogue, with the users' histories if there are any.
        systems: who asks, with different names.
        seed: what chance begins with.
        done: sessions that were held already.
        on_progress: told of each session.

    Raises:
        InputError: nothing can be asked about in this catalogue, or two systems have one name.
    """
    if len({s.name for s in systems}) < len(systems):
        raise InputError("Two systems have the same name.", "Give each system a name of its own.")
    values = Values(index)
    left = [(c, s) for c in cases for s in systems if Done(system=s.name, case=c.id) not in done]
    opening = _Opening(index, values, seed)
    for number, (case, system) in enumerate(left, 1):
        if not opening.can_hold(case):
            continue
        session = opening.session(case, system.name)
        asked = _converse(case, system, session)
        if on_progress is not None:
            on_progress(asked, number, len(left))
        yield asked


class _Opening:
    """Begins sessions; what is alike for all systems is made once per case."""

    def __init__(self, index: Index, values: Values, seed: int) -> None:
        self._index = index
        self._values = values
        self._seed = seed
        self._case = ""
        self._scores = np.zeros(0)
        self._told: list[Probe] = []

    def can_hold(self, case: Case) -> bool:
        """Whether the case's item is in the catalogue and has a value to open with."""
        self._take_up(case)
        return bool(self._told)

    def session(self, case: Case, system: str) -> Session:
        """A session after the user's opening."""
        self._take_up(case)
        candidates = np.ones(len(self._index.catalogue), dtype=bool)
        row_of = self._index.catalogue.row_of
        candidates[[row_of[i] for i in case.named if i in row_of and i not in case.targets]] = False
        rng = random.Random(f"{self._seed}|{case.id}|{system}")
        session = Session(self._index, self._values, self._scores, candidates, rng)
        first = random.Random(f"{self._seed}|{case.id}").choice(self._told)
        session.hear(first, holds=True)
        rows = session.rows
        session.rank = np.zeros(len(candidates))
        session.rank[rows[np.argsort(-self._scores[rows], kind="stable")]] = np.arange(1, len(rows) + 1)
        return session

    def _take_up(self, case: Case) -> None:
        if case.id == self._case:
            return
        row = self._index.catalogue.row_of.get(next(iter(case.targets), ""))
        self._case = case.id
        self._told = [] if row is None else self._values.of_row(row)
        self._scores = by_taste(self._index, case.user, history_of(self._index, case.user, case.talk))


def _converse(case: Case, system: Asker, session: Session) -> Asked:
    target = session.index.catalogue.row_of[case.targets[0]]
    holds = set(session.values.of_row(target))
    begun, asked, turns, place, fault = time.perf_counter(), 0, TURNS, 0, ""
    try:
        for turn in range(1, TURNS + 1):
            session.turn = turn
            probe = system.choose(session)
            if probe is not None:
                session.hear(probe, holds=probe in holds)
                asked += 1
                continue
            shown = session.best()
            if target in shown:
                turns, place = turn, shown.index(target) + 1
                break
            session.candidates[shown] = False
    except ConvrecError as error:
        fault = f"{type(error).__name__}: {error}"
    return Asked(
        case=case.id, dialogue=case.dialogue, system=system.name, turns=turns, place=place, questions=asked,
        seconds=time.perf_counter() - begun, fault=fault,
    )  # fmt: skip


def catalogue_cases(items: Sequence[Item], count: int, seed: int = 0) -> list[Case]:
    """Users without a history, each holding an item drawn by chance."""
    drawn = random.Random(seed).sample(range(len(items)), min(count, len(items)))
    return [Case(id=f"item {items[p].id}", dialogue=f"item {items[p].id}", targets=(items[p].id,)) for p in drawn]
