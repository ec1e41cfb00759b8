"""`convrec interactions`: import who liked what, learn from it, look at it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from ..tools.errors import ImportFailedError, InputError
from .catalog_commands import show_faults
from .terminal import Progress, Shell, clean, progress_bars

if TYPE_CHECKING:
    from ..tools.history import History
    from ..tools.interaction_log import Log
    from ..tools.items import Interaction, Item
    from ..tools.reading import Fault
    from ..tools.storage import Home
    from .settings import Settings

EXAMPLES = 5
"""Unknown items that are named."""

interactions = typer.Typer(
    no_args_is_help=True,
    help="Who liked what: import it, learn from it which items go together, look at it.",
)

Catalogue = Annotated[
    str | None,
    typer.Option("--catalogue", "-c", help="Whose items these are; the catalogue in the settings if not given."),
]


@dataclass
class _Read:
    """What a file held: interactions with items of the catalogue, and with others."""

    log: "Log"
    faults: "list[Fault]"
    unknown: Counter[str] = field(default_factory=Counter)


@interactions.command("import")
def import_interactions(
    ctx: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            help="A CSV, TSV, JSONL or Parquet file with user, item and, if there are, value and time; RecBole's .inter; "
            "MovieLens' ratings, or their folder."
        ),
    ],
    catalogue: Catalogue = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget the interactions that are there; without it, these are added.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the file holds; write nothing.")] = False,
) -> None:
    """Add interactions to a catalogue and learn from them; one with the same user, item and time takes the old one's place.

    Until all is learnt, and if this is stopped with Ctrl-C, what was there before counts.
    """
    from ..tools.history import import_history

    shell: Shell = ctx.obj
    home, settings, items = _open(shell, catalogue)
    name, ids = settings.catalogue, [item.id for item in items]
    with progress_bars(shell.err) as report:
        read = _read(home, name, path, set(ids), report)
    show_faults(shell, read.faults)
    _show_unknown(shell, read.unknown)
    if not len(read.log):
        raise ImportFailedError(
            f"{path.name}: none of its interactions is with an item of the catalogue {name!r}.",
            f"Items are named by their ids; `{shell.command} ask --json` shows some.",
        )
    if dry_run:
        _say(shell, f"{path.name} holds {_size(read.log)} of the catalogue {name!r}. Nothing was written.")
        return
    with progress_bars(shell.err) as report:
        history = import_history(
            home,
            name,
            read.log,
            ids,
            replace=replace,
            method=settings.interactions.method,
            half_life_days=settings.interactions.half_life_days,
            on_progress=lambda done, total: report("learn", done, total),
        )
    _say(shell, f"Read {_size(read.log)}. The catalogue {name!r} now has {_size(history.log)}.")
    _say(shell, _learnt(history))


@interactions.command("fit")
def fit_interactions(
    ctx: typer.Context,
    catalogue: Catalogue = None,
    talks: Annotated[
        bool, typer.Option("--talks/--no-talks", help="Learn also from what people liked and disliked in their talks.")
    ] = True,
) -> None:
    """Learn anew from the interactions that are there, by the method and half-life in the settings.

    Up to 20,000 items EASE takes 4 bytes of memory for each pair of items (1.6 GB); above, items are learnt in groups.
    """
    from ..tools.history import fit_history

    shell: Shell = ctx.obj
    home, settings, items = _open(shell, catalogue)
    said = _liked_in_talks(settings) if talks else []
    with progress_bars(shell.err) as report:
        history = fit_history(
            home,
            settings.catalogue,
            [item.id for item in items],
            also=said,
            method=settings.interactions.method,
            half_life_days=settings.interactions.half_life_days,
            on_progress=lambda done, total: report("learn", done, total),
        )
    _say(shell, _learnt(history))
    if said:
        _say(shell, f"Also learnt from talks: {len(said):,} likes and dislikes.")


@interactions.command("show")
def show_interactions(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Option("--user", "-u", help="Show this user's own interactions too.")] = None,
    catalogue: Catalogue = None,
) -> None:
    """Show how many interactions a catalogue has, what was learnt from them and when, and whether that is up to date."""
    from ..tools.history import open_history

    shell: Shell = ctx.obj
    home, settings, items = _open(shell, catalogue)
    name, wanted = settings.catalogue, settings.interactions
    history = open_history(home, name)
    if history is None:
        raise InputError(
            f"The catalogue {name!r} has no interactions.",
            f"`{shell.command} interactions import FILE --catalogue {name}` brings some.",
        )
    stale = history.stale([item.id for item in items], wanted.method, wanted.half_life_days)
    facts = {
        "interactions": _size(history.log),
        "written": f"{datetime.fromtimestamp(history.about.written):%Y-%m-%d %H:%M}",
        "learnt": _learnt(history) if history.fitted else "nothing yet",
        "up to date": f"no: {stale}; `{shell.command} interactions fit --catalogue {name}` mends it"
        if stale
        else "yes",
    }
    for key, value in facts.items():
        shell.out.print(Text(f"{key:>14}  ", style="dim") + Text(clean(value)), soft_wrap=True)
    if user is not None:
        _show_user(shell, history.log, user, {item.id: item.title for item in items})


def _liked_in_talks(settings: "Settings") -> "list[Interaction]":
    """What people liked and disliked in talks about the catalogue."""
    from ..agents.recall import liked_in_talks
    from .build import open_memories

    with open_memories(settings) as store:
        return asyncio.run(liked_in_talks(store, settings.catalogue))


def _open(shell: Shell, catalogue: str | None) -> "tuple[Home, Settings, list[Item]]":
    """The data folder, the settings and the catalogue's items; the catalogue that ships is built if it is missing."""
    from ..tools.storage import Home, read_items

    settings = shell.settings(catalogue=catalogue)
    home = Home(settings.home)
    if not home.exists(settings.catalogue):
        shell.ensure(settings)
    return home, settings, read_items(home.version(settings.catalogue))


