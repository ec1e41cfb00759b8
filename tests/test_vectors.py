import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from convrec.tools.errors import CorruptError, StoreError
from convrec.tools.vectors import (
    Vectors,
    add_records,
    drop_collections,
    drop_records,
    most,
    open_chroma,
    open_collection,
    stored_keys,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

ITEMS, DIMENSION = 300, 16


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


MATRIX = unit(np.random.default_rng(1).normal(size=(ITEMS, DIMENSION)))
QUERIES = unit(np.random.default_rng(2).normal(size=(5, DIMENSION)))
KEYS = [f"item {row}#hash" for row in range(ITEMS)]


def no_chroma() -> Any:
    raise AssertionError("Chroma was asked")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = open_collection(tmp_path_factory.mktemp("vectors") / "chroma", "items-things-16d")
    add_records(made, KEYS, MATRIX)
    return made


@pytest.fixture
def through_chroma(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a handful of allowed rows are few enough to be compared one by one."""
    monkeypatch.setattr("convrec.tools.vectors.EXACT_ROWS", 20)


def brute_force(query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> list[int]:
    rows = range(ITEMS) if allowed is None else np.flatnonzero(allowed)
    return sorted((int(r) for r in rows), key=lambda r: (-float(MATRIX[r] @ query), r))[:k]


@pytest.mark.parametrize("query", QUERIES)
def test_few_items_are_compared_without_chroma(query: np.ndarray) -> None:
    found = Vectors(MATRIX, KEYS, no_chroma).nearest(query, 10)
    assert found.rows.tolist() == brute_force(query, 10)
    assert found.similarities == pytest.approx(MATRIX[found.rows] @ query)


@pytest.mark.usefixtures("through_chroma")
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("share", [None, 0.9, 0.5, 0.1])
def test_chroma_and_comparing_all_give_the_same_answer(collection: Any, query: np.ndarray, share: float | None) -> None:
    allowed = None if share is None else np.random.default_rng(3).random(ITEMS) < share
    asked = []
    found = Vectors(MATRIX, KEYS, lambda: asked.append(1) or collection).nearest(query, 10, allowed)
    assert asked
    assert found.rows.tolist() == brute_force(query, 10, allowed)
    assert found.similarities == pytest.approx(MATRIX[found.rows] @ query, abs=1e-5)


@pytest.mark.usefixtures("through_chroma")
def test_a_limit_that_leaves_few_rows_never_asks_chroma() -> None:
    allowed = np.zeros(ITEMS, dtype=bool)
    allowed[5:25] = True
    found = Vectors(MATRIX, KEYS, no_chroma).nearest(QUERIES[0], 8, allowed)
    assert found.rows.tolist() == brute_force(QUERIES[0], 8, allowed)


@pytest.mark.usefixtures("through_chroma")
def test_rows_far_from_the_query_are_found_when_only_they_are_allowed(collection: Any) -> None:
    far = np.zeros(ITEMS, dtype=bool)
    far[brute_force(QUERIES[0], ITEMS)[-30:]] = True
    found = Vectors(MATRIX, KEYS, lambda: collection).nearest(QUERIES[0], 10, far)
    assert found.rows.tolist() == brute_force(QUERIES[0], 10, far)


def test_no_allowed_row_gives_no_item() -> None:
    found = Vectors(MATRIX, KEYS, no_chroma).nearest(QUERIES[0], 5, np.zeros(ITEMS, dtype=bool))
    assert found.rows.shape == found.similarities.shape == (0,)


def test_more_than_there_are_brings_all() -> None:
    assert sorted(Vectors(MATRIX, KEYS, no_chroma).nearest(QUERIES[0], 10_000).rows) == list(range(ITEMS))


@pytest.mark.usefixtures("through_chroma")
def test_records_of_other_versions_are_never_shown(collection: Any) -> None:
    # The nearest ten items have changed since, so their records in Chroma have other keys.
    changed = brute_force(QUERIES[0], 10)
    keys = [f"{key}-new" if row in changed else key for row, key in enumerate(KEYS)]
    found = Vectors(MATRIX, keys, lambda: collection).nearest(QUERIES[0], 10)
    assert set(found.rows.tolist()).isdisjoint(changed)
    assert found.rows.tolist() == brute_force(QUERIES[0], 20)[10:]


@pytest.mark.usefixtures("through_chroma")
def test_where_chroma_lacks_records_all_vectors_are_compared(tmp_path: Path) -> None:
    sparse = open_collection(tmp_path / "chroma", "items-sparse-16d")
    add_records(sparse, [*KEYS[:4], "stranger#1"], MATRIX[[0, 1, 2, 3, 7]])
    found = Vectors(MATRIX, KEYS, lambda: sparse).nearest(QUERIES[1], 10)
    assert found.rows.tolist() == brute_force(QUERIES[1], 10)


@pytest.mark.usefixtures("through_chroma")
def test_a_collection_that_is_gone_is_told_in_the_log_and_all_vectors_are_compared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = open_collection(tmp_path / "chroma", "items-gone-16d")
    add_records(gone, KEYS, MATRIX)
    drop_collections(tmp_path / "chroma", lambda name: name == "items-gone-16d")
    with caplog.at_level(logging.WARNING):
        found = Vectors(MATRIX, KEYS, lambda: gone).nearest(QUERIES[1], 10)
    assert found.rows.tolist() == brute_force(QUERIES[1], 10)
    assert "Every vector is compared" in caplog.text


def test_similarities_are_cosines_of_the_rows_asked_for() -> None:
    rows = np.array([4, 2])
    assert Vectors(MATRIX, KEYS, no_chroma).similarities(MATRIX[4], rows) == pytest.approx(
        [1.0, float(MATRIX[2] @ MATRIX[4])], abs=1e-6
    )


def test_only_missing_records_are_added_and_only_extra_ones_dropped(tmp_path: Path) -> None:
    made = open_collection(tmp_path / "chroma", "items-few-16d")
    counts: list[int] = []
    add_records(made, KEYS[:10], MATRIX[:10], counts.append)
    add_records(made, KEYS[5:15], MATRIX[5:15], counts.append)
    assert counts == [10, 5]
    assert stored_keys(made) == set(KEYS[:15])
    drop_records(made, KEYS[5:15])
    assert stored_keys(made) == set(KEYS[5:15])


def test_only_the_named_collections_are_dropped(tmp_path: Path) -> None:
    for name in ("items-a-16d", "items-b-16d", "memories"):
        open_collection(tmp_path / "chroma", name)
    drop_collections(tmp_path / "chroma", lambda name: name.startswith("items-a"))
    assert {c.name for c in open_chroma(tmp_path / "chroma").list_collections()} == {"items-b-16d", "memories"}


def test_a_damaged_database_is_told_and_can_be_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"not a database at all " * 500)
    with pytest.raises(CorruptError) as caught:
        open_chroma(folder)
    assert "--rebuild" in caught.value.hint
    folder.rename(tmp_path / "chroma.damaged")
    add_records(open_collection(folder, "items-a-16d"), KEYS[:3], MATRIX[:3])
    assert stored_keys(open_collection(folder, "items-a-16d")) == set(KEYS[:3])


def test_a_name_that_chroma_refuses_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="items-_"):
        open_collection(tmp_path / "chroma", "items-_")


@given(arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([0.0, 0.5, 1.0, -3.0])), st.integers(0, 35))
def test_the_most_come_largest_first_and_ties_by_place(scores: np.ndarray, k: int) -> None:
    found = most(scores, k)
    values = scores[found]
    assert len(found) == len(set(found.tolist())) == min(k, len(scores))
    assert values.tolist() == sorted(scores.tolist(), reverse=True)[:k]
    assert all(a < b for a, b, x, y in zip(found, found[1:], values, values[1:], strict=False) if x == y)
