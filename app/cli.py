"""The command line: `convrec serve`, `ui`, `chat`, `ask`, `catalog`, `memory`, `key`, `doctor`.

What people can mend is printed with a hint and ends with code 2; Ctrl-C ends with 130; a bug keeps its traceback.
Answers go to stdout, everything else to stderr.
"""

import asyncio
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from ..tools.errors import ConvrecError, MessageError
from .catalog_commands import catalog
from .chat import PRIVATE, Chat, new_thread, read_lines
from .evaluate_command import evaluate
from .interaction_commands import interactions
from .key_commands import key
from .llm_commands import llm
from .mcp_command import mcp
from .memory_commands import memory
from .run_commands import compare, report
from .serve_command import serve, ui
from .simulate_command import simulate
from .terminal import Shell, clean, show_answer, show_fault, steps_line

if TYPE_CHECKING:
    from ..agents.state import Answer

_MOST_INPUT = 1_000_000
"""Characters of stdin that `ask -` reads; more than any limit on a message."""


class Guarded(TyperGroup):
    """A group of commands that explains the faults its users can mend, and exits with 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ConvrecError as fault:
            shell = ctx.obj if isinstance(ctx.obj, Shell) else Shell()
            show_fault(shell.err, fault)
            raise typer.Exit(2) from fault


app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Talk with a recommender about any catalogue until you have found something you want.",
)
app.add_typer(catalog, name="catalog")
app.add_typer(interactions, name="interactions")
app.add_typer(key, name="key")
app.add_typer(llm, name="llm")
app.add_typer(memory, name="memory")

app.command()(serve)
app.command()(ui)
app.command()(mcp)
app.command()(simulate)
app.command()(evaluate)
app.command()(report)
app.command()(compare)

User = Annotated[str, typer.Option("--user", "-u", help="Whose taste and history count.")]
Catalogue = Annotated[str | None, typer.Option("--catalogue", "-c", help="The catalogue to talk about.")]
Private = Annotated[bool, typer.Option("--private", help="Write nothing of the conversation down.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"convrec {version('convrec')}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option("--home", metavar="PATH", help="The data folder, in place of CONVREC_HOME.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Talk with a recommender about any catalogue until you have found something you want."""
    if not isinstance(ctx.obj, Shell):
        ctx.obj = Shell()
    ctx.obj.home = home


@app.command()
def chat(
    ctx: typer.Context,
    user: User = "me",
    thread: Annotated[str | None, typer.Option("--thread", "-t", help="The conversation to go on with.")] = None,
    catalogue: Catalogue = None,
    private: Private = False,
) -> None:
    """Chat in the terminal; a pipe works too, one message per line."""
    shell: Shell = ctx.obj
    settings = shell.settings(catalogue=catalogue)
    recommender = shell.open(settings)
    private = private or settings.memory.private
    conversation = Chat(shell.out, recommender, user, thread or new_thread(), private=private)
    interactive = sys.stdin.isatty()
    if interactive:
        shell.out.print(Text("Say what you are looking for; /help lists the commands.", style="bold"))
        shell.out.print(Text(f"Answered by {clean(recommender.brain)}.", style="dim"))
        shell.out.print(Text("For example: " + " · ".join(map(clean, recommender.examples)), style="dim"))
        if private:
            shell.out.print(Text(PRIVATE, style="dim"))
    conversation.run(read_lines(shell.out))
    if not interactive and conversation.faults:
        raise typer.Exit(2)
    if interactive and not conversation.private:
        shell.err.print(Text(f"To go on later: convrec chat --thread {conversation.thread}", style="dim"))


@app.command()
def ask(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="What to say; - reads it from stdin.", show_default=False)],
    user: User = "me",
    thread: Annotated[
        str | None, typer.Option("--thread", "-t", help="The conversation to go on with; a new one if not given.")
    ] = None,
    catalogue: Catalogue = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    private: Private = False,
) -> None:
    """Say one thing and print the answer."""
    shell: Shell = ctx.obj
    settings = shell.settings(catalogue=catalogue)
    message = _readable(sys.stdin.read(_MOST_INPUT) if text == "-" else text)

    async def take_turn() -> "Answer":
        async with shell.open(settings) as recommender:
            return await recommender.reply(message, user=user, thread=thread or new_thread(), private=private)

    answer = asyncio.run(take_turn())
    if as_json:
        # JSON is UTF-8, whatever the terminal speaks.
        typer.echo(answer.model_dump_json(indent=2).encode())
        return
    show_answer(shell.out, answer)
    shell.err.print(Text(steps_line(answer), style="dim"))
    if not (private or settings.memory.private):
        shell.err.print(Text(f"To go on: convrec ask --thread {answer.thread} …", style="dim"))


@app.command()
def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check what is installed and what is missing, and name the commands that mend it."""
    from .doctor import examine, show_report

    shell: Shell = ctx.obj
    report = examine(shell.settings, command=shell.command)
    if as_json:
        typer.echo(report.model_dump_json(indent=2).encode())
    else:
        show_report(shell.out, report)
    raise typer.Exit(0 if report.ok else 1)


def _readable(text: str) -> str:
    """The text, if it is one: bytes that are not UTF-8 reach us as surrogates.

    Raises:
        MessageError: it is not UTF-8.
    """
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise MessageError("The message is not UTF-8 text.", "Save or send it as UTF-8.")
    return text


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape" if stream is sys.stdin else "replace")
    app(prog_name="convrec")
