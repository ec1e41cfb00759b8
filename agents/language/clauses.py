"""A message's clauses and what each does: wishes, tells of a taste, comments on an item, tells of the user's life, closes.

A comment is not a wish: "it was a bit long, with too much singing" says how something was, not what to look for.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["wish", "taste", "comment", "life", "closing"]

_STOP = re.compile(
    r"[.!?;:\n](?!\d)|\s[-–—]+\s|\b(?:but|because|although|though)\b|\bso\b(?= (?:i|we|can|do|maybe|"
    r"no|nothing|not|a|something|what|any|some)\b)"
    r"|,?\s*\band (?=(?:i|i'?m|i'?d|i'?ll|we|it|it'?s|that|they|he|she|want|would|something|maybe|"
    r"please|can|could|do|also)\b)"
    r"|,\s*(?=(?:i|i'?m|i'?d|i'?ve|we|we'?re|it|it'?s|that|they|he|she|something|anything|maybe|"
    r"please|can|could|do|what|how|any|"
    r"thanks?|bye|got|my|our|some|any|give|show|find|recommend|no|not|nothing)\b)"
)
_WISH = re.compile(
    r"\b(?:want|wanna|need|looking|look for|would like|'d like|like to|love to|recommend|suggest|show|"
    r"find|give me|gimme|something|anything|"
    r"some|any|another|please|pls|mood|fancy|how about|what about|do you have|got any|is there|"
    r"are there|should|must|has to|have to|had to|"
    r"needs? to|prefer\w*|ideally|rather|instead|more like|craving|search\w*|open to|tired of|sick of|"
    r"forgot to (?:say|mention|tell|add)|should have (?:said|mentioned)|wonder(?:ed|ing) (?:if|whether|what)|"
    r"hop(?:ed|ing) (?:to|for)|set on|leaning (?:to|towards?)|"
    r"not too|nothing|without|no more|less|"
    r"i'?m into|i'?m after|wouldn'?t mind|up for|hoping|avoid|except)\b"
)
_TASTE = re.compile(
    r"^[\s,.!]*(?:and |so |but |well |also |because |oh |yes |yeah |no |ok |okay |actually |honestly |"
    r"personally |,)*(?:(?:i|we|my \w+|the kids|kids|he|she|they|who)(?:'m| am| are|'re| do| also|"
    r" really| usually| generally|"
    r" mostly| both| all| always| just| absolutely| honestly| still| only| tend to| don'?t| do not|"
    r" can'?t| cannot| never| have an?| have always| kind of| quite| rather| very)* )?"
    r"(?:love|like|enjoy|adore|hate|dislike|prefer|stand|into|a (?:big |huge )?(?:fan|sucker)|"
    r"not (?:a fan|into)|fond of|partial to|keen on|(?:bit of a )?(?:weakness|soft spot) for|allergic|watch|read|"
    r"play|loves|likes|enjoys|hates|prefers|fans? of|big fan)\b"
)
_OPENING = (
    r"^\W*(?:(?:and|but|so|well|also|because|oh|yes|yeah|yep|no|nah|ok|okay|actually|honestly|plus|"
    r"hmm|wow|haha|lol|i think|i thought|i guess|maybe)\b[\s,!.]*)*"
)
_COMMENT = re.compile(
    _OPENING + r"(?:(?:it|that|this|those|these|they|he|she|there|which|that one|this one|everyone|"
    r"everybody)(?:'s| is| was| were| are| had| has| have|'d| did| made| makes|"
    r" look(?:s|ed)?| seem(?:s|ed)?| felt| sound(?:s|ed)?| got| gave| really| just| also| kind|"
    r" stars?| starred| plays?| played| won| came)"
    r"|(?:i|we|my \w+|the kids|the \w+ (?:in|of) it)(?:'ve| have| had|'d)?(?: really| also| just|"
    r" absolutely| both| all| already| only| once| actually| never)* (?:loved|liked|enjoyed|saw|seen|"
    r"watched|thought|hated|found|"
    r"remember|heard|finished|read it|played it|laughed|cried|forgot|know that|guess|believe|cracked|"
    r"adored|caught|missed|wasn'?t|was|didn'?t|haven'?t)"
    r"|the (?:\w+ ){1,3}(?:is|was|were|are)\b|so \w+(?=\W*$)|(?:very|such an?|what an?) \w+|(?:loved|enjoyed|"
    r"liked|hated|saw) (?:it|that|them|how|the way|everything))"
)
_LIFE = re.compile(
    _OPENING + r"(?:(?:i|we)(?:'ve| have|'m| am|'re| are| had| only| just| got| went| work| live| used to| grew)"
    r"|my \w+(?: \w+)?|it'?s (?:rain|snow|late|cold|hot|my)|got |there'?s a|(?:he|she|they)(?:'s|'re|"
    r" is| are| has| have| was| never| always))\b"
)
_CLOSING = re.compile(
    r"^\W*(?:(?:ok|okay|well|great|cool|perfect|alright|anyway)\W+)*(?:thanks?|thank you|thx|bye|"
    r"good ?bye|have a \w+|see you|take care|cheers|enjoy your|you too|good ?night|it was (?:nice|"
    r"great|good) (?:chat|talk)\w*)"
)


@dataclass(frozen=True)
class Clause:
    """A part of a message with its kind; places count characters."""

    start: int
    end: int
    kind: Kind


def read_clauses(level: str, titles: list[tuple[int, int]]) -> list[Clause]:
    """The clauses of a folded message, in order, together covering it; the words of titles decide nothing."""
    blank = blank_out(level, titles)
    edges = [0, *(m.end() for m in _STOP.finditer(blank)), len(level)]
    return [Clause(a, b, _kind(blank[a:b])) for a, b in pairwise(edges) if a < b]


def kind_at(clauses: list[Clause], place: int) -> Kind:
    """The kind of the clause that a place lies in."""
    for clause in clauses:
        if clause.start <= place < clause.end:
            return clause.kind
    return "wish"


def blank_out(level: str, titles: list[tuple[int, int]]) -> str:
    """A text with some places overwritten, as long as before."""
    for start, end in titles:
        level = level[:start] + "#" * (end - start) + level[end:]
    return level


def _kind(text: str) -> Kind:
    if _CLOSING.match(text):
        return "closing"
    if _WISH.search(text):
        return "wish"
    if _TASTE.match(text):
        return "taste"
    if _COMMENT.match(text) or re.match(r"^\W*#+#[\"'”]*,? (?:is|was|are|were|had|has|with|made|really)\b", text):
        return "comment"
    return "life" if _LIFE.match(text) else "wish"
