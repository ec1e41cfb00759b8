"""The plots of offline protocols: how much of what should stand high does, by how far down one looks."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..nouns import Estimate, SystemMetrics
from .axes import reach
from .drawing import colour, draw, marker
from .figures import fraction, interval, listed
from .plot import Key, Numbers, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_AT = re.compile(r"(recall|hit|success rate|sr)\s*[@_ ]\s*(\d+)", re.IGNORECASE)


def ranking_plots(metrics: Sequence[SystemMetrics]) -> list[Plot]:
    """A plot for each measure that was taken at several depths.

    Args:
        metrics: per system, the system already under the name that the report gives it.
    """
    found: dict[str, dict[int, str]] = {}
    for one in metrics:
        for name in one.metrics:
            if match := _AT.fullmatch(name):
                found.setdefault(match[1], {})[int(match[2])] = name
    return [_at_depths(kind, depths, metrics) for kind, depths in found.items() if len(depths) > 1]


def _at_depths(kind: str, depths: dict[int, str], metrics: Sequence[SystemMetrics]) -> Plot:
    ks = sorted(depths)
    title = f"{kind[0].upper()}{kind[1:]}@k"
    values = [{k: one.metrics[depths[k]] for k in ks if depths[k] in one.metrics} for one in metrics]
    most = min(max((e.high for some in values for e in some.values()), default=1.0) * 1.05, 1.0) or 1.0
    room = 0.8 / len(metrics)

    def paint(axes: "Axes") -> None:
        for place, some in enumerate(values):
            for group, k in enumerate(ks):
                if k in some:
                    _bar(axes, group + (place - (len(values) - 1) / 2) * room, room, place, some[k])
        axes.set_xticks(range(len(ks)), [f"@{k}" for k in ks])
        axes.grid(visible=False, axis="x")
        axes.tick_params(axis="x", length=0)
        axes.set_ylim(0, most * 1.03)
        axes.set_ylabel(title)

    rows = tuple(
        (one.system, *(f"{fraction(some[k].value)} ({interval(some[k], fraction)})" if k in some else "" for k in ks))
        for one, some in zip(metrics, values, strict=True)
    )
    name = f"at-k-{re.sub('[^a-z]+', '-', kind.lower())}"
    return Plot(
        name=name,
        title=title,
        caption=f"{title} over all cases, with its 95% interval.",
        svg=draw(name, paint),
        alt=f"A group of bars for each k. At k = {ks[-1]}: {listed((r[0], r[-1]) for r in rows)}.",
        numbers=Numbers(("System", *(f"@{k}" for k in ks)), rows),
        keys=tuple(Key(one.system, place) for place, one in enumerate(metrics)),
    )


def _bar(axes: "Axes", x: float, room: float, place: int, estimate: Estimate) -> None:
    axes.bar(x, estimate.value, width=room * 0.86, color=colour(place), alpha=0.3, linewidth=0)
    axes.errorbar(
        [x],
        [estimate.value],
        yerr=reach(estimate),
        color=colour(place),
        marker=marker(place),
        markersize=4,
        elinewidth=1.1,
    )
