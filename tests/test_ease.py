import numpy as np
import pytest
from convrec.tools.damping import DAMPING, damped
from convrec.tools.ease import fit_ease, regularization_for
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse


def random_likes(users: int, items: int, seed: int = 0) -> sparse.csr_array:
    """Likes of users with two tastes; items are even or odd in taste."""
    rng = np.random.default_rng(seed)
    taste, kind = rng.integers(0, 2, users)[:, None], (np.arange(items) % 2)[None, :]
    likes = (rng.random((users, items)) < np.where(taste == kind, 0.4, 0.08)).astype(np.float32)
    likes[0] = 1
    return sparse.csr_array(likes)


def brute_force(likes: sparse.csr_array, strength: float) -> np.ndarray:
    """B by ridge regression of every item on all others, one at a time."""
    dense = damped(likes).toarray().astype(np.float64)
    count = dense.shape[1]
    weights = np.zeros((count, count))
    for item in range(count):
        others = np.delete(np.arange(count), item)
        gram = dense[:, others].T @ dense[:, others] + strength * np.eye(count - 1)
        weights[others, item] = np.linalg.solve(gram, dense[:, others].T @ dense[:, item])
    return weights


@settings(max_examples=20)
@given(
    users=st.integers(1, 30), items=st.integers(1, 12), seed=st.integers(0, 99), strength=st.sampled_from([1.0, 50.0])
)
def test_each_item_is_regressed_on_all_others(users: int, items: int, seed: int, strength: float) -> None:
    likes = random_likes(users, items, seed)
    fitted = fit_ease(likes, regularization=strength)
    assert fitted.toarray() == pytest.approx(brute_force(likes, strength), abs=1e-4)
    assert not fitted.diagonal().any()


def test_what_one_taste_shares_speaks_for_itself_and_against_the_other() -> None:
    weights = fit_ease(random_likes(300, 20)).toarray()
    alike = (np.arange(20)[:, None] % 2 == np.arange(20)[None, :] % 2) & ~np.eye(20, dtype=bool)
    assert weights[alike].mean() > 5 * abs(weights[~alike].mean())


def test_only_the_largest_weights_of_each_item_are_kept() -> None:
    likes = random_likes(100, 30)
    full, few = fit_ease(likes).toarray(), fit_ease(likes, kept=5)
    assert np.diff(few.indptr).tolist() == [5] * 30
    for row in range(30):
        most = np.argsort(-np.abs(full[row]))[:5]
        assert sorted(few[[row]].indices.tolist()) == sorted(most.tolist())


def test_blocks_that_hold_everything_give_the_exact_weights() -> None:
    likes = random_likes(200, 40)
    assert fit_ease(likes, exact=10, block=400).toarray() == pytest.approx(fit_ease(likes).toarray(), abs=1e-5)


def test_small_blocks_come_near_to_the_exact_weights() -> None:
    likes = random_likes(400, 160)
    told: list[tuple[int, int]] = []
    exact, blocked = fit_ease(likes), fit_ease(likes, exact=10, block=80, on_progress=lambda *step: told.append(step))
    assert told[-1] == (160, 160)
    assert np.corrcoef((likes @ exact).toarray().ravel(), (likes @ blocked).toarray().ravel())[0, 1] > 0.95


def test_in_blocks_too_every_item_has_weights_once() -> None:
    likes = random_likes(100, 90)
    blocked = fit_ease(likes, exact=10, block=24)
    assert (np.diff(blocked.tocsc().indptr) > 0).all()
    assert np.diff(blocked.tocsc().indptr).max() <= 24
    assert not blocked.diagonal().any()


def test_items_that_nobody_likes_together_have_no_weights() -> None:
    alone = sparse.csr_array(np.eye(12, dtype=np.float32))
    assert fit_ease(alone).nnz == 0
    assert fit_ease(alone, exact=2, block=8).nnz == 0


def test_without_items_or_likes_there_are_no_weights() -> None:
    assert fit_ease(sparse.csr_array((0, 0), dtype=np.float32)).shape == (0, 0)


def test_who_likes_much_counts_less_each_and_all_together_count_as_before() -> None:
    likes = sparse.csr_array(np.array([[1] * 16, [1] + [0] * 15], dtype=np.float32))
    less = damped(likes).toarray()
    assert less[1, 0] / less[0, 0] == pytest.approx(16**DAMPING)
    assert (less**2).sum() == pytest.approx(17, rel=1e-5)


def test_likes_that_all_faded_alike_teach_the_same() -> None:
    likes = random_likes(50, 10)
    assert fit_ease(sparse.csr_array(likes * np.float32(0.01))).toarray() == pytest.approx(
        fit_ease(likes).toarray(), abs=1e-5
    )


def test_regularization_grows_with_the_length_of_histories_and_not_with_the_number_of_users() -> None:
    one = sparse.csr_array(np.ones((1, 50), dtype=np.float32))
    many = sparse.csr_array(np.ones((20, 50), dtype=np.float32))
    assert regularization_for(one) == pytest.approx(200)
    assert regularization_for(many) == pytest.approx(200)
