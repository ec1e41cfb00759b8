"""A system under test behind an HTTP endpoint.

It is sent one POST for each turn, with a JSON object:

    {"text": "something lighter, please", "user": "sim-1-g7-0", "thread": "sim-1-g7-0"}

and answers with one (status 200). `reply` must be there; all else may be left out, and more may be there:

    {"reply": "How about these?",
     "items": [{"id": "a1", "title": "The first", "reason": "why it suits"}],   shown as fits, best first
     "nearest": [{"id": "a2", "title": "The second"}],                          shown as near misses
     "question": {"attribute": "colour", "options": ["red", "blue"]},           or the question's text
     "nothing_fits": false,
     "usage": {"calls": 2, "prompt_tokens": 900, "completion_tokens": 80, "fallbacks": 0}}

Ids are those of the catalogue, titles as they were shown. The endpoint keeps conversations apart by user and thread, and is
never told that one is over. Where it is busy or down (any other status), the conversation is begun anew later, in another
thread.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from ..tools.errors import AnswerError, CallError, SettingsError
from ..tools.model_servers import check_address, is_loopback, place_of
from .nouns import Shown, SystemTurn

if TYPE_CHECKING:
    import httpx

_LONGEST = 1_000_000
"""Bytes of an answer at most."""

_SHAPE = 'It must be a JSON object with "reply", a text, and may have "items", each with "id" and "title".'


class HttpSystem:
    """A system behind an HTTP endpoint.

    Args:
        url: where turns are posted to.
        name: what reports call it; the URL where empty.
        seconds: how long one answer may take.
        headers: sent along, a key for instance; they are never logged or told.

    Raises:
        SettingsError: the URL cannot be used.
    """

    def __init__(
        self, url: str, name: str = "", *, seconds: float = 120.0, headers: Mapping[str, str] | None = None
    ) -> None:
        try:
            self._url = check_address(url)
        except ValueError as fault:
            raise SettingsError(
                f"The address of the system under test cannot be used: it {fault}.",
                "Write it as http://HOST:PORT/PATH; a key goes into `headers`, in Python.",
            ) from None
        self.name = name or self._url
        self._seconds = seconds
        self._headers = dict(headers or {})
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Make a client; nothing is sent yet."""
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._seconds,
                headers={"Accept": "application/json", **self._headers},
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
                # A system on this machine is asked directly, whatever proxy the environment names.
                trust_env=not is_loopback(self._url),
                follow_redirects=False,
            )

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        """One turn.

        Raises:
            CallError: the endpoint cannot be reached, is too slow, or answers with another status than 200.
            AnswerError: its answer is not of the shape that is asked for.
        """
        began = time.perf_counter()
        body = await self._post({"text": text, "user": user, "thread": thread})
        try:
            said = _Said.model_validate_json(body)
        except ValidationError as fault:
            first = fault.errors()[0]
            where = ".".join(map(str, first["loc"])) or "answer"
            raise AnswerError(f"{self._place} answered with another shape ({where}: {first['msg']})", _SHAPE) from None
        return said.turn(time.perf_counter() - began)

    async def forget(self, user: str, thread: str) -> None:
        """Nothing: the endpoint is not told."""

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def _place(self) -> str:
        return f"the system at {place_of(self._url)}"

    async def _post(self, said: dict[str, str]) -> bytes:
        import httpx

        if self._client is None:
            await self.open()
        assert self._client is not None
        body = bytearray()
        try:
            async with self._client.stream("POST", self._url, json=said) as response:
                if response.status_code != 200:
                    raise self._explain_status(response.status_code)
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _LONGEST:
                        raise AnswerError(f"{self._place} answered with more than {_LONGEST:,} bytes", _SHAPE)
        except httpx.TimeoutException:
            raise CallError(
                f"{self._place} did not answer within {self._seconds:g} seconds", "Is it still starting, or overloaded?"
            ) from None
        # The words of these faults may hold the headers.
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            broke = isinstance(fault, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError))
            told = f"{self._place} {'broke off' if broke else 'cannot be reached'} ({type(fault).__name__})"
            raise CallError(told, "Start it, or mend its address.") from None
        return bytes(body)

    def _explain_status(self, status: int) -> CallError:
        told = f"{self._place} answered with HTTP {status}"
        if status in (401, 403):
            return CallError(told, "It refused the key, or wants one.")
        if status in (404, 405) or 300 <= status < 400:
            return CallError(told, "Is this the address that takes a POST for each turn?")
        if status in (400, 422):
            return CallError(told, 'It is sent a JSON object with "text", "user" and "thread"; does it take that?')
        if status in (429, 503):
            return CallError(told, "It is busy; hold fewer conversations at once.")
        return CallError(told, "Look at its own log.")


def _text(said: Any) -> Any:
    """An id or a title, which may be written as a number."""
    return str(said) if isinstance(said, int) and not isinstance(said, bool) else "" if said is None else said


def _listed(said: Any) -> Any:
    return [] if said is None else said


_Word = Annotated[str, BeforeValidator(_text)]
_Count = Annotated[int, Field(ge=0), BeforeValidator(lambda said: 0 if said is None else said)]


class _Item(BaseModel):
    id: _Word = ""
    title: _Word = ""
    reason: _Word = ""


_Items = Annotated[list[_Item], Field(max_length=100), BeforeValidator(_listed)]


class _Question(BaseModel):
    attribute: _Word = ""
    text: _Word = ""
    options: Annotated[list[_Word], BeforeValidator(_listed)] = []


class _Usage(BaseModel):
    calls: _Count = 0
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    fallbacks: _Count = 0


class _Said(BaseModel):
    """What an endpoint answers, as far as it is read."""

    reply: str
    items: _Items = []
    nearest: _Items = []
    question: _Question | str | None = None
    nothing_fits: bool | None = None
    usage: _Usage | None = None

    def turn(self, seconds: float) -> SystemTurn:
        """The answer as a turn."""
        asked = self.question if isinstance(self.question, _Question) else _Question(text=self.question or "")
        usage = self.usage or _Usage()
        nothing = bool(self.nearest) and not self.items if self.nothing_fits is None else self.nothing_fits
        return SystemTurn(
            reply=self.reply,
            items=(
                *(Shown(id=i.id, title=i.title, reason=i.reason) for i in self.items),
                *(Shown(id=i.id, title=i.title, reason=i.reason, nearest=True) for i in self.nearest),
            ),
            question=asked.attribute or asked.text,
            options=tuple(asked.options),
            nothing_fits=nothing,
            calls=usage.calls,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            fallbacks=usage.fallbacks,
            seconds=seconds,
        )
