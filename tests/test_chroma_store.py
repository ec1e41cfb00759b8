import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from convrec.tools.chroma_store import ChromaStore
from convrec.tools.errors import InputError, StoreError
from convrec.tools.opening_memories import open_store
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from langgraph.store.base import (
    GetOp,
    IndexConfig,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchItem,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

DIMENSION = 4
LONG_AGO = 1_000_000_000.0


def embed(texts: list[str]) -> list[list[float]]:
    """One-hot vectors, so that similarities are exact and ties are common."""
    return [
        [float(place == sum(t.encode("utf-8", "replace")) % DIMENSION) for place in range(DIMENSION)] for t in texts
    ]


def index(*fields: str) -> IndexConfig:
    return IndexConfig(dims=DIMENSION, embed=embed, fields=list(fields) or ["$"])


class Clock:
    def __init__(self) -> None:
        self.now = LONG_AGO

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., ChromaStore]]:
    made: list[ChromaStore] = []

    def open_one(**asked: Any) -> ChromaStore:
        made.append(open_store(tmp_path / "chroma", **asked))
        return made[-1]

    yield open_one
    for store in made:
        store.close()


@pytest.fixture
def store(make: Callable[..., ChromaStore]) -> ChromaStore:
    return make(index=index("text"))


class Reference(InMemoryStore):
    """LangGraph's own store, which forgets what it should: namespaces without items, and vectors of older values."""

    def __init__(self, config: IndexConfig) -> None:
        super().__init__(index=config)
        self.order: dict[Any, int] = {}
        self.count = 0

    def batch(self, ops: Any) -> list[Any]:
        answer = super().batch(ops)
        self._tidy()
        return answer

    def _handle_list_namespaces(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        self._tidy()
        return super()._handle_list_namespaces(op)

    def _tidy(self) -> None:
        alive = [(ns, items) for ns, items in self._data.items() if items]
        alive.sort(key=lambda pair: min(self.order[pair[0], key] for key in pair[1]))
        self._data = defaultdict(dict, alive)

    def _insertinmem_store(self, to_embed: Any, embeddings: Any) -> None:
        for indices, embedding in zip(to_embed.values(), embeddings, strict=True):
            for namespace, key, path in indices:
                self._vectors[namespace][key][path] = embedding

    def _extract_texts(self, put_ops: Any) -> Any:
        for namespace, key in put_ops:
            self._vectors[namespace].pop(key, None)
        return super()._extract_texts(put_ops)

    def _apply_put_ops(self, put_ops: Any) -> None:
        super()._apply_put_ops(put_ops)
        for place, op in put_ops.items():
            if op.value is None:
                self.order.pop(place, None)
            elif place not in self.order:
                self.count += 1
                self.order[place] = self.count


def plain(answer: Any) -> Any:
    """An answer without its times."""
    if isinstance(answer, SearchItem):
        score = None if answer.score is None else round(answer.score, 5)
        return (answer.namespace, answer.key, repr(answer.value), score)
    if isinstance(answer, Item):
        return (answer.namespace, answer.key, repr(answer.value))
    return [plain(a) for a in answer] if isinstance(answer, list) else answer


LABELS = st.sampled_from(["a", "b", "é/ü", "*", "\ud800", "user-1"])
NAMESPACES = st.lists(LABELS, min_size=1, max_size=3).map(tuple)
KEYS = st.sampled_from(["k", "l", "ключ", "a/b", "\x00", ""])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.text(max_size=4))
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
VALUES = st.fixed_dictionaries(
    {"n": st.integers(0, 3)},
    optional={
        "text": st.sampled_from(["sea", "hills", "rain"]),
        "tags": st.lists(st.sampled_from(["x", "yy"])),
        "any": JSON,
    },
)
INDEXED = st.sampled_from([None, None, False, ["text"], ["tags[*]", "text"], ["any"]])
FILTERS = st.one_of(
    st.none(),
    st.just({}),
    st.fixed_dictionaries({"text": st.sampled_from(["sea", "hills"])}),
    st.builds(
        lambda operator, n: {"n": {operator: n}},
        st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]),
        st.integers(0, 3),
    ),
    st.fixed_dictionaries({"tags": st.just(["x"])}),
    st.fixed_dictionaries({"any": st.just({})}),
    st.fixed_dictionaries({"missing": st.none()}),
    st.just({"n": {"$gte": 1, "$lt": 3}, "text": {"$ne": "rain"}}),
)
CONDITIONS = st.lists(
    st.builds(MatchCondition, st.sampled_from(["prefix", "suffix"]), st.lists(LABELS, max_size=2).map(tuple)),
    max_size=2,
).map(tuple)
PUTS = st.builds(lambda n, k, v, i: PutOp(n, k, v, i), NAMESPACES, KEYS, VALUES, INDEXED)
OPS = st.one_of(
    PUTS,
    PUTS,
    PUTS,
    st.builds(lambda n, k: PutOp(n, k, None), NAMESPACES, KEYS),
    st.builds(GetOp, NAMESPACES, KEYS),
    st.builds(
        lambda n, f, limit, offset, q: SearchOp(n, f, limit, offset, q),
        st.lists(LABELS, max_size=2).map(tuple),
        FILTERS,
        st.integers(0, 6),
        st.integers(0, 3),
        st.sampled_from([None, "sea", "rain", ""]),
    ),
    st.builds(
        ListNamespacesOp, CONDITIONS, st.one_of(st.none(), st.integers(0, 3)), st.integers(0, 5), st.integers(0, 2)
    ),
)


