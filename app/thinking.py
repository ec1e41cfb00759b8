"""From settings to what thinks beyond the built-in agents: which chat model for which agent, and a cross-encoder."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..agents.recommender import BUILT_IN
from ..tools.answer_cache import AnswerCache
from ..tools.errors import SettingsError
from .language_models import Found, choose, choose_for_agents
from .setting_groups import AgentModels
from .settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from ..agents.effort import Thinking
    from ..tools.chat import Chat
    from ..tools.chat_models import ModelChoice


@dataclass(frozen=True)
class Opened:
    """What thinks beyond the built-in agents, if anything does, and who answers, in words."""

    told: str
    thinking: "Thinking | None" = None


def open_thinking(settings: Settings, cache: AnswerCache | None = None, model: "BaseChatModel | None" = None) -> Opened:
    """Look for the models that are set or near, and open them; none of them is asked anything yet.

    Args:
        settings: what is set.
        cache: where answers are kept.
        model: a chat model for all agents, in place of what the settings say.

    Raises:
        SettingsError: a cross-encoder is set and is not on this machine.
    """
    llm = settings.llm
    found = Found(reason="a model was given") if model else choose(settings)
    own = {} if model else choose_for_agents(settings, found)
    choices = dict.fromkeys(AgentModels.model_fields, found.choice) | {a: f.choice for a, f in own.items()}
    if model is None and not llm.cross_encoder and not any(choices.values()):
        return Opened(f"{BUILT_IN} ({found.reason})" if found.hint else BUILT_IN)
    # Chat models, and the agents that ask them, are imported only where there is one: that takes a second.
    from ..agents.effort import Thinking

    if model is not None:
        chats, told = _given(model, settings, cache), "a model given by the caller"
    else:
        chats, told = _chosen(choices, settings, cache), found.told if found.choice else "models of single agents"
    encoder = None
    if llm.cross_encoder:
        from ..tools.cross_encoder import CrossEncoderNli

        encoder = CrossEncoderNli(llm.cross_encoder)
        encoder.check()
    thinking = Thinking(chats, llm.effort, llm.ranking, encoder)  # type: ignore[arg-type]
    return Opened(f"{told}, {llm.effort} effort" if chats else f"{BUILT_IN}, and {llm.cross_encoder}", thinking)


def open_chat(settings: Settings, model: str = "", base_url: str = "") -> "Chat":
    """The chat model in the settings, or another one, for what is no agent: baselines, simulated users, judges.

    Args:
        settings: what is set.
        model: a model's name, in place of the one in the settings.
        base_url: its server, in place of the one in the settings.

    Raises:
        SettingsError: there is none.
    """
    given = {"model": model, "base_url": base_url}
    llm = settings.llm.model_copy(update={name: value for name, value in given.items() if value})
    found = choose(settings.model_copy(update={"llm": llm}))
    if found.choice is None:
        raise SettingsError(
            f"This needs a language model, and there is none: {found.reason}.",
            found.hint or "Set llm.model and llm.base_url, or start a server; `convrec doctor` shows what is found.",
        )
    return _open(found.choice, settings, None)


def _given(model: "BaseChatModel", settings: Settings, cache: AnswerCache | None) -> "dict[str, Chat]":
    from ..tools.chat import Chat

    name = str(getattr(model, "model_name", "") or type(model).__name__)
    return dict.fromkeys(AgentModels.model_fields, Chat(model, name, "", settings.llm.concurrency, cache))


def _chosen(
    choices: "dict[str, ModelChoice | None]", settings: Settings, cache: AnswerCache | None
) -> "dict[str, Chat]":
    """A chat for each agent that has a model; agents with the same model share one."""
    # However a model was found, it is the same one: agents share its gate.
    plain = {agent: c.model_copy(update={"origin": ""}) for agent, c in choices.items() if c is not None}
    chats = {choice: _open(choice, settings, cache) for choice in set(plain.values())}
    return {agent: chats[choice] for agent, choice in plain.items()}


def _open(choice: "ModelChoice", settings: Settings, cache: AnswerCache | None) -> "Chat":
    from ..tools.chat import Chat
    from ..tools.chat_models import open_chat_model

    return Chat(open_chat_model(choice), choice.model, choice.place, settings.llm.concurrency, cache, finishes=True)
