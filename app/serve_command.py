"""`convrec serve` and `convrec ui`: the page, the HTTP API and MCP on one port."""

import threading
import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from .terminal import Shell, clean, progress_bars

if TYPE_CHECKING:
    from .settings import Settings
    from .ui.page import Page

Host = Annotated[
    str | None,
    typer.Option(help="The address to serve on; 0.0.0.0 lets others in, and needs a key.", metavar="ADDRESS"),
]
Port = Annotated[int | None, typer.Option(help="The port to serve on.", metavar="PORT")]
Catalogue = Annotated[str | None, typer.Option("--catalogue", "-c", help="The catalogue to talk about.")]


def serve(ctx: typer.Context, host: Host = None, port: Port = None, catalogue: Catalogue = None) -> None:
    """Serve the page, the HTTP API at /v1, OpenAI's protocol at /openai/v1 and MCP at /mcp.

    Without keys it answers this machine alone; `convrec key add` makes them. /docs tells of the API, /readyz whether it
    is ready, /metrics its numbers. Ctrl-C or SIGTERM stops it when the turns under way are done; a second one stops it
    at once.
    """
    shell: Shell = ctx.obj
    run(shell, shell.settings(catalogue=catalogue, serve={"host": host, "port": port}))


def ui(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    browser: Annotated[bool, typer.Option(help="Show the page in a browser.")] = True,
    catalogue: Catalogue = None,
) -> None:
    """Open the chat page in a browser; what `convrec serve` serves is there too."""
    shell: Shell = ctx.obj
    settings = shell.settings(catalogue=catalogue, ui={"host": host, "port": port})
    served = settings.serve.model_copy(update={"host": settings.ui.host, "port": settings.ui.port})
    run(shell, settings.model_copy(update={"serve": served}), browser=browser)


def run(shell: Shell, settings: "Settings", *, browser: bool = False) -> None:
    """Serve by settings until a signal says to stop.

    Raises:
        SettingsError: others can reach the server and no key was made; or the port is taken.
        UnknownCatalogueError: the catalogue was never imported.
        StoreError: the data folder cannot be used.
        KeyboardInterrupt: Ctrl-C stopped it.
    """
    from .serving.access import admit_simulation
    from .serving.server import check_open, serve
    from .serving.service import open_service
    from .ui.page import build_page

    with progress_bars(shell.err) as report:
        service = open_service(settings, on_progress=report)
        # Before the index is built or loaded, which takes a while.
        check_open(service, settings.serve.host)
        schema = service.recommender.catalogue.schema

    def page() -> "Page":
        return build_page(
            service.recommender, private=settings.memory.private, minds=service.minds, pictures=service.pictures,
            jobs=service.jobs, arena=service.arena, admit=service.throttle.count,
            admit_job=lambda user: admit_simulation(service, user), hold=service.throttle.turn,
        )  # fmt: skip

    def tell(address: str) -> None:
        root = f"{address}{settings.serve.root_path}"
        shell.err.print(Text(f"convrec is at {root} (Ctrl-C stops it)."), soft_wrap=True)
        told = f"It talks about {schema.nouns} ({settings.catalogue}), answered by {service.recommender.brain}."
        shell.err.print(Text(clean(told), style="dim"), soft_wrap=True)
        if not service.keys.any():
            shell.err.print(Text("No key was made: everybody on this machine may use it.", style="dim"), soft_wrap=True)
        if browser:
            threading.Thread(target=webbrowser.open, args=(root,), daemon=True).start()

    serve(service, page, settings.serve.host, settings.serve.port, told=tell)