def _read(home: "Home", name: str, path: Path, known: set[str], report: Progress) -> _Read:
    from ..tools.interaction_log import Log
    from ..tools.interactions import each_interaction
    from ..tools.items import Interaction
    from ..tools.storage import read_version_schema

    faults: list[Fault] = []
    unknown: Counter[str] = Counter()

    def of_known() -> Iterator[Interaction]:
        noun = read_version_schema(home.version(name)).noun
        for number, one in enumerate(each_interaction(path, faults, noun), 1):
            if number % 1000 == 0:
                report("read", number, 0)
            if one.item in known:
                yield one
            else:
                unknown[one.item] += 1

    return _Read(Log.of(of_known()), faults, unknown)


def _show_unknown(shell: Shell, unknown: Counter[str]) -> None:
    if unknown:
        examples = ", ".join(repr(item[:40]) for item, _ in unknown.most_common(EXAMPLES))
        told = f"{unknown.total():,} interactions speak of {len(unknown):,} items that the catalogue does not have"
        shell.err.print(Text(clean(f"{told}, such as {examples}."), style="yellow"), soft_wrap=True)


def _show_user(shell: Shell, log: "Log", user: str, titles: dict[str, str]) -> None:
    theirs = log.of_user(user)
    if not theirs:
        _say(shell, f"The user {user!r} has no interactions.")
        return
    table = Table("when", "value", Column("item", overflow="fold"), Column("title", overflow="fold"))
    for one in theirs:
        when = f"{datetime.fromtimestamp(one.time):%Y-%m-%d}" if one.time else ""
        title = titles.get(one.item, "(no longer in the catalogue)")
        table.add_row(when, f"{one.value:g}", Text(clean(one.item)), Text(clean(title)))
    shell.out.print(table)


def _size(log: "Log") -> str:
    return f"{len(log):,} interactions of {len(log.users):,} users with {len(log.ids):,} items"


def _learnt(history: "History") -> str:
    fitted = history.fitted
    if fitted is None:
        return "Nothing was learnt yet."
    method = {"ease": "EASE", "neighbours": "neighbours"}[fitted.method]
    faded = f", half-life {fitted.half_life_days:g} days" if fitted.half_life_days else ""
    when = f"{datetime.fromtimestamp(fitted.fitted):%Y-%m-%d %H:%M}"
    return f"Learnt by {method} on {when} from {fitted.log.interactions:,} interactions: {fitted.items:,} items{faded}."


def _say(shell: Shell, text: str) -> None:
    shell.out.print(Text(clean(text)), soft_wrap=True)
