"""Adds, fits and forgets interactions, killed at every change to the disk; says for each what is found afterwards.

Run as `python crashing_history.py FOLDER [POINTS]`: at so many points of each kind of work, or at all. Every write is a
process of its own, forked from this one, which has imported everything. Prints one JSON list per trial: what was done,
where it was killed, what was found, and whether doing it again leaves what it should and nothing else.
"""

import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from convrec.tools import ease  # noqa: F401 (imported once, before the forks)
from convrec.tools.errors import ConvrecError
from convrec.tools.history import add_interactions, fit_history, forget_user, import_history, open_history
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction
from convrec.tools.storage import Home

ITEMS = [str(n) for n in range(12)]
NAME = "somebody-with-a-name-of-their-own"
OLD = [Interaction(user=u, item=ITEMS[(n * 5 + k) % 12]) for n, u in enumerate([NAME, "b", "c", "d"]) for k in range(4)]
NEW = [Interaction(user="e", item=ITEMS[n], value=2.0) for n in range(6)]
EVENTS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")


def add(home: Home) -> None:
    home.version = lambda name: home.catalogue(name)  # type: ignore[method-assign]  # there is no index here
    add_interactions(home, "things", NEW)


WORKS: dict[str, Callable[[Home], object]] = {
    "import": lambda home: import_history(home, "things", Log.of(NEW), ITEMS),
    "replace": lambda home: import_history(home, "things", Log.of(NEW), ITEMS, replace=True),
    "add": add,
    "fit": lambda home: fit_history(home, "things", ITEMS, method="neighbours"),
    "forget": lambda home: forget_user(home, NAME),
}
AFTER = {
    "import": {*OLD, *NEW},
    "replace": {*NEW},
    "add": {*OLD, *NEW},
    "fit": {*OLD},
    "forget": {i for i in OLD if i.user != NAME},
}


def look(home: Home, work: str) -> str:
    """What is found: "old", "new", or what is wrong."""
    try:
        history = open_history(home, "things")
    except ConvrecError as fault:
        return f"{type(fault).__name__}: {fault}"
    if history is None or history.model is None or history.fitted is None:
        return "nothing"
    found, stale = set(history.log), history.stale(ITEMS)
    if work == "fit":
        return {"ease": "old", "neighbours": "new"}[history.fitted.method] if found == AFTER["fit"] else "other rows"
    fresh = work not in ("add", "forget")
    return "old" if found == set(OLD) and not stale else "new" if found == AFTER[work] and fresh != bool(stale) else "?"


def tidy(home: Home) -> str:
    """Whether only the current log and model are left."""
    folder = home.catalogue("things") / "history"
    current = (folder / "CURRENT").read_text(encoding="utf-8").split()
    extra = {p.name for p in folder.iterdir()} - {"CURRENT", "lock", *current}
    return f"left over: {sorted(extra)}" if extra else "tidy"


def named(home: Home) -> bool:
    """Whether a file still holds the name of the one who was forgotten."""
    return any(NAME.encode() in p.read_bytes() for p in home.folder.rglob("*") if p.is_file())


def forked(work: Callable[[], object], kill_at: int | None, folder: Path) -> int:
    """Run work in a process of its own, killed at one of its changes to a folder; how many it made if it was not."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        seen = 0

        def hook(event: str, arguments: tuple) -> None:
            nonlocal seen
            if event in EVENTS and str(folder) in str(arguments):
                seen += 1
                if seen == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            work()
        finally:
            os.write(write, str(seen).encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return int(answer or -1)


def main(folder: Path, points: int = 0) -> None:
    base, chance = folder / "base", random.Random(8)
    forked(lambda: import_history(Home(base), "things", Log.of(OLD), ITEMS), None, base)
    for name, work in WORKS.items():

        def trial(kill_at: int | None, name: str = name, work: Callable[[Home], object] = work) -> int:
            home = Home(folder / "trial")
            shutil.copytree(base, home.folder)
            events = forked(lambda: work(home), kill_at, home.folder)
            found = look(home, name)
            forked(lambda: work(home), None, home.folder)
            again = [look(home, name), tidy(home), name == "forget" and named(home)]
            print(json.dumps([name, kill_at, found, *again]), flush=True)
            shutil.rmtree(home.folder)
            return events

        events = trial(None)
        several = range(1, events + 1)
        for kill_at in sorted([*chance.sample(several, points - 1), events - 2]) if points else several:
            trial(kill_at)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
