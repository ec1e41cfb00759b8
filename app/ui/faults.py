"""What goes wrong, in words for the page's reader."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...tools.errors import ConvrecError, MessageError, StoppingError, TooManyError
from .session import Fault

logger = logging.getLogger(__name__)

_OURS = Fault("Something went wrong here.", "It is not your fault. Try again, or start a new chat.")
_REFUSED = (MessageError, TooManyError, StoppingError)


@contextmanager
def faults_to(report: Callable[[Fault], None]) -> Iterator[None]:
    """Report what goes wrong; what nobody can mend goes to the log in full."""
    try:
        yield
    except ConvrecError as error:
        report(Fault(str(error), error.hint, refused=isinstance(error, _REFUSED)))
    except Exception:
        logger.exception("The page could not do what was asked.")
        report(_OURS)
