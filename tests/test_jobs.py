import asyncio
import json
import logging
from pathlib import Path
from typing import Any, get_args

import pytest
from convrec.agents.ablations import ABLATIONS
from convrec.app.job_nouns import JobRequest, Part, SystemName
from convrec.app.job_process import Failed, Note, hold, read_plots
from convrec.app.jobs import OF_ONE, ROOM, Jobs
from convrec.app.settings import Settings
from convrec.simulator.baselines import ASKING, BASELINES
from convrec.simulator.runs import METRICS, REPORT, TRANSCRIPTS
from convrec.simulator.simulate import Progress
from convrec.tools.errors import (
    BusyError,
    ConvrecError,
    InputError,
    NoResultError,
    StoppingError,
    TooManyError,
    UnknownJobError,
)
from convrec.tools.index import build_index
from convrec.tools.items import Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home
from fakes import HashEncoder
from job_stage import WHOLE, Script, begin_fake_encoder
from pydantic import ValidationError

SMALL = JobRequest(goals=2)
BEGINNING = (Progress(system="convrec", total=2),)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", catalogue="games")


@pytest.fixture
def games_home(settings: Settings, games: tuple[Schema, list[Item]], encoder: HashEncoder) -> Settings:
    """A data folder with sixty games."""
    build_index(Home(settings.home), "games", games[1], games[0], encoder="hash")
    return settings


async def test_a_job_is_held_and_shows_what_was_measured(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(WHOLE))
    made = await jobs.start(SMALL, user="ann")
    assert made.state == "queued"
    await jobs.idle()
    done = jobs.get(made.id, "ann")
    assert done.state == "done"
    assert done.started is not None
    assert done.ended is not None
    assert done.created <= done.started <= done.ended
    assert done.progress == (Progress(system="convrec", total=2, ended=2, counted=2, successes=1),)
    result = jobs.result(made.id, "ann")
    assert result.metrics[0].metrics["success rate"].high == 0.9
    assert result.progress == done.progress
    assert "A report" in jobs.report(made.id, "ann")
    assert jobs.plots(made.id, "ann") == ()
    assert (settings.home / "runs" / "served" / made.id / "job.json").is_file()


async def test_what_is_anothers_is_what_never_was(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(WHOLE))
    made = await jobs.start(SMALL, user="ann")
    await jobs.idle()
    said = set[str]()
    for job, user in ((made.id, "bob"), ("0" * 32, "ann"), ("../../../etc/passwd", "ann"), ("", "ann")):
        for ask in (jobs.get, jobs.result, jobs.report, jobs.plots):
            with pytest.raises(UnknownJobError) as fault:
                ask(job, user)
            said.add(str(fault.value))
        for change in (jobs.cancel, jobs.delete):
            with pytest.raises(UnknownJobError):
                await change(job, user)
    assert len(said) == 1
    assert jobs.list("bob") == ()
    assert [job.id for job in jobs.list("ann")] == [made.id]


async def test_jobs_are_held_one_after_the_other_and_listed_newest_first(settings: Settings) -> None:
    script = Script(WHOLE, WHOLE)
    jobs = Jobs(settings, begin=script)
    first, second = await jobs.start(SMALL, user="ann"), await jobs.start(SMALL, user="ann")
    await jobs.idle()
    assert [folder.name for folder in script.begun] == [first.id, second.id]
    assert [job.id for job in jobs.list("ann")] == [second.id, first.id]


async def test_cancelling_ends_the_worker_and_leaves_no_half_results(settings: Settings) -> None:
    script = Script(BEGINNING, lasting=True)
    jobs = Jobs(settings, begin=script)
    made, waiting = await jobs.start(SMALL, user="ann"), await jobs.start(SMALL, user="ann")
    assert (await jobs.cancel(waiting.id, "ann")).state == "cancelled"
    while not script.workers:
        await _turn()
    assert (await jobs.cancel(made.id, "ann")).state == "cancelled"
    assert script.workers[0].ended
    await jobs.idle()
    assert len(script.begun) == 1
    assert {path.name for path in script.begun[0].iterdir()} <= {"job.json", "job.lock"}
    with pytest.raises(NoResultError, match="cancelled"):
        jobs.result(made.id, "ann")
    assert (await jobs.cancel(made.id, "ann")).state == "cancelled"


async def test_a_job_that_is_not_done_has_no_result_yet(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(BEGINNING, lasting=True))
    made = await jobs.start(SMALL, user="ann")
    for ask in (jobs.result, jobs.report, jobs.plots):
        with pytest.raises(NoResultError):
            ask(made.id, "ann")
    await jobs.aclose()


