"""Settings: what can be set, and the only place that reads the environment and the settings file.

A value counts in this order: an argument, `CONVREC_…` in the environment (`__` between a group and its key),
`convrec.toml` in the data folder, the default. The data folder itself comes from an argument, `CONVREC_HOME`, or the
place that this system keeps such data in.

OPENAI_API_KEY and OPENAI_BASE_URL are no settings of ours and are kept apart from them (`openai_environment`): the key is
meant for one server, and what is set here may name another.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from ..tools.errors import SettingsError
from ..tools.model_servers import check_address, check_key
from .setting_groups import (
    Group,
    InteractionSettings,
    LlmSettings,
    MemorySettings,
    ServeSettings,
    TraceSettings,
    TurnLimits,
    UiSettings,
)

FILE = "convrec.toml"
_PREFIX = "CONVREC_"
_NOT_OURS = ("CONVREC_DATA",)
"""In the environment, but not settings: where tests and benchmarks find public data sets."""


class OpenAIEnvironment(Group):
    """What the environment says to every program that speaks OpenAI's protocol.

    Attributes:
        api_key: OPENAI_API_KEY; it belongs to the server of `base_url`, or to OpenAI's own where that is empty.
        base_url: OPENAI_BASE_URL.
        fault: what is wrong with one of them, in words that do not show it; then both are empty.
    """

    api_key: SecretStr = SecretStr("")
    base_url: str = ""
    fault: str = ""


class Settings(BaseSettings):
    """Everything that can be set; frozen.

    Attributes:
        home: the data folder.
        catalogue: the catalogue to talk about.
        encoder: the sentence encoder for new indexes.
        count: items per answer.
        max_message: characters in a message.
        questions: clarifying questions in a row.
        turn: what one turn may cost.
        ui: where the page is served.
        serve: how the server serves, and what it allows.
        llm: which language model to ask, and how.
        trace: what is written down about turns.
        memory: what is remembered of users.
        interactions: how users' histories with items are learnt from.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    home: Path = Field(default_factory=lambda: _default_home(), description="a folder that can be written")
    catalogue: str = Field(default="films", min_length=1, description="a name that `convrec catalog list` shows")
    encoder: str = Field(
        default="all-MiniLM-L6-v2", min_length=1, description="a sentence-transformers model: a name or a folder"
    )
    count: int = Field(default=3, ge=1, le=10, description="items per answer, 1 to 10")
    max_message: int = Field(default=4_000, ge=1, le=100_000, description="characters in a message, 1 to 100,000")
    questions: int = Field(default=2, ge=0, le=10, description="clarifying questions in a row, 0 to 10")
    turn: TurnLimits = Field(default=TurnLimits(), description="a group: max_calls, max_tokens, max_seconds")
    ui: UiSettings = Field(default=UiSettings(), description="a group: host, port")
    serve: ServeSettings = Field(
        default=ServeSettings(), description=f"a group: {', '.join(ServeSettings.model_fields)}"
    )
    llm: LlmSettings = Field(default=LlmSettings(), description=f"a group: {', '.join(LlmSettings.model_fields)}")
    trace: TraceSettings = Field(default=TraceSettings(), description="a group: enabled, words")
    memory: MemorySettings = Field(
        default=MemorySettings(), description=f"a group: {', '.join(MemorySettings.model_fields)}"
    )
    interactions: InteractionSettings = Field(
        default=InteractionSettings(), description=f"a group: {', '.join(InteractionSettings.model_fields)}"
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return Path(os.path.abspath(home.expanduser()))  # noqa: PTH100 (resolve() would follow links)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file in the data folder."""
        given = init_settings.init_kwargs if isinstance(init_settings, InitSettingsSource) else {}
        file = InitSettingsSource(settings_cls, _read_file(_home(given) / FILE))
        return init_settings, env_settings, file


def load_settings(**overrides: Any) -> Settings:
    """The settings in force.

    Args:
        overrides: fields of `Settings`, groups as dicts; None means "not given".

    Raises:
        SettingsError: a key is unknown, or a value cannot be used; the message says which, where and what is allowed.
    """
    given = _without_none(overrides)
    _check_environment()
    try:
        return Settings(**given)
    except ValidationError as fault:
        raise _explain(fault, given) from None
    except SourceError as fault:
        cause = f": {fault.__cause__}" if fault.__cause__ else ""
        raise SettingsError(
            f"The environment has a setting that cannot be read: {fault}{cause}.",
            "Set single keys, such as CONVREC_UI__PORT=8000, or a whole group as JSON: CONVREC_UI='{\"port\": 8000}'.",
        ) from fault


def openai_environment() -> OpenAIEnvironment:
    """OPENAI_API_KEY and OPENAI_BASE_URL; what cannot be used of them is a fault to tell, not one to stop for."""
    try:
        key = check_key(os.environ.get("OPENAI_API_KEY", ""))
    except ValueError as wrong:
        return OpenAIEnvironment(fault=f"OPENAI_API_KEY cannot be used: it {wrong}")
    try:
        given = os.environ.get("OPENAI_BASE_URL", "").strip()
        return OpenAIEnvironment(api_key=SecretStr(key), base_url=check_address(given) if given else "")
    except ValueError as wrong:
        return OpenAIEnvironment(fault=f"OPENAI_BASE_URL cannot be used: it {wrong}")


def _default_home() -> Path:
    import platformdirs

    return platformdirs.user_data_path("convrec")


def _home(given: Mapping[str, Any]) -> Path:
    place = given.get("home") or os.environ.get("CONVREC_HOME")
    return Path(place).expanduser() if place else _default_home()


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsError(
            f"The settings file {path} cannot be read: {fault}.",
            "Mend it or move it away; a line in it looks like `count = 3`, a group like `[ui]`.",
        ) from fault
    if "home" in values:
        raise SettingsError(
            f"The settings file {path} sets `home`, but it lies in the data folder itself.",
            "Take the line out, and choose the folder with CONVREC_HOME or --home.",
        )
    return values


def _check_environment() -> None:
    """Refuse a variable that sets nothing, because it is most likely misspelt."""
    known = {_variable(path) for path in _paths(Settings)}
    for name in sorted(os.environ):
        if name.upper().startswith(_PREFIX) and name.upper() not in (*known, *_NOT_OURS):
            raise SettingsError(
                f"There is no setting {name} (from the environment).", _suggestion(name.upper(), sorted(known))
            )


def _explain(fault: ValidationError, given: Mapping[str, Any]) -> SettingsError:
    error = fault.errors()[0]
    path = tuple(str(part) for part in error["loc"])
    origin = _origin(path, given)
    if error["type"] == "extra_forbidden":
        keys = [".".join(p) for p in _paths(Settings)]
        return SettingsError(f"There is no setting {'.'.join(path)!r} ({origin}).", _suggestion(".".join(path), keys))
    value = _shown(path, error["input"])
    return SettingsError(f"The setting {'.'.join(path)!r} cannot be {value} ({origin}).", f"It is {_describe(path)}.")


def _shown(path: tuple[str, ...], value: object) -> str:
    """A value that was refused, without what it may hold of keys."""
    if _holds_key(path) or (path[-1] == "base_url" and not isinstance(value, str)):
        return "the value given"
    if path[-1] == "base_url":
        _, login, rest = str(value).rpartition("@")
        value = ("…@" if login else "") + re.split(r"[?#]", rest)[0]
    return repr(value)[:80]


def _holds_key(path: tuple[str, ...]) -> bool:
    """Whether a key is among the settings that begin with a path."""
    return any(found[: len(path)] == path and found[-1] == "api_key" for found in _paths(Settings))


def _suggestion(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."


def _origin(path: tuple[str, ...], given: Mapping[str, Any]) -> str:
    """Where a value came from: the highest of the sources that hold it."""
    if _holds(given, path):
        return "given as an argument"
    variables = {name.upper() for name in os.environ}
    for length in range(len(path), 0, -1):
        if _variable(path[:length]) in variables:
            return f"from {_variable(path[:length])} in the environment"
    return f"from {_home(given) / FILE}"


def _holds(values: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    inner: Any = values
    for part in path:
        if not isinstance(inner, Mapping) or part not in inner:
            return False
        inner = inner[part]
    return True


def _describe(path: tuple[str, ...]) -> str:
    model: Any = Settings
    field = None
    for part in path:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            break
        model = field.annotation
    return (field.description if field else None) or "another kind of value"


def _paths(model: type[BaseModel]) -> list[tuple[str, ...]]:
    """The keys of a model and of the groups in it."""
    found: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        found.append((name,))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += [(name, *inner) for inner in _paths(field.annotation)]
    return found


def _variable(path: tuple[str, ...]) -> str:
    return _PREFIX + "__".join(path).upper()


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were given, groups included."""
    cleaned = {k: _without_none(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    return {k: v for k, v in cleaned.items() if v is not None and v != {}}
