"""How well the built-in brain understands: the suites of tests/understanding, three catalogues, hundreds of utterances.

Run as `.venv/bin/python benchmarks/bench_understanding.py [--list]`. An utterance is exact when its preferences are those
expected, nothing more and nothing less; it is right when its act, mentions, question and what it takes back are as
expected too, where the suite says so. The baseline takes every label of the catalogue that it finds for a wish, and
reads no negation, no comparison and no reference.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from convrec.agents.state import Preference, Understanding
from convrec.agents.understand import understand
from convrec.tools.index import Index
from convrec.tools.limits import Limit
from convrec.tools.words import tokens
from measuring import ROOT, median_and_p95, print_machine, print_table, stopwatch

sys.path.insert(0, str(ROOT / "tests"))
from suites import NAMES, Case, Score, cases, compare, reading_index

TODAY = date(2026, 11, 20)
"""The suites' year is 2026."""


@dataclass(frozen=True)
class Read:
    """An utterance, read by both, and how many seconds ours took."""

    case: Case
    ours: Score
    baseline: Score
    seconds: float


def found_labels(text: str, index: Index) -> Understanding:
    """The baseline: every label found is wanted; a closed one strictly."""
    schema = index.catalogue.schema
    preferences = []
    for found in index.lexicon.find(tokens(text), text):
        for sense in found.of("value")[:1]:
            limit = Limit(attribute=sense.attribute, values=(sense.value,))
            loose = schema.attribute(sense.attribute).open
            preferences.append(Preference(limit=limit, strength="prefer" if loose else "must"))
    return Understanding(act="request", preferences=tuple(preferences))


def read_suite(name: str) -> list[Read]:
    """All utterances of a suite."""
    index = reading_index(name)
    asyncio.run(understand("hello", cases(name)[0].wish(index), index, TODAY))
    reads = []
    for case in cases(name):
        wish = case.wish(index)
        with stopwatch() as elapsed:
            got = asyncio.run(understand(case.say, wish, index, TODAY))
        baseline = compare(case, found_labels(case.say, index), index)
        reads.append(Read(case, compare(case, got, index), baseline, elapsed()))
    return reads


def main() -> None:
    """Read every suite, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="show each utterance that is misread")
    given = parser.parse_args()
    print_machine()
    suites = {name: read_suite(name) for name in NAMES}
    if given.list:
        for name, reads in suites.items():
            for r in reads:
                if r.ours.faults:
                    print(f"{name} {r.case.line}: {r.case.say}\n    " + "\n    ".join(r.ours.faults))
    rows = [_row(name, reads) for name, reads in suites.items()]
    print_table(
        "Understanding (target: 90% of preferences exact)",
        [*rows, _row("all", [r for reads in suites.values() for r in reads])],
    )


def _row(name: str, reads: Sequence[Read]) -> dict[str, str | int]:
    exact = sum(r.ours.preferences_exact for r in reads)
    baseline = sum(r.baseline.preferences_exact for r in reads)
    right = sum(not r.ours.faults for r in reads)
    return {
        "catalogue": name,
        "utterances": len(reads),
        "preferences exact": f"{exact / len(reads):.1%}",
        "all right": f"{right / len(reads):.1%}",
        "baseline, preferences exact": f"{baseline / len(reads):.1%}",
        "times the baseline": f"{exact / max(baseline, 1):.1f}x",
        "ms (median / p95)": median_and_p95([r.seconds for r in reads]),
    }


if __name__ == "__main__":
    main()
