"""How a message feels about the items that it names or points at: liked, disliked, seen, wanted more of."""

import re
from collections.abc import Sequence

from ...tools.lexicon import Found
from ..state import Feeling, Mention
from .acts import ACCEPT, NOT_SEEN, SEEN
from .message import Message
from .references import Reference
from .scopes import Scopes

_LIKE_THIS = re.compile(
    r"\b(?:like|similar to|in the (?:vein|style|spirit|mould|mold) of|reminiscent of|reminds? me of|remind of|along the lines of|(?:the )?same (?:vibe|feel|feeling|mood|style|kind|sort|type) (?:as|of)|comparable to|close to|à la|a la|akin to|such as|such a|as \w+ as|vibes? of|think|kind of|equivalent of|successor to|follow[- ]?up to|meets|cross between|mix (?:of|between)|if i (?:liked|loved|enjoyed)|based on (?:my love of|liking)|fans? of|(?:i'?m |we'?re )?(?:really )?in the mood for)[\s:\"'“]*(?:the (?:film|movie|book|game|show|novel|series) )?[\"'“]*$"
)
_LIKE_AFTER = re.compile(r"^[\"'”]*[ -](?:like|esque|style|styled|type|ish|vibes?|feel|kind of|kinda)\b(?! (?:to|a))")
_THAN = re.compile(r"\bthan (?:the )?$")
_CHAIN = re.compile(r"[\"'”]*\s*(?:,|and|or|&|meets|,\s*(?:and|or|but also)|plus|but also|/)\s*[\"'“]*(?:the )?$")
_LIKED = re.compile(
    r"\b(?:love|loved|loves|like|liked|likes|enjoy|enjoyed|adore|adored|favou?rites?(?: \w+)?(?: is| are| was| were|:)?|big fan of|fan of|obsessed with|appreciate|appreciated|great|impressed by|blown away by|digging|dig)\b(?: (?:how|that|the way|films?|movies?|games?|books?|things|stuff))*(?: (?:like|such as))?[^.;!?]{0,25}$"
)
_DISLIKED = re.compile(
    r"\b(?:hate|hated|hates|dislike|disliked|did(?:n'?t| not) (?:like|enjoy|care for|love|get|finish)|do(?:n'?t| not) (?:like|enjoy|care for)|can'?t stand|bored by|disappointed (?:by|with|in)|not a fan of|wasn'?t (?:a fan of|into)|loathed?|despised?|couldn'?t (?:stand|get into|finish)|gave up on|bored (?:with|of)|regret(?:ted)?|never again)\b[^.;!?]{0,25}$"
)
_LIKED_AFTER = re.compile(
    r"^[\"'”]*,? (?:was|is|are|were|'s|has been|remains|still|blew me away|had me in stitches|made me|destroyed me|floored me|moved me|rocks?|rules?|rocked|ruled)(?: \w+)?$|^[\"'”]*,? (?:was|is|are|were|'s|has been) (?:really |so |just |very |absolutely |pretty |one of |my |the |a |such |all |amazing and )*(?:great|good|amazing|awesome|fantastic|brilliant|excellent|perfect|favou?rites?|fun|wonderful|best|incredible|beautiful|lovely|masterpiece|superb|cool|funny|hilarious)"
)
_DISLIKED_AFTER = re.compile(
    r"^[\"'”]*,? (?:was|is|are|were|'s) (?:really |so |just |very |absolutely |pretty |kind of |a bit |such |too |not )*(?:bad|boring|awful|terrible|overrated|dull|disappointing|horrible|slow|long|scary|silly|stupid|garbage|rubbish|meh|good|great|for me|my thing|my cup|violent|dark|weird|sad)|^[\"'”]* (?:really |just |totally )?(?:bored|annoyed|disappointed|scared|disgusted) (?:me|us)|^[\"'”]* (?:left me cold|did nothing for me|wasn'?t for me|isn'?t for me|isn'?t my)"
)
_AFTER_NOT = re.compile(r"^[\"'”]*,? (?:was|is|are|were)(?:n'?t| not)\b")
_SEEN_BEFORE = re.compile(
    r"\b(?:seen|watched|read|played|saw|finished|rewatched|rewatching|know|own|completed|heard|just (?:watched|read|played))\b[^.;!?]{0,30}$"
)
_QUESTIONING = re.compile(
    r"\b(?:what about|how about|tell me about|is|are|was|who (?:is|was|directed|made|wrote)|about|have you (?:seen|read|heard of|got)|do you (?:have|know))\b(?!')[^.;!?,]{0,20}$"
)
_THIS_OR_THAT = re.compile(
    r"\b(?:not|no|nah|don'?t|nothing)(?: (?:want|like|the|for|into|feeling|that|really|keen on))*\s*$"
)


