import asyncio
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from convrec.simulator.nouns import Dialogue
from convrec.simulator.runs import TRANSCRIPTS, read_records
from convrec.simulator.simulate import Progress, RunConfig, begin_run, measure_run, simulate
from convrec.tools.errors import InputError
from simulated_stage import goals, open_teas, plan, teas


def transcripts(folder: Path) -> list[Dialogue]:
    return list(read_records(folder / TRANSCRIPTS, Dialogue))


async def test_a_run_holds_every_conversation_once_and_is_measured(tmp_path: Path) -> None:
    told: list[Progress] = []
    begin_run(tmp_path, plan(trials=2), goals(3), items=13)
    ended = await simulate(tmp_path, open_teas, concurrency=4, on_progress=told.append)
    assert [(p.system, p.ended, p.total, p.successes) for p in ended] == [("one", 6, 6, 4), ("two", 6, 6, 4)]
    assert len(told) == 12
    assert [d.key for d in transcripts(tmp_path)] == [
        f"{system}|g{goal}|{trial}" for goal in range(3) for trial in range(2) for system in ("one", "two")
    ]
    metrics = measure_run(tmp_path, teas())
    assert [m.system for m in metrics] == ["one", "two"]
    assert metrics[0].metrics["success rate"].value == pytest.approx(4 / 6)
    config = RunConfig.model_validate_json((tmp_path / "config.json").read_bytes())
    assert config.versions["python"]
    assert config.seconds >= 0


async def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.ended == 2:
            raise StoppedError

    begin_run(tmp_path / "whole", plan(), goals(4))
    await simulate(tmp_path / "whole", open_teas)
    begin_run(tmp_path / "stopped", plan(), goals(4))
    with pytest.raises(StoppedError):
        await simulate(tmp_path / "stopped", open_teas, on_progress=stop)
    begun = transcripts(tmp_path / "stopped")
    assert 0 < len(begun) < 8
    told: list[Progress] = []
    await simulate(tmp_path / "stopped", open_teas, on_progress=told.append)
    assert len(told) == 8 - len(begun)
    assert [d.key for d in transcripts(tmp_path / "stopped")] == [d.key for d in transcripts(tmp_path / "whole")]


async def test_conversations_with_a_fault_are_held_again_when_a_run_goes_on(tmp_path: Path) -> None:
    begin_run(tmp_path, plan(), goals(2))
    await simulate(tmp_path, partial(open_teas, None, ("two",)))
    assert [d.ending for d in transcripts(tmp_path) if d.system == "two"] == ["fault", "fault"]
    metrics = measure_run(tmp_path, teas())
    assert "success rate" not in metrics[1].metrics or metrics[1].metrics["success rate"].n == 0
    await simulate(tmp_path, open_teas)
    assert len(transcripts(tmp_path)) == 4
    assert {d.ending for d in transcripts(tmp_path)} == {"accepted"}


async def test_a_folder_holds_one_run_and_a_run_needs_a_folder(tmp_path: Path) -> None:
    begin_run(tmp_path, plan(), goals(1))
    with pytest.raises(InputError, match="a run in") as refused:
        begin_run(tmp_path, plan(), goals(1))
    assert "--resume" in refused.value.hint
    with pytest.raises(InputError, match="not the folder of a run"):
        await simulate(tmp_path / "none", open_teas)


_RUN = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from convrec.simulator.simulate import simulate
from simulated_stage import open_teas

def tell(progress):
    if progress.system == "two" and progress.ended == 5:
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(simulate(Path(sys.argv[1]), open_teas, concurrency=1, on_progress=tell))
"""


def test_a_run_that_is_killed_loses_at_most_what_it_was_at(tmp_path: Path) -> None:
    begin_run(tmp_path, plan(), goals(20))
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(tmp_path), str(Path(__file__).parent)],
        check=False,
        timeout=100,
        env=os.environ,
    )
    assert done.returncode == -signal.SIGKILL
    assert len(transcripts(tmp_path)) == 10
    asyncio.run(simulate(tmp_path, open_teas))
    assert len({d.key for d in transcripts(tmp_path)}) == len(transcripts(tmp_path)) == 40
