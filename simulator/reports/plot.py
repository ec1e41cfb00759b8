"""The nouns of a plot in the page: the drawing, the words that stand in for it, its legend and the numbers behind it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Numbers:
    """The numbers behind a plot: a header and rows of as many cells, the first of each naming its row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Key:
    """What a colour and a marker, or a colour and a letter, stand for.

    Attributes:
        label: the words.
        place: which colour and marker, from 0.
        letter: what stands in the drawing where there is no marker.
    """

    label: str
    place: int
    letter: str = ""


@dataclass(frozen=True)
class Plot:
    """A plot in the page.

    Attributes:
        name: unique in the page.
        title, caption: above it and below it.
        svg: the drawing.
        alt: what is to be seen, for those who do not see it.
        numbers: the same as a table.
        keys: the legend.
    """

    name: str
    title: str
    caption: str
    svg: str
    alt: str
    numbers: Numbers
    keys: tuple[Key, ...] = ()
