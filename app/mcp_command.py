"""`convrec mcp`: the recommender as tools for an agent on this machine, over stdin and stdout."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .terminal import Shell


def mcp(
    ctx: typer.Context,
    user: Annotated[str, typer.Option("--user", "-u", help="Whose taste and history count.")] = "me",
    catalogue: Annotated[str | None, typer.Option("--catalogue", "-c", help="The catalogue to talk about.")] = None,
) -> None:
    """Serve tools to an agent over stdin and stdout (MCP); the agent's settings name this command."""
    from ..tools.storage import Home, read_version_schema
    from .mcp.stdio import serve_stdio

    shell: Shell = ctx.obj
    settings = shell.settings(catalogue=catalogue)
    recommender = shell.open(settings)
    schema = read_version_schema(Home(settings.home).version(settings.catalogue))
    if serve_stdio(recommender, user, schema):
        raise typer.Exit(130)
