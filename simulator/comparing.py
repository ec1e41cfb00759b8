"""Whether two systems differ: the same goals, trials and seeds with both, pair by pair, and how likely that is chance."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..agents.state import Noun
from ..tools.errors import InputError
from .metrics.statistics import holm, paired_permutation
from .nouns import Dialogue
from .reports.outcomes import outcome_of
from .reports.run_data import RunData
from .reports.scores import RANKING_MEASURES, TALK_MEASURES, Measure, Scored, score_outcome, score_ranking


class Difference(Noun):
    """How two systems differ in one measure.

    Attributes:
        measure: its name.
        a, b: each system's mean over the pairs.
        mean: of the differences, b minus a.
        low, high: its 95% bootstrap interval, over goals (or dialogues, offline).
        p_value: how likely a difference as large, either way, is by chance alone.
        p_holm: the same, adjusted for all measures of the comparison.
        pairs: over how many pairs.
        share: whether it reads best in percent.
        higher_is_better: whether more of it is better.
    """

    measure: str
    a: float
    b: float
    mean: float
    low: float
    high: float
    p_value: float
    p_holm: float = 1.0
    pairs: int
    share: bool = False
    higher_is_better: bool = True

    @property
    def verdict(self) -> str:
        """`better` or `worse` (b than a) where chance is an unlikely reason at the 5% level, else `no clear difference`."""
        if self.p_holm >= 0.05 or not self.mean:
            return "no clear difference"
        return "better" if (self.mean > 0) == self.higher_is_better else "worse"


class Comparison(Noun):
    """Two systems on the same cases.

    Attributes:
        a, b: what they are called.
        pairs: dialogues (or rankings) of a that have their like in b, and count on both sides.
        groups: goals (or dialogues, offline) that they belong to.
        only_a, only_b: those without their like.
        unlike: those with the same name on both sides, but another goal or seed (offline: other targets).
        left_out: pairs of which one side does not count: a leak, or a fault of the infrastructure.
        differences: one per measure that both have.
    """

    a: str
    b: str
    pairs: int
    groups: int
    only_a: int = 0
    only_b: int = 0
    unlike: int = 0
    left_out: int = 0
    differences: tuple[Difference, ...]

    def lines(self) -> list[str]:
        """What was paired and what was not, a sentence a line."""
        said = [f"{self.b} minus {self.a}, over {self.pairs:,} pairs from {self.groups:,} goals or dialogues."]
        left = [
            (self.left_out, "pairs are left out: one side leaked, or met a fault of the infrastructure."),
            (self.unlike, "have the same name on both sides, but another goal, target or seed; they are left out."),
            (self.only_a, f"of {self.a} have no like in {self.b}."),
            (self.only_b, f"of {self.b} have no like in {self.a}."),
        ]
        return [*said, *(f"{number:,} {text}" for number, text in left if number)]


def compare_runs(
    a: RunData | Sequence[Dialogue],
    b: RunData | Sequence[Dialogue],
    seed: int = 0,
    *,
    system_a: str = "",
    system_b: str = "",
) -> Comparison:
    """Compare a system of one run with one of another, or two systems of the same run, on what both did.

    Args:
        a, b: runs, or their dialogues.
        seed: of the resampling.
        system_a, system_b: which system of each; needed where it is not plain.

    Raises:
        InputError: it is not plain which systems are meant, or nothing can be paired.
    """
    measures, some = TALK_MEASURES, (_talks(a), _talks(b))
    if not any(some):
        measures, some = RANKING_MEASURES, (_rankings(a), _rankings(b))
    names = _chosen(*some, system_a, system_b, a is b)
    labels = _labels(a, b, names)
    return compare_scored(measures, some[0][names.a], some[1][names.b], labels.a, labels.b, seed)


def compare_scored(
    measures: Sequence[Measure], a: Iterable[Scored], b: Iterable[Scored], name_a: str, name_b: str, seed: int = 0
) -> Comparison:
    """Compare two systems by what each scored.

    Raises:
        InputError: nothing can be paired.
    """
    first, second = ({one.name: one for one in some} for some in (a, b))
    both = [name for name in first if name in second]
    alike = [name for name in both if first[name].likeness == second[name].likeness]
    pairs = [(first[name], second[name]) for name in alike if first[name].counts and second[name].counts]
    if not pairs:
        raise _unpaired(name_a, name_b, len(both), len(alike))
    found = [_difference(measure, place, pairs, seed) for place, measure in enumerate(measures)]
    comparison = Comparison(
        a=name_a,
        b=name_b,
        pairs=len(pairs),
        groups=len({one.group for one, _ in pairs}),
        only_a=len(first) - len(both),
        only_b=len(second) - len(both),
        unlike=len(both) - len(alike),
        left_out=len(alike) - len(pairs),
        differences=tuple(d for d in found if d is not None),
    )
    return adjusted([comparison])[0]


def adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons, their p-values adjusted for all of them together (Holm 1979)."""
    p_values = iter(holm([d.p_value for c in comparisons for d in c.differences]))
    return [
        c.model_copy(
            update={"differences": tuple(d.model_copy(update={"p_holm": next(p_values)}) for d in c.differences)}
        )
        for c in comparisons
    ]


