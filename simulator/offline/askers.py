"""Systems that ask about values or recommend, and what they know in a session of attribute asking.

All of them put candidates in the same order; they differ in what they ask and when.
"""

import random
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ...agents.clarify import questions
from ...agents.state import Wish
from ...tools.errors import InputError
from ...tools.index import Index
from ...tools.vectors import most

TURNS = 15
LISTED = 10
LEAST = 0.01
"""The share of the items that must carry a value for it to be said or asked about. The published sets, too, leave out what
is rare: with a keyword that three items have, nothing would be left to ask."""


@dataclass(frozen=True)
class Probe:
    """A yes-or-no question: does this value of this attribute hold?"""

    attribute: str
    value: str


class Values:
    """All that can be asked about in a catalogue: each value of each category, with the rows that carry it.

    Args:
        index: the catalogue; attributes whose values are people, and those that no card shows, are not asked about, nor
            are values that too few items carry (`LEAST`).

    Raises:
        InputError: the catalogue has no value that some items carry and others do not.
    """

    def __init__(self, index: Index) -> None:
        columns = index.catalogue.columns.categories
        self.attributes = [
            a.name for a in index.catalogue.schema.of_kind("category") if a.shown and not a.person and a.name in columns
        ]
        pairs = [
            (Probe(name, value), columns[name].rows(value))
            for name in self.attributes
            for value in columns[name].values
        ]
        least, most = max(2, LEAST * len(index.catalogue)), len(index.catalogue)
        kept = [(probe, rows) for probe, rows in pairs if least <= len(rows) < most]
        if not kept:
            raise InputError(
                f"The catalogue {index.catalogue.name!r} has no attribute that questions could be asked about.",
                "It takes an attribute of the kind category, whose values are not names of people.",
            )
        self.probes = [probe for probe, _ in kept]
        self.rows = [rows for _, rows in kept]
        self._place_of = {probe: place for place, probe in enumerate(self.probes)}
        self._flat = np.concatenate(self.rows)
        self._starts = np.cumsum([0, *(len(rows) for rows in self.rows[:-1])])
        self._of_row: dict[int, list[Probe]] = {}
        for probe, rows in kept:
            for row in rows.tolist():
                self._of_row.setdefault(row, []).append(probe)

    def counts(self, candidates: np.ndarray) -> np.ndarray:
        """How many candidates carry each value, shape (values,); candidates is a mask of shape (items,)."""
        return np.add.reduceat(candidates[self._flat].astype(np.int64), self._starts)

    def rows_of(self, probe: Probe) -> np.ndarray:
        """The rows that carry a value."""
        return self.rows[self._place_of[probe]]

    def knows(self, probe: Probe) -> bool:
        """Whether it can be asked about."""
        return probe in self._place_of

    def of_row(self, row: int) -> list[Probe]:
        """The values of one item."""
        return self._of_row.get(row, [])


@dataclass
class Session:
    """What a system knows in a session.

    Attributes:
        index: the catalogue.
        values: what can be asked.
        scores: how well each item suits the user's history, shape (items,).
        candidates: which items the answers allow and were not turned down, bool, shape (items,).
        rank: each candidate's rank by score after the opening, from 1, shape (items,).
        turn: the turn that is to come, from 1.
        asked: what was asked.
        rng: chance, for systems that use it.
    """

    index: Index
    values: Values
    scores: np.ndarray
    candidates: np.ndarray
    rng: random.Random
    rank: np.ndarray = field(default_factory=lambda: np.zeros(0))
    turn: int = 1
    asked: set[Probe] = field(default_factory=set)

    @property
    def rows(self) -> np.ndarray:
        """The candidates' rows."""
        return np.flatnonzero(self.candidates)

    def best(self) -> list[int]:
        """The ten candidates that suit best, best first."""
        rows = self.rows
        return rows[most(self.scores[rows], LISTED)].tolist()

    def hear(self, probe: Probe, *, holds: bool) -> None:
        """Take an answer in."""
        carries = np.zeros(len(self.candidates), dtype=bool)
        carries[self.values.rows_of(probe)] = True
        self.candidates &= carries if holds else ~carries
        self.asked.add(probe)


