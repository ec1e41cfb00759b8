"""Taste: collaborative scores and content on one scale, mixed by what is known."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from convrec.tools.catalogue import Catalogue
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from convrec.tools.taste import LIKENESS, because, taste_scores
from convrec.tools.vectors import Vectors
from hypothesis import given, settings
from hypothesis import strategies as st

COUNT, GROUPS = 40, 4
IDS = [f"i{row}" for row in range(COUNT)]


class TogetherModel:
    """A collaborative model by a given matrix: what having the item of a row says for that of a column."""

    def __init__(self, matrix: np.ndarray, counts: np.ndarray) -> None:
        self.matrix, self.counts = matrix, counts

    def scores(self, weights: dict[str, float]) -> np.ndarray:
        scores = np.zeros(COUNT, dtype=np.float32)
        for item, weight in weights.items():
            if item in IDS:
                scores += weight * self.matrix[IDS.index(item)]
        return scores

    def because(self, item: str, weights: dict[str, float]) -> str | None:
        said = {one: weight * self.matrix[IDS.index(one), IDS.index(item)] for one, weight in weights.items()}
        best = max(said, key=said.__getitem__, default=None)
        return best if best is not None and said[best] > 0 else None


def stage(model: TogetherModel | None = None, vectors: np.ndarray | None = None, popularity: np.ndarray | None = None):
    """An index of forty items in four groups (row modulo 4) whose vectors are near within a group."""
    if vectors is None:
        rng = np.random.default_rng(3)
        # Every text has something in common with every other, as those of sentence encoders do.
        vectors = (
            4 * np.ones(16) + 3 * np.eye(GROUPS, 16)[np.arange(COUNT) % GROUPS] + 0.5 * rng.normal(size=(COUNT, 16))
        )
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    items = [Item(id=name, title=name) for name in IDS[: len(unit)]]
    ids = [item.id for item in items]
    return SimpleNamespace(
        catalogue=Catalogue("things", Schema(noun="thing", nouns="things"), items, popularity),
        vectors=Vectors(unit, ids, lambda: None),
        collaborative=model,
    )


def group(row: int) -> list[int]:
    """The other rows of a row's group."""
    return [other for other in range(row % GROUPS, COUNT, GROUPS) if other != row]


def pairs(*said: tuple[int, int]) -> np.ndarray:
    """A matrix in which some items speak for others."""
    matrix = np.zeros((COUNT, COUNT), dtype=np.float32)
    for source, target in said:
        matrix[source, target] = 1.0
    return matrix


def test_without_histories_what_resembles_the_liked_items_comes_first() -> None:
    scores = taste_scores(stage(), {"i0": 1.0, "i4": 1.0})
    assert scores.shape == (COUNT,)
    assert scores.dtype == np.float32
    alike = [row for row in group(0) if row != 4]
    assert set(np.argsort(-scores)[: len(alike)].tolist()) <= {*alike, 0, 4}
    assert scores[alike].min() > np.delete(scores, [0, 4, *alike]).max()


def test_what_resembles_a_disliked_item_comes_last() -> None:
    scores = taste_scores(stage(), {"i0": 1.0, "i1": -1.0})
    others = [row for row in range(COUNT) if row % GROUPS > 1]
    assert scores[group(0)].min() > scores[others].max()
    assert scores[group(1)].max() < scores[others].min()


def test_nothing_weighed_gives_zeros_also_where_the_ids_are_unknown() -> None:
    for weights in ({}, {"gone": 1.0}, {"i0": 0.0}):
        assert not taste_scores(stage(), weights).any()
        assert not taste_scores(stage(TogetherModel(pairs((0, 5)), np.ones(COUNT))), weights).any()


def test_an_unknown_id_changes_nothing() -> None:
    index = stage(TogetherModel(pairs((0, 5)), np.full(COUNT, 9.0)))
    assert np.array_equal(taste_scores(index, {"i0": 1.0, "gone": -3.0}), taste_scores(index, {"i0": 1.0}))


def test_what_was_liked_together_beats_what_only_resembles() -> None:
    model = TogetherModel(pairs((0, 5), (0, 6)), np.full(COUNT, 50.0))
    scores = taste_scores(stage(model), {"i0": 1.0})
    assert set(np.argsort(-scores)[:2].tolist()) == {5, 6}
    assert scores[group(0)].min() > np.delete(scores, [0, 5, 6, *group(0)]).max()


def test_content_counts_more_the_less_the_weighted_items_were_used() -> None:
    def lead_of_the_group(count: float) -> float:
        scores = taste_scores(stage(TogetherModel(pairs((0, 5)), np.full(COUNT, count))), {"i0": 1.0, "i8": 1.0})
        return float(scores[4] - scores[6])

    leads = [lead_of_the_group(count) for count in (1, 5, 30, 300)]
    assert leads == sorted(leads, reverse=True)
    assert leads[0] > 3 * leads[-1]


