"""Who means what: which words stand under a "not", an "ideally", an "only", or an "I don't mind".

A cue rules from where it ends to the end of its clause. Clauses end at full stops, at "but", and at commas unless a
list goes on ("no horror, war or musicals"). Cues that follow ("musicals are not for me") rule backwards.
"""

import re
from dataclasses import dataclass
from typing import Literal

Force = Literal["must", "prefer", "avoid", "must_not", "ignore"]
"""What a cue makes of the words that it rules; `ignore` is for "I don't mind …"."""

_NOT = r"(?:not|n't|nt|never)"
_DO_NOT = r"(?:do not|don'?t|does not|doesn'?t|did not|didn'?t)"
_IS_NOT = r"(?:is not|isn'?t|are not|aren'?t|ain'?t|was not|wasn'?t)"
_CAN_NOT = r"(?:can not|cannot|can'?t|could not|couldn'?t)"

_BEFORE: list[tuple[Force, str]] = [
    ("ignore", rf"\b(?:i )?{_DO_NOT} (?:really |particularly )?(?:mind|care (?:if|whether|when|where|what|which|"
        rf"how|about))(?: about)?\b|\bno matter\b|\b(?:not )?necessarily\b"
               rf"|\b{_DO_NOT} (?:have|need) to be\b|\b(?:need not|needn'?t) be\b|\bopen to\b|"
        rf"\bnothing (?:wrong with|against)\b|\b(?:fine|ok|okay|cool) with\b|\bno preference\b|"
        rf"\b{_NOT} sure\b|\bno idea\b|\bno (?:problem|worries|rush|need|(?:big )?deal)\b|\b(?:it |"
        rf"that )?{_DO_NOT} matter (?:if|whether|how|when|which|what|where)\b|\bwhether or not\b|"
        rf"\bregardless of\b"),
    ("must", r"\bnothing but\b|\bonly (?:really |ever )?(?:interested in|keen on)\b|\bnot only\b|\bnot just\b|"
        r"\bnone other than\b|"
        r"\bcan'?t (?:do|live|go) without\b|\bnot without\b"),
    ("prefer", rf"\b{_DO_NOT} (?:hate|dislike)\b|\bnot (?:bad|opposed to|against|averse to)\b|\bwhy not\b|"
        rf"\b{_CAN_NOT} (?:wait|go wrong with|get enough of|resist|beat)\b|\bnothing (?:beats|"
        rf"like a good)\b|\bwould ?n'?t mind\b|\bwould not mind\b|\b(?:wouldn'?t|would not) say no to\b"
               r"|\b(?:would|could|might) be (?:nice|great|good|cool|lovely|perfect|a plus|a bonus) if (?:it|that|they|"
        r"there|one)(?:'s| (?:was|were|is|are|had|has|could be))?\b|\b(?:weakness|soft spot) for\b|\bfond of\b"),
    ("avoid", rf"\b(?:rather|preferably|ideally|if (?:at all )?possible|better),? (?:no|not|nothing)\b(?! (?:more|less|"
        rf"fewer|longer|shorter|older|newer|later|earlier|over|under|above|below)\b)"
              rf"|\bif (?:you can|possible),? (?:please )?(?:avoid|skip)\b|\brather (?:avoid|skip|(?:it|they) "
        rf"(?:wasn'?t|weren'?t))\b|\b{_NOT} (?:so |very |too |that |really |all that |particularly )*big on\b"
              rf"|\b{_NOT} much of an?\b|\b{_NOT} (?:so |very |too |that |really )*keen on\b"
              rf"|\b(?:{_NOT}|{_IS_NOT}|{_DO_NOT}|i'?m not|am not)(?: \w+)? (?:(?:a )?(?:big |huge |great |"
        rf"massive )?(?:fan|lover) of|really (?:like|into|enjoy|feel like|care for|feeling)|(?:that |so |"
        rf"very |too |really |super |all that )?(?:into|keen on|crazy about|wild about|fond of)|"
        rf"care (?:much )?for)\b"
              rf"|\b(?:not|n'?t|nothing|never|isn'?t|aren'?t|without being|without|no)(?: \w+)? (?:too|so|very|"
        rf"overly|super|that|quite as|as|particularly|terribly|all that)\b|\b(?:nothing|no|not) too\b"
              r"|\b(?:a (?:bit|little) |much |slightly |somewhat )?less\b(?! than)|\b(?:would |i'?d |"
        r"'d )?rather not(?: have)?\b|\b(?:tired|sick|bored|weary) of\b|\btoo\b(?= (?!much|many)\w)|"
        r"\bprefer(?:ably)? not\b|\bideally not\b|\bpreferably no\b|\bnot really\b|\btoo (?:much|many)\b|"
        r"\benough (?:of|with)\b|\btry to avoid\b|\bgo easy on\b|\btone down\b"),
    ("must_not", rf"\banything (?:but|except|other than)\b|\beverything (?:but|except)\b|\b(?:other|rather|"
        rf"would be better) than\b|"
        rf"\binstead of\b|\bapart from\b|\baside from\b|\bbesides\b|\bexcept(?:ing|s)?(?: for)?\b"
        rf"(?! (?:that )?(?:i|i'?[dm]|i'?ll|i'?ve|we|we'?[dr]e?|it|it'?s|he|she|they|there|my|our)\b)|"
        rf"\bexclud(?:e|es|ing)\b|\bspare (?:me|us)\b|\bavoid(?:s|ing)?\b|\bstay(?:ing)? away from\b|\bsteer clear of\b|"
        rf"\bkeep away from\b"
                 rf"|\b(?:i |we |she |he |they )?(?:really |absolutely |just |totally )?(?:hate|hates|dislike|"
        rf"dislikes|loathe|despise|detest)\b|\bhated\b|\b{_CAN_NOT} (?:stand|bear|take|handle|deal with|"
        rf"tolerate|do|have)\b"
                 rf"|\b{_DO_NOT}(?: \w+)? (?:want|like|enjoy|watch|read|play|need|do|care for|go for|"
        rf"wanna)(?: to (?:see|watch|read|play|have))?(?: any(?:thing)?)?\b|\b(?:would not|"
        rf"wouldn'?t) (?:want|like)\b|\bwon'?t (?:watch|read|play|do)\b"
                 rf"|\b(?:skip|leave out|ditch|lose|drop|cut|remove|rule out|forget|minus|nix)\b(?: the)?|"
        rf"\b(?:allergic|averse) to\b|\bhad (?:my|our) fill of\b|\b{_NOT} in the mood for\b|\bnot (?:feeling|looking for|"
        rf"interested in)\b"
                 rf"|\bfree of\b|\bwithout(?: any)?\b|\bno more\b(?! than)|\b(?:no|nothing|none|neither|nor|never|"
        rf"not)(?: (?:with|about|from|by|in|of|on|like|any|a|an|the))*\b(?! (?:less|more|longer|older|"
        rf"newer|shorter|later|earlier|fewer|bigger|over|under) than)|\b{_IS_NOT}(?: an?)?\b|\bhasn'?t\b|"
        rf"\bhaven'?t\b|\bhas not\b"),
    ("must", r"\b(?:only|strictly|exclusively|solely|absolutely|definitely)\b|\b(?:must|has to|have to|"
        r"needs? to|got to|gotta|should|needs?)(?: (?:be|have|include|contain|feature|star))\b|"
        r"\brequired?\b|\bno less than\b"),
    ("prefer", r"\b(?:prefer(?:ably|ence for|s|red)?|ideally|maybe|perhaps|possibly|hopefully|if possible|"
        r"if you (?:have|can)|leaning (?:towards?|to)|kind of|sort of|kinda|a (?:bit|touch|hint|"
        r"little) of|a (?:bit|little)(?: more)?|bonus (?:points )?(?:if|for)|(?:big |huge )?(?:fan|fans|"
        r"lover) of|(?<!would )(?<!'d )(?<!feel )(?<!d )(?:really |also |usually |generally |do |both |"
        r"all |always )*(?:love|loves|enjoy|enjoys|adore|adores)|(?:i|we|she|he|they|who|kids|wife|"
        r"husband|boyfriend|girlfriend|friends|dad|mum|mom) (?:really |also |usually |generally |tend to |"
        r"do |both |all |always |only |just )*likes?|i'?m (?:really |very )?into|(?:interested|"
        r"keen) (?:in|on)|partial to|usually|tend to|would be (?:nice|great|good|cool)|could be|"
        r"sucker for|soft spot for|more)\b"),
]  # fmt: skip
_AFTER: list[tuple[Force, str]] = [
    ("ignore", rf"(?<!\bif that)(?<!\bif it)\b(?<!\bif that )(?<!\bif it )(?:(?:is|are|would be|'s) (?:also |"
        rf"totally |perfectly |all )?(?:fine|ok|okay|alright|"
        rf"acceptable|cool|no problem)|{_DO_NOT} (?:really )?matter|{_IS_NOT} (?:a problem|important|"
        rf"an issue|necessary)|not required|optional)\b"),
    ("avoid", r"\btends? to (?:bore|annoy|irritate|tire|scare) (?:me|us)\b|\b(?:bores?|annoys?) (?:me|us) a (?:bit|"
        r"little)\b"),
    ("must_not", rf"\b(?:(?:is|are|was|were|'s) (?:out|off the table|a no-?go|a no\b|not what|a deal-?breaker|"
        rf"boring|not allowed|not an option|awful|terrible)|{_IS_NOT} (?:for me|an option|allowed|what i)|"
        rf"not for me|no thanks|(?:bores?|annoys?|irritates?) me|(?:gives?|give) me nightmares|scares? me|"
        rf"makes? me sick|need not apply)\b"),
    ("avoid", rf"\b(?:{_IS_NOT} (?:really )?(?:my (?:thing|cup of tea|favou?rite|jam|style|bag))|"
        rf"not (?:really )?my (?:thing|cup of tea|jam|style)|puts? me off|gets? old)\b"),
    ("must", r"\b(?:is|are) (?:an? (?:absolute )?must|essential|non-?negotiable|mandatory)\b"),
    ("prefer", r"\b(?:(?:would|could|might) (?:be (?:nice|great|good|cool|lovely|perfect|a bonus|a plus|fun|ideal)|"
        r"suit (?:me|us)|make me happy)|(?:is|are) always (?:good|nice|great|welcome|fun)|"
        r"is a plus|(?:is|are) a bonus|if possible(?!,? (?:no|not|nothing)\b)|preferably|ideally|i guess|i suppose|preferred|"
        r"for (?:example|instance))\b"),
]  # fmt: skip
_BEFORE_CUES: list[tuple[Force, re.Pattern[str]]] = [(force, re.compile(pattern)) for force, pattern in _BEFORE]
_AFTER_CUES: list[tuple[Force, re.Pattern[str]]] = [(force, re.compile(pattern)) for force, pattern in _AFTER]
_HARD_STOP = re.compile(
    r"[.!?;\n](?!\d)|\s[-–—]+\s|\b(?:but|however|though|although|yet|instead|otherwise|"
    r"except (?=(?:that )?(?:i|i'?[dm]|i'?ll|i'?ve|we|we'?[dr]e?|it|it'?s)\b))\b(?! of)"
)
_SOFT_STOP = re.compile(
    r",|\band (?=(?:i|i'?m|i'?d|something|maybe|would|want|prefer|love|like|also|it|it'?s|make|give|"
    r"show|find|please|has|have|with|then|go|try|switch|use|take|do|let|definitely|preferably|ideally|no|not|must|"
    r"should|we|my|only|"
    r"ideally)\b)"
    r"|\b(?:so|because|since|as long as|while|if|when|(?<!suitable )(?<!ok )(?<!okay )(?<!fine )(?<!safe )(?<!fit "
    r")for)\b|\b(?:that|which|who) (?=(?:is|are|has|have|"
    r"was|were|makes?|stars?|takes?|feels?|will)\b)|:"
)
_LIST_GOES_ON = re.compile(
    r",\s*(?:[\w'-]+\s+){0,2}[\w'-]+\s*(?:,?\s+(?:or|nor)\s|,\s*(?:[\w'-]+\s+){0,2}[\w'-]+\s*,?\s+(?:or|nor)\s)"
)
_NEGATIVE = ("must_not", "avoid")