class Asker(Protocol):
    """A system that asks or recommends."""

    name: str

    def choose(self, session: Session) -> Probe | None:
        """What to ask now; None to recommend."""
        ...


class Greedy:
    """Absolute greedy: recommends in every turn (EAR's baseline)."""

    name = "greedy"

    def choose(self, session: Session) -> Probe | None:
        """Nothing."""
        del session
        return None


class RandomAsker:
    """Asks about a value by chance, of those that some candidates carry and others do not.

    It recommends as `EntropyAsker` does.
    """

    name = "random asking"

    def choose(self, session: Session) -> Probe | None:
        """A value by chance."""
        open_values = np.flatnonzero(_gains(session) > 0)
        if not len(open_values) or _recommends(session):
            return None
        return session.values.probes[int(open_values[session.rng.randrange(len(open_values))])]


class EntropyAsker:
    """Max entropy: asks about the value that parts the candidates most evenly (EAR's baseline).

    It recommends when ten candidates or fewer are left or the last turn has come, else with the chance 10 / candidates.
    """

    name = "max entropy"

    def choose(self, session: Session) -> Probe | None:
        """The value with the greatest entropy; ties by the catalogue's order."""
        gains = _gains(session)
        if not gains.max() > 0 or _recommends(session):
            return None
        return session.values.probes[int(np.argmax(gains))]


class ClarifyingAsker:
    """Ours: asks what the clarifying agent would ask, as long as that is expected to save turns.

    The agent (agents/clarify.py) names the attribute that tells most of the candidates, and its commonest values; the one
    of them that parts the candidates most evenly is asked about. Whether to ask is decided by the turns that are to be
    expected. The item held is taken to be a candidate with a chance of 1 / its rank after the opening (Zipf), so that
    what answers and refusals leave is likely by what it was; and every further question to tell as much as this one.
    Then m questions, and lists of ten after them, take m + place / (10 * 2^(m * bits)) turns, where place is that among
    the candidates left. It asks where the best m is not 0.
    """

    name = "convrec"

    def choose(self, session: Session) -> Probe | None:
        """The agent's question, or None where recommending now is expected to be quicker."""
        rows = session.rows
        if len(rows) <= LISTED or session.turn >= TURNS:
            return None
        columns = session.index.catalogue.schema.attributes
        others = tuple(a.name for a in columns if a.name not in session.values.attributes)
        for question in questions(Wish(asked=others), session.index, rows):
            probes = [Probe(question.attribute, option) for option in question.options]
            found = [(_bits(session, probe), probe) for probe in probes if session.values.knows(probe)]
            bits, probe = max(found, key=lambda f: f[0], default=(0.0, None))
            if probe is not None and bits > 0:
                return probe if _worth_asking(session.rank[rows], bits, TURNS - session.turn + 1) else None
        return None


def askers() -> list[Asker]:
    """Ours and the baselines."""
    return [ClarifyingAsker(), EntropyAsker(), Greedy(), RandomAsker()]


def _recommends(session: Session) -> bool:
    count = int(session.candidates.sum())
    return count <= LISTED or session.turn >= TURNS or session.rng.random() < LISTED / count


def _gains(session: Session) -> np.ndarray:
    """How many bits each value's answer tells of the candidates, shape (values,)."""
    shares = session.values.counts(session.candidates) / max(int(session.candidates.sum()), 1)
    return _entropy(shares)


def _bits(session: Session, probe: Probe) -> float:
    carry = int(session.candidates[session.values.rows_of(probe)].sum())
    return float(_entropy(np.array([carry / max(int(session.candidates.sum()), 1)]))[0])


def _entropy(shares: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -(shares * np.log2(shares) + (1 - shares) * np.log2(1 - shares))
    return np.nan_to_num(bits)


def _worth_asking(ranks: np.ndarray, bits: float, left: int) -> bool:
    """Whether some questions first are expected to take fewer turns than recommending at once."""
    chance = 1 / np.sort(ranks)
    places = np.arange(1, len(ranks) + 1)

    def expected(asked: int) -> float:
        lists = np.ceil(places / (LISTED * 2 ** (asked * bits)))
        return float(chance @ np.minimum(asked + lists, left))

    return min(range(left), key=expected) > 0
