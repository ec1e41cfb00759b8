"""Prompts as files: `NAME.md` holds a purpose, its inputs, what the system is told, and after a line `---` what is asked."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent
_PARTS = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_FENCE = re.compile(r"<(?=[^\w<]*data\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Prompt:
    """What a model is told and asked."""

    system: str
    user: str


@dataclass(frozen=True)
class PromptFile:
    """One prompt with its blanks.

    Attributes:
        purpose: what it is for.
        inputs: what fills each blank, in words.
        system, user: the two texts, blanks as $name.
    """

    purpose: str
    inputs: dict[str, str]
    system: Template
    user: Template


def render(name: str, **values: str) -> Prompt:
    """The prompt of that name with its blanks filled.

    Raises:
        ValueError: a value is missing, or one has no blank.
    """
    file = read_prompt(name)
    missing, extra = file.inputs.keys() - values.keys(), values.keys() - file.inputs.keys()
    if missing or extra:
        told = [f"lacks {', '.join(sorted(missing))}"] if missing else []
        told += [f"has no blank for {', '.join(sorted(extra))}"] if extra else []
        raise ValueError(f"The prompt {name!r} {' and '.join(told)}.")
    return Prompt(file.system.substitute(values).strip(), file.user.substitute(values).strip())


def data(kind: str, text: str) -> str:
    """Foreign text between marks that it cannot close: what stands there is data, never instruction."""
    return f"<data {kind}>\n{_FENCE.sub('‹', text).strip() or '(none)'}\n</data>"


@cache
def read_prompt(name: str) -> PromptFile:
    """The file of a prompt.

    Raises:
        ValueError: there is none, or its parts or blanks are not in order.
    """
    path = _FOLDER / f"{name}.md"
    if not path.is_file():
        raise ValueError(f"There is no prompt {name!r}. There are: {', '.join(prompt_names())}.")
    parts = _PARTS.match(path.read_text(encoding="utf-8"))
    if parts is None:
        raise ValueError(f"{path.name} must have a head between lines of +++, a text, a line ---, and a question.")
    head = tomllib.loads(parts[1])
    if lacking := {"purpose", "inputs"} - head.keys():
        raise ValueError(f"The head of {path.name} lacks {', '.join(sorted(lacking))}.")
    system, user = Template(parts[2]), Template(parts[3])
    blanks = {*system.get_identifiers(), *user.get_identifiers()}
    if blanks != set(head["inputs"]):
        raise ValueError(f"{path.name} has the blanks {sorted(blanks)} but names {sorted(head['inputs'])}.")
    return PromptFile(head["purpose"], head["inputs"], system, user)


def prompt_names() -> list[str]:
    """The names of all prompts."""
    return sorted(p.stem for p in _FOLDER.glob("*.md"))
