"""The tab in which simulated users talk with systems: what to run, how far it is, and what was measured."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

import gradio as gr
from pydantic import ValidationError

from ...simulator.personas import PERSONAS
from ...tools.errors import ConvrecError, InputError
from ..job_nouns import MOST_GOALS, MOST_TRIALS, Job, JobRequest, Part, SystemName
from ..jobs import Jobs
from .around import pane, when_shown
from .bridge import SAVE
from .faults import faults_to
from .measured import job_html, result_html
from .session import Fault, Session
from .talk import fault_html
from .who import session_of, signed_in

_HEAD = (
    '<div class="cr-evaluate-head"><h2>Evaluate</h2><p class="cr-lead">Simulated users with goals of their own talk with '
    "each system; all systems meet the same users. It runs beside the chats, in a process of its own.</p></div>"
)
_TICK = 1.0
"""Seconds between two looks at a simulation that runs."""


class Chosen(NamedTuple):
    """What the form holds, in the order of its fields."""

    systems: Any
    without: Any
    goals: Any
    trials: Any
    personas: Any
    seed: Any


class EvaluateView(NamedTuple):
    """What the tab shows, in the order of its outputs."""

    notice: Any
    jobs: Any
    progress: Any
    result: Any
    stop: Any
    save: Any
    delete: Any
    timer: Any


@dataclass(frozen=True)
class EvaluateHandlers:
    """The tab's handlers; each returns an EvaluateView.

    Attributes:
        jobs: everybody's simulations.
        admit: told of the user before each simulation; raises what refuses it.
    """

    jobs: Jobs
    admit: Callable[[str], None] | None = None

    async def show(self, job: str | None, session: Session | None, request: gr.Request | None = None) -> EvaluateView:
        """A user's simulations, and the one that is chosen; the newest where none is."""
        return await self._view(_user(session, request), job or "", [])

    async def start(
        self, job: str | None, session: Session | None, systems: Any, without: Any, goals: Any, trials: Any,
        personas: Any, seed: Any, request: gr.Request | None = None,
    ) -> EvaluateView:  # fmt: skip
        """Start what the form says."""
        user, faults = _user(session, request), list[Fault]()
        with faults_to(faults.append):
            if not user:
                raise InputError("The page is still opening.", "Try again in a moment.")
            if self.admit is not None:
                self.admit(user)
            asked = _request(Chosen(systems, without, goals, trials, personas, seed))
            job = (await self.jobs.start(asked, user=user)).id
        return await self._view(user, job or "", faults)

    async def stop(self, job: str | None, session: Session | None, request: gr.Request | None = None) -> EvaluateView:
        """End the chosen simulation."""
        user, faults = _user(session, request), list[Fault]()
        with faults_to(faults.append):
            await self.jobs.cancel(job or "", user)
        return await self._view(user, job or "", faults)

    async def delete(self, job: str | None, session: Session | None, request: gr.Request | None = None) -> EvaluateView:
        """Delete the chosen simulation, with all that was found."""
        user, faults = _user(session, request), list[Fault]()
        with faults_to(faults.append):
            await self.jobs.delete(job or "", user)
        return await self._view(user, "", faults)

    async def save(
        self, job: str | None, session: Session | None, request: gr.Request | None = None
    ) -> tuple[Any, Any]:
        """The report as a file to save, and what went wrong."""
        faults = list[Fault]()
        with faults_to(faults.append):
            report = await asyncio.to_thread(self.jobs.report, job or "", _user(session, request))
            return {"name": f"simulation-{(job or '')[:8]}.html", "kind": "text/html", "text": report}, _notice([])
        return None, _notice(faults)

    async def look(self, job: str | None, session: Session | None, request: gr.Request | None = None) -> EvaluateView:
        """How far the chosen simulation is; all is renewed when it has ended."""
        user = _user(session, request)
        try:
            found = self.jobs.get(job or "", user)
        except ConvrecError:
            return await self._view(user, "", [])
        if not found.live:
            return await self._view(user, found.id, [])
        same = gr.skip()
        return EvaluateView(same, same, job_html(found, time.time()), same, same, same, same, same)

    async def _view(self, user: str, job: str, faults: list[Fault]) -> EvaluateView:
        mine = {one.id: one for one in self.jobs.list(user)}
        found = mine.get(job) or next(iter(mine.values()), None)
        shown = result = ""
        if found is not None:
            shown = job_html(found, time.time())
            with faults_to(faults.append):
                result = await asyncio.to_thread(self._result, found, user) if found.state == "done" else ""
        live, done = found is not None and found.live, found is not None and found.state == "done"
        choices = [(_label(one), one.id) for one in mine.values()]
        return EvaluateView(
            notice=_notice(faults),
            jobs=gr.update(choices=choices, value=found.id if found else None, visible=bool(mine)),
            progress=shown,
            result=result,
            stop=gr.update(visible=live),
            save=gr.update(visible=done),
            delete=gr.update(visible=found is not None and not live),
            # A page that is still opening is looked at again until it is known whose it is.
            timer=gr.Timer(active=live or not user),
        )

    def _result(self, job: Job, user: str) -> str:
        return result_html(self.jobs.result(job.id, user).metrics, self.jobs.plots(job.id, user))


