"""`convrec key`: who may call the server."""

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from .terminal import Shell, clean

if TYPE_CHECKING:
    from .serving.keys import Key, Keys, Scope

key = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys with which others call the server.")


@key.command("add")
def add_key(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The user whose key it is, or the service.", show_default=False)],
    service: Annotated[
        bool, typer.Option("--service", help="For a service, which calls for users of its own.")
    ] = False,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="What it allows: chat, items, memory, simulate or metrics; several times for several. "
            "The first three if not given.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        float | None, typer.Option("--days", help="After how many days it runs out; never if not given.")
    ] = None,
) -> None:
    """Make a key and print it. It is shown this once and kept nowhere; from the first key on, every call needs one."""
    from .serving.keys import USER_SCOPES

    shell: Shell = ctx.obj
    keys = _keys(shell)
    first = not keys.any()
    # What is no scope is refused where the scopes are known.
    wanted: tuple[Scope, ...] = tuple(scope or USER_SCOPES)  # pyright: ignore[reportAssignmentType]
    made = keys.add(name, "service" if service else "user", wanted, days)
    typer.echo(made)
    found = next(k for k in keys.all() if made.startswith(f"convrec_{k.id}_"))
    whose = "the service" if service else "the user"
    ends = f" until {_date(found.expires)}" if found.expires else ""
    told = f"Key {found.id} is for {whose} {name}, and allows {', '.join(found.scopes)}{ends}. It is shown this once."
    shell.err.print(Text(clean(told)), soft_wrap=True)
    if first:
        shell.err.print(
            Text("From now on every call needs a key, also from this machine.", style="dim"), soft_wrap=True
        )


@key.command("list")
def list_keys(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the keys: whose they are, what they allow, and when they run out; the keys themselves are kept nowhere."""
    from pydantic import TypeAdapter

    from .serving.keys import Key

    shell: Shell = ctx.obj
    keys = _keys(shell).all()
    if as_json:
        typer.echo(TypeAdapter(list[Key]).dump_json(keys, indent=2, exclude={"__all__": {"hash"}}))
        return
    if not keys:
        shell.err.print(Text(f"There are no keys; `{shell.command} key add NAME` makes one."), soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "name", "kind", "scopes", "created", "expires"):
        table.add_column(column, overflow="fold")
    for one in keys:
        table.add_row(*map(Text, _row(one)))
    shell.out.print(table)


@key.command("revoke")
def revoke_key(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how that begins.", show_default=False)],
) -> None:
    """Take a key back, and sign out whoever signed in with it; a server that runs knows at once."""
    shell: Shell = ctx.obj
    keys = _keys(shell)
    gone = keys.revoke(number)
    shell.err.print(Text(clean(f"Key {gone.id} of {gone.name} is revoked.")), soft_wrap=True)
    if not keys.all():
        told = "No key is left, and every call still needs one."
        shell.err.print(Text(told, style="dim"), soft_wrap=True)


def _keys(shell: Shell) -> "Keys":
    from .serving.keys import FILE, Keys

    return Keys(shell.settings().home / FILE)


def _row(one: "Key") -> tuple[str, ...]:
    ends = _date(one.expires) if one.expires else "never"
    past = one.expires is not None and one.expires <= time.time()
    return (one.id, clean(one.name), one.kind, " ".join(one.scopes), _date(one.created), f"{ends}{' (past)' * past}")


def _date(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
