"""The plan of a simulation from a YAML file and from flags, with faults that say what would work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ..simulator.plan import Plan
from ..tools.errors import InputError

Kind = TypeVar("Kind", bound=BaseModel)


def read_plan(file: Path | None, given: Mapping[str, Any]) -> Plan:
    """The plan of a simulation, from a YAML file and flags, as `checked`."""
    return checked(Plan, given, file)


def checked(kind: type[Kind], given: Mapping[str, Any], file: Path | None = None) -> Kind:
    """A plan of some kind: what is given counts before the file, and the file before what is usual.

    Raises:
        InputError: the file cannot be read, or a value cannot be used or is missing.
    """
    values = dict(_read(file)) if file else {}
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        error = fault.errors()[0]
        name = str(error["loc"][0])
        where = "as a flag" if given.get(name) is not None else f"in {file}" if name in values else "nowhere"
        if error["type"] == "extra_forbidden":
            raise InputError(
                f"A plan has no {name!r} ({where}).", f"It can have: {', '.join(kind.model_fields)}."
            ) from fault
        if error["type"] == "missing":
            raise InputError(f"The {name} is missing.", "See --help.") from fault
        raise InputError(f"{name} cannot be {error['input']!r} ({where}): {error['msg']}.", "See --help.") from fault


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise InputError(
            f"The plan {file} cannot be read: {' '.join(str(fault).split())}.",
            "It is YAML, such as `systems: [convrec, bm25]`, a line per name.",
        ) from fault
    if not isinstance(values, dict):
        raise InputError(
            f"The plan {file} holds no names with values.", "It is YAML, such as `goals: 200`, a line per name."
        )
    return values
