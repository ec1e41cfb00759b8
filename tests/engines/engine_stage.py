"""What the suites with real engines share: an engine started by `convrec llm serve`, and turns counted over it."""

import contextlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from convrec.agents.effort import Effort, Ranking, Thinking
from convrec.agents.state import Answer
from convrec.app.settings import load_settings
from convrec.app.thinking import open_thinking

START = 300
"""Seconds that an engine has to start; a cold disk and two cores are slow."""


@dataclass
class Served:
    """A model that `convrec llm serve` serves.

    Attributes:
        process: the command.
        settings: what it printed: the model's name and the server's address.
        seconds: how long it took to be ready.
    """

    process: subprocess.Popen[str]
    settings: dict[str, str]
    seconds: float

    @property
    def engine(self) -> int:
        """The number of the engine's first process, and of its group."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8")
        return int(children.split()[0])

    def stop(self) -> int:
        """Stop it as Ctrl-C does; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextlib.contextmanager
def serve(
    engine: str, model: Path, log: Path, *, python: Path | None = None, extra: Iterable[str] = ()
) -> Iterator[Served]:
    """Start an engine through the command line, and stop it when the caller is done."""
    command = [sys.executable, "-c", "from convrec.app.cli import main; main()", "llm", "serve", "--engine", engine]
    command += ["--model", str(model), "--port", str(free_port()), "--timeout", str(START), "--verbose"]
    command += ["--python", str(python)] if python else []
    began = time.monotonic()
    with (
        log.open("w", encoding="utf-8") as told,
        subprocess.Popen([*command, "--", *extra], stdout=subprocess.PIPE, stderr=told, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"{engine} did not start:\n{log.read_text(encoding='utf-8')[-4000:]}"
            words = (w.partition("=") for w in shlex.split(line.removeprefix("export ")))
            yield Served(process, {name: value for name, _, value in words}, time.monotonic() - began)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def group_of(number: int) -> list[str]:
    """The processes of a group that still run, by their command lines."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, _, rest = (folder / "stat").read_text(encoding="utf-8").rpartition(")")
            state, _, group = rest.split()[:3]
            if int(group) == number and state != "Z":
                found.append(name)
    return found


def thinking(
    home: Path,
    model: str,
    base_url: str = "",
    effort: Effort = "medium",
    ranking: Ranking = "listwise",
    temperature: float = 0.0,
) -> Thinking:
    """What thinks by such settings, opened as the product opens it."""
    llm = {"model": model, "base_url": base_url, "effort": effort, "ranking": ranking, "temperature": temperature}
    opened = open_thinking(load_settings(home=home, llm=llm | {"timeout": 120.0})).thinking
    assert opened is not None
    return opened


@dataclass
class Tally:
    """How the steps of some turns went: which asked the model, which held, and why the others did not."""

    turns: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, answer: Answer) -> None:
        """Count one turn."""
        self.turns += 1
        self.calls += answer.usage.calls
        self.prompt_tokens += answer.usage.prompt_tokens
        self.completion_tokens += answer.usage.completion_tokens
        for step in answer.steps:
            if step.calls or step.fallback:
                self.asked[step.agent] += 1
                self.held[step.agent] += not step.fallback
                self.repaired[step.agent] += step.repaired
            if step.fallback:
                reason = re.sub(r"\d+", "N", step.fallback)[:90]
                self.reasons[f"{step.agent}: {reason}"] += 1

    def held_of(self, *agents: str) -> float:
        """The share of these agents' steps that the model did."""
        asked = sum(self.asked[a] for a in agents)
        return sum(self.held[a] for a in agents) / asked if asked else 1.0

    def __str__(self) -> str:
        lines = [
            f"{self.turns} turns, {self.calls} calls, {self.prompt_tokens} + {self.completion_tokens} tokens",
            *(
                f"  {a:<10} {self.held[a]:>3} of {n:<3} held, {self.repaired[a]} repaired"
                for a, n in self.asked.items()
            ),
            *(f"  {n:>3} x {reason}" for reason, n in self.reasons.most_common()),
        ]
        return "\n".join(lines)
