"""From a matplotlib figure to a drawing in the page: no fonts, no background, and colours that follow light and dark.

A figure is drawn in stand-in colours, which become variables of the page's style sheet. So the same drawing is read on
white, on black and on paper.
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = 8
"""Colours that the style sheet has for systems; more systems begin again, and are told apart by their markers."""

MARKS = {
    "o": "M2 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "s": "M2.5 2.5h7v7h-7z",
    "^": "M6 1.5L10.5 10h-9z",
    "D": "M6 1L11 6L6 11L1 6z",
    "v": "M6 10.5L1.5 2h9z",
    "P": "M4.5 1.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "X": "M3.5 1L6 3.5L8.5 1L11 3.5L8.5 6L11 8.5L8.5 11L6 8.5L3.5 11L1 8.5L3.5 6L1 3.5z",
    "h": "M6 1L10.3 3.5v5L6 11L1.7 8.5v-5z",
    "<": "M1.5 6L10 1.5v9z",
    ">": "M10.5 6L2 1.5v9z",
    "p": "M6 1L11 4.6L9.1 10.5H2.9L1 4.6z",
}
"""A marker per system, so that colour is never the only difference: matplotlib's name of it -> its outline, 12 wide."""

_MARKERS = tuple(MARKS)

INK, LINE = "#5e00f0", "#5e00f1"

_SERIES = "#5e01{:02x}"
_STAND_INS = re.compile(r"#5e0(0f0|0f1|1[0-9a-f]{2})\b")
_USED = re.compile(r"url\(#([^)]+)\)")

_LOOK: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "convrec",
    "font.size": 9.5,
    "font.family": "DejaVu Sans",
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "figure.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}


def colour(place: int) -> str:
    """The stand-in for the colour of the system at a place, from 0."""
    return _SERIES.format(place % COLOURS)


def marker(place: int) -> str:
    """The marker of the system at a place, from 0."""
    return _MARKERS[place % len(_MARKERS)]


def draw(name: str, paint: Callable[["Axes"], None], height: float = 2.9) -> str:
    """An SVG element, 4.4 inches wide, to stand in a page.

    Args:
        name: unique in the page; ids inside the drawing begin with it.
        paint: draws on the axes that it is given.
        height: in inches.
    """
    with figure_style() as figures:
        figure = figures(figsize=(4.4, height), layout="constrained")
        paint(figure.add_subplot())
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return for_page(written.getvalue(), name)


@contextmanager
def figure_style() -> Iterator[Callable[..., "Figure"]]:
    """Makes figures in the report's look, without touching the look of anybody else's."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_LOOK):
        yield Figure


def for_page(svg: str, name: str) -> str:
    """A written SVG as an element of the page: its colours variables, its font the page's, its ids its own."""
    root = ElementTree.fromstring(svg)
    box, kept = root.attrib["viewBox"], _referred(root)
    for element in list(root.iter()):
        element.tag = _plain(element.tag)
        for unwanted in [e for e in element if _plain(e.tag) in ("metadata", "style")]:
            element.remove(unwanted)
        attributes = {_plain(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(_attributes(element.tag, attributes, name, kept))
    root.attrib.clear()
    root.attrib.update(viewBox=box, focusable="false")
    root.set("aria-hidden", "true")
    return ElementTree.tostring(root, encoding="unicode")


def _plain(name: str) -> str:
    """A tag or attribute without its namespace, as HTML wants it."""
    return name.rpartition("}")[2]


def _referred(root: ElementTree.Element) -> set[str]:
    """The ids that something in the drawing points at."""
    found = set[str]()
    for element in root.iter():
        for key, value in element.attrib.items():
            found |= {value[1:]} if _plain(key) == "href" else set(_USED.findall(value))
    return found


def _attributes(tag: str, attributes: dict[str, str], name: str, kept: set[str]) -> dict[str, str]:
    """An element's attributes for the page; painting goes to `style`, the one place where variables are understood."""
    style = attributes.pop("style", "")
    for painting in ("fill", "stroke"):
        if painting in attributes:
            style = f"{style}; {painting}: {attributes.pop(painting)}".removeprefix("; ")
    if tag == "text":
        style = "; ".join(part for part in style.split("; ") if not part.startswith(("font-family", "fill")))
        style = f"fill: currentColor; {style}"
    if attributes.get("id") not in kept:
        attributes.pop("id", None)
    else:
        attributes["id"] = f"{name}-{attributes['id']}"
    if "href" in attributes:
        attributes["href"] = f"#{name}-{attributes['href'][1:]}"
    attributes = {key: _USED.sub(rf"url(#{name}-\1)", value) for key, value in attributes.items()}
    if style:
        style = _USED.sub(rf"url(#{name}-\1)", style)
        attributes["style"] = _STAND_INS.sub(lambda found: _variable(found.group(1)), style)
    return attributes


def _variable(code: str) -> str:
    if code == "0f0":
        return "currentColor"
    return "var(--line)" if code == "0f1" else f"var(--series-{int(code[1:], 16) + 1})"
