"""One simulated conversation, from its first message to its end.

What goes wrong around a conversation says nothing about the system in it: it is begun anew, with the same user and a
fresh thread, and where that does not help it ends as a fault, which is counted apart from failures.
"""

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ..tools.errors import ConvrecError, InputError
from ..tools.index import Index
from ..tools.items import Item
from .checks import Heard, check_turn
from .leaks import leaked_titles
from .nouns import Dialogue, Ending, Goal, Round, SystemTurn, UserTurn
from .systems import System
from .users.replay import ReplayUser
from .users.user import User

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a conversation is begun for the second time, doubled each time after; they vary by half."""


@dataclass(frozen=True)
class Names:
    """What a system knows a conversation by.

    A user who exists for one conversation only has the name of its thread; whatever a system keeps of them may go with
    it. Another name is that of a user in the catalogue's histories, and stays.
    """

    user: str
    thread: str


class _BrokenError(Exception):
    """A conversation cannot go on; `again` says whether it may help to begin it anew."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.again = again


@dataclass
class _Attempt:
    """One attempt at a conversation."""

    rounds: list[Round] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)


async def talk(
    make_user: Callable[[], User],
    system: System,
    goal: Goal,
    index: Index,
    *,
    trial: int = 0,
    seed: int = 0,
    retries: int = 2,
    max_turns: int | None = None,
    turn_seconds: float = 600.0,
    with_history: bool = False,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Dialogue:
    """Hold one conversation and check every turn of it.

    The user speaks first. It is over when the user is done, or has heard as many answers as their patience or
    `max_turns` allows and is not. What a system or a user raises makes it a fault, and ends nothing else.

    Args:
        make_user: makes the user; called once for each attempt, so the user's chance begins alike.
        system: the system, open.
        goal: what the user is after.
        index: the catalogue, for the checks.
        trial: which of several conversations about this goal it is.
        seed: what the user's chance begins with, for the record.
        retries: how often it is begun anew after a fault of the infrastructure.
        max_turns: answers of the system at most; None leaves it to the user's patience.
        turn_seconds: how long either side may take for a turn.
        with_history: whether the system knows the goal's user by name, and with it their history. Only right where
            what is held out of the history is not in the system's catalogue, and where nothing is remembered.
        pause: waits so many seconds before another attempt.

    Raises:
        ConvrecError: no user can be made.
    """
    name = f"sim-{seed}-{goal.id}-{trial}"
    chance = random.Random(name)
    most = goal.persona.patience if max_turns is None else min(max_turns, goal.persona.patience)
    attempts = 0
    while True:
        thread = f"{name}-{attempts}" if attempts else name
        names = Names(goal.user if with_history and goal.user else thread, thread)
        attempts += 1
        attempt, fault, again = _Attempt(), "", False
        ending: Ending = "fault"
        try:
            ending = await _converse(attempt, make_user, system, goal, index, names, most, turn_seconds)
        except _BrokenError as broken:
            fault, again = str(broken), broken.again
        finally:
            await _forget(system, names, turn_seconds)
        if ending != "fault" or not again or attempts > retries:
            return Dialogue(
                system=system.name, goal=goal, trial=trial, seed=seed, rounds=tuple(attempt.rounds), ending=ending,
                fault=fault, attempts=attempts,
            )  # fmt: skip
        log.info("%s with %s is begun anew: %s", name, system.name, fault)
        longest = min(_FIRST_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)
        await pause(longest * chance.uniform(0.5, 1.5))


async def _converse(
    attempt: _Attempt,
    make_user: Callable[[], User],
    system: System,
    goal: Goal,
    index: Index,
    names: Names,
    most: int,
    seconds: float,
) -> Ending:
    """The conversation; its rounds are kept in the attempt as they come, so that a fault leaves them."""
    user = make_user()
    answer: SystemTurn | None = None
    while True:
        said = await _heed("the simulated user", partial(user.reply, answer), UserTurn, seconds)
        if said.fault:
            raise _BrokenError(f"the simulated user: {said.fault}")
        said = _scanned(said, attempt.rounds, goal, index)
        attempt.heard.hear(said)
        attempt.rounds.append(Round(user=said))
        if said.done:
            return _ending(said, user)
        if len(attempt.rounds) > most:
            return "out of turns"
        began = time.perf_counter()
        ask = partial(system.turn, said.text, user=names.user, thread=names.thread)
        answer = await _heed("the system", ask, SystemTurn, seconds)
        if not answer.seconds:
            answer = answer.model_copy(update={"seconds": time.perf_counter() - began})
        checks = check_turn(answer, attempt.heard, goal, index)
        attempt.heard.see(answer)
        attempt.rounds[-1] = Round(user=said, system=answer, checks=checks)


def _ending(said: UserTurn, user: User) -> Ending:
    """How a conversation ends with the user's last message."""
    if isinstance(user, ReplayUser):
        return "replayed"
    return "accepted" if said.accepted else "gave up"


def _scanned(said: UserTurn, rounds: Sequence[Round], goal: Goal, index: Index) -> UserTurn:
    """A message with the leaks that are found in it, whether its user saw them or not.

    What the system has shown is no secret any more, and what a user may name or ask for may stand in a title.
    """
    shown = {item.id for r in rounds if r.system for item in r.system.items}
    secret = [i for i in goal.targets if i not in shown]
    allowed = [item.title for item in _items({*shown, *said.named}.difference(secret), index)]
    allowed += [value for p in (*goal.revealed, *goal.hidden, *said.stated) for value in p.limit.values]
    leaks = tuple(dict.fromkeys((*said.leaks, *leaked_titles(said.text, _items(secret, index), allowed=allowed))))
    return said if leaks == said.leaks else said.model_copy(update={"leaks": leaks})


def _items(ids: Iterable[str], index: Index) -> list[Item]:
    return [index.catalogue.items[row] for i in ids if (row := index.catalogue.row_of.get(i)) is not None]


async def _heed(who: str, say: Callable[[], Awaitable[T]], kind: type[T], seconds: float) -> T:
    """What one side says.

    Raises:
        _BrokenError: it raised something, took too long, or said what is no turn.
    """
    try:
        async with asyncio.timeout(seconds):
            said = await say()
    except TimeoutError as fault:
        raise _BrokenError(f"{who} did not answer within {seconds:g} seconds") from fault
    except ConvrecError as fault:
        # What cannot be done as asked cannot be done as asked a second time either.
        raise _BrokenError(f"{who}: {fault}", again=not isinstance(fault, InputError)) from fault
    except Exception as fault:
        # Whatever is under test may have bugs: they are told in full here, and end this conversation, not the run.
        log.exception("%s raised what it should not.", who.capitalize())
        raise _BrokenError(f"{who} has a bug: {_last_line(fault)}") from fault
    if not isinstance(said, kind):
        raise _BrokenError(f"{who} answered with {type(said).__name__}, not {kind.__name__}", again=False)
    return said


def _last_line(fault: BaseException) -> str:
    """What was raised, and where."""
    told = traceback.format_exception_only(fault)[-1].strip()
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{told} ({frames[-1].name}, line {frames[-1].lineno})" if frames else told


async def _forget(system: System, names: Names, seconds: float) -> None:
    """Have the system let go of a conversation; one that was held is not lost where that fails."""
    try:
        async with asyncio.timeout(seconds):
            await system.forget(names.user, names.thread)
    except Exception:
        log.exception("%s could not forget %s; memory may grow.", system.name, names.thread)
