"""What the suites with real engines share: an engine started by `convrec llm serve`, and turns counted over it."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from convrec.agents.brains import Model, TurnLimits
from convrec.agents.effort import Thinking
from convrec.agents.recommender import Recommender
from convrec.agents.state import Answer, Understanding
from convrec.app.settings import load_settings
from convrec.app.thinking import open_thinking
from langchain_openai import ChatOpenAI
from talk_stage import check_guarantees, index_of, recommender

CONVREC = (sys.executable, "-c", "from convrec.app.cli import main; main()")

START = 300
"""Seconds that an engine has to start; a cold disk and two cores are slow."""

TIMEOUT = 120.0
"""Seconds for a call; the same for all, so that they share their connections."""


FREE = ("respond", "answer")
"""The agents whose model writes text, which random weights seldom make worth saying."""

HOLDING = 0.9
"""The share of structured steps that have to come from the model where a grammar rules its answers. Those that do not are
answers that were cut off at their longest: random weights may go on with a list or a text to its very end."""

GENEROUS = TurnLimits(max_tokens=60_000, max_seconds=300.0)
"""An engine on a busy processor is slow; what is tested here is not the limits."""


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
    command = [*CONVREC, "llm", "serve", "--engine", engine]
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


def convrec(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command of convrec, with settings as its environment has them."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **settings}
    return subprocess.run([*CONVREC, *arguments], env=environment, capture_output=True, text=True, check=False)


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


CONVERSATION = (
    "Something smoky, but nothing green, please.",
    "Why the first one?",
    "More like that one, ideally sweeter, and under five minutes.",
    "No, nothing black. What else is there?",
    "surprise me",
    "How long does the second one steep?",
    "Plutôt quelque chose de fleuri, s'il vous plaît.",
    "I don't know, what would you ask me?",
    "I'll take the first one, thanks!",
)
"""What is said to the teas, one turn after the other."""


def think_with(home: Path, served: dict[str, str], **llm: Any) -> Thinking:
    """What thinks by the settings that `convrec llm serve` printed and some of our own, opened as the product does it."""
    own = {name.removeprefix("CONVREC_LLM__").lower(): value for name, value in served.items()}
    opened = open_thinking(load_settings(home=home, llm={**own, "timeout": TIMEOUT, **llm})).thinking
    assert opened is not None
    return opened


@dataclass
class People:
    """Who talks with a recommender of teas; every answer is checked and counted."""

    recommender: Recommender
    understood: dict[str, Understanding]
    tally: "Tally"

    async def say(self, text: str, user: str = "ann") -> Answer:
        """One turn."""
        before = await self.recommender.wish(user=user, thread=user)
        self.understood.pop(user, None)
        answer = await self.recommender.reply(text, user=user, thread=user)
        understood = self.understood.get(user)
        check_guarantees(answer, before, index_of("teas"), again=understood is not None and understood.repeats)
        self.tally.add(answer)
        return answer

    async def converse(self, user: str, turns: int = len(CONVERSATION)) -> list[Answer]:
        """A conversation, or its beginning."""
        return [await self.say(text, user) for text in CONVERSATION[:turns]]


@contextlib.asynccontextmanager
async def talking(folder: Path, thinks: Thinking, limits: TurnLimits | None = None) -> AsyncIterator[People]:
    """A recommender of teas that thinks so."""
    understood: dict[str, Understanding] = {}
    brain = thinks.brains["understand"]

    async def understand(model: Model, *args: Any) -> Understanding:
        # Random weights may well say that what was shown before is welcome again; the check has to know.
        understood[model.owner] = await brain.think(model, *args)
        return understood[model.owner]

    brains = {**thinks.brains, "understand": replace(brain, think=understand)}
    try:
        async with recommender(folder, "teas", brains, thinks.within(limits or GENEROUS)) as opened:
            yield People(opened, understood, Tally())
    finally:
        for chat in set(thinks.chats.values()):
            if isinstance(chat._model, ChatOpenAI):
                await chat._model.root_async_client.close()


@dataclass
class Tally:
    """How the steps of some turns went: which asked the model, which held, and why the others did not."""

    turns: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    most_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, answer: Answer) -> None:
        """Count one turn."""
        self.turns += 1
        self.calls += answer.usage.calls
        self.most_calls = max(self.most_calls, answer.usage.calls)
        self.prompt_tokens += answer.usage.prompt_tokens
        self.completion_tokens += answer.usage.completion_tokens
        for step in answer.steps:
            if step.calls:
                self.asked[step.agent] += 1
                self.held[step.agent] += not step.fallback
                self.repaired[step.agent] += step.repaired
            if step.fallback:
                reason = re.sub(r"\d+", "N", step.fallback)[:90]
                self.reasons[f"{step.agent}: {reason}"] += 1

    @property
    def structured(self) -> float:
        """The share of the steps with an answer of a shape that the model did; replies and answers are free text."""
        asked = sum(n for a, n in self.asked.items() if a not in FREE)
        return sum(n for a, n in self.held.items() if a not in FREE) / max(asked, 1)

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
