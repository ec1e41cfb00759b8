"""What happens to a session when its user says or presses something; the recommender does the work."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from ...agents.state import Answer, Step, Wish
from ...tools.errors import ConvrecError, MessageError
from .recommends import Opinion, Recommends
from .session import Ask, Fault, Session, Turn, new_id

logger = logging.getLogger(__name__)

_OURS = Fault("Something went wrong here.", "It is not your fault. Try again, or start a new chat.")


async def take_turn(recommender: Recommends, session: Session, ask: Ask) -> AsyncGenerator[Turn, None]:
    """Answer one ask, and yield the turn each time there is more of it to show.

    Faults end up on the turn, never with the caller; a message that cannot be sent leaves no turn but a notice.
    A turn that is cancelled is marked as stopped.
    """
    session.notice = None
    turn = Turn(ask)
    session.turns.append(turn)
    yield turn
    try:
        with _faults_to(turn.fail):
            turn.kept_before = len(await recommender.talk(user=session.user, thread=session.thread))
            async with aclosing(_answered(recommender, session, turn)) as pieces:
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


async def _answered(recommender: Recommends, session: Session, turn: Turn) -> AsyncGenerator[None, None]:
    place = _place(session)
    if turn.ask.kind == "more":
        _complete(turn, await recommender.more_like(turn.ask.value, **place))
        return
    if turn.ask.kind == "why":
        _complete(turn, await recommender.why(turn.ask.value, **place))
        return
    stream = recommender.astream(turn.ask.value, **place)
    async with aclosing(stream) as events:  # pyright: ignore[reportArgumentType]
        async for event in events:
            if isinstance(event, Step):
                turn.steps.append(event)
            elif isinstance(event, Answer):
                _complete(turn, event)
            else:
                turn.reply = event.text if event.fresh else turn.reply + event.text
            yield


def _place(session: Session) -> dict[str, Any]:
    """Where what is said or done now belongs; a conversation in which something was private stays so."""
    session.sealed = session.sealed or session.private
    return {"user": session.user, "thread": session.thread, "private": session.private}


def _complete(turn: Turn, answer: Answer) -> None:
    turn.reply = answer.reply
    turn.cards = answer.items
    turn.nearest = answer.nearest
    turn.suggestions = answer.suggestions
    turn.usage = answer.usage
    turn.steps = list(answer.steps) or turn.steps


async def give_opinion(recommender: Recommends, session: Session, item: str, opinion: Opinion) -> None:
    """Tell the recommender how the user feels about an item."""
    session.notice = None
    with _faults_to(session.notify):
        session.wish = await recommender.feedback(item, opinion, **_place(session))


async def drop_preference(recommender: Recommends, session: Session, key: str) -> None:
    """Take one preference away."""
    session.notice = None
    with _faults_to(session.notify):
        session.wish = await recommender.drop_preference(key, **_place(session))


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
    with _faults_to(session.notify):
        # A turn that was stopped or failed may never have been kept; undoing it would take an older one.
        if len(await recommender.talk(**place)) > turn.kept_before:
            await recommender.undo(**_place(session))
        session.wish = await recommender.wish(**place)
        session.turns.pop()
    return turn.ask.value if turn.ask.kind == "say" and not session.notice else ""


async def forget(recommender: Recommends, session: Session, *, private: bool = False) -> None:
    """Delete everything about the user, and start over as somebody new."""
    session.notice = None
    with _faults_to(session.notify):
        await recommender.forget(user=session.user)
        session.user = new_id()
        restart(session, private=private)


def restart(session: Session, *, private: bool = False) -> None:
    """Start a new conversation, private only where all are; what lasts about the user stays."""
    session.thread = new_id()
    session.turns = []
    session.wish = Wish()
    session.notice = None
    session.private = session.sealed = private


def switch_private(session: Session) -> None:
    """From now on, write nothing of the conversation down; or do again, while nothing was said in private."""
    session.notice = None
    if not session.sealed:
        session.private = not session.private


def stop(session: Session) -> None:
    """Mark the turn that is being answered as stopped."""
    if turn := session.working:
        turn.state = "stopped"


@contextmanager
def _faults_to(report: Callable[[Fault], None]) -> Iterator[None]:
    """Report what goes wrong in words for its reader; what nobody can mend goes to the log in full."""
    try:
        yield
    except ConvrecError as error:
        report(Fault(str(error), error.hint, refused=isinstance(error, MessageError)))
    except Exception:
        logger.exception("The page could not do what was asked.")
        report(_OURS)
