"""The remembering agent, built-in brain: what of a turn lasts, and how it stands to what is remembered already.

Lasting tastes, facts of the user's life and feelings about items become memories; wishes for now stay in their thread.
What says the same as a memory strengthens it, what contradicts one takes its place and keeps the link to it.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ..tools.index import Index
from ..tools.schema import Schema
from ..tools.words import content_stems, words
from .memory import Changes, Known, Memory
from .profile import taste_text
from .state import Feeling, Preference, Understanding, Wish
from .wishes import clashes

LASTING: tuple[Feeling, ...] = ("liked", "disliked", "seen", "accepted")
"""The feelings about items that outlive a conversation; a rejection says only "not now"."""

_FELT = {"liked": "Liked", "disliked": "Disliked", "seen": "Knows", "accepted": "Took"}
_NEGATION = re.compile(r"\b(?:not|no|never|without|\w+n['’]t)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)?|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Told:
    """What one turn said.

    Attributes:
        text: the message.
        understanding: what it means.
        before, after: the wish before and after it, both with what is remembered.
        thread: where it was said; empty outside a talk.
        turn: which turn of the thread, from 1; 0 outside a talk.
        now: seconds since 1970.
    """

    text: str
    understanding: Understanding
    before: Wish
    after: Wish
    thread: str = ""
    turn: int = 0
    now: float = 0.0


async def remember(told: Told, known: Known, index: Index) -> Changes:
    """What a turn changes in a user's memory."""
    return relate(said(told, index), known, told, index.catalogue.schema, taken_back(told, known, index))


def said(told: Told, index: Index) -> list[Memory]:
    """What a turn says that lasts, as memories: tastes, facts, feelings about items."""
    found = [_taste(one, told, index) for p in told.understanding.preferences if _lasts(p) for one in single(p)]
    found += [fact(text, told) for text in told.understanding.facts]
    felt = {(m.item, m.feeling) for m in told.understanding.mentions}
    for feeling in LASTING:
        new = [i for i in getattr(told.after, feeling) if i not in getattr(told.before, feeling)]
        again = [i for i in getattr(told.after, feeling) if (i, feeling) in felt and i not in new]
        found += [_feedback(item, feeling, told, index) for item in (*new, *again) if item in index.catalogue.row_of]
    return found


def taken_back(told: Told, known: Known, index: Index) -> set[str]:
    """The ids of memories that a turn takes back: feelings that are not felt any more. "Not now" takes back none."""
    gone = {
        (i, f) for f in LASTING for i in getattr(told.before, f)
        if i not in getattr(told.after, f) and i not in told.after.rejected
    }  # fmt: skip
    name = index.catalogue.name
    return {m.id for m in known.holding if m.catalogue == name and (m.item, m.feeling) in gone}


@dataclass(frozen=True)
class Relation:
    """How a new memory stands to the others, as a model sees it.

    Attributes:
        does: adds, repeats, replaces; or passes, where it is nothing to remember.
        memory: the id of the memory that it repeats or replaces.
        text: the new memory's words; empty for its own.
    """

    does: Literal["adds", "repeats", "replaces", "passes"]
    memory: str = ""
    text: str = ""


_PLAIN = Relation("adds")


def relate(
    new: Iterable[Memory],
    known: Known,
    told: Told,
    schema: Schema,
    gone: Iterable[str] = (),
    relations: Mapping[str, Relation] | None = None,
) -> Changes:
    """New memories beside the ones that there are: repeated, in another's place, or added.

    Args:
        new: what was said.
        known: what is remembered.
        told: the turn that said it.
        schema: the catalogue's.
        gone: ids of memories that it takes back.
        relations: new memory's id -> how it stands to others, where that is known; what code sees counts besides.
    """
    changed = {m.id: m for m in known.memories}
    touched: dict[str, Memory] = {}
    heard: set[str] = set()
    for memory in new:
        relation = (relations or {}).get(memory.id, _PLAIN)
        if relation.does == "passes":
            continue
        memory = memory.model_copy(update={"text": relation.text or memory.text})
        repeated = changed.get(relation.memory) if relation.does == "repeats" else None
        if repeated is not None and contradicts(repeated, memory, schema):
            repeated = None
        same = repeated or next((m for m in changed.values() if says_the_same(m, memory)), None)
        replaced = [
            m for m in changed.values()
            if m.ended is None and m is not same
            and (contradicts(m, memory, schema) or (relation.does == "replaces" and m.id == relation.memory))
        ]  # fmt: skip
        for old in replaced:
            touched[old.id] = changed[old.id] = old.model_copy(update={"ended": told.now})
        if same is not None:
            memory = _again(same, memory, int(same.id not in heard))
        heard.add(memory.id)
        links = tuple(dict.fromkeys((*memory.supersedes, *(m.id for m in replaced))))
        memory = memory.model_copy(update={"supersedes": tuple(i for i in links if i != memory.id)})
        touched[memory.id] = changed[memory.id] = memory
    for key in gone:
        if changed[key].ended is None and key not in heard:
            touched[key] = changed[key] = changed[key].model_copy(update={"ended": told.now})
    return Changes(put=tuple(touched.values()))


