"""Steering: does a stated preference move the ranking, and where to?

After the five axes of Paischer et al., "Preference discerning with LLM-enhanced generative retrieval", TMLR 2025,
section 4. There, preferences are sentences that a model wrote from reviews; here they are values of the catalogue's own
attributes, said in plain words, so that whether an item has what was asked for is a matter of fact. Each case is ranked
twice for the same user's history, silent and with the preference said, and the difference is taken pair by pair:

- `preference`: the user's own next item; said is a value that it has, the rarest one. Does saying it bring it up?
- `fine`: a value that sets a near item apart. The target is the item most like the user's own next item (by its text)
  that has a value which the next item lacks; the rarest such value is said. Can one move to a neighbour?
- `coarse`: another region. The target is the item least like the user's own next item; said is the commonest of its
  values that no item of the user's history has, or else the commonest. Can one leave one's history behind?
- `negative`: following a negative sentiment. A value of the user's own next item is said to be unwanted. The item should
  be gone, and with it what has the value; and it should be there when the same value is wanted (the paper's combined
  hit rate m@k: not found when unwanted, found when wanted).
- `consolidation`: up to five preferences at once, of which one holds for the next item (as in `preference`) and the others
  are the commonest values of the history that it lacks. Is the one that matters not drowned?

Measured are, silent and said: Recall@k of the target, and the share of the first k that have the value said (for
`negative`, that have it although it is unwanted). A catalogue alone, with items drawn by chance as next items
(`catalogue_cases`), gives all axes but `consolidation`; popularity then stands in for the history.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from ...agents.state import Noun
from ...tools.errors import InputError
from ...tools.index import Index
from ...tools.schema import Attribute
from ..nouns import Utterance
from .askers import Probe, Values
from .nouns import Case

Axis = Literal["preference", "fine", "coarse", "negative", "consolidation"]
AXES: tuple[Axis, ...] = ("preference", "fine", "coarse", "negative", "consolidation")

WIDEST = 0.5
"""A value that a larger share of the items has says nothing worth saying."""
OTHERS = 4
"""How many preferences beside the one that matters are stated in `consolidation`, where the history has as many."""
_SILENT, _SAID, _WANTED = "silent", "said", "wanted"


class Steer(Noun):
    """One case of an axis: the same target ranked in silence and with a preference said.

    Attributes:
        axis: which axis.
        attribute, value: what is said, or what is said to be unwanted.
        silent, said: the two cases; both have the same target and history.
        wanted: for `negative`, the case in which the value is wanted.
    """

    axis: Axis
    attribute: str
    value: str
    silent: Case
    said: Case
    wanted: Case | None = None

    @property
    def cases(self) -> tuple[Case, ...]:
        """All its cases."""
        return (self.silent, self.said) if self.wanted is None else (self.silent, self.said, self.wanted)


def steering_cases(
    cases: Sequence[Case], index: Index, axes: Sequence[Axis] = AXES, *, limit: int = 0, seed: int = 0
) -> list[Steer]:
    """Cases of every axis, from users with a history and a next item.

    Args:
        cases: users, with the first target as their next item and their history in `named`; those whose next item has
            no value are left out.
        index: the catalogue with its vectors.
        axes: which axes.
        limit: how many of the cases are used; 0 uses all.
        seed: what they are drawn with.

    Raises:
        InputError: the catalogue has no values to state, or no case can be used.
    """
    values = Values(index)
    shelf = _Shelf(index, values)
    chosen = [c for c in cases if c.targets and c.targets[0] in index.catalogue.row_of]
    if 0 < limit < len(chosen):
        chosen = [chosen[p] for p in sorted(random.Random(seed).sample(range(len(chosen)), limit))]
    made = [steer for case in chosen for axis in axes if (steer := shelf.steer(axis, case)) is not None]
    if not made:
        raise InputError("No user's next item has a value that could be stated.", "Take a catalogue with categories.")
    return made


def all_cases(steers: Iterable[Steer]) -> list[Case]:
    """The cases to be ranked, each once."""
    return list({case.id: case for steer in steers for case in steer.cases}.values())


class _Shelf:
    """What the axes look things up in."""

    def __init__(self, index: Index, values: Values) -> None:
        self._index = index
        self._values = values
        self._size = {probe: len(rows) for probe, rows in zip(values.probes, values.rows, strict=True)}
        self._most = WIDEST * len(index.catalogue)

    def steer(self, axis: Axis, case: Case) -> Steer | None:
        """The case of an axis; None where the items have no value for it."""
        own = self._index.catalogue.row_of[case.targets[0]]
        match axis:
            case "preference":
                return self._about(axis, case, own, self._rarest(self._of(own)))
            case "fine":
                return self._fine(case, own)
            case "coarse":
                return self._coarse(case, own)
            case "negative":
                return self._about(axis, case, own, self._commonest(self._of(own)))
            case "consolidation":
                return self._consolidation(case, own)

    def _fine(self, case: Case, own: int) -> Steer | None:
        has = set(self._values.of_row(own))
        for row in self._by_likeness(case, own):
            probe = self._rarest([p for p in self._of(row) if p not in has])
            if probe is not None:
                return self._about("fine", case, row, probe)
        return None

    def _coarse(self, case: Case, own: int) -> Steer | None:
        row_of = self._index.catalogue.row_of
        known = {p for i in case.named if i in row_of for p in self._values.of_row(row_of[i])}
        known |= set(self._values.of_row(own))
        for row in reversed(self._by_likeness(case, own)):
            theirs = self._of(row)
            probe = self._commonest([p for p in theirs if p not in known]) or self._commonest(theirs)
            if probe is not None:
                return self._about("coarse", case, row, probe)
        return None

    def _consolidation(self, case: Case, own: int) -> Steer | None:
        probe = self._rarest(self._of(own))
        if probe is None:
            return None
        has, row_of = set(self._values.of_row(own)), self._index.catalogue.row_of
        counted = Counter(p for i in case.named if i in row_of for p in self._of(row_of[i]) if p not in has)
        others = [p for p, _ in sorted(counted.items(), key=lambda c: (-c[1], c[0].attribute, c[0].value))[:OTHERS]]
        if not others:
            return None
        # The one that matters stands in the middle.
        middle = (len(others) + 1) // 2
        return self._about("consolidation", case, own, probe, [*others[:middle], probe, *others[middle:]])

    def _about(
        self, axis: Axis, case: Case, row: int, probe: Probe | None, stated: Sequence[Probe] = ()
    ) -> Steer | None:
        if probe is None:
            return None
        target = self._index.catalogue.items[row].id
        named = tuple(i for i in case.named if i != target)

        def made(how: str, talk: Sequence[str]) -> Case:
            said = tuple(Utterance(speaker="seeker", text=text) for text in talk)
            return Case(
                id=f"{axis}|{case.id}|{how}", dialogue=case.dialogue, talk=said, user=case.user, targets=(target,),
                named=named,
            )  # fmt: skip

        wanted = [self._words(p, wanted=True) for p in stated or (probe,)]
        unwanted = [self._words(probe, wanted=False)]
        return Steer(
            axis=axis, attribute=probe.attribute, value=probe.value, silent=made(_SILENT, ()),
            said=made(_SAID, unwanted if axis == "negative" else wanted),
            wanted=made(_WANTED, wanted) if axis == "negative" else None,
        )  # fmt: skip

    def _of(self, row: int) -> list[Probe]:
        return [p for p in self._values.of_row(row) if self._size[p] <= self._most]

    def _rarest(self, probes: Sequence[Probe]) -> Probe | None:
        return min(probes, key=lambda p: (self._size[p], p.attribute, p.value), default=None)

    def _commonest(self, probes: Sequence[Probe]) -> Probe | None:
        return min(probes, key=lambda p: (-self._size[p], p.attribute, p.value), default=None)

    def _by_likeness(self, case: Case, own: int) -> list[int]:
        """The rows that the user does not know, most like an item first."""
        matrix, row_of = self._index.vectors.matrix, self._index.catalogue.row_of
        barred = {own, *(row_of[i] for i in case.named if i in row_of)}
        order = np.argsort(-(matrix @ matrix[own]), kind="stable").tolist()
        return [row for row in order if row not in barred]

    def _words(self, probe: Probe, *, wanted: bool) -> str:
        schema = self._index.catalogue.schema
        label = _label(schema.attribute(probe.attribute))
        if wanted:
            return f"I would like {schema.nouns} with the {label} {probe.value}."
        return f"I do not want {schema.nouns} with the {label} {probe.value}."


def _label(attribute: Attribute) -> str:
    return attribute.label or attribute.name.replace("_", " ")
