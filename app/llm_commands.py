"""`convrec llm`: serve a language model on this machine, and check the one in the settings."""

import asyncio
import contextlib
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from ..tools.engine_plans import EngineName, Plan
from ..tools.errors import ModelError
from ..tools.model_serving import Engine
from .terminal import Shell, clean

if TYPE_CHECKING:
    from ..agents.brains import Budget
    from ..prompts import Prompt
    from ..tools.chat import Chat
    from ..tools.chat_models import ModelChoice
    from .language_models import Found

llm = typer.Typer(no_args_is_help=True, help="Serve a language model on this machine; check the one in the settings.")

WAYS = {
    "json_schema": "by JSON schema",
    "tools": "as a tool call",
    "json_object": "as a JSON object, its shape told in the prompt",
    "words": "its shape told in the prompt",
}
"""How an answer of a shape was got, as a person is told."""

SAMPLE = {
    "noun": "lamp",
    "nouns": "lamps",
    "talk": "",
    "message": "a lamp for reading, please",
    "questions": "q1 room: desk, bedside, ceiling\nq2 price: under 50, 50 to 150, over 150",
    "items": "[1] Aurora – room: bedside, price: 45. A soft amber glow.",
    "draft": "One lamp for reading:\n- [1] – A soft amber glow.",
    "language": "en",
}
"""What fills the prompts of a check; the lamps are those of the prompts' own examples."""

_TOKENS = 500
"""Tokens of an answer to a check at most."""

_EVERY = 15
"""Seconds between two lines about the start, where nobody sees a line change."""


