"""`convrec report` and `convrec compare`: what runs say, for people."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from ..tools.errors import InputError
from .terminal import Shell, clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..simulator.comparing import Difference
    from ..simulator.nouns import Estimate, SystemMetrics

HEADLINES = re.compile(
    r"success rate$|pass\^|average turns|constraint|repeat|Recall@(1|10|50)$|NDCG@(5|10)$|Hit@5$|MRR$|SR@|hDCG|.* gain$|.*: m@"
    r"|calls per turn|seconds p50"
)
"""What the terminal shows of a run's metrics; the report has all."""

WIDE = 3
"""Beside more systems than this, the terminal has no room for intervals."""


def report(
    ctx: typer.Context,
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs; several are put side by side.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; report.html in the first run's folder if not given.")
    ] = None,
) -> None:
    """Write what runs say as one HTML page, with plots, tables and transcripts; it needs no network."""
    shell: Shell = ctx.obj
    path = write_run_report(runs, out)
    shell.out.print(Text(clean(str(path))), soft_wrap=True)


def compare(
    ctx: typer.Context,
    a: Annotated[Path, typer.Argument(help="A run's folder.")],
    b: Annotated[
        Path | None, typer.Argument(help="Another run with the same goals; two systems of the first if not given.")
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option("--system", "-s", help="Which system of each, where they have several; two for one run."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say whether two systems differ: on the same goals, pair by pair, with intervals and how likely chance is."""
    from ..simulator.comparing import compare_runs
    from ..simulator.reports.run_data import read_run

    shell: Shell = ctx.obj
    named = system or []
    if len(named) > 2:
        raise InputError("Two systems can be compared.", "Name one of each run: --system A --system B.")
    first = read_run(a)
    # A single name for two runs means the same system in both.
    wanted = (*named, *(named if b is not None else ()), "", "")
    comparison = compare_runs(first, read_run(b) if b else first, system_a=wanted[0], system_b=wanted[1])
    if as_json:
        typer.echo(comparison.model_dump_json(indent=2).encode())
        return
    for line in comparison.lines():
        shell.out.print(Text(clean(line)), soft_wrap=True)
    shell.out.print(Text(clean(f"{comparison.a} and {comparison.b}, difference (95% interval), p adjusted by Holm:")))
    for one in comparison.differences:
        shell.out.print(Text(clean(_difference(one))), soft_wrap=True)


def write_run_report(runs: "Sequence[Path]", out: Path | None = None) -> Path:
    """Write the report of runs; where it lies.

    Raises:
        InputError: a folder is no run.
        StoreError: the file cannot be written.
    """
    from ..simulator.reports.report import write_report
    from ..simulator.reports.run_data import read_run
    from ..simulator.runs import REPORT

    path = out or runs[0] / REPORT
    write_report([read_run(folder) for folder in runs], path)
    return path


def show_run(shell: Shell, folder: Path, metrics: "Sequence[SystemMetrics]") -> None:
    """Print what was measured, and write the report."""
    names = [n for n in dict.fromkeys(n for m in metrics for n in m.metrics) if HEADLINES.match(n)]
    table = Table(Column("", overflow="fold"), *(Column(clean(m.system), justify="right") for m in metrics))
    for name in names:
        table.add_row(name, *(_estimate(m.metrics.get(name), wide=len(metrics) > WIDE) for m in metrics))
    shell.out.print(table)
    for one in metrics:
        left_out = {name: count for name, count in one.counts.items() if count and name.startswith("excluded")}
        if left_out:
            told = ", ".join(f"{count:,} {name.removeprefix('excluded ')}" for name, count in left_out.items())
            shell.out.print(Text(clean(f"{one.system}: left out: {told}"), style="yellow"), soft_wrap=True)
            if fault := _first_fault(folder, one.system):
                shell.out.print(Text(clean(f"The first fault: {fault}"), style="yellow"), soft_wrap=True)
    shell.out.print(Text(clean(f"Report: {write_run_report([folder])}")), soft_wrap=True)


def _first_fault(folder: Path, system: str) -> str:
    """What went wrong when it first did so; empty where nothing did."""
    from ..simulator.nouns import Dialogue
    from ..simulator.runs import TRANSCRIPTS, read_records

    return next((d.fault for d in read_records(folder / TRANSCRIPTS, Dialogue) if d.system == system and d.fault), "")


def _difference(one: "Difference") -> str:
    """A difference in a line that is whole in a narrow terminal and in a pipe."""
    from ..simulator.reports.figures import probability

    return (
        f"{one.measure}: {one.a:.3f} and {one.b:.3f}, {one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f}), "
        f"p {probability(one.p_holm)}, {one.verdict}"
    )


def _estimate(estimate: "Estimate | None", *, wide: bool) -> str:
    if estimate is None:
        return "-"
    return f"{estimate.value:.3f}" + ("" if wide else f" ({estimate.low:.3f}-{estimate.high:.3f})")
