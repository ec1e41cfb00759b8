"""What a model that plays a user is told: who it is, what it wants, and how it would like what was shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Literal

from ...agents.model.shapes import all_chosen, numbered
from ...agents.model.telling import NOTHING, numbered_lines, wish_line
from ...agents.state import Preference
from ...tools.describing import describe_in_line
from ...tools.index import Index
from ...tools.items import Item
from ..nouns import Persona, Shown

Liking = Literal["love", "take", "close", "no", "breaks"]
"""How a user would like an item: `love` and `take` are good enough, `breaks` goes against something hard."""

_SAID, _EXCHANGES = 500, 12
"""Characters of a message, and exchanges, that are told of the talk."""
_REASON, _LINE = 160, 180
_KNOWN = 6
"""Items that the person likes, and that they dislike, which are named to the model at most."""


@dataclass(frozen=True)
class Trait:
    """What a number of a persona means at its ends; between them there is nothing to say."""

    name: str
    low: str
    high: str


TRAITS = (
    Trait("verbosity", "say a few words at a time", "say a lot, in full sentences"),
    Trait("decisiveness", "compare before you take anything", "take the first that is good enough"),
    Trait("knowledge", "know hardly any by name, and no special words", "know many by name, and the right words for things"),
    Trait("openness", "are not moved by praise or reasons", "are easily won by a reason that fits"),
    Trait("typos", "", "type in a hurry, with slips"),
    Trait("fickleness", "", "change your mind about lesser wishes"),
    Trait("dislikes", "seldom say what you do not want", "say readily what you do not want"),
)  # fmt: skip
_LOW, _HIGH = 1 / 3, 2 / 3


@dataclass(frozen=True)
class Wishes:
    """What the user wants, as far as the model is told now; it is pointed at by number.

    Attributes:
        revealed: r1, r2 …: what they say of their own accord.
        hidden: h1, h2 …: what they say when it comes up.
        said: keys of those that were said.
    """

    revealed: tuple[Preference, ...] = ()
    hidden: tuple[Preference, ...] = ()
    said: frozenset[str] = frozenset()

    def numbers(self, wishes: Collection[Preference]) -> tuple[str, ...]:
        """The numbers of some of them."""
        named = (*zip(numbered("r", len(self.revealed)), self.revealed, strict=True),)
        named += (*zip(numbered("h", len(self.hidden)), self.hidden, strict=True),)
        return tuple(number for number, wish in named if wish in wishes)

    def chosen(self, numbers: Sequence[str]) -> list[Preference]:
        """What numbers stand for."""
        return [*all_chosen("r", numbers, self.revealed), *all_chosen("h", numbers, self.hidden)]


@dataclass(frozen=True)
class Offer:
    """An item as it was shown, and how the user would like it.

    Attributes:
        shown: what the system showed.
        liking: how the user would like it.
        item: what the catalogue says; None for what is not in it.
        broken: the hard wishes that it breaks.
        again: whether it was shown before, and not by the last answer.
    """

    shown: Shown
    liking: Liking
    item: Item | None = None
    broken: tuple[Preference, ...] = ()
    again: bool = False

    @property
    def good(self) -> bool:
        """Whether it is good enough to be taken."""
        return self.liking in ("love", "take")


@dataclass(frozen=True)
class Heard:
    """One exchange: what the user said, what the system answered."""

    said: str
    reply: str


def persona_lines(persona: Persona) -> str:
    """A persona in words, one line for each trait that stands out."""
    told = [persona.name]
    for trait in TRAITS:
        value = getattr(persona, trait.name)
        words = trait.low if value < _LOW else trait.high if value > _HIGH else ""
        told += [f"you {words}"] if words else []
    return "\n".join(told)


def wish_lines(wishes: Wishes, index: Index) -> str:
    """Wishes with their numbers, each with whether it was said already."""

    def line(wish: Preference) -> str:
        told = wish_line(wish.model_copy(update={"words": ""}), index)
        return f"{told} [said]" if wish.key in wishes.said else told

    blocks = (("r", wishes.revealed), ("h", wishes.hidden))
    return "\n".join(numbered_lines(mark, map(line, some)) for mark, some in blocks if some) or NOTHING


def known_lines(liked: Sequence[str], disliked: Sequence[str]) -> str:
    """Titles that the user knows, and how they feel about them."""
    told = (("likes", liked), ("dislikes", disliked))
    return "\n".join(f"{word}: {', '.join(titles[:_KNOWN])}" for word, titles in told if titles) or NOTHING


def talk_lines(talk: Sequence[Heard]) -> str:
    """The last exchanges, a line for each message."""
    lines = []
    for exchange in talk[-_EXCHANGES:]:
        lines.append(f"you: {shorten(exchange.said, _SAID, placeholder=' …')}")
        lines.append(f"system: {shorten(exchange.reply, _SAID, placeholder=' …')}")
    return "\n".join(lines) or NOTHING


def offer_lines(offers: Sequence[Offer], wishes: Wishes, bare: Collection[str], index: Index) -> str:
    """What was shown, numbered s1 …: first how the user would like it, then its facts, then the system's reason.

    Args:
        offers: what was shown.
        wishes: what is told of these is told of each item, however long its line gets.
        bare: ids of items of which only the title may be told.
        index: the catalogue.
    """
    return numbered_lines("s", (_offer_line(o, wishes, o.shown.id in bare, index) for o in offers))


def _offer_line(offer: Offer, wishes: Wishes, bare: bool, index: Index) -> str:
    mark = " ".join((offer.liking, *wishes.numbers(offer.broken), *(("before",) if offer.again else ())))
    if offer.item is None or bare:
        return f"{mark}: {offer.shown.title}"
    told = {w.limit.attribute for w in (*wishes.revealed, *wishes.hidden) if w.limit.attribute is not None}
    line = describe_in_line(offer.item, index.catalogue.schema, told, _LINE)
    line = offer.shown.title + line.removeprefix(offer.item.title)
    reason = f' (the system: "{shorten(offer.shown.reason, _REASON, placeholder=" …")}")' if offer.shown.reason else ""
    return f"{mark}: {line}{reason}"
