"""`convrec simulate`: conversations of simulated users with systems, measured."""

import asyncio
import contextlib
import os
import shlex
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from ..tools.errors import InputError
from .terminal import Shell, clean

if TYPE_CHECKING:
    from ..simulator.plan import Plan
    from ..simulator.simulate import Progress
    from .settings import Settings

FEW = 100
"""Up to so many conversations are held in this process: others would take longer to start."""

Flags = dict[str, Any]
"""What was given on the command line, by the plan's names; None where nothing was."""


def simulate(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A plan as YAML, with the names of these flags; flags count before it.", show_default=False
        ),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option("--system", "-s", help="Who is talked with: convrec, popular, bm25, … , a URL, or module:name."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A part of convrec to switch off, in one more system each.")
    ] = None,
    goals: Annotated[int | None, typer.Option("--goals", "-n", help="How many users, each with a goal (100).")] = None,
    trials: Annotated[int | None, typer.Option(help="Conversations per goal and system, for pass^k (1).")] = None,
    user: Annotated[str | None, typer.Option(help="Who talks: agenda, llm or replay (agenda).")] = None,
    source: Annotated[
        str | None, typer.Option(help="Where goals come from: history, catalogue, or auto (auto).")
    ] = None,
    goals_file: Annotated[Path | None, typer.Option(help="The goals.jsonl of an earlier run.")] = None,
    dialogues: Annotated[Path | None, typer.Option(help="Dialogues between people, to replay.")] = None,
    persona: Annotated[list[str] | None, typer.Option(help="Only users of this kind; may be repeated.")] = None,
    returning: Annotated[
        bool | None,
        typer.Option("--returning/--strangers", help="Whether systems know the users' earlier histories (strangers)."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What all chance begins with (0).")] = None,
    max_turns: Annotated[int | None, typer.Option(help="Turns of a conversation at most (12).")] = None,
    judge: Annotated[bool | None, typer.Option("--judge", help="Let a chat model judge each conversation.")] = None,
    user_model: Annotated[str | None, typer.Option(help="The simulated user's chat model, for --user llm.")] = None,
    catalogue: Annotated[str | None, typer.Option("--catalogue", "-c", help="The catalogue to talk about.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder; one in the data folder if not given.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with a run that was stopped, by its own plan.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=1_000, help="Processes; 0 for this one. As many as there are cores.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=1_000, help="Conversations at once in each; as many as llm.concurrency.")
    ] = None,
    executor: Annotated[str, typer.Option(help="Where the work is done: local or ray.")] = "local",
    ray_address: Annotated[str, typer.Option(help="A Ray cluster's address; RAY_ADDRESS if not given.")] = "",
) -> None:
    """Let simulated users talk with systems, and measure how well they are served.

    All systems meet the same users. A run that was stopped goes on with --resume FOLDER. Ends with 1 where faults left
    nothing to measure.
    """
    shell: Shell = ctx.obj
    given: Flags = {
        "systems": system, "without": without, "goals": goals, "trials": trials, "user": user, "source": source,
        "goals_file": goals_file and str(goals_file), "dialogues": dialogues and str(dialogues), "personas": persona,
        "returning": returning, "seed": seed, "max_turns": max_turns, "judge": judge, "user_model": user_model,
        "catalogue": catalogue,
    }  # fmt: skip
    if executor not in ("local", "ray"):
        raise InputError(f"There is no executor {executor!r}.", "There are: local, ray.")
    plan, folder = _begin(shell, given, file, out, resume)
    settings = shell.settings(catalogue=plan.catalogue)
    workers = _workers(plan, settings) if workers is None else workers
    concurrency = concurrency or (settings.llm.concurrency if workers == 0 else 1)
    from ..simulator.simulate import measure_run
    from ..simulator.simulate import simulate as run
    from ..tools.index import open_index
    from ..tools.storage import Home
    from .laboratory import open_lab
    from .run_commands import show_run

    with reported_run(shell, "simulate", folder), _success_bars(shell) as tell:
        held = run(
            folder, partial(open_lab, settings, plan, folder), workers=workers, concurrency=concurrency,
            executor=executor, address=ray_address, on_progress=tell,
        )  # fmt: skip
        asyncio.run(held)
    index = open_index(Home(settings.home), settings.catalogue)
    metrics = measure_run(folder, index)
    if plan.judge:
        from .judging import judge_run

        # What is measured stands already, whatever becomes of the judge.
        with reported_run(shell, "simulate", folder):
            judged = asyncio.run(judge_run(settings, plan, folder))
        metrics = measure_run(folder, index, judged)
    show_run(shell, folder, metrics)
    if not any(
        one.counts["dialogues"] > one.counts["excluded faults"] + one.counts["excluded leaks"] for one in metrics
    ):
        # Nothing was measured; why stands above.
        raise typer.Exit(1)


def _begin(shell: Shell, given: Flags, file: Path | None, out: Path | None, resume: Path | None) -> "tuple[Plan, Path]":
    """The plan and the folder of a run: one that goes on, or a new one, with its goals."""
    from ..simulator.runs import read_config
    from ..simulator.simulate import RunConfig, begin_run
    from ..tools.index import open_index
    from ..tools.storage import Home
    from .build import make_setup
    from .laboratory import check_goals, check_plan, check_systems, make_goals
    from .plans import read_plan

    if resume is not None:
        if file is not None or out is not None or any(value is not None for value in given.values()):
            raise InputError(
                "A run goes on by its own plan.",
                "With --resume only --workers, --concurrency, --executor and --ray-address can be given.",
            )
        config = read_config(resume, RunConfig)
        settings = shell.settings(catalogue=config.plan.catalogue)
        index = open_index(Home(settings.home), settings.catalogue)
        if config.items and config.items != len(index.catalogue):
            raise InputError(
                f"The catalogue {settings.catalogue!r} has {len(index.catalogue):,} items; "
                f"when {resume} began it had {config.items:,}.",
                "Import it as it was, or begin another run.",
            )
        check_goals(resume, index)
        if config.brain and config.brain != (brain := make_setup(settings).brain):
            told = f"This run began with {config.brain}, and goes on with {brain}: its figures are of both."
            shell.err.print(Text(clean(told), style="yellow"), soft_wrap=True)
        return config.plan, resume.resolve()
    plan = read_plan(file, given)
    settings = shell.settings(catalogue=plan.catalogue or None)
    # A run may go on from another folder, and on other nodes.
    dialogues = plan.dialogues and str(Path(plan.dialogues).resolve())
    plan = plan.model_copy(update={"catalogue": settings.catalogue, "dialogues": dialogues})
    check_plan(plan)
    shell.ensure(settings)
    folder = (out or settings.home / "runs" / time.strftime("%Y%m%d-%H%M%S")).resolve()
    index = open_index(Home(settings.home), settings.catalogue)
    check_systems(settings, plan, index)
    goals = make_goals(settings, plan, index)
    if "goals" not in plan.model_fields_set and (plan.goals_file or plan.user == "replay"):
        plan = plan.model_copy(update={"goals": len(goals)})
    if len(goals) < plan.goals:
        told = f"Only {len(goals):,} goals can be made from this, not {plan.goals:,}."
        shell.err.print(Text(told, style="yellow"), soft_wrap=True)
    begin_run(folder, plan, goals, items=len(index.catalogue), brain=make_setup(settings).brain)
    return plan, folder


@contextlib.contextmanager
def reported_run(shell: Shell, command: str, folder: Path) -> "Iterator[None]":
    """Say how to go on with a run, where it is stopped."""
    try:
        yield
    except BaseException:
        go_on = f"{shell.command} {command} --resume {shlex.quote(str(folder))}"
        shell.err.print(Text(clean(f"Stopped. To go on: {go_on}"), style="yellow"), soft_wrap=True)
        raise


def _waits(plan: "Plan") -> bool:
    """Whether conversations wait for others' computers, so that one process can hold many at once."""
    from ..simulator.baselines import ASKING

    asking = any(":" in name or name in ASKING for name in plan.systems)
    return asking or plan.user == "llm"


def _workers(plan: "Plan", settings: "Settings") -> int:
    """How many processes suit a plan: none where it is short, or where it is waiting that takes time."""
    from .thinking import open_thinking

    few = plan.goals * plan.trials * len(plan.names) <= FEW
    waits = _waits(plan) or open_thinking(settings).thinking is not None
    return (
        0 if few or waits else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


@contextlib.contextmanager
def _success_bars(shell: Shell) -> "Iterator[Callable[[Progress], None]]":
    """A bar per system with its running success rate; where nobody watches, a line at every tenth."""
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[success]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    watched = shell.err.is_terminal
    with Bars(*columns, console=shell.err, transient=True, disable=not watched) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(progress: "Progress") -> None:
            name, success = clean(progress.system), _success(progress)
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=progress.total, success="")
            bars.update(tasks[name], completed=progress.ended, success=success)
            if not watched and progress.ended * 10 // progress.total > (progress.ended - 1) * 10 // progress.total:
                shell.err.print(Text(f"{name}: {progress.ended:,} of {progress.total:,}, {success}"), soft_wrap=True)

        yield tell


def _success(progress: "Progress") -> str:
    return f"success {progress.successes / progress.counted:.0%}" if progress.counted else "success -"