def _difference(measure: Measure, place: int, pairs: Sequence[tuple[Scored, Scored]], seed: int) -> Difference | None:
    """The difference in one measure; None where no pair has it, or it is 0 throughout, as calls are without a model."""
    first, second, groups = [], [], []
    for one, other in pairs:
        value, value_other = one.values[place], other.values[place]
        if value is not None and value_other is not None:
            first.append(value)
            second.append(value_other)
            groups.append(one.group)
    if not any(first) and not any(second):
        return None
    tested = paired_permutation(second, first, seed, clusters=groups)
    return Difference(
        measure=measure.name,
        a=sum(first) / len(first),
        b=sum(second) / len(second),
        mean=tested.mean,
        low=tested.low,
        high=tested.high,
        p_value=tested.p_value,
        pairs=tested.n,
        share=measure.share,
        higher_is_better=measure.higher_is_better,
    )


def _unpaired(a: str, b: str, both: int, alike: int) -> InputError:
    if not both:
        why = "they have no goal (or case) and trial in common"
    elif not alike:
        why = f"{both:,} have the same names on both sides, but other goals, targets or seeds"
    else:
        why = f"of the {alike:,} that both had, none counts on both sides: each leaked, or met a fault"
    return InputError(
        f"{a} and {b} cannot be compared: {why}.",
        "Run both with the same catalogue, goals, trials and seed; both in one run is the simplest way.",
    )


def _talks(run: RunData | Sequence[Dialogue]) -> dict[str, list[Scored]]:
    found: dict[str, list[Scored]] = {}
    for dialogue in run.dialogues if isinstance(run, RunData) else run:
        found.setdefault(dialogue.system, []).append(score_outcome(outcome_of(dialogue)))
    return found


def _rankings(run: RunData | Sequence[Dialogue]) -> dict[str, list[Scored]]:
    found: dict[str, list[Scored]] = {}
    for ranking in run.rankings if isinstance(run, RunData) else ():
        found.setdefault(ranking.system, []).append(score_ranking(ranking))
    return found


@dataclass(frozen=True)
class _Names:
    """The names of the two sides."""

    a: str
    b: str


def _chosen(a: Collection[str], b: Collection[str], system_a: str, system_b: str, same_run: bool) -> _Names:
    """Which system of each run is meant.

    Raises:
        InputError: it is not plain.
    """
    for name, systems in ((system_a, a), (system_b, b)):
        if name and name not in systems:
            raise InputError(f"There is no system {name!r} in the run.", f"It has {_either(systems)}.")
    if not a or not b:
        raise InputError("A run holds neither dialogues nor rankings of the same kind as the other.")
    if same_run:
        left = [name for name in a if name not in (system_a, system_b)]
        needed = (not system_a) + (not system_b)
        if len(left) == needed or not needed:
            named = iter(left)
            return _Names(system_a or next(named), system_b or next(named))
    else:
        shared = [name for name in a if name in b]
        first = system_a or _only(a) or (system_b if system_b in a else "") or _only(shared)
        second = system_b or _only(b) or (system_a if system_a in b else "") or _only(shared)
        if first and second:
            return _Names(first, second)
    raise InputError(
        "It is not plain which two systems are to be compared.", f"Name them: {_either(dict.fromkeys((*a, *b)))}."
    )


def _only(names: Collection[str]) -> str:
    return next(iter(names)) if len(names) == 1 else ""


def _either(names: Iterable[str]) -> str:
    return ", ".join(names)


def _labels(a: RunData | Sequence[Dialogue], b: RunData | Sequence[Dialogue], names: _Names) -> _Names:
    """What the two sides are called: by the system, and by the run too where that would not tell them apart."""
    if names.a != names.b:
        return names
    runs = [run.name if isinstance(run, RunData) else side for run, side in ((a, "first"), (b, "second"))]
    if runs[0] == runs[1]:
        runs = [f"{runs[0]} (first)", f"{runs[1]} (second)"]
    return _Names(f"{runs[0]}: {names.a}", f"{runs[1]}: {names.b}")
