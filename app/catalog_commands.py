"""`convrec catalog`: import a file of items, look at what was imported, index it anew, remove it."""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel
from rich.table import Column, Table
from rich.text import Text

from ..tools.errors import CorruptError
from .terminal import Progress, Shell, clean, progress_bars

if TYPE_CHECKING:
    from ..tools.index import Changes
    from ..tools.items import Item
    from ..tools.reading import Fault
    from ..tools.schema import Attribute, Schema
    from ..tools.storage import Home
    from .settings import Settings

FAULTS_SHOWN = 10
SHIPPED = "films"
"""As in build.py, which is slow to import."""

catalog = typer.Typer(no_args_is_help=True, help="Import catalogues, look at them, index them anew, remove them.")

Name = Annotated[str | None, typer.Argument(help="The catalogue; the one in the settings if not given.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


class AttributeInfo(BaseModel):
    """How one attribute is filled: the share of items that have it, and its commonest values or its spread."""

    name: str
    label: str
    kind: str
    coverage: float
    common: dict[str, int] = {}
    spread: tuple[str, ...] = ()


class CatalogueInfo(BaseModel):
    """What is known of an imported catalogue."""

    name: str
    nouns: str
    items: int
    interactions: int
    popularity: str
    encoder: str
    built: datetime
    source: str
    attributes: tuple[AttributeInfo, ...]


@catalog.command("import")
def import_catalogue(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="A CSV, JSONL or Parquet file, or a MovieLens folder.")],
    name: Annotated[str | None, typer.Option(help="What to call the catalogue; the file's name if not given.")] = None,
    schema: Annotated[Path | None, typer.Option(help="A schema as TOML; inferred if not given.")] = None,
    join: Annotated[list[Path] | None, typer.Option(help="Another file about the same items; repeatable.")] = None,
    interactions: Annotated[Path | None, typer.Option(help="A file of who liked what: user, item, rating.")] = None,
    yes: Yes = False,
) -> None:
    """Import a catalogue, or bring one up to date: only what changed is indexed again."""
    from ..tools.importing import read_catalogue
    from ..tools.index import build_index
    from ..tools.schema_file import read_schema
    from ..tools.storage import Home

    shell: Shell = ctx.obj
    settings = shell.settings()
    home, name = Home(settings.home), name or slug(path)
    folder = home.catalogue(name)
    given = read_schema(schema) if schema else None
    with progress_bars(shell.err) as report:
        imported = read_catalogue(path, given, name, join or (), interactions, lambda rows: report("read", rows, 0))
    shell.out.print(_schema_table(imported.schema, imported.items))
    show_faults(shell, imported.faults)
    if given is None:
        verb = "Update" if home.exists(name) else "Make"
        shell.confirm(
            f"{verb} the catalogue {name!r} with {len(imported.items):,} items read this way?", yes, default=True
        )
    with progress_bars(shell.err) as report:
        report("prepare", 0, 0)
        changes = build_index(
            home,
            name,
            imported.items,
            imported.schema,
            imported.interactions,
            encoder=settings.encoder,
            source=str(path.absolute()),
            on_progress=report,
            method=settings.interactions.method,
            half_life_days=settings.interactions.half_life_days,
        )
    _write_faults(shell, folder, imported.faults)
    _show_changes(shell, name, changes, count_interactions(home, name))
    _show_stale(shell, home, name, [item.id for item in imported.items])
    shell.out.print(
        Text(
            f"Not what the columns mean? `{shell.command} catalog schema {name} --out {name}.toml`, edit it, and "
            f"import again with `--schema {name}.toml`.\nTalk about it: `{shell.command} chat --catalogue {name}`.",
            style="dim",
        )
    )


@catalog.command("info")
def show_info(ctx: typer.Context, name: Name = None, as_json: AsJson = False) -> None:
    """Show what a catalogue holds: its attributes, how full they are, and their commonest values."""
    shell: Shell = ctx.obj
    home, name, _ = _find(shell, name)
    info = describe_catalogue(home, name)
    if as_json:
        typer.echo(info.model_dump_json(indent=2).encode())
        return
    facts = {
        "items": f"{info.items:,} {info.nouns}",
        "interactions": f"{info.interactions:,}",
        "popularity by": info.popularity,
        "encoder": info.encoder,
        "built": f"{info.built:%Y-%m-%d %H:%M}",
        "source": info.source,
    }
    for key, value in facts.items():
        shell.out.print(Text(f"{key:>14}  ", style="dim") + Text(clean(value)), soft_wrap=True)
    table = Table(Column("attribute", overflow="fold"), "kind", "filled", "commonest values, or least · middle · most")
    for a in info.attributes:
        values = ", ".join(f"{v} ({n:,})" for v, n in a.common.items()) or " · ".join(a.spread)
        table.add_row(*(Text(clean(t)) for t in (a.name, a.kind, f"{a.coverage:.0%}", values)))
    shell.out.print(table)


