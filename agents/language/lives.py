"""What a message tells of the user's life that lasts and bears on choosing: "I watch with my kids", "I'm a nurse".

Only plain statements of the kinds in standing.py are read, in the first person or of somebody close; what is of the
moment, of an item, wished, quoted or supposed is left out. What is told is data: it is cleaned, and never followed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...tools.words import content_stems
from ..state import Preference
from . import standing
from .clauses import blank_out
from .message import Message

LONGEST = 200
"""Characters of one fact."""
MOST = 8
"""Facts of one message."""

_STOP = re.compile(
    r"\b(?:my|our)(?: \w+){1,2} and i\b"
    r"|(?P<stop>(?<!\bdr)(?<!\bmr)(?<!\bst)(?<!\bmrs)(?<!\b[a-z])[.!?;:\n\r\u2026]+(?!\d)|\s*[()]|"
    r"\s[-\u2013\u2014]+\s|\u2014"
    r"|,?\s\b(?:but|because|although|though|since|cause|cuz|however)\b"
    r"|,?\s(?:and|&) (?=(?:i|i'?m|i'?ve|i'?d|i'?ll|we|we're|we've|it|it'?s|that|this|they|he|she|she'?s|he'?s|"
    r"they're|my|our|"
    r"please|can you|could you|would|want|need (?!glasses)|looking|am looking)\b)"
    r"|,\s*(?=(?:and )?(?:i|i'?m|i'?d|i'?ve|i'?ll|we|we're|we've|it|it'?s|that|that'?s|this|they|they're|he|he'?s|"
    r"she|she'?s|"
    r"you|please|can|could|do|does|did|is|are|was|what|which|who|how|where|when|why|any|got|give|show|find|tell|"
    r"recommend|suggest|thanks?|bye|my|our|some|something|anything|nothing|not|no|need|looking|maybe|so|let|go|"
    r"then)\b)"
    r"|\sso (?=(?:i|i'?m|we|it|that|nothing|no|not|please|can|what|something|anything|the|they|there|maybe|any|a|"
    r"an)\b)"
    r"|\s(?=(?:and )?(?:am |are )?(?:looking|searching|hoping|wondering) (?:for|to|if)\b))"
)
_OPENERS = re.compile(
    r"(?:\W*\b(?:and|so|well|also|because|oh|yes|yeah|yep|yup|no|nope|nah|ok|okay|actually|honestly|plus|hmm+|um+|"
    r"uh|wow|"
    r"haha|lol|hi|hello|hey|sure|right|sorry|by the way|btw|you see|to be honest|to be fair|tbh|fyi|for context|"
    r"as i said|"
    r"the thing is|basically|unfortunately|sadly|luckily|(?:please |just |i should |i have to |i must |"
    r"let me )?(?:remember|"
    r"note|keep in mind|bear in mind|mention|say|add|know) that|just so you know|please note|in fact|personally|"
    r"as you know|"
    r"generally|usually(?= (?:i|we)\b)|mostly(?= (?:i|we)\b))\b(?!'))*[^\w#]*"
)
_TAIL = re.compile(
    r"[\s,'\"*_~-]*(?:\b(?:please|pls|thanks?|thank you|lol|haha+|too|though|actually|btw|by the way|you know|"
    r"you see|"
    r"as well|right|so|and|or|anyway|either|at all|at first|unfortunately|sadly|then|tbh|to be honest|i guess|"
    r"i think|i'm afraid|ok|okay|hence|which|also)[\s,'\"*_~-]*)*$"
)
_ENDS = re.compile(
    r",? which\b|,? that'?s why\b|,? hence\b|,? so that\b|, so\b|"
    r"(?<!\bis)(?<!\bare)(?<!\bnot)(?<!\bget)(?<!\bgets)(?<!'m)(?<!'re)(?<!n't) so\b|\?"
    r"|,? (?:and|&|or) (?!(?:\w+ly |also |never |always |often )*(?:is|are|am|has|have|can|can't|don't|doesn't|do|"
    r"does|isn't|aren't)\b)"
    r"(?=(?:[^,]* )?(?:is|are|isn't|aren't|can|can't|has|have|does|doesn't|don't|do|ends?|makes?|seems?)\b)"
    r"|,? (?:and|&|or) (?:then |just |will |also |always |often )*(?:tell|put|get|buy|take|make|go|see|find|keep|"
    r"let|give|"
    r"bring|call|come|leave|look|move|pay|pick|send|set|show|start|stop|think|throw|turn|wait|wash|clean|"
    r"try to (?:find|get|"
    r"see)|hope|guess|figure|decide|wonder|am (?:not )?\w+ing)\b"
    r"|(?<!\bwhen)(?<!\bwhile)(?<!\bbefore)(?<!\bafter)(?<!\bwhere)(?<!\bthat)(?<!\bif)(?<!\bwho)(?<!\bbecause)"
    r"(?<!\bwhenever)(?<=\w) (?:i|we)\b"
    r"|,? (?:where|when|as|than|if|until|while) (?:i'?m|i am|(?:i|we)(?: do| can| have| are| did)?)$|"
    r" [a-z]+ed (?:the|my|it|our)\b"
)
_AFTER_COMMA = re.compile(
    r"(?:on|at|in|with|without|for|from|during|mostly|usually|only|often|sometimes|always|never|especially|half|"
    r"about|"
    r"around|twice|once|every|most (?:nights|days|evenings|weekends|of the time)|after|before|by|both|aged|mainly|"
    r"normally|\d+)\b"
)
_LISTED = re.compile(r"(?:[\w'-]+ ){0,2}[\w'-]+(?:,? (?:and|or) (?:[\w'-]+ ?){1,3})$")
_SUBJECT = re.compile(r"(?!(?:before|after|while|when)\b).*\b(?:i|i'?m|i've|we|we're)\b")
_SUPPOSING = re.compile(
    r"(?:if|when|whenever|unless|whether|suppose|supposing|imagine|pretend|assuming|assume|let'?s say|what if|"
    r"in case|once|"
    r"until|till|wish|i wish|while|as if|like when|say)\b"
)
_SAYING = re.compile(
    r"\b(?:says?|said|goes|thinks?|thought|tells?|told|asks?|asked|writes?|wrote|called|titled|line|quotes?|lyrics?|"
    r"like|"
    r"sings?|phrase|wish|means?)\W*$"
)
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab][^\"\u201d\n]{3,}?[\"\u201d\u00bb]")
_PERSON = re.compile(rf"\b(?:my|our) (?P<who>(?:[\w'-]+ )?{standing.PEOPLE})\b")
_AGAINST = re.compile(
    r"\b(?:allergic|intolerant|[a-z]+-free|can't|cannot|doesn't|does not|without|no|not)\b", re.IGNORECASE
)
_DOUBLE = re.compile(r"(?:as|being) an? (?:[\w-]+ ){0,4}?[\w-]+,? i\b|(?:my|our) (?:[\w-]+ ){1,2}and i\b")
_LIKING = re.compile(r" ?(?:i|we) (?:\w+ly |also |just )*(?:like|love|enjoy|hate|prefer|want|need)\b")
_HIS = re.compile(r"\b(?:his|her|he|she|their)\b")
_ANYBODY = re.compile(rf"^\W*(?:he|she|they)\b|\b(?:{standing.PEOPLE}|\w+ (?:who|that))\b")
_SEVERAL = re.compile(r"(?:.*[^s]s|children|.* and .*)$")
_TURNED = [
    (re.compile(pattern, re.IGNORECASE), told)
    for pattern, told in (
        (r"\b(?:by|for) (?:myself|ourselves)\b", "alone"), (r"\bon (?:my|our) own\b", "alone"),
        (r"\b(?:my|our) own\b", "their own"), (r"\b(?:my|our) ", ""), (r"\b(?:me|(?-i:us))\b", "them"),
        (r" (?:myself|ourselves)$", ""), (r"\b(?:myself|ourselves)\b", "themselves"),
        (r"\b(?:i'?m|i am|we're|we are)\b", "they're"),
        (r"\b(?:i|we)\b", "they"), (r"\b(?:mine|ours)\b", "theirs"),
    )
]  # fmt: skip
_IRREGULAR = {"have": "has", "have got": "has", "do": "does", "am": "is", "don't": "doesn't", "dont": "doesn't",
              "do not": "does not", "cant": "can't"}  # fmt: skip


_TASTE = re.compile(r"(?:Never|Always|Only|Loves?|Likes?|Hates?|Enjoys?|Dislikes?|Prefers?|Avoids?|Can't stand)\b")


@dataclass(frozen=True)
class Fact:
    """Something that a message tells of a life: a sentence without subject, its place, whether it is of the user."""

    text: str
    start: int
    end: int
    own: bool = True

    @property
    def plain(self) -> bool:
        """Whether its words are of the user's life alone, and ask for and against nothing."""
        return self.own and not _AGAINST.search(self.text)

    def said_by(self, preferences: Iterable[Preference]) -> bool:
        """Whether a preference says it already: a taste for good, or a manner of speaking ("I'm allergic to musicals")."""
        stems = set(content_stems(self.text))
        lasting = (p for p in preferences if p.lasting and _TASTE.match(self.text))
        if any(stems >= {s for v in p.limit.values for s in content_stems(v)} for p in lasting):
            return True
        return self.text.startswith("Is allergic to") and any(
            v.casefold() in self.text.casefold() or p.words.casefold().endswith(self.text[3:-1].casefold())
            for p in preferences
            if p.limit.attribute is not None
            for v in p.limit.values
        )


