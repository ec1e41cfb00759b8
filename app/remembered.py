"""What is remembered of a user, looked up for `convrec memory show`: as a noun for JSON, and as lines for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel
from rich.text import Text

from ..agents.memory import Memory
from ..tools.errors import CorruptError, UnknownCatalogueError
from ..tools.items import Interaction, Item
from ..tools.storage import Home, read_items
from .memory_lines import history_lines, latest, ordered

if TYPE_CHECKING:
    from ..agents.recommender import Recommender


class CatalogueHistory(BaseModel):
    """How many interactions a user has with a catalogue's items, and the newest, newest first."""

    interactions: int
    latest: tuple[Interaction, ...]


class Remembered(BaseModel):
    """What is remembered of a user, as `memory show --json` prints it."""

    user: str
    profile: str
    memories: tuple[Memory, ...]
    history: dict[str, CatalogueHistory]
    conversations: tuple[str, ...]


async def look_up(
    recommender: "Recommender", user: str, home: Path, *, everything: bool = False
) -> tuple[Remembered, list[Text]]:
    """What is remembered of a user, and the lines that tell of their history.

    Args:
        recommender: whose memory it is; it is open.
        user: whose.
        home: the data folder.
        everything: whether memories that others took the place of come too.
    """
    data = await recommender.export(user=user)
    shown = Remembered(
        user=user,
        profile=await recommender.memories.profile(user),
        memories=tuple(ordered(m for m in data.memories if everything or m.ended is None)),
        history={
            name: CatalogueHistory(interactions=len(several), latest=tuple(latest(several)))
            for name, several in data.interactions.items()
        },
        conversations=tuple(talk.thread for talk in data.talks),
    )
    return shown, history_lines(data.interactions, _titles(data.interactions, recommender, Home(home)))


def _titles(
    history: Mapping[str, Sequence[Interaction]], recommender: "Recommender", home: Home
) -> dict[str, dict[str, str]]:
    """The titles of the items that were used last, by catalogue; those of one that is damaged or gone are left out."""
    titles: dict[str, dict[str, str]] = {}
    for name, several in history.items():
        wanted = {i.item for i in latest(several)}
        try:
            own = name == recommender.catalogue.name
            items: Iterable[Item] = recommender.catalogue.items if own else read_items(home.version(name))
        except (UnknownCatalogueError, CorruptError):
            continue
        titles[name] = {item.id: item.title for item in items if item.id in wanted}
    return titles
