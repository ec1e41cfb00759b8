"""The arena: somebody talks with two unnamed systems at once, votes for the better one, and then hears who they were.

<home>/arena/votes.jsonl     a vote per line: which systems stood where, which was preferred, when, over which catalogue

No user and no word of theirs stands in it, and both talks are private and forgotten with the vote, so there is nothing of
anybody to forget. Pairs that rest too long are dropped with their talks.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import SecretStr

from ..agents.cards import card
from ..agents.messages import clean_message
from ..agents.state import Pick
from ..simulator.metrics.elo import Winner
from ..simulator.nouns import SystemTurn
from ..simulator.plan import name_without
from ..simulator.systems import System
from ..tools.catalogue import Catalogue
from ..tools.errors import ConvrecError, InputError
from ..tools.index import Index
from .arena_nouns import Answered, Battle, Round, Standing, Vote
from .laboratory import OURS, make_system
from .settings import Settings
from .votes import Votes

Side = Literal["a", "b"]
MakeSystem = Callable[[], System]
"""Makes a system that is not open yet; it may take seconds, and runs in a thread."""

MOST_TURNS = 10
"""Messages of one battle."""

MOST_OPEN = 100
"""Battles at once; with one more, the one that has rested longest is dropped."""

RESTS = 1_800.0
"""Seconds without a message after which a battle is dropped."""

PLAIN = ("popular", "bm25", "dense")
LESS = ("nli", "understanding")
"""The baselines, and the parts that convrec is once without, that compete beside convrec itself."""

_SALT = "arena"
_log = logging.getLogger(__name__)


@dataclass
class _Open:
    """A battle under way: who stands where, what was said, and when last."""

    battle: Battle
    a: str
    b: str
    touched: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def thread(self, side: Side) -> str:
        """The name of one side's talk, which is its user's name too."""
        return f"{_SALT}-{self.battle.id}-{side}"


def open_arena(settings: Settings, index: Callable[[], Index]) -> "Arena":
    """The arena over a served index: convrec, convrec without a part, and the baselines that need no model.

    Args:
        settings: what convrec runs on.
        index: the served index; asked for when the first battle begins.
    """
    # Talks of the arena are kept nowhere, so that no database of conversations need be reached for them.
    memory = settings.memory.model_copy(update={"private": True, "database": SecretStr("")})
    settings = settings.model_copy(update={"memory": memory})

    def maker(name: str, without: frozenset[str] = frozenset()) -> MakeSystem:
        return lambda: make_system(name, settings, index(), without)

    systems = {name: maker(name) for name in (OURS, *PLAIN)}
    systems |= {name_without(part): maker(name_without(part), frozenset({part})) for part in LESS}
    return Arena(settings.home / "arena" / "votes.jsonl", systems, index, longest=settings.max_message)


class Arena:
    """Battles between systems, and where the systems stand. One arena serves one event loop.

    Args:
        file: where votes are kept; several servers may share it.
        systems: who competes, by name; at least two. Each is opened when it is first drawn.
        index: the catalogue that is talked about.
        longest: characters of a message.
        chance: draws pairs and sides.
        clock: seconds, for what rests.
    """

    def __init__(
        self,
        file: Path,
        systems: Mapping[str, MakeSystem],
        index: Callable[[], Index],
        *,
        longest: int = 4_000,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._votes = Votes(file)
        self._makers = dict(systems)
        self._index = index
        self._longest = longest
        self._chance = chance or random.SystemRandom()
        self._clock = clock
        self._systems: dict[str, System] = {}
        self._opening = asyncio.Lock()
        self._open: dict[str, _Open] = {}

    @property
    def catalogue(self) -> Catalogue:
        """The items that are talked about, and the words for them."""
        return self._index().catalogue

    async def pair(self, instead: str = "") -> Battle:
        """Draw two systems and their sides.

        Args:
            instead: a battle that is given up for it, if any.
        """
        rested = self._clock() - RESTS
        gone = [name for name, one in self._open.items() if one.touched < rested or name == instead]
        if len(self._open) - len(gone) >= MOST_OPEN:
            gone.append(min(self._open.keys() - gone, key=lambda name: self._open[name].touched))
        for name in gone:
            await self._drop(name)
        a, b = self._chance.choice(list(combinations(self._makers, 2)))
        if self._chance.random() < 0.5:
            a, b = b, a
        battle = Battle(id=uuid4().hex)
        self._open[battle.id] = _Open(battle, a, b, self._clock())
        return battle

    async def say(self, battle: str, text: str) -> Battle:
        """Say the same to both, and hear both.

        Raises:
            InputError: the battle is no longer open, or has had all its messages.
            MessageError: the text is empty or too long.
            ConvrecError: neither side answered.
        """
        text, one = clean_message(text, self._longest), self._battle(battle)
        async with one.lock:
            self._battle(battle)
            if len(one.battle.rounds) >= MOST_TURNS:
                raise InputError(f"This pair has had its {MOST_TURNS} messages.", "Vote for one of them.")
            one.touched = self._clock()
            a, b = await asyncio.gather(self._answer(one, "a", text), self._answer(one, "b", text))
            if a.failed and b.failed:
                raise ConvrecError("Neither side answered.", "Say it again, or take the next pair.")
            one.battle = one.battle.model_copy(update={"rounds": (*one.battle.rounds, Round(text=text, a=a, b=b))})
            return one.battle

    async def vote(self, battle: str, winner: Winner) -> Battle:
        """Take the vote of a battle, and say who they were; its talks are forgotten.

        Raises:
            InputError: the battle is no longer open, or both have not answered yet.
            StoreError: the vote cannot be written; it can be cast again.
        """
        one = self._battle(battle)
        async with one.lock:
            self._battle(battle)
            if not one.battle.ready:
                raise InputError("Both sides must have answered before a vote.", "Say something to them first.")
            vote = Vote(
                battle=battle, a=one.a, b=one.b, winner=winner, time=time.time(),
                catalogue=self.catalogue.name, turns=len(one.battle.rounds),
            )  # fmt: skip
            await asyncio.to_thread(self._votes.add, vote)
            await self._drop(battle)
        return one.battle.model_copy(update={"winner": winner, "a": one.a, "b": one.b})

    def standings(self) -> tuple[Standing, ...]:
        """Where all systems stand with this catalogue, best first; those without votes last.

        Raises:
            CorruptError: a vote is damaged; a last one that was cut off is passed over.
        """
        return self._votes.standings(self.catalogue.name, self._makers)

    async def aclose(self) -> None:
        """Forget all battles, and let go of the systems."""
        for battle in list(self._open):
            await self._drop(battle)
        async with self._opening:
            for system in self._systems.values():
                await system.aclose()
            self._systems.clear()

    def _battle(self, battle: str) -> _Open:
        one = self._open.get(battle)
        if one is None:
            raise InputError("This pair is no longer open.", "Take the next pair.")
        return one

    async def _answer(self, one: _Open, side: Side, text: str) -> Answered:
        name, thread = getattr(one, side), one.thread(side)
        try:
            system = await self._system(name)
            return _answered(await system.turn(text, user=thread, thread=thread), self._index())
        except ConvrecError as fault:
            # Why it failed would say who it is.
            _log.warning("The system %s did not answer in the arena: %s", name, type(fault).__name__)
            return Answered(failed=True)

    async def _system(self, name: str) -> System:
        async with self._opening:
            if name not in self._systems:
                made = await asyncio.to_thread(self._makers[name])
                await made.open()
                self._systems[name] = made
            return self._systems[name]

    async def _drop(self, battle: str) -> None:
        one = self._open.pop(battle, None)
        if one is None or not one.battle.rounds:
            return
        for name, thread in ((one.a, one.thread("a")), (one.b, one.thread("b"))):
            if (system := self._systems.get(name)) is not None:
                await system.forget(thread, thread)


def _answered(turn: SystemTurn, index: Index) -> Answered:
    """A turn as the arena shows it; what is not in the catalogue is no item."""
    items = [item for item in turn.items if item.id in index.catalogue.row_of]
    return Answered(
        reply=turn.reply,
        cards=tuple(card(Pick(item=item.id, reason=item.reason), index) for item in items),
        near=frozenset(item.id for item in items if item.nearest),
        options=turn.options,
    )