class Signals:
    """Counts the wishes to stop, in place of being ended by them."""

    def __init__(self) -> None:
        self.first: int | None = None
        self._since = 0.0
        self._again = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note one."""
        if self.first is None:
            self.first, self._since = number, time.monotonic()
        # One Ctrl-C may come twice: from the terminal, and from the program that called us.
        self._again = self._again or time.monotonic() - self._since > 1

    def stopping(self) -> bool:
        """Whether there was one."""
        return self.first is not None

    def hurrying(self) -> bool:
        """Whether there was another one, a second or more after the first."""
        return self._again


@contextlib.contextmanager
def catch_signals() -> Iterator[Signals]:
    """Catch Ctrl-C, a request to terminate, and the closing of the terminal."""
    signals = Signals()
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {n: signal.signal(n, signals) for n in wanted if signal.getsignal(n) is not signal.SIG_IGN}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@llm.command()
def serve(
    ctx: typer.Context,
    model: Annotated[str, typer.Option("--model", "-m", help="The model: a folder or a hub name.")],
    extra: Annotated[
        list[str] | None, typer.Argument(help="After --: further arguments for the engine.", show_default=False)
    ] = None,
    engine: Annotated[EngineName, typer.Option(help="What runs the model.")] = "vllm",
    host: Annotated[str, typer.Option(help="The address to serve on; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port to serve on.")] = 8000,
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The Python of another environment, if the engine is installed there."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that the engine has to start.")] = 600,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the engine's own log.")] = False,
) -> None:
    """Serve a language model on this machine until Ctrl-C, and tell the settings that use it."""
    shell: Shell = ctx.obj
    plan = Plan(engine, model, host, port, python or sys.executable, tuple(extra or ()))
    tell = (lambda line: shell.err.print(Text(clean(line), style="dim"), soft_wrap=True)) if verbose else None
    with catch_signals() as signals, Engine(plan, tell) as started, _stopping(shell.err, started, signals):
        with _progress(shell.err, plan) as report:
            healthy = started.wait_until_healthy(timeout, report, signals.stopping)
        if healthy:
            typer.echo(f"export CONVREC_LLM__MODEL={shlex.quote(plan.name)} CONVREC_LLM__BASE_URL={plan.base_url}")
            shell.err.print(Text(f"{engine} is ready; the line above makes convrec use it. Ctrl-C stops it."))
            started.watch(signals.stopping)
    if signals.first is not None:
        raise typer.Exit(128 + signals.first)


@contextlib.contextmanager
def _stopping(console: Console, engine: Engine, signals: Signals) -> Iterator[None]:
    """Say that the engine is being stopped, and let a second signal hurry it."""
    try:
        yield
    finally:
        if not engine.ended:
            console.print(Text(f"Stopping {engine.plan.engine} …", style="dim"))
        engine.stop(hurrying=signals.hurrying)


@contextlib.contextmanager
def _progress(console: Console, plan: Plan) -> Iterator[Callable[[float, str], None]]:
    """A line that changes; in a log, another line now and then."""
    head = f"Starting {plan.engine} with {plan.name}"
    if console.is_terminal:
        with console.status(Text(clean(head))) as status:
            yield lambda seconds, line: status.update(
                Text(clean(f"{head}: {seconds:.0f} s · {line}"), overflow="ellipsis", no_wrap=True)
            )
        return
    told = [0]
    console.print(Text(clean(f"{head} …")), soft_wrap=True)

    def report(seconds: float, line: str) -> None:
        if seconds >= told[0] + _EVERY:
            told[0] = int(seconds)
            console.print(Text(clean(f"{seconds:.0f} s · {line}"), style="dim"), soft_wrap=True)

    yield report


@llm.command()
def check(ctx: typer.Context) -> None:
    """Ask the model in the settings two questions, and tell how it answers."""
    from .language_models import choose, choose_for_agents

    shell: Shell = ctx.obj
    settings = shell.settings()
    default = choose(settings)
    found = {"all agents": default, **choose_for_agents(settings, default)}
    if not any(f.choice or f.hint for f in found.values()):
        raise ModelError(
            f"There is no language model to check: {default.reason}.",
            f"Set llm.model, or serve one: `{shell.command} llm serve --model NAME`.",
        )
    faults = [fault for agents, model in found.items() if (fault := _check_one(shell.out, agents, model))]
    if faults:
        raise typer.Exit(1)


def _check_one(console: Console, agents: str, found: "Found") -> ModelError | None:
    """Ask one model, and print what came of it; the fault, if there was one."""
    told = "none" if found.hint else found.told
    console.print(Text(clean(f"{agents}: {told}"), style="bold"), soft_wrap=True)
    if found.choice is None:
        fault = ModelError(found.reason, found.hint) if found.hint else None
    else:
        fault = asyncio.run(_ask(console, found.choice))
    if fault is not None:
        console.print(Text("  ✗ ", style="red") + Text(clean(str(fault)), style="default"), soft_wrap=True)
        if fault.hint:
            console.print(Text(clean(f"    {fault.hint}"), style="dim"), soft_wrap=True)
    return fault


async def _ask(console: Console, choice: "ModelChoice") -> ModelError | None:
    """The two questions, each as the agents ask it; the first fault, if there was one."""
    from ..agents.brains import Budget, TurnLimits
    from ..tools.chat import Chat
    from ..tools.chat_models import open_chat_model

    model = open_chat_model(choice)
    chat = Chat(model, choice.model, choice.place, finishes=True)
    try:
        for ask in (_ask_for_a_shape, _ask_for_a_text):
            told = await ask(chat, Budget(TurnLimits(max_seconds=3_600.0)))
            console.print(Text("  ✓ ", style="green") + Text(told, style="default"), soft_wrap=True)
    except ModelError as fault:
        return fault
    finally:
        if client := getattr(model, "root_async_client", None):
            await client.close()
    return None


async def _ask_for_a_shape(chat: "Chat", budget: "Budget") -> str:
    from ..agents.brains import Model
    from ..agents.model.shapes import question_shape

    model, began = Model(chat, budget, "clarify"), time.perf_counter()
    await model.answer(_prompt("clarify"), question_shape(2), _TOKENS)
    repaired = ", at the second try" if model.repaired else ""
    milliseconds = (time.perf_counter() - began) * 1000
    calls = f", {budget.calls} calls" if budget.calls > 1 else ""
    return f"structured answer {WAYS[chat.way]}{repaired}: {milliseconds:.0f} ms{calls}"


async def _ask_for_a_text(chat: "Chat", budget: "Budget") -> str:
    from ..agents.brains import Model

    model, began, first = Model(chat, budget, "respond"), time.perf_counter(), 0.0
    async for _ in model.stream(_prompt("respond"), _TOKENS):
        first = first or time.perf_counter() - began
    seconds, tokens = time.perf_counter() - began, budget.usage.completion_tokens
    return (
        f"streamed answer: first words after {first * 1000:.0f} ms, {tokens} tokens in {seconds * 1000:.0f} ms, "
        f"{tokens / seconds:.0f} tokens/s"
    )


def _prompt(name: str) -> "Prompt":
    """One of the agents' prompts, filled with the sample."""
    from ..prompts import data, render
    from ..prompts.rendering import read_prompt

    foreign = ("talk", "message", "questions", "items", "draft")
    return render(name, **{b: data(b, SAMPLE[b]) if b in foreign else SAMPLE[b] for b in read_prompt(name).inputs})
