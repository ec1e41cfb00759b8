import asyncio
import multiprocessing
from collections.abc import AsyncIterable
from functools import partial
from pathlib import Path

import pytest
from convrec.simulator.executors import run_here, run_in_processes
from convrec.simulator.nouns import Dialogue
from convrec.simulator.plan import Task, tasks_of
from convrec.tools.errors import ConvrecError
from simulated_stage import goals, open_abyss, open_nothing, open_teas


def tasks(count: int) -> list[Task]:
    return list(tasks_of(("one", "two"), goals(count), 1, seed=1))


async def gathered(dialogues: AsyncIterable[Dialogue]) -> dict[str, Dialogue]:
    return {one.key: without_times(one) async for one in dialogues}


def without_times(dialogue: Dialogue) -> Dialogue:
    """A dialogue as it is whoever held it, however fast."""
    rounds = tuple(
        r.model_copy(update={"system": r.system and r.system.model_copy(update={"seconds": 0.0})})
        for r in dialogue.rounds
    )
    return dialogue.model_copy(update={"rounds": rounds})


async def test_processes_hold_the_same_conversations_as_this_one() -> None:
    here = await gathered(run_here(open_teas, tasks(4), concurrency=3))
    assert len(here) == 8
    assert sum(one.success for one in here.values()) == 6
    assert await gathered(run_in_processes(open_teas, tasks(4), workers=2, concurrency=2)) == here


async def test_a_worker_that_dies_has_its_conversations_held_by_another(tmp_path: Path) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    held = await gathered(run_in_processes(partial(open_teas, deadly), tasks(3), workers=1, concurrency=2))
    assert not deadly.exists()
    assert {one.ending for one in held.values()} <= {"accepted", "gave up"}
    assert len(held) == 6


async def test_a_conversation_that_no_worker_outlives_ends_as_a_fault() -> None:
    held = await gathered(run_in_processes(open_abyss, [t for t in tasks(1) if t.system == "one"], workers=1))
    (lost,) = held.values()
    assert (lost.ending, lost.attempts) == ("fault", 3)


@pytest.mark.parametrize("run", [run_here, partial(run_in_processes, workers=1)])
async def test_a_laboratory_that_cannot_be_opened_says_why(run: object) -> None:
    with pytest.raises(ConvrecError, match="The laboratory is closed") as refused:
        await gathered(run(open_nothing, tasks(1)))  # type: ignore[operator]
    assert refused.value.hint == "Come back later."


async def test_a_fault_of_the_infrastructure_ends_the_conversation_and_not_the_run() -> None:
    held = await gathered(run_here(partial(open_teas, None, ("two",)), tasks(2)))
    assert {one.system: one.ending for one in held.values()}["two"] == "fault"
    assert {one.counts for one in held.values() if one.system == "one"} == {True}


async def test_no_task_is_no_work() -> None:
    assert await gathered(run_here(open_teas, [])) == {}


async def test_a_run_that_is_stopped_leaves_no_worker_behind() -> None:
    held = run_in_processes(open_teas, tasks(2_000), workers=2, concurrency=2)
    await anext(held)
    following = asyncio.ensure_future(anext(held))
    for _ in range(3):
        await asyncio.sleep(0)  # the next conversations are waited for by now
    following.cancel()
    await asyncio.wait([following])
    await held.aclose()
    assert not multiprocessing.active_children()