def read_feelings(
    message: Message, references: Sequence[Reference], scopes: Scopes, *, reacting: bool
) -> list[Mention]:
    """The items of a message, with the feelings of the words around them, each item once.

    Args:
        message: the message.
        references: what points at shown items.
        scopes: what its cues rule.
        reacting: whether items are in focus, so that "the second one" alone chooses.
    """
    mentions: dict[str, Mention] = {}
    previous: tuple[int, Feeling | None] | None = None
    for found in message.found:
        if not is_title(message, found):
            continue
        for sense in found.of("item")[:1]:
            start, end = message.start(found), message.end(found)
            chained = previous is not None and bool(_CHAIN.fullmatch(message.level[previous[0] : start]))
            feeling = previous[1] if chained and previous else _feeling(message, start, end, scopes)
            previous = (end, feeling)
            for item_id in sense.items:
                mentions.setdefault(item_id, Mention(item=item_id, feeling=feeling, words=message.words(start, end)))
    last = 0
    chained: Feeling | None = None
    for reference in sorted(references, key=lambda r: r.start):
        feeling = _feeling_of_shown(message, reference, last) if reacting else None
        if feeling is None and last and _CHAIN.fullmatch(message.level[last : reference.start]):
            feeling = chained
        last, chained = reference.end, feeling
        for item_id in reference.items:
            if (
                item_id not in mentions
                or mentions[item_id].feeling is None
                or (feeling is not None and reference.certain)
            ):
                words = message.words(reference.start, reference.end)
                mentions[item_id] = Mention(item=item_id, feeling=feeling, words=words)
    return list(mentions.values())


def is_title(message: Message, found: Found) -> bool:
    """Whether a phrase means an item: it is no label, or stands where titles stand ("like Alien")."""
    if not found.of("item"):
        return False
    start, end = message.start(found), message.end(found)
    before, after = message.level[:start], message.level[end:]
    if (
        not found.of("value")
        or before.endswith(('"', "“"))
        or (found.end - found.start > 1 and _DISLIKED.search(_clause(before)))
    ):
        return True
    capital = message.text[start].isupper() and bool(before.strip()) and before.rstrip()[-1] not in ".!?"
    if capital and not message.text.isupper() and any(s.exact == 1.0 for s in found.of("item")):
        return True
    cues_before = (_LIKE_THIS, _THAN)
    cues_clause = (_SEEN_BEFORE, _DISLIKED) if message.text[start].isupper() else (_SEEN_BEFORE,)
    return (
        any(c.search(before) for c in cues_before)
        or any(c.search(_clause(before)) for c in cues_clause)
        or any(c.match(after) for c in (_LIKED_AFTER, _DISLIKED_AFTER, _LIKE_AFTER))
        or (not before.strip() and bool(re.match(r"^,? (?:but|only|except|meets|minus)\b", after)))
    )


