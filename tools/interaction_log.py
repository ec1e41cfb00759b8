"""Interactions as columns, sorted by user and time: compact in memory and on disk, one user's found without the rest.

On disk a log is a folder of plain arrays. Large ones are mapped into memory, so that opening the histories of a million
users reads next to nothing, and finding one user's takes some twenty looks into the sorted list of users.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from .items import Interaction

_MAPPED = 1_000_000
"""Bytes from which a file is mapped into memory rather than read."""


class Words(Sequence[str]):
    """Distinct texts, sorted by their bytes, one after another in an array.

    Args:
        letters: all texts in UTF-8, uint8.
        starts: where each begins, and the end of the last, int64, shape (texts + 1,).
    """

    def __init__(self, letters: np.ndarray, starts: np.ndarray) -> None:
        self.letters = letters
        self.starts = starts

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Words":
        """The texts, each once."""
        return cls._of_sorted(sorted({_encoded(text) for text in texts}))

    @classmethod
    def ordered(cls, texts: Sequence[str]) -> "Ordered":
        """The texts, each once already, and the place that each one took."""
        parts = [_encoded(text) for text in texts]
        order = sorted(range(len(parts)), key=parts.__getitem__)
        places = np.empty(len(parts), dtype=np.int64)
        places[order] = np.arange(len(parts))
        return Ordered(cls._of_sorted([parts[n] for n in order]), places)

    @classmethod
    def _of_sorted(cls, parts: Sequence[bytes]) -> "Words":
        starts = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=starts[1:])
        return cls(np.frombuffer(b"".join(parts), dtype=np.uint8), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._bytes(place).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        letters, starts = self.letters.tobytes(), self.starts.tolist()
        for start, end in pairwise(starts):
            yield letters[start:end].decode("utf-8", "surrogatepass")

    def find(self, text: str) -> int:
        """A text's place, or -1."""
        wanted, low, high = _encoded(text), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else -1

    def without(self, places: np.ndarray) -> "Words":
        """All but those at some places."""
        lengths = np.diff(self.starts)
        kept = np.ones(len(lengths), dtype=bool)
        kept[places] = False
        starts = np.zeros(int(kept.sum()) + 1, dtype=np.int64)
        np.cumsum(lengths[kept], out=starts[1:])
        return Words(self.letters[np.repeat(kept, lengths)], starts)

    def _bytes(self, place: int) -> bytes:
        return bytes(self.letters[self.starts[place] : self.starts[place + 1]])


@dataclass(frozen=True)
class Ordered:
    """Texts in order, and where each went: int64, shape (texts,)."""

    words: Words
    places: np.ndarray


