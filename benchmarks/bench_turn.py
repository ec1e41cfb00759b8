"""A turn with the built-in brains, at 1,000, 10,000 and 100,000 items: how long, where the time goes, how it grows.

Run as `.venv/bin/python benchmarks/bench_turn.py [--items N ...] [--turns N] [--home FOLDER]`. The indexes are built
once and kept in the folder (100,000 items take a quarter of an hour on two cores). Each size is measured in a process
of its own: four kinds of message (open, with three hard limits, with one hard limit that excludes little, and one that
says nothing to search by), each in a new thread, and the 20th turn of a thread. The baseline is Chroma's own metadata
filter with the same three limits.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from convrec import Recommender, Settings
from convrec.tools.encoder import SHIPPED, Encoder
from convrec.tools.index import Index, build_index, collection_name
from convrec.tools.items import date_as_number
from convrec.tools.storage import Home
from convrec.tools.vectors import open_chroma, open_collection
from measuring import (
    STYLES,
    WORKS,
    excluding_messages,
    limited_messages,
    make_works,
    median_and_p95,
    memory_mb,
    open_messages,
    print_machine,
    print_table,
    quantile,
    stopwatch,
    vague_messages,
)

KINDS = {
    "open": open_messages,
    "three limits": limited_messages,
    "one exclusion": excluding_messages,
    "too vague": vague_messages,
}
DIMENSION = 384
TARGETS = {(10_000, "open"): 100.0, (100_000, "three limits"): 200.0}
"""Milliseconds that the median turn may take."""


@dataclass
class Times:
    """Seconds of the turns of one kind of message.

    `processor` is what all cores spent beside the encoder; `between` is what no agent took: the graph, its checkpoints,
    the answer's making.
    """

    turns: list[float] = field(default_factory=list)
    encoder: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    agents: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    between: list[float] = field(default_factory=list)
    hard: list[int] = field(default_factory=list)

    @property
    def rest(self) -> list[float]:
        """Each turn without its sentence encoder."""
        return [turn - encoder for turn, encoder in zip(self.turns, self.encoder, strict=True)]


@dataclass
class Measured:
    """All that one size gave: times by kind of message, seconds to open, memory in MB, and the baselines' seconds."""

    items: int
    times: dict[str, Times]
    opening: float
    memory: dict[str, float]
    late: list[float]
    chroma: dict[str, list[float]]


