"""Servers that speak OpenAI's protocol: which models they have, and which of them runs on this machine.

What a server is asked here costs nothing: the list of its models. No message of this module holds a key or a prompt.
"""

import ipaddress
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError, field_validator

from .errors import CallError

if TYPE_CHECKING:
    import httpx

LOOPBACK = ("http://127.0.0.1:8000/v1", "http://127.0.0.1:11434/v1")
"""Where vLLM and Ollama listen unless they are told otherwise; the first that answers is taken."""

MOST_BYTES = 1_000_000
"""A longer answer is no list of models."""

_PORTS = {"http": 80, "https": 443}
_NO_CHAT = re.compile(
    r"embed|rerank|whisper|dall-e|moderation|minilm|colbert|splade|(?:^|[/_-])(?:bge|gte|e5|tts|paraphrase)[_-]",
    re.IGNORECASE,
)
"""What stands in the name of a model that embeds, reranks, listens, speaks or draws, and does not chat."""

_ENDS_WITH = "The address of an OpenAI-compatible server usually ends with /v1; is this one right?"

T = TypeVar("T")


@dataclass(frozen=True)
class Server:
    """A server that answered.

    Attributes:
        base_url: its address.
        models: the models of its list that chat, in its order; never empty.
    """

    base_url: str
    models: tuple[str, ...]


class _Model(BaseModel):
    id: str

    @field_validator("id")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not name.strip() or len(name) > 500 or not name.isprintable():
            raise ValueError("no name of a model")
        return name


class _Listing(BaseModel):
    # Ollama without a model says null.
    data: list[_Model] | None


def list_models(base_url: str, api_key: str = "", seconds: float = 5.0) -> tuple[str, ...]:
    """The names of all models of an OpenAI-compatible server, in its order; it is asked for `/models` and no more.

    A redirect is not followed, because a key would follow it too; a server on this machine is asked directly, whatever
    proxy the environment names.

    Args:
        base_url: the server's address, such as `http://127.0.0.1:8000/v1`.
        api_key: its key, if it has one.
        seconds: how long all of it may take.

    Raises:
        CallError: it cannot be reached, refuses, is too slow, or answers with something else.
    """
    try:
        address = check_address(base_url)
    except ValueError as fault:
        raise CallError(f"the server's address cannot be used: it {fault}", "Set llm.base_url.") from None
    try:
        key = check_key(api_key)
    except ValueError as fault:
        raise CallError(f"the key of the server at {place_of(address)} {fault}", "Set llm.api_key anew.") from None
    late = time.monotonic() + seconds
    return _wait(_start(lambda: _ask(address, key, seconds, late)), late, place_of(address))


def find_local_server(addresses: Sequence[str] | None = None, seconds: float = 0.5, model: str = "") -> Server | None:
    """The first of some addresses on this machine where a server lists a model that chats; None if there is none.

    All are asked at once. Where nothing listens, that costs less than a millisecond.

    Args:
        addresses: in order of preference; `LOOPBACK` when not given.
        seconds: how long all of it may take.
        model: take only a server that has this model.
    """
    late = time.monotonic() + seconds

    def ask(base_url: str) -> tuple[str, ...]:
        return _ask(base_url, "", seconds, late) if _listens(base_url, seconds) else ()

    asked = {a: _start(lambda a=a: ask(a)) for a in (LOOPBACK if addresses is None else addresses)}
    for base_url, answer in asked.items():
        try:
            models = models_that_chat(_wait(answer, late, place_of(base_url)))
        except CallError:
            continue  # whatever listens there, it is no server for us
        if models and (not model or has_model(models, model)):
            return Server(base_url, models)
    return None


def models_that_chat(models: Sequence[str]) -> tuple[str, ...]:
    """The models without those whose name says that they only embed, rerank, listen, speak or draw."""
    return tuple(m for m in models if not _NO_CHAT.search(m))


def has_model(models: Sequence[str], name: str) -> bool:
    """Whether a server that lists these models knows one by this name; Ollama lets `:latest` be left out."""
    return name in models or f"{name}:latest" in models


