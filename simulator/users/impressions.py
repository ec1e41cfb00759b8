"""What a simulated user makes of what a system shows: item by item, what is wrong with it, and how much they like it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ...agents.state import Preference
from ...tools.catalogue import Catalogue
from ...tools.entailment import entails
from ...tools.items import Item
from ...tools.words import content_stems
from ..nouns import Goal, Shown, SystemTurn


@dataclass(frozen=True)
class Impression:
    """One item as the user sees it.

    Attributes:
        shown: the item as it was shown.
        place: which of the items shown it is, from 0.
        utility: what it is worth to the user.
        broken: what is hard for the user and what it is known to break.
        unmet: what is soft, and what it does not meet.
        known: how the user knows it; empty for an item that is new to them.
        repeated: whether it was shown before.
        persuades: whether its reason speaks of something that the user wants.
    """

    shown: Shown
    place: int
    utility: float
    broken: tuple[Preference, ...] = ()
    unmet: tuple[Preference, ...] = ()
    known: Literal["", "liked", "disliked"] = ""
    repeated: bool = False
    persuades: bool = False

    def breaks_any(self, keys: Collection[str]) -> bool:
        """Whether it breaks one of some preferences, named by their keys."""
        return any(p.key in keys for p in self.broken)


class Eyes:
    """Looks at what is shown with a goal in mind; an item outside the catalogue is worth nothing.

    Args:
        goal: what the user is after.
        catalogue: the items.
    """

    def __init__(self, goal: Goal, catalogue: Catalogue) -> None:
        self._goal, self._catalogue = goal, catalogue
        self._known, self._disliked = frozenset(goal.known), frozenset(goal.disliked)
        self._preferences = (*goal.revealed, *goal.hidden)
        self._wanted = frozenset(
            stem for p in self._preferences if p.wanted for value in p.limit.values for stem in content_stems(value)
        )

    def look(self, heard: SystemTurn, before: Collection[str]) -> list[Impression]:
        """Impressions of all items of a turn, in order.

        Args:
            heard: what the system said.
            before: ids of the items that it showed in earlier turns.
        """
        return [self._impression(shown, place, shown.id in before) for place, shown in enumerate(heard.items)]

    def _impression(self, shown: Shown, place: int, repeated: bool) -> Impression:
        row = self._catalogue.row_of.get(shown.id)
        if row is None:
            return Impression(shown, place, 0.0, repeated=repeated)
        item = self._catalogue.items[row]
        missed = [p for p in self._preferences if misses(item, p, self._catalogue)]
        return Impression(
            shown,
            place,
            self._goal.utility(shown.id),
            broken=tuple(p for p in missed if p.hard and breaks(item, p, self._catalogue)),
            unmet=tuple(p for p in missed if not p.hard),
            known="liked" if shown.id in self._known else "disliked" if shown.id in self._disliked else "",
            repeated=repeated,
            persuades=bool(shown.reason) and not self._wanted.isdisjoint(content_stems(shown.reason)),
        )


def breaks(item: Item, preference: Preference, catalogue: Catalogue) -> bool:
    """Whether an item is known to break a preference."""
    label = entails(item, preference.limit, catalogue.schema).label
    return label == ("contradicts" if preference.wanted else "entails")


def misses(item: Item, preference: Preference, catalogue: Catalogue) -> bool:
    """Whether an item is not known to have what is wanted, or is known to have what is not."""
    label = entails(item, preference.limit, catalogue.schema).label
    return label != "entails" if preference.wanted else label == "entails"


def side_of(item: Item, preference: Preference, catalogue: Catalogue) -> Literal["high", "low"]:
    """On which side a number or date of an item lies outside what is wanted, or inside what is not."""
    bounds = preference.limit.ranges[0]
    number = float(catalogue.columns.numbers[preference.limit.attribute or ""].numbers[catalogue.row_of[item.id]])
    if preference.wanted:
        return "high" if bounds.high is not None and number >= bounds.high else "low"
    return "high" if bounds.high is None else "low"


def closest(impressions: Sequence[Impression]) -> Impression | None:
    """The one that comes nearest to what the user wants, if any breaks nothing hard and is new to them."""
    fair = [i for i in impressions if not i.broken and not i.known and not i.repeated]
    return max(fair, key=lambda i: (i.utility, -len(i.unmet), -i.place), default=None)
