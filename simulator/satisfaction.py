"""How satisfied a person left a dialogue, estimated without a model from signs that can be read and counted.

A logistic regression over the signs below. Its weights were learnt from 254 dialogues of CRSArena-Dial, whose people said
whether they left satisfied or frustrated; each weight could only take the direction that makes sense, and a sign that
told nothing there has none. `benchmarks/bench_satisfaction.py` measures the estimator and learns it again. What it reads
are English words and marks of a list; in other languages the signs of words stay silent. It tells systems apart better
than it tells a system's good dialogues from its bad ones (see `TRUST`), so it belongs beside other figures.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

from ..agents.state import Noun
from ..tools.words import content_stems, words
from .nouns import Dialogue, Utterance
from .users.replay import joined

_MOST_WORDS, _MOST_OFFERS = 40, 12
"""Where longer replies, and more things offered, say no more: lists and essays of any length stay comparable."""
_SAME_REPLY, _SAME_WISH = 0.8, 0.5
"""The share of words that two replies, or two messages of a person, have in common when they say the same."""

_LISTED = re.compile(r"^\s*(?:\d{1,2}[:.)]|[-*•])\s*(\S.*?)\s*$", re.MULTILINE)
_THANKS = re.compile(
    r"\b(?:thank(?:s| you)|thx|cheers|great|perfect|awesome|nice|cool|lovely?|wonderful|excellent|good|interesting"
    r"|amazing|helpful)\b",
    re.IGNORECASE,
)
_COMPLAINS = re.compile(
    r"\b(?:wrong|nonsense|sense|useless|bad|stupid|weird|boring|confus\w+|again|already|not what|doesn't|isn't|aren't"
    r"|can't|cannot|i (?:asked|said|told)|stop|you(?:'re| are) not|same (?:thing|answer|one)s?|huh|wtf)\b",
    re.IGNORECASE,
)
_TAKES = re.compile(
    r"\b(?:(?:i'll|i will|i'm going to|i am going to|let's|will) (?:\w+ )?(?:try|take|check|go|get|have|watch|read|play)"
    r"|sounds (?:good|great|interesting|fun|nice|perfect|like)|looks (?:good|great|interesting|fun|nice|perfect)"
    r"|heard (?:it's |that it's )?(?:good|great))\b",
    re.IGNORECASE,
)
_SHOUTS = re.compile(r"[?!]{2,}|\b[A-Z]{4,}\b")


@dataclass(frozen=True)
class Signs:
    """What can be seen of a dialogue, each from 0 to 1; or a number for each of them.

    Attributes:
        offers: how many different things were offered; 1 is twelve or more.
        offering: the share of replies that offer something.
        length: words of a reply, on average; 1 is forty or more.
        taken_up: the share of a message's content words that the reply to it has, on average.
        thanks: whether the person's last message, if not their first, thanks or praises.
        takes: whether they say that they will take something, or that it sounds good.
        stutters: the share of replies in which a word stands twice in a row.
        fragments: the share of replies that begin in the middle of a sentence.
        same_replies: the share of replies that say (nearly) what an earlier one said.
        same_offers: the share of offers that were made before.
        asks_again: the share of the person's messages that (nearly) say what an earlier one said.
        complaints: the share of their messages after the first that complain.
        shouts: whether they shout.
    """

    offers: float = 0.0
    offering: float = 0.0
    length: float = 0.0
    taken_up: float = 0.0
    thanks: float = 0.0
    takes: float = 0.0
    stutters: float = 0.0
    fragments: float = 0.0
    same_replies: float = 0.0
    same_offers: float = 0.0
    asks_again: float = 0.0
    complaints: float = 0.0
    shouts: float = 0.0


GOOD = ("offers", "offering", "length", "taken_up", "thanks", "takes")
"""The signs that can only speak for a satisfied person; the others can only speak against."""

BIAS = -2.77
WEIGHTS = Signs(
    offers=1.55, offering=1.24, length=1.64, taken_up=0.45, thanks=0.79, takes=0.96,
    stutters=-1.59, fragments=-0.74, same_replies=-3.56, same_offers=-2.25, shouts=-0.30,
)  # fmt: skip
"""What each sign adds to the log odds; asking again and complaining told nothing of how people left."""


class Trust(Noun):
    """How well the estimator orders dialogues that it has not learnt from, as areas under the ROC curve; .5 is chance.

    Attributes:
        new_people: five folds by person.
        new_systems: each system's dialogues estimated from the other systems' alone.
        within_system: the same, over pairs of dialogues with the same system only.
        new_both: neither the person nor the system was learnt from.
        dialogues: over how many.
    """

    new_people: float
    new_systems: float
    within_system: float
    new_both: float
    dialogues: int


TRUST = Trust(new_people=0.829, new_systems=0.839, within_system=0.726, new_both=0.830, dialogues=254)


def satisfaction(talk: Sequence[Utterance]) -> float:
    """How likely the person left satisfied, from 0 to 1; the base rate of its data is one in five.

    Args:
        talk: the dialogue, oldest first. Where an utterance names its items they are what is offered, else the lines of
            a list are.
    """
    return 1 / (1 + math.exp(-score(signs(talk))))


def satisfaction_of(dialogue: Dialogue) -> float:
    """The same of a simulated dialogue, from what was said and shown in it alone."""
    return satisfaction(utterances_of(dialogue))


def utterances_of(dialogue: Dialogue) -> list[Utterance]:
    """What was said and shown in a simulated dialogue, without what is behind it."""
    talk: list[Utterance] = []
    for one in dialogue.rounds:
        talk.append(Utterance(speaker="seeker", text=one.user.text))
        if one.system is not None:
            items = tuple(i.id for i in one.system.items)
            talk.append(Utterance(speaker="recommender", text=one.system.reply, items=items))
    return talk


def score(seen: Signs, weights: Signs = WEIGHTS, bias: float = BIAS) -> float:
    """The log odds of a satisfied person."""
    return bias + sum(s * w for s, w in zip(astuple(seen), astuple(weights), strict=True))


def signs(talk: Sequence[Utterance]) -> Signs:
    """The signs of a dialogue; all are 0 where nothing was said."""
    turns = joined(talk)
    replies = [u for u in turns if u.speaker == "recommender"]
    messages = [u.text.replace("’", "'") for u in turns if u.speaker == "seeker"]
    replied, said = [words(u.text) for u in replies], [words(m) for m in messages]
    offered = [_offered(u) for u in replies]
    every = [o for some in offered for o in some]
    later = messages[1:]
    pairs = [(a.text, b.text) for a, b in pairwise(turns) if a.speaker == "seeker"]
    return Signs(
        offers=min(len(set(every)) / _MOST_OFFERS, 1.0),
        offering=_share(bool(o) for o in offered),
        length=_share(min(len(r) / _MOST_WORDS, 1.0) for r in replied),
        taken_up=_share(_taken_up(asked, answered) for asked, answered in pairs),
        thanks=float(any(map(_THANKS.search, later[-1:]))),
        takes=float(any(map(_TAKES.search, messages))),
        stutters=_share(any(a == b for a, b in pairwise(r)) for r in replied),
        fragments=_share(u.text[:1].islower() for u in replies),
        same_replies=_share(_said_before(replied, _SAME_REPLY)),
        same_offers=1 - len(set(every)) / len(every) if every else 0.0,
        asks_again=_share(_said_before(said, _SAME_WISH)),
        complaints=_share(bool(_COMPLAINS.search(m)) for m in later),
        shouts=float(any(map(_SHOUTS.search, messages))),
    )


def _offered(reply: Utterance) -> list[str]:
    return list(reply.items) or [line.casefold() for line in _LISTED.findall(reply.text)]


def _share(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _taken_up(asked: str, answered: str) -> float:
    wanted = set(content_stems(asked))
    return len(wanted & set(content_stems(answered))) / len(wanted) if wanted else 0.0


def _said_before(texts: Sequence[Sequence[str]], alike: float) -> list[bool]:
    """For each text, whether one before it has so large a share of words in common with it (Jaccard)."""
    sets = [frozenset(t) for t in texts]
    return [any(_jaccard(one, before) >= alike for before in sets[:n]) for n, one in enumerate(sets)]


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    both = one | other
    return len(one & other) / len(both) if both else 1.0