def _feeling(message: Message, start: int, end: int, scopes: Scopes) -> Feeling | None:
    before, after = message.level[:start], message.level[end:]
    clause = _clause(before)
    if _THAN.search(before):
        return None
    if _LIKE_AFTER.match(after) or (not before.strip() and re.match(r"^,? (?:but|only|except|meets|minus)\b", after)):
        return "like_this"
    if _LIKE_THIS.search(before):
        negated = re.search(
            r"\b(?:not|nothing|no|don'?t want(?: \w+)*|isn'?t|never|un)(?: anything| something| \w+)? (?:like|similar to|such as)\W*$",
            before,
        )
        if negated:
            return "disliked"
        opener = re.search(
            r"\b(?:i|we|he|she|they|you) (?:really |also |did |do |absolutely |just )*like[\s\"'“]*$", before
        )
        return "liked" if opener else "like_this"
    if _AFTER_NOT.match(after):
        return "disliked"
    if _LIKED_AFTER.match(after):
        return "liked"
    if _DISLIKED_AFTER.match(after):
        return "disliked"
    if _DISLIKED.search(clause):
        return "disliked"
    if NOT_SEEN.search(clause):
        return None
    if _LIKED.search(clause) and not re.search(r"\b(?:would|'d|want|feel) like\b", clause):
        return "liked"
    if _SEEN_BEFORE.search(clause):
        return "seen"
    if _QUESTIONING.search(clause):
        return None
    force = scopes.force(start)
    if force in ("must_not", "avoid"):
        return "rejected" if force == "must_not" else "disliked"
    if force == "prefer":
        return "liked"
    return None


def _feeling_of_shown(message: Message, reference: Reference, since: int) -> Feeling | None:
    """The feeling about a shown item, by the words between the reference before it and what follows."""
    before, after = _clause(message.level[since : reference.start]), message.level[reference.end :]
    level = message.level
    if NOT_SEEN.search(level):
        return None
    if re.search(
        r"\b(?:more|something|anything|others?|similar|another(?: one)?|ones)(?: \w+)? (?:like|similar to|to|of|in the (?:style|vein) of)\s*$",
        before,
    ) or (
        _LIKE_THIS.search(before)
        and not re.search(r"\b(?:i|we) (?:really |do |also )*(?:like|liked|love|loved)\s*$", before)
    ):
        return "like_this"
    if re.match(
        r"^[^.;!?,]{0,25}\b(?:and|but) (?:i |we )?(?:really |absolutely |just )?(?:hated|disliked|didn'?t like|couldn'?t stand)\b",
        after,
    ):
        return "disliked"
    if re.match(
        r"^[^.;!?,]{0,25}\b(?:and|but) (?:i |we )?(?:really |absolutely |just )?(?:loved|liked|enjoyed|adored)\b", after
    ):
        return "liked"
    if re.match(
        r"^ (?:looks?|sounds?|seems?|is|are|one is|one looks|'s) (?:a bit |way |far |much |just )?too\b", after
    ):
        return "rejected"
    if SEEN.search(before) or SEEN.search(after[:40]):
        return "seen"
    if _DISLIKED.search(before) or _DISLIKED_AFTER.match(after) or _AFTER_NOT.match(after):
        return "disliked"
    if _LIKED_AFTER.match(after) or re.search(
        r"\b(?:love|loved|like|liked|enjoy|enjoyed|adore)\b[^.;!?]{0,12}$", before
    ):
        return "accepted" if re.search(r"\b(?:the sound of|the look of|sounds|looks)\b", level) else "liked"
    if (
        re.search(r"\b(?:none|neither|not|any) (?:of )?$", before + level[reference.start : reference.end][:8])
        or _THIS_OR_THAT.search(before)
        or re.match(r"(?:none|neither)\b", level[reference.start :])
    ):
        return "rejected"
    if ACCEPT.search(level) and not level.rstrip().endswith("?"):
        return "accepted"
    return None


def _clause(before: str) -> str:
    return re.split(r"[.;!?]|\bbut\b|\bthen\b", before)[-1]
