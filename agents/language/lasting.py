"""Which preferences of a message last beyond the talk, and what the user's life makes of them.

Tastes are told by the clause that they stand in: "I hate …" lasts, "tonight …" and "show me …" do not.
"""

import re
from collections.abc import Iterable, Sequence

from ..state import Preference
from .lives import Fact
from .message import Message
from .standing import PEOPLE

_ADVERBS = (
    r"(?: (?:really|also|usually|generally|normally|typically|mostly|mainly|always|just|only|absolutely|honestly|"
    r"both|all|still|do|tend to|quite|actually|truly|simply|especially|particularly|personally|have always|"
    r"'ve always|"
    r"never really|ever|often|sometimes|rarely|seldom|hardly ever|never|not|even))*"
)
_TASTE = r"(?:love|like|enjoy|adore|hate|dislike|detest|loathe|despise|prefer|favou?r)"
_NO_WISH = (
    r"(?! (?:the (?:sound|look|idea) of|to (?:see|have|get|try)\b|some(?:thing|one)?\b|anything\b|another\b|it\b))"
)
_HABIT = (
    r"(?:watch|read|play|listen to|eat|drink|cook|wear|grow|buy|go for|stick to|stay away from|steer clear of|avoid)"
)
_NOT = r"(?:do not|don'?t|can not|cannot|can'?t|will not|won'?t)"
_OPENERS = (
    r"(?:^|[.!?;,:]) *(?:(?:and|but|so|well|also|oh|yes|yeah|yep|no|ok|okay|actually|honestly|personally|plus|hmm|"
    r"haha)"
    r"\b[ ,]*)*"
)
_LASTING = re.compile(
    rf"(?<!\bdo )(?<!\bwould )(?<!\bshould )(?<!\bcould )(?<!\bcan )(?<!\bwill )\b(?:i|we)(?:'ve|'m| am|'re|"
    rf" are)?{_ADVERBS}"
    rf" (?:{_TASTE}\b{_NO_WISH}|{_HABIT}\b(?! (?:it|that|this|them|one)\b)|into\b|not into\b|keen on\b|fond of\b|"
    r"crazy about\b|partial to\b|obsessed with\b|allergic to\b|afraid of\b|scared of\b"
    r"|(?:not )?(?:an? )?(?:\w+ )?(?:fans?|lovers?|sucker|addict) (?:of|for)\b|an? (?:\w+ ){1,2}(?:fan|lover|"
    r"addict)\b)"
    rf"|\b(?:i|we){_ADVERBS} {_NOT}{_ADVERBS} (?:{_TASTE}\b{_NO_WISH}|{_HABIT}|stand|bear|stomach|tolerate|handle|do|"
    r"care for|go for)\b(?! (?:it|that|this|them|one)\b)"
    rf"|{_OPENERS}(?:(?:really|absolutely|usually|generally|always|never|mostly|i|do) )*"
    r"(?:(?:love|hate|enjoy|adore|dislike|detest|can'?t stand|cannot stand)\b"
    r"(?! (?:it|that|this|them|the (?:sound|look|idea) of)\b)|(?:not |(?:a )?(?:big |huge )?)?(?:an? )?fans? of\b|"
    r"(?:not )?(?:big |huge )fan\b|sucker for\b|allergic to\b)"
    r"|\b(?:soft spot|weakness|thing|passion) for\b|\bmy (?:all[- ]time )?favou?rites?\b|\bi(?:'ve|"
    r" have) always (?:been|"
    r"loved|liked|hated|enjoyed|disliked)\b"
    r"|\bnot my (?:thing|cup of tea|style|bag|jam)\b|\bn[o']t (?:really )?for me\b|\b(?:bores?|annoys?|irritates?|"
    r"scares?|"
    r"disgusts?|upsets?) me\b|\b(?:gives?|make|makes) me (?:nightmares|sick|ill|cry|anxious|queasy)\b"
    r"|\b(?:in general|generally|as a rule|from now on|in (?:the )?future|for (?:the )?future|every time|each time|"
    r"whenever)\b"
    r"|\b(?:always|never|don'?t ever|do not ever) (?:want|show|recommend|suggest|give|offer|bring|leave|avoid|skip|"
    r"exclude|"
    r"include|watch|read|play|eat|pick|choose)\b|^\W*never\b(?!\W*mind)"
)
_UNDONE = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:used to|never (?:seen|heard|watched|read|played|tried|been|had)|once)\b"
)
_BESIDE = re.compile(rf"\b{PEOPLE}\b")
"""Company, which a wish is for, and not a taste of the user's own."""
_WITHOUT = re.compile(r"(?:Doesn't|Does not|Can't|Cannot|Can not|Can barely|Can hardly)\b")
_NONE_OF = re.compile(
    r"\w+(?:'t| not)? (?:really |even |actually )?(?:eat|drink|smoke|own|tolerate|digest|have(?!.* kids))\b"
)
"""What one does without, and would rather not be offered."""
_OLD = re.compile(r"\b(?:old|new|\d+)\b")
_FAVOURITE = re.compile(r"\bfavou?rites?\b")
_FAVOURITE_IS = re.compile(r"\bmy (?:all[- ]time )?favou?rites?(?: [\w-]+){0,2} (?:is|are)\b")
_MOMENT = re.compile(
    r"\b(?:tonight|today|right now|this time|for now|at the moment|just now|for once|for a change|just this once|"
    r"this (?:evening|afternoon|morning|week|weekend|month|one time)|tomorrow|at this point|currently in|"
    r"in the mood|not now|feel like|feeling like|looking for|would|i'?d|we'?d|"
    r"for (?:my|our|the|this|a|an) (?:\w+ )?(?:flight|trip|journey|drive|ride|party|date|dinner|birthday|holidays?|"
    r"vacation|wedding|picnic|sleepover|evening|night|weekend|stay))\b"
)