def says_the_same(one: Memory, other: Memory) -> bool:
    """Whether two memories say the same: about the same, in the same direction.

    Memories of different items never do.
    """
    if one.kind != other.kind:
        return False
    if one.kind == "fact":
        negated = [bool(_NEGATION.search(m.text)) for m in (one, other)]
        return _meaning(one.text) == _meaning(other.text) and negated[0] == negated[1]
    if one.preference is not None and other.preference is not None:
        ids = [taste_id(p, m.catalogue) for p, m in ((one.preference, one), (other.preference, other))]
        return ids[0] == ids[1] or one.id == other.id
    return one.id == other.id


def contradicts(old: Memory, new: Memory, schema: Schema) -> bool:
    """Whether a new memory cannot hold beside an old one."""
    if old.kind != new.kind or old.catalogue != new.catalogue:
        return False
    if old.preference is not None and new.preference is not None:
        return clashes(old.preference, new.preference, schema)
    if old.kind == "fact":
        bare = [_meaning(_NUMBER.sub("", _NEGATION.sub("", m.text))) for m in (old, new)]
        return bare[0] == bare[1]
    return old.item == new.item and {old.feeling, new.feeling} in ({"liked", "disliked"}, {"accepted", "disliked"})


def _meaning(text: str) -> tuple[str, ...]:
    """What tells a fact from another: the stems of its words, the empty ones aside where others are left, else its signs."""
    return tuple(content_stems(_NEGATION.sub("", text))) or tuple(words(text)) or (text.strip(),)


def single(preference: Preference) -> list[Preference]:
    """A preference as one for each of its values; one that any of several satisfies stays whole."""
    limit = preference.limit
    if preference.strength == "must" or len(limit.values) < 2:
        return [preference]
    return [preference.model_copy(update={"limit": limit.model_copy(update={"values": (v,)})}) for v in limit.values]


def unlinked(memory: Memory, gone: Collection[str]) -> Memory:
    """A memory without links to some that go."""
    return memory.model_copy(update={"supersedes": tuple(i for i in memory.supersedes if i not in gone)})


def memory_id(*parts: object) -> str:
    """An id for what a memory is about, 16 hexadecimal digits, so that the same is never remembered twice."""
    return hashlib.blake2b(json.dumps(parts, default=str).encode(), digest_size=8).hexdigest()


def keeps_order(changes: Changes, told: Told, known: Known) -> bool:
    """Whether changes are ones that a turn may make: nothing is deleted, and what is new says that this turn said it."""
    there = {m.id for m in known.memories}
    return not changes.delete and all(
        m.id in there or (m.thread, m.turn, m.told) == (told.thread, told.turn, told.now) for m in changes.put
    )


def _lasts(preference: Preference) -> bool:
    return preference.lasting and not preference.relative and not preference.memory


def _again(old: Memory, new: Memory, times: int) -> Memory:
    """A memory that was heard again: stronger, and in the newest words; what was hard stays so."""
    update: dict[str, object] = {
        "times": old.times + times, "created": old.created, "id": old.id, "supersedes": old.supersedes,
    }  # fmt: skip
    one, other = old.preference, new.preference
    if one is not None and other is not None and old.ended is None and one.hard and not other.hard:
        update |= {"preference": one, "text": old.text, "words": old.words}
    return new.model_copy(update=update)


def _taste(preference: Preference, told: Told, index: Index) -> Memory:
    kept = preference.model_copy(update={"lasting": True})
    return _memory(
        told, kind="taste", text=taste_text(kept, index.catalogue.schema), preference=kept, words=kept.words,
        id=taste_id(kept, index.catalogue.name), catalogue=index.catalogue.name,
    )  # fmt: skip


def taste_id(preference: Preference, catalogue: str) -> str:
    """The id of the memory that a preference for one thing becomes: how binding it is, and the order of values, aside."""
    limit = preference.limit
    about = [tuple(content_stems(v)) or v for v in limit.values] if limit.attribute is None else limit.values
    return memory_id("taste", catalogue, limit.attribute, sorted(about, key=str), limit.ranges, preference.wanted)


def fact(text: str, told: Told) -> Memory:
    """A fact of a user's life."""
    return _memory(told, kind="fact", text=text, words=told.text, id=memory_id("fact", text.casefold()))


def _feedback(item: str, feeling: Feeling, told: Told, index: Index) -> Memory:
    title = index.catalogue.item(item).title
    said = next((m.words for m in told.understanding.mentions if (m.item, m.feeling) == (item, feeling)), "")
    return _memory(
        told, kind="feedback", text=f"{_FELT[feeling]} {title}.", item=item, feeling=feeling, words=said,
        id=memory_id("feedback", index.catalogue.name, item, feeling), catalogue=index.catalogue.name,
    )  # fmt: skip


def _memory(told: Told, **fields: object) -> Memory:
    fields["words"] = str(fields.get("words") or "")[:4_000]
    fields["text"] = str(fields["text"])[:1_000]
    return Memory.model_validate(
        {**fields, "thread": told.thread, "turn": told.turn, "created": told.now, "told": told.now}
    )
