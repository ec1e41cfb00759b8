"""What happens to a session when its user says or presses something; the recommender does the work."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

from ...agents.mind import Mind
from ...agents.state import Answer, Step, Wish
from .faults import faults_to
from .recommends import Choosing, Opinion, Recommends
from .session import Ask, Session, Turn, new_id

Hold = Callable[[str], AbstractAsyncContextManager[None]]
"""Holds one of a user's turns while it is answered."""


async def take_turn(
    recommender: Recommends,
    session: Session,
    ask: Ask,
    *,
    minds: Choosing | None = None,
    admit: Callable[[str], None] | None = None,
    hold: Hold | None = None,
) -> AsyncGenerator[Turn, None]:
    """Answer one ask, and yield the turn each time there is more of it to show.

    Faults end up on the turn, never with the caller; a message that cannot be sent leaves no turn but a notice.
    A turn that is cancelled is marked as stopped.

    Args:
        recommender: who answers.
        session: whose turn it is; it grows by the turn.
        ask: what starts it.
        minds: who else can answer, where that can be chosen.
        admit: told of the user before the turn; raises TooManyError for one who has had enough.
        hold: holds one of the user's turns while it is answered; raises TooManyError where too many are.
    """
    session.notice = None
    turn = Turn(ask)
    session.turns.append(turn)
    yield turn
    try:
        with faults_to(turn.fail):
            if admit is not None:
                admit(session.user)
            mind = await _mind(session, minds)
            turn.kept_before = len(await recommender.talk(user=session.user, thread=session.thread))
            held = hold(session.user) if hold is not None else nullcontext()
            async with held, aclosing(_answered(recommender, session, turn, mind)) as pieces:
                async for _ in pieces:
                    yield turn
            session.wish = await recommender.wish(user=session.user, thread=session.thread)
            turn.state = "done"
    except (asyncio.CancelledError, GeneratorExit):
        turn.state = "stopped"
        raise
    if turn.fault and turn.fault.refused:
        session.turns = [kept for kept in session.turns if kept is not turn]
        session.notice = turn.fault
    yield turn


async def _mind(session: Session, minds: Choosing | None) -> Mind | None:
    """Who answers, where the user has chosen; a model server may be asked for it, so it is not done on the loop."""
    if minds is None or not (session.model or session.effort):
        return None
    return await asyncio.to_thread(minds.find, session.model, session.effort)


async def _answered(
    recommender: Recommends, session: Session, turn: Turn, mind: Mind | None
) -> AsyncGenerator[None, None]:
    place = {**place_of(session), "mind": mind}
    if turn.ask.kind == "more":
        turn.complete(await recommender.more_like(turn.ask.value, **place))
        return
    if turn.ask.kind == "why":
        turn.complete(await recommender.why(turn.ask.value, **place))
        return
    stream = recommender.astream(turn.ask.value, **place)
    async with aclosing(stream) as events:  # pyright: ignore[reportArgumentType]
        async for event in events:
            if isinstance(event, Step):
                turn.steps.append(event)
            elif isinstance(event, Answer):
                turn.complete(event)
            else:
                turn.reply = event.text if event.fresh else turn.reply + event.text
            yield


def place_of(session: Session) -> dict[str, Any]:
    """Where what is said or done now belongs; a conversation in which something was private stays so."""
    session.sealed = session.sealed or session.private
    return {"user": session.user, "thread": session.thread, "private": session.private}


async def give_opinion(recommender: Recommends, session: Session, item: str, opinion: Opinion) -> None:
    """Tell the recommender how the user feels about an item."""
    session.notice = None
    with faults_to(session.notify):
        session.wish = await recommender.feedback(item, opinion, **place_of(session))


async def drop_preference(recommender: Recommends, session: Session, key: str) -> None:
    """Take one preference away."""
    session.notice = None
    with faults_to(session.notify):
        session.wish = await recommender.drop_preference(key, **place_of(session))


async def undo(recommender: Recommends, session: Session) -> str:
    """Take the last turn back.

    Returns:
        the words of that turn, so that they can be said differently; empty when it was a button.
    """
    session.notice = None
    if not session.turns or session.working:
        return ""
    turn = session.turns[-1]
    place = {"user": session.user, "thread": session.thread}
    with faults_to(session.notify):
        # A turn that was stopped or failed may never have been kept; undoing it would take an older one.
        if len(await recommender.talk(**place)) > turn.kept_before:
            await recommender.undo(**place_of(session))
        session.wish = await recommender.wish(**place)
        session.turns.pop()
    return turn.ask.value if turn.ask.kind == "say" and not session.notice else ""


async def forget(recommender: Recommends, session: Session, *, private: bool = False) -> None:
    """Delete everything about the user, and start over; as somebody new, where nobody is signed in."""
    session.notice = None
    with faults_to(session.notify):
        await recommender.forget(user=session.user)
        if not session.named:
            session.user = new_id()
        restart(session, private=private)


def restart(session: Session, *, private: bool = False) -> None:
    """Start a new conversation, private only where all are; what lasts about the user stays."""
    session.thread = new_id()
    session.turns = []
    session.wish = Wish()
    session.notice = None
    session.private, session.sealed = private or session.reserved, private


def switch_private(session: Session) -> None:
    """From now on, write nothing of the conversation down; or do again, while nothing was said in private."""
    session.notice = None
    if not session.sealed:
        session.private = not session.private


def stop(session: Session) -> None:
    """Mark the turn that is being answered as stopped."""
    if turn := session.working:
        turn.state = "stopped"