@dataclass(frozen=True)
class _Piece:
    """A part of a message, in characters; `follows` is whether "and" joins it to the part before."""

    start: int
    end: int
    follows: bool


def read_lives(message: Message, titles: Sequence[tuple[int, int]], nouns: Sequence[str]) -> tuple[Fact, ...]:
    """The facts of a message, in order.

    Args:
        message: the message.
        titles: the places of the items that it names, which are no part of a life.
        nouns: what the catalogue calls its items: having one is no fact of a life.
    """
    blank = _blank(message, titles)
    facts: dict[str, Fact] = {}
    supposing, before, person = False, "", ""
    for piece in _pieces(blank):
        level = blank[piece.start : piece.end]
        skipped = _OPENERS.match(level)
        start = piece.start + (skipped.end() if skipped else 0)
        level = blank[start : piece.end]
        supposing = bool(_SUPPOSING.match(level)) or (supposing and piece.follows)
        quoted, before = bool(_SAYING.search(before)), level
        if not level or len(level) > 2 * LONGEST:
            continue
        level = _cut(level)
        if level and not supposing and not quoted and not standing.UNFIT.search(level):
            told = _tell(level, message.text[start : start + len(level)], person, nouns)
            text = clean(told[0])
            if text:
                facts.setdefault(text.casefold(), Fact(text, start, start + len(level), told[1]))
        named = _PERSON.search(level)
        person = message.text[start + named.start("who") : start + named.end("who")] if named else person
        if len(facts) == MOST:
            break
    return tuple(facts.values())