@dataclass(frozen=True)
class Log:
    """Who liked what, sorted by user and, within a user, by time.

    Attributes:
        users: the users' ids.
        ids: the items' ids.
        starts: where each user's rows begin, and the end of the last's, int64, shape (users + 1,).
        item: each row's item, its place among `ids`, int32, shape (rows,).
        value: float64, shape (rows,).
        time: seconds since 1970 or 0, float64, shape (rows,).
        counts: how many rows each item has, int64, shape (ids,).
    """

    users: Words
    ids: Words
    starts: np.ndarray
    item: np.ndarray
    value: np.ndarray
    time: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, interactions: Iterable[Interaction]) -> "Log":
        """A log of interactions; of several with the same user, item and time the last counts."""
        users: dict[str, int] = {}
        ids: dict[str, int] = {}
        user, item, value, time = array("i"), array("i"), array("d"), array("d")
        for one in interactions:
            user.append(users.setdefault(one.user, len(users)))
            item.append(ids.setdefault(one.item, len(ids)))
            value.append(one.value)
            time.append(one.time)
        return cls.from_columns(list(users), list(ids), np.array(user), np.array(item), np.array(value), np.array(time))

    @classmethod
    def from_columns(
        cls,
        users: Sequence[str],
        ids: Sequence[str],
        user: np.ndarray,
        item: np.ndarray,
        value: np.ndarray,
        time: np.ndarray,
    ) -> "Log":
        """A log of rows in any order; of several with the same user, item and time the last counts.

        Args:
            users: the users' ids, all used, each once.
            ids: the items' ids, all used, each once.
            user: each row's place among `users`, shape (rows,).
            item: each row's place among `ids`, shape (rows,).
            value: shape (rows,).
            time: shape (rows,).
        """
        people, things = Words.ordered(users), Words.ordered(ids)
        user, item = people.places[user], things.places[item]
        order = np.lexsort((item, time, user))  # stable: of the same, the last stays last
        user, item, value, time = user[order], item[order], value[order], time[order]
        last = np.ones(len(user), dtype=bool)
        last[:-1] = (np.diff(user) != 0) | (np.diff(item) != 0) | (np.diff(time) != 0)
        starts = np.zeros(len(users) + 1, dtype=np.int64)
        np.cumsum(np.bincount(user[last], minlength=len(users)), out=starts[1:])
        return cls(
            people.words,
            things.words,
            starts,
            item[last].astype(np.int32),
            value[last].astype(np.float64),
            time[last].astype(np.float64),
            np.bincount(item[last], minlength=len(ids)),
        )

    def __len__(self) -> int:
        return len(self.item)

    def __iter__(self) -> Iterator[Interaction]:
        for place in range(len(self.users)):
            yield from self._of_place(place)

    @cached_property
    def user(self) -> np.ndarray:
        """Each row's user, its place among `users`, shape (rows,)."""
        return np.repeat(np.arange(len(self.users)), np.diff(self.starts))

    def of_user(self, user: str) -> list[Interaction]:
        """One user's interactions, oldest first; none for a stranger."""
        place = self.users.find(user)
        return list(self._of_place(place)) if place >= 0 else []

    def and_also(self, later: "Log") -> "Log":
        """Both logs in one; where both have the same user, item and time, the later counts."""
        users, ids = [*self.users, *later.users], [*self.ids, *later.ids]
        user_of, id_of = {u: n for n, u in enumerate(dict.fromkeys(users))}, {}
        for name in ids:
            id_of.setdefault(name, len(id_of))
        user = np.array([user_of[u] for u in users], dtype=np.int64)
        item = np.array([id_of[i] for i in ids], dtype=np.int64)
        return Log.from_columns(
            list(user_of),
            list(id_of),
            np.concatenate([user[self.user], user[len(self.users) + later.user]]),
            np.concatenate([item[self.item], item[len(self.ids) + later.item]]),
            np.concatenate([self.value, later.value]),
            np.concatenate([self.time, later.time]),
        )

    def without(self, user: str) -> "Log":
        """The log without a user, and without the items that only they had."""
        place = self.users.find(user)
        if place < 0:
            return self
        start, end = int(self.starts[place]), int(self.starts[place + 1])
        item, value, time = (
            np.concatenate([column[:start], column[end:]]) for column in (self.item, self.value, self.time)
        )
        starts = np.concatenate([self.starts[:place], self.starts[place + 1 :] - (end - start)])
        counts = self.counts - np.bincount(self.item[start:end], minlength=len(self.ids))
        unused = counts == 0
        item = (item - np.cumsum(unused, dtype=np.int32)[item]).astype(np.int32)
        users, ids = self.users.without(np.array([place])), self.ids.without(np.flatnonzero(unused))
        return Log(users, ids, starts, item, value, time, counts[~unused])

    def rows_of(self, row_of: Mapping[str, int]) -> np.ndarray:
        """Each item's row in a catalogue, -1 where it has none, shape (ids,)."""
        return np.array([row_of.get(name, -1) for name in self.ids], dtype=np.int64)

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        for name, texts in (("users", self.users), ("ids", self.ids)):
            np.save(folder / f"{name}.npy", texts.letters)
            np.save(folder / f"{name}_starts.npy", texts.starts)
        for name in ("starts", "item", "value", "time", "counts"):
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> "Log":
        """Read what `save` wrote; large files are mapped.

        Raises:
            OSError, ValueError, EOFError: a file is missing or damaged.
        """
        users, ids = (
            Words(load_array(folder / f"{name}.npy"), load_array(folder / f"{name}_starts.npy"))
            for name in ("users", "ids")
        )
        starts, item, value, time, counts = (
            load_array(folder / f"{name}.npy") for name in ("starts", "item", "value", "time", "counts")
        )
        log = cls(users, ids, starts, item, value, time, counts)
        rows = {len(log.item), len(log.value), len(log.time), int(log.starts[-1])}
        whole = all(int(w.starts[-1]) == len(w.letters) for w in (users, ids))
        if len(rows) > 1 or not whole or len(log.starts) != len(log.users) + 1 or len(counts) != len(ids):
            raise ValueError("the interactions' columns are not equally long")
        return log

    def _of_place(self, place: int) -> Iterator[Interaction]:
        user = self.users[place]
        rows = slice(self.starts[place], self.starts[place + 1])
        for item, value, time in zip(
            self.item[rows].tolist(), self.value[rows].tolist(), self.time[rows].tolist(), strict=True
        ):
            yield Interaction(user=user, item=self.ids[item], value=value, time=time)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def load_array(path: Path) -> np.ndarray:
    """An array that `np.save` wrote; a large one is mapped into memory.

    Raises:
        OSError, ValueError, EOFError: the file is missing or damaged.
    """
    return np.load(path, mmap_mode="r" if path.stat().st_size >= _MAPPED else None)