async def test_a_worker_that_cannot_go_on_says_why(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs(settings, begin=Script([Failed("No goals.", "Import more.")], [Note("Only 1.")]))
    refused, died = [await jobs.start(SMALL, user="ann") for _ in range(2)]
    with caplog.at_level(logging.ERROR):
        await jobs.idle()
    after = jobs.get(refused.id, "ann")
    assert (after.state, after.error, after.hint) == ("failed", "No goals.", "Import more.")
    assert died.id in caplog.text
    assert "ended unasked" in jobs.get(died.id, "ann").error
    assert jobs.get(died.id, "ann").notes == ("Only 1.",)
    with pytest.raises(NoResultError, match="failed"):
        jobs.result(refused.id, "ann")


async def test_what_the_end_of_a_server_left_unfinished_is_interrupted(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(BEGINNING, lasting=True))
    running, waiting = await jobs.start(SMALL, user="ann"), await jobs.start(SMALL, user="ann")
    beside = Jobs(settings)
    assert [job.live for job in beside.list("ann")] == [True, True]
    with pytest.raises(BusyError, match="Another server"):
        await beside.delete(running.id, "ann")
    await jobs.aclose()
    assert {job.id: job.state for job in beside.list("ann")} == dict.fromkeys((running.id, waiting.id), "interrupted")
    # A server that was killed could write nothing.
    file = settings.home / "runs" / "served" / running.id / "job.json"
    kept = json.loads(file.read_text())
    kept["job"]["state"] = "running"
    file.write_text(json.dumps(kept))
    after = Jobs(settings)
    assert after.get(running.id, "ann").state == "interrupted"
    with pytest.raises(StoppingError):
        await jobs.start(SMALL, user="ann")


async def test_nobody_can_fill_the_queue(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(*[BEGINNING] * ROOM, lasting=True))
    for _ in range(OF_ONE):
        await jobs.start(SMALL, user="ann")
    with pytest.raises(TooManyError) as fault:
        await jobs.start(SMALL, user="ann")
    assert fault.value.seconds > 0
    for place in range(ROOM - OF_ONE):
        await jobs.start(SMALL, user=f"user {place}")
    with pytest.raises(TooManyError):
        await jobs.start(SMALL, user="another")
    await jobs.aclose()


async def test_deleting_and_forgetting_leave_nothing(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(WHOLE, BEGINNING, WHOLE, lasting=True))
    done = await jobs.start(SMALL, user="ann")
    running, others = await jobs.start(SMALL, user="ann"), await jobs.start(SMALL, user="bob")
    while jobs.get(running.id, "ann").state != "running":
        await _turn()
    await jobs.delete(done.id, "ann")
    with pytest.raises(UnknownJobError):
        jobs.get(done.id, "ann")
    await jobs.forget("ann")
    await jobs.idle()
    folder = settings.home / "runs" / "served"
    assert [path.name for path in folder.iterdir()] == [others.id]
    assert jobs.get(others.id, "bob").state == "done"


async def test_a_damaged_job_hides_no_other(settings: Settings) -> None:
    jobs = Jobs(settings, begin=Script(WHOLE))
    made = await jobs.start(SMALL, user="ann")
    await jobs.idle()
    (settings.home / "runs" / "served" / ("f" * 32)).mkdir()
    (settings.home / "runs" / "served" / ("f" * 32) / "job.json").write_text("{")
    assert [job.id for job in Jobs(settings).list("ann")] == [made.id]


def test_the_systems_and_parts_to_ask_for_are_those_that_there_are() -> None:
    assert set(get_args(SystemName)) == {"convrec", *BASELINES} - set(ASKING)
    assert get_args(Part) == tuple(ABLATIONS)


@pytest.mark.parametrize(
    "asked",
    [
        {"systems": ["http://127.0.0.1:1/v1"]},
        {"systems": ["os:system"]},
        {"systems": ["arag"]},
        {"systems": []},
        {"systems": ["bm25", "bm25"]},
        {"without": ["everything"]},
        {"goals": 201},
        {"goals": 0},
        {"trials": 9},
        {"max_turns": 21},
        {"impossible": float("nan")},
        {"goals_file": "/etc/passwd"},
        {"dialogues": "/etc/passwd"},
        {"user_url": "http://127.0.0.1:1/v1"},
        {"judge": True},
        {"impossible": False},
        {"goals": True},
    ],
)
def test_what_would_reach_out_or_cost_too_much_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JobRequest.model_validate(asked)


def test_the_users_are_invented_because_histories_are_others_own() -> None:
    assert JobRequest().plan("games").source == "catalogue"


async def test_an_unknown_persona_is_refused_before_anything_is_written(settings: Settings) -> None:
    with pytest.raises(InputError, match="no persona 'nobody'"):
        await Jobs(settings).start(JobRequest(personas=("nobody",)), user="ann")
    assert not settings.home.exists()


async def test_a_simulation_leaves_metrics_report_and_plots(games_home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 32)
    told = list[Any]()
    request = JobRequest(systems=("popular",), without=("nli",), goals=2, personas=("expert",), max_turns=3)
    await hold(games_home, request.plan("games"), folder, told.append)
    assert told[:2] == [Progress(system=name, total=2) for name in ("popular", "convrec without nli")]
    assert told[-1].ended == 2
    assert {path.name for path in folder.iterdir()} >= {METRICS, REPORT, TRANSCRIPTS}
    plots = read_plots(folder)
    assert plots
    assert all(plot.svg.startswith("<svg") for plot in plots)
    report = (folder / REPORT).read_text()
    assert "Simulation aaaaaaaa" in report
    # The page is read far from its folder.
    assert f'href="{TRANSCRIPTS}"' not in report


async def test_a_catalogue_that_is_gone_is_told_of(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConvrecError, match="no catalogue 'games'"):
        await hold(settings, SMALL.plan("games"), tmp_path / "run", lambda told: None)


async def test_a_real_process_holds_a_simulation_and_ends(games_home: Settings) -> None:
    jobs = Jobs(games_home, begin=begin_fake_encoder)
    made = await jobs.start(JobRequest(systems=("popular",), goals=2, max_turns=2), user="ann")
    await jobs.idle()
    done = jobs.get(made.id, "ann")
    assert (done.state, done.error) == ("done", "")
    assert [one.ended for one in done.progress] == [2]
    assert jobs.result(made.id, "ann").metrics[0].system == "popular"


async def _turn() -> None:
    """Let others go on."""
    await asyncio.sleep(0)