@dataclass(frozen=True)
class Scope:
    """The part of a message that a cue rules, in characters; `at` is where the cue itself begins."""

    at: int
    start: int
    end: int
    force: Force
    backwards: bool = False


class Scopes:
    """The forces at work in a folded message.

    Args:
        level: the message.
        quiet: places whose words are no cues, such as titles and quantities.

    Attributes:
        places: where the words of the cues themselves stand.
    """

    def __init__(self, level: str, quiet: list[tuple[int, int]]) -> None:
        self.level = level
        self._settled: list[tuple[int, int, Force | None]] = []
        cues = _cues(level, quiet)
        self.places = [(at, start) for at, start, _ in cues]
        self.scopes = [
            Scope(at, start, self._reach(start, force, [c[0] for c in cues[i + 1 :]]), force)
            for i, (at, start, force) in enumerate(cues)
        ]
        for force, pattern in _AFTER_CUES:
            for match in pattern.finditer(level):
                if not _inside(match.start(), quiet):
                    self.places.append(match.span())
                    self.scopes.append(
                        Scope(match.start(), self._clause_start(match.start()), match.start(), force, True)
                    )

    def rule(self, start: int, end: int, force: Force | None) -> None:
        """Settle the force between two places, whatever the cues there say."""
        self._settled.append((start, end, force))

    def force(self, place: int) -> Force | None:
        """The force on the words at a place: the nearest cue before them, then a cue after them; None is a plain wish."""
        for start, end, force in self._settled:
            if start <= place < end:
                return force
        before = [s for s in self.scopes if not s.backwards and s.start <= place < s.end]
        after = [s for s in self.scopes if s.backwards and s.start <= place < s.end]
        if after:
            return after[0].force
        return before[-1].force if before else None

    def cue_start(self, place: int) -> int:
        """Where the cue begins that rules a place, or the place itself."""
        before = [s for s in self.scopes if not s.backwards and s.start <= place < s.end]
        return before[-1].at if before else place

    def _reach(self, start: int, force: Force, next_cues: list[int]) -> int:
        """How far a cue rules: to the clause's end, or to the next cue of another kind."""
        hard = _HARD_STOP.search(self.level, start)
        end = hard.start() if hard else len(self.level)
        if next_cues:
            end = min(end, next_cues[0])
        place = start
        while stop := _SOFT_STOP.search(self.level, place, end):
            if stop.group() != "," and not self.level[start : stop.start()].strip():
                place = stop.end()
                continue
            if stop.group() == "," and _LIST_GOES_ON.match(self.level, stop.start(), end + 12):
                place = stop.end()
                continue
            if stop.group() == "," and force not in _NEGATIVE and not self.level[start : stop.start()].strip():
                place = stop.end()
                continue
            if stop.group() == "," and re.match(
                r",\s*(?:especially|particularly|mostly|mainly|above all)\b", self.level[stop.start() :]
            ):
                place = stop.end()
                continue
            if stop.group() == "," and force not in _NEGATIVE and _is_bare(self.level[stop.end() : end]):
                place = stop.end()
                continue
            return stop.start()
        return end

    def _clause_start(self, place: int) -> int:
        start = 0
        for pattern in (_HARD_STOP, re.compile(r",|\band\b(?= i\b)")):
            for stop in pattern.finditer(self.level, 0, place):
                if stop.group() == "?" and not self.level[stop.end() : place].strip():
                    continue
                start = max(start, stop.end())
        return start


def _is_bare(text: str) -> bool:
    return len(text.split()) <= 3


def _inside(place: int, quiet: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in quiet)


def _cues(level: str, quiet: list[tuple[int, int]]) -> list[tuple[int, int, Force]]:
    """Cues in order: where each begins, where it ends, what it does. Of two that overlap, the earlier kind wins."""
    cues: list[tuple[int, int, Force]] = []
    for force, pattern in _BEFORE_CUES:
        for match in pattern.finditer(level):
            if _inside(match.start(), quiet):
                continue
            if all(match.end() <= at or match.start() >= end for at, end, _ in cues):
                cues.append((match.start(), match.end(), force))
    return sorted(cues)
