"""`convrec evaluate`: offline protocols, on dialogues between people and on histories."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..tools.errors import InputError
from .simulate_command import reported_run
from .terminal import Shell, progress_bars

if TYPE_CHECKING:
    from ..simulator.offline.protocols import EvaluationPlan, Ground
    from .settings import Settings


def evaluate(
    ctx: typer.Context,
    protocol: Annotated[
        str | None,
        typer.Argument(
            help="redial, opendialkg, inspired, dialogues, next-item, attributes or steering.", show_default=False
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Argument(
            help="The data set's folder, or a JSONL file of dialogues; without it, the histories of the catalogue.",
            show_default=False,
        ),
    ] = None,
    also: Annotated[
        list[Path] | None, typer.Option(help="Another folder that is read: MovieLens' or ReDial's. May be repeated.")
    ] = None,
    system: Annotated[
        list[str] | None, typer.Option("--system", "-s", help="Who ranks; ours and the usual baselines if not given.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="A signal of the ranking to leave out, or collaborative, in one more system each."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", help="So many cases, drawn by chance; 0 for all (0).")
    ] = None,
    candidates: Annotated[
        str | None, typer.Option(help="Candidates of next-item: sampled, targets, retrieved or all (sampled).")
    ] = None,
    count: Annotated[int | None, typer.Option(help="How many candidates (20).")] = None,
    seed: Annotated[int | None, typer.Option(help="What all chance begins with (0).")] = None,
    catalogue: Annotated[str | None, typer.Option("--catalogue", "-c", help="A catalogue that was imported.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder; one in the data folder if not given.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with a run that was stopped, by its own plan.")] = None,
) -> None:
    """Measure rankings on dialogues between people, or on histories, beside baselines in the same run."""
    from ..simulator.offline.protocols import begin_evaluation
    from ..simulator.offline.protocols import evaluate as run

    shell: Shell = ctx.obj
    given: dict[str, Any] = {
        "protocol": protocol, "data": data and str(data), "also": also and tuple(map(str, also)), "systems": system,
        "without": without, "limit": limit, "candidates": candidates, "count": count, "seed": seed,
        "catalogue": catalogue,
    }  # fmt: skip
    plan, folder = _begin(shell, given, out, resume)
    settings = shell.settings(catalogue=plan.catalogue or None)
    ground = _ground(shell, settings, plan)
    if resume is None:
        begin_evaluation(folder, plan)
    with reported_run(shell, "evaluate", folder), progress_bars(shell.err) as report:
        metrics = asyncio.run(run(folder, ground, lambda _, done, total: report("rank", done, total)))
    from .run_commands import show_run

    show_run(shell, folder, metrics)


def _begin(shell: Shell, given: dict[str, Any], out: Path | None, resume: Path | None) -> "tuple[EvaluationPlan, Path]":
    """The plan and the folder of a run: one that goes on, or a new one, of which nothing is written yet."""
    from ..simulator.offline.protocols import EvaluationConfig, EvaluationPlan
    from ..simulator.runs import read_config
    from .plans import checked

    if resume is not None:
        if out is not None or any(value is not None for value in given.values()):
            raise InputError("A run goes on by its own plan.", "Give --resume alone.")
        return read_config(resume, EvaluationConfig).plan, resume
    plan = checked(EvaluationPlan, given)
    # A run may go on from another folder.
    also = tuple(str(Path(one).resolve()) for one in plan.also)
    plan = plan.model_copy(update={"data": plan.data and str(Path(plan.data).resolve()), "also": also})
    settings = shell.settings()
    if not plan.data or plan.protocol == "dialogues":
        plan = plan.model_copy(update={"catalogue": plan.catalogue or settings.catalogue})
    folder = out or settings.home / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{plan.protocol}"
    return plan, folder


def _ground(shell: Shell, settings: "Settings", plan: "EvaluationPlan") -> "Ground":
    from ..simulator.baselines import ASKING
    from ..simulator.offline.protocols import Ground
    from ..tools.encoder import load_encoder
    from ..tools.history import open_log
    from ..tools.index import open_index
    from ..tools.storage import Home
    from .thinking import open_chat

    home = Home(settings.home)
    index = log = None
    if plan.catalogue:
        shell.ensure(settings)
        index = open_index(home, settings.catalogue)
        opened = open_log(home, settings.catalogue)
        log = opened.log if opened is not None else None
    chat = open_chat(settings) if any(name in ASKING for name in plan.systems) else None
    return Ground(load_encoder(settings.encoder, home.encoders), home.folder / "vectors", index, log, chat)
