"""What the benchmarks share: an invented catalogue of any size, stopwatches, and tables.

A catalogue of one size is always the same, and the beginning of every larger one. Its attributes are those of many real
ones: a few closed labels, thousands of loose tags, makers (ever more of them), a date, three numbers, and a sentence.
"""

import json
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema

ROOT = Path(__file__).resolve().parent.parent
FILMS = ROOT / "tools" / "films" / "films.jsonl"

STYLES = (
    "Lyrical", "Epic", "Satirical", "Gothic", "Pastoral", "Minimalist", "Baroque", "Surreal", "Modernist",
    "Experimental", "Romantic", "Classical", "Absurdist", "Realist", "Symbolist", "Futurist",
)  # fmt: skip

WORKS = Schema(
    noun="work",
    nouns="works",
    attributes=(
        Attribute(name="released", kind="date", label="year", also=("release", "came out")),
        Attribute(name="styles", kind="category", many=True, label="style"),
        Attribute(name="makers", kind="category", many=True, label="maker", also=("made by", "by"), person=True),
        Attribute(name="price", kind="number", label="price", measure="price", unit="USD"),
        Attribute(name="minutes", kind="number", label="length", measure="duration", unit="min"),
        Attribute(name="renown", kind="number", label="renown", measure="popularity", shown=False),
        Attribute(name="tags", kind="category", many=True, open=True, label="tag"),
    ),
)


@dataclass(frozen=True)
class Words:
    """What works are made of, taken from the texts that ship."""

    sentences: list[str]
    nouns: list[str]
    tags: list[str]
    first_names: list[str]
    last_names: list[str]


def read_words() -> Words:
    """The words of the shipped catalogue."""
    rows = [json.loads(line) for line in FILMS.read_text(encoding="utf-8").splitlines()]
    sentences = [s.rstrip(".") + "." for row in rows for s in row["synopsis"].split(". ") if len(s) > 20]
    nouns = sorted({w for s in sentences for w in s.rstrip(".").split() if w.isalpha() and w.islower() and len(w) > 5})
    tags = sorted({t for row in rows for t in (*row["keywords"], *row["moods"], *row["themes"])})
    people = [name.split() for row in rows for name in row["cast"]]
    names = [p for p in people if len(p) == 2]
    return Words(sentences, nouns, tags, sorted({p[0] for p in names}), sorted({p[1] for p in names}))


def make_works(count: int) -> list[Item]:
    """The first works of the invented catalogue."""
    words, chance = read_words(), random.Random(20)
    makers = ["Ada Quill"]
    items = []
    for number in range(count):
        if chance.random() < 0.3:
            makers.append(f"{chance.choice(words.first_names)} {chance.choice(words.last_names)}")
        title = " ".join(chance.choice(words.nouns).capitalize() for _ in range(chance.choice((1, 2, 2, 3))))
        items.append(
            Item(
                id=f"w{number}",
                title=title if chance.random() < 0.6 else f"The {title}",
                text=chance.choice(words.sentences),
                attributes={
                    "released": str(2025 - min(int(chance.expovariate(1 / 18)), 120)),
                    "styles": tuple(chance.sample(STYLES, chance.choice((1, 2, 2, 3)))),
                    "makers": tuple({chance.choice(makers): None for _ in range(chance.choice((1, 1, 2)))}),
                    "price": round(chance.lognormvariate(2.8, 0.7), 2),
                    "minutes": float(int(chance.gauss(110, 35)) or 1),
                    "renown": round(chance.paretovariate(1.1), 3),
                    "tags": tuple(dict.fromkeys(words.tags[_often_first(chance, len(words.tags))] for _ in range(6))),
                },
            )
        )
    return items


def _often_first(chance: random.Random, length: int) -> int:
    return min(int(length * chance.random() ** 3), length - 1)


def open_messages(count: int, seed: int = 0) -> list[str]:
    """Wishes without hard limits, all different."""
    words, chance = read_words(), random.Random(seed)
    return [
        f"something {chance.choice(('about', 'with', 'around'))} {chance.choice(words.tags)} and "
        f"{chance.choice(words.nouns)} {chance.choice(words.nouns)}"
        for _ in range(count)
    ]


def limited_messages(count: int, seed: int = 0) -> list[str]:
    """Wishes with three hard limits (a style, a decade, a price), all different."""
    words, chance = read_words(), random.Random(seed)
    return [
        f"a {chance.choice(STYLES)} work from the {chance.choice(('1980s', '1990s', '2000s', '2010s'))} under "
        f"{chance.randint(12, 40)} dollars about {chance.choice(words.tags)} and {chance.choice(words.nouns)}"
        for _ in range(count)
    ]


def excluding_messages(count: int, seed: int = 0) -> list[str]:
    """Wishes with one hard limit that rules out little."""
    words, chance = read_words(), random.Random(seed)
    return [
        f"something about {chance.choice(words.tags)} and {chance.choice(words.nouns)} {chance.choice(words.nouns)}, "
        f"but nothing {chance.choice(STYLES)}"
        for _ in range(count)
    ]


def vague_messages(count: int, seed: int = 0) -> list[str]:
    """Wishes that say nothing to search by, so that a question is asked."""
    chance = random.Random(seed)
    return [f"{chance.choice(('Can you', 'Could you', 'Please'))} recommend me something" for _ in range(count)]


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Seconds since the block began; after it, how long it took."""
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - began
    ended.append(time.perf_counter())


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def median_and_p95(values: Sequence[float], scale: float = 1000.0, digits: int = 1) -> str:
    """Median and 95th percentile as "12.3 / 20.1"; seconds become milliseconds unless told otherwise."""
    return f"{statistics.median(values) * scale:.{digits}f} / {quantile(values, 0.95) * scale:.{digits}f}"


def memory_mb() -> dict[str, float]:
    """This process's memory now and at its highest, in MB; empty where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {name: int(lines[key].split()[0]) / 1024 for name, key in (("now", "VmRSS"), ("most", "VmHWM"))}


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table in Markdown, ready for the README."""
    if not rows:
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["-" * max(3, len(c)) for c in columns]]
    lines += [[_cell(row.get(c, "")) for c in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    print(f"\n{title}\n")
    for line in lines:
        fill = "-" if line is lines[1] else " "
        print("| " + " | ".join(cell.ljust(width, fill) for cell, width in zip(line, widths, strict=True)) + " |")


def print_machine() -> None:
    """What the numbers were measured on."""
    import os

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores")


def _cell(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
