"""What OpenAI's chat protocol asks and answers, as far as it is spoken here; what does not matter is taken and passed over."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from ...agents.state import Answer, Card, Step, Usage

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


class ChatPart(BaseModel):
    """A piece of a message's content."""

    model_config = ConfigDict(extra="ignore")

    type: str = Field(max_length=100)
    text: str | None = None


class ChatMessage(BaseModel):
    """One message of a history."""

    model_config = ConfigDict(extra="ignore")

    role: Role
    content: str | list[ChatPart] | None = None

    @property
    def text(self) -> str:
        """What it says, without what is not text."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text or "" for part in self.content or () if part.type == "text")


class ChatStreamOptions(BaseModel):
    """How a stream is to be."""

    model_config = ConfigDict(extra="ignore")

    include_usage: StrictBool | None = Field(default=None, description="Whether a last chunk tells the tokens.")


class ChatExtras(BaseModel):
    """What can be asked beyond OpenAI's protocol."""

    model_config = ConfigDict(extra="forbid")

    thread: str = Field(
        default="", max_length=200, description="The conversation to go on with; begun if it is not there."
    )


class ChatRequest(BaseModel):
    """A chat completion, as it is asked for."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {"model": "convrec", "messages": [{"role": "user", "content": "something short and funny"}]}
        },
    )

    model: str = Field(default="convrec", max_length=500, description="One of GET /openai/v1/models.")
    messages: list[ChatMessage] = Field(min_length=1, description="The whole history; the last message is the user's.")
    stream: StrictBool | None = Field(default=None, description="Whether the answer comes as server-sent events.")
    stream_options: ChatStreamOptions | None = None
    n: StrictInt | None = Field(default=None, description="1; there is one answer.")
    user: str | None = Field(default=None, description="For which of its users a service calls; others leave it out.")
    logprobs: StrictBool | None = None
    modalities: list[str] | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    convrec: ChatExtras | None = Field(default=None, description="What can be asked beyond OpenAI's protocol.")


class ChatTokens(BaseModel):
    """What language models were asked for an answer; 0 where the built-in agents gave it."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0

    @classmethod
    def of(cls, usage: Usage) -> "ChatTokens":
        """The tokens of a turn."""
        told, said = usage.prompt_tokens, usage.completion_tokens
        return cls(prompt_tokens=told, completion_tokens=said, total_tokens=told + said)


class ChatExtension(BaseModel):
    """An answer beyond OpenAI's protocol: what the message's content says, as data."""

    thread: str
    reply: str
    items: tuple[Card, ...] = ()
    nearest: tuple[Card, ...] = ()
    suggestions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    usage: Usage = Usage()

    @classmethod
    def of(cls, answer: Answer) -> "ChatExtension":
        """What an answer holds of it."""
        return cls(**{name: getattr(answer, name) for name in cls.model_fields})


class ChatReply(BaseModel):
    """The answer's message."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChatChoice(BaseModel):
    """The one answer."""

    index: int = 0
    message: ChatReply
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatCompletion(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: ChatTokens
    convrec: ChatExtension


class ModelRecord(BaseModel):
    """A model that can be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "convrec"


class ModelList(BaseModel):
    """The models that can be asked for."""

    object: Literal["list"] = "list"
    data: list[ModelRecord]
