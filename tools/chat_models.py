"""Opening a LangChain chat model from its name, and saying in plain words why a call to it failed.

One door: `openai:<model>` (or a bare name) with `base_url` covers OpenAI, vLLM, Ollama, llama.cpp and `transformers
serve`; `transformers:<folder or name>` runs in this process.
"""

from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from .errors import CallError
from .model_servers import is_loopback, place_of, same_server

IN_PROCESS = "transformers:"
"""What the name of a model begins with that runs in this process."""

OPENAI = "https://api.openai.com/v1"
"""OpenAI's own server."""

_PREFIX = "openai:"


class ModelChoice(BaseModel):
    """Which language model to ask, where, and how.

    Attributes:
        name: the model's name at its server, or `transformers:` and a folder or hub name.
        base_url: an OpenAI-compatible server's address; empty for OpenAI's own.
        api_key: its key; local servers need none.
        timeout: seconds that one call may take.
        retries: how often a call is tried again after a failed connection, a 429 or a 5xx; waits grow, with jitter, and
            a server's Retry-After is kept.
        temperature: 0 for the likeliest words.
        seed: for servers that can repeat an answer; None sends none.
        origin: how the model was found, in words.
    """

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1)
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    timeout: float = 30.0
    retries: int = 2
    temperature: float = 0.0
    seed: int | None = None
    origin: str = ""

    @property
    def model(self) -> str:
        """The name without the door's prefix."""
        return self.name.removeprefix(_PREFIX)

    @property
    def place(self) -> str:
        """Where it runs, in words that hold no secret."""
        if self.name.startswith(IN_PROCESS):
            return "in this process"
        return f"at {place_of(self.base_url or OPENAI)}"


def open_chat_model(choice: ModelChoice) -> BaseChatModel:
    """The chat model of a choice; nothing is asked yet."""
    if choice.name.startswith(IN_PROCESS):
        from .local_chat import TransformersChat

        return TransformersChat(
            folder=choice.name.removeprefix(IN_PROCESS), temperature=choice.temperature, seed=choice.seed
        )
    from langchain_openai import ChatOpenAI

    address = choice.base_url or OPENAI
    return ChatOpenAI(
        model=choice.model,
        base_url=address,
        api_key=SecretStr(choice.api_key.get_secret_value() or "none"),
        timeout=choice.timeout,
        stream_chunk_timeout=choice.timeout,
        max_retries=choice.retries,
        temperature=choice.temperature,
        seed=choice.seed,
        stream_usage=True,
        use_responses_api=False,
        **_only_for(address),
    )


def _only_for(address: str) -> dict[str, Any]:
    """What keeps the environment's other settings for OpenAI's client away from a server that they are not meant for."""
    if same_server(address, OPENAI):
        return {}
    meant: dict[str, Any] = {"default_headers": {"OpenAI-Organization": "", "OpenAI-Project": ""}}
    if is_loopback(address):
        # A proxy of the environment leads away from this machine.
        import httpx2

        meant |= {
            "openai_proxy": None,
            "http_client": httpx2.Client(trust_env=False, timeout=None),
            "http_async_client": httpx2.AsyncClient(trust_env=False, timeout=None),
        }
    return meant


def explain_failure(fault: Exception, place: str = "") -> CallError:
    """What went wrong with a call, in words that hold neither key nor prompt."""
    if isinstance(fault, CallError):
        return fault
    status = getattr(fault, "status_code", None)
    where = f"the server {place}".strip()
    reasons = {401: "refused the key", 403: "refused the key", 404: "has no such model", 429: "is busy"}
    if isinstance(status, int):
        told = reasons.get(status) or ("failed" if status >= 500 else "refused the request")
        return CallError(f"{where} {told} (HTTP {status})", _hint(status))
    name = type(fault).__name__
    if isinstance(fault, TimeoutError) or "Timeout" in name:
        return CallError(f"{where} did not answer in time", "Set llm.timeout higher, or take a smaller model.")
    if isinstance(fault, OSError) or any(n in name for n in ("Connect", "Protocol", "Network", "Read", "Write")):
        return CallError(f"no connection to {where}, or it broke off", "Is the server running? Try `convrec doctor`.")
    return CallError(f"the call failed ({name})")


def _hint(status: int) -> str:
    if status in (401, 403):
        return "Set llm.api_key, or OPENAI_API_KEY."
    if status == 404:
        return "Set llm.model to a name that the server lists at /v1/models."
    return ""
