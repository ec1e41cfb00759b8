"""How fast a catalogue is indexed: built anew, imported again as it is, and imported again with 1% of it changed.

Run as `.venv/bin/python benchmarks/bench_index.py [--items N] [--runs N]`. The baseline is the building anew. Everything
is written to a temporary folder, which is removed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from convrec.tools.encoder import SHIPPED, load_encoder
from convrec.tools.importing import read_catalogue
from convrec.tools.index import build_index, open_index
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from convrec.tools.schema_file import read_schema
from convrec.tools.storage import Home
from measuring import FILMS, WORKS, make_works, print_machine, print_table, quantile, stopwatch


class Stages:
    """Takes the build's reports: the second at which each stage last spoke."""

    def __init__(self) -> None:
        self.began = 0.0
        self.ends: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note a report."""
        self.ends[stage] = time.perf_counter() - self.began


def changed(items: list[Item]) -> list[Item]:
    """The items with every hundredth one's text changed."""
    return [
        item.model_copy(update={"text": item.text + " Revised."}) if row % 100 == 0 else item
        for row, item in enumerate(items)
    ]


def measure(name: str, items: list[Item], schema: Schema, folder: Path, runs: int) -> list[dict[str, str]]:
    """Build, import again, import again with changes: one row of the table for each."""
    anew, again, partly, encoding, opening = [], [], [], [], []
    for run in range(runs):
        home, stages = Home(folder / str(run)), Stages()
        load_encoder(SHIPPED, home.encoders)
        build = partial(build_index, home, name, schema=schema, encoder=SHIPPED)
        stages.began = time.perf_counter()
        anew.append(_seconds(partial(build, items, on_progress=stages)))
        encoding.append(stages.ends["encode"])
        again.append(_seconds(partial(build, items)))
        partly.append(_seconds(partial(build, changed(items))))
        opening.append(_seconds(partial(_open, home, name)))
    base = statistics.median(anew)
    rows = {
        "built anew": anew,
        "of that, encoding": encoding,
        "imported again, nothing changed": again,
        "imported again, 1% changed": partly,
        "opened, with its lexicon": opening,
    }
    return [
        {
            "catalogue": f"{name}, {len(items):,} items",
            "what": what,
            "seconds, median": f"{statistics.median(seconds):.2f}",
            "p95": f"{quantile(seconds, 0.95):.2f}",
            "items/s": f"{len(items) / statistics.median(seconds):,.0f}",
            "of building anew": f"{statistics.median(seconds) / base:.0%}",
        }
        for what, seconds in rows.items()
    ]


def _open(home: Home, name: str) -> None:
    _ = open_index(home, name).lexicon


def _seconds(work: Callable[[], object]) -> float:
    with stopwatch() as elapsed:
        work()
    return elapsed()


def main() -> None:
    """Measure the catalogue that ships and an invented one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=2_000, help="of the invented catalogue")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print_machine()
    films = read_schema(FILMS.with_name("schema.toml"))
    rows = []
    with stopwatch() as reading:
        imported = read_catalogue(FILMS, films, "films")
    print(f"Reading the {len(imported.items):,} films takes {reading():.2f} s.")
    with tempfile.TemporaryDirectory(prefix="convrec-bench-index-") as folder:
        rows += measure("films", imported.items, films, Path(folder) / "films", given.runs)
        rows += measure("works", make_works(given.items), WORKS, Path(folder) / "works", given.runs)
    print_table("Indexing", rows)


if __name__ == "__main__":
    main()
