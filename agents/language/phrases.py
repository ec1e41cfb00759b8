"""What a message says beyond the catalogue's own labels: the phrases that search and inference look for in texts."""

import re
from dataclasses import dataclass

from ...tools.talk_words import TALK_WORDS
from ...tools.words import STOPWORDS
from .clauses import kind_at
from .message import Message

_JOINERS = frozenset("of the in and a an on to at for with's from".split())
_FILLERS = frozenset(
    """
    ideas choices chat chatting helping yourself mine recomendations recomendation sugestions job rewatch woudl chance
    set involving featuring involves features feature about takes takes-place based having where around regarding
    containing contains contain includes include including revolves revolving focused focusing deals dealing centred
    centered story stories tale tales plot plots element elements theme themes themed scene scenes style vibe vibes
    lots plenty tons stuff ish wanna gonna gotta dont im ive id cant something's anything's somethin ya u ur pls plz
    gimme lemme whats thats whos hows theres isnt doesnt wont didnt wasnt couldnt wouldnt shouldnt havent hasnt
    arent hates likes sometime monday tuesday wednesday thursday friday saturday sunday boyfriend partner husband
    wife dad mum mom mother father brother sister son daughter grandma grandpa grandad nephew niece baby guys mate
    god spirit line lines hmm umm ooh tbh imo btw etc kinda sorta lil cause cuz coz yea ok k aren't isn't wasn't
    decide deciding grab grabs appeal appeals excite excites jumps closest closer nearest nearer resemble resembles resembling
    max maximum tops minimum
    recommendations dislike dislikes disliked detest detests loathe loathes despise despises adore adores
    """.split()
)


@dataclass(frozen=True)
class Phrase:
    """Content words that stand together, with their place."""

    start: int
    end: int
    text: str


def read_phrases(message: Message) -> list[Phrase]:
    """Runs of words that nothing else has understood and that ordinary talk does not use, in order."""
    phrases: list[Phrase] = []
    run: list[int] = []
    for place, token in enumerate(message.tokens):
        content = not message.taken[place] and (not is_filler(token.text) or _in_compound(message, place))
        if content and run and not _joined(message, run[-1], place):
            phrases.append(_phrase(message, run))
            run = []
        if content:
            run.append(place)
    if run:
        phrases.append(_phrase(message, run))
    return phrases


_AT_A_TIME = re.compile(
    r"^ (?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|day|night|evening|morning|afternoon|weekend|week)\b"
)
_MOVES = re.compile(r"\b(?:makes?|made|making) (?:you|me|us|one|people)$")
_INTERJECTION = re.compile(
    r"o+h*|a+h+|u+h+|h+m+|(?:h[aeo]){1,}h?|y+[eu]+[ps]+|ye+a+h*|na+h*|wo+w+|me+h+|u+gh+|lo+l|e+r+m*|u+m+|any-?ways?|"
    r"ok+a*y*|a+w+|yup+|ha+|ooh+|whoa+|gosh|omg|welp|thx|hurray|yay+|aye"
)


_BEFORE_CONTENT = frozenset(
    """about with without no not set in on of featuring involving a an some any more less and or but like nothing from
    during has have into where containing around inside under over between only the anything something including plus
    than too so very be want need fancy craving pure real true proper lots kind sort for""".split()
)


def is_content(message: Message, phrase: Phrase) -> bool:
    """Whether a phrase says what an item should be, and not what the user does: terse talk, or after a word that leads to
    content ("about", "with", "a"), adjectives of ordinary talk passed over."""
    places = [p for p, t in enumerate(message.tokens) if phrase.start <= t.start < phrase.end]
    if kind_at(message.clauses, phrase.start) in ("comment", "life", "closing") or _AT_A_TIME.match(
        message.level[phrase.end :]
    ):
        return False
    before = message.level[: phrase.start].rstrip()
    if len(message.tokens) <= 5 or before[-1:] in (",", ";", ":", "(") or _MOVES.search(before):
        return True
    place = places[0] - 1
    while place >= max(places[0] - 3, 0):
        word = message.tokens[place].text
        if word in _BEFORE_CONTENT or (message.taken[place] and word not in STOPWORDS):
            return True
        if word in STOPWORDS or not is_filler(word):
            return False
        place -= 1
    following = places[-1] + 1
    return place < 0 or (following < len(message.tokens) and message.taken[following])


def is_filler(word: str) -> bool:
    """Whether a folded word carries no content of its own."""
    bare = word.removesuffix("'s")
    if _INTERJECTION.fullmatch(bare):
        return True
    if "'" in word and word.endswith(("n't", "'re", "'ve", "'ll", "'d", "'m")):
        return True
    if word.endswith("ly") and len(word) > 5:
        return True
    return (
        word in STOPWORDS
        or word in TALK_WORDS
        or word in _FILLERS
        or bare in TALK_WORDS
        or bare in STOPWORDS
        or (len(bare) == 1 and bare.isascii())
        or bare.isdigit()
    )


def _in_compound(message: Message, place: int) -> bool:
    """Whether a word of ordinary talk is half of a compound, which is content: "feel-good", "low-key"."""
    for first in (place - 1, place):
        if first >= 0 and first + 1 < len(message.tokens):
            a, b = message.tokens[first], message.tokens[first + 1]
            letters = a.text.isalpha() and b.text.isalpha() and min(len(a.text), len(b.text)) > 2
            if (
                message.level[a.end : b.start] == "-"
                and letters
                and not message.taken[first]
                and not message.taken[first + 1]
            ):
                return True
    return False


def _joined(message: Message, last: int, place: int) -> bool:
    """Whether two content words belong to one phrase: side by side, or with joiners between, and no punctuation."""
    gap = message.level[message.tokens[last].end : message.tokens[place].start]
    if any(not (c.isalnum() or c in " -'’/") for c in gap):
        return False
    between = message.tokens[last + 1 : place]
    free = not any(message.taken[last + 1 : place])
    return free and len(between) <= 2 and all(t.text in _JOINERS and t.text != "and" for t in between)


def _phrase(message: Message, run: list[int]) -> Phrase:
    first, last = message.tokens[run[0]], message.tokens[run[-1]]
    return Phrase(first.start, last.end, message.level[first.start : last.end])
