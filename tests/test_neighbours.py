from collections.abc import Sequence

import numpy as np
import pytest
from convrec.tools.damping import damped
from convrec.tools.neighbours import KEPT, SHRINKAGE, fit_neighbours, keep_most
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

LIKES = st.lists(st.lists(st.sampled_from([0.0, 0.0, 0.5, 1.0]), min_size=6, max_size=6), min_size=1, max_size=8)


def matrix(likes: Sequence[Sequence[float]]) -> sparse.csr_array:
    return sparse.csr_array(np.array(likes, dtype=np.float32))


def brute_force(likes: np.ndarray) -> np.ndarray:
    """Shrunk cosines between items, from the definition."""
    likes = damped(matrix(likes.tolist())).toarray()
    count = likes.shape[1]
    similarity = np.zeros((count, count))
    for a in range(count):
        for b in range(count):
            if a != b:
                norms = np.linalg.norm(likes[:, a]) * np.linalg.norm(likes[:, b])
                similarity[a, b] = likes[:, a] @ likes[:, b] / (norms + SHRINKAGE)
    return similarity


@settings(max_examples=100)
@given(LIKES)
def test_similarity_is_the_shrunk_cosine_of_who_liked_both(likes: list[list[float]]) -> None:
    fitted = fit_neighbours(matrix(likes))
    assert fitted.toarray() == pytest.approx(brute_force(np.array(likes)), abs=1e-6)


def test_only_the_nearest_are_kept() -> None:
    likes = np.zeros((40, KEPT + 30), dtype=np.float32)
    likes[:2] = 1
    for n in range(1, 11):
        likes[3 * n : 3 * n + 3, [0, n]] = 1
    kept = fit_neighbours(sparse.csr_array(likes)).T.tocsr()[[0]]
    assert kept.nnz == KEPT
    assert set(range(1, 11)) <= set(kept.indices.tolist())


def test_a_catalogue_is_reckoned_part_by_part_and_progress_is_told() -> None:
    rng = np.random.default_rng(3)
    likes = (rng.random((30, 1_100)) < 0.05).astype(np.float32)
    told: list[tuple[int, int]] = []
    fitted = fit_neighbours(sparse.csr_array(likes), kept=2_000, on_progress=lambda *step: told.append(step))
    assert told == [(500, 1_100), (1_000, 1_100), (1_100, 1_100)]
    likes = damped(sparse.csr_array(likes)).toarray()
    expected = likes[:, 777] @ likes / (np.linalg.norm(likes[:, 777]) * np.linalg.norm(likes, axis=0) + SHRINKAGE)
    expected[777] = 0
    assert fitted[[777]].toarray()[0] == pytest.approx(expected, abs=1e-6)


def test_without_items_there_are_no_neighbours() -> None:
    assert fit_neighbours(sparse.csr_array((0, 0), dtype=np.float32)).shape == (0, 0)


def test_the_largest_entries_by_size_are_kept_the_largest_first() -> None:
    kept = keep_most(matrix([[1, -5, 3, 0], [0, 0, 0, 0], [2, 0, 0, 0]]), 2)
    assert kept.toarray().tolist() == [[0, -5, 3, 0], [0, 0, 0, 0], [2, 0, 0, 0]]
    assert kept.data.tolist() == [-5, 3, 2]