def evaluate_tab(jobs: Jobs, session: gr.State, admit: Callable[[str], None] | None = None) -> None:
    """Make the tab's pieces where the caller stands, and wire their events.

    Args:
        jobs: everybody's simulations.
        session: the browser tab's session.
        admit: told of the user before each simulation; raises what refuses it.
    """
    handlers = EvaluateHandlers(jobs, admit)
    shown = when_shown()
    timer, file = gr.Timer(_TICK, active=False), gr.JSON(visible=False)
    with gr.Column(elem_classes="cr-evaluate", min_width=0):
        pane(_HEAD, "cr-evaluate-head-box")
        fields = _form()
        with gr.Row(elem_classes="cr-evaluate-deeds"):
            start = gr.Button("Start", variant="primary", min_width=0, scale=0)
            stop = gr.Button("Cancel it", min_width=0, scale=0, visible=False)
        notice = pane("", "cr-notice", visible=False)
        chosen = gr.Dropdown([], label="Your simulations", filterable=False, visible=False, elem_classes="cr-jobs")
        progress = pane("", "cr-job-box")
        with gr.Row(elem_classes="cr-evaluate-deeds"):
            save = gr.Button("Save the report as a file", min_width=0, scale=0, visible=False)
            delete = gr.Button("Delete this simulation", min_width=0, scale=0, visible=False)
        result = pane("", "cr-result-box")
    outputs = [*EvaluateView(notice, chosen, progress, result, stop, save, delete, timer)]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 16}
    asked = [chosen, session]
    start.click(handlers.start, [*asked, *fields], outputs, **quiet)
    for trigger, handler in (
        (stop.click, handlers.stop),
        (delete.click, handlers.delete),
        (chosen.input, handlers.show),
        (shown, handlers.show),
        (timer.tick, handlers.look),
    ):
        trigger(handler, asked, outputs, **quiet)
    save.click(handlers.save, asked, [file, notice], **quiet).then(
        None, file, None, js=SAVE, api_visibility="private"
    )  # fmt: skip


def _form() -> Chosen:
    """The fields of what to run."""
    systems = gr.CheckboxGroup(list(get_args(SystemName)), value=["convrec", "popular"], label="Systems")
    with gr.Row(elem_classes="cr-fields"):
        goals = gr.Slider(1, MOST_GOALS, 20, step=1, label="Goals", info="Simulated users, each with a goal")
        trials = gr.Slider(1, MOST_TRIALS, 1, step=1, label="Trials", info="Conversations about each goal, for pass^k")
    with gr.Accordion("More choices", open=False, elem_classes="cr-more-choices"):
        without = gr.CheckboxGroup(
            list(get_args(Part)), label="convrec without", info="A further system for each part that is switched off"
        )
        personas = gr.Dropdown(
            [persona.name for persona in PERSONAS], multiselect=True, label="Kinds of users", info="None for all kinds"
        )
        seed = gr.Number(0, precision=0, minimum=0, label="Seed", info="What all chance begins with")
    return Chosen(systems, without, goals, trials, personas, seed)


def _request(chosen: Chosen) -> JobRequest:
    """What the form asks for; all of it comes from a browser.

    Raises:
        InputError: a field has a value that cannot be used.
    """
    try:
        return JobRequest.model_validate(
            {
                "systems": chosen.systems or (),
                "without": chosen.without or (),
                "goals": chosen.goals,
                "trials": chosen.trials,
                "personas": chosen.personas or (),
                "seed": chosen.seed or 0,
            }
        )
    except ValidationError as fault:
        where = fault.errors()[0]["loc"][0]
        if where == "systems":
            raise InputError("No system is chosen.", "Choose at least one.") from None
        raise InputError(f"What is chosen as {where} cannot be used.", "Choose it again.") from None


def _user(session: Session | None, request: gr.Request | None) -> str:
    """Whose simulations they are; empty while a page without a sign-in is still opening."""
    if session is None and not signed_in(request):
        return ""
    return session_of(session, request).user


def _label(job: Job) -> str:
    names = [*job.request.systems, *(f"without {part}" for part in job.request.without)]
    when = datetime.fromtimestamp(job.created, UTC).strftime("%d %b %H:%M")
    return (
        f"{when} UTC, {', '.join(names[:3])}{' …' if len(names) > 3 else ''}: {'under way' if job.live else job.state}"
    )


def _notice(faults: list[Fault]) -> Any:
    return gr.update(value="".join(map(fault_html, faults)), visible=bool(faults))
