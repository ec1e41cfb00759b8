"""Item-to-item neighbours from interactions: cosine similarity with shrinkage, kept sparse.

Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001, sections 3.1 and 3.2;
the shrinkage term follows Bell and Koren, "Scalable collaborative filtering with jointly derived neighborhood
interpolation weights", ICDM 2007, section 3.
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from .damping import damped

SHRINKAGE = 100.0
KEPT = 100

_STEP = 500
"""Items whose similarities are reckoned at once."""


def fit_neighbours(
    likes: sparse.csr_array,
    *,
    shrinkage: float = SHRINKAGE,
    kept: int = KEPT,
    on_progress: Callable[[int, int], None] | None = None,
) -> sparse.csr_array:
    """How near each item is to each other one, shape (items, items): for each the nearest, at most `kept` in a column.

    Cost grows with the sum over users of their squared history; memory with the items times `kept`.

    Args:
        likes: how much each user likes each item, shape (users, items), float32.
        shrinkage: what is added to the norms' product, so that few likes in common count less.
        kept: how many of those that are nearest to an item may speak for it.
        on_progress: told how many items are done and how many there are.
    """
    likes = damped(likes)
    turned = likes.T.tocsr()
    norms = np.sqrt(np.asarray(turned.multiply(turned).sum(axis=1))).ravel()
    count = len(norms)
    parts = []
    for start in range(0, count, _STEP):
        block = turned[start : start + _STEP]
        together = (block @ likes).tocsr()
        rows = np.repeat(np.arange(block.shape[0]), np.diff(together.indptr))
        together.data /= norms[start + rows] * norms[together.indices] + shrinkage
        together.data[together.indices == start + rows] = 0
        together.eliminate_zeros()
        parts.append(keep_most(together, kept))
        if on_progress is not None:
            on_progress(start + block.shape[0], count)
    if not parts:
        return sparse.csr_array((count, count), dtype=np.float32)
    # Row i says what i says for others, and each part holds what the others say for its items.
    return sparse.csr_array(sparse.vstack(parts, format="csc", dtype=np.float32).T.tocsr())


def keep_most(matrix: sparse.csr_array, kept: int) -> sparse.csr_array:
    """Only the entries of each row that are largest by size, the largest first."""
    data, columns, lengths = [], [], []
    for start, end in zip(matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist(), strict=True):
        values, indices = matrix.data[start:end], matrix.indices[start:end]
        if len(values) > kept:
            most = np.argpartition(np.abs(values), -kept)[-kept:]
            values, indices = values[most], indices[most]
        order = np.argsort(-np.abs(values), kind="stable")
        data.append(values[order])
        columns.append(indices[order])
        lengths.append(len(order))
    if not lengths:
        return matrix
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_array((np.concatenate(data).astype(np.float32), np.concatenate(columns), starts), matrix.shape)
