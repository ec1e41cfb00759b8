"""Who can answer, to choose from: the built-in agents, and the language models of the server in the settings, at each effort."""

from functools import cached_property
from typing import get_args

from ..agents.brains import TurnLimits
from ..agents.mind import Mind
from ..tools.answer_cache import AnswerCache
from ..tools.errors import CallError, InputError
from ..tools.model_servers import list_models, models_that_chat
from .language_models import SECONDS, AskModels, choose
from .setting_groups import LlmSettings
from .settings import Settings
from .thinking import open_thinking

BUILT_IN = "built-in"
"""What the built-in agents are called among models."""

EFFORTS: tuple[str, ...] = get_args(LlmSettings.model_fields["effort"].annotation)


class Minds:
    """The minds that users may choose from; a model is asked nothing before a turn needs it.

    Args:
        settings: what is set.
        cache: where models' answers are kept.
        ask: asks a server for its models.
    """

    def __init__(self, settings: Settings, cache: AnswerCache | None = None, ask: AskModels = list_models) -> None:
        self._settings = settings
        self._cache = cache
        self._ask = ask
        self._opened: dict[tuple[str, str], Mind] = {}

    @property
    def models(self) -> tuple[str, ...]:
        """What can be asked, the default first; asks the model server for its list, which takes seconds where it is slow."""
        return self._models

    @cached_property
    def _models(self) -> tuple[str, ...]:
        choice = choose(self._settings).choice
        if choice is None:
            return (BUILT_IN,)
        others: tuple[str, ...] = ()
        if choice.base_url:
            try:
                others = models_that_chat(self._ask(choice.base_url, choice.api_key.get_secret_value(), SECONDS))
            except CallError:
                others = ()
        return tuple(dict.fromkeys((choice.model, *others, BUILT_IN)))

    def find(self, model: str = "", effort: str = "") -> Mind:
        """The mind of a model and an effort; what is empty is as in the settings.

        Raises:
            InputError: there is no such model or effort; the hint lists those that there are.
        """
        model = model or self.models[0]
        effort = effort or self._settings.llm.effort
        if model not in self.models:
            raise InputError(f"There is no model {model!r} here.", f"There are: {', '.join(self.models)}.")
        if effort not in EFFORTS:
            raise InputError(f"There is no effort {effort!r}.", f"There are: {', '.join(EFFORTS)}.")
        found = self._opened.get((model, effort))
        if found is None:
            found = self._opened[model, effort] = self._open(model, effort)
        return found

    def _open(self, model: str, effort: str) -> Mind:
        if model == BUILT_IN:
            return Mind(limits=TurnLimits(**self._settings.turn.model_dump()))
        # The default model keeps the name by which the settings reach it.
        name = {} if model == self.models[0] else {"model": model}
        llm = self._settings.llm.model_copy(update={**name, "effort": effort})
        return open_mind(self._settings.model_copy(update={"llm": llm}), self._cache)


def open_mind(settings: Settings, cache: AnswerCache | None = None) -> Mind:
    """Who answers by the settings.

    Raises:
        SettingsError: a cross-encoder is set and is not on this machine.
    """
    opened = open_thinking(settings, cache)
    limits = TurnLimits(**settings.turn.model_dump())
    if opened.thinking is None:
        return Mind(opened.told, limits=limits)
    return Mind(opened.told, settings.llm.effort, opened.thinking.brains, opened.thinking.within(limits))
