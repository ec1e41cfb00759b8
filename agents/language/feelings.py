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
    LIKE_THIS,
    LIKED,
    LIKED_AFTER,
    MORE_LIKE_IT,
    QUESTIONING,
    SEEN_BEFORE,
    THAN,
    THIS_OR_THAT,
    clause_before,
    last_match,
)
from .message import Message
from .references import Reference
from .scopes import Scopes
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
    before, after = message.level[:start], message.level[end:]
    clause = clause_before(before)
    if THAN.search(before):
        return None
    if LIKE_AFTER.match(after) or (not before.strip() and re.match(r"^,? (?:but|only|except|meets|minus)\b", after)):
        return "like_this"
    if LIKE_THIS.search(before):
        negated = re.search(
            r"\b(?:not|nothing|no|don'?t want(?: \w+)*|isn'?t|never|un)(?: anything| something| \w+)? (?:like|"
            r"similar to|such as)\W*$",
            before,
        )
        if negated:
            return "disliked"
        opener = re.search(
            r"\b(?:i|we|he|she|they|you) (?:really |also |did |do |absolutely |just )*like[\s\"'“]*$", before
        )
        return "liked" if opener else "like_this"
    if AFTER_NOT.match(after):
        return "disliked"
    if LIKED_AFTER.match(after):
        return "liked"
    if DISLIKED_AFTER.match(after):
        return "disliked"
    disliked, liked = last_match(DISLIKED, clause), last_match(LIKED, clause)
    if disliked > liked:
        return "disliked"
    if NOT_SEEN.search(clause):
        return None
    if liked >= 0 and not re.search(r"\b(?:would|'d|want|feel) like\b", clause):
        return "liked"
    if SEEN_BEFORE.search(clause):
        return "seen"
    if QUESTIONING.search(clause):
        return None
    force = scopes.force(start)
    if force in ("must_not", "avoid"):
        return "rejected" if force == "must_not" else "disliked"
    if force == "prefer":
        return "liked"
    return None


def _feeling_of_shown(message: Message, reference: Reference, since: int) -> Feeling | None:
    """The feeling about a shown item, by the words between the reference before it and what follows."""
    before, after = clause_before(message.level[since : reference.start]), message.level[reference.end :]
    level = message.level
    if NOT_SEEN.search(level):
        return None
    if re.search(
        r"\b(?:more|something|anything|others?|similar|another(?: one)?|ones)(?: \w+)? (?:like|similar to|"
        r"to|of|in the (?:style|vein) of)\s*$",
        before,
    ) or (
        LIKE_THIS.search(before)
        and not re.search(r"\b(?:i|we) (?:really |do |also )*(?:like|liked|love|loved)\s*$", before)
    ):
        return "like_this"
    if re.match(
        r"^[^.;!?,]{0,25}\b(?:and|but) (?:i |we )?(?:really |absolutely |just )?(?:hated|disliked|"
        r"didn'?t like|couldn'?t stand)\b",
        after,
    ):
        return "disliked"
    if re.match(
        r"^[^.;!?,]{0,25}\b(?:and|but) (?:i |we )?(?:really |absolutely |just )?(?:loved|liked|enjoyed|"
        r"adored)\b",
        after,
    ):
        return "liked"
    if re.match(
        r"^ (?:looks?|sounds?|seems?|is|are|one is|one looks|'s) (?:a bit |way |far |much |just )?too\b", after
    ):
        return "rejected"
    if SEEN.search(before) or SEEN.search(after[:40]):
        return "seen"
    if DISLIKED.search(before) or DISLIKED_AFTER.match(after) or AFTER_NOT.match(after):
        return "disliked"
    if LIKED_AFTER.match(after) or re.search(
        r"\b(?:love|loved|like|liked|enjoy|enjoyed|adore)\b[^.;!?]{0,12}$", before
    ):
        return "accepted" if re.search(r"\b(?:the sound of|the look of|sounds|looks)\b", level) else "liked"
    if (
        re.search(r"\b(?:none|neither|not|any) (?:of )?$", before + level[reference.start : reference.end][:8])
        or THIS_OR_THAT.search(before)
        or re.match(r"(?:none|neither)\b", level[reference.start :])
    ):
        return "rejected"
    if ACCEPT.search(level) and not level.rstrip().endswith("?"):
        return "accepted"
    return None
