"""The votes of the arena in a file, a line each, and where they put the systems."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..simulator.metrics.elo import rate
from ..simulator.nouns import Estimate
from ..simulator.runs import read_records, whole_length
from ..tools.errors import BusyError
from ..tools.files import reported
from .arena_nouns import Standing, Vote

_PATIENCE = 10.0
"""Seconds in which another process has written its vote."""


@dataclass(frozen=True)
class _Stood:
    """Standings, and of which catalogue and which writing of the file they are."""

    catalogue: str
    written: int
    size: int
    standings: tuple[Standing, ...]


class Votes:
    """A file of votes; several processes may write to it.

    Args:
        file: where they are; made with the first vote.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stood: _Stood | None = None

    def add(self, vote: Vote) -> None:
        """Write a vote; it outlives the process from then on.

        Raises:
            BusyError: another process has been writing for too long.
            StoreError: the folder cannot be written.
        """
        with reported(self._file.parent):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(self._file.with_suffix(".lock"), timeout=_PATIENCE), self._file.open("ab") as file:
                    # What a crash cut off is no vote, and would spoil this one.
                    file.truncate(whole_length(self._file))
                    file.write(vote.model_dump_json().encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except Timeout as fault:
                raise BusyError("Votes are being written by another process.", "Vote again.") from fault

    def standings(self, catalogue: str, systems: Iterable[str]) -> tuple[Standing, ...]:
        """Where systems stand with a catalogue, best first; those without votes last.

        Args:
            catalogue: whose votes count.
            systems: those that compete; others that were voted on stand with them.

        Raises:
            CorruptError: a vote is damaged; a last one that was cut off is passed over.
        """
        written, size = 0, 0
        if self._file.exists():
            state = self._file.stat()
            written, size = state.st_mtime_ns, state.st_size
        before = self._stood
        if before is None or (before.catalogue, before.written, before.size) != (catalogue, written, size):
            before = self._stood = _Stood(catalogue, written, size, self._stand(catalogue, systems))
        return before.standings

    def _stand(self, catalogue: str, systems: Iterable[str]) -> tuple[Standing, ...]:
        votes = [vote for vote in read_records(self._file, Vote) if vote.catalogue == catalogue]
        ratings = rate(votes)
        rest = [name for name in systems if name not in ratings]
        return tuple(_standing(name, votes, ratings.get(name)) for name in (*ratings, *rest))


def _standing(name: str, votes: list[Vote], rating: Estimate | None) -> Standing:
    won = sum((v.winner == "a" and v.a == name) or (v.winner == "b" and v.b == name) for v in votes)
    mine = sum(name in (v.a, v.b) for v in votes)
    ties = sum(name in (v.a, v.b) and v.winner in ("tie", "both bad") for v in votes)
    return Standing(system=name, wins=won, losses=mine - won - ties, ties=ties, rating=rating)