def test_content_counts_more_for_an_item_that_few_have_used() -> None:
    counts = np.where(np.arange(COUNT) < 20, 0.0, 100.0)
    vectors = np.tile(np.eye(GROUPS), (COUNT // GROUPS, 1))
    scores = taste_scores(stage(TogetherModel(pairs((0, 5)), counts), vectors), {"i0": 1.0, "i36": 1.0})
    assert scores[4] - scores[6] > 1.3 * (scores[24] - scores[26]) > 0


def test_the_popular_comes_first_only_while_little_was_said() -> None:
    counts = np.full(COUNT, 4.0)
    counts[7] = 400.0

    def lead_of_the_popular(weights: dict[str, float]) -> float:
        scores = taste_scores(stage(TogetherModel(pairs((0, 5)), counts)), weights)
        return float(scores[7] - scores[11])

    little, much = {"i0": 1.0}, {f"i{row}": 1.0 for row in range(0, 40, 2)}
    assert lead_of_the_popular(little) > 5 * lead_of_the_popular(much) > 0


def test_without_histories_the_popularity_of_the_catalogue_decides_between_equals() -> None:
    popularity = np.zeros(COUNT)
    popularity[7] = 1.0
    scores = taste_scores(stage(popularity=popularity, vectors=np.tile(np.eye(GROUPS), (10, 1))), {"i0": 1.0})
    assert scores[7] > scores[11] == scores[15]


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from([*IDS, "gone"]), st.floats(-2, 2, allow_nan=False).map(lambda w: round(w, 2))),
    st.floats(0.1, 10),
)
def test_only_the_weights_relations_matter_not_their_size(weights: dict[str, float], factor: float) -> None:
    index = stage(TogetherModel(pairs((0, 5), (3, 9), (8, 1)), np.arange(COUNT) % 7))
    scores = taste_scores(index, weights)
    assert np.isfinite(scores).all()
    larger = taste_scores(index, {item: weight * factor for item, weight in weights.items()})
    assert larger == pytest.approx(scores, abs=1e-2)


def test_weights_that_have_faded_almost_to_nothing_still_tell() -> None:
    index = stage(TogetherModel(pairs((0, 5)), np.full(COUNT, 9.0)))
    assert taste_scores(index, {"i0": 1e-30, "i3": -5e-31}) == pytest.approx(
        taste_scores(index, {"i0": 1.0, "i3": -0.5})
    )


def test_an_item_does_not_speak_for_itself() -> None:
    vectors = np.eye(COUNT)
    scores = taste_scores(stage(vectors=vectors), {"i0": 1.0})
    assert scores[0] == pytest.approx(np.delete(scores, 0).max(), abs=1e-3)


@pytest.mark.parametrize("vectors", [np.ones((COUNT, 8)), np.ones((1, 8)), np.eye(2)])
def test_texts_that_are_all_the_same_or_hardly_any_do_no_harm(vectors: np.ndarray) -> None:
    scores = taste_scores(stage(vectors=vectors), {"i0": 1.0})
    assert scores.shape == (len(vectors),)
    assert np.isfinite(scores).all()


def test_of_very_many_weighted_items_the_heaviest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def lead_of_the_lighter() -> float:
        scores = taste_scores(stage(), {"i1": 0.5, "i0": 1.0})
        return float(scores[group(1)].mean() - scores[group(2)].mean())

    assert lead_of_the_lighter() > 0.5
    monkeypatch.setattr("convrec.tools.taste.MOST", 1)
    assert abs(lead_of_the_lighter()) < 0.2


def test_the_reason_is_what_was_liked_together() -> None:
    index = stage(TogetherModel(pairs((0, 5), (2, 5)), np.ones(COUNT)))
    assert because(index, "i5", {"i0": 0.5, "i2": 1.0, "i9": 1.0}) == "i2"


def test_the_reason_is_the_most_similar_liked_item_where_nobody_liked_both() -> None:
    for model in (None, TogetherModel(pairs(), np.ones(COUNT))):
        assert because(stage(model), "i5", {"i0": 1.0, "i9": 1.0, "i2": 1.0}) == "i9"


def test_what_is_disliked_is_no_reason_and_neither_is_the_item_itself() -> None:
    index = stage(TogetherModel(-pairs((9, 5)), np.ones(COUNT)))
    assert because(index, "i5", {"i9": -1.0, "i5": 1.0}) is None
    assert because(stage(), "i5", {"i9": -1.0, "i5": 1.0}) is None


def test_what_is_not_similar_is_no_reason() -> None:
    assert LIKENESS > 0
    assert because(stage(), "i5", {"i0": 1.0}) is None


@pytest.mark.parametrize(
    "ask", [lambda index: because(index, "gone", {"i0": 1.0}), lambda index: because(index, "i0", {})]
)
def test_without_an_item_or_a_taste_there_is_no_reason(ask: Callable) -> None:
    assert ask(stage()) is None
