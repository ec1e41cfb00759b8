"""What tests of the arena stand on: systems that show a tea, and an arena in which they compete."""

import asyncio
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from convrec.app.arena import Arena
from convrec.simulator.nouns import Shown, SystemTurn
from talk_stage import index_of


class Speaker:
    """Shows a tea, and remembers who told it what."""

    def __init__(self, name: str, fault: Exception | None = None) -> None:
        self.name = name
        self.fault = fault
        self.heard: dict[str, list[str]] = {}
        self.opened = self.closed = 0

    async def open(self) -> None:
        self.opened += 1

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        self.heard.setdefault(thread, []).append(text)
        shown = (Shown(id="sencha", title="Sencha", reason="green"), Shown(id="none", title="Gone"))
        return SystemTurn(reply=f"**Sencha**, says {len(self.heard[thread])}", items=shown, options=("More",))

    async def forget(self, user: str, thread: str) -> None:
        del self.heard[thread]

    async def aclose(self) -> None:
        self.closed += 1


def arena_of(file: Path, speakers: Mapping[str, Speaker], **options: Any) -> Arena:
    """An arena over the teas; its pairs are the same in every run."""
    makers: dict[str, Callable[[], Any]] = {name: (lambda made=made: made) for name, made in speakers.items()}
    options.setdefault("chance", random.Random(1))
    return Arena(file, makers, lambda: index_of("teas"), **options)
