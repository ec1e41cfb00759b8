"""Files for the reader to save: a conversation, or everything about them. They are made in the browser, from text."""

import re
from collections.abc import Sequence

from ...agents.state import PastTurn, ThreadInfo
from ...tools.errors import UnknownThreadError
from ..pictures import Pictures
from ..transcripts import as_json, as_markdown
from .faults import faults_to
from .recommends import Recommends
from .session import Session

File = dict[str, str]
"""A file's name, kind and text, as the page's script takes it."""

_UNFIT = re.compile(r"[^\w-]+")


async def save(recommender: Recommends, session: Session, act: str, pictures: Pictures | None) -> File | None:
    """The file that a button asks for; None where it cannot be made, and a notice says why.

    Args:
        recommender: who keeps what is saved.
        session: whose it is.
        act: `save.markdown` or `save.json` for the conversation that is shown, `save.everything` for all.
        pictures: which pictures a conversation may link to.
    """
    session.notice = None
    with faults_to(session.notify):
        if act == "save.everything":
            data = await recommender.export(user=session.user)
            return {"name": "convrec.json", "kind": "application/json", "text": data.model_dump_json(indent=2)}
        if act in ("save.markdown", "save.json"):
            turns = await recommender.past(user=session.user, thread=session.thread)
            talk = await _talk(recommender, session, turns)
            name = _UNFIT.sub("-", talk.title).strip("-")[:60] or "conversation"
            if act == "save.json":
                return {"name": f"{name}.json", "kind": "application/json", "text": as_json(talk, turns, pictures)}
            text = as_markdown(talk.title, turns, pictures)
            return {"name": f"{name}.md", "kind": "text/markdown", "text": text}
    return None


async def _talk(recommender: Recommends, session: Session, turns: Sequence[PastTurn]) -> ThreadInfo:
    """What is known of the conversation; one that is private is kept in no list."""
    try:
        return await recommender.thread(user=session.user, thread=session.thread)
    except UnknownThreadError:
        first, last = (turns[0].time, turns[-1].time) if turns else (0.0, 0.0)
        return ThreadInfo(thread=session.thread, title="A conversation", created=first, updated=last, turns=len(turns))
