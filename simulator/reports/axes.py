"""What the plots' axes have in common: shares, whole numbers, a row per name, and how far an interval reaches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ..nouns import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 22
"""Characters of a name beside a bar; in full it stands in the legend and the table."""


def share_axis(axes: "Axes", which: Literal["x", "y"], most: float = 1.0) -> None:
    """Let an axis run from 0% to the most there is."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if which == "x":
        axes.set_xlim(0, most * 1.03)
    else:
        axes.set_ylim(0, most * 1.03)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}%"))


def whole_numbers(axes: "Axes", last: int) -> None:
    """Let the x axis count from 1 to the last, with room for the markers at both ends."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(0.8, max(last, 2) + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))


def named_rows(axes: "Axes", names: Sequence[str]) -> None:
    """A row per name, the first on top."""
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def shortened(name: str) -> str:
    """A name that fits beside a bar."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def reach(estimate: Estimate) -> list[list[float]]:
    """How far the interval reaches below and above the value, as error bars want it."""
    return [[max(estimate.value - estimate.low, 0.0)], [max(estimate.high - estimate.value, 0.0)]]
