import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from convrec.tools.answer_cache import AnswerCache, request_key
from convrec.tools.errors import StoreError

WORDS = "marmalade from Zanzibar"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    with closing(AnswerCache(tmp_path / "deep" / "answers.sqlite")) as opened:
        yield opened


def test_what_is_put_is_there_and_nothing_else(cache: AnswerCache) -> None:
    assert cache.get("k") is None
    assert cache.put("k", "ann", "green — “grün” 緑")
    assert cache.get("k") == "green — “grün” 緑"
    assert cache.get("other") is None


def test_a_newer_answer_replaces_the_older_one(cache: AnswerCache) -> None:
    cache.put("k", "ann", "one")
    cache.put("k", "ann", "two")
    assert cache.get("k") == "two"


def test_answers_outlive_closing_and_opening(cache: AnswerCache) -> None:
    cache.put("k", "ann", "green")
    with closing(AnswerCache(cache.path)) as again:
        assert again.get("k") == "green"


def test_the_file_is_its_owners_alone(cache: AnswerCache) -> None:
    assert stat.S_IMODE(cache.path.stat().st_mode) == 0o600


def test_forgetting_a_user_leaves_no_byte_of_theirs_and_all_of_the_others(cache: AnswerCache) -> None:
    for number in range(200):
        cache.put(f"ann {number}", "ann", f"{WORDS} {number} " * 20)
    cache.put("bob", "bob", "green")
    held = b"".join(p.read_bytes() for p in cache.path.parent.iterdir())
    assert WORDS.encode() in held
    cache.forget("ann")
    held = b"".join(p.read_bytes() for p in cache.path.parent.iterdir())
    assert WORDS.encode() not in held
    assert b"ann" not in held
    assert cache.get("ann 7") is None
    assert cache.get("bob") == "green"
    cache.forget("nobody")


def test_threads_share_a_cache(cache: AnswerCache) -> None:
    def work(number: int) -> str | None:
        cache.put(f"k{number % 7}", "ann", f"answer {number % 7}")
        return cache.get(f"k{number % 7}")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(200))) == [f"answer {n % 7}" for n in range(200)]


def test_a_cache_that_another_process_holds_neither_answers_nor_breaks(cache: AnswerCache) -> None:
    cache.put("k", "ann", "green")
    cache._database.execute("PRAGMA busy_timeout=10")
    with closing(sqlite3.connect(cache.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cache.get("k") is None
        assert cache.put("k", "ann", "black") is False
        with pytest.raises(StoreError, match="could not be cleaned"):
            cache.forget("ann")
    assert cache.get("k") == "green"


def test_a_closed_cache_neither_answers_nor_breaks(cache: AnswerCache) -> None:
    cache.close()
    assert cache.get("k") is None
    assert cache.put("k", "ann", "green") is False


@pytest.mark.parametrize("text", ["half \ud83d of a pair", "\udcff"])
def test_what_no_file_can_hold_is_not_kept(cache: AnswerCache, text: str) -> None:
    assert cache.put("k", "ann", text) is False
    assert cache.put("k", text, "green") is False
    assert cache.get("k") is None


def test_a_file_that_is_no_cache_is_told_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(StoreError, match="cannot be opened") as fault:
        AnswerCache(path)
    assert "llm.cache" in fault.value.hint


def test_a_folder_that_cannot_be_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as fault:
        AnswerCache(tmp_path / "file" / "answers.sqlite")
    assert fault.value.hint


def test_a_key_depends_on_all_of_a_request_and_on_its_owner_and_not_on_order() -> None:
    request = {"model": "m", "said": [("human", "hello")], "max_tokens": 5, "seed": None}
    key = request_key(request, "ann")
    assert key == request_key(dict(reversed(request.items())), "ann")
    others = [
        request_key(request, "bob"),
        request_key({**request, "model": "n"}, "ann"),
        request_key({**request, "said": [("system", "hello")]}, "ann"),
        request_key({**request, "said": [("human", "hello ")]}, "ann"),
        request_key({**request, "seed": 0}, "ann"),
        request_key({"model": "m"}, "ann"),
    ]
    assert len({key, *others}) == len(others) + 1


def test_a_key_tells_nothing_of_its_request() -> None:
    key = request_key({"said": [("human", WORDS)]}, "ann")
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_any_text_has_a_key() -> None:
    assert request_key({"said": [("human", "half \ud83d of a pair")]}, "\udcff")
