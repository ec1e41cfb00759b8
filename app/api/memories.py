"""What is remembered of the user, for them to see, add to, correct and have forgotten."""

from fastapi import APIRouter, Response

from ...agents.memories import Memories
from ...tools.errors import UnknownMemoryError
from ..serving.access import Caller, Remembering, Serviced
from ..serving.service import Service
from .idempotency import Route
from .naming import MemoryName
from .paging import Cursor, Limit, page
from .problems import told
from .requests import NewMemory, NewProfile
from .shapes import Profile, Read, Remembered

router = APIRouter(tags=["memory"], route_class=Route, responses=told())


@router.get("/memories")
async def list_memories(service: Serviced, caller: Remembering, limit: Limit = 20, cursor: Cursor = "") -> Remembered:
    """What is remembered, what was said last at the end."""
    found = await (await _memories(service)).of(caller.user)
    data, after = page(found, limit, cursor, "memories", caller.user, name=lambda m: m.id)
    return Remembered(data=tuple(data), next=after)


@router.post("/memories", status_code=201, responses=told(409, 413, 415))
async def add_memory(service: Serviced, caller: Remembering, asked: NewMemory) -> Read:
    """Remember a sentence that the user says of themselves: tastes as far as they can be read, else a fact."""
    return Read(data=tuple(await (await _memories(service)).add(caller.user, asked.text)))


@router.patch("/memories/{memory}", responses=told(409, 413, 415))
async def edit_memory(service: Serviced, caller: Remembering, memory: MemoryName, asked: NewMemory) -> Read:
    """Put other words in a memory's place; they may be read into several."""
    memories = await _memories(service)
    await _check(memories, caller, memory)
    return Read(data=tuple(await memories.edit(caller.user, memory, asked.text)))


@router.delete("/memories/{memory}", status_code=204, response_class=Response, responses=told(409))
async def forget_memory(service: Serviced, caller: Remembering, memory: MemoryName) -> None:
    """Forget one memory; nothing of it is left in the files."""
    memories = await _memories(service)
    await _check(memories, caller, memory)
    await memories.forget(caller.user, memory)


@router.get("/profile")
async def get_profile(service: Serviced, caller: Remembering) -> Profile:
    """What is remembered, in a few sentences."""
    return Profile(text=await (await _memories(service)).profile(caller.user))


@router.put("/profile", responses=told(409, 413, 415))
async def put_profile(service: Serviced, caller: Remembering, asked: NewProfile) -> Profile:
    """Make the profile say something else: sentences that are gone are forgotten, new ones are remembered."""
    memories = await _memories(service)
    await memories.edit_profile(caller.user, asked.text)
    return Profile(text=await memories.profile(caller.user))


async def _memories(service: Service) -> Memories:
    await service.recommender.open()
    return service.recommender.memories


async def _check(memories: Memories, caller: Caller, memory: str) -> None:
    """Refuse an id that is no memory's; the beginning of one, which the command line takes, is none."""
    if not any(m.id == memory for m in await memories.of(caller.user, ended=True)):
        raise UnknownMemoryError("There is no such memory.")
