"""What code finds about a system's turn, from the catalogue and from what the user has really said so far.

No system is asked how well it did: its cards are looked up, its reply is read, and limits are judged by the catalogue.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ..agents.guarantees import names_only
from ..agents.state import Preference
from ..tools.entailment import entails
from ..tools.index import Index
from ..tools.items import Item
from ..tools.lexicon import LONGEST, title_forms
from ..tools.talk_words import TALK_WORDS
from ..tools.words import STOPWORDS, fold, tokens, words
from .nouns import Checks, Goal, Shown, SystemTurn, UserAct, UserTurn

_BOLD = re.compile(r"\*\*(.+?)\*\*")

_ABOUT_SHOWN: tuple[UserAct, ...] = ("ask", "accept")
"""Messages that speak of items that were shown; a card in the answer shows again what is spoken of."""


@dataclass
class Heard:
    """What has been said in a conversation so far, as its user meant it.

    Attributes:
        stated: the preferences in force, by key.
        gone: ids of items that were recommended, or turned down.
        named: ids of items that the user has named.
        words: the user's words, folded, between blanks.
        act: what the user's last message does.
    """

    stated: dict[str, Preference] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    words: str = " "
    act: UserAct = "open"

    def hear(self, turn: UserTurn) -> None:
        """Take in what the user says."""
        for key in turn.dropped:
            self.stated.pop(key, None)
        self.stated.update((preference.key, preference) for preference in turn.stated)
        self.gone.update(turn.rejected)
        self.named.update(turn.named)
        self.words += "".join(f"{word} " for word in words(turn.text))
        self.act = turn.act

    def see(self, turn: SystemTurn) -> None:
        """Take in what the system shows, once it has been checked."""
        self.gone.update(item.id for item in turn.items if not item.nearest and item.id)


def check_turn(turn: SystemTurn, heard: Heard, goal: Goal, index: Index) -> Checks:
    """Check one system turn.

    Only what is recommended is counted: neither near misses, nor a card that answers a question about a shown item. An
    item that the catalogue does not have fits nothing; one of which the catalogue does not say enough may fit.

    Args:
        turn: what the system said.
        heard: what was said before it, the message that it answers included.
        goal: whose utility counts.
        index: the catalogue.
    """
    again = heard.gone if heard.act in _ABOUT_SHOWN else frozenset()
    offered = [shown for shown in turn.items if not shown.nearest and shown.id not in again]
    known = [item for shown in offered if (item := _item(shown, index)) is not None]
    hard = [preference for preference in heard.stated.values() if preference.hard]
    fresh = {shown.id for shown in offered} - heard.gone
    return Checks(
        shown=len(offered),
        grounded=sum((item := _item(shown, index)) is not None and item.title == shown.title for shown in offered),
        fitting=sum(not any(breaks(item, preference, index) for preference in hard) for item in known),
        repeated=len(offered) - len(fresh),
        names_exactly=names_cards(turn.reply, turn.items, heard, index),
        diversity=diversity([item.id for item in known], index),
        utilities=tuple(goal.utility(shown.id) for shown in offered),
    )


def breaks(item: Item, preference: Preference, index: Index) -> bool:
    """Whether an item is known to break a hard preference: what must be is not so, or what must not be is."""
    label = entails(item, preference.limit, index.catalogue.schema).label
    return label == ("contradicts" if preference.wanted else "entails")


def names_cards(reply: str, cards: Sequence[Shown], heard: Heard, index: Index) -> bool:
    """Whether a reply names every card, in bold or plain, and no other item save those that the user has named.

    Systems differ in how they write: bold stands for a title in ours, for emphasis in others. Names that the catalogue
    does not know are looked for as they are on the cards. A title that the user's own words hold is an echo of them.
    """
    # What is bold may be a title, so it counts as quoted.
    said = _BOLD.sub(r"“\1”", reply)
    folded = _folded(said)
    for card in cards:
        item = _item(card, index)
        titles = (card.title,) if item is None else (item.title, *item.aliases)
        if not any(_folded(title) in folded for title in titles):
            return False
        if item is None:
            said = said.replace(card.title, " ")
    own = {i for i in (*(card.id for card in cards), *heard.named) if i in index.catalogue.row_of}
    doubtful = (_doubtful(line, own, heard, index) for line in said.splitlines())
    return all(names_only(line, own, index) for line in doubtful if line)


def _doubtful(line: str, own: Collection[str], heard: Heard, index: Index) -> str:
    """A line without echoes of the user, if some words left are another item's title; else nothing.

    Whether they are meant as one takes ten times as long to tell.
    """
    for item in own:
        line = line.replace(index.catalogue.item(item).title, " | ")
    titles, said = _titles(index), tokens(line)
    echoes, others = list[range](), set[int]()
    for start, word in enumerate(said):
        # An ordinary word in small letters is no title.
        least = 2 if word.raw.islower() and (word.text in STOPWORDS or word.text in TALK_WORDS) else 1
        longest = titles.longest.get(word.text, 0)
        for end in range(start + least, min(start + longest, len(said)) + 1):
            title = " ".join(token.text for token in said[start:end])
            ids = titles.ids_of.get(title)
            if ids is None or not ids.isdisjoint(own):
                continue
            if f" {title} " in heard.words:
                echoes.append(range(start, end))
            else:
                others.update(range(start, end))
    if not others:
        return ""
    for echo in echoes:
        if others.isdisjoint(echo):
            start, end = said[echo[0]].start, said[echo[-1]].end
            line = line[:start] + "·" * (end - start) + line[end:]
    return line


@dataclass(frozen=True)
class _Titles:
    """The titles of a catalogue as talk may write them.

    Attributes:
        ids_of: folded title, or its beginning where it is long -> ids of the items that have it.
        longest: first word -> words of the longest title that begins with it.
    """

    ids_of: dict[str, set[str]]
    longest: dict[str, int]


@lru_cache(4)
def _titles(index: Index) -> _Titles:
    found = _Titles({}, {})
    for item in index.catalogue.items:
        for title in (item.title, *item.aliases):
            known = words(title)
            for form in (*title_forms(title, known), " ".join(known[:LONGEST])):
                found.ids_of.setdefault(form, set()).add(item.id)
                first = form.split(" ")[0]
                found.longest[first] = max(found.longest.get(first, 0), form.count(" ") + 1)
    return found


def diversity(ids: Sequence[str], index: Index) -> float | None:
    """1 - the mean cosine between the vectors of each two items, from 0 to 2; None below two items.

    Intra-list distance: Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005,
    section 3.3, with the cosine as similarity.
    """
    if len(ids) < 2:
        return None
    vectors = np.asarray(index.vectors.matrix[[index.catalogue.row_of[i] for i in ids]], dtype=np.float64)
    cosines = vectors @ vectors.T
    pairs = len(ids) * (len(ids) - 1)
    return float(1.0 - (cosines.sum() - np.trace(cosines)) / pairs)


def _item(shown: Shown, index: Index) -> Item | None:
    row = index.catalogue.row_of.get(shown.id)
    return None if row is None else index.catalogue.items[row]


def _folded(text: str) -> str:
    """A text's words between blanks; a text without words as it is."""
    return f" {' '.join(words(text))} " if words(text) else fold(text)