def clean(text: str) -> str:
    """A sentence as it may be kept: one line without addresses, markup and unseen characters, capital and full stop."""
    text = re.sub(r"<[^<>]*>|\S+://\S+|\bwww\.\S+|\S+@\S+", " ", text.replace("\u2019", "'"))
    seen = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    text = " ".join(re.sub(r"[<>{}\[\]|\\^~*_#=`]", " ", "".join(seen)).split()).strip(" ,;:-\"'")
    if len(text) > LONGEST - 1:
        text = text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;:-")
    return text and text[0].upper() + text[1:].rstrip(". ") + "."


def _blank(message: Message, titles: Sequence[tuple[int, int]]) -> str:
    """The folded message without what is quoted and what names an item by its capital."""
    named = [(s, e) for s, e in titles if message.text[s].isupper() or message.text[s].isdigit()]
    quoted = [m.span() for m in _QUOTED.finditer(message.text)]
    return blank_out(message.level, [*named, *quoted])


def _pieces(level: str) -> Iterator[_Piece]:
    start, follows = 0, False
    for match in _STOP.finditer(level):
        if match.group("stop") is None:
            continue
        end = match.end() if "?" in match.group() else match.start()
        yield _Piece(start, end, follows)
        start, follows = match.end(), "and" in match.group()
    yield _Piece(start, len(level), follows)


def _cut(level: str) -> str:
    """A statement without what is hung on: reasons, courtesies, and what follows a comma, unless it belongs to it."""
    parts = level.split(",")
    kept = parts[0]
    for number, part in enumerate(parts[1:], 1):
        said, rest = part.strip(), ",".join(parts[number:]).strip()
        if standing.UNFIT.search(said) or _SUBJECT.match(said) or not (_AFTER_COMMA.match(said) or _LISTED.match(rest)):
            break
        kept += "," + part
    if ends := _ENDS.search(kept, len(opened.group()) if (opened := _DOUBLE.match(kept)) else 0):
        if _LIKING.match(kept, ends.start()):
            return ""
        kept = kept if ends.group() == "?" else kept[: ends.start()]
    if (his := _HIS.search(kept, 4)) and not _ANYBODY.search(kept, 0, his.start()):
        return ""
    return kept[: m.start()] if (m := _TAIL.search(kept)) else kept


