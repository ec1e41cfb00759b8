"""What a message takes back: "forget the comedy idea", "drama instead", "any year is fine", "start over"."""

import re
from collections.abc import Sequence

from ...tools.catalogue import Catalogue
from ...tools.words import content_stems
from ..state import Preference, Wish
from . import acts
from .complaints import INSISTS
from .message import Message

_REPLACES = re.compile(
    r"\b(?:actually|instead|rather|i meant?|make (?:it|that)|change (?:it|that|to)|switch to|"
    r"on second thoughts?|scratch that|let'?s (?:try|do|go (?:with|for)|say|switch|make)|how about|"
    r"what about|no,|nah,|sorry,|wait)"
)
_CONTINUES = re.compile(
    r"\b(?:actually|instead|rather|make (?:it|that)|change|switch|also|too|as well|plus|but|"
    r"still|same|even|only|now|then|scratch)\b"
)
_MEASURES = {
    "date": re.compile(r"\b(?:dates?|years?|decades?|era|when|age|old)\b"),
    "duration": re.compile(r"\b(?:length|duration|time|long|minutes|hours)\b"),
    "length": re.compile(r"\b(?:length|size|long|thick)\b"),
    "price": re.compile(r"\b(?:price|cost|budget|money)\b"),
    "rating": re.compile(r"\b(?:ratings?|scores?|reviews?|stars)\b"),
    "age": re.compile(r"\b(?:ages?|kids|children)\b"),
    "players": re.compile(r"\b(?:players?|people)\b"),
    "popularity": re.compile(r"\b(?:popularity|famous|popular)\b"),
}
_AND_THE = re.compile(r"\s*,?\s*(?:and|or|nor) (?:about )?(?:the|my|that) \w+(?: too| as well)?")
_EXCHANGES = re.compile(
    r"\b(?:instead of|rather than|better than|i meant?|chang(?:ed|ing) my mind|after all|on second thoughts?|in place of)\b|"
    r"^\W*(?:(?:no|sorry|actually|hmm+|ok|okay|wait|well|oh)\W+)*not\b"
)
"""What tells that something is only named because something else takes its place."""
_ADDS = re.compile(r"\b(?:also|too|as well|and|plus|additionally|on top|both|even better|bonus|with)\b")


_EXCLUDES = re.compile(r"(?:drop|lose|ditch|remove|skip|leave out|without)\b")
"""What puts an end to a wish, and only confirms what is not wanted."""


