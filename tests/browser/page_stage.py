"""The page for a walk: the stand-in of tests/ui_stage.py, two models to choose from, and an arena of two gardeners."""

import asyncio
import random
from pathlib import Path

import gradio as gr
from convrec.app.arena import Arena
from convrec.app.jobs import Jobs
from convrec.app.settings import Settings
from convrec.app.ui import build_page
from convrec.simulator.nouns import Shown, SystemTurn
from ui_stage import StandIn, StandInMinds


class Gardener:
    """Shows always the same plant."""

    def __init__(self, name: str, plant: str) -> None:
        self.name = name
        self.plant = plant

    async def open(self) -> None:
        pass

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        await asyncio.sleep(0.2)
        return SystemTurn(reply="I would take this one.", items=(Shown(id=self.plant, title="", reason="It lasts."),))

    async def forget(self, user: str, thread: str) -> None:
        pass

    async def aclose(self) -> None:
        pass


def page(folder: str) -> gr.Blocks:
    """The page with all of its tabs; the folder is for votes and simulations."""
    stand_in = StandIn(pause=0.15, spare=60)
    gardeners = {"patient": lambda: Gardener("patient", "p1"), "bold": lambda: Gardener("bold", "p5")}
    arena = Arena(Path(folder) / "votes.jsonl", gardeners, lambda: stand_in.index, chance=random.Random(1))  # pyright: ignore[reportArgumentType]
    jobs = Jobs(Settings(home=Path(folder)), Path(folder) / "simulations")
    return build_page(stand_in, minds=StandInMinds(), arena=arena, jobs=jobs)
