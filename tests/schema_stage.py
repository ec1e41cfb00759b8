"""What the API's OpenAPI document promises, tried out by schemathesis: valid and invalid requests, alone and in chains."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import schemathesis
from api_stage import as_user, open_stage
from convrec.app.serving.application import make_app
from convrec.app.serving.keys import SCOPES
from convrec.app.serving.throttle import Throttle
from job_stage import WHOLE, Script
from schemathesis import config, engine
from schemathesis.config._checks import MissingRequiredHeaderConfig
from schemathesis.engine.events import EngineEvent, NonFatalError, ScenarioFinished

Phase = Literal["examples", "coverage", "fuzzing", "stateful"]
PHASES: tuple[Phase, ...] = ("examples", "coverage", "fuzzing", "stateful")

MANY = 1_000_000
_REFUSED = ["2xx", "3xx", "400", "401", "403", "404", "409", "429"]
"""Answers to valid requests. A cursor or a limit can be of the right shape and mean nothing (400); what is of the wrong
shape is 422, and should then be wrong by the document too."""

_numbers = itertools.count()


def broken_promises(folder: Path, examples: int, phases: Sequence[Phase] = PHASES) -> list[str]:
    """Call every operation of the API, and tell where an answer was not as the document says.

    Args:
        folder: a data folder for the service.
        examples: how many requests are made up for an operation, beside those that are always made.
        phases: what is done; all of schemathesis' phases unless named.
    """
    service = open_stage(folder, begin=Script(*[WHOLE] * 10_000))
    service.throttle = Throttle(MANY, MANY, tries=MANY)
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", make_app(service, None), config=_config(as_user(service, "ann", *SCOPES), examples, phases)
    )
    schema.hook("filter_body")(_says_something)
    return [line for event in engine.from_schema(schema).execute() for line in _faults(event)]


def _config(headers: dict[str, str], examples: int, phases: Sequence[Phase]) -> config.SchemathesisConfig:
    # The key is sent with every request, so a case without it is none.
    checks = config.ChecksConfig(
        positive_data_acceptance=config.PositiveDataAcceptanceConfig(expected_statuses=_REFUSED),
        missing_required_header=MissingRequiredHeaderConfig(enabled=False),
    )
    project = config.ProjectConfig(
        headers=headers,
        checks=checks,
        generation=config.GenerationConfig(max_examples=examples, deterministic=True),
        phases=config.PhasesConfig(
            examples=config.ExamplesPhaseConfig(enabled="examples" in phases),
            coverage=config.CoveragePhaseConfig(enabled="coverage" in phases),
            fuzzing=config.FuzzingPhaseConfig(enabled="fuzzing" in phases),
            stateful=config.StatefulPhaseConfig(enabled="stateful" in phases),
        ),
    )
    return config.SchemathesisConfig(projects=config.ProjectsConfig(default=project), seed=7)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give each new request a new key of its own, as a document cannot demand."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) < 256 and all("!" <= c <= "~" for c in key):
        case.headers["Idempotency-Key"] = f"key-{next(_numbers)}"


def _says_something(context: Any, body: Any) -> bool:
    """Whether a message has something to read in it, which a document cannot demand either."""
    text = body.get("text") if isinstance(body, dict) else None
    return not isinstance(text, str) or not text or any(c.isprintable() and not c.isspace() for c in text)


def _faults(event: EngineEvent) -> list[str]:
    if isinstance(event, NonFatalError):
        return [f"{event.label}: {event.value}"]
    if not isinstance(event, ScenarioFinished):
        return []
    recorder, told = event.recorder, []
    for number, checks in recorder.checks.items():
        for failed in (check for check in checks if check.failure_info is not None):
            label = recorder.cases[number].value.operation.label
            response = recorder.interactions[number].response if number in recorder.interactions else None
            answer = f"{response.status_code} {response.text[:300]}" if response is not None else "no answer"
            info = failed.failure_info
            told.append(f"{label}: {failed.name}: {info.failure.message[:300]}\n  {info.code_sample[:600]}\n  {answer}")
    return told