def check_address(base_url: str) -> str:
    """A server's address without blanks and strokes at its ends.

    An address with a login or a query is refused, because addresses are shown and logged, and those hold secrets.

    Raises:
        ValueError: what is wrong with it, in words that follow "it" and do not repeat it.
    """
    address = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no address") from None
    if parts.scheme not in _PORTS or not host or re.search(r"[\s\\]", address) or not address.isprintable():
        raise ValueError("does not begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise ValueError("holds a login; a key belongs in llm.api_key")
    if parts.query or parts.fragment:
        raise ValueError("holds a query; a key belongs in llm.api_key")
    return address


def check_key(api_key: str) -> str:
    """A key without the blanks and line ends that come along when it is copied.

    Raises:
        ValueError: what is wrong with it, in words that follow "it" and do not repeat it.
    """
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise ValueError("holds a character that no key has")
    return key


def place_of(base_url: str) -> str:
    """A server's host, and its port where it is an unusual one."""
    parts = urlsplit(base_url)
    host = parts.hostname or "an address without a host"
    return f"{f'[{host}]' if ':' in host else host}{f':{parts.port}' if parts.port else ''}"


def same_server(one: str, other: str) -> bool:
    """Whether two addresses lead to one server: the same scheme, host and port."""
    return _origin(one) == _origin(other)


def is_loopback(base_url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{parts.port or _PORTS.get(parts.scheme)}"


def _listens(base_url: str, seconds: float) -> bool:
    """Whether anything accepts a connection; much quicker than to prepare a request to nobody."""
    import socket

    parts = urlsplit(base_url)
    try:
        with socket.create_connection((parts.hostname, parts.port or _PORTS[parts.scheme]), timeout=seconds):
            return True
    except OSError:
        return False


def _ask(base_url: str, api_key: str, seconds: float, late: float) -> tuple[str, ...]:
    import httpx

    place = place_of(base_url)
    # Nothing is unpacked here: a small answer cannot grow into a huge one.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        with (
            httpx.Client(timeout=seconds, trust_env=not is_loopback(base_url), follow_redirects=False) as client,
            client.stream("GET", f"{base_url}/models", headers=headers) as response,
        ):
            if response.status_code != 200:
                raise _explain_status(response.status_code, place)
            body = _read(response, place, late)
    except httpx.TimeoutException:
        raise _too_slow(place) from None
    # The words of these faults may hold the headers, and with them the key. The last two are proxies that httpx cannot use.
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError) as fault:
        broke = isinstance(fault, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError))
        told = f"the server at {place} {'broke off' if broke else 'cannot be reached'} ({type(fault).__name__})"
        raise CallError(told, "Start the server, or mend its address.") from None
    try:
        models = _Listing.model_validate_json(body).data
    except ValidationError:
        raise CallError(f"the server at {place} answered, but not with a list of models", _ENDS_WITH) from None
    return tuple(m.id for m in models or ())


def _read(response: "httpx.Response", place: str, late: float) -> bytes:
    body = bytearray()
    for piece in response.iter_raw(chunk_size=65_536):
        body += piece
        if len(body) > MOST_BYTES:
            raise CallError(f"the server at {place} answered with more than a list of models", _ENDS_WITH)
        if time.monotonic() > late:
            raise _too_slow(place)
    return bytes(body)


def _explain_status(status: int, place: str) -> CallError:
    if status in (401, 403):
        return CallError(f"the server at {place} refused the key, or wants one (HTTP {status})", "Set llm.api_key.")
    if 300 <= status < 400:
        return CallError(f"the server at {place} sends callers elsewhere (HTTP {status})", "Set where it leads to.")
    if status == 404:
        return CallError(f"the server at {place} has no list of models (HTTP {status})", _ENDS_WITH)
    return CallError(f"the server at {place} did not list its models (HTTP {status})", "Look at the server's own log.")


def _too_slow(place: str) -> CallError:
    return CallError(f"the server at {place} did not answer in time", "Is it still starting? Try again in a minute.")


def _start(ask: Callable[[], T]) -> "Future[T]":
    """Ask in a thread of its own, because httpx limits each wait for the network, and not all of them together."""
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as fault:  # noqa: BLE001 (raised again where the answer is waited for)
            answer.set_exception(fault)

    threading.Thread(target=work, name="convrec-models", daemon=True).start()
    return answer


def _wait(answer: "Future[T]", late: float, place: str) -> T:
    try:
        return answer.result(timeout=max(late - time.monotonic(), 0.0))
    except TimeoutError:
        raise _too_slow(place) from None
