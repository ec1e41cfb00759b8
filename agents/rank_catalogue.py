"""The whole catalogue in order for a dialogue so far: what the built-in agents understand of it, weighed and added up.

Where a turn answers a wish by limits, tools and lists, this ranks every item by every signal (tools/relevance.py), for
dialogues in which people mean loosely what they say: nothing but what was named already is excluded. Signals are added
with fixed weights, a log-linear model of which item is named next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import numpy as np

from ..tools import relevance
from ..tools.index import Index
from ..tools.relevance import Asked
from ..tools.vectors import most
from .language.message import Message
from .language.quantities import find_quantities
from .language.titles import read_titles
from .state import Noun, Wish
from .understand import understand
from .wishes import grow, show

WORDS = 120
"""Of a long talk, only so many of the last words are searched with; what is older has been answered."""

DISLIKED = -0.5
"""What an item counts that was disliked, beside one that was named otherwise."""

REMEMBERED = 0.3
"""What an item of the history counts, beside one that was named."""

NOBODY: Mapping[str, float] = MappingProxyType({})


class Said(Noun):
    """One message of a dialogue.

    Attributes:
        own: whether the one who looks for something says it, rather than the one who recommends.
        text: the words.
        items: ids of the items that it names, where that is known; otherwise they are read from the text.
    """

    own: bool
    text: str
    items: tuple[str, ...] = ()


class Weights(Noun):
    """What each signal counts."""

    meaning: float = 0.34
    words: float = 0.18
    labels: float = 1.1
    likeness: float = 0.93
    nearness: float = 0.69
    content: float = 0.14
    company: float = 1.03
    renown: float = 0.86

    @property
    def numbers(self) -> np.ndarray:
        """The weights in order of the signals, shape (signals,)."""
        return np.array([getattr(self, name) for name in SIGNALS])


SIGNALS = tuple(Weights.model_fields)
"""The signals, in the order of their rows."""

WEIGHTS = Weights()
"""What the signals count unless others are given; benchmarks/bench_redial.py tells where these come from."""


@dataclass(frozen=True)
class Heard:
    """What a talk says.

    Attributes:
        text: its last words, oldest first.
        asked: the limits on attributes that it asks for.
        named: item id -> how much it counts, in order of naming: below 0 where it is disliked.
    """

    text: str = ""
    asked: tuple[Asked, ...] = ()
    named: Mapping[str, float] = field(default_factory=dict)


async def rank_catalogue(
    talk: Sequence[Said],
    index: Index,
    k: int,
    *,
    history: Mapping[str, float] = NOBODY,
    without: frozenset[str] = frozenset(),
    weights: Weights = WEIGHTS,
) -> list[str]:
    """The ids of the k items that suit a dialogue best, best first, without those that it names.

    Args:
        talk: the dialogue so far, oldest first.
        index: the catalogue.
        k: how many.
        history: item id -> how much somebody with a history likes it, above 0, or dislikes it; they are ranked as others.
        without: ids that are left out.
        weights: what the signals count.
    """
    heard = await hear(talk, index)
    scores = weights.numbers @ signals(heard, index, history)
    row_of = index.catalogue.row_of
    barred = [row_of[item] for item in (*heard.named, *without) if item in row_of]
    scores[barred] = -np.inf
    best = most(scores, min(k, len(scores)))
    return [index.catalogue.items[int(row)].id for row in best if np.isfinite(scores[row])]


async def hear(talk: Sequence[Said], index: Index) -> Heard:
    """What a dialogue says: the seeker's messages are understood as in a turn, the recommender's read for items."""
    wish, named = Wish(), dict[str, float]()
    for said in talk:
        items = [item for item in said.items if item in index.catalogue.row_of]
        if said.own and said.text.strip():
            understood = await understand(said.text, wish, index)
            items = items or [mention.item for mention in understood.mentions]
            wish = grow(wish, understood)
        elif items := items or _titles(said.text, wish, index):
            wish = show(wish, items)
        named |= dict.fromkeys(items, 1.0)
    named |= {item: DISLIKED for item in wish.disliked if item in named}
    asked = [Asked(p.limit, p.wanted) for p in wish.preferences if p.limit.attribute is not None]
    words = " ".join(said.text for said in talk).split()
    return Heard(" ".join(words[-WORDS:]), tuple(asked), named)


def signals(heard: Heard, index: Index, history: Mapping[str, float] = NOBODY) -> np.ndarray:
    """Every signal for every item, shape (signals, items)."""
    remembered = {item: REMEMBERED * weight for item, weight in history.items() if item in index.catalogue.row_of}
    weighed = remembered | dict(heard.named)
    liked = {index.catalogue.row_of[item]: weight for item, weight in weighed.items() if weight > 0}
    return np.stack([
        relevance.by_meaning(index, heard.text),
        relevance.by_words(index, heard.text),
        relevance.by_labels(index, heard.asked),
        relevance.by_likeness(index, liked),
        relevance.by_nearness(index, liked),
        relevance.by_content(index, weighed),
        relevance.by_company(index, weighed),
        relevance.by_renown(index),
    ])  # fmt: skip


def _titles(text: str, wish: Wish, index: Index) -> list[str]:
    """The items that a message of the recommender's names."""
    message = Message.read(text, index.lexicon)
    quantities = find_quantities(message.level, date.today())
    shown = (*wish.focus, *wish.shown)
    return [title.item for title in read_titles(message, quantities, index.catalogue, shown)]
