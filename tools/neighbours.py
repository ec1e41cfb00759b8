"""Item-to-item neighbours from interactions: cosine similarity with shrinkage, kept sparse.

Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001, sections 3.1 and 3.2;
the shrinkage term follows Bell and Koren, "Scalable collaborative filtering with jointly derived neighborhood
interpolation weights", ICDM 2007, section 3.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from .items import Interaction

SHRINKAGE = 20.0
KEPT = 100


class Neighbours:
    """The most similar items of each item, by who liked both.

    Args:
        similarity: shape (items, items), at most `KEPT` per row.
        counts: interactions per item, shape (items,).
    """

    def __init__(self, similarity: sparse.csr_array, counts: np.ndarray) -> None:
        self.similarity = similarity
        self.counts = counts

    @classmethod
    def fit(cls, interactions: Sequence[Interaction], row_of: Mapping[str, int]) -> "Neighbours":
        """Similarities from likes: values at or above the user's own mean (all, where a user's values are equal).

        Interactions with unknown items are passed over. Cost grows with the sum over users of their squared history.
        """
        count = len(row_of)
        users: dict[str, int] = {}
        triples = [
            (users.setdefault(i.user, len(users)), row_of[i.item], i.value) for i in interactions if i.item in row_of
        ]
        if not triples:
            return cls(sparse.csr_array((count, count), dtype=np.float32), np.zeros(count, dtype=np.int64))
        user, item, value = (np.array(column) for column in zip(*triples, strict=True))
        mean = np.bincount(user, weights=value) / np.bincount(user)
        # The tolerance is for means such as (0.1 + 0.1 + 0.1) / 3 > 0.1.
        liked = (value >= mean[user] - 1e-9) & (value > 0)
        likes = sparse.csr_array(
            (np.ones(liked.sum(), dtype=np.float32), (user[liked], item[liked])), shape=(len(users), count)
        )
        likes.data[:] = 1.0
        together = (likes.T @ likes).tocsr()
        norms = np.sqrt(together.diagonal())
        rows = np.repeat(np.arange(count), np.diff(together.indptr))
        together.data /= norms[rows] * norms[together.indices] + SHRINKAGE
        together.setdiag(0)
        together.eliminate_zeros()
        return cls(_keep_most(together, KEPT), np.bincount(item, minlength=count))

    @classmethod
    def load(cls, folder: Path) -> "Neighbours":
        """Read what `save` wrote."""
        with (folder / "neighbours.npz").open("rb") as file:  # numpy would leave a damaged one open
            similarity = sparse.csr_array(sparse.load_npz(file))
        return cls(similarity, np.load(folder / "counts.npy"))

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        sparse.save_npz(folder / "neighbours.npz", self.similarity)
        np.save(folder / "counts.npy", self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    def scores(self, rows: Sequence[int]) -> np.ndarray:
        """How near each item is to the given ones, summed, shape (items,)."""
        if not len(rows):
            return np.zeros(len(self), dtype=np.float32)
        return np.asarray(self.similarity[list(rows)].sum(axis=0)).ravel()


def _keep_most(matrix: sparse.csr_array, kept: int) -> sparse.csr_array:
    """Only the largest entries of each row."""
    data, columns, starts = [], [], [0]
    for row in range(len(matrix.indptr) - 1):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        values, indices = matrix.data[part], matrix.indices[part]
        if len(values) > kept:
            most = np.argpartition(values, -kept)[-kept:]
            values, indices = values[most], indices[most]
        data.append(values)
        columns.append(indices)
        starts.append(starts[-1] + len(values))
    return sparse.csr_array(
        (np.concatenate(data).astype(np.float32), np.concatenate(columns), np.array(starts)), shape=matrix.shape
    )
