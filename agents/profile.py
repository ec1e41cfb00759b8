"""What is remembered of a user as a short text in plain language, and what an edit of that text means."""

import math
import re
from collections.abc import Iterable, Sequence

from ..tools.limits import Limit, describe_limit
from ..tools.schema import Schema
from .memory import Memory
from .state import Noun, Preference, Strength

LONGEST = 80
"""Words of a profile at most, about half a minute's reading."""

_DAY = 86_400.0
_NAMED = 1
"""Items that a profile names of those liked, and of those disliked; the others are counted."""

_JOINED_AT_MOST = 8
"""Tastes that one sentence of a profile names."""

_TASTES: dict[Strength, str] = {"prefer": "Likes", "must": "Only wants", "avoid": "Avoids", "must_not": "Never wants"}
_MESSAGES = {
    "Likes": "I like", "Only wants": "I only want", "Avoids": "I'd rather not have", "Never wants": "I never want",
    "Liked": "I liked", "Disliked": "I disliked",
}  # fmt: skip
_LED = re.compile(rf"({'|'.join(_MESSAGES)}) (.+?)[.!]?$", re.IGNORECASE)
_SENTENCE = re.compile(
    rf"(?<=[.!?])\s+(?=(?:{'|'.join(_MESSAGES)})\b)|[\r\n]+"
    r"|(?<=[.!?])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!\bvs\.)(?<!\b[A-Z]\.)\s+"
)
_JOINT = re.compile(r"\s*,\s+(?:and\s+|or\s+)?|\s+and\s+", re.IGNORECASE)
_JOINED = re.compile(r",|\band\b", re.IGNORECASE)
_FACT = re.compile(
    r"(?:is|are|has|does|doesn't|can't|cannot|can|never|usually|mostly|often|always|sometimes|only|normally|mainly|"
    r"used|grew|moved|wife|husband|partner|son|daughter|kids|children|dog|cat|[a-z]{2,}s)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"yes|no|true|false|low|medium|high|none|other|small|large|[\d.,]+|.{1,2}", re.IGNORECASE)


class ProfilePart(Noun):
    """A piece of a line, as a sentence of its own, and the ids of the memories that it stands for."""

    text: str
    memories: tuple[str, ...]


class ProfileLine(Noun):
    """One sentence of a profile, the ids of the memories that it stands for, and the pieces that it is joined of."""

    text: str
    memories: tuple[str, ...]
    parts: tuple[ProfilePart, ...] = ()


class ProfileEdit(Noun):
    """What an edit took from a profile and what it added, as sentences of one thing each: "Avoids gore."."""

    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def strength_of(memory: Memory, now: float, half_life_days: float) -> float:
    """How strong a memory is, from 0 to 1: said once half, each time again half of what is missing, faded since.

    Args:
        memory: the memory; one that has ended has no strength.
        now: seconds since 1970.
        half_life_days: after how many days it counts half; 0 for never.
    """
    if memory.ended is not None:
        return 0.0
    days = max(now - memory.told, 0.0) / _DAY
    faded = math.exp2(-days / half_life_days) if half_life_days > 0 else 1.0
    return (1.0 - 0.5 ** min(memory.times, 50)) * faded


def taste_text(preference: Preference, schema: Schema) -> str:
    """A taste as one sentence without a subject: "Avoids Horror.", "Likes running time under 120 min."."""
    return f"{_TASTES[preference.strength]} {_in_words(preference.limit, schema)}."


def tell_profile(memories: Iterable[Memory], now: float, half_life_days: float) -> str:
    """A user's profile in a few sentences, strongest first; empty where nothing is remembered.

    Args:
        memories: of one user; those that ended are passed over.
        now: seconds since 1970.
        half_life_days: after how many days a memory counts half.
    """
    return " ".join(line.text for line in profile_lines(memories, now, half_life_days))


def profile_lines(memories: Iterable[Memory], now: float, half_life_days: float) -> list[ProfileLine]:
    """The sentences of a profile, each with the memories that it stands for; together at most `LONGEST` words.

    Tastes come first, then facts, then the items liked and disliked. What is weakest is left out where it gets too long.
    """
    strengths = {m.id: strength_of(m, now, half_life_days) for m in memories if m.ended is None}
    holding = {m.id: m for m in memories if m.ended is None}
    ranked = sorted(holding.values(), key=lambda m: (-strengths[m.id], -m.told, m.id))
    felt = [m for m in ranked if m.kind == "feedback" and m.feeling in ("liked", "disliked")]
    told = [m for m in ranked if m.kind != "feedback"][:LONGEST] + felt
    lines = _lines(told)
    while len(lines) > 1 and sum(len(line.text.split()) for line in lines) > LONGEST:
        weakest = next((m for m in reversed(told) if m.kind != "feedback"), told[-1])
        told = [m for m in told if m is not weakest]
        lines = _lines(told)
    return lines


def read_profile_edit(before: str, after: str) -> ProfileEdit:
    """What an edit of a profile took away and added, piece by piece: spaces, case and order mean nothing."""
    old, new = ({_key(p): p for s in sentences(text) for p in _pieces(s)} for text in (before, after))
    return ProfileEdit(
        gone=tuple(p for key, p in old.items() if key not in new),
        added=tuple(p for key, p in new.items() if key not in old),
    )


def forgotten_by(edit: ProfileEdit, lines: Sequence[ProfileLine]) -> tuple[str, ...]:
    """The ids of the memories that an edit of a profile takes away: those of which a piece is gone."""
    gone = {_key(p) for p in edit.gone}
    parts = [part for line in lines for part in line.parts or (ProfilePart(text=line.text, memories=line.memories),)]
    lost = [p for p in parts if any(_key(piece) in gone for s in sentences(p.text) for piece in _pieces(s))]
    return tuple(dict.fromkeys(i for part in lost for i in part.memories))


def message_of(sentence: str) -> str:
    """A sentence of a profile as its user would say it: "Avoids gore." -> "I'd rather not have gore".

    Empty for a statement on the user's life that stands as it is, without a subject: "Lives alone.".
    """
    sentence = sentence.strip()
    if led := _LED.match(sentence):
        return f"{_MESSAGES[led[1][0].upper() + led[1][1:].lower()]} {led[2]}"
    return "" if _FACT.match(sentence) else sentence


def sentences(text: str) -> list[str]:
    """The sentences of a profile, without marks of emphasis and spaces around."""
    return [s for part in _SENTENCE.split(text.replace("**", "")) if (s := " ".join(part.split()))]


def _lines(ranked: Sequence[Memory]) -> list[ProfileLine]:
    tastes = {verb: [m for m in ranked if m.kind == "taste" and _verb(m.text) == verb] for verb in _TASTES.values()}
    lines = [line for verb, group in tastes.items() for line in _joined(verb, group)]
    led = {m.id for group in tastes.values() for m in group}
    lines += [_line(m) for m in ranked if m.kind != "feedback" and m.id not in led]
    for feeling, verb in (("liked", "Liked"), ("disliked", "Disliked")):
        lines += _items(verb, [m for m in ranked if m.feeling == feeling])
    return lines


def _joined(verb: str, group: Sequence[Memory]) -> list[ProfileLine]:
    """Tastes of one kind in one sentence; those whose own words hold a comma or an "and" stand alone."""
    alone = [m for m in group if _JOINED.search(_tail(m.text, verb))]
    together = [m for m in group if m not in alone][:_JOINED_AT_MOST]
    parts = [ProfilePart(text=m.text, memories=(m.id,)) for m in together]
    whole = f"{verb} {_listed([_tail(m.text, verb) for m in together])}."
    lines = [ProfileLine(text=whole, memories=tuple(m.id for m in together), parts=tuple(parts))] if together else []
    return lines + [_line(m) for m in alone]


def _items(verb: str, group: Sequence[Memory]) -> list[ProfileLine]:
    """Items of one feeling: the first by name, the others by number."""
    if not group:
        return []
    named, others = group[:_NAMED], group[_NAMED:]
    parts = [ProfilePart(text=f"{verb} {_title(m)}.", memories=(m.id,)) for m in named]
    tails = [_title(m) for m in named]
    if others:
        tails.append(f"{len(others)} other{'s' if len(others) > 1 else ''}")
        parts.append(ProfilePart(text=f"{verb} {tails[-1]}.", memories=tuple(m.id for m in others)))
    text = f"{verb} {_listed(tails)}."
    return [ProfileLine(text=text, memories=tuple(m.id for m in group), parts=tuple(parts))]


def _line(memory: Memory) -> ProfileLine:
    text = " ".join(memory.text.split())
    return ProfileLine(text=text if text[-1:] in ".!?" else f"{text}.", memories=(memory.id,))


def _verb(text: str) -> str:
    led = _LED.match(text)
    return led[1] if led else ""


def _tail(text: str, verb: str) -> str:
    return " ".join(text.removeprefix(verb).split()).rstrip(".!")


def _title(memory: Memory) -> str:
    """What a feedback memory is about: "Liked Emma." -> "Emma"."""
    led = _LED.match(memory.text)
    return " ".join((led[2] if led else memory.text).replace("**", "").split()).rstrip(".")


def _listed(words: Sequence[str]) -> str:
    *most, last = words or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _pieces(sentence: str) -> list[str]:
    """A sentence as one for each thing that it names, if it begins as tastes and feelings do."""
    led = _LED.match(sentence)
    if not led:
        return [sentence]
    return [f"{led[1]} {piece}." for piece in _JOINT.split(led[2]) if piece.strip()]


def _key(sentence: str) -> str:
    return " ".join(sentence.casefold().replace("’", "'").split()).rstrip(".! ")


def _in_words(limit: Limit, schema: Schema) -> str:
    """A limit as a person reads it, with the attribute's name where the values do not speak for themselves."""
    if limit.attribute is None:
        return describe_limit(limit)
    attribute = schema.attribute(limit.attribute)
    text, name = describe_limit(limit, attribute), attribute.label or attribute.name
    alike = attribute.unit.rstrip("s").lower() == name.rstrip("s").lower()
    told = attribute.kind == "date" or (alike if limit.ranges else not any(_BARE.fullmatch(v) for v in limit.values))
    return text if told else f"{name} {text}"
