"""How fast memories are written and recalled as they grow many, how large they become, and whether anything is ever lost.

Run as `.venv/bin/python benchmarks/bench_store.py [--records N] [--namespaces N] [--users N] [--kills N]`. Vectors are
random ones of the shipped encoder's length, so that nothing but the store is measured. Recall is a search by meaning in
one user's namespace, ten answers; "by one label" asks by the first label only, which has to look in every collection.

Then some users write and read at once, each in a thread and each as an asyncio task; what is lost or crossed is counted.
Then a process is killed (SIGKILL) while it writes, again and again: one memory at a time, and five hundred at a time.
Everything is written to a temporary folder (TMPDIR says where), which is removed.
"""

import argparse
import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from convrec.tools.chroma_store import ChromaStore
from convrec.tools.opening_memories import open_store
from langgraph.store.base import IndexConfig, PutOp
from measuring import median_and_p95, memory_mb, print_machine, print_table, stopwatch

DIMENSION = 384
_BATCH = 10_000
_ROUNDS = 20

_WRITER = """
import sys
from pathlib import Path
from bench_store import INDEX, put
from convrec.tools.opening_memories import open_store
start, size = int(sys.argv[2]), int(sys.argv[3])
store = open_store(Path(sys.argv[1]), index=INDEX)
for n in range(start, 10**9, size):
    store.batch([put(i, 7) for i in range(n, n + size)])
    print(n + size, flush=True)
"""


def embed(texts: Sequence[str]) -> list[list[float]]:
    """A random direction for each text, always the same one."""
    seeds = (int.from_bytes(hashlib.blake2b(t.encode(), digest_size=8).digest(), "big") for t in texts)
    return [np.random.default_rng(s).normal(size=DIMENSION).astype(np.float32).tolist() for s in seeds]


INDEX = IndexConfig(dims=DIMENSION, embed=embed, fields=["text"])


def text(number: int) -> str:
    """What an invented memory says."""
    return f"memory {number}: likes what moves slowly, and has said so on an evening"


def put(number: int, namespaces: int) -> PutOp:
    """An invented memory."""
    value = {"text": text(number), "kind": "taste", "n": number}
    return PutOp((f"user-{number % namespaces}", "memories"), str(number), value)


def milliseconds(work: Callable[[int], object], runs: int, namespaces: int) -> str:
    """Median and 95th percentile of some work on random namespaces."""
    chance, taken = random.Random(3), []
    for _ in range(runs):
        with stopwatch() as elapsed:
            work(chance.randrange(namespaces))
        taken.append(elapsed())
    return median_and_p95(taken)


