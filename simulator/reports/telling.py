"""Which dialogues of a run are worth reading first: failures before successes, and the same goals for every system."""

import hashlib
import heapq
from collections.abc import Iterator

from ..nouns import Dialogue
from .transcripts import TranscriptView, view_of

MOST = 300
"""Dialogues of one system in a report, at most."""

_MOST_IN_ALL = 2_400
"""Dialogues in a report, at most, so that the page opens at once however many systems it has."""

_KINDS = ("failure", "left out", "success")


class Telling:
    """Chooses among one system's dialogues while they go by, and keeps no more than it may show.

    Chance is a hash of the goal and the trial, so that systems that talked about the same goals show the same ones where
    they can.
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[int, int, TranscriptView]]] = {kind: [] for kind in _KINDS}
        self._count = 0

    def add(self, dialogue: Dialogue) -> None:
        """Look at one more."""
        kind = "left out" if not dialogue.counts else "success" if dialogue.success else "failure"
        kept, place = self._kept[kind], -_draw(dialogue)
        self._count += 1
        if len(kept) < MOST:
            heapq.heappush(kept, (place, -self._count, view_of(dialogue)))
        elif place > kept[0][0]:
            heapq.heapreplace(kept, (place, -self._count, view_of(dialogue)))

    def chosen(self, most: int = MOST) -> Iterator[TranscriptView]:
        """What is to be read: failures, then what is left out, then successes, which have a quarter of the room at least."""
        failures, left_out, successes = (sorted(self._kept[kind], reverse=True) for kind in _KINDS)
        left_out = left_out[: max(most // 10, 1)]
        reserved = min(len(successes), most // 4)
        failures = failures[: max(most - len(left_out) - reserved, 0)]
        successes = successes[: max(most - len(left_out) - len(failures), 0)]
        yield from (view for _, _, view in (*failures, *left_out, *successes))


def room_for(systems: int) -> int:
    """How many dialogues of each system a report shows."""
    return min(MOST, max(_MOST_IN_ALL // max(systems, 1), 1))


def _draw(dialogue: Dialogue) -> int:
    """A number between 0 and 2^64 that only the goal and the trial decide."""
    name = f"{dialogue.goal.id}|{dialogue.trial}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest())