def settle(message: Message, preferences: Iterable[Preference], facts: Sequence[Fact]) -> list[Preference]:
    """Preferences as they hold, for now or for good, in the light of what the message tells of the user's life.

    "I own an A and a B" asks for either, "I don't eat C" against C, and "I don't speak D" for nothing.

    Args:
        message: the message, with its clauses.
        preferences: what was read in it.
        facts: what it tells of the user's life.
    """
    settled: dict[tuple[int, str], Preference] = {}
    for number, preference in enumerate(preferences):
        place, end = _place(message, preference)
        told = next((f for f in facts if f.own and f.start < end and place < f.end), None)
        if told is not None and preference.wanted:
            without = _WITHOUT.match(told.text)
            if (without and not _NONE_OF.match(told.text)) or (preference.limit.ranges and _OLD.search(told.text)):
                continue
            if without:
                preference = preference.model_copy(update={"strength": "must_not"})
        limit = preference.limit
        joined = told is not None and preference.strength == "must" and limit.values and limit.attribute is not None
        key = (told.start, limit.attribute or "") if told is not None and joined else (-1, str(number))
        if (other := settled.get(key)) is not None:
            values = tuple(dict.fromkeys((*other.limit.values, *limit.values)))
            limit = limit.model_copy(update={"values": values})
            preference = other.model_copy(update={"limit": limit})
        settled[key] = _settled(message, preference, place, end, told)
    return list(settled.values())


def _settled(message: Message, preference: Preference, place: int, end: int, told: Fact | None) -> Preference:
    """A preference with whether it lasts; a favourite is no condition."""
    inside = [c for c in message.clauses if c.start < end and place < c.end]
    said = message.level[inside[0].start : inside[-1].end] if inside else message.level
    if place < 0 or preference.relative or _MOMENT.search(said) or _UNDONE.search(said):
        return preference.model_copy(update={"lasting": False})
    if told is not None:
        company = _BESIDE.search(message.level, told.start, told.end)
        return preference.model_copy(
            update={"lasting": not preference.limit.ranges and not (company and company.start() < end)}
        )
    lasting, strength = bool(_LASTING.search(said)), preference.strength
    if lasting and strength == "must" and _FAVOURITE.search(said):
        strength, lasting = ("prefer", True) if _FAVOURITE_IS.search(said) else ("must", False)
    return preference.model_copy(update={"lasting": lasting, "strength": strength})


def _place(message: Message, preference: Preference) -> tuple[int, int]:
    """Where the words of a preference stand, in characters; below 0 where they do not."""
    place = message.text.find(preference.words) if preference.words else -1
    return place, place + len(preference.words)