@catalog.command("list")
def list_catalogues(ctx: typer.Context) -> None:
    """List the catalogues that have been imported."""
    from ..tools.storage import Home, read_manifest

    shell: Shell = ctx.obj
    home = Home(shell.settings().home)
    for name in home.names():
        try:
            manifest = read_manifest(home.version(name))
            what = f"{manifest.items:,} items, built {datetime.fromtimestamp(manifest.built):%Y-%m-%d %H:%M}"
        except CorruptError as fault:
            what = f"damaged: {fault.hint}"
        shell.out.print(Text(f"{name:<20} ", style="bold") + Text(clean(what)), soft_wrap=True)
    if not home.names():
        shell.out.print(Text(f"None yet in {home.folder}; the film catalogue is built when it is first used."))


@catalog.command("schema")
def show_schema(
    ctx: typer.Context,
    name: Name = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
) -> None:
    """Print a catalogue's schema as TOML, to be edited and given to `catalog import --schema`."""
    from ..tools.files import write_text
    from ..tools.schema_file import schema_text
    from ..tools.storage import read_version_schema

    shell: Shell = ctx.obj
    home, name, _ = _find(shell, name)
    text = schema_text(read_version_schema(home.version(name)))
    if out is None:
        typer.echo(text.encode(), nl=False)
        return
    write_text(out, text)
    shell.err.print(Text(f"Wrote {out}. Edit it, then import again with --schema {out}."), soft_wrap=True)


@catalog.command("index")
def index_catalogue(
    ctx: typer.Context,
    name: Name = None,
    rebuild: Annotated[bool, typer.Option(help="Build everything anew, even what looks whole.")] = False,
) -> None:
    """Bring a catalogue's index up to date with the encoder in the settings, and mend it if it is damaged."""
    from ..tools.index import rebuild_index

    shell: Shell = ctx.obj
    home, name, settings = _find(shell, name)
    try:
        with progress_bars(shell.err) as report:
            report("prepare", 0, 0)
            changes = None if rebuild else _update(shell, home, name, settings.encoder, report)
            changes = changes or rebuild_index(home, name, encoder=settings.encoder, on_progress=report)
    except CorruptError:
        if name != SHIPPED:
            raise
        # Its source came with the program, so even lost items can be had again.
        (home.catalogue(name) / "CURRENT").unlink(missing_ok=True)
        shell.ensure(settings)
        shell.out.print(Text(f"The catalogue {name!r} was made anew from what ships with convrec."))
        return
    _show_changes(shell, name, changes, count_interactions(home, name))


@catalog.command("remove")
def remove_catalogue(ctx: typer.Context, name: Annotated[str, typer.Argument()], yes: Yes = False) -> None:
    """Delete a catalogue, its index and its users' interactions; the files that they came from stay."""
    from ..tools.index import remove_index
    from ..tools.storage import Home

    shell: Shell = ctx.obj
    home = Home(shell.settings().home)
    if not home.exists(name):
        home.version(name)
    shell.confirm(f"Delete the catalogue {name!r} from {home.folder}?", yes)
    remove_index(home, name)
    shell.err.print(Text(f"Deleted the catalogue {name!r}."))


def count_interactions(home: "Home", name: str) -> int:
    """How many interactions a catalogue has.

    Raises:
        CorruptError: they are damaged.
    """
    from ..tools.history import open_log

    history = open_log(home, name)
    return len(history.log) if history else 0


def slug(path: Path) -> str:
    """A catalogue's name from a file's: "My Games (2024).csv.gz" -> "my-games-2024"."""
    import unicodedata

    stem = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:51] or "catalogue"


def describe_catalogue(home: "Home", name: str) -> CatalogueInfo:
    """What is known of an imported catalogue.

    Raises:
        UnknownCatalogueError: it was never imported.
        CorruptError: a file of it is damaged.
    """
    from ..tools.storage import read_items, read_manifest, read_version_schema

    version = home.version(name)
    manifest, schema, items = read_manifest(version), read_version_schema(version), read_items(version)
    known = schema.measuring("popularity") or schema.measuring("rating")
    heard = count_interactions(home, name)
    popularity = "interactions" if heard else known.name if known else "nothing (all alike)"
    return CatalogueInfo(
        name=name,
        nouns=schema.nouns,
        items=manifest.items,
        interactions=heard,
        popularity=popularity,
        encoder=manifest.encoder,
        built=datetime.fromtimestamp(manifest.built).astimezone(),
        source=manifest.source,
        attributes=tuple(_describe_attribute(a, items) for a in schema.attributes),
    )


