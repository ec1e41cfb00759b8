"""Simulations: simulated users talk with systems, in a process of their own; what was measured is read when it is done."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from ...agents.recall import forget_responses
from ..job_nouns import Job, JobRequest, JobResult
from ..serving.access import Serviced, Simulating
from .idempotency import Route
from .paging import Cursor, Limit, page
from .problems import told
from .shapes import Next, Shape

router = APIRouter(
    prefix="/simulations", tags=["simulations"], route_class=Route, responses=told(401, 403, 422, 429, 503)
)

SimulationName = Annotated[
    str, Path(description="The simulation's id, from POST /v1/simulations.", pattern=r"^[0-9a-f]{32}$")
]

REPORT_HEADERS = {
    # The page forbids itself all scripts but its own; here it is kept from everything else as well, our origin included.
    "Content-Security-Policy": (
        "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


class Simulations(Shape):
    """A page of the user's simulations, the newest first."""

    data: tuple[Job, ...] = Field(description="The simulations.")
    next: Next = None


@router.get("", responses=told(400))
async def list_simulations(
    service: Serviced, caller: Simulating, limit: Limit = 20, cursor: Cursor = ""
) -> Simulations:
    """The user's simulations, the newest first."""
    jobs = service.jobs.list(caller.user)
    data, after = page(jobs, limit, cursor, "simulations", caller.user, name=lambda job: job.id)
    return Simulations(data=tuple(data), next=after)


@router.post(
    "",
    status_code=202,
    responses={
        202: {
            "description": "It is taken on.",
            "headers": {"Location": {"description": "Where to see how far it is.", "schema": {"type": "string"}}},
        },
        **told(400, 409, 413, 415),
    },
)
async def start_simulation(
    request: Request, response: Response, service: Serviced, caller: Simulating, asked: JobRequest
) -> Job:
    """Have simulated users talk with systems; one simulation runs at a time, others wait.

    All systems meet the same users. GET the simulation to see how far it is; when its `state` is `done`, its result and
    report can be had. Where the server has a language model, convrec asks it in these conversations too.
    """
    job = await service.jobs.start(asked, user=caller.user)
    response.headers["Location"] = f"{request.scope.get('root_path', '')}/v1/simulations/{job.id}"
    return job


@router.get("/{simulation}", responses=told(404))
async def get_simulation(service: Serviced, caller: Simulating, simulation: SimulationName) -> Job:
    """How far a simulation is: its state, and per system how many conversations have ended and were successes."""
    return service.jobs.get(simulation, caller.user)


@router.delete("/{simulation}", status_code=204, response_class=Response, responses=told(404, 409))
async def delete_simulation(service: Serviced, caller: Simulating, simulation: SimulationName) -> None:
    """Stop a simulation if it runs or waits, and delete all that is kept of it."""
    service.jobs.get(simulation, caller.user)
    await service.jobs.delete(simulation, caller.user)
    await forget_responses(service.recommender.store, caller.user)


@router.get("/{simulation}/result", responses=told(404, 409))
async def get_result(service: Serviced, caller: Simulating, simulation: SimulationName) -> JobResult:
    """What was measured: every metric with its 95% interval, per system."""
    return await asyncio.to_thread(service.jobs.result, simulation, caller.user)


@router.get(
    "/{simulation}/report",
    response_class=Response,
    responses={
        200: {"description": "The report.", "content": {"text/html": {"schema": {"type": "string"}}}},
        **told(404, 409),
    },
)
async def get_report(service: Serviced, caller: Simulating, simulation: SimulationName) -> Response:
    """The report for people: one HTML page with tables, plots and dialogues, which needs no network."""
    written = await asyncio.to_thread(service.jobs.report, simulation, caller.user)
    return Response(written, media_type="text/html; charset=utf-8", headers=REPORT_HEADERS)