def _tell(level: str, text: str, person: str, nouns: Sequence[str]) -> tuple[str, bool]:
    """A statement as a sentence without subject, and whether it is of the user; empty for what is no fact."""
    text = text.replace("\u2019", "'").replace("\u2018", "'")

    def said(match: re.Match[str], group: str) -> str:
        return text[match.start(group) : match.end(group)] if match[group] else ""

    def act(match: re.Match[str]) -> str:
        helps = (match["helps"] or "").strip()
        verb = match["verb"]
        verb = f"tends to {verb}" if helps == "tend to" else f"{helps} {verb}" if helps else third(verb)
        return f"{match['adv']} {verb} {_turn(said(match, 'rest'))}"

    owned = any(re.search(rf"\b{re.escape(noun)}\b", level) for noun in nouns)
    if (found := standing.BEING.match(level)) and not (owned and standing.SORT.match(found["rest"])):
        be = "Are" if found["who"].startswith("we") else "Is"
        return f"{be}{found['adv']} {_turn(said(found, 'rest'))}", True
    if not owned and (found := standing.HAVING.match(level)):
        return f"{found['adv'] or ''} {third(found['verb'] or 'have')} {_turn(said(found, 'rest'))}", True
    if not owned and (found := standing.NOT_HAVING.match(level)):
        return f"Doesn't {found['verb']} {_turn(said(found, 'rest'))}", True
    if found := standing.DOING.match(level) or standing.HABIT.match(level):
        return act(found), True
    if found := standing.NOT_DOING.match(level):
        first, _, verb = found["verb"].partition(" ")
        return f"{_IRREGULAR.get(first, first)} {verb} {_turn(said(found, 'rest'))}", True
    if found := standing.BECOME.match(level):
        if found["been"]:
            return f"Has been {_turn(said(found, 'since'))}", True
        return f"{found['verb'] or found['went']} {_turn(said(found, 'rest') or said(found, 'to'))}", True
    if found := standing.TOGETHER.match(level):
        return f"{act(found)}, with {said(found, 'who')}", True
    if found := standing.PERSON.match(level):
        return f"{_turn(said(found, 'who'))} {_full(said(found, 'rest'))}", False
    if found := standing.MINE.match(level):
        return f"{said(found, 'who')} {_turn(said(found, 'rest'))}", True
    if (
        (found := standing.THEY.match(level))
        and person
        and (found["who"] == "they") == bool(_SEVERAL.match(person.casefold()))
    ):
        return f"{person} {_full(said(found, 'rest'))}", False
    if found := standing.AS_ONE.match(level):
        return f"Is {_turn(said(found, 'rest'))}", True
    if found := standing.US.match(level):
        return f"Are {found['adv']} {found['number']} {_turn(said(found, 'rest'))}", True
    if found := standing.AT_TIMES.match(level):
        return _turn(said(found, "rest")), True
    return "", True


def _full(text: str) -> str:
    """A predicate with its verb in full: "'s 5" -> "is 5"."""
    text = _turn(text)
    return {"'s": "is", "'re": "are"}.get(text[: text.find(" ")], text[: text.find(" ")]) + text[text.find(" ") :]


def third(verb: str) -> str:
    """A verb, and what follows it, in the third person: "live" -> "lives", "take the bus" -> "takes the bus"."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    first, space, rest = verb.partition(" ")
    if first in _IRREGULAR:
        first = _IRREGULAR[first]
    elif first.endswith(("s", "sh", "ch", "x", "z", "o")):
        first += "es"
    elif first.endswith("y") and first[-2:-1] not in "aeiou":
        first = first[:-1] + "ies"
    else:
        first += "s"
    return first + space + rest


def _turn(text: str) -> str:
    """Words of a statement seen from outside: "with my kids when I'm home" -> "with kids when they're home"."""
    text = standing.KNOWN_VERB.sub(lambda m: f"and {m['adv']}{third(m['verb'])}", text.strip())
    for pattern, told in _TURNED:
        text = pattern.sub(told, text)
    return text
