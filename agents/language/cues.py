"""The words around an item that tell how a user feels about it, as patterns for what stands before and after it."""

import re

LIKE_THIS = re.compile(
    r"\b(?:like|similar to|in the (?:vein|style|spirit|mould|mold) of|reminiscent of|reminds? me of|"
    r"remind of|along the lines of|(?:the )?same (?:vibe|feel|feeling|mood|style|kind|sort|"
    r"type) (?:as|of)|comparable to|close to|à la|a la|akin to|such as|such a|as \w+ as|vibes? of|"
    r"think|kind of|equivalent of|successor to|follow[- ]?up to|meets|cross between|mix (?:of|"
    r"between)|if i (?:liked|loved|enjoyed)|based on (?:my love of|liking)|fans? of|(?:i'?m |"
    r"we'?re )?(?:really )?in the mood for)[\s:\"'“]*(?:the \w+ )?[\"'“]*$"
)
LIKE_AFTER = re.compile(r"^[\"'”]*[ -](?:like|esque|style|styled|type|ish|vibes?|feel|kind of|kinda)\b(?! (?:to|a))")
THAN = re.compile(r"\bthan (?:the )?$")
MORE_LIKE_IT = re.compile(
    r"\b(?:more|others?|something|anything|another(?: one)?|stuff|things?) (?:just )?(?:like|"
    r"similar to) (?:it|that|this|them|those)\b"
)
CHAIN = re.compile(r"[\"'”]*\s*(?:,|and|or|&|meets|,\s*(?:and|or|but also)|plus|but also|/)\s*[\"'“]*(?:the )?$")
LIKED = re.compile(
    r"\b(?:love|loved|loves|like|liked|likes|enjoy|enjoyed|adore|adored|favou?rites?(?: \w+)?(?: is|"
    r" are| was| were|:)?|big fan of|fan of|obsessed with|appreciate|appreciated|great|impressed by|"
    r"blown away by|digging|dig)\b(?: (?:how|that|the way|things|stuff|ones))*(?: (?:like|"
    r"such as))?[^.;!?]{0,25}$"
)
DISLIKED = re.compile(
    r"\b(?:hate|hated|hates|dislike|disliked|did(?:n'?t| not) (?:like|enjoy|care for|love|get|finish)|"
    r"do(?:n'?t| not) (?:like|enjoy|care for)|can'?t stand|bored by|disappointed (?:by|with|in)|"
    r"not a fan of|wasn'?t (?:a fan of|into)|loathed?|despised?|couldn'?t (?:stand|get into|finish)|"
    r"gave up on|bored (?:with|of)|regret(?:ted)?|never again)\b[^.;!?]{0,25}$"
)
LIKED_AFTER = re.compile(
    r"^[\"'”]*,? (?:was|is|are|were|'s|has been|remains|still|blew me away|had me in stitches|made me|"
    r"destroyed me|floored me|moved me|rocks?|rules?|rocked|ruled)(?: \w+)?$|^[\"'”]*,? (?:was|is|are|"
    r"were|'s|has been) (?:really |so |just |very |absolutely |pretty |one of |my |the |a |such |all |"
    r"amazing and )*(?:great|good|amazing|awesome|fantastic|brilliant|excellent|perfect|favou?rites?|"
    r"fun|wonderful|best|incredible|beautiful|lovely|masterpiece|superb|cool|funny|hilarious)"
)
DISLIKED_AFTER = re.compile(
    r"^[\"'”]*,? (?:was|is|are|were|'s) (?:really |so |just |very |absolutely |pretty |kind of |"
    r"a bit |such |too |not )*(?:bad|boring|awful|terrible|overrated|dull|disappointing|horrible|slow|"
    r"long|scary|silly|stupid|garbage|rubbish|meh|good|great|for me|my thing|my cup|violent|dark|"
    r"weird|sad)|^[\"'”]* (?:really |just |totally )?(?:bored|annoyed|disappointed|scared|"
    r"disgusted) (?:me|us)|^[\"'”]* (?:left me cold|did nothing for me|wasn'?t for me|isn'?t for me|"
    r"isn'?t my)"
)
AFTER_NOT = re.compile(r"^[\"'”]*,? (?:was|is|are|were)(?:n'?t| not)\b")
SEEN_BEFORE = re.compile(
    r"\b(?:seen|watched|read|played|saw|finished|rewatched|rewatching|know|own|completed|heard|"
    r"just (?:watched|read|played))\b[^.;!?]{0,30}$"
)
QUESTIONING = re.compile(
    r"\b(?:what about|how about|tell me about|is|are|was|who (?:is|was|directed|made|wrote)|about|"
    r"have you (?:seen|read|heard of|got)|do you (?:have|know))\b(?!')[^.;!?,]{0,20}$"
)
THIS_OR_THAT = re.compile(
    r"\b(?:not|no|nah|don'?t|nothing)(?: (?:want|like|the|for|into|feeling|that|really|keen on))*\s*$"
)


def last_match(pattern: re.Pattern[str], clause: str) -> int:
    """Where the last match begins that reaches the clause's end, or -1."""
    places = [m.start() for part in range(len(clause)) for m in [pattern.match(clause, part)] if m]
    return places[-1] if places else -1


def clause_before(before: str) -> str:
    """The last clause of what stands before a place."""
    return re.split(r"[.;!?]|\bbut\b|\bthen\b", before)[-1]
