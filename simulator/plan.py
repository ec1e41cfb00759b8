"""What is to be simulated: the plan of a run, and the conversations that it comes to."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .nouns import Goal, UserKind

Source = Literal["auto", "history", "catalogue"]


class Plan(BaseModel):
    """A plan, as flags or a YAML file give it.

    Attributes:
        catalogue: the catalogue to talk about; the one in the settings where empty.
        systems: who is talked with: `convrec`, a baseline, the URL of an endpoint, or `module:name` of a Python object.
        without: parts of convrec that are each switched off in one further system.
        user: who talks: by agenda, by a chat model, or replaying dialogues between people.
        dialogues: the file of dialogues to replay.
        goals: how many goals, or the first so many of a file of goals or of dialogues; of a file all, where it is not said.
        source: where goals come from; `auto` takes users' histories where there are any.
        goals_file: goals of an earlier run (its goals.jsonl), in place of new ones.
        impossible: the share of goals that nothing in the catalogue can satisfy.
        personas: names of personas; empty for all.
        trials: conversations about each goal with each system, for pass^k.
        seed: what all chance begins with.
        max_turns: turns of a conversation at most, whatever the user's patience.
        retries: how often a conversation is begun again after a fault of the infrastructure.
        judge: whether a chat model judges each conversation.
        user_model, judge_model: chat models of the user and the judge; the one in the settings where empty.
        user_url, judge_url: their servers; the one in the settings where empty.
        returning: whether the users' earlier histories, without what is held out, are known to the systems.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    catalogue: str = ""
    systems: Annotated[tuple[str, ...], Field(min_length=1)] = ("convrec",)
    without: tuple[str, ...] = ()
    user: UserKind = "agenda"
    dialogues: str = ""
    goals: int = Field(default=100, ge=1, le=1_000_000)
    source: Source = "auto"
    goals_file: str = ""
    impossible: float = Field(default=0.05, ge=0, le=1)
    personas: tuple[str, ...] = ()
    trials: int = Field(default=1, ge=1, le=1_000)
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    max_turns: int = Field(default=12, ge=1, le=100)
    retries: int = Field(default=2, ge=0, le=10)
    judge: bool = False
    user_model: str = ""
    user_url: str = ""
    judge_model: str = ""
    judge_url: str = ""
    returning: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All systems of the run, those with a part switched off included."""
        return (*self.systems, *(name_without(part) for part in self.without))


class Task(BaseModel):
    """One conversation to be held."""

    model_config = ConfigDict(frozen=True)

    system: str
    goal: Goal
    trial: int
    seed: int

    @property
    def key(self) -> str:
        """What names it in its run; the dialogue has the same."""
        return f"{self.system}|{self.goal.id}|{self.trial}"


def name_without(part: str) -> str:
    """The name of the system that lacks a part."""
    return f"convrec without {part}"


def tasks_of(systems: Sequence[str], goals: Iterable[Goal], trials: int, seed: int) -> Iterator[Task]:
    """Every system with every goal, `trials` times, goal by goal; the user's chance is the same for every system."""
    for goal in goals:
        for trial in range(trials):
            for system in systems:
                yield Task(system=system, goal=goal, trial=trial, seed=seed_of(seed, goal.id, trial))


def seed_of(seed: int, goal: str, trial: int) -> int:
    """The seed of one conversation, from 0 to 2^48."""
    return int.from_bytes(hashlib.blake2b(f"{seed}|{goal}|{trial}".encode(), digest_size=6).digest())