def _describe_attribute(attribute: "Attribute", items: "Sequence[Item]") -> AttributeInfo:
    from ..tools.catalogue import describe_value

    values = [i.attributes[attribute.name] for i in items if attribute.name in i.attributes]
    common: dict[str, int] = {}
    spread: tuple[str, ...] = ()
    if attribute.kind == "category":
        common = dict(Counter(label for v in values if isinstance(v, tuple) for label in v).most_common(5))
    elif attribute.kind in ("number", "date") and values:
        ordered = sorted(values, key=lambda v: v if isinstance(v, float) else str(v))
        three = (ordered[0], statistics.median_low(ordered), ordered[-1])
        spread = tuple(describe_value(v, attribute) for v in three)
    return AttributeInfo(
        name=attribute.name,
        label=attribute.label,
        kind=attribute.kind,
        coverage=len(values) / max(len(items), 1),
        common=common,
        spread=spread,
    )


def _find(shell: Shell, name: str | None) -> "tuple[Home, str, Settings]":
    """The data folder, the catalogue's name and the settings; the catalogue that ships is built if it is missing."""
    from ..tools.storage import Home

    settings = shell.settings(catalogue=name)
    home = Home(settings.home)
    if not home.exists(settings.catalogue):
        shell.ensure(settings)
    return home, settings.catalogue, settings


def _update(shell: Shell, home: "Home", name: str, encoder: str, report: Progress) -> "Changes | None":
    """Index a catalogue's own items again where their vectors are another encoder's; None if the index is damaged."""
    from ..tools.index import build_index, open_index
    from ..tools.storage import read_items, read_manifest, read_version_schema

    try:
        open_index(home, name, with_history=False)
        version = home.version(name)
        items, schema, source = read_items(version), read_version_schema(version), read_manifest(version).source
        return build_index(home, name, items, schema, encoder=encoder, source=source, on_progress=report)
    except CorruptError as fault:
        shell.err.print(Text(clean(f"{fault}\nBuilding it anew."), style="dim"), soft_wrap=True)
        return None


def _show_stale(shell: Shell, home: "Home", name: str, item_ids: "Sequence[str]") -> None:
    """Say if what was learnt from interactions no longer fits the items."""
    from ..tools.history import open_history

    history = open_history(home, name)
    if history and (stale := history.stale(item_ids)):
        told = f"What was learnt from interactions is out of date: {stale}."
        mend = f"`{shell.command} interactions fit --catalogue {name}` mends it."
        shell.err.print(Text(clean(f"{told} {mend}")), soft_wrap=True)


def _schema_table(schema: "Schema", items: "Sequence[Item]") -> Table:
    source = schema.source
    parts = {"id": source.id, "title": source.title, "text": ", ".join(source.text), "url": source.url}
    found = " · ".join(f"{part}: {column}" for part, column in parts.items() if column)
    table = Table(
        Column("attribute", overflow="fold"),
        "kind",
        "called",
        "for example",
        title=Text(clean(found)),
        title_justify="left",
    )
    for a in schema.attributes:
        kind = a.kind + (", several" if a.many else "") + (", loose" if a.open else "")
        kind += f", {a.measure}" if a.measure else ""
        kind += f" ({a.unit})" if a.unit else ""
        info = _describe_attribute(a, items)
        sample = ", ".join(list(info.common)[:3]) or " · ".join(info.spread)
        table.add_row(*(Text(clean(t)) for t in (a.name, kind, a.label, sample)))
    return table


def show_faults(shell: Shell, faults: "Sequence[Fault]") -> None:
    """Say what is wrong with the first faulty rows of a file, and how many there are."""
    for fault in faults[:FAULTS_SHOWN]:
        place = f"line {fault.line}: " if fault.line else ""
        shell.err.print(Text(clean(f"{place}{fault.reason}"), style="yellow"), soft_wrap=True)
    if faults:
        found = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
        shell.err.print(Text(f"{found}: what they speak of is left out, all the rest is imported.", style="yellow"))


def _write_faults(shell: Shell, folder: Path, faults: "Sequence[Fault]") -> None:
    from ..tools.files import write_text

    path = folder / "faults.jsonl"
    if len(faults) <= FAULTS_SHOWN:
        path.unlink(missing_ok=True)
        return
    write_text(path, "".join(f.model_dump_json() + "\n" for f in faults))
    shell.err.print(Text(f"All of them are in {path}.", style="yellow"), soft_wrap=True)


def _show_changes(shell: Shell, name: str, changes: "Changes", interactions: int) -> None:
    total = changes.changed + changes.kept
    told = f"{changes.changed:,} new or changed, {changes.removed:,} gone, {changes.kept:,} as they were"
    heard = f", {interactions:,} interactions" if interactions else ""
    shell.out.print(Text(f"The catalogue {name!r} has {total:,} items ({told}){heard}."), soft_wrap=True)
