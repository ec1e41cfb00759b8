"""The nouns of simulations that somebody asked for: what may be asked, how far one is, and what came of it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from ..simulator.nouns import SystemMetrics
from ..simulator.plan import Plan
from ..simulator.simulate import Progress

SystemName = Literal["convrec", "random", "popular", "bm25", "dense"]
"""The systems that may be asked for. Never a URL, a file or a module: whoever asks must reach no other host, and run no code."""

Part = Literal[
    "understanding", "clarify", "nli", "ranking", "diversity", "memory", "collaborative", "meaning", "words",
]  # fmt: skip
"""The parts of convrec that may be switched off."""

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

LIVE: tuple[State, ...] = ("queued", "running")
"""The states of a job that goes on."""

MOST_GOALS, MOST_TRIALS, MOST_TURNS = 200, 8, 20


_DISTINCT: JsonDict = {"uniqueItems": True}
"""Says in the OpenAPI document what `_once` checks."""


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("names something twice")
    return names


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is a truth value, and no number")
    return value


class JobRequest(BaseModel):
    """What is to be simulated.

    Attributes:
        systems: who is talked with.
        without: parts of convrec that are each switched off in one further system.
        goals: how many simulated users, each with a goal; every system meets the same ones.
        trials: conversations about each goal with each system, for pass^k.
        personas: names of kinds of users; empty for all.
        seed: what all chance begins with.
        max_turns: turns of a conversation at most, whatever the user's patience.
        impossible: the share of goals that nothing in the catalogue can satisfy.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"systems": ["convrec", "bm25"], "without": ["nli"], "goals": 20, "trials": 1}]
        },
    )

    systems: Annotated[tuple[SystemName, ...], Field(min_length=1, max_length=5), AfterValidator(_once)] = Field(
        default=("convrec",), description="Who is talked with.", json_schema_extra=_DISTINCT
    )
    without: Annotated[tuple[Part, ...], Field(max_length=9), AfterValidator(_once)] = Field(
        default=(), description="Parts of convrec that are each switched off in one further system.",
        json_schema_extra=_DISTINCT,
    )  # fmt: skip
    goals: Annotated[int, BeforeValidator(_number)] = Field(
        default=20, ge=1, le=MOST_GOALS, description="How many simulated users, each with a goal."
    )
    trials: Annotated[int, BeforeValidator(_number)] = Field(
        default=1,
        ge=1,
        le=MOST_TRIALS,
        description="Conversations about each goal with each system, for pass^k.",
    )
    personas: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=60)], ...],
        Field(max_length=20, json_schema_extra=_DISTINCT),
        AfterValidator(_once),
    ] = Field(default=(), description="Kinds of users; none for all.", json_schema_extra=_DISTINCT)
    seed: Annotated[int, BeforeValidator(_number)] = Field(
        default=0, ge=0, le=2**53 - 1, description="What all chance begins with."
    )
    max_turns: Annotated[int, BeforeValidator(_number)] = Field(
        default=12, ge=1, le=MOST_TURNS, description="Turns of a conversation at most."
    )
    impossible: Annotated[float, BeforeValidator(_number)] = Field(
        default=0.05,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="The share of goals that nothing can satisfy.",
    )

    def plan(self, catalogue: str) -> Plan:
        """The plan of the run that it comes to: goals of invented users, because others' histories are not the caller's."""
        return Plan(catalogue=catalogue, source="catalogue", **self.model_dump())


class Job(BaseModel):
    """One simulation that was asked for.

    Attributes:
        id: 32 hexadecimal digits.
        state: `queued` and `running` go on; the others are final. `interrupted` is what a server's end left unfinished.
        request: what was asked for.
        catalogue: what is talked about.
        created, started, ended: when, in seconds since 1970; None where it has not come to that.
        progress: per system, how many conversations there are, have ended, count, and were successes.
        notes: what a reader should know of it, a sentence each.
        error: why it failed; empty where it did not.
        hint: what would work instead.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    state: State = "queued"
    request: JobRequest
    catalogue: str
    created: float
    started: float | None = None
    ended: float | None = None
    progress: tuple[Progress, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.state in LIVE

    def with_progress(self, one: Progress) -> "Job":
        """This, with one system's newer progress."""
        others = {p.system: p for p in self.progress} | {one.system: one}
        return self.model_copy(update={"progress": tuple(others.values())})


class JobResult(BaseModel):
    """What was measured.

    Attributes:
        id: the job's.
        progress: per system, how many conversations were held, count, and were successes.
        metrics: per system, every metric with its 95% interval, and plain counts.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    progress: tuple[Progress, ...]
    metrics: tuple[SystemMetrics, ...]
