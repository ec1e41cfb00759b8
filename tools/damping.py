"""What the likes of a user who likes much count beside those of one who likes little."""

import numpy as np
from scipy import sparse

DAMPING = 0.25
"""Likes of a user who likes n items count n^-0.25: who likes everything says less about what goes together."""


def damped(likes: sparse.csr_array) -> sparse.csr_array:
    """The likes, of which those of users who like much count less each (`DAMPING`), and all together as before.

    Likes that faded with age are first brought back to the size of as many whole ones as say as much: by Kish's effective
    sample size, (sum w)^2 / sum w^2 with w the squares that make up the Gram matrix.
    """
    squares = likes.data.astype(np.float64) ** 2
    if not len(squares):
        return likes
    size = squares.sum() ** 2 / (squares**2).sum()
    lengths = np.maximum(np.asarray(likes.sum(axis=1)).ravel(), 1e-9)
    share = sparse.diags_array((lengths**-DAMPING).astype(np.float32))
    made = sparse.csr_array(share @ likes)
    made.data *= np.float32(np.sqrt(size / (made.data.astype(np.float64) ** 2).sum()))
    return made
