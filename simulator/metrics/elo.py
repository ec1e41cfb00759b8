"""Ratings from votes between two systems at a time: Bradley-Terry strengths on the Elo scale, with intervals.

The chance that i is preferred to j is 1 / (1 + 10^((r_j - r_i) / 400)) (Bradley and Terry 1952; fitted by maximum likelihood
as in Hunter, "MM algorithms for generalized Bradley-Terry models", Annals of Statistics 2004; used so by Chiang et al.,
"Chatbot Arena", ICML 2024). A tie counts as half a win for both. "Both bad" is a tie as well: it says nothing of which is
better, though something of how good they are, which these ratings do not tell.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import numpy as np

from ...agents.state import Noun
from ..nouns import Estimate

Winner = Literal["a", "b", "tie", "both bad"]

MEAN = 1_000.0
"""What all rated systems come to on average."""

PRIOR = 0.5
"""Wins, and as many losses, that each system has against one of middling strength from the start. A system that always wins
would be infinitely strong without; after a few dozen votes it moves nothing by more than its interval."""

RESAMPLES = 1_000

_DOUBT = 0.5
"""Votes each way that resamples give every pair that met, as Jeffreys' prior does for a share: a few votes that all agree
are not certain. Beside many votes it is nothing."""

_SCALE = 400 / math.log(10)
_STEPS, _STRIDE, _ENOUGH = 200, 2.0, 1e-9
_WON = {"a": 1.0, "b": 0.0, "tie": 0.5, "both bad": 0.5}


class Match(Noun):
    """Two systems, and which of them was preferred."""

    a: str
    b: str
    winner: Winner


def rate(
    matches: Iterable[Match], seed: int = 0, resamples: int = RESAMPLES, prior: float = PRIOR
) -> dict[str, Estimate]:
    """Every system's rating with its 95% bootstrap interval over votes, best first; `n` counts its votes.

    The bootstrap is Rubin's ("The Bayesian bootstrap", Annals of Statistics 1981): votes are weighed anew, not drawn anew.
    Systems that were never voted on have no rating. Systems that never met, not even through others, are compared through
    the prior alone.

    Args:
        matches: the votes; a system against itself says nothing and is left out.
        seed: what the chance of the intervals begins with.
        resamples: how many times the votes are weighed anew.
        prior: wins and losses against a system of middling strength; 0 is plain maximum likelihood, which must exist.
    """
    voted = [m for m in matches if m.a != m.b]
    names = list(dict.fromkeys(name for m in voted for name in (m.a, m.b)))
    if not names:
        return {}
    place = {name: number for number, name in enumerate(names)}
    sides = [(place[m.a], place[m.b], _WON[m.winner]) for m in voted]
    counts = Counter((a, b, won) if a < b else (b, a, 1 - won) for a, b, won in sides)
    kinds = sorted({(a, b, way) for a, b, won in counts for way in (0.0, 1.0, won)})
    first, second, won = (np.array(column) for column in zip(*kinds, strict=True))
    held = np.array([counts[kind] for kind in kinds], dtype=np.float64)
    drawn = np.random.default_rng(seed).gamma(held + _DOUBT * (won != 0.5), size=(resamples, len(held)))
    weights = np.vstack([held, drawn * len(voted) / drawn.sum(axis=1, keepdims=True)])
    sums = np.zeros((len(names), len(names), len(weights)))
    np.add.at(sums, (first, second), (weights * won).T)
    np.add.at(sums, (second, first), (weights * (1 - won)).T)
    strengths = _fit(sums.transpose(2, 0, 1), prior)
    ratings = MEAN + _SCALE * (strengths - strengths.mean(axis=1, keepdims=True))
    low, high = np.percentile(ratings[1:], (2.5, 97.5), axis=0)
    votes = Counter(name for m in voted for name in (m.a, m.b))
    found = {
        name: Estimate(value=value, low=min(low[i], value), high=max(high[i], value), n=votes[name])
        for i, (name, value) in enumerate(zip(names, ratings[0].tolist(), strict=True))
    }
    return dict(sorted(found.items(), key=lambda pair: -pair[1].value))


def _fit(wins: np.ndarray, prior: float) -> np.ndarray:
    """The likeliest strengths, natural logarithms, by Newton's method, shape (samples, systems), for `wins[s, i, j]`."""
    samples, size, _ = wins.shape
    met, own = wins + wins.transpose(0, 2, 1), np.eye(size)
    strengths = np.zeros((samples, size))
    for _ in range(_STEPS):
        chance = _logistic(strengths[:, :, None] - strengths[:, None, :])
        alone = _logistic(strengths)
        slope = (wins - met * chance).sum(axis=2) + prior * (1 - 2 * alone)
        bends = met * chance * (1 - chance)
        # Without a prior only differences are told; the small number keeps the mean where it is.
        whole = bends.sum(axis=2) + 2 * prior * alone * (1 - alone) + 1e-9
        step = np.linalg.solve(whole[:, :, None] * own - bends, slope[:, :, None])[:, :, 0]
        strengths += np.clip(step, -_STRIDE, _STRIDE)
        if np.abs(step).max() < _ENOUGH:
            break
    return strengths


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))
