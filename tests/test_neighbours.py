from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from convrec.tools.items import Interaction
from convrec.tools.neighbours import KEPT, SHRINKAGE, Neighbours
from hypothesis import given, settings
from hypothesis import strategies as st

ROWS = {f"item {n}": n for n in range(6)}
INTERACTIONS = st.lists(
    st.builds(
        Interaction,
        user=st.sampled_from("uvwxyz"),
        item=st.sampled_from([*ROWS, "stranger"]),
        value=st.sampled_from([0.0, 0.1, 1.0, 3.0, 5.0]),
    ),
    max_size=40,
)


def brute_force(interactions: list[Interaction], row_of: dict[str, int]) -> np.ndarray:
    """Shrunk cosines between items by the sets of users who liked them, from the definition."""
    rated = defaultdict(list)
    for i in interactions:
        if i.item in row_of:
            rated[i.user].append(i)
    likers: dict[int, set[str]] = {row: set() for row in row_of.values()}
    for user, theirs in rated.items():
        mean = sum(i.value for i in theirs) / len(theirs)
        for i in theirs:
            if i.value > 0 and (i.value > mean or np.isclose(i.value, mean)):
                likers[row_of[i.item]].add(user)
    similarity = np.zeros((len(row_of), len(row_of)))
    for a in likers:
        for b in likers:
            if a != b and likers[a] & likers[b]:
                similarity[a, b] = len(likers[a] & likers[b]) / (np.sqrt(len(likers[a]) * len(likers[b])) + SHRINKAGE)
    return similarity


@settings(max_examples=150)
@given(INTERACTIONS)
def test_similarity_is_the_shrunk_cosine_of_who_liked_both(interactions: list[Interaction]) -> None:
    fitted = Neighbours.fit(interactions, ROWS)
    assert fitted.similarity.toarray() == pytest.approx(brute_force(interactions, ROWS), abs=1e-6)
    assert fitted.counts.tolist() == [sum(i.item == name for i in interactions) for name in ROWS]


def test_a_user_who_gives_all_items_the_same_value_likes_them_all() -> None:
    # The mean of three times 0.1 is a little more than 0.1.
    same = [Interaction(user="u", item=f"item {n}", value=0.1) for n in range(3)]
    assert Neighbours.fit(same, ROWS).scores([0])[1:3] == pytest.approx([1 / (1 + SHRINKAGE)] * 2)


def test_a_user_who_rejects_all_items_likes_none() -> None:
    none = [Interaction(user="u", item=f"item {n}", value=0.0) for n in range(3)]
    assert Neighbours.fit(none, ROWS).similarity.nnz == 0


def test_scores_are_summed_over_the_given_items(likes: list[Interaction]) -> None:
    rows = {item: row for row, item in enumerate(dict.fromkeys(i.item for i in likes))}
    fitted = Neighbours.fit(likes, rows)
    expected = brute_force(likes, rows)
    assert expected.any()
    assert fitted.scores([0, 4]) == pytest.approx(expected[0] + expected[4], abs=1e-5)
    assert fitted.scores([]).tolist() == [0.0] * len(rows)
    assert len(fitted) == len(rows)


def test_only_the_nearest_are_kept() -> None:
    count = KEPT + 30
    rows = {str(n): n for n in range(count)}
    everybody = [Interaction(user=f"all {u}", item=str(n)) for u in range(2) for n in range(count)]
    closer = [Interaction(user=f"{n} {u}", item=i) for n in range(1, 11) for u in range(3) for i in ("0", str(n))]
    kept = Neighbours.fit(everybody + closer, rows).similarity[[0]]
    assert kept.nnz == KEPT
    assert set(range(1, 11)) <= set(kept.indices.tolist())


def test_what_is_saved_scores_the_same(tmp_path: Path, likes: list[Interaction]) -> None:
    rows = {item: row for row, item in enumerate(dict.fromkeys(i.item for i in likes))}
    fitted = Neighbours.fit(likes, rows)
    fitted.save(tmp_path)
    loaded = Neighbours.load(tmp_path)
    assert np.array_equal(loaded.scores([1, 2]), fitted.scores([1, 2]))
    assert np.array_equal(loaded.counts, fitted.counts)
