"""How each class of errors is told over HTTP: its status, what it is called, and what of its own words may be heard."""

import re
from dataclasses import dataclass

from ...tools.errors import (
    BusyError,
    ConvrecError,
    InputError,
    MessageError,
    NoResultError,
    ReusedKeyError,
    ScopeError,
    SettingsError,
    SignInError,
    StoppingError,
    StoreError,
    TooManyError,
    UnderWayError,
    UnknownCatalogueError,
    UnknownItemError,
    UnknownJobError,
    UnknownMemoryError,
    UnknownPreferenceError,
    UnknownThreadError,
    UnknownUserError,
)


@dataclass(frozen=True)
class Kind:
    """How a class of errors is told.

    Attributes:
        status: the HTTP status.
        title: the kind in a few words.
        hint: what would work over HTTP, where the error's own hint speaks of the command line.
        inner: what is said in place of the error's own words, where these speak of the server's files and settings.
    """

    status: int
    title: str
    hint: str = ""
    inner: str = ""


KINDS: dict[type[ConvrecError], Kind] = {
    SignInError: Kind(401, "Not signed in"),
    ScopeError: Kind(403, "Not allowed"),
    UnknownItemError: Kind(404, "Unknown item", "GET /v1/items finds items, with their ids."),
    UnknownThreadError: Kind(
        404, "Unknown thread", "GET /v1/threads lists those that there are; POST /v1/threads begins one."
    ),
    UnknownMemoryError: Kind(404, "Unknown memory", "GET /v1/memories lists those that there are."),
    UnknownPreferenceError: Kind(404, "Unknown preference"),
    UnknownUserError: Kind(404, "Unknown user"),
    UnknownJobError: Kind(404, "Unknown simulation", "GET /v1/simulations lists those that there are."),
    NoResultError: Kind(409, "No result"),
    UnknownCatalogueError: Kind(404, "Unknown catalogue"),
    MessageError: Kind(422, "Not a message"),
    ReusedKeyError: Kind(422, "Idempotency key used before"),
    SettingsError: Kind(500, "Cannot be done here", inner="The server is not set up for this."),
    InputError: Kind(400, "Cannot be done as asked"),
    UnderWayError: Kind(409, "Under way"),
    TooManyError: Kind(429, "Too many requests"),
    StoppingError: Kind(503, "Stopping"),
    BusyError: Kind(409, "Busy", "Try again in a few seconds.", "Something else is being written just now."),
    StoreError: Kind(
        503,
        "Not available",
        "Try again later.",
        "What is kept cannot be read or written just now; nothing was changed.",
    ),
    ConvrecError: Kind(500, "Failed", inner="The server could not do this."),
}
"""By class; of a class's ancestors the nearest counts."""


def kind_of(fault: ConvrecError) -> tuple[str, Kind]:
    """What the kind of an error is called in `type`, and how it is told."""
    found = next(cls for cls in type(fault).__mro__ if cls in KINDS)
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", found.__name__.removesuffix("Error")).lower()
    return name, KINDS[found]
