"""Which language model answers, where it runs, and how it was found.

In this order: what the settings say; OPENAI_API_KEY and OPENAI_BASE_URL; a server on this machine; none, and the
built-in agents answer. A server that is set and silent stops nothing: the built-in agents answer, and the reason is told.

Whose key goes where: a key belongs to one server, and is sent to no other.

- `llm.api_key` belongs to `llm.base_url`; without that to OPENAI_BASE_URL; without that to OpenAI.
- OPENAI_API_KEY belongs to OPENAI_BASE_URL; without that to OpenAI.
- `llm.agents.AGENT.api_key` belongs to the `base_url` beside it; without that to the server of `llm.api_key`.
- A server that was found, not set, is sent no key.

A server is a scheme, a host and a port: a key for https://host goes neither to http://host nor to https://host:8443. For
one server, the key that is set nearest wins: the agent's, then `llm.api_key`, then OPENAI_API_KEY.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from ..tools.chat_models import IN_PROCESS, OPENAI, ModelChoice
from ..tools.errors import CallError
from ..tools.model_servers import (
    find_local_server,
    has_model,
    list_models,
    models_that_chat,
    place_of,
    same_server,
)
from .setting_groups import AgentModel, AgentModels
from .settings import Settings, openai_environment

DEFAULT_MODEL = "gpt-4.1-mini"
"""What is asked of OpenAI when only a key is set."""

NO_KEY = SecretStr("")

OFF = "none"
"""The name of a model that switches models off."""

SECONDS = 3.0
"""How long a server that is set may take to name its models; convrec starts no sooner."""

_SET_KEY = "Set OPENAI_API_KEY or llm.api_key; for another server set llm.base_url."

AskModels = Callable[[str, str, float], tuple[str, ...]]
"""Names the models of a server, by its address and key, within so many seconds; `list_models` does."""


@dataclass(frozen=True)
class Found:
    """What came of looking for a language model.

    Attributes:
        choice: the model; None where the built-in agents answer.
        reason: why there is none.
        hint: what would mend that; empty where nothing is wrong.
    """

    choice: ModelChoice | None = None
    reason: str = ""
    hint: str = ""

    @property
    def told(self) -> str:
        """Which model, where, and how it was found; or that there is none, and why. Holds no key."""
        if self.choice is None:
            return f"none: the built-in agents answer ({self.reason})"
        return f"{self.choice.model} {self.choice.place}, {self.choice.origin}"


def choose(settings: Settings, ask: AskModels = list_models) -> Found:
    """The model of all agents that have none of their own.

    Takes up to half a second where a server on this machine is looked for, up to `SECONDS` where one is set without a
    model's name, and else no time.

    Args:
        settings: what is set.
        ask: asks a server for its models.
    """
    llm, openai = settings.llm, openai_environment()
    if _is_off(llm.model):
        return Found(reason='llm.model is "none"')
    if llm.model.startswith(IN_PROCESS):
        return Found(_make(settings, llm.model, origin="set by llm.model"))
    address = configured_address(settings)
    if not address:
        return _explain_environment()
    key = key_for(address, settings)
    if llm.model:
        if not key and same_server(address, OPENAI):
            return _find_here(settings)
        return _at(settings, address, key, llm.model, "set by llm.model", ask)
    if llm.base_url:
        return _at(settings, address, key, "", "set by llm.base_url", ask)
    if openai.base_url:
        return _at(settings, address, key, "", "from OPENAI_BASE_URL", ask)
    if key:
        return _at(settings, address, key, "", "set by llm.api_key" if llm.api_key else "from OPENAI_API_KEY", ask)
    return _find_here(settings)


def choose_for_agents(settings: Settings, default: Found, ask: AskModels = list_models) -> dict[str, Found]:
    """The agents whose model is not that of all; what their groups leave empty is as it is for all agents.

    Args:
        settings: what is set.
        default: what `choose` gave.
        ask: asks a server for its models.
    """
    chosen: dict[str, Found] = {}
    ask = _once(ask)
    for agent in AgentModels.model_fields:
        own: AgentModel = getattr(settings.llm.agents, agent)
        if own == AgentModel():
            continue
        found = _choose_for(agent, own, settings, default, ask)
        if found.hint or not _same_choice(found.choice, default.choice):
            chosen[agent] = found
    return chosen


def configured_address(settings: Settings) -> str:
    """The server that is set for all agents: `llm.base_url`, else OPENAI_BASE_URL, else OpenAI's own.

    Empty where the environment meant to say it and cannot be used: then no key goes anywhere.
    """
    openai = openai_environment()
    return settings.llm.base_url or openai.base_url or ("" if openai.fault else OPENAI)


def key_for(address: str, settings: Settings) -> SecretStr:
    """The key that belongs to a server, or an empty one; the rule is in this module's docstring."""
    openai = openai_environment()
    if settings.llm.api_key and same_server(address, configured_address(settings)):
        return settings.llm.api_key
    if same_server(address, openai.base_url or OPENAI):
        return openai.api_key
    return NO_KEY


