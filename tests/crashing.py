"""Builds an index over an older one, killed at many points; says for each what is found afterwards.

Run as `python crashing.py FOLDER`. Every build and every look is a process of its own, forked from this one, which has
imported everything and opened nothing. Prints one JSON list per trial: where it was killed, what was found, and what
was found after another build.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import bm25s  # noqa: F401 (imported once, before the forks)
import chromadb  # noqa: F401
import convrec.tools.index as index_module
import numpy as np
from convrec.tools import ease, history  # noqa: F401
from convrec.tools.errors import ConvrecError
from convrec.tools.index import build_index, collection_name, open_index, rebuild_index, record_keys
from convrec.tools.items import Interaction
from convrec.tools.lexical import item_text
from convrec.tools.storage import Home, read_manifest
from convrec.tools.vectors import open_collection, stored_keys
from fakes import HashEncoder
from suites import catalogue

SCHEMA, GAMES = catalogue("games")
OLD = GAMES[:60]
NEW = [i.model_copy(update={"text": f"Changed. {i.text}"}) for i in GAMES[:10]] + GAMES[15:70]
EVENTS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")

index_module.load_encoder = lambda name, folder: HashEncoder(name)


def build(home: Home, items: list) -> None:
    likes = [Interaction(user=f"u{n % 7}", item=i.id) for n, i in enumerate(items)]
    build_index(home, "games", items, SCHEMA, likes, encoder="hash")


def look(home: Home) -> str:
    """Which version is found: "old", "new", or what is wrong with it."""
    try:
        index = open_index(home, "games")
    except ConvrecError as fault:
        return f"{type(fault).__name__}: {fault}"
    items = index.catalogue.items
    found = "old" if items == OLD else "new" if items == NEW else "neither"
    texts = [item_text(i, SCHEMA) for i in items]
    if not np.array_equal(index.vectors.matrix, HashEncoder().encode(texts)):
        return f"{found} with other vectors"
    # The histories follow in a step of their own: what is found is theirs before it or after it.
    known, heard = {i.id for i in items}, {i.id for i in OLD}
    grown = heard | {i.id for i in NEW}
    collaborative = index.collaborative
    if collaborative is None or int((collaborative.counts > 0).sum()) not in (len(known & heard), len(known & grown)):
        return f"{found} with other histories"
    if index.lexical.scores("kingdom").shape != (len(items),):
        return f"{found} with another lexical index"
    return found


def tidy(home: Home) -> str:
    """Whether nothing but the current version is left."""
    version = home.version("games")
    extra = {p.name for p in home.catalogue("games").iterdir()} - {"CURRENT", version.name, "history"}
    histories = home.catalogue("games") / "history"
    current = (histories / "CURRENT").read_text(encoding="utf-8").split()
    extra |= {p.name for p in histories.iterdir()} - {"CURRENT", "lock", *current}
    manifest = read_manifest(version)
    keys = record_keys(open_index(home, "games").catalogue.items, manifest.hashes)
    stored = stored_keys(open_collection(home.chroma, collection_name("games", 32)))
    return f"left over: {sorted(extra)}" if extra else "records differ" if stored != set(keys) else "tidy"


def forked(work: Callable[[], object]) -> str:
    """What a function returns in a process of its own; how it died if it was killed."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        answer = "failed"
        try:
            answer = str(work())
        finally:
            os.write(write, answer.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return f"killed by {-status}" if status < 0 else answer


def rebuild(home: Home) -> None:
    rebuild_index(home, "games", encoder="hash")


def count_events(work: Callable[[], object], home: Home, kill_at: int | None) -> int:
    """Work; kill this process at one of its changes to the file system."""
    seen = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event in EVENTS and str(home.folder) in str(arguments):
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    work()
    return seen


def build_for(home: Home, seconds: float) -> None:
    """Build the new version, and be killed by the alarm clock."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    build(home, NEW)


def main(folder: Path) -> None:
    base = Home(folder / "base")
    forked(lambda: build(base, OLD))
    assert forked(lambda: look(base)) == "old"

    def trial(name: str) -> Home:
        shutil.copytree(base.folder, folder / name)
        return Home(folder / name)

    def report(where: str, home: Home, died: str) -> None:
        found = forked(lambda: look(home))
        forked(lambda: build(home, NEW))
        print(json.dumps([where, died, found, forked(lambda: look(home)), forked(lambda: tidy(home))]), flush=True)
        shutil.rmtree(home.folder)

    chance = random.Random(5)
    works = {"build": lambda home: build(home, NEW), "rebuild": rebuild}
    for name, work in works.items():
        whole = trial(f"{name} whole")
        started = time.monotonic()
        events = int(forked(partial(count_events, partial(work, whole), whole, None)))
        lasted = time.monotonic() - started
        points = {events - 2, *chance.sample(range(1, events + 1), 4)} if name == "build" else {events // 2}
        for point in sorted(points):
            home = trial(f"{name} {point}")
            died = forked(partial(count_events, partial(work, home), home, point))
            report(f"{name}: event {point} of {events}", home, died)
    for step in range(2):
        seconds = lasted * (step + chance.random()) / 2
        home = trial(f"moment {step}")
        report(f"build: moment {step}", home, forked(partial(build_for, home, seconds)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
