"""The words around an item that tell how a user feels about it, as patterns for what stands before and after it."""

import re
from typing import Literal

LIKE_THIS = re.compile(
    r"\b(?:like|similar to|in the (?:vein|style|spirit|mould|mold) of|reminiscent of|reminds? me of|"
    r"remind of|along the lines of|(?:the )?same (?:vibe|feel|feeling|mood|style|kind|sort|"
    r"type) (?:as|of)|comparable to|close to|à la|a la|akin to|such as|as \w+ as|vibes? of|"
    r"think|kind of|equivalent of|successor to|resembl(?:es?|ing)|follow[- ]?up to|meets|cross between|mix (?:of|"
    r"between)|if i (?:liked|loved|enjoyed)|based on (?:my love of|liking)|fans? of|(?:i'?m |"
    r"we'?re )?(?:really )?in the mood for)[\s:\"'“]*(?:the \w+ )?[\"'“]*$"
)
LIKE_AFTER = re.compile(r"^[\"'”]*[ -](?:like|esque|style|styled|type|ish|vibes?|feel|kind of|kinda)\b(?! (?:to|a))")
NEARLY_AFTER = re.compile(
    r"^[\"'”]*,? (?:comes?|came|gets?|is|was|are|were|looks?|seems?)(?: (?:getting|pretty|very|quite|really|already))*"
    r" (?:close(?:st|r)?\b(?! to my heart)|(?:nearly|almost) (?:it|there|right|what|perfect)\b|"
    r"(?:going )?in the right direction|"
    r"(?:on )?the right (?:track|lines)|the (?:closest|nearest)|more (?:like it|my thing))"
)
NEARLY_BEFORE = re.compile(r"\b(?:closer|nearer|closest|nearest) to[\s\"'“]*(?:the )?$")
WHAT_IS = re.compile(r"\bwhat(?:'?s| is| are| was)[\s\"'“]*(?:the )?$")
FAVOURITE_IS = re.compile(
    r"\b(?:favou?rites?(?: \w+)?|(?:one|ones|thing|what) (?:i|we)(?:'ve)? (?:really |absolutely |last )?(?:loved|"
    r"liked|enjoyed|adored))"
    r" (?:is|was|are|were)[\s\"'“:]*(?:the )?$"
)
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
    r"a bit |a little |way |such |too )*(?:bad|boring|awful|terrible|overrated|dull|disappointing|horrible|slow|"
    r"garbage|rubbish|meh|stupid)|^[\"'”]*,? (?:was|is|are|were|'s) (?:really |so |just |very |"
    r"kind of |a bit |way )*(?:not |too )(?:\w+ )?(?:long|scary|silly|"
    r"good|great|for me|my thing|my cup|violent|dark|weird|sad|slow)|^[\"'”]* (?:really |just |"
    r"totally )?(?:bored|annoyed|disappointed|scared|"
    r"disgusted) (?:me|us)|^[\"'”]* (?:left me cold|did nothing for me|wasn'?t for me|isn'?t for me|"
    r"isn'?t my)"
)
AFTER_NOT = re.compile(r"^[\"'”]*,? (?:was|is|are|were)(?:n'?t| not)\b")
SEEN_BEFORE = re.compile(
    r"\b(?:seen|watched|read|played|saw|finished|rewatched|rewatching|know|own|completed|heard|"
    r"just (?:watched|read|played)|(?:'ve|have)(?: already| just)? had|been there with|familiar with)\b[^.;!?]{0,30}$"
)
QUESTIONING = re.compile(
    r"\b(?:what about|how about|tell me about|is|are|was|who (?:is|was|directed|made|wrote)|about|"
    r"have you (?:seen|read|heard of|got)|do you (?:have|know))\b(?!')[^.;!?,]{0,20}$"
)
LIKE_AS_VERB = re.compile(
    r"\b(?:i|we|you|they|he|she|who|n'?t|not|never|'ll|'d|will|would|might|could|to|also|really|did|do|does|both|all)"
    r"(?: (?:really|also|ever|even|all|both|just|do|did|actually|quite))* (?:like|fan of|fans of|"
    r"think)[\s\"'“]*(?:the \w+ )?$"
)
NEGATED_LIKENESS = re.compile(
    r"\b(?:not|nothing|no|don'?t want(?: \w+)*|isn'?t|never)(?: anything| something| \w+)? (?:like|"
    r"similar to|such as)\W*(?:the )?$"
)
PLANS = re.compile(
    r"\b(?:i'?ll|we'?ll|i will|i'?m going to|gonna|let'?s|i want to|i'?d like to|i'?d love to|i think i'?ll)"
    r" (?:definitely |probably |just |have to |maybe )?(?:take|watch|see|read|play|buy|get|go (?:with|"
    r"for)|try|pick|choose|have|check out|give|rent|order|do)\b[^.;!?]{0,12}$"
)
UNSURE = re.compile(r"\b(?:not sure|unsure|don'?t know|wonder|if)\b")
MORE_LIKE_SHOWN = re.compile(
    r"\b(?:more|something|anything|others?|similar|another(?: one)?|ones)(?: \w+)? (?:like|similar to|"
    r"to|of|in the (?:style|vein) of)\s*$"
)
TOO_AFTER = re.compile(r"^ (?:looks?|sounds?|seems?|is|are|one is|one looks|'s) (?:a bit |way |far |much |just )?too\b")
LIKED_SHOWN = re.compile(r"(?<!n't )(?<!not )\b(?:love|loved|like|liked|enjoy|enjoyed|adore)\b[^.;!?]{0,12}$")
NEGATED = re.compile(r"\b(?:not|n'?t|don'?t|didn'?t|doesn'?t|never|wasn'?t|isn'?t|hardly|nothing|no)\b[^.;!?,]{0,30}$")
JUDGED_AFTER = re.compile(
    r"^[^.;!?,]{0,20}(?:[.;!?,]\s*)?(?:\b(?:and|but) )?(?:i |we )?(?:it |that |they |that one |both )?"
    r"(?:really |also |absolutely |just |both )*\b(?:(?P<bad>(?:hated|disliked)(?! the\b)|did(?:n'?t|"
    r" not) (?:really )?(?:like|enjoy|care)|"
    r"couldn'?t stand|was(?:n'?t| not) (?:very |that |so )?(?:good|great|for me)|"
    r"was (?:really |so |very |a bit |pretty )*(?:bad|boring|awful|terrible|dull))|"
    r"(?P<good>(?:loved|liked|enjoyed|adored)(?! the\b)|was (?:really |so |very |pretty |also |such |a |an )*"
    r"(?:good|great|amazing|awesome|fun|funny|hilarious|excellent|fantastic|brilliant)))\b"
)
THIS_OR_THAT = re.compile(
    r"\b(?:not|no|nah|don'?t|nothing)(?: (?:want|like|the|for|into|feeling|that|really|keen on))*\s*$"
)


def last_match(pattern: re.Pattern[str], clause: str) -> int:
    """Where the last match begins that reaches the clause's end, or -1."""
    places = [m.start() for part in range(len(clause)) for m in [pattern.match(clause, part)] if m]
    return places[-1] if places else -1


def judged(after: str) -> Literal["liked", "disliked"] | None:
    """The judgement that follows a mention, in its own clause or the next: "and really enjoyed it"."""
    match = JUDGED_AFTER.match(after)
    if match is None:
        return None
    return "disliked" if match["bad"] else "liked" if match["good"] else None


def clause_before(before: str) -> str:
    """The last clause of what stands before a place."""
    return re.split(r"[.;!?]|\bbut\b|\bthen\b", before)[-1]
