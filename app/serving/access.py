"""Access: who is calling, and whether the key allows it.

Without any key the server answers this machine alone, and takes the caller's word for who the user is. From the first key
on, every call needs one. A key finds nothing that is another's, in the same words as if it were not there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ...agents.messages import clean_name
from ...tools.errors import InputError, ScopeError, SignInError, UnknownUserError
from .keys import SCOPES, Key, Scope
from .service import Service

NAMED = "X-Convrec-User"
"""The header in which a service says for which of its users it calls."""

_ME = ("", "me")


@dataclass(frozen=True)
class Caller:
    """Who is calling.

    Attributes:
        user: whose conversations and memories they are.
        scopes: what is allowed.
        key: the key's id; empty where none is needed.
        kind: by whose key: a user's, a service's, or a user's that signed a page in; local where none is needed.
    """

    user: str
    scopes: frozenset[Scope]
    key: str = ""
    kind: Literal["user", "service", "local", "page"] = "local"

    @property
    def owner(self) -> str:
        """Whom limits count."""
        return self.key or self.user

    def need(self, scope: Scope) -> None:
        """Refuse what is not allowed.

        Raises:
            ScopeError: the key does not allow it.
        """
        if scope not in self.scopes:
            raise ScopeError(
                f"This key does not allow {scope!r}.",
                f"It allows {', '.join(sorted(self.scopes))}; `convrec key add NAME --scope {scope}` makes one that does.",
            )


def identify(service: Service, authorization: str, named: str, *, nobody: bool = False) -> Caller:
    """Who calls, from two headers.

    Args:
        service: with the keys.
        authorization: `Bearer convrec_…`, or empty.
        named: for whom a service calls, or empty.
        nobody: whether a service may call for none of its users, because nothing is asked that is a user's.

    Raises:
        SignInError: a key is needed, and there is none or it is wrong.
        UnknownUserError: the key speaks for nobody of that name.
        InputError: a service does not say for whom it calls, or a name cannot be used.
    """
    if not service.keys.any() and not service.guarded:
        return Caller(clean_name(named, "user") if named else "me", frozenset(SCOPES))
    key = service.keys.check(_token(authorization))
    if key is None:
        raise SignInError("This key is not known here." if authorization else "A key is needed.", _HINT)
    return Caller(_user(key, named, nobody=nobody), frozenset(key.scopes), key.id, key.kind)


_HINT = "Send it as `Authorization: Bearer convrec_…`; `convrec key add NAME` makes one."


def identify_request(service: Service, request: Request, *, nobody: bool = False) -> Caller:
    """Who calls, from a request; wrong keys are counted against the address they come from.

    Raises:
        SignInError: a key is needed, and there is none or it is wrong.
        TooManyError: there have been too many wrong keys from there.
        UnknownUserError: the key speaks for nobody of that name.
        InputError: a service does not say for whom it calls, or a name cannot be used.
    """
    authorization = request.headers.get("authorization", "")
    try:
        caller = identify(service, authorization, _text(request.headers.get(NAMED, "")), nobody=nobody)
    except SignInError:
        service.metrics.refuse("key")
        if authorization:
            service.throttle.count_wrong(request.client.host if request.client else "")
        raise
    # For the access log, which names keys and nobody.
    request.state.key = caller.key
    return caller


def admit(service: Service, caller: Caller, scope: Scope) -> None:
    """Check that a caller may do something, and count it.

    Raises:
        ScopeError: the key does not allow it.
        TooManyError: there have been too many requests.
    """
    service.throttle.count(caller.owner)
    try:
        caller.need(scope)
    except ScopeError:
        service.metrics.refuse("scope")
        raise


def admit_simulation(service: Service, user: str) -> None:
    """Check that a user of the page may start a simulation, and count it.

    Raises:
        ScopeError: none of the user's keys allows it.
        TooManyError: there have been too many requests.
    """
    service.throttle.count(user)
    if (service.keys.any() or service.guarded) and not service.keys.allow(user, "simulate"):
        service.metrics.refuse("scope")
        raise ScopeError(
            "No key of yours allows simulations.", "Ask whoever gave you your key for one with the scope simulate."
        )


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _user(key: Key, named: str, *, nobody: bool) -> str:
    """Whose conversations a key reaches when it calls for somebody; no two keys' users meet, as no name has a slash."""
    if key.kind == "user":
        if named not in (*_ME, key.name):
            raise UnknownUserError("There is no such user.", f"This key speaks for {key.name!r}; leave {NAMED} out.")
        return key.name
    if not named and nobody:
        return f"{key.name}/"
    if not named:
        raise InputError("A service calls for one of its users.", f"Say for whom in the header {NAMED}.")
    return clean_name(f"{key.name}/{clean_name(named, 'user')}", "user")


def _text(header: str) -> str:
    """A header's words: UTF-8, which the protocol hands on as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


async def service_of(request: Request) -> Service:
    """The service of the application that is called."""
    return request.app.state.service


Serviced = Annotated[Service, Depends(service_of)]

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    bearerFormat="convrec_…",
    description="A key from `convrec key add`. While none was made, this machine needs none.",
)


_NOBODYS: frozenset[Scope] = frozenset({"items", "metrics"})
"""Scopes of what is no user's."""


def _needing(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    async def caller(
        request: Request,
        service: Serviced,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        named: Annotated[
            str,
            Header(
                alias=NAMED,
                description="For which of its users a service calls; other keys leave it out.",
                max_length=800,
            ),
        ] = "",
    ) -> Caller:
        found = identify_request(service, request, nobody=scope in _NOBODYS)
        admit(service, found, scope)
        return found

    return caller


Chatting = Annotated[Caller, Depends(_needing("chat"))]
Reading = Annotated[Caller, Depends(_needing("items"))]
Remembering = Annotated[Caller, Depends(_needing("memory"))]
Simulating = Annotated[Caller, Depends(_needing("simulate"))]
Measuring = Annotated[Caller, Depends(_needing("metrics"))]
