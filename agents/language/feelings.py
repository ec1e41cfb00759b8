"""How a message feels about the items that it names or points at: liked, disliked, seen, wanted more of."""

import re
from collections.abc import Sequence

from ..state import Feeling, Mention
from .acts import ACCEPT, NOT_SEEN, SEEN
from .cues import (
    AFTER_NOT,
    CHAIN,
    DISLIKED,
    DISLIKED_AFTER,
    LIKE_AFTER,
    LIKE_AS_VERB,
    LIKE_THIS,
    LIKED,
    LIKED_AFTER,
    LIKED_SHOWN,
    MORE_LIKE_IT,
    MORE_LIKE_SHOWN,
    NEARLY_AFTER,
    NEARLY_BEFORE,
    NEGATED,
    NEGATED_LIKENESS,
    PLANS,
    QUESTIONING,
    SEEN_BEFORE,
    THAN,
    THIS_OR_THAT,
    TOO_AFTER,
    UNSURE,
    WHAT_IS,
    clause_before,
    judged,
    last_match,
)
from .message import Message
from .references import Reference
from .scopes import Force, Scopes
from .titles import Title

_CORRECTS = re.compile(r"\b(?:no|i meant?|i was thinking of|not that one|rather)\b")


def read_feelings(
    message: Message, titles: Sequence[Title], references: Sequence[Reference], scopes: Scopes, shown: Sequence[str]
) -> list[Mention]:
    """The items of a message, with the feelings of the words around them, each item once.

    Args:
        message: the message.
        titles: the items that it names.
        references: what points at shown items.
        scopes: what its cues rule.
        shown: the items in focus, which feelings can be about.
    """
    mentions: dict[str, Mention] = {}
    reacting = bool(shown)
    previous: tuple[int, Feeling | None] | None = None
    for title in titles:
        if previous is not None and CHAIN.fullmatch(message.level[previous[0] : title.start]):
            feeling = previous[1]
        else:
            feeling = _feeling(message, title.start, title.end, scopes)
        if feeling is None and not message.words(0, title.start) and not message.words(title.end, len(message.text)):
            feeling = "like_this"
        if feeling is None and not reacting and MORE_LIKE_IT.search(message.level, title.end):
            feeling = "like_this"
        previous = (title.end, feeling)
        words = message.words(title.start, title.end)
        mentions.setdefault(title.item, Mention(item=title.item, feeling=feeling, words=words))
    last = 0
    chained: Feeling | None = None
    for reference in sorted(references, key=lambda r: r.start):
        feeling = _feeling_of_shown(message, reference, last) if reacting else None
        if feeling is None and last and CHAIN.fullmatch(message.level[last : reference.start]):
            feeling = chained
        if feeling is None and _CORRECTS.search(message.level) and reference.items[0] not in shown:
            feeling = "like_this"
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


def _feeling(message: Message, start: int, end: int, scopes: Scopes) -> Feeling | None:
    """The feeling about a named item: what is said of it, then how it is led up to."""
    before, after = message.level[:start], message.level[end:]
    clause = clause_before(before)
    if THAN.search(before):
        return None
    if WHAT_IS.search(before) and re.match(r"^[\"'”]* like\W*(?:\?|$)", after):
        return None
    if LIKE_AFTER.match(after) or (not before.strip() and re.match(r"^,? (?:but|only|except|meets|minus)\b", after)):
        return "disliked" if NEGATED.search(clause) else "like_this"
    if AFTER_NOT.match(after) or DISLIKED_AFTER.match(after):
        return "disliked"
    if NEARLY_AFTER.match(after) or NEARLY_BEFORE.search(before):
        return "like_this"
    if LIKED_AFTER.match(after):
        return "liked"
    disliked, liked = last_match(DISLIKED, clause), last_match(LIKED, clause)
    if disliked > liked:
        return "disliked"
    if LIKE_THIS.search(before) and not LIKE_AS_VERB.search(before):
        return "disliked" if NEGATED_LIKENESS.search(before) else "like_this"
    if LIKE_AS_VERB.search(before) and UNSURE.search(clause):
        return None
    if NOT_SEEN.search(clause):
        return None
    if liked >= 0 and not re.search(r"\b(?:would|'d|want|feel) like\b", clause):
        return "liked"
    verdict = judged(after)
    if SEEN_BEFORE.search(clause):
        return verdict or "seen"
    if verdict is not None:
        return verdict
    if QUESTIONING.search(clause):
        return None
    return _by_force(scopes.force(start))


def _by_force(force: Force | None) -> Feeling | None:
    """What a cue makes of an item that nothing else is said of."""
    if force == "must_not":
        return "rejected"
    if force == "avoid":
        return "disliked"
    return "liked" if force == "prefer" else None


def _feeling_of_shown(message: Message, reference: Reference, since: int) -> Feeling | None:
    """The feeling about a shown item, by the words between the reference before it and what follows."""
    before, after = clause_before(message.level[since : reference.start]), message.level[reference.end :]
    here = message.level[since : reference.end] + after[:60]
    if MORE_LIKE_SHOWN.search(before) or (LIKE_THIS.search(before) and not LIKE_AS_VERB.search(before)):
        return "disliked" if NEGATED.search(before) else "like_this"
    verdict = judged(after)
    if verdict is not None:
        return verdict
    if NEARLY_AFTER.match(after) or NEARLY_BEFORE.search(before):
        return "like_this"
    if PLANS.search(before):
        return "rejected" if NEGATED.search(before) else "accepted"
    if TOO_AFTER.match(after):
        return "rejected"
    if DISLIKED.search(before) or DISLIKED_AFTER.match(after) or AFTER_NOT.match(after):
        return "disliked"
    if NOT_SEEN.search(before):
        return "accepted" if ACCEPT.search(after) else None
    if LIKED_AFTER.match(after) or LIKED_SHOWN.search(before):
        return "accepted" if re.search(r"\b(?:the sound of|the look of|sounds|looks)\b", here) else "liked"
    if SEEN.search(before) or SEEN.search(after[:40]):
        return "seen"
    pointing = message.level[reference.start : reference.end]
    if (
        re.search(r"\b(?:none|neither|not|any) (?:of )?$", before + pointing[:8])
        or THIS_OR_THAT.search(before)
        or re.match(r"(?:none|neither)\b", pointing)
    ):
        return "rejected"
    if ACCEPT.search(message.level) and not message.level.rstrip().endswith("?"):
        return "accepted"
    return None
