"""How long convrec takes to start: `import convrec`, and `convrec ask` on a warm index of the catalogue that ships.

Run as `.venv/bin/python benchmarks/bench_start.py [--runs N] [--home FOLDER]`. Each run is a process of its own; the
baseline is a Python that does nothing. The index is built first, where it is missing, and is not timed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import print_machine, print_table, quantile, stopwatch

CONVREC = [sys.executable, "-c", "from convrec.app.cli import main; main()"]
QUESTION = "a funny film from the 90s, not too long"


def run_seconds(command: list[str], runs: int) -> list[float]:
    """Wall-clock seconds of each run; the first is thrown away, for the disk's sake."""
    seconds = []
    for _ in range(runs + 1):
        with stopwatch() as elapsed:
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, env=_environment())
        seconds.append(elapsed())
    return seconds[1:]


def _environment() -> dict[str, str]:
    """The environment without settings of convrec, so that its defaults are measured."""
    return {k: v for k, v in os.environ.items() if not k.startswith("CONVREC_")}


def main() -> None:
    """Time each command, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench")
    given = parser.parse_args()
    print_machine()
    convrec = [*CONVREC, "--home", str(given.home)]
    print(f"Indexing the films in {given.home}, if they are not there ...", flush=True)
    subprocess.run([*convrec, "ask", QUESTION], check=True, capture_output=True, env=_environment())
    commands = {
        "python -c pass": ([sys.executable, "-c", "pass"], None),
        "import convrec": ([sys.executable, "-c", "import convrec"], None),
        "from convrec import Recommender": ([sys.executable, "-c", "from convrec import Recommender"], None),
        "convrec --version": ([*CONVREC, "--version"], None),
        "convrec ask": ([*convrec, "ask", QUESTION, "--user", "bench", "--thread", "bench"], 8.0),
    }
    times = {name: run_seconds(command, given.runs) for name, (command, _) in commands.items()}
    idle = statistics.median(times["python -c pass"])
    limits = {name: limit for name, (_, limit) in commands.items()} | {"import convrec": 0.5}
    print_table(
        f"Seconds from start to end of a process, {given.runs} runs",
        [
            {
                "command": name,
                "median": f"{statistics.median(seconds):.2f}",
                "p95": f"{quantile(seconds, 0.95):.2f}",
                "beyond python": f"{statistics.median(seconds) - idle:.2f}",
                "times python": f"{statistics.median(seconds) / idle:.0f}x",
                "target": f"{limits[name]:g}" if limits[name] else "",
            }
            for name, seconds in times.items()
        ],
    )


if __name__ == "__main__":
    main()
