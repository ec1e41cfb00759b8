import numpy as np
import pytest
from convrec.tools.errors import InputError
from convrec.tools.memory_record import NEVER, Record, digest, metadata_of, pack, record_id, record_of


def record(**parts: object) -> Record:
    whole = {
        "namespace": ("user-1", "memories"), "key": "k", "value": {"text": "sea"}, "order": 1,
        "created": 1.0, "updated": 2.0, "ttl": None, "expires": NEVER,
    }  # fmt: skip
    return Record(**{**whole, **parts})  # pyright: ignore[reportArgumentType]


def test_a_record_comes_back_as_it_was() -> None:
    whole = record(paths=["text"], encoder="e", count=2, packed=pack([np.ones(3), np.zeros(3)]), ttl=3.0, expires=9.0)
    assert record_of(metadata_of(whole)) == whole


def test_vectors_come_back_with_length_one() -> None:
    given = [np.array([3.0, 4.0]), np.array([0.0, 0.0]), np.array([1e30, 0.0]), np.array([0.0, -1e-30])]
    found = record(count=4, packed=pack(given)).vectors
    assert found == pytest.approx(np.array([[0.6, 0.8], [0, 0], [1, 0], [0, -1]]), abs=3e-4)


def test_cosines_of_kept_vectors_are_right_to_the_fourth_digit() -> None:
    chance = np.random.default_rng(1)
    given = chance.normal(size=(200, 384))
    units = given / np.linalg.norm(given, axis=1, keepdims=True)
    kept = record(count=200, packed=pack(list(given))).vectors
    assert np.abs(kept @ units[0] - units @ units[0]).max() < 1e-4


def test_a_record_without_vectors_has_none() -> None:
    assert len(record().vectors) == 0


def test_metadata_holds_words_in_one_place_only() -> None:
    metadata = metadata_of(record())
    assert [name for name, value in metadata.items() if "user-1" in str(value) or "sea" in str(value)] == ["item"]
    assert set(metadata) == {"item", "expires", "under1", "under2"}


def test_odd_labels_are_told_apart() -> None:
    assert record_id(("a", "b"), "c") != record_id(("a",), "b")
    assert digest(["a,b"]) != digest(["a", "b"])
    assert len(record_id(("\ud800",), "")) == 49


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be kept"):
        metadata_of(record(value={"x": object()}))


def test_a_touch_puts_off_the_end_of_what_ends() -> None:
    assert record(ttl=2.0, expires=5.0).touched(100.0).expires == 220.0
    assert record().touched(100.0).expires == NEVER
