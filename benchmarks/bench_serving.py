"""What serving costs: a turn over HTTP beside the same turn in Python, and 200 conversations at once at 20 turns a second.

Run as `.venv/bin/python benchmarks/bench_serving.py [--minutes 5]`; `--minutes 0.2` is a try. It starts `convrec serve` in
a process of its own, with a fresh data folder, the catalogue that ships and no language model. `--url` measures a server
that runs already; it needs a service's key with the scopes chat, items and memory in BENCH_KEY, and a `serve.requests` that
lets so many through. What is said is made from the catalogue that is served (serving_talk.py).

- **Unloaded**: turns one after another, each said over HTTP and then by a Python call, so that both meet the same machine.
- **Loaded**: turns are due at random times that are fixed beforehand (a Poisson process), whether or not earlier ones have
  been answered, and a turn's seconds count from when it was due: a slow server cannot slow down the asking. How late the
  asking itself was is told beside.
- **Crossed**: every session has a secret that no other says. An answer is crossed where its thread is another's, or where
  another session's secret is among the preferences understood and this session's own words do not say it. At the end each
  conversation is read back, and its user's memories.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from convrec.agents.recommender import Recommender as Agent
from convrec.app.build import Recommender, ensure_catalogue
from convrec.app.serving.keys import Keys
from convrec.app.settings import load_settings
from measuring import ROOT, median_and_p95, print_machine, print_table, quantile
from process_watch import Watch
from serving_talk import Session, foreign, heard, make_sessions, read_labels

sys.path.insert(0, str(ROOT / "tests"))
from server_process import copy_indexes, server_process

OVERHEAD = 5.0
"""Milliseconds that HTTP may add to the median turn."""

SLOWER = 10.0
"""How many times the unloaded median a turn may take under load, at its 95th percentile."""

USER = "X-Convrec-User"
_TIMEOUT = 120.0


@dataclass
class Load:
    """What happened under load.

    Attributes:
        seconds: of each answered turn, from when it was due.
        late: how long after it was due each turn was asked, in seconds.
        faults: what went wrong, counted.
        crossed: what should not have been seen, in words.
    """

    seconds: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    crossed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unloaded:
    """Seconds of the same turns, over HTTP and by the Python call."""

    http: list[float]
    python: list[float]


@contextmanager
def served(given: argparse.Namespace) -> Iterator[tuple[str, str, int | None]]:
    """Where the server is, its key, and its process where it is ours."""
    if given.url:
        yield given.url.rstrip("/"), os.environ.get("BENCH_KEY", ""), given.pid
        return
    with tempfile.TemporaryDirectory(prefix="convrec-serving-") as folder:
        home = Path(folder) / "served"
        copy_indexes(given.home, home)
        key = Keys(home / "keys.json").add("bench", "service", ("chat", "items", "memory"))
        limits = {"CONVREC_SERVE__REQUESTS": "1000000", "CONVREC_SERVE__TURNS": "10000"}
        with server_process(home, limits) as server:
            yield server.url, key, server.process.pid


def headers(key: str, user: str = "reader") -> dict[str, str]:
    """Who calls, and for whom."""
    return ({"Authorization": f"Bearer {key}"} if key else {}) | {USER: user}


async def measure_unloaded(url: str, key: str, agent: Agent, labels: Sequence[str], turns: int) -> Unloaded:
    """The same turns over HTTP and in this process, by turns; the first of each is thrown away."""
    measured = Unloaded([], [])
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT) as client:
        for number, session in enumerate(make_sessions(labels, max(1, turns // 10), "one")):
            session.thread = await begin(client, key, session)
            texts = [session.opening, *(next(session.words) for _ in range(9))]
            for text in texts:
                for way in ("http", "python") if number % 2 else ("python", "http"):
                    began = time.perf_counter()
                    if way == "http":
                        await say(client, key, session, text)
                    else:
                        await agent.reply(text, user=session.user, thread=session.thread)
                    getattr(measured, way).append(time.perf_counter() - began)
    return Unloaded(measured.http[1:], measured.python[1:])


async def begin(client: httpx.AsyncClient, key: str, session: Session) -> str:
    """Begin a session's conversation."""
    answer = await client.post("/v1/threads", json={}, headers=headers(key, session.user))
    return answer.raise_for_status().json()["thread"]