@settings(max_examples=25, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(OPS, min_size=1, max_size=6), min_size=1, max_size=8))
def test_it_answers_as_the_store_in_memory_does(
    make: Callable[..., ChromaStore], batches: list[list[Any]], tmp_path: Path
) -> None:
    ours = make(index=index("text", "tags[*]"))
    for item in ours.search((), limit=10_000):
        ours.delete(item.namespace, item.key)
    theirs = Reference(index("text", "tags[*]"))
    for ops in [*batches, [SearchOp((), limit=100), ListNamespacesOp()]]:
        assert plain(ours.batch(ops)) == plain(theirs.batch(ops))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"": None},
        {"a": [[], {}, [None, True, 1.5, "x"]]},
        {"$eq": {"chroma:document": "x"}},
        {"n": 10**40},
        {"s": "\ud800\x00"},
    ],
)
def test_any_json_comes_back_as_it_was(store: ChromaStore, value: dict[str, Any]) -> None:
    store.put(("a",), "k", value)
    found = store.get(("a",), "k")
    assert found is not None
    assert found.value == value


def test_what_is_no_json_is_refused_and_nothing_is_written(store: ChromaStore) -> None:
    with pytest.raises(InputError, match="cannot be kept"):
        store.batch([PutOp(("a",), "good", {"x": 1}), PutOp(("a",), "bad", {"x": object()})])
    assert store.search(("a",)) == []


def test_labels_with_dots_are_refused(store: ChromaStore) -> None:
    with pytest.raises(InvalidNamespaceError):
        store.put(("a.b",), "k", {})


def test_an_unknown_operator_is_refused(store: ChromaStore) -> None:
    store.put(("a",), "k", {"n": 1})
    with pytest.raises(ValueError, match=r"\$like"):
        store.search(("a",), filter={"n": {"$like": 1}})


def test_what_cannot_be_compared_does_not_match(store: ChromaStore) -> None:
    store.put(("a",), "without", {})
    store.put(("a",), "list", {"n": []})
    store.put(("a",), "day", {"n": "2024-05-01"})
    assert [i.key for i in store.search(("a",), filter={"n": {"$gte": "2024-01-01"}})] == ["day"]
    assert store.search(("a",), filter={"n": {"$gt": 3}}) == []


def test_an_update_keeps_when_it_was_made(make: Callable[..., ChromaStore]) -> None:
    clock = Clock()
    store = make(clock=clock)
    store.put(("a",), "k", {"n": 1})
    clock.now += 60
    store.put(("a",), "k", {"n": 2})
    found = store.get(("a",), "k")
    assert found is not None
    assert (found.updated_at - found.created_at).total_seconds() == 60


def test_everything_is_there_after_opening_again(make: Callable[..., ChromaStore]) -> None:
    first = make(index=index("text"))
    first.put(("a", "b"), "k", {"text": "sea"})
    first.close()
    again = make(index=index("text"))
    (found,) = again.search(("a",), query="sea")
    assert (found.key, found.value, found.score) == ("k", {"text": "sea"}, 1.0)


