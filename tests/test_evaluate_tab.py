from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from convrec.app.job_nouns import Job, JobRequest
from convrec.app.job_process import Failed
from convrec.app.jobs import Jobs
from convrec.app.settings import Settings
from convrec.app.ui.evaluate_tab import EvaluateHandlers, EvaluateView, evaluate_tab
from convrec.app.ui.measured import job_html, result_html
from convrec.app.ui.session import Session
from convrec.simulator.nouns import Estimate, SystemMetrics
from convrec.simulator.reports.plot import Key, Numbers, Plot
from convrec.simulator.simulate import Progress
from convrec.tools.errors import ScopeError
from job_stage import METRICS, WHOLE, Script

EVIL = "<img src=x onerror=alert(1)> & <b>bold</b>"
ANN = Session("ann")
FORM: tuple[Any, ...] = (["convrec"], [], 2, 1, [], 0)


def jobs_of(folder: Path, *scripts: Any, lasting: bool = False) -> Jobs:
    return Jobs(Settings(home=folder, catalogue="teas"), begin=Script(*scripts, lasting=lasting))


async def test_a_simulation_is_started_watched_and_shown(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, WHOLE)
    handlers = EvaluateHandlers(jobs)
    started = await handlers.start(None, ANN, *FORM)
    job = started.jobs["value"]
    assert started.timer.active
    assert started.stop["visible"] is True
    assert started.save["visible"] is False
    assert "Waiting for its turn" in started.progress
    await jobs.idle()
    ended = await handlers.look(job, ANN)
    assert "2 of 2, 50% successful" in ended.progress
    assert "<strong>Done</strong>" in ended.progress
    assert "50.0%" in ended.result
    assert "10.0% to 90.0%" in ended.result
    assert not ended.timer.active
    assert (ended.stop["visible"], ended.save["visible"], ended.delete["visible"]) == (False, True, True)
    file, _ = await handlers.save(job, ANN)
    assert file["name"] == f"simulation-{job[:8]}.html"
    assert "A report" in file["text"]
    gone = await handlers.delete(job, ANN)
    assert gone.progress == gone.result == ""
    assert jobs.list("ann") == ()


async def test_a_simulation_that_runs_is_cancelled(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, [Progress(system="convrec", total=2)], lasting=True)
    handlers = EvaluateHandlers(jobs)
    job = (await handlers.start(None, ANN, *FORM)).jobs["value"]
    assert isinstance((await handlers.look(job, ANN)).progress, str)
    stopped = await handlers.stop(job, ANN)
    assert "Cancelled" in stopped.progress
    assert not stopped.timer.active


async def test_what_is_anothers_is_neither_shown_nor_touched(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, WHOLE)
    handlers = EvaluateHandlers(jobs)
    job = (await handlers.start(None, ANN, *FORM)).jobs["value"]
    await jobs.idle()
    for handler in (handlers.show, handlers.look, handlers.stop, handlers.delete):
        view = await handler(job, Session("bob"))
        assert view.progress == view.result == ""
    assert await handlers.save(job, Session("bob")) == (None, _told(await handlers.stop(job, Session("bob"))))
    assert len(jobs.list("ann")) == 1


def _told(view: EvaluateView) -> Any:
    assert "There is no simulation of that id." in view.notice["value"]
    return view.notice


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (([], [], 2, 1, [], 0), "No system is chosen."),
        ((["http://127.0.0.1"], [], 2, 1, [], 0), "No system is chosen."),
        ((["convrec"], [], 9_999, 1, [], 0), "chosen as goals"),
        ((["convrec"], [], 2, 1, ["nobody"], 0), "no persona"),
        ((["convrec"], [], 2, 1, [], -1), "chosen as seed"),
        ((["convrec"], EVIL, None, None, None, None), "cannot be used"),
    ],
)
async def test_what_a_browser_sends_is_checked(tmp_path: Path, form: tuple[Any, ...], words: str) -> None:
    view = await EvaluateHandlers(jobs_of(tmp_path)).start(None, ANN, *form)
    assert view.notice["visible"] is True
    assert words in view.notice["value"]
    assert "<img" not in view.notice["value"]


async def test_who_may_not_is_told_so_and_a_page_that_is_opening_is_looked_at_again(tmp_path: Path) -> None:
    def refuse(user: str) -> None:
        raise ScopeError(f"{user} may not.")

    jobs = jobs_of(tmp_path)
    assert "ann may not." in (await EvaluateHandlers(jobs, refuse).start(None, ANN, *FORM)).notice["value"]
    early = await EvaluateHandlers(jobs).start(None, None, *FORM)
    assert "still opening" in early.notice["value"]
    assert early.timer.active


async def test_a_failure_is_told_with_what_would_work(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, [Failed(EVIL, "Import more.")])
    handlers = EvaluateHandlers(jobs)
    job = (await handlers.start(None, ANN, *FORM)).jobs["value"]
    await jobs.idle()
    failed = (await handlers.show(job, ANN)).progress
    assert "&lt;img" in failed
    assert "Import more." in failed
    assert "<img" not in failed


def test_figures_and_plots_have_their_intervals_words_and_numbers() -> None:
    other = SystemMetrics(
        system=EVIL,
        metrics={"success rate": Estimate(value=0.25, low=0.2, high=0.3, n=2)},
        counts={"dialogues": 2, "excluded faults": 1, "excluded leaks": 0},
    )
    plot = Plot(
        "p", EVIL, EVIL, "<svg></svg>", EVIL, Numbers((EVIL, "b"), ((EVIL, "1"),)), (Key(EVIL, 0), Key("k", 1, "A"))
    )
    html = result_html([METRICS, other], [plot])
    assert "★" in html
    assert "20.0% to 30.0%" in html
    assert "left out 1 with a fault" in html
    assert "<img" not in html
    assert html.count('role="img"') == 1
    assert "The numbers" in html


def test_progress_says_in_words_what_its_bars_show() -> None:
    job = Job(id="a" * 32, request=JobRequest(), catalogue="teas", created=1.0, started=10.0, state="running")
    assert "Making goals" in job_html(job, 12.0)
    running = job.with_progress(Progress(system="convrec", total=20, ended=5, counted=4, successes=3))
    html = job_html(running, 75.0)
    assert '<progress max="20" value="5" aria-label="convrec">' in html
    assert "5 of 20, 75% successful" in html
    assert "1 min 5 s" in html


async def test_the_tab_can_be_built_in_a_page_and_no_event_of_it_is_an_endpoint(tmp_path: Path) -> None:
    with gr.Blocks() as page:
        session = gr.State(None)
        with gr.Tab("Evaluate"):
            evaluate_tab(jobs_of(tmp_path), session)
    assert {function.api_visibility for function in page.fns.values()} == {"private"}
    named = {
        block.label for block in page.blocks.values() if isinstance(block, gr.Slider | gr.CheckboxGroup | gr.Dropdown)
    }
    assert named >= {"Systems", "Goals", "Trials", "Kinds of users", "Your simulations"}
