"""How a wish grows: what one message adds to it, takes from it, and what a turn leaves behind."""

from collections.abc import Iterable

from ..tools.catalogue import Catalogue
from ..tools.limits import Range
from ..tools.schema import Schema
from ..tools.words import content_stems, fold
from .state import Feeling, Mention, Preference, Understanding, Wish

_KEPT: dict[Feeling, str] = {
    "liked": "liked",
    "disliked": "disliked",
    "seen": "seen",
    "accepted": "accepted",
    "rejected": "rejected",
}


def grow(wish: Wish, understanding: Understanding) -> Wish:
    """The wish after a message: replaced preferences go, new ones come, feelings are noted."""
    if understanding.act == "reset":
        wish = Wish(
            liked=wish.liked, disliked=wish.disliked, seen=wish.seen, accepted=wish.accepted, rejected=wish.rejected,
            shown=wish.shown, history=wish.history, preferences=tuple(p for p in wish.preferences if p.memory),
        )  # fmt: skip
    new = {p.key: p for p in understanding.preferences}
    dropped = {*understanding.dropped, *new}
    elsewhere = any(m.feeling == "like_this" and m.item not in wish.shown for m in understanding.mentions)
    kept = tuple(p for p in wish.preferences if p.key not in dropped and not (elsewhere and _falls(p, wish)))
    wish = wish.model_copy(update={"preferences": (*kept, *new.values())})
    wish = feel(wish, understanding.mentions)
    mentioned = tuple(m.item for m in understanding.mentions)
    spoken = understanding.question.items if understanding.question else mentioned
    asking_done = wish.asking is not None and (understanding.declined or understanding.act != "ask")
    return wish.model_copy(
        update={
            "spoken": spoken[0] if len(spoken) == 1 else None if spoken else wish.spoken,
            "asking": None if asking_done else wish.asking,
            "count": understanding.count or wish.count,
        }
    )


def _falls(preference: Preference, wish: Wish) -> bool:
    """Whether a preference ends when items like another one are asked for: it was measured by those in view, or nothing
    fitted. Telling of a taste takes nothing back."""
    return preference.relative or (wish.missed and not preference.lasting)


def feel(wish: Wish, mentions: Iterable[Mention]) -> Wish:
    """The wish with feelings noted: a newer feeling on an item replaces an older one; "like this", and
    liking what was not shown here, makes new seeds."""
    mentions = list(mentions)
    lists: dict[str, tuple[str, ...]] = {name: getattr(wish, name) for name in _KEPT.values()}
    for mention in mentions:
        name = _KEPT.get(mention.feeling) if mention.feeling else None
        if name is None:
            continue
        opposed = ("liked", "disliked", "rejected", "accepted") if name != "seen" else ()
        for other in opposed:
            lists[other] = tuple(i for i in lists[other] if i != mention.item)
        lists[name] = (*(i for i in lists[name] if i != mention.item), mention.item)
    seeds = tuple(m.item for m in mentions if m.feeling == "like_this")
    if not seeds:
        seeds = (
            *(s for s in wish.seeds if s not in lists["disliked"]),
            *(m.item for m in mentions if m.feeling == "liked"),
        )
    return wish.model_copy(update={**lists, "seeds": tuple(dict.fromkeys(seeds))})


def liking(wish: Wish) -> dict[str, float]:
    """How much each item that the user has a history with, or a feeling about, speaks for (above 0) or against others."""
    felt = {**dict.fromkeys(wish.accepted, 0.5), **dict.fromkeys(wish.liked, 1.0), **dict.fromkeys(wish.disliked, -1.0)}
    return {**wish.history, **felt}


def without_gone(wish: Wish, catalogue: Catalogue) -> Wish:
    """The wish without what this catalogue does not have: it may have been imported anew, or be another one."""
    lists = ("liked", "disliked", "seen", "accepted", "rejected", "seeds", "shown", "focus")
    kept: dict[str, object] = {n: tuple(i for i in getattr(wish, n) if i in catalogue.row_of) for n in lists}
    kept["history"] = {i: weight for i, weight in wish.history.items() if i in catalogue.row_of}
    names = {a.name for a in catalogue.schema.attributes}
    kept["preferences"] = tuple(p for p in wish.preferences if p.limit.attribute in (*names, None))
    kept["spoken"] = wish.spoken if wish.spoken in catalogue.row_of else None
    kept["asking"] = wish.asking if wish.asking in names else None
    return wish.model_copy(update=kept)


def drop_preference(wish: Wish, key: str) -> Wish:
    """The wish without one preference."""
    return wish.model_copy(update={"preferences": tuple(p for p in wish.preferences if p.key != key)})


def clashes(old: Preference, new: Preference, schema: Schema) -> bool:
    """Whether two preferences cannot both be meant.

    That is: numbers that never meet or that the new one loosens, labels of which an item has one only, a label or a
    phrase wanted and not.
    """
    if old.limit.attribute != new.limit.attribute or old.key == new.key:
        return False
    if old.limit.attribute is None:
        said, again = ({tuple(content_stems(v)) for v in p.limit.values} for p in (old, new))
        return old.wanted != new.wanted and bool(said & again)
    if old.limit.ranges and new.limit.ranges and old.wanted and new.wanted:
        pairs = [(a, b) for a in old.limit.ranges for b in new.limit.ranges]
        loosened = (new.hard or not old.hard) and any(_loosens(a, b) for a, b in pairs)
        return loosened or not any(_meet(a, b) for a, b in pairs)
    if old.strength == new.strength == "must" and not schema.attribute(old.limit.attribute).many:
        return True
    shared = set(map(fold, old.limit.values)) & set(map(fold, new.limit.values))
    return bool(shared) and (old.wanted != new.wanted or set(old.limit.values) == set(new.limit.values))


def _loosens(old: Range, new: Range) -> bool:
    """Whether a new span reaches further at an end that the old one has too."""
    lower = old.low is not None and new.low is not None and new.low < old.low
    return lower or (old.high is not None and new.high is not None and new.high > old.high)


def _meet(one: Range, other: Range) -> bool:
    low = max(n for n in (one.low, other.low, float("-inf")) if n is not None)
    high = min(n for n in (one.high, other.high, float("inf")) if n is not None)
    return low < high or (low == high and one.holds(low) and other.holds(low))


def musts(preferences: Iterable[Preference]) -> list[Preference]:
    """The preferences that must hold, on attributes."""
    return [p for p in preferences if p.strength == "must" and p.limit.attribute is not None]


def must_nots(preferences: Iterable[Preference]) -> list[Preference]:
    """The preferences that must not hold, on attributes."""
    return [p for p in preferences if p.strength == "must_not" and p.limit.attribute is not None]


def show(wish: Wish, items: Iterable[str]) -> Wish:
    """The wish after items were shown: they are in focus, and will not come again."""
    ids = tuple(items)
    return wish.model_copy(
        update={
            "shown": tuple(dict.fromkeys((*wish.shown, *ids))),
            "focus": ids,
            "spoken": None,
            "missed": False,
            "questions_in_a_row": 0,
            "count": None,
        }
    )


def miss(wish: Wish, nearest: tuple[str, ...]) -> Wish:
    """The wish after nothing fitted: the nearest items, if any, are in focus."""
    return wish.model_copy(update={"missed": True, "focus": nearest or wish.focus, "spoken": None})


def ask(wish: Wish, attribute: str) -> Wish:
    """The wish after a clarifying question about an attribute."""
    return wish.model_copy(
        update={
            "asked": (*wish.asked, attribute),
            "asking": attribute,
            "questions_in_a_row": wish.questions_in_a_row + 1,
        }
    )