def test_a_closed_store_says_so(store: ChromaStore) -> None:
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.get(("a",), "k")


class Counted:
    """An embedding that tells what it was asked for."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.texts: list[str] = []

    def __call__(self, texts: list[str]) -> list[list[float]]:
        self.texts += texts
        return [[float(len(t) == place) for place in range(self.dimension)] for t in texts]

    def index(self, *fields: str) -> IndexConfig:
        return IndexConfig(dims=self.dimension, embed=self, fields=list(fields) or ["text"])


def test_what_another_encoder_wrote_is_embedded_anew_when_it_is_searched(make: Callable[..., ChromaStore]) -> None:
    old = make(index=index("text"), encoder="old")
    old.put(("a",), "near", {"text": "sea"})
    old.put(("a",), "far", {"text": "hills"})
    old.put(("a",), "tags", {"text": "no", "tags": ["sea"]}, index=["tags[*]"])
    old.put(("a",), "none", {"text": "sea"}, index=False)
    old.put(("b",), "other", {"text": "rain"})
    counted = Counted(9)
    new = make(index=counted.index(), encoder="new")
    assert [(i.key, i.score) for i in new.search(("a",), query="sky")] == [
        ("near", 1.0), ("tags", 1.0), ("far", 0.0), ("none", None),
    ]  # fmt: skip
    assert sorted(counted.texts) == ["hills", "sea", "sky"]
    before = new.get(("a",), "near")
    counted.texts.clear()
    again = make(index=counted.index(), encoder="new")
    assert again.search(("a",), query="sky")[0].score == 1.0
    assert counted.texts == ["sky"]
    assert again.get(("a",), "near") == before


def test_what_was_written_without_meaning_gets_it_when_it_is_searched(make: Callable[..., ChromaStore]) -> None:
    make().put(("a",), "k", {"text": "sea"})
    (found,) = make(index=index("text")).search(("a",), query="sea")
    assert found.score == 1.0


def test_other_fields_are_embedded_anew(make: Callable[..., ChromaStore]) -> None:
    make(index=index("text")).put(("a",), "k", {"text": "sea", "title": "rain"})
    (found,) = make(index=index("title")).search(("a",), query="rain")
    assert found.score == 1.0


async def test_an_asynchronous_search_embeds_anew_too(make: Callable[..., ChromaStore]) -> None:
    async def later(texts: list[str]) -> list[list[float]]:
        return embed(texts)

    make(index=index("text"), encoder="old").put(("a",), "k", {"text": "sea"})
    store = make(index=IndexConfig(dims=DIMENSION, embed=later, fields=["text"]), encoder="new")
    assert (await store.asearch(("a",), query="sea"))[0].score == 1.0


def test_an_update_by_a_store_of_another_encoder_counts(make: Callable[..., ChromaStore]) -> None:
    one, two = make(index=index("text"), encoder="one"), make(index=index("text"), encoder="two")
    one.put(("a",), "k", {"text": "sea"})
    two.put(("a",), "k", {"text": "rain"})
    assert one.search(("a",), query="rain")[0].score == 1.0
    assert two.search(("a",), query="rain")[0].score == 1.0


async def test_the_asynchronous_ways_do_the_same(store: ChromaStore) -> None:
    await asyncio.gather(*(store.aput(("a", str(n % 3)), str(n), {"text": "sea", "n": n}) for n in range(12)))
    assert len(await store.asearch(("a",), query="sea", limit=20)) == 12
    assert await store.alist_namespaces(prefix=("a",)) == [("a", "0"), ("a", "1"), ("a", "2")]
    await store.adelete(("a", "0"), "0")
    assert await store.aget(("a", "0"), "0") is None


async def test_an_embedding_that_is_only_asynchronous_serves(make: Callable[..., ChromaStore]) -> None:
    async def later(texts: list[str]) -> list[list[float]]:
        return embed(texts)

    store = make(index=IndexConfig(dims=DIMENSION, embed=later, fields=["text"]))
    await store.aput(("a",), "k", {"text": "sea"})
    assert (await store.asearch(("a",), query="sea"))[0].score == 1.0


def test_time_runs_out_and_reading_puts_it_off(make: Callable[..., ChromaStore]) -> None:
    clock = Clock()
    store = make(clock=clock, index=index("text"))
    store.put(("a",), "kept", {"text": "sea"}, ttl=10)
    store.put(("b",), "left", {"text": "sea"}, ttl=10)
    store.put(("c",), "always", {"text": "sea"})
    clock.now += 9 * 60
    assert store.search(("a",), query="sea")
    assert store.get(("b",), "left", refresh_ttl=False) is not None
    clock.now += 9 * 60
    assert store.get(("a",), "kept") is not None
    assert store.get(("b",), "left") is None
    assert [i.key for i in store.search((), query="sea")] == ["kept", "always"]
    assert store.list_namespaces() == [("a",), ("c",)]
    clock.now += 60 * 60
    assert store.sweep_ttl() == 1
    assert [i.key for i in store.search(())] == ["always"]


def test_what_ran_out_is_swept_while_others_are_written(make: Callable[..., ChromaStore]) -> None:
    clock = Clock()
    store = make(clock=clock, ttl={"default_ttl": 1, "sweep_interval_minutes": 5})
    store.put(("a",), "k", {})
    clock.now += 6 * 60
    store.put(("b",), "k", {}, ttl=None)
    assert store.sweep_ttl() == 0
    assert store.list_namespaces() == [("b",)]


def test_an_item_that_ran_out_is_a_new_one_when_put_again(make: Callable[..., ChromaStore]) -> None:
    clock = Clock()
    store = make(clock=clock)
    store.put(("a",), "k", {"n": 1}, ttl=1)
    clock.now += 120
    store.put(("a",), "k", {"n": 2})
    found = store.get(("a",), "k")
    assert found is not None
    assert found.created_at == found.updated_at


def test_a_batch_larger_than_chromas_largest_is_written_whole(store: ChromaStore) -> None:
    count = 6_000
    with store._opened() as records:
        assert records.most < count
    store.batch([PutOp(("a", "b"), str(n), {"n": n}) for n in range(count)])
    found = store.search(("a",), limit=10_000)
    assert [i.value["n"] for i in found] == list(range(count))


def test_many_threads_lose_and_cross_nothing(store: ChromaStore) -> None:
    def one(user: int) -> list[int]:
        for n in range(4):
            store.put((f"user-{user}", "items"), str(n), {"text": "sea", "user": user})
            found = store.search((f"user-{user}", "items"), query="sea", limit=50)
            assert {i.value["user"] for i in found} == {user}
        return [len(found)]

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(one, range(50))) == [[4]] * 50
    assert len(store.search((), limit=1_000)) == 200


def files_holding(folder: Path, word: str) -> list[str]:
    forms = {word.encode(), json.dumps(word)[1:-1].encode(), json.dumps(json.dumps(word)[1:-1])[1:-1].encode()}
    return [p.name for p in folder.rglob("*") if p.is_file() and any(f in p.read_bytes() for f in forms)]


def test_no_word_is_left_of_what_was_forgotten(make: Callable[..., ChromaStore], tmp_path: Path) -> None:
    store = make(index=index("text"))
    for n in range(40):
        store.put(("user-1", "items"), f"zanzibar{n}", {"text": f"quicksilver{n}"})
        store.put(("user-1", "items"), f"zanzibar{n}", {"text": f"mercury{n}"})
        store.put(("user-2", "items"), f"{n}", {"text": f"platinum{n}"})
    store.delete(("user-1", "items"), "zanzibar0")
    words = ("quicksilver", "mercury", "zanzibar")
    assert all(files_holding(tmp_path, word) for word in words)
    assert store.forget(("user-1",)) == 39
    assert [files_holding(tmp_path, word) for word in words] == [[], [], []]
    assert len(store.search(("user-2",), query="platinum", limit=99)) == 40
    store.put(("user-1", "items"), "new", {"text": "sea"})
    store.close()
    again = make(index=index("text"))
    assert [i.score for i in again.search(("user-1",), query="sea")] == [1.0]
    assert len(again.search(("user-2",), query="platinum", limit=99)) == 40


def test_one_deleted_memory_can_be_cut_out_alone(make: Callable[..., ChromaStore], tmp_path: Path) -> None:
    store = make()
    store.put(("a",), "k", {"text": "quicksilver"})
    store.put(("a",), "l", {"text": "mercury"})
    store.delete(("a",), "k")
    store.shred()
    assert files_holding(tmp_path, "quicksilver") == []
    assert store.search(("a",))[0].value == {"text": "mercury"}
