"""The switch that makes a conversation private."""

from .icons import SHUT_EYE
from .markup import button
from .session import Session

_OFF = "From now on, write nothing of this conversation down and remember nothing of it."
_ON = "Nothing of this conversation is written down; it ends when you close the page or begin a new chat."
_SEALED = f"{_ON} It stays private until then."


def private_switch(session: Session) -> str:
    """The switch as it stands; one that cannot be turned off any more says so."""
    state = {"aria_checked": str(session.private).lower()}
    if session.sealed:
        state["aria_disabled"] = "true"
    hint = _SEALED if session.sealed else _ON if session.private else _OFF
    return button("Private", "private", kind="cr-private", icon=SHUT_EYE, role="switch", title=hint, **state)
