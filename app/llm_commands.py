"""`convrec llm`: serve a language model on this machine, and check the one in the settings."""

import contextlib
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ..tools.model_serving import Engine, EngineName, Plan
from .terminal import Shell, clean

llm = typer.Typer(no_args_is_help=True, help="Serve a language model on this machine; check the one in the settings.")

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
