"""Goals of simulated users, made from real users' histories or from the catalogue alone.

Part of what a user liked is held out, and what these items have in common beyond the catalogue at large becomes what the
user wants: some of it hard, some soft, some told, some hidden. As many as are asked for are made; the n-th depends on
the seed and its number alone, so that every system is given the same ones, and more can be added later.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..agents.state import Preference, Strength
from ..tools.errors import InputError
from ..tools.index import Index
from ..tools.interaction_log import Log
from ..tools.limits import describe_limit
from ..tools.vectors import most
from .leaks import leaked_titles
from .needs import impossible_need, need_of
from .nouns import Goal, Persona
from .personas import PERSONAS
from .sayable import Saying
from .utility import BAR, FLOOR, Leaning, taste_of

IMPOSSIBLE = 0.05
"""The share of goals that nothing in the catalogue satisfies."""

LIKED = 10
"""How many items of the catalogue a user must have liked for a goal to be made of their history."""

_HELD_OUT = 0.3
_FEWEST_HELD, _MOST_HELD = 3, 8
_KNOWN = 12
_NEAR, _ALIKE = 60, 8
_ATTEMPTS = 30
_FAMOUS = 0.003


@dataclass(frozen=True)
class _Life:
    """What a user likes, in rows of the catalogue: `held` is what they will like next."""

    user: str
    held: Sequence[int]
    liked: Sequence[int]
    disliked: Sequence[int] = ()


def goals_from_histories(
    index: Index,
    log: Log,
    count: int,
    seed: int = 0,
    personas: Sequence[Persona] = PERSONAS,
    *,
    impossible: float = IMPOSSIBLE,
) -> list[Goal]:
    """Goals of users with histories; a user comes again, with another need, where there are fewer than goals.

    The last third of what a user liked is held out (3 to 8 items), or any third where times are unknown.

    Args:
        index: the catalogue.
        log: who liked what, as `open_log(home, name).log`.
        count: how many.
        seed: what chance begins with.
        personas: who talks; all come equally often.
        impossible: the share that nothing satisfies.

    Raises:
        InputError: no user has liked enough of this catalogue, or its attributes say nothing that could be asked for.
    """
    histories = _Histories(index, log)
    users = list(histories.users)
    if not users:
        raise InputError(
            f"No user in the histories has liked {LIKED} items of the catalogue {index.catalogue.name!r}.",
            "Import more interactions, or make goals from the catalogue alone.",
        )
    random.Random(f"users {seed}").shuffle(users)

    def life(number: int, attempt: int, rng: random.Random) -> _Life:
        # Who cannot be given a need is passed over for the next user.
        return histories.life(users[(number + attempt * 7919) % len(users)], rng)

    return _goals(index, life, "history", count, seed, personas, impossible)


def goals_from_catalogue(
    index: Index, count: int, seed: int = 0, personas: Sequence[Persona] = PERSONAS, *, impossible: float = IMPOSSIBLE
) -> list[Goal]:
    """Goals of strangers: an item chosen by chance, the better known the likelier, and some that are like it.

    Args:
        index: the catalogue.
        count: how many.
        seed: what chance begins with.
        personas: who talks; all come equally often.
        impossible: the share that nothing satisfies.

    Raises:
        InputError: the catalogue's attributes say nothing that could be asked for.
    """
    weights = np.cumsum(0.2 + index.catalogue.popularity).tolist()

    def life(number: int, attempt: int, rng: random.Random) -> _Life:
        return _stranger(index, rng.choices(range(len(weights)), cum_weights=weights)[0], rng)

    return _goals(index, life, "catalogue", count, seed, personas, impossible)


def _goals(
    index: Index,
    life_of: Callable[[int, int, random.Random], _Life],
    source: Literal["history", "catalogue"],
    count: int,
    seed: int,
    personas: Sequence[Persona],
    impossible: float,
) -> list[Goal]:
    order = list(personas)
    random.Random(f"personas {seed}").shuffle(order)
    goals = []
    for number in range(count):
        # So many that the share is met as nearly as can be, whatever the count.
        lost = int((number + 1) * impossible + 0.5) > int(number * impossible + 0.5)
        rng = random.Random(f"{source} {seed} {number}")
        for attempt in range(_ATTEMPTS):
            # Where wishes that exclude one another cannot be found, the goal is an ordinary one.
            lost = lost and attempt < _ATTEMPTS // 4
            goal = _goal(index, life_of(number, attempt, rng), order[number % len(order)], lost, rng)
            if goal is not None:
                goals.append(goal.model_copy(update={"id": f"{source}-{seed}-{number:05}", "source": source}))
                break
    if count > 0 and not goals:
        raise InputError(
            f"No goals can be made of the catalogue {index.catalogue.name!r}: its attributes say nothing to ask for.",
            "Its schema needs categories, numbers or dates that several items share.",
        )
    return goals


def _goal(index: Index, life: _Life, persona: Persona, lost: bool, rng: random.Random) -> Goal | None:
    """A goal of a user; None where what they like leads to none."""
    heard_of = [row for row in _famous(index) if rng.random() < 0.5 + 0.45 * persona.knowledge]
    held = [row for row in life.held if row not in heard_of]
    if not held:
        return None
    known = (*life.liked, *life.disliked, *heard_of)
    need = (
        impossible_need(index.catalogue, held, rng)
        if lost
        else need_of(index.catalogue, held, life.liked, life.disliked, known, persona, rng)
    )
    if need is None:
        return None
    items = index.catalogue.items
    targets = [row for row in held if need.fits[row]]
    taste = {}
    if not lost:
        leaning = Leaning(
            targets=np.array(targets, dtype=np.int64),
            liked=np.array(life.liked, dtype=np.int64),
            disliked=np.array(life.disliked, dtype=np.int64),
            wanted=[w.saying for w in need.wishes if w.strength == "prefer"],
            unwanted=[w.saying for w in need.wishes if w.strength == "avoid"],
        )
        fits = need.fits.copy()
        # What they know already is not what they look for.
        fits[list(known)] = False
        taste = taste_of(index, fits, leaning)
        if not taste:
            return None
    secret = [items[row] for row in held]
    liked = [items[row].id for row in life.liked if not leaked_titles(f"like {items[row].title} too", secret)]
    return Goal(
        id="-",
        user=life.user,
        persona=persona,
        revealed=tuple(_preference(w.saying, w.strength) for w in need.wishes if not w.hidden),
        hidden=tuple(_preference(w.saying, w.strength) for w in need.wishes if w.hidden),
        known=tuple(liked[:_KNOWN]),
        disliked=tuple(items[row].id for row in life.disliked[:_KNOWN]),
        targets=tuple(items[row].id for row in targets),
        held=tuple(items[row].id for row in life.held),
        taste=taste,
        floor=FLOOR,
        bar=BAR,
        possible=not lost,
    )


def _famous(index: Index) -> list[int]:
    """The rows of the best known items, which most people have heard of without being told."""
    popularity = index.catalogue.popularity
    count = int(_FAMOUS * len(popularity))
    return most(popularity, count).tolist() if count and popularity.any() else []


def _preference(saying: Saying, strength: Strength) -> Preference:
    return Preference(limit=saying.limit, strength=strength, words=describe_limit(saying.limit, saying.attribute))


class _Histories:
    """Who liked what of a catalogue.

    Liked is what a user values at least as much as they do on average; disliked what they value at nothing, or by more
    than a standard deviation less.
    """

    def __init__(self, index: Index, log: Log) -> None:
        self._log = log
        self._rows = log.rows_of(index.catalogue.row_of)[log.item]
        user, users = log.user, len(log.users)
        count = np.maximum(np.bincount(user, minlength=users), 1)
        mean = np.bincount(user, log.value, users) / count
        spread = np.sqrt(np.maximum(np.bincount(user, log.value**2, users) / count - mean**2, 0.0))
        known = self._rows >= 0
        self._likes = known & (log.value > 0) & (log.value >= mean[user] - 1e-9)
        self._dislikes = known & ~self._likes & ((log.value <= 0) | (log.value < (mean - spread)[user]))
        liked = np.unique(np.stack([user[self._likes], self._rows[self._likes]]), axis=1)[0]
        self.users = np.flatnonzero(np.bincount(liked, minlength=users) >= LIKED).tolist()
        """The places of users who have liked enough."""

    def life(self, place: int, rng: random.Random) -> _Life:
        """A user's likes, the last of them held out."""
        part = slice(int(self._log.starts[place]), int(self._log.starts[place + 1]))
        rows, times = self._rows[part], self._log.time[part]
        liked = list(dict.fromkeys(rows[self._likes[part]].tolist()))
        disliked = [row for row in dict.fromkeys(rows[self._dislikes[part]].tolist()) if row not in set(liked)]
        if np.ptp(times) == 0:
            rng.shuffle(liked)
        held = min(max(round(len(liked) * _HELD_OUT), _FEWEST_HELD), _MOST_HELD)
        return _Life(self._log.users[place], liked[-held:], liked[:-held][::-1], disliked[::-1])


def _stranger(index: Index, row: int, rng: random.Random) -> _Life:
    """Somebody who would like an item: some of those most like it are liked too, and a few of them known."""
    matrix = index.vectors.matrix
    likeness = matrix @ matrix[row]
    own = index.catalogue.items[row]
    labels = {label for value in own.attributes.values() if isinstance(value, tuple) for label in value}
    near = most(likeness, _NEAR + 1).tolist()

    def shared(other: int) -> int:
        values = index.catalogue.items[other].attributes.values()
        return sum(label in labels for value in values if isinstance(value, tuple) for label in value)

    alike = sorted((r for r in near if r != row), key=lambda r: -shared(r) - rng.random())[:_ALIKE]
    rng.shuffle(alike)
    return _Life("", [row, *alike[:2]], alike[2:])