class Clocked:
    """An encoder that adds up the seconds it takes."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.seconds = self.processor = 0.0
        self._encoder = encoder

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """As the encoder itself."""
        spent = time.process_time()
        with stopwatch() as seconds:
            vectors = self._encoder.encode(texts)
        self.seconds += seconds()
        self.processor += time.process_time() - spent
        return vectors


def catalogue_name(items: int) -> str:
    """What the invented catalogue of a size is called."""
    return f"works-{items}"


def build(folder: Path, items: int) -> None:
    """Build a size's index, if it is missing, and the Chroma collection with metadata that it is compared with."""
    home, name = Home(folder), catalogue_name(items)
    if not home.exists(name) or open_collection(home.chroma, collection_name(name, DIMENSION)).count() != items:
        build_index(home, name, make_works(items), WORKS, encoder=SHIPPED)
    collection = open_chroma(_baseline(folder, items)).get_or_create_collection(
        name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    if collection.count() == items:
        return
    matrix, works = np.load(home.version(name) / "vectors.npy"), make_works(items)
    metadata: list[dict[str, Any]] = [
        {
            "released": date_as_number(str(w.attributes["released"])),
            "price": w.attributes["price"],
            **dict.fromkeys(w.attributes["styles"], True),  # type: ignore[arg-type]
        }
        for w in works
    ]
    for start in range(0, items, 2_000):
        part = slice(start, start + 2_000)
        collection.upsert([w.id for w in works[part]], matrix[part], metadata[part])  # type: ignore[arg-type]


def _baseline(folder: Path, items: int) -> Path:
    """A database for each size: Chroma's filter takes time by all records of a database."""
    return folder / f"chroma-{items}"


async def measure(folder: Path, items: int, turns: int) -> Measured:
    """The times of one size."""
    recommender = Recommender(settings=Settings(home=folder, catalogue=catalogue_name(items)))
    with stopwatch() as opening:
        await recommender.open()
    index = recommender.index
    clocked = Clocked(index.encoder)
    index.encoder = clocked
    try:
        for kind in KINDS.values():
            for number, message in enumerate(kind(3, seed=99)):
                await recommender.reply(message, user="bench", thread=f"warm-{kind.__name__}-{number}")
        times = {kind: Times() for kind in KINDS}
        for number in range(turns):
            for kind, make in KINDS.items():
                await _take_turn(recommender, clocked, make(turns)[number], f"{kind}-{number}", times[kind])
        late = [await _late_turn(recommender, number) for number in range(3)]
    finally:
        await recommender.forget(user="bench")
        await recommender.aclose()
    memory = memory_mb()
    return Measured(items, times, opening(), memory, late, _query_chroma(folder, index, items, turns))


async def _take_turn(recommender: Recommender, clocked: Clocked, message: str, thread: str, times: Times) -> None:
    clocked.seconds = clocked.processor = 0.0
    spent = time.process_time()
    with stopwatch() as seconds:
        answer = await recommender.reply(message, user="bench", thread=thread)
    times.processor.append(time.process_time() - spent - clocked.processor)
    times.turns.append(seconds())
    times.encoder.append(clocked.seconds)
    times.between.append(times.turns[-1] - sum(step.milliseconds for step in answer.steps) / 1000)
    times.hard.append(sum(p.hard for p in answer.preferences))
    for step in answer.steps:
        times.agents[step.agent].append(step.milliseconds / 1000)


async def _late_turn(recommender: Recommender, number: int) -> float:
    messages = open_messages(20, seed=50 + number)
    for message in messages[:-1]:
        await recommender.reply(message, user="bench", thread=f"long-{number}")
    with stopwatch() as seconds:
        await recommender.reply(messages[-1], user="bench", thread=f"long-{number}")
    return seconds()


def _query_chroma(folder: Path, index: Index, items: int, turns: int) -> dict[str, list[float]]:
    """Seconds of Chroma's own queries for 80 items: without a filter, and with the three limits as metadata filter."""
    collection = open_chroma(_baseline(folder, items)).get_collection(catalogue_name(items), embedding_function=None)
    chance = np.random.default_rng(5)
    queries = index.encoder.encode(open_messages(turns + 3, seed=7))
    found: dict[str, list[float]] = {"no filter": [], "three limits": []}
    for number, query in enumerate(queries):
        decade = float(chance.choice([1980, 1990, 2000, 2010]))
        where = {
            "$and": [
                {str(chance.choice(STYLES)): True},
                {"released": {"$gte": decade}},
                {"released": {"$lt": decade + 10}},
                {"price": {"$lt": float(chance.integers(12, 40))}},
            ]
        }
        for name, condition in (("no filter", None), ("three limits", where)):
            began = time.perf_counter()
            collection.query(query_embeddings=[query], n_results=80, where=condition, include=["distances"])
            if number >= 3:
                found[name].append(time.perf_counter() - began)
    return found


def measure_in_process(folder: Path, items: int, turns: int) -> Measured:
    """`measure`, for a process of its own."""
    return asyncio.run(measure(folder, items, turns))


def print_results(results: Sequence[Measured]) -> None:
    """The tables."""
    print_table(
        "A turn, milliseconds (median / p95)",
        [
            {
                "items": r.items,
                "message": kind,
                "hard limits read": f"{statistics.mean(times.hard):.1f}",
                "turn": median_and_p95(times.turns),
                "encoder": median_and_p95(times.encoder),
                "all else": median_and_p95(times.rest),
                "processor, all else": median_and_p95(times.processor),
                "target": f"{TARGETS[r.items, kind]:.0f}" if (r.items, kind) in TARGETS else "",
            }
            for r in results
            for kind, times in r.times.items()
        ],
    )
    agents = list(dict.fromkeys(a for r in results for t in r.times.values() for a in t.agents))
    print_table(
        "By agent, milliseconds (median)",
        [
            {"items": r.items, "message": kind}
            | {a: f"{statistics.median(t.agents[a]) * 1000:.1f}" if t.agents.get(a) else "-" for a in agents}
            | {"between": f"{statistics.median(t.between) * 1000:.1f}"}
            for r in results
            for kind, t in r.times.items()
        ],
    )
    print_table(
        "Opening, memory, long threads",
        [
            {
                "items": r.items,
                "opening (s)": f"{r.opening:.1f}",
                "memory (MB)": f"{r.memory.get('now', 0):.0f}",
                "20th turn of a thread (ms)": f"{statistics.median(r.late) * 1000:.0f}",
            }
            for r in results
        ],
    )
    print_table(
        "Against Chroma's own query for 80 items, milliseconds (median / p95)",
        [
            {
                "items": r.items,
                "Chroma, no filter": median_and_p95(r.chroma["no filter"]),
                "Chroma, three limits": median_and_p95(r.chroma["three limits"]),
                "retrieval, three limits": median_and_p95(_retrieval(r)),
                "times as long": f"{_median(r.chroma['three limits']) / _median(_retrieval(r)):.1f}",
            }
            for r in results
        ],
    )
    print_table(
        "Growth: how many times longer all but the encoder takes",
        [
            {"from": small.items, "to": large.items, "items": f"{large.items / small.items:.0f}x"}
            | {k: f"{_median(large.times[k].rest) / _median(small.times[k].rest):.1f}x" for k in KINDS}
            for small, large in itertools.pairwise(results)
        ],
    )


def _retrieval(measured: Measured) -> list[float]:
    """Seconds of the retrieval agent (all its tools, the encoder too) under three limits."""
    return measured.times["three limits"].agents["retrieve"]


def _median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def main() -> None:
    """Build what is missing, measure each size, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--turns", type=int, default=50, help="of each kind of message")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench")
    given = parser.parse_args()
    print_machine()
    results = []
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for items in sorted(given.items):
            print(f"Indexing {items:,} items in {given.home}, where they are missing ...", flush=True)
            processes.submit(build, given.home, items).result()
            print(f"Measuring {len(KINDS) * given.turns} turns at {items:,} items ...", flush=True)
            results.append(processes.submit(measure_in_process, given.home, items, given.turns).result())
    print_results(results)


if __name__ == "__main__":
    main()