async def say(client: httpx.AsyncClient, key: str, session: Session, text: str) -> dict[str, Any]:
    """One turn of a session."""
    place = f"/v1/threads/{session.thread}/turns"
    answer = await client.post(place, json={"text": text}, headers=headers(key, session.user))
    return answer.raise_for_status().json()


async def open_sessions(client: httpx.AsyncClient, key: str, sessions: Sequence[Session]) -> int:
    """Begin all conversations, eight at a time, each with its secret; how many secrets were understood."""
    places = asyncio.Semaphore(8)

    async def opened(session: Session) -> bool:
        async with places:
            session.thread = await begin(client, key, session)
            answer = await say(client, key, session, session.opening)
            session.said.append(session.opening)
            return heard(answer, session)

    return sum(await asyncio.gather(*(opened(session) for session in sessions)))


async def put_under_load(
    client: httpx.AsyncClient, key: str, sessions: Sequence[Session], rate: float, seconds: float, seed: int
) -> Load:
    """Ask for turns when they are due, for so many seconds, and wait for all answers."""
    chance, load = random.Random(seed), Load()
    secrets = frozenset(session.secret for session in sessions)
    order: list[Session] = []
    pending: set[asyncio.Task[None]] = set()
    began, due = time.perf_counter(), 0.0

    async def turn(session: Session, text: str, due: float) -> None:
        load.late.append(time.perf_counter() - due)
        try:
            answer = await say(client, key, session, text)
        except httpx.HTTPStatusError as fault:
            load.faults[f"status {fault.response.status_code}"] += 1
            return
        except httpx.HTTPError as fault:
            load.faults[type(fault).__name__] += 1
            return
        load.seconds.append(time.perf_counter() - due)
        if answer["thread"] != session.thread or answer["user"].rpartition("/")[2] != session.user:
            load.crossed.append(f"{session.user} was answered in another's place")
        load.crossed += [f"{session.user} was told of {label!r}" for label in foreign(answer, session, secrets)]

    while (due := due + chance.expovariate(rate)) < seconds:
        if not order:
            order = chance.sample(list(sessions), len(sessions))
        session = order.pop()
        text = next(session.words)
        session.said.append(text)
        await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
        task = asyncio.create_task(turn(session, text, began + due))
        pending.add(task)
        task.add_done_callback(pending.discard)
    await asyncio.gather(*pending)
    return load


async def read_back(client: httpx.AsyncClient, key: str, sessions: Sequence[Session], load: Load) -> None:
    """Read every conversation and its user's memories, and note what is missing or another's."""
    secrets = frozenset(session.secret for session in sessions)
    for session in sessions:
        kept: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await client.get(
                f"/v1/threads/{session.thread}/turns",
                params={"limit": 100} | ({"cursor": cursor} if cursor else {}),
                headers=headers(key, session.user),
            )
            told = page.raise_for_status().json()
            kept += [turn["text"] for turn in told["data"]]
            cursor = told["next"]
        # Turns of one conversation that were under way at once may have changed places.
        if not load.faults and Counter(kept) != Counter(session.said):
            load.crossed.append(f"{session.user} said {len(session.said)} messages, and {len(kept)} are kept")
        answer = await client.get("/v1/memories", params={"limit": 100}, headers=headers(key, session.user))
        known = " ".join(memory["text"] for memory in answer.raise_for_status().json()["data"])
        others = [s for s in secrets - {session.secret} if s in known and s not in session.secret]
        load.crossed += [f"{session.user}'s memories have {label!r}" for label in others]


async def run(given: argparse.Namespace, url: str, key: str, pid: int | None) -> None:
    """Measure, and print the tables."""
    with httpx.Client(base_url=url, headers=headers(key), timeout=_TIMEOUT) as reader:
        labels = read_labels(reader)
    print(f"Measuring {given.turns} turns one after another, twice ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="convrec-python-") as folder:
        copy_indexes(given.home, Path(folder))
        async with Recommender(settings=load_settings(home=Path(folder), llm={"model": "none"})) as agent:
            unloaded = await measure_unloaded(url, key, agent, labels, given.turns)
    print_unloaded(unloaded)
    sessions = make_sessions(labels, given.sessions)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, limits=limits) as client:
        print(f"\nOpening {len(sessions)} conversations ...", flush=True)
        understood = await open_sessions(client, key, sessions)
        print(f"Asking for {given.rate:g} turns a second for {given.minutes:g} minutes ...", flush=True)
        watch = Watch({"server": pid, "asking": os.getpid()}, every=min(60.0, given.minutes * 15))
        with watch:
            load = await put_under_load(client, key, sessions, given.rate, given.minutes * 60, given.seed)
        print("Reading every conversation back ...", flush=True)
        await read_back(client, key, sessions, load)
    print_load(load, statistics.median(unloaded.http), understood, len(sessions), given.minutes * 60)
    print_watch(watch, pid)


