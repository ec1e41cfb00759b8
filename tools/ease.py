"""EASE: how much having one item speaks for each other one, by ridge regression of every item on all others.

Source: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, section 3.1: with the Gram matrix G of
the users' likes and P = (G + regularization * I)^-1, the weights are B = I - P * diag(1 / diag(P)).

Above `EXACT` items each item is regressed on those that go with it most, a group of related items at a time: the sparse
approximation of Steck, "Markov Random Fields for Collaborative Filtering", NeurIPS 2019, section 3.2, with groups in place
of single items and their neighbours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .damping import damped
from .neighbours import keep_most

EXACT = 20_000
"""Items up to which all are regressed on all. That takes 4 bytes for each pair of items while fitting: 1.6 GB."""

BLOCK = 2_000
"""Items on which a group is regressed where there are more."""

SHARE = 8
"""A group is so many times smaller than what it is regressed on."""

KEPT = 500
"""Weights that are kept for each item, the largest."""

_STEP = 500
"""Items whose products with all others are reckoned at once."""

Progress = Callable[[int, int], None]
"""Called with how many items are done and how many there are."""


def fit_ease(
    likes: sparse.csr_array,
    *,
    regularization: float | None = None,
    kept: int = KEPT,
    exact: int = EXACT,
    block: int = BLOCK,
    on_progress: Progress | None = None,
) -> sparse.csr_array:
    """Weights from item to item, float32, shape (items, items): row i holds what having item i says for each item.

    Args:
        likes: how much each user likes each item, float32, shape (users, items); each item is liked by somebody.
        regularization: what is added to the Gram matrix's diagonal; by `regularization_for` where None.
        kept: how many weights are kept for each item, the largest by size.
        exact: items up to which all are regressed on all.
        block: on how many items a group is regressed where there are more.
        on_progress: told how many items are done.
    """
    likes = damped(likes)
    strength = regularization_for(likes) if regularization is None else regularization
    columns = likes.tocsc()
    count = len(columns.indptr) - 1
    if not likes.nnz:
        return sparse.csr_array((count, count), dtype=np.float32)
    everything = np.arange(count)
    blocks = [_Block(everything, everything)] if count <= exact else _blocks(likes, strength, block)
    done, own, others, values = 0, [], [], []
    for one in blocks:
        inverse = _inverse(_gram(columns, one.support, strength))
        diagonal = inverse.diagonal().copy()
        for place in np.searchsorted(one.support, one.targets).tolist():
            # Where all are regressed on all, a row of B is known as well as a column, and cutting rows costs less.
            said = np.concatenate([inverse[:place, place], inverse[place, place:]])
            said /= -diagonal if count <= exact else -diagonal[place]
            said[place] = 0.0
            most = np.argpartition(np.abs(said), -kept)[-kept:] if len(said) > kept else np.flatnonzero(said)
            own.append(np.full(len(most), one.support[place], dtype=np.int32))
            others.append(one.support[most].astype(np.int32))
            values.append(said[most])
            done += 1
            if on_progress is not None and (done % _STEP == 0 or done == count):
                on_progress(done, count)
    sides = (np.concatenate(own), np.concatenate(others))
    if count > exact:
        sides = (sides[1], sides[0])
    return sparse.csr_array((np.concatenate(values), sides), shape=(count, count), dtype=np.float32)


def regularization_for(likes: sparse.csr_array) -> float:
    """What to add to the diagonal: 100, and 2 more for each like that a user has on average.

    The best value hardly depends on how many users there are, and grows with the length of histories. Around it the
    results are flat: half or twice as much changes NDCG by a few per cent.
    """
    users = int((np.diff(likes.indptr) > 0).sum())
    return 100.0 + 2.0 * float((likes.data.astype(np.float64) ** 2).sum()) / max(users, 1)


@dataclass(frozen=True)
class _Block:
    """Items to regress, and those to regress them on (themselves among them), sorted."""

    targets: np.ndarray
    support: np.ndarray


def _blocks(likes: sparse.csr_array, strength: float, size: int) -> Iterator[_Block]:
    """Groups that hold every item once, related ones together, the most liked first; each with what goes with it most."""
    related = _related(likes, strength, max(size // 4, 1))
    weight = np.asarray(likes.multiply(likes).sum(axis=0)).ravel()
    waiting, group, most = np.ones(len(weight), dtype=bool), [], max(size // SHARE, 1)
    for item in np.argsort(-weight, kind="stable").tolist():
        if waiting[item]:
            near = related.indices[related.indptr[item] : related.indptr[item + 1]]
            fresh = np.append(item, near[waiting[near]])[: most - len(group)]
            waiting[fresh] = False
            group += fresh.tolist()
        if len(group) == most:
            yield _with_support(np.sort(group), related, size)
            group = []
    if group:
        yield _with_support(np.sort(group), related, size)


def _with_support(targets: np.ndarray, related: sparse.csr_array, size: int) -> _Block:
    """A group with the items that go with it most: first what is nearest to any of it, then what is second to any."""
    rows = related[targets]
    place = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], np.diff(rows.indptr))
    count = len(related.indptr) - 1
    best = np.full(count, count)
    np.minimum.at(best, rows.indices, place)
    best[targets] = -1
    return _Block(targets, np.sort(np.argsort(best, kind="stable")[: max(min(size, int((best < count).sum())), 1)]))


def _related(likes: sparse.csr_array, strength: float, kept: int) -> sparse.csr_array:
    """The items that go with each one most, nearest first, by their correlation in the regularized Gram matrix."""
    turned = likes.T.tocsr()
    norms = np.sqrt(np.asarray(turned.multiply(turned).sum(axis=1)).ravel() + strength)
    parts = []
    for start in range(0, len(norms), _STEP):
        together = (turned[start : start + _STEP] @ likes).tocsr()
        rows = start + np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
        together.data /= norms[rows] * norms[together.indices]
        together.data[together.indices == rows] = 0
        together.eliminate_zeros()
        parts.append(keep_most(together, kept))
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def _gram(likes: sparse.csc_array, items: np.ndarray, strength: float) -> np.ndarray:
    """G + strength * I of some items, dense, float32, in Fortran's order."""
    part = likes[:, items]
    turned, count = part.T.tocsr(), len(items)
    gram = np.empty((count, count), dtype=np.float32, order="F")
    for start in range(0, count, _STEP):
        gram[:, start : start + _STEP] = (turned[start : start + _STEP] @ part).toarray().T
    gram[np.diag_indices(count)] += strength
    return gram


def _inverse(gram: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix, in its own place; only its upper triangle is right."""
    from scipy.linalg import LinAlgError, get_lapack_funcs

    factorize, invert = get_lapack_funcs(("potrf", "potri"), (gram,))
    factor, wrong = factorize(gram, lower=0, clean=0, overwrite_a=1)
    if not wrong:
        factor, wrong = invert(factor, lower=0, overwrite_c=1)
    if wrong:
        raise LinAlgError(f"EASE: the Gram matrix cannot be inverted ({wrong})")
    return factor
