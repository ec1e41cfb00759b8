"""The groups of settings: what can be set in each, and within which bounds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ..tools.model_servers import check_address, check_key

Name = Annotated[str, StringConstraints(strip_whitespace=True)]
Address = Annotated[str, AfterValidator(lambda text: check_address(text) if text.strip() else "")]
Key = Annotated[SecretStr, AfterValidator(lambda key: SecretStr(check_key(key.get_secret_value())))]

_ADDRESS = "an address such as http://127.0.0.1:8000/v1, with no login and no key in it"
_KEY = "a key: printable ASCII characters"


class Group(BaseModel):
    """Settings that belong together; frozen, and told of without their values when one is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TurnLimits(Group):
    """What one turn may cost; past it, the built-in agents go on."""

    max_calls: int = Field(default=12, ge=0, le=1_000, description="language-model calls in a turn, 0 to 1,000")
    max_tokens: int = Field(default=20_000, ge=0, le=10_000_000, description="tokens in a turn, 0 to 10,000,000")
    max_seconds: float = Field(
        default=60.0, gt=0, le=3_600, allow_inf_nan=False, description="seconds for a turn, more than 0, at most 3,600"
    )


class UiSettings(Group):
    """Where the page is served."""

    host: str = Field(default="127.0.0.1", min_length=1, description="the address to serve on; 0.0.0.0 lets others in")
    port: int = Field(default=7860, ge=1, le=65_535, description="the port to serve on, 1 to 65,535")


class ServeSettings(Group):
    """How `convrec serve` serves, and what it allows."""

    host: str = Field(default="127.0.0.1", min_length=1, description="the address to serve on; 0.0.0.0 lets others in")
    port: int = Field(default=8090, ge=1, le=65_535, description="the port to serve on, 1 to 65,535")
    root_path: str = Field(default="", description="the path under which a proxy serves it, such as /convrec")
    hosts: tuple[Name, ...] = Field(
        default=(),
        description='a list of the names it is called by, such as ["talk.example.org"]; none asks for no name',
    )
    origins: tuple[Name, ...] = Field(
        default=(), description='a list of other sites whose pages may call it, such as ["https://shop.example.org"]'
    )
    proxies: tuple[Name, ...] = Field(
        default=(), description='a list of the addresses of proxies that are believed, such as ["10.0.0.2"]'
    )
    images: tuple[Name, ...] = Field(
        default=(), description='a list of hosts whose pictures are shown, such as ["img.example.org"]; ["*"] shows all'
    )
    requests: int = Field(default=300, ge=1, le=1_000_000, description="requests a minute of one key, 1 to 1,000,000")
    turns: int = Field(default=8, ge=1, le=10_000, description="turns at once of one key, 1 to 10,000")
    body: int = Field(
        default=1_000_000, ge=1_000, le=100_000_000, description="bytes of a request, 1,000 to 100,000,000"
    )
    grace: float = Field(
        default=30.0, ge=0, le=3_600, allow_inf_nan=False,
        description="seconds that turns under way are waited for when it stops, at most 3,600",
    )  # fmt: skip
    secret: SecretStr = Field(
        default=SecretStr(""), description="what signs sign-ins, the same for all instances; made up where it is empty"
    )


class AgentModel(Group):
    """Which language model one agent asks; what is empty is as for all agents."""

    model: Name = Field(default="", description="a model's name for this agent; none for its built-in brain")
    base_url: Address = Field(default="", description=f"this agent's server: {_ADDRESS}")
    api_key: Key = Field(default=SecretStr(""), description=f"the key of this agent's server: {_KEY}")


class AgentModels(Group):
    """Language models for single agents."""

    understand: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    clarify: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    answer: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    retrieve: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    nli: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    summarize: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    rank: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    respond: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")
    remember: AgentModel = Field(default=AgentModel(), description="a group: model, base_url, api_key")


class LlmSettings(Group):
    """Which language model to ask, and how."""

    model: Name = Field(
        default="", description="a model's name, such as openai:gpt-4.1-mini; none switches models off; empty finds one"
    )
    base_url: Address = Field(default="", description=f"a server that speaks OpenAI's protocol: {_ADDRESS}")
    api_key: Key = Field(default=SecretStr(""), description=f"the server's key: {_KEY}")
    effort: Literal["low", "medium", "high"] = Field(
        default="medium", description="how many agents ask a model: low, medium or high"
    )
    ranking: Literal["listwise", "elimination", "vote"] = Field(
        default="listwise", description="how a model ranks: listwise, elimination or vote"
    )
    timeout: float = Field(
        default=30.0, gt=0, le=3_600, allow_inf_nan=False, description="seconds for a call, more than 0, at most 3,600"
    )
    retries: int = Field(default=2, ge=0, le=10, description="how often a failed call is tried again, 0 to 10")
    concurrency: int = Field(default=8, ge=1, le=1_000, description="calls at once, 1 to 1,000")
    temperature: float = Field(
        default=0.0, ge=0, le=2, allow_inf_nan=False, description="0 for the likeliest words, at most 2"
    )
    seed: int | None = Field(
        default=None, ge=0, le=2**63 - 1, description="a whole number from 0, for servers that can repeat an answer"
    )
    cache: bool = Field(default=False, description="true or false: whether answers are kept on disk and used again")
    discover: bool = Field(
        default=True, description="true or false: whether a server on this machine is looked for when nothing is set"
    )
    cross_encoder: Name = Field(
        default="", description="a cross-encoder for natural-language inference: a folder or a Hugging Face name"
    )
    agents: AgentModels = Field(default=AgentModels(), description=f"a group: {', '.join(AgentModels.model_fields)}")


class TraceSettings(Group):
    """What is written down about turns, in the data folder."""

    enabled: bool = Field(default=True, description="true or false: whether each turn's steps are written down")
    words: bool = Field(default=False, description="true or false: whether what was said is written down with them")


class MemorySettings(Group):
    """What is remembered of users beyond a conversation."""

    private: bool = Field(default=False, description="true or false: whether talks are written down nowhere")
    half_life_days: float = Field(
        default=180.0, gt=0, le=100_000, allow_inf_nan=False,
        description="days after which a taste counts half, more than 0, at most 100,000",
    )  # fmt: skip
    server: Address = Field(default="", description="a Chroma server for several processes: http://127.0.0.1:8000")
    database: SecretStr = Field(
        default=SecretStr(""),
        description="a Postgres database for the conversations of several processes: postgresql://user:password@host/name",
    )


class InteractionSettings(Group):
    """How users' histories with items are learnt from."""

    method: Literal["auto", "ease", "neighbours"] = Field(
        default="auto", description="auto, ease or neighbours; auto takes EASE"
    )
    half_life_days: float = Field(
        default=0.0, ge=0, le=100_000, allow_inf_nan=False,
        description="days after which an interaction counts half, at most 100,000; 0 counts all alike",
    )  # fmt: skip