def _choose_for(agent: str, own: AgentModel, settings: Settings, default: Found, ask: AskModels) -> Found:
    group = f"llm.agents.{agent}"
    if _is_off(own.model):
        return Found(reason=f'{group}.model is "none"')
    if own.model.startswith(IN_PROCESS):
        return Found(_make(settings, own.model, origin=f"set by {group}.model"))
    shared = default.choice if default.choice and default.choice.base_url else None
    # A key of the agent's own is meant for a server that was set; it does not go to one that was found.
    address = own.base_url or (shared.base_url if shared and not own.api_key else configured_address(settings))
    if not address:
        return _explain_environment()
    same = shared if shared and shared.base_url == address else None
    part = "model" if own.model else "base_url" if own.base_url else "api_key"
    return _at(
        settings,
        address,
        own.api_key or key_for(address, settings),
        own.model or (same.name if same else ""),
        f"set by {group}.{part}",
        ask,
        preferred=shared.model if shared else "",
    )


def _explain_environment() -> Found:
    return Found(reason=openai_environment().fault, hint="Mend it or unset it, or set llm.base_url.")


def _at(
    settings: Settings, address: str, key: SecretStr, name: str, origin: str, ask: AskModels, preferred: str = ""
) -> Found:
    """The model of that name at a server that is set; without a name the preferred one if it is there, or the first."""
    if same_server(address, OPENAI):
        if not key:
            return Found(reason=f"{name or 'OpenAI'} is {origin}, but there is no key for OpenAI", hint=_SET_KEY)
        return Found(_make(settings, name or DEFAULT_MODEL, address, key, origin))
    if not name:
        try:
            models = models_that_chat(ask(address, key.get_secret_value(), min(SECONDS, settings.llm.timeout)))
        except CallError as fault:
            return Found(reason=str(fault), hint=fault.hint)
        if not models:
            reason = f"the server at {place_of(address)} lists no model that chats"
            return Found(reason=reason, hint="Load one into it, or set llm.model.")
        name = next((m for m in (preferred, DEFAULT_MODEL) if m and has_model(models, m)), models[0])
    return Found(_make(settings, name, address, key, origin))


def _find_here(settings: Settings) -> Found:
    """A model on this machine, by the name that is set if there is one."""
    name = settings.llm.model
    wanted = _make(settings, name).model if name else ""  # a server lists it without the door's prefix
    server = find_local_server(model=wanted) if settings.llm.discover else None
    if server:
        origin = f"{'set by llm.model, ' if name else ''}found at {place_of(server.base_url)}"
        return Found(_make(settings, name or server.models[0], server.base_url, origin=origin))
    if name:
        nowhere = " and no server on this machine lists it" if settings.llm.discover else ""
        return Found(reason=f"{name} is set by llm.model, but there is no key for OpenAI{nowhere}", hint=_SET_KEY)
    return Found(reason="none is set" + (", and none was found on this machine" if settings.llm.discover else ""))


def _make(settings: Settings, name: str, address: str = "", key: SecretStr = NO_KEY, origin: str = "") -> ModelChoice:
    llm = settings.llm
    return ModelChoice(
        name=name,
        base_url=address,
        api_key=key,
        timeout=llm.timeout,
        retries=llm.retries,
        temperature=llm.temperature,
        seed=llm.seed,
        origin=origin,
    )


def _is_off(name: str) -> bool:
    return name.lower() == OFF


def _same_choice(one: ModelChoice | None, other: ModelChoice | None) -> bool:
    """Whether two choices are one, however they were found."""
    if one is None or other is None:
        return one is other
    return one == other.model_copy(update={"origin": one.origin})


def _once(ask: AskModels) -> AskModels:
    """The same, but no server is waited for twice."""
    answers: dict[str, tuple[str, ...] | CallError] = {}

    def asked(base_url: str, api_key: str, seconds: float) -> tuple[str, ...]:
        which = f"{base_url} {api_key}"
        if which not in answers:
            try:
                answers[which] = ask(base_url, api_key, seconds)
            except CallError as fault:
                answers[which] = fault
        answer = answers[which]
        if isinstance(answer, CallError):
            raise answer
        return answer

    return asked
