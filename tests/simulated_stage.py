"""What tests of runs stand on: a laboratory over the teas with scripted users and systems, and faults on request.

Worker processes import this module by its name.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from convrec.simulator.lab import Lab
from convrec.simulator.nouns import Goal, Persona, Shown, SystemTurn, UserTurn
from convrec.simulator.plan import Plan
from convrec.tools.catalogue import Catalogue
from convrec.tools.errors import CallError, InputError
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.schema import Attribute, Schema
from convrec.tools.vectors import Vectors
from fakes import HashEncoder

SCHEMA = Schema(noun="tea", nouns="teas", attributes=(Attribute(name="kind", kind="category", label="kind"),))
ITEMS = [
    Item(id=title.lower(), title=title, text=f"{title} is a {kind} tea.", attributes={"kind": (kind,)})
    for title, kind in (("Sencha", "green"), ("Gyokuro", "green"), ("Assam", "black"), ("Keemun", "black"))
]

PERSONA = Persona(name="plain", patience=4)


@cache
def teas() -> Index:
    """Four teas, with the fake encoder."""
    encoder, texts = HashEncoder(), [item_text(item, SCHEMA) for item in ITEMS]
    vectors = Vectors(encoder.encode(texts), [item.id for item in ITEMS], lambda: None)
    return Index(Catalogue("teas", SCHEMA, ITEMS), encoder, vectors, Lexical.build(texts))


def goals(count: int) -> list[Goal]:
    """Goals of users who want Sencha; every third one wants what is never shown."""
    return [
        Goal(id=f"g{n}", persona=PERSONA, taste={"gyokuro" if n % 3 == 2 else "sencha": 1.0}, targets=("sencha",))
        for n in range(count)
    ]


class Chooser:
    """Asks for tea until what they want is shown; leaves after three tries."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._tries = 0

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        for item in heard.items if heard else ():
            if item.id in self._goal.taste:
                return UserTurn(text="I'll take it.", act="accept", accepted=item.id, done=True)
        self._tries += 1
        if self._tries > 3:
            return UserTurn(text="", act="leave", done=True)
        return UserTurn(text=f"Some tea, please ({self._tries}).", act="open" if self._tries == 1 else "more")


class Waiter:
    """Shows Sencha at the second try.

    Args:
        name: whose it is.
        deadly: a file; while it is there, the process that answers is killed, and the file is taken away.
        failing: whether it never answers.
    """

    def __init__(self, name: str, deadly: Path | None = None, *, failing: bool = False) -> None:
        self.name = name
        self._deadly = deadly
        self._failing = failing
        self._turns: dict[str, int] = {}

    async def open(self) -> None:
        pass

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        if self._failing:
            raise CallError("The server does not answer.")
        if self._deadly is not None and self._deadly.exists():
            self._deadly.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        self._turns[thread] = self._turns.get(thread, 0) + 1
        if self._turns[thread] < 2:
            return SystemTurn(reply="What do you like?", question="kind")
        return SystemTurn(reply="**Sencha** is green.", items=(Shown(id="sencha", title="Sencha"),))

    async def forget(self, user: str, thread: str) -> None:
        self._turns.pop(thread, None)

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def open_teas(deadly: Path | None = None, failing: tuple[str, ...] = ()) -> AsyncIterator[Lab]:
    """A laboratory with the waiters `one` and `two`."""
    systems = {name: Waiter(name, deadly, failing=name in failing) for name in ("one", "two")}
    yield Lab(teas(), systems, lambda goal, seed: Chooser(goal), retries=0)


@asynccontextmanager
async def open_nothing() -> AsyncIterator[Lab]:
    """A laboratory that cannot be opened."""
    raise InputError("The laboratory is closed.", "Come back later.")
    yield


class Abyss(Waiter):
    """Ends the process of whoever talks with it."""

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        os.kill(os.getpid(), signal.SIGKILL)
        return await super().turn(text, user=user, thread=thread)


@asynccontextmanager
async def open_abyss() -> AsyncIterator[Lab]:
    """A laboratory whose workers do not live long."""
    yield Lab(teas(), {"one": Abyss("one")}, lambda goal, seed: Chooser(goal), retries=0)


class Slow(Waiter):
    """A waiter who takes their time."""

    def __init__(self, index: Index) -> None:
        super().__init__("slow")

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        await asyncio.sleep(0.05)
        return await super().turn(text, user=user, thread=thread)


def begin_slow(folder: str) -> None:
    """Simulate with a slow system from the command line, until somebody stops it."""
    from convrec.app.cli import app
    from convrec.tools import index

    index.load_encoder = lambda name, folder: HashEncoder()
    app(["simulate", "-s", "simulated_stage:Slow", "-n", "100", "--workers", "0", "--out", folder], prog_name="convrec")


def plan(**given: object) -> Plan:
    """A plan for both waiters."""
    return Plan.model_validate({"systems": ("one", "two"), **given})
