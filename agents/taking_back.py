"""What a turn changed in memory, noted by ids so that it can be taken back without keeping anybody's words."""

from collections.abc import Iterable

from ..tools.schema import Schema
from .memory import Before, Changes, Known, Memory, Noted
from .profile import taste_text
from .remember import unlinked


def note(changes: Changes, known: Known, at: float) -> Noted:
    """What changes, without words.

    Args:
        changes: what a turn changes.
        known: what was remembered before it.
        at: when the turn was, seconds since 1970.
    """
    before = {m.id: m for m in known.memories}
    old = [(before[m.id], m) for m in changes.put if m.id in before]
    return Noted(
        at=at,
        new=tuple(m.id for m in changes.put if m.id not in before),
        repeated={now.id: _before(was) for was, now in old if now.times > was.times},
        ended=tuple(now.id for was, now in old if was.ended is None and now.ended is not None),
    )


def take_back(noted: Noted, known: Known, schema: Schema) -> Changes:
    """What undoes a turn's changes, as far as the memories are still there and were not said elsewhere as well.

    A memory that was made anew since, by hand, stays. One that ended holds again, unless what took its place still holds.
    """
    there = {m.id: m for m in known.memories}
    gone: set[str] = set()
    settled: set[str] = set()
    for key in (*noted.new, *noted.repeated):
        memory = there.get(key)
        if memory is None or memory.created > noted.at:
            continue
        if memory.times == 1:
            gone.add(key)
            continue
        last, before = memory.told == noted.at, noted.repeated.get(key)
        there[key] = memory.model_copy(update={"times": memory.times - 1})
        if last and before is not None:
            there[key] = _as_before(there[key], before, schema)
            settled.add(key)
    for key in dict.fromkeys((*noted.ended, *(i for k in gone for i in there[k].supersedes))):
        left = [m for i, m in there.items() if i not in gone]
        if key in there and key not in gone and key not in settled and not _replaced(there[key], left):
            there[key] = there[key].model_copy(update={"ended": None})
    kept = {m.id: m for m in known.memories}
    changed = [unlinked(m, gone) for key, m in there.items() if key not in gone]
    return Changes(put=tuple(m for m in changed if m != kept[m.id]), delete=tuple(i for i in kept if i in gone))


def _replaced(memory: Memory, others: Iterable[Memory]) -> bool:
    """Whether one of the others still holds in its place, told when it ended or since."""
    holding = (m for m in others if m.ended is None and memory.id in m.supersedes)
    return memory.ended is not None and any(m.told >= memory.ended for m in holding)


def _before(memory: Memory) -> Before:
    strength = memory.preference.strength if memory.preference is not None else None
    return Before(
        told=memory.told, thread=memory.thread, turn=memory.turn, strength=strength, supersedes=memory.supersedes,
        ended=memory.ended,
    )  # fmt: skip


def _as_before(memory: Memory, before: Before, schema: Schema) -> Memory:
    """A memory as it stood; the words that it was told in last are gone, those before them are not kept."""
    update: dict[str, object] = {**before.model_dump(exclude={"strength"}), "words": ""}
    if memory.preference is not None and before.strength is not None:
        preference = memory.preference.model_copy(update={"strength": before.strength, "words": ""})
        update |= {"preference": preference, "text": taste_text(preference, schema)}
    return memory.model_copy(update=update)


def changed_in_words(changes: Changes, known: Known) -> str:
    """What a turn remembered, in a few words."""
    noted = note(changes, known, 0.0)
    counts = {"remembered": noted.new, "heard again": noted.repeated, "replaced": noted.ended}
    return ", ".join(f"{len(ids)} {what}" for what, ids in counts.items() if ids) or "nothing new"
