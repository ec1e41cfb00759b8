"""How well the built-in estimator of satisfaction orders dialogues that it has not learnt from; learns it again.

Run as `.venv/bin/python benchmarks/bench_satisfaction.py [--fit]`; CRSArena-Dial is read from `CONVREC_DATA`, or else from
`shared/data` beside the repository. `--fit` prints BIAS, WEIGHTS and TRUST as they stand in simulator/satisfaction.py.

The weights are those of a logistic regression with an L2 penalty over standardised signs, each weight bound to the
direction that makes sense (`GOOD`). Areas under the ROC curve, .5 being chance:
- new people: five folds by person, mean over ten shufflings. Three in four talked with two systems, and so a fold by
  dialogue would know the person.
- new systems: each of the nine systems estimated by what the eight others teach.
- within system: the same estimates, over pairs of dialogues with one system only: most of what tells dialogues apart is
  which system it was, and this says what is left.
- new both: neither the person nor the system was learnt from.
- shipped: the weights that ship, on what they were learnt from; only to see that they are those.
The signs themselves were chosen with these dialogues in view, so that all areas are a little kind.
"""

import argparse
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from convrec.simulator.agreement import auc
from convrec.simulator.offline.crsarena import read_rated_dialogues
from convrec.simulator.satisfaction import GOOD, TRUST, WEIGHTS, Signs, Trust, score, signs

ROOT = Path(__file__).resolve().parent.parent
STRENGTH = 0.1
"""How much a dialogue weighs against the penalty; .03 and .3 give areas that differ by .015 at most."""
SHUFFLINGS, FOLDS = 10, 5
NAMES = [f.name for f in fields(Signs)]


def data_file() -> Path:
    """Where the dialogues lie."""
    folder = Path(os.environ.get("CONVREC_DATA") or ROOT.parent / "shared" / "data")
    return folder / "crsarena_dial" / "crs_arena_dial_open.json"


@dataclass(frozen=True)
class Rated:
    """All dialogues as arrays.

    Attributes:
        seen: their signs, (n, signs).
        satisfied: (n,) of bool.
        people, systems: (n,) of names.
    """

    seen: np.ndarray
    satisfied: np.ndarray
    people: np.ndarray
    systems: np.ndarray


@dataclass(frozen=True)
class Fit:
    """A regression, for signs as they are."""

    bias: float
    weights: np.ndarray

    def scores(self, seen: np.ndarray) -> np.ndarray:
        """Log odds, (n,)."""
        return self.bias + seen @ self.weights


def read(path: Path) -> Rated:
    """The labelled dialogues of a file."""
    found = read_rated_dialogues(path)
    return Rated(
        np.array([astuple(signs(d.talk)) for d in found]),
        np.array([d.satisfied for d in found]),
        np.array([d.user for d in found]),
        np.array([d.system for d in found]),
    )


def fit(seen: np.ndarray, satisfied: np.ndarray, strength: float = STRENGTH) -> Fit:
    """Learn the weights, each in its own direction."""
    from scipy.optimize import minimize

    mean, spread = seen.mean(0), seen.std(0) + 1e-9
    scaled, label = (seen - mean) / spread, np.where(satisfied, 1.0, -1.0)

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        margin = label * (at[0] + scaled @ at[1:])
        pull = -strength * label / (1 + np.exp(margin))
        value = strength * np.logaddexp(0, -margin).sum() + (at[1:] ** 2).sum() / 2
        return value, np.concatenate([[pull.sum()], scaled.T @ pull + at[1:]])

    bounds = [(None, None), *((0, None) if n in GOOD else (None, 0) for n in NAMES)]
    best = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = best[1:] / spread
    return Fit(best[0] - weights @ mean, weights)


def held_out(rated: Rated, groups: np.ndarray, without: np.ndarray | None = None) -> np.ndarray:
    """Each dialogue's score by a regression that saw nothing of its group (nor of its group in `without`), (n,)."""
    scores = np.zeros(len(groups))
    without = np.zeros(len(groups)) if without is None else without
    for group in np.unique(groups):
        for other in np.unique(without[groups == group]):
            out = (groups == group) & (without == other)
            learnt = (groups != group) & ((without != other) | (not np.ptp(without)))
            scores[out] = fit(rated.seen[learnt], rated.satisfied[learnt]).scores(rated.seen[out])
    return scores


def folds_of(people: np.ndarray, shuffling: int) -> np.ndarray:
    """A fold for each dialogue; all of one person are in one."""
    names = np.unique(people)
    fold = dict(zip(names, np.random.default_rng(shuffling).permutation(len(names)) % FOLDS, strict=True))
    return np.array([fold[p] for p in people])


def within(scores: np.ndarray, rated: Rated) -> float:
    """The area over pairs of dialogues with the same system."""
    right = pairs = 0.0
    for system in np.unique(rated.systems):
        own, happy = scores[rated.systems == system], rated.satisfied[rated.systems == system]
        count = float(happy.sum() * (~happy).sum())
        right += count * (auc(own, happy) or 0.0)
        pairs += count
    return right / pairs


def measure(rated: Rated) -> Trust:
    """All areas."""
    every = [folds_of(rated.people, n) for n in range(SHUFFLINGS)]
    systems = held_out(rated, rated.systems)

    def area(scores: np.ndarray) -> float:
        return auc(scores, rated.satisfied) or 0.0

    return Trust(
        new_people=round(float(np.mean([area(held_out(rated, f)) for f in every])), 3),
        new_systems=round(area(systems), 3),
        within_system=round(within(systems, rated), 3),
        new_both=round(float(np.mean([area(held_out(rated, rated.systems, f)) for f in every[:3]])), 3),
        dialogues=len(rated.satisfied),
    )


def main() -> None:
    """Measure, and learn again if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--fit", action="store_true", help="learn the weights again and print them")
    again = parser.parse_args().fit
    rated = read(data_file())
    shipped = np.array([score(Signs(*row)) for row in rated.seen])
    trust = measure(rated)
    print(f"{trust.dialogues} dialogues, {rated.satisfied.sum()} satisfied, {len(np.unique(rated.people))} people")
    for name, area in trust.model_dump(exclude={"dialogues"}).items():
        print(f"{name.replace('_', ' '):14} {area:.3f}   (stands as {getattr(TRUST, name):.3f})")
    print(f"{'shipped':14} {auc(shipped, rated.satisfied):.3f}")
    print("\nsign           weight  in spreads")
    for name, weight, spread in zip(NAMES, astuple(WEIGHTS), rated.seen.std(0), strict=True):
        print(f"{name:14} {weight:6.2f}  {weight * spread:6.2f}")
    if again:
        learnt = fit(rated.seen, rated.satisfied)
        told = ", ".join(f"{n}={w:.2f}" for n, w in zip(NAMES, learnt.weights, strict=True) if abs(w) >= 0.005)
        print(f"\nBIAS = {learnt.bias:.2f}\nWEIGHTS = Signs({told})\nTRUST = {trust!r}")


if __name__ == "__main__":
    main()