def print_unloaded(unloaded: Unloaded) -> None:
    """Turns one after another."""
    beyond = [h - p for h, p in zip(unloaded.http, unloaded.python, strict=True)]
    over = (statistics.median(unloaded.http) - statistics.median(unloaded.python)) * 1000
    rows: list[Mapping[str, Any]] = [
        {"turn": "over HTTP", "ms, p50 / p95": median_and_p95(unloaded.http)},
        {"turn": "by the Python call", "ms, p50 / p95": median_and_p95(unloaded.python)},
        {"turn": "HTTP beyond Python, turn by turn", "ms, p50 / p95": median_and_p95(beyond)},
        {"turn": "HTTP beyond Python, of the medians", "ms, p50 / p95": f"{over:.1f}", "target": f"{OVERHEAD:g}"},
    ]
    print_table(f"One turn after another, {len(unloaded.http)} turns", rows)


def print_load(load: Load, usual: float, understood: int, sessions: int, seconds: float) -> None:
    """Turns under load."""
    if not load.seconds:
        raise SystemExit(f"No turn was answered: {dict(load.faults)}")
    ratio = quantile(load.seconds, 0.95) / usual
    late = f"{median_and_p95(load.late)} / {max(load.late) * 1000:.1f}"
    print_table(
        f"{sessions} open conversations, {len(load.late) / seconds:.1f} turns a second",
        [
            {"what": "turns answered", "value": len(load.seconds), "target": len(load.late)},
            {"what": "faults", "value": sum(load.faults.values()), "target": 0},
            {"what": "crossed", "value": len(load.crossed), "target": 0},
            {"what": "secrets understood", "value": understood, "target": ""},
            {"what": "ms from when due, p50 / p95", "value": median_and_p95(load.seconds), "target": ""},
            {"what": "ms from when due, p99", "value": quantile(load.seconds, 0.99) * 1000, "target": ""},
            {"what": "p95 by the unloaded p50", "value": ratio, "target": f"{SLOWER:g}"},
            {"what": "asked late by ms, p50 / p95 / most", "value": late, "target": ""},
        ],
    )
    for kind, count in load.faults.most_common():
        print(f"fault: {kind}: {count}")
    for words in load.crossed[:20]:
        print(f"crossed: {words}")


def print_watch(watch: Watch, pid: int | None) -> None:
    """Memory over time, and the share of a core."""
    if pid is None:
        print("\nThe server's memory was not watched: name its process with --pid.")
        return
    print_table(
        "The server's memory, MB",
        [{"seconds": f"{sample.seconds:.0f}", "resident": sample.megabytes["server"]} for sample in watch.samples],
    )
    print(f"\nGrowth in the second half: {watch.growth('server'):+.1f} MB")
    for name in ("server", "asking"):
        print(f"Cores in use by {name}: {watch.cores(name):.2f}")


def main() -> None:
    """Serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="under load")
    parser.add_argument("--rate", type=float, default=20.0, help="turns a second")
    parser.add_argument("--sessions", type=int, default=200, help="open conversations")
    parser.add_argument("--turns", type=int, default=200, help="one after another, before")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench", help="keeps the index"
    )
    parser.add_argument("--url", default="", help="a server that runs; its key in BENCH_KEY")
    parser.add_argument("--pid", type=int, help="its process, to watch its memory")
    given = parser.parse_args()
    print_machine()
    print(f"Indexing the catalogue that ships in {given.home}, if it is not there ...", flush=True)
    ensure_catalogue(load_settings(home=given.home))
    with served(given) as (url, key, pid):
        asyncio.run(run(given, url, key, pid))


if __name__ == "__main__":
    main()
