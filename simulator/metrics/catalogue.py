"""What becomes of the catalogue: how much of it is shown, how evenly, how varied, and how well known it is."""

from collections.abc import Collection, Sequence

import numpy as np

HEAD = 0.8
"""The share of all interactions that the short head gathers, as in Abdollahpouri et al. 2019."""


def coverage(exposures: np.ndarray) -> float:
    """The share of the catalogue's items that were shown at all.

    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage and serendipity",
    RecSys 2010. It grows with the number of lists, so only runs of one size may be compared.

    Args:
        exposures: how often each item of the catalogue was shown, those never shown included, shape (items,).

    Raises:
        ValueError: the catalogue is empty.
    """
    if not len(exposures):
        raise ValueError("The catalogue is empty.")
    return float(np.count_nonzero(exposures) / len(exposures))


def gini_index(exposures: np.ndarray) -> float:
    """How unevenly exposure is spread: 0 where every item is shown as often, near to 1 where one item takes all.

    With counts c in ascending order, sum over i = 1..n of (2 i - n - 1) c_i, over n times the sum of c. Fleder and Hosanagar,
    "Blockbuster culture's next rise or fall", Management Science 2009; in the form that RecBole uses.

    Args:
        exposures: how often each item of the catalogue was shown, those never shown included, shape (items,).

    Raises:
        ValueError: nothing was shown.
    """
    total = float(exposures.sum())
    if not total > 0:
        raise ValueError("Nothing was shown, so there is no exposure to share.")
    # The items that were never shown add nothing to the sum but their number.
    seen = np.sort(exposures[exposures > 0]).astype(np.float64)
    n = len(exposures)
    places = np.arange(n - len(seen) + 1, n + 1)
    return float(((2 * places - n - 1) * seen).sum() / (n * total))


def intra_list_diversity(vectors: np.ndarray) -> float:
    """1 - the mean cosine between the items of a list, over all pairs.

    Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005, section 3.3, turned from
    likeness to unlikeness.

    Args:
        vectors: one per item, not zero, shape (items, dimension).

    Raises:
        ValueError: there are fewer than two items.
    """
    count = len(vectors)
    if count < 2:
        raise ValueError("A list of fewer than two items has no diversity.")
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    # The square of the sum holds every pair twice, and every item with itself.
    pairs = float(np.square(units.sum(axis=0, dtype=np.float64)).sum() - np.square(units).sum(dtype=np.float64))
    return 1 - pairs / (count * (count - 1))


def novelty(seen: Sequence[float] | np.ndarray, relevance: Sequence[float] | None = None) -> float:
    """Expected popularity complement (EPC) of a list: how likely its items are unknown, higher places counting more.

    EPC = sum of d(k) p(rel | i_k) (1 - p(seen | i_k)), over the sum of d(k), with d(k) = 1 / log2(k + 1). Vargas and Castells,
    "Rank and relevance in novelty and diversity metrics for recommender systems", RecSys 2011.

    Args:
        seen: how likely each item is known, from 0 to 1, in the list's order.
        relevance: how likely each item is relevant; without it all are.

    Raises:
        ValueError: the list is empty.
    """
    if not len(seen):
        raise ValueError("An empty list has no novelty.")
    discounts = 1 / np.log2(np.arange(2, len(seen) + 2))
    gains = 1 - np.asarray(seen, dtype=np.float64)
    if relevance is not None:
        gains = gains * np.asarray(relevance, dtype=np.float64)
    return float(discounts @ gains / discounts.sum())


def average_popularity(popularity: Sequence[float] | np.ndarray) -> float:
    """The mean popularity of a list's items; its mean over lists is ARP, the average recommendation popularity.

    Yin et al., "Challenging the long tail recommendation", VLDB 2012; Abdollahpouri, Burke and Mobasher, "Managing popularity
    bias in recommender systems with personalized re-ranking", FLAIRS 2019, equation 5.

    Args:
        popularity: how often each item was used.

    Raises:
        ValueError: the list is empty.
    """
    if not len(popularity):
        raise ValueError("An empty list has no popularity.")
    return float(np.mean(popularity))


def long_tail(popularity: np.ndarray, head: float = HEAD) -> np.ndarray:
    """Which items belong to the long tail, bool, shape (items,): all but the most popular ones that gather the head's share.

    The item with which the head reaches its share belongs to the head; of equally popular items, those in earlier rows do.
    Abdollahpouri, Burke and Mobasher 2019.

    Args:
        popularity: how often each item was used, 0 or more, shape (items,).
        head: the share of all use that the short head gathers.
    """
    order = np.argsort(-popularity, kind="stable")
    before = np.cumsum(popularity[order]) - popularity[order]
    tail = np.empty(len(popularity), dtype=bool)
    tail[order] = before >= head * popularity.sum()
    return tail


def long_tail_items(ranked: Sequence[str], tail: Collection[str]) -> int:
    """How many items of a list belong to the long tail; its mean over lists is ACLT.

    The average coverage of long-tail items. Abdollahpouri, Burke and Mobasher 2019, equation 7.
    """
    return len(set(ranked).intersection(tail))


def long_tail_share(ranked: Sequence[str], tail: Collection[str]) -> float:
    """The share of a list's items that belong to the long tail; its mean over lists is APLT.

    Abdollahpouri, Burke and Mobasher 2019, equation 6.

    Raises:
        ValueError: the list is empty.
    """
    if not ranked:
        raise ValueError("An empty list has no share of anything.")
    return long_tail_items(ranked, tail) / len(set(ranked))


def pop_reo(found: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Popularity-based ranking-based equal opportunity: how unequal the groups' chances are that a good item is shown.

    The standard deviation (over groups, not of a sample) of P(shown | group, relevant), over its mean: 0 is equal. Zhu, Wang
    and Caverlee, "Measuring and mitigating item under-recommendation bias in personalized ranking systems", SIGIR 2020,
    section 3; with popular and long-tail items as groups, as Elliot has it.

    Args:
        found: relevant items that were shown, per group, shape (..., groups).
        relevant: relevant items that there were, the same shape.

    Returns:
        Shape (...): NaN where a group has nothing relevant, or nothing relevant was shown at all.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        chances = np.asarray(found, dtype=np.float64) / np.asarray(relevant, dtype=np.float64)
        return chances.std(axis=-1) / chances.mean(axis=-1)
