"""The words around an item that tell how a user feels about it, as patterns for what stands before and after it."""

import re

LIKE_THIS = re.compile(
    r"\b(?:like|similar to|in the (?:vein|style|spirit|mould|mold) of|reminiscent of|reminds? me of|remind of|along the lines of|(?:the )?same (?:vibe|feel|feeling|mood|style|kind|sort|type) (?:as|of)|comparable to|close to|à la|a la|akin to|such as|such a|as \w+ as|vibes? of|think|kind of|equivalent of|successor to|follow[- ]?up to|meets|cross between|mix (?:of|between)|if i (?:liked|loved|enjoyed)|based on (?:my love of|liking)|fans? of|(?:i'?m |we'?re )?(?:really )?in the mood for)[\s:\"'“]*(?:the \w+ )?[\"'“]*$"
)
LIKE_AFTER = re.compile(r"^[\"'”]*[ -](?:like|esque|style|styled|type|ish|vibes?|feel|kind of|kinda)\b(?! (?:to|a))")
THAN = re.compile(r"\bthan (?:the )?$")
MORE_LIKE_IT = re.compile(
    r"\b(?:more|others?|something|anything|another(?: one)?|stuff|things?) (?:just )?(?:like|similar to) (?:it|that|this|them|those)\b"
)
CHAIN = re.compile(r"[\"'”]*\s*(?:,|and|or|&|meets|,\s*(?:and|or|but also)|plus|but also|/)\s*[\"'“]*(?:the )?$")
LIKED = re.compile(
    r"\b(?:love|loved|loves|like|liked|likes|enjoy|enjoyed|adore|adored|favou?rites?(?: \w+)?(?: is| are| was| were|:)?|big fan of|fan of|obsessed with|appreciate|appreciated|great|impressed by|blown away by|digging|dig)\b(?: (?:how|that|the way|things|stuff|ones))*(?: (?:like|such as))?[^.;!?]{0,25}$"
)
DISLIKED = re.compile(
    r"\b(?:hate|hated|hates|dislike|disliked|did(?:n'?t| not) (?:like|enjoy|care for|love|get|finish)|do(?:n'?t| not) (?:like|enjoy|care for)|can'?t stand|bored by|disappointed (?:by|with|in)|not a fan of|wasn'?t (?:a fan of|into)|loathed?|despised?|couldn'?t (?:stand|get into|finish)|gave up on|bored (?:with|of)|regret(?:ted)?|never again)\b[^.;!?]{0,25}$"
)
LIKED_AFTER = re.compile(
    r"^[\"'”]*,? (?:was|is|are|were|'s|has been|remains|still|blew me away|had me in stitches|made me|destroyed me|floored me|moved me|rocks?|rules?|rocked|ruled)(?: \w+)?$|^[\"'”]*,? (?:was|is|are|were|'s|has been) (?:really |so |just |very |absolutely |pretty |one of |my |the |a |such |all |amazing and )*(?:great|good|amazing|awesome|fantastic|brilliant|excellent|perfect|favou?rites?|fun|wonderful|best|incredible|beautiful|lovely|masterpiece|superb|cool|funny|hilarious)"
)
DISLIKED_AFTER = re.compile(
    r"^[\"'”]*,? (?:was|is|are|were|'s) (?:really |so |just |very |absolutely |pretty |kind of |a bit |such |too |not )*(?:bad|boring|awful|terrible|overrated|dull|disappointing|horrible|slow|long|scary|silly|stupid|garbage|rubbish|meh|good|great|for me|my thing|my cup|violent|dark|weird|sad)|^[\"'”]* (?:really |just |totally )?(?:bored|annoyed|disappointed|scared|disgusted) (?:me|us)|^[\"'”]* (?:left me cold|did nothing for me|wasn'?t for me|isn'?t for me|isn'?t my)"
)
AFTER_NOT = re.compile(r"^[\"'”]*,? (?:was|is|are|were)(?:n'?t| not)\b")
SEEN_BEFORE = re.compile(
    r"\b(?:seen|watched|read|played|saw|finished|rewatched|rewatching|know|own|completed|heard|just (?:watched|read|played))\b[^.;!?]{0,30}$"
)
QUESTIONING = re.compile(
    r"\b(?:what about|how about|tell me about|is|are|was|who (?:is|was|directed|made|wrote)|about|have you (?:seen|read|heard of|got)|do you (?:have|know))\b(?!')[^.;!?,]{0,20}$"
)
THIS_OR_THAT = re.compile(
    r"\b(?:not|no|nah|don'?t|nothing)(?: (?:want|like|the|for|into|feeling|that|really|keen on))*\s*$"
)


def last_match(pattern: re.Pattern[str], clause: str) -> int:
    """Where the last match begins that reaches the clause's end, or -1."""
    places = [m.start() for part in range(len(clause)) for m in [pattern.match(clause, part)] if m]
    return places[-1] if places else -1


def clause_before(before: str) -> str:
    return re.split(r"[.;!?]|\bbut\b|\bthen\b", before)[-1]
