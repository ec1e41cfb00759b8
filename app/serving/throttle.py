"""The throttle: how many requests a minute, and how many turns at once, one caller may have.

It counts in this process alone: of several instances behind a proxy, each allows as much. What it remembers is bounded,
whoever calls: a number for an owner, and above so many owners the rest of them share one.
"""

import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from typing import Literal

from ...tools.errors import TooManyError

Refused = Literal["key", "scope", "rate", "tries", "turns", "stopping", "host", "origin", "body"]
"""Why a request was refused, as the metrics count it."""

MOST = 10_000
"""Owners, or addresses, that are counted one by one."""

TRIES = 20
"""Wrong keys a minute from one address."""

_MINUTE = 60.0
_WAIT = 2.0
"""Seconds after which a turn of one's own may have ended."""


class Throttle:
    """Counts requests and turns by owner.

    Args:
        requests_per_minute: how many requests an owner has in a minute: so many at once after a pause, then one by one.
        turns_at_once: how many turns of an owner may be under way.
        tries: how many wrong keys an address has in a minute.
        refused: told of each refusal.
        clock: seconds.
    """

    def __init__(
        self,
        requests_per_minute: int,
        turns_at_once: int,
        tries: int = TRIES,
        refused: Callable[[Refused], None] = lambda why: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = Rate(requests_per_minute, clock)
        self._tries = Rate(tries, clock)
        self._at_once = turns_at_once
        self._refused = refused
        self._turns: Counter[str] = Counter()

    def count(self, owner: str) -> None:
        """Count a request.

        Raises:
            TooManyError: the owner has had its requests for now.
        """
        self._hit(self._requests, owner, "rate", "Too many requests.")

    def count_wrong(self, address: str) -> None:
        """Count a wrong key from an address; right keys are not counted, so that nobody locks out others.

        Raises:
            TooManyError: there have been too many from there.
        """
        self._hit(self._tries, _network(address), "tries", "Too many keys that are wrong.")

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Hold one of the owner's turns.

        Raises:
            TooManyError: the owner has as many under way as it may.
        """
        if self._turns[owner] >= self._at_once:
            self._refused("turns")
            raise TooManyError(
                f"{self._at_once} turns are being answered already.", "Wait for one of them to end.", _WAIT
            )
        self._turns[owner] += 1
        try:
            yield
        finally:
            self._turns[owner] -= 1
            if not self._turns[owner]:
                del self._turns[owner]

    def _hit(self, rate: "Rate", who: str, why: Refused, message: str) -> None:
        wait = math.ceil(rate.hit(who))
        if wait > 0:
            self._refused(why)
            hint = f"At most {rate.a_minute} a minute; try again in {wait} second{'s' * (wait > 1)}."
            raise TooManyError(message, hint, float(wait))


class Rate:
    """So many a minute for each, by the generic cell rate algorithm (ITU-T I.371, annex A).

    Of each it keeps one number: when all that was taken so far is paid back, at one in `60 / a_minute` seconds.

    Args:
        a_minute: how many.
        clock: seconds.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float]) -> None:
        self.a_minute = a_minute
        self._pause = _MINUTE / a_minute
        self._clock = clock
        self._paid: dict[str, float] = {}

    def hit(self, who: str) -> float:
        """Take one, or learn in how many seconds there is one again; then none is taken."""
        now = self._clock()
        who = self._slot(who, now)
        paid = max(self._paid.get(who, now), now)
        # Sums of fractions of a second are not exact.
        wait = paid + self._pause - _MINUTE - now
        if wait > 1e-6:
            return wait
        self._paid[who] = paid + self._pause
        return 0.0

    def _slot(self, who: str, now: float) -> str:
        """The name under which somebody is counted: above so many, the rest share one."""
        if who in self._paid or len(self._paid) < MOST:
            return who
        # Who has paid all back is as if never seen.
        self._paid = {name: paid for name, paid in self._paid.items() if paid > now}
        return who if len(self._paid) < MOST else ""


def _network(address: str) -> str:
    """An address, or the /64 that an IPv6 address lies in, because one household has all of it."""
    try:
        found = ip_address(address.split("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
