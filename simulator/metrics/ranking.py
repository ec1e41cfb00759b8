"""How good a ranked list is, judged by what should stand high in it.

All functions take ids, best first. An id that stands in a list twice counts once, where it stands first; it takes up its
places all the same. Shares are from 0 to 1. The binary ones agree with trec_eval.
"""

import math
from collections.abc import Collection, Mapping, Sequence


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant items that are among the first k.

    Raises:
        ValueError: nothing is relevant, or k is below 1.
    """
    wanted = _wanted(relevant, k)
    return len(wanted.intersection(ranked[:k])) / len(wanted)


def hit_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """1 where any relevant item is among the first k, else 0 (trec_eval calls it success).

    Raises:
        ValueError: nothing is relevant, or k is below 1.
    """
    return float(not _wanted(relevant, k).isdisjoint(ranked[:k]))


def precision_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The relevant items among the first k, over k, however short the list is.

    Raises:
        ValueError: nothing is relevant, or k is below 1.
    """
    return len(_wanted(relevant, k).intersection(ranked[:k])) / k


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], k: int | None = None) -> float:
    """1 over the rank of the first relevant item, 0 where there is none among the first k (or at all).

    Its mean over lists is MRR (Voorhees, "The TREC-8 question answering track report", 1999).

    Raises:
        ValueError: nothing is relevant, or k is below 1.
    """
    wanted = _wanted(relevant, k)
    return next((1 / rank for rank, item in enumerate(ranked[:k], start=1) if item in wanted), 0.0)


def average_precision(ranked: Sequence[str], relevant: Collection[str], k: int | None = None) -> float:
    """The mean, over the relevant items, of the precision at each one's rank; those not among the first k add 0.

    Its mean over lists is MAP (Buckley and Voorhees, "Retrieval system evaluation", TREC, 2005).

    Raises:
        ValueError: nothing is relevant, or k is below 1.
    """
    wanted = _wanted(relevant, k)
    total, found = 0.0, 0
    left = set(wanted)
    for rank, item in enumerate(ranked[:k], start=1):
        if item in left:
            left.discard(item)
            found += 1
            total += found / rank
    return total / len(wanted)


def ndcg_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain of the first k, each relevant item a gain of 1.

    Raises:
        ValueError: nothing is relevant, or k is below 1.
    """
    return graded_ndcg_at(ranked, dict.fromkeys(relevant, 1.0), k)


def graded_ndcg_at(ranked: Sequence[str], gains: Mapping[str, float], k: int) -> float:
    """Normalised discounted cumulative gain of the first k: sum of gain / log2(rank + 1), over the best sum there is.

    Gains are taken as they are, as in Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS
    2002 (with the discount of trec_eval), not as powers of 2.

    Args:
        ranked: ids, best first.
        gains: id -> how good it is, 0 or more; others have none.
        k: how many of the list count.

    Raises:
        ValueError: nothing has a gain, or k is below 1.
    """
    _wanted(gains, k)
    left = dict(gains)
    return normalised_gain([left.pop(item, 0.0) for item in ranked[:k]], sorted(gains.values(), reverse=True)[:k])


def normalised_gain(gains: Sequence[float], best: Sequence[float]) -> float:
    """The discounted gain of a list over that of the best list there could have been.

    Args:
        gains: each place's gain.
        best: the gains of the best list, largest first.

    Raises:
        ValueError: the best list has no gain.
    """
    ideal = discounted_gain(best)
    if not ideal > 0:
        raise ValueError("There is no gain to be had, so nothing can be normalised by it.")
    return discounted_gain(gains) / ideal


def discounted_gain(gains: Sequence[float]) -> float:
    """The sum of gain / log2(rank + 1)."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def hdcg(shown: Sequence[Sequence[str]], relevant: Collection[str], turns: int = 15, k: int = 10) -> float:
    """Hierarchical discounted cumulative gain: earlier turns count more, and higher ranks within a turn.

    hDCG@(T, K) = sum over turns t <= T and ranks k <= K of
    r(t, k) * (1 / log2(t + 2) + (1 / log2(t + 1) - 1 / log2(t + 2)) / log2(k + 1)),
    where r is 1 for a relevant item: the first of the first turn gains 1, and every place of a turn more than the first of
    the next. Deng et al., "Unified conversational recommendation policy learning via graph-based reinforcement learning",
    SIGIR 2021, under evaluation metrics. It is not normalised: with one relevant item, as there, it is from 0 to 1.

    Args:
        shown: what each turn showed, best first; empty for a turn that asked.
        relevant: ids of what the user is after; each counts once, where it is first shown.
        turns: T, how many turns count.
        k: K, how many of each turn's items count.

    Raises:
        ValueError: nothing is relevant, or turns or k are below 1.
    """
    left = _wanted(relevant, min(turns, k))
    total = 0.0
    for turn, items in enumerate(shown[:turns], start=1):
        for rank, item in enumerate(items[:k], start=1):
            if item in left:
                left.discard(item)
                total += hdcg_gain(turn, rank)
    return total


def hdcg_gain(turn: int, rank: int) -> float:
    """What a relevant item gains in hDCG when it is shown at a turn and a rank, both from 1."""
    this, after = 1 / math.log2(turn + 1), 1 / math.log2(turn + 2)
    return after + (this - after) / math.log2(rank + 1)


def _wanted(relevant: Collection[str], k: int | None) -> set[str]:
    if k is not None and k < 1:
        raise ValueError(f"k is {k}; it must be 1 or more.")
    if not relevant:
        raise ValueError("Nothing is relevant, so there is nothing to measure: leave such a list out, and count it.")
    return set(relevant)
