"""What a message finds wrong with shown items: that one is not what was asked for ("those aren't French"), or is what
nobody wants ("the second one is too sad"). The words say "not", and mean a wish, or the other way round.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..state import Feeling, Mention, Wish
from .clauses import blank_out
from .message import Message
from .references import Reference
from .scopes import Force
from .titles import Title

_SHOWN = (
    r"(?P<who>(?<!#)#++(?: #++)*+|(?<!rather )(?<!if )(?<!wish )(?<!hope )(?<!sure )\b(?:that|this|it|those|"
    r"these|they|none of (?:these|those|them)))"
)
_IS_NOT = r"(?:(?:'s| is| are|'re| was| were) not|(?: is| are| was| were)n'?t)"
_NOT_QUITE = (
    r"(?! (?:only|just|too|that|so|very|as|quite|really|all|necessarily|bad|what|my|for me|sure|how|why|because)\b)"
)
_LACKING = [
    rf"{_SHOWN}{_IS_NOT}{_NOT_QUITE}",
    rf"{_SHOWN}{_IS_NOT} really(?= an? )",
    rf"{_SHOWN} (?:(?:has|have) (?:got )?nothing to do with|(?:does|do)(?:n'?t| not) (?:really )?(?:count|qualify|pass) as|"
    r"(?:is|are) (?:hardly|barely|far from))\b",
    rf"\b(?:don'?t|do not|wouldn'?t|can'?t) (?:really )?(?:think|believe|see how|say|call|consider|find|feel)(?: that)? "
    rf"{_SHOWN}(?: (?:really )?(?:is|are|counts? as|qualif(?:y|ies) as|has (?:anything|much) to do with)\b)?",
]
_DOUBTING = [
    rf"\b(?:how|since when|in what (?:way|sense|world|universe)) (?:is|are|was|were|does|do|did|can) "
    rf"{_SHOWN}(?: (?:count|qualify|pass) as\b)?(?! (?:so|such|that)\b)",
]
_SO_NO = r"\W*(?:and |so |then |but )*(?:no\b(?! problem)|not for me|i (?:don'?t|do not) (?:like|want)|i hate)"
_UNWANTED: list[tuple[Force, str]] = [
    ("must_not", rf"\b(?:isn'?t|aren'?t) {_SHOWN}(?P<what>[^.!?;,]+)\?{_SO_NO}"),
    ("must_not", rf"{_SHOWN}(?:'s| is| are)(?P<what>(?! not)[^.!?;,]+?)(?:[,.;]| and\b){_SO_NO}"),
    ("must_not", rf"\b(?:skip|drop|pass on|leave out|not) {_SHOWN} (?:because of|due to|on account of) (?P<what>[^.!?;,]+)"),
    ("avoid", rf"{_SHOWN}(?:'s| is| are| looks?| seems?| sounds?) (?:(?:way|far|much|a bit|a little|just|really) )*too\b"
        r"(?P<what>[^.!?;,]+)"),
]  # fmt: skip
_LACKS = [(re.compile(p), doubting) for ps, doubting in ((_LACKING, False), (_DOUBTING, True)) for p in ps]
_HAS: list[tuple[Force, re.Pattern[str]]] = [(force, re.compile(pattern)) for force, pattern in _UNWANTED]
_ENDS = re.compile(r"[.!?;,]|\b(?:though|but|either|at all|anyway|although)\b")
_ASKED = re.compile(r"[^.!?;]*\?")
_MEASURED = re.compile(r"\W*(?:short|long|old|new|recent|cheap|expensive|pricey|big|small|high|low|much|many|few)\b")
"""Words that a measure may claim: "too short" is rather about a length than about a label of that name."""
INSISTS = re.compile(
    r"\b(?:i (?:did )?(?:say|said|told you|asked for|mentioned)|(?:like|as) i (?:said|mentioned|told you)|once more|"
    r"remember|(?:please )?read (?:it |that )?again|again:|i repeat|still|is a must|won'?t give up on|stick (?:to|"
    r"with) (?:that|it))\b|^\W*again\b"
)
"""What says something once more, and so takes nothing back."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong with shown items.

    Attributes:
        start, end: where the words stand that they lack, or have too much of.
        force: how these are meant; None is a plain wish.
        items: the ids found wrong.
    """

    start: int
    end: int
    force: Force | None
    items: tuple[str, ...]


def read_complaints(
    message: Message, titles: Sequence[Title], references: Sequence[Reference], wish: Wish
) -> list[Complaint]:
    """The complaints of a message about labels; none where nothing is shown.

    A doubt ("how is it French?", "it isn't French, is it?") is one only where the label is wanted, before or
    elsewhere in the message.
    """
    if not wish.focus:
        return []
    named = [(t.start, t.end, (t.item,)) for t in titles if t.item in wish.shown]
    named += [(r.start, r.end, r.items) for r in references if r.certain]
    level = blank_out(message.level, [(start, end) for start, end, _ in named])
    named += [(r.start, r.end, r.items) for r in references if not r.certain]
    level = "".join(" " if c == "\n" else c for c in level)
    found: list[Complaint] = []
    for pattern, doubting in _LACKS:
        for match in pattern.finditer(level):
            start, end = match.end(), _end(level, match.end())
            if not _values(message, start, end) or _unwanted(message, start, end, wish):
                continue
            if not (doubting or _ASKED.match(level, end)) or _wanted(message, start, end, wish):
                found.append(Complaint(start, end, None, _items(match, named, wish)))
            elif not doubting:
                found.append(Complaint(start, end, "ignore", ()))
    for unwanted, pattern in _HAS:
        for match in pattern.finditer(level):
            start, end = match.span("what")
            if (
                _values(message, start, end)
                and not _MEASURED.match(level, start)
                and all(end <= c.start or start >= c.end for c in found)
            ):
                found.append(Complaint(start, end, unwanted, _items(match, named, wish)))
    return found


def rejecting(mentions: Sequence[Mention], complaints: Sequence[Complaint]) -> list[Mention]:
    """The mentions of a message, with what it complains about turned down, and not disliked for good."""
    wrong = {i for c in complaints for i in c.items}
    feeling: Feeling = "rejected"
    told = [m.model_copy(update={"feeling": feeling}) if m.item in wrong else m for m in mentions]
    return [*told, *(Mention(item=i, feeling=feeling) for i in sorted(wrong - {m.item for m in told}))]


def _end(level: str, start: int) -> int:
    stop = _ENDS.search(level, start)
    return stop.start() if stop else len(level)


def _items(match: re.Match[str], named: Sequence[tuple[int, int, tuple[str, ...]]], wish: Wish) -> tuple[str, ...]:
    start, end = match.span("who")
    return next((items for s, e, items in named if s < end and start < e), wish.focus)


def _values(message: Message, start: int, end: int) -> set[tuple[str, str]]:
    """The labels between two places, with their attributes."""
    inside = (f for f in message.found if start <= message.start(f) < end)
    return {(s.attribute, s.value) for f in inside for s in f.of("value")}


def _wanted(message: Message, start: int, end: int, wish: Wish) -> bool:
    """Whether a label between two places is wanted already, or named once more outside them."""
    here = _values(message, start, end)
    wanted = {(p.limit.attribute, v) for p in wish.preferences if p.wanted for v in p.limit.values}
    others = _values(message, 0, start) | _values(message, end, len(message.text))
    return bool(here & (wanted | others))


def _unwanted(message: Message, start: int, end: int, wish: Wish) -> bool:
    against = {(p.limit.attribute, v) for p in wish.preferences if not p.wanted for v in p.limit.values}
    return bool(_values(message, start, end) & against)
