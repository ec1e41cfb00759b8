"""A data set's index, fold by fold."""

from pathlib import Path

import numpy as np
from convrec.simulator.offline.indexing import Shelf, encoded
from convrec.tools.search import popular_items, search_by_words
from fakes import HashEncoder
from offline_stage import TWO_FOLDS, case, dataset
from talk_stage import TEA_ITEMS


def test_every_fold_has_its_own_histories_and_popularity() -> None:
    first, second = Shelf(TWO_FOLDS, HashEncoder())
    assert first.cases == TWO_FOLDS.folds[0].cases
    assert [popular_items(f.index, 1)[0].item for f in (first, second)] == ["sencha", "gyokuro"]
    assert first.index.collaborative is not None
    assert first.index.collaborative.history("c") == []


def test_items_are_encoded_once_for_all_folds() -> None:
    encoder = HashEncoder()
    first, second = Shelf(TWO_FOLDS, encoder)
    assert first.index.vectors is second.index.vectors
    assert len(encoder.encoded) == len(TEA_ITEMS)


def test_a_fold_without_interactions_has_no_histories() -> None:
    fold = next(iter(Shelf(dataset([case()]), HashEncoder())))
    assert fold.index.collaborative is None
    assert search_by_words(fold.index, "campfires", 1)[0].item == "lapsang-souchong"


def test_vectors_are_kept_between_runs(tmp_path: Path) -> None:
    told: list[int] = []
    first = Shelf(TWO_FOLDS, HashEncoder(), tmp_path, lambda done, total: told.append(done)).index()
    encoder = HashEncoder()
    again = Shelf(TWO_FOLDS, encoder, tmp_path).index()
    assert np.array_equal(first.vectors.matrix, again.vectors.matrix)
    assert encoder.encoded == []
    assert told == [len(TEA_ITEMS)]


def test_other_texts_and_other_encoders_are_encoded_anew(tmp_path: Path) -> None:
    encoded(["one", "two"], HashEncoder(), tmp_path)
    for texts, name in ((["one", "three"], "hash"), (["one", "two"], "other")):
        encoder = HashEncoder(name)
        encoded(texts, encoder, tmp_path)
        assert encoder.encoded


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    whole = encoded(["one", "two"], HashEncoder(), tmp_path)
    next(tmp_path.glob("*.npy")).write_bytes(b"not an array")
    assert np.array_equal(encoded(["one", "two"], HashEncoder(), tmp_path), whole)


def test_rows_stay_in_the_order_of_the_texts() -> None:
    texts = ["a long text about smoky teas from the hills", "tea", "campfires and pine"]
    together = encoded(texts, HashEncoder())
    assert np.array_equal(together, np.concatenate([HashEncoder().encode([t]) for t in texts]))


def test_no_texts_have_no_vectors() -> None:
    assert len(encoded([], HashEncoder())) == 0
