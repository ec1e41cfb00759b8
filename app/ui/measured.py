"""A simulation as HTML: how far it is, what was measured, with intervals, and the plots of its report."""

from collections.abc import Sequence

from ...simulator.nouns import SystemMetrics
from ...simulator.reports.drawing import COLOURS, MARKS
from ...simulator.reports.figures import duration
from ...simulator.reports.plot import Key, Numbers, Plot
from ...simulator.reports.tables import Cell, MetricGroup, MetricRow, metric_groups
from ...simulator.simulate import Progress
from ..job_nouns import Job
from .markup import hidden, safe

_STATES = {
    "queued": "Waiting for its turn",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "interrupted": "Interrupted: the server stopped before it was done",
}
_OPEN = ("Success", "Honesty")
"""The groups of figures that are unfolded at first."""

_OUTLINES = tuple(MARKS.values())


def job_html(job: Job, now: float) -> str:
    """What was asked for, and how far it is.

    Args:
        job: the simulation.
        now: seconds since 1970.
    """
    request = job.request
    trials = f", {request.trials} trials each" if request.trials > 1 else ""
    spent = "" if job.started is None else f" · {duration((job.ended or now) - job.started)}"
    bars = "".join(map(_bar, job.progress)) or ("" if not job.live else _waiting(job))
    error = f'<p class="cr-fault" role="alert">{safe(job.error)} {safe(job.hint)}</p>' if job.error else ""
    notes = "".join(f'<p class="cr-soft-text">{safe(note)}</p>' for note in job.notes)
    return (
        '<section class="cr-job" aria-labelledby="cr-job-head"><h3 id="cr-job-head">Simulation '
        f'<code>{safe(job.id[:8])}</code></h3><p class="cr-job-state"><strong>{_STATES[job.state]}</strong>{spent} · '
        f"{request.goals:,} goals{trials}, seed {request.seed}</p>{error}{notes}"
        f'<ul class="cr-bars" aria-label="Progress by system">{bars}</ul></section>'
    )


def result_html(metrics: Sequence[SystemMetrics], plots: Sequence[Plot]) -> str:
    """What was measured, and the plots."""
    names = [one.system for one in metrics]
    groups = "".join(_group(group, names) for group in metric_groups(metrics))
    left = [one for one in metrics if one.counts["excluded faults"] + one.counts["excluded leaks"]]
    out = "".join(
        f'<p class="cr-soft-text">{safe(one.system)}: left out {one.counts["excluded faults"]:,} with a fault, '
        f"{one.counts['excluded leaks']:,} in which the simulated user gave a target away.</p>"
        for one in left
    )
    best = " ★ marks the best value where one way is better; the report says whether a difference is more than chance."
    return (
        f'<section class="cr-figures" aria-labelledby="cr-figures-head"><h3 id="cr-figures-head">Figures</h3>'
        f'<p class="cr-soft-text">Each with its 95% interval.{best if len(names) > 1 else ""}</p>{out}{groups}</section>'
        '<section class="cr-plots" aria-labelledby="cr-plots-head"><h3 id="cr-plots-head">Plots</h3>'
        f'<div class="cr-plot-grid">{"".join(map(_plot, plots))}</div></section>'
    )


def _waiting(job: Job) -> str:
    words = "Making goals" if job.state == "running" else "Another simulation runs first"
    return f'<li class="cr-now"><span class="cr-pulse" aria-hidden="true"></span>{words}</li>'


def _bar(one: Progress) -> str:
    rate = f"{one.successes / one.counted:.0%} successful" if one.counted else "none counted yet"
    return (
        f'<li><span class="cr-bar-name">{safe(one.system)}</span>'
        f'<progress max="{one.total}" value="{one.ended}" aria-label="{safe(one.system)}"></progress>'
        f'<span class="cr-bar-said">{one.ended:,} of {one.total:,}, {rate}</span></li>'
    )


def _group(group: MetricGroup, names: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in names)
    rows = "".join(map(_row, group.rows))
    unfolded = " open" if group.title in _OPEN else ""
    title = safe(group.title)
    return (
        f'<details class="cr-figure-group"{unfolded}><summary>{title}</summary>'
        f'<div class="cr-scroll" tabindex="0" role="region" aria-label="{title}"><table class="cr-table">'
        f'<thead><tr><th scope="col">Metric</th>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def _row(row: MetricRow) -> str:
    lower = f'<span aria-hidden="true"> ↓</span>{hidden(", lower is better")}' if row.lower_is_better else ""
    return f'<tr><th scope="row">{safe(row.name)}{lower}</th>{"".join(map(_cell, row.cells))}</tr>'


def _cell(cell: Cell) -> str:
    if not cell.value:
        return '<td class="cr-soft-text">not measured</td>'
    star = f'<span aria-hidden="true">★ </span>{hidden("best: ")}' if cell.best else ""
    value = f"<strong>{star}{safe(cell.value)}</strong>" if cell.best else f"<span>{safe(cell.value)}</span>"
    return f"<td>{value}<small>{safe(cell.interval)}</small></td>"


def _plot(plot: Plot) -> str:
    keys = "".join(map(_key, plot.keys))
    return (
        f'<figure class="cr-plot"><h4>{safe(plot.title)}</h4><ul class="cr-legend" aria-label="Legend">{keys}</ul>'
        f'<div class="cr-drawing" role="img" aria-label="{safe(plot.alt)}">{plot.svg}</div>'
        f"<figcaption>{safe(plot.caption)}</figcaption>"
        f"<details><summary>The numbers{hidden(f' of {plot.title}')}</summary>{_numbers(plot.numbers, plot.title)}</details>"
        "</figure>"
    )


def _key(key: Key) -> str:
    colour = f"var(--series-{key.place % COLOURS + 1})"
    if key.letter:
        inside = f'<rect width="12" height="12" style="fill: {colour}; opacity: .45"/>'
        letter = f"<b>{safe(key.letter)}</b> "
    else:
        inside, letter = f'<path d="{_OUTLINES[key.place % len(_OUTLINES)]}" style="fill: {colour}"/>', ""
    mark = f'<svg class="cr-swatch" viewBox="0 0 12 12" aria-hidden="true" focusable="false">{inside}</svg>'
    return f"<li>{mark}{letter}{safe(key.label)}</li>"


def _numbers(numbers: Numbers, title: str) -> str:
    head = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in numbers.head)
    rows = "".join(
        f'<tr><th scope="row">{safe(row[0])}</th>{"".join(f"<td>{safe(cell)}</td>" for cell in row[1:])}</tr>'
        for row in numbers.rows
    )
    return (
        f'<div class="cr-scroll" tabindex="0" role="region" aria-label="The numbers of {safe(title)}">'
        f'<table class="cr-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
