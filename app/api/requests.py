"""What the HTTP API takes: nothing unknown, every text with a bound."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator


class Asked(BaseModel):
    """What a caller sends: nothing unknown is taken, and nothing of it is repeated in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NewThread(Asked):
    """A conversation to begin."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"title": "Something for the weekend"}]})

    title: str = Field(default="", max_length=200, description="What it is called; else its first message names it.")


class Title(Asked):
    """A new name for a conversation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Something for the weekend"}]})

    title: str = Field(min_length=1, max_length=200, description="What it is called from now on.")


_ONE_OF: list[JsonValue] = [{"required": [name]} for name in ("text", "like", "why")]


class NewTurn(Asked):
    """A message: its words, or a question about an item. Exactly one of `text`, `like` and `why`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": _ONE_OF,
            "examples": [
                {"text": "Surprise me"},
                {"text": "Surprise me with three", "private": True, "effort": "low"},
                {"like": "an-items-id"},
                {"why": "an-items-id"},
            ],
        }
    )

    text: str = Field(default="", min_length=1, max_length=100_000, description="What the user says.")
    like: str = Field(default="", min_length=1, max_length=200, description="An item's id: asks for others like it.")
    why: str = Field(default="", min_length=1, max_length=200, description="An item's id: asks why it was recommended.")
    private: bool = Field(
        default=False,
        description="From now on, nothing of this conversation is written down; it ends with the server's process.",
    )
    model: str = Field(default="", max_length=200, description="Who answers, from GET /v1/models; else the usual one.")
    effort: Literal["", "low", "medium", "high"] = Field(
        default="", description="How many agents ask the model; as in the settings when empty."
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if len([said for said in (self.text, self.like, self.why) if said]) != 1:
            raise ValueError("give exactly one of text, like and why")
        return self


class NewFeedback(Asked):
    """How the user feels about an item."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"item": "an-items-id", "feeling": "liked"}]})

    item: str = Field(min_length=1, max_length=200, description="The item's id.")
    feeling: Literal["liked", "disliked", "seen", "accepted"] = Field(
        description=(
            "`liked` and `disliked` move what comes next, `seen` bars the item alone, `accepted` says that it was taken."
        )
    )
    private: bool = Field(default=False, description="Nothing of it is written down, nor of what follows.")


class NewMemory(Asked):
    """Something to remember of the user."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "I have two small children"}]})

    text: str = Field(min_length=1, max_length=400, description="One sentence, as the user would say it.")


class NewProfile(Asked):
    """The whole profile, as it is to be from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Has two small children."}]})

    text: str = Field(
        max_length=50_000, description="Its sentences; those that are gone are forgotten, new ones are remembered."
    )