class Corrections:
    """What a message takes back from the wish.

    Attributes:
        resets: everything.
        places: where the words stand that take something back, so that nothing else is read into them.
    """

    def __init__(self, message: Message, wish: Wish, catalogue: Catalogue) -> None:
        self._message = message
        self._wish = wish
        self._catalogue = catalogue
        self.resets = bool(acts.RESET.search(message.level))
        self.places: list[tuple[int, int]] = []
        self._taken_back: list[str] = [p.key for p in wish.preferences] if self.resets else []
        self._read_forgetting()

    def dropped(self, added: Sequence[Preference]) -> list[str]:
        """Keys of earlier preferences that are taken back, or that the new ones replace."""
        keys = list(self._taken_back)
        if not INSISTS.search(self._message.level) and self._begins_anew(added):
            return [p.key for p in self._wish.preferences if not p.lasting]
        for old in self._wish.preferences:
            if any(self._replaces(new, old) for new in added):
                keys.append(old.key)
        return list(dict.fromkeys(keys))

    def _begins_anew(self, added: Sequence[Preference]) -> bool:
        """Whether a message is a whole new wish: several limits at once, one in place of an old one, and no word that
        adds to or corrects what was said."""
        hard = [p for p in added if p.hard and p.wanted]
        clashes = any(self._replaces(new, old) for new in hard for old in self._wish.preferences)
        return len({p.limit.attribute for p in hard}) > 1 and clashes and not _CONTINUES.search(self._message.level)

    def without_exchanged(self, preferences: Sequence[Preference]) -> list[Preference]:
        """Preferences less those that only name what was wanted before: "crime rather than horror" drops horror.

        Something must take its place: "not horror" alone is a wish.
        """
        if not _EXCHANGES.search(self._message.level):
            return list(preferences)
        placed = {p.limit.attribute for p in preferences if p.wanted}
        kept: list[Preference] = []
        for new in preferences:
            exchanged = [
                old.key
                for old in self._wish.preferences
                if not new.wanted and old.wanted and old.limit == new.limit and new.limit.attribute in placed
            ]
            self._taken_back += exchanged
            if not exchanged:
                kept.append(new)
        return kept

    def _read_forgetting(self) -> None:
        unwanted = [p for p in self._wish.preferences if not p.wanted]
        for pattern, among in ((acts.FORGET, self._wish.preferences), (acts.ALLOW, unwanted)):
            for match in pattern.finditer(self._message.level):
                self._take_back(match, [p for p in among if p.wanted] if _EXCLUDES.match(match.group()) else among)

    def _take_back(self, match: re.Match[str], among: Sequence[Preference]) -> None:
        """Take back what of some preferences a pattern has found named."""
        named = [(match.group(g), match.start(g), match.end(g)) for g in match.groupdict() if match.group(g)]
        for text, start, end in named:
            more = _AND_THE.match(self._message.level, end)
            if more:
                end, text = more.end(), text + more.group()
            keys = [p.key for p in among if self._speaks_of(text, start, end, p)]
            if keys:
                self._taken_back += keys
                self.places.append((match.start(), max(end, match.end())))
                self._message.take(match.start(), max(end, match.end()))

    def _speaks_of(self, text: str, start: int, end: int, preference: Preference) -> bool:
        """Whether some words name a preference: by its value, its attribute or its own words."""
        stems = set(content_stems(text))
        if not stems:
            return False
        own = {s for v in preference.limit.values for s in content_stems(v)} | set(content_stems(preference.words))
        senses = [s for f in self._message.found if start <= self._message.start(f) < end for s in f.senses]
        if any(s.kind == "value" and s.value in preference.limit.values for s in senses):
            return True
        if any(s.kind == "attribute" and s.attribute == preference.limit.attribute for s in senses):
            return True
        if any(s.kind == "value" for s in senses):
            return False
        if preference.limit.attribute is not None and self._measures(text, preference.limit.attribute):
            return True
        return bool(stems & own)

    def _measures(self, text: str, name: str) -> bool:
        """Whether a word for a measure speaks of an attribute: "the date", "the price", "how long"."""
        attribute = self._catalogue.schema.attribute(name)
        kind = "date" if attribute.kind == "date" else attribute.measure
        return kind in _MEASURES and bool(_MEASURES[kind].search(text))

    def _replaces(self, new: Preference, old: Preference) -> bool:
        if new.key == old.key:
            return False
        if new.limit.attribute != old.limit.attribute:
            return new.limit.attribute is None and set(new.limit.values) & set(old.limit.values) != set()
        if old.limit.ranges:
            return not self._narrows(new, old)
        shared = set(new.limit.values) & set(old.limit.values)
        if shared:
            return True
        if old.limit.attribute is None or not (new.wanted and old.wanted):
            return False
        if any(p.wanted and p.limit == new.limit for p in self._wish.preferences):
            return False
        if new.limit.attribute in {p.limit.attribute for p in self._wish.preferences if p.key in self._taken_back}:
            return False
        corrected = bool(_REPLACES.search(self._message.level))
        attribute = self._catalogue.schema.attribute(old.limit.attribute)
        if attribute.open:
            return corrected and "instead" in self._message.level
        if corrected:
            return True
        if INSISTS.search(self._message.level) or _ADDS.search(self._message.level) or not (new.hard and old.hard):
            return False
        column = self._catalogue.columns.categories[attribute.name]
        both = (column.judge(new.limit.values) == 1) & (column.judge(old.limit.values) == 1)
        return not attribute.many or not both.any()

    def _narrows(self, new: Preference, old: Preference) -> bool:
        """Whether an open end of one range only closes the open end of the other: "after 1990", then "before 2000"."""
        if _REPLACES.search(self._message.level) or len(new.limit.ranges) != 1 or len(old.limit.ranges) != 1:
            return False
        a, b = new.limit.ranges[0], old.limit.ranges[0]
        if new.strength != old.strength:
            return False
        if a.low is None and b.high is None and a.high is not None and b.low is not None:
            return b.low < a.high
        if a.high is None and b.low is None and a.low is not None and b.high is not None:
            return a.low < b.high
        return False


def read_corrections(message: Message, wish: Wish, catalogue: Catalogue) -> Corrections:
    """What a message takes back from the wish."""
    return Corrections(message, wish, catalogue)
