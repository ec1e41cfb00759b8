"""Everything that is kept of the user: taken along, brought back, forgotten."""

from contextlib import AsyncExitStack

from fastapi import APIRouter, Response

from ...agents.memories import UserData
from ..serving.access import Remembering, Serviced
from .idempotency import Route
from .problems import told
from .shapes import Imported
from .showing import as_response

router = APIRouter(prefix="/user", tags=["memory"], route_class=Route, responses=told())


@router.get("/export", response_model=UserData)
async def export_user(service: Serviced, caller: Remembering) -> Response:
    """Everything that is kept of the user, as a file: memories, history, conversations."""
    response = as_response(await service.recommender.export(user=caller.user))
    response.headers["Content-Disposition"] = 'attachment; filename="convrec-user.json"'
    return response


@router.post("/import", responses=told(409, 413, 415))
async def import_user(service: Serviced, caller: Remembering, asked: UserData) -> Imported:
    """Take memories and history from an export; whoever it was made for, they become the caller's. Conversations stay."""
    return Imported(memories=await service.recommender.restore(asked, user=caller.user))


@router.delete("", status_code=204, response_class=Response, responses=told(409))
async def forget_user(service: Serviced, caller: Remembering) -> None:
    """Forget everything: memories, history, conversations, simulations, kept responses. Nothing of it is left in the files."""
    # All of it is tried, last to first, whatever of it fails.
    async with AsyncExitStack() as stack:
        stack.push_async_callback(service.jobs.forget, caller.user)
        stack.push_async_callback(service.recommender.forget, user=caller.user)
