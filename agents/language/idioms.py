"""Words of a message that say nothing of items: the greeting that it opens with, and turns of phrase."""

import re

from .message import Message

_TO_WHOM = r"(?:there|again|all|everyone|everybody|folks|guys|friends?|mate|team|you|y'all|to (?:you )?all|to you)"
HAIL = (
    r"(?:hiya+|hi+|heya+|hey+|hello+|hallo|hullo|howdy|yo+|greetings|salutations|g'?day|"
    rf"good (?:morning|afternoon|evening|day)|what'?s up|sup)(?: {_TO_WHOM})*"
)
"""A greeting; what follows it may be a wish."""
_DAYTIME = rf"(?:morning|afternoon|evening|day)(?: {_TO_WHOM})*(?=\s*(?:[,.!;:-]|$))"
_ASIDE = (
    r"(?:how are you(?: doing)?(?: today)?|how'?s it going|(?:is this|am i) (?:where|in the right place)(?: (?:i|"
    r"we) can| to)? ask"
    r"(?: for \w+)?)"
)
_OPENING = re.compile(rf"^(?:\W*(?:(?:oh|ah|well|ok|okay|so|um+|uh) )?\W*(?:{HAIL}|{_DAYTIME}|{_ASIDE})(?![\w'-])\??)+")
_IDIOMS = re.compile(
    r"\b(?:to (?:death|tears|bits)|on earth|by the way|a let[- ]?down|let down|such a thing as|"
    r"worth it|in the back|for god'?s sake|oh my god|please god|had me in stitches|in stitches"
    r"|(?:along|on) the lines of|in the (?:vein|spirit|style) of|at the moment|right now|these days|"
    r"catch up|a bit of|kind of thing|for the record|chang(?:ed|ing) (?:my|our) minds?|(?:no )?big deal|"
    r"(?:round|around) in circles|"
    r"be (?:so |very |really )?(?:surprised|happy|glad|pleased|grateful)(?= (?:if|to|with)\b|\W*$)|"
    r"(?:would|could|will) make (?:me|us) happy|counts? as|"
    r"hope (?:you|all|everything|this|that)(?: is|'s| are|'re)?(?: doing| going)?(?: very)?(?: well| fine| ok| good)?|"
    r"first time(?: here)?|(?:where|how) (?:i|we) (?:can )?ask|can'?t be right|nothing at all|what a pity|that'?s a pity|"
    r"(?:read|look|try) (?:it |that )?again|free time(?: coming up)?|an evening to fill|keep (?:them|'?em|those) coming|"
    r"(?:comes?|came|getting|gets?) (?:(?:very|pretty|quite|really|so) )?close(?:r|st)?(?! to my heart)|"
    r"(?:closer|nearer|closest|nearest)|in the right direction|nice to have)\b"
)


def without_opening(message: Message, level: str) -> str:
    """A message's text with its greeting overwritten, as long as before, where more follows."""
    opening = _OPENING.match(message.level)
    if opening is None or not re.search(r"\w", level[opening.end() :]):
        return level
    return " " * opening.end() + level[opening.end() :]


def empty_places(message: Message) -> list[tuple[int, int]]:
    """Where a message greets or uses a turn of phrase, in characters; a title or label that begins with a greeting is none."""
    places = [m.span() for m in _IDIOMS.finditer(message.level)]
    opening = _OPENING.match(message.level)
    if opening:
        end = opening.end()
        begun = [f for f in message.found if message.start(f) < end < message.end(f)]
        places.append((0, min([end, *(message.start(f) for f in begun)])))
    return places
