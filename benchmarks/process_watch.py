"""Watches processes of this machine: their memory over time, and how much of a core they used."""

import os
import statistics
import threading
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Sample:
    """Processes at one time.

    Attributes:
        seconds: since the watch began.
        megabytes: resident memory by process name, its children's included, save those that are watched for themselves.
        used: seconds of processor time so far, likewise.
    """

    seconds: float
    megabytes: Mapping[str, float]
    used: Mapping[str, float]


class Watch:
    """Samples processes while its block runs; those without a number are left out.

    Args:
        processes: name -> process id.
        every: seconds between samples; there is one at the beginning and one at the end besides.
    """

    def __init__(self, processes: Mapping[str, int | None], every: float) -> None:
        self._processes = {name: pid for name, pid in processes.items() if pid is not None}
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._began = 0.0
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def growth(self, name: str) -> float:
        """MB by which a process grew in the second half: the last third of its samples beside the middle ones."""
        sizes = [sample.megabytes[name] for sample in self.samples]
        half = sizes[len(sizes) // 2 :]
        return statistics.fmean(half[-max(1, len(half) // 3) :]) - half[0]

    def cores(self, name: str) -> float:
        """How many cores a process kept busy, on average."""
        first, last = self.samples[0], self.samples[-1]
        return (last.used[name] - first.used[name]) / (last.seconds - first.seconds)

    def _run(self) -> None:
        self._take()
        while not self._ended.wait(self._every):
            self._take()
        self._take()

    def _take(self) -> None:
        watched = frozenset(self._processes.values())
        families = {name: _family(pid, watched - {pid}) for name, pid in self._processes.items()}
        self.samples.append(
            Sample(
                time.monotonic() - self._began,
                {name: sum(map(_resident, pids)) for name, pids in families.items()},
                {name: sum(map(_used, pids)) for name, pids in families.items()},
            )
        )


def _family(pid: int, without: Set[int]) -> list[int]:
    """A process and what it has started, as Linux tells, without those that are watched for themselves."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        children = [int(n) for n in _read(found[-1], f"task/{found[-1]}/children").split()]
        waiting += [child for child in children if child not in without]
    return found


def _resident(pid: int) -> float:
    pages = _read(pid, "statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages else 0.0


def _used(pid: int) -> float:
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")
    except OSError:
        return ""