def grow(folder: Path, records: int, namespaces: int, runs: int) -> list[dict[str, object]]:
    """Write memories, and measure at each tenth of what is asked and at its end."""
    rows: list[dict[str, object]] = []
    store = open_store(folder, index=INDEX)
    written, seconds = 0, 0.0
    for goal in sorted({records // 10, records}):
        before, before_seconds = written, seconds
        while written < goal:
            ops = [put(n, namespaces) for n in range(written, min(written + _BATCH, goal))]
            with stopwatch() as elapsed:
                store.batch(ops)
            seconds += elapsed()
            written += len(ops)
        rows.append({"memories": written, **_measure(store, folder, namespaces, runs)})
        rows[-1]["written/s, in ten thousands at once"] = round((written - before) / (seconds - before_seconds))
        print_table("So far", rows)
    store.close()
    return rows


def _measure(store: ChromaStore, folder: Path, namespaces: int, runs: int) -> dict[str, object]:
    def recall(user: int) -> object:
        return store.search((f"user-{user}", "memories"), query=f"memory {user}", limit=10)

    def put_one(user: int) -> object:
        return store.put((f"user-{user}", "memories"), "newest", {"text": f"memory {user}"})

    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    before = time.process_time()
    recalled = milliseconds(recall, runs, namespaces)
    return {
        "recall, ms (median / p95)": recalled,
        "of the processor": f"{(time.process_time() - before) / runs * 1000:.1f}",
        "get": milliseconds(lambda u: store.get((f"user-{u}", "memories"), str(u)), runs, namespaces),
        "by one label": milliseconds(lambda u: store.search((f"user-{u}",), limit=10), max(runs // 10, 5), namespaces),
        "put one": milliseconds(put_one, runs, namespaces),
        "files, MB": round(size / 1e6),
        "memory, MB": round(memory_mb().get("now", 0)),
    }


def crowd_of_threads(folder: Path, users: int) -> dict[str, object]:
    """Users who write and read at once, each in a thread."""
    store = open_store(folder, index=INDEX)

    def one(user: int) -> int:
        wrong = 0
        for n in range(_ROUNDS):
            store.put((f"user-{user}", "memories"), str(n), {"text": f"memory {n} of {user}", "user": user})
            found = store.search((f"user-{user}", "memories"), query="memory", limit=100)
            wrong += len(found) != n + 1 or any(i.value["user"] != user for i in found)
        return wrong

    with ThreadPoolExecutor(users) as threads, stopwatch() as elapsed:
        wrong = sum(threads.map(one, range(users)))
    return _crowd("threads", store, users, wrong, elapsed())


def crowd_of_tasks(folder: Path, users: int) -> dict[str, object]:
    """Users who write and read at once, each as an asyncio task."""
    store = open_store(folder, index=INDEX)

    async def one(user: int) -> int:
        wrong = 0
        for n in range(_ROUNDS):
            await store.aput((f"user-{user}", "memories"), str(n), {"text": f"memory {n} of {user}", "user": user})
            found = await store.asearch((f"user-{user}", "memories"), query="memory", limit=100)
            wrong += len(found) != n + 1 or any(i.value["user"] != user for i in found)
        return wrong

    async def everyone() -> int:
        return sum(await asyncio.gather(*map(one, range(users))))

    with stopwatch() as elapsed:
        wrong = asyncio.run(everyone())
    return _crowd("asyncio", store, users, wrong, elapsed())


def _crowd(kind: str, store: ChromaStore, users: int, wrong: int, seconds: float) -> dict[str, object]:
    kept = len(store.search((), limit=10**9))
    store.close()
    written = users * _ROUNDS
    return {
        "users at once": f"{users}, {kind}",
        "written": written,
        "lost": written - kept,
        "reads that were wrong": wrong,
        "writes and reads/s": round(2 * written / seconds),
    }


def kill(folder: Path, kills: int, size: int) -> dict[str, object]:
    """Kill a process while it writes, again and again; how many acknowledged memories were lost."""
    start, lost, opening, chance = 0, 0, [], random.Random(5)
    told = [0]
    for _ in range(kills):
        command = [sys.executable, "-c", _WRITER, str(folder), str(start), str(size)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as writer:
            assert writer.stdout is not None
            first = int(writer.stdout.readline())
            # While it goes on writing, so that the kill falls anywhere in a write.
            time.sleep(chance.random() * 2)
            os.kill(writer.pid, signal.SIGKILL)
            told = [first, *(int(line) for line in writer.stdout if line.endswith("\n"))]
        with stopwatch() as elapsed:
            store = open_store(folder, index=INDEX)
            found = {item.value["n"] for item in store.search((), limit=10**9)}
        opening.append(elapsed())
        lost += len(set(range(told[-1])) - found)
        some = chance.randrange(told[-1])
        (best,) = store.search((f"user-{some % 7}", "memories"), query=text(some), limit=1)
        lost += best.value["n"] != some
        store.close()
        # What was written of an unfinished batch is written again.
        start = told[-1]
    return {
        "at once": size,
        "kills": kills,
        "acknowledged": told[-1],
        "lost": lost,
        "opened and read whole, s (median / p95)": median_and_p95(opening, 1.0, 2),
    }


def main() -> None:
    """Grow, measure, forget, crowd, kill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--namespaces", type=int, default=200)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args()
    print_machine()
    with tempfile.TemporaryDirectory(prefix="convrec-bench-store-") as folder:
        home = Path(folder)
        if given.records:
            print_table("Memories", grow(home / "many", given.records, given.namespaces, given.runs))
            _end(home / "many")
        if given.users:
            rows = [crowd_of_threads(home / "threads", given.users), crowd_of_tasks(home / "tasks", given.users)]
            print_table("Writing and reading at once", rows)
        if given.kills:
            print_table("Killed while writing", [kill(home / f"killed-{s}", given.kills, s) for s in (1, 500)])


def _end(folder: Path) -> None:
    with stopwatch() as opening:
        store = open_store(folder, index=INDEX)
        store.search(("user-2", "memories"), query="memory", limit=10)
    with stopwatch() as listing:
        store.list_namespaces(limit=10)
    with stopwatch() as forgetting:
        count = store.forget(("user-1",))
    store.close()
    print(f"\nOpened again and recalled once in {opening():.2f} s, namespaces listed in {listing():.2f} s.")
    print(f"Forgetting a user's {count} memories and writing the file anew takes {forgetting():.2f} s.")


if __name__ == "__main__":
    main()
