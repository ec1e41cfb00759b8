"""The processes of jobs: how one is begun, and how it is ended."""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from ..simulator.plan import Plan
from .job_process import work
from .settings import Settings


class Worker(Protocol):
    """The process of one job."""

    @property
    def exitcode(self) -> int | None:
        """How it ended; None while it lives."""
        ...

    def terminate(self) -> None:
        """Ask it to end, which it does at once."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended."""
        ...


Begin = Callable[[Connection, Settings, Plan, Path], Worker]
"""Starts the process of a job: its end of the pipe, and what job_process.work needs."""


def begin_process(pipe: Connection, settings: Settings, plan: Plan, folder: Path) -> Worker:
    """Start a process of its own for a job; it ends with this one."""
    process = multiprocessing.get_context("spawn").Process(
        target=work, args=(pipe, settings, plan, folder), daemon=True
    )
    process.start()
    return process


async def stop(worker: Worker | None) -> None:
    """End a process, whatever it is at, and wait for its end."""
    if worker is None:
        return
    worker.terminate()
    await asyncio.to_thread(worker.join, 5)
    if worker.exitcode is None:
        worker.kill()
        await asyncio.to_thread(worker.join)
