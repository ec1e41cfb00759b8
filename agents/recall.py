"""What of a user's memory counts in a turn: read from the store, and brought into the thread's wish.

Which memories matter now is told by meaning, subject and recency, in the manner of Park et al., "Generative Agents:
Interactive Simulacra of Human Behavior", UIST 2023, section 4.1: each from 0 to 1, and added up.
"""

import asyncio
from collections.abc import Callable, Sequence

from langgraph.store.base import BaseStore, PutOp, SearchItem

from ..tools.collaborative import weights_of
from ..tools.index import Index
from ..tools.items import Interaction
from .memory import Changes, Known, Memory
from .profile import strength_of
from .remember import LASTING, single, taste_id
from .state import Preference, Wish
from .wishes import clashes, without_gone

MOST = 20_000
"""Memories of one user that are read."""

SOFT = 4
"""Remembered tastes that are brought into a talk at most; hard limits always are."""

_TOLD = 6
"""Memories that a language model is told."""

_NEAREST = 20
_EVERYBODY = 10_000_000
_FAINT = 0.1
"""A taste that has faded below this counts no more."""

_DAY = 86_400.0


def namespace(user: str) -> tuple[str, str]:
    """Where a user's memories are kept; any character may stand in a user's id."""
    return (f"user-{user.encode(errors='surrogatepass').hex()}", "memories")


def responses_of(user: str) -> tuple[str, str]:
    """Where a server keeps what it answered a user, to answer the same request again; it goes when they delete anything."""
    return (namespace(user)[0], "responses")


async def forget_responses(store: BaseStore, user: str) -> None:
    """Delete what a server keeps of its answers to a user, because one may hold what was just deleted."""
    kept = await store.asearch(responses_of(user), limit=MOST)
    for item in kept:
        await store.adelete(responses_of(user), item.key)
    if kept:
        await shred(store)


async def shred(store: BaseStore) -> None:
    """Cut what was deleted out of a store's files, where it has files."""
    cut: Callable[[], None] | None = getattr(store, "shred", None)
    if cut is not None:
        await asyncio.to_thread(cut)


def user_of(place: tuple[str, ...]) -> str:
    """The user of a `namespace`."""
    return bytes.fromhex(place[0].removeprefix("user-")).decode()


async def recall(store: BaseStore, user: str, index: Index | None = None, text: str = "") -> Known:
    """What is remembered of a user.

    Args:
        store: the memories.
        user: whose.
        index: the catalogue, for the user's history there; None leaves it out.
        text: a message; with one, the memories nearest to it in meaning are found too, where not all can count.
    """
    items: list[SearchItem] = await store.asearch(namespace(user), limit=MOST)
    memories = tuple(Memory.model_validate(item.value) for item in items)
    near: dict[str, float] = {}
    if text and sum(m.kind != "feedback" and m.ended is None for m in memories) > SOFT:
        nearest = await store.asearch(namespace(user), query=text, limit=_NEAREST)
        near = {item.key: item.score for item in nearest if item.score is not None}
    collaborative = index.collaborative if index is not None else None
    history = await asyncio.to_thread(collaborative.history, user) if collaborative is not None else ()
    return Known(memories=memories, history=tuple(history), near=near)


async def liked_in_talks(store: BaseStore, catalogue: str) -> list[Interaction]:
    """What all users liked or took (1) and disliked (0) of a catalogue in their talks; reads every user's memories."""
    found = []
    for place in await store.alist_namespaces(suffix=("memories",), limit=_EVERYBODY):
        items = await store.asearch(
            place, filter={"kind": "feedback", "catalogue": catalogue, "ended": None}, limit=MOST
        )
        memories = [Memory.model_validate(item.value) for item in items]
        found += [
            Interaction(user=user_of(place), item=m.item, value=float(m.feeling != "disliked"), time=m.told)
            for m in memories
            if m.feeling in ("liked", "accepted", "disliked")
        ]
    return found


async def write(store: BaseStore, user: str, changes: Changes) -> None:
    """Write changes of a user's memory, all at once."""
    place = namespace(user)
    puts = [
        PutOp(place, m.id, m.model_dump(mode="json"), index=False if m.kind == "feedback" else None)
        for m in changes.put
    ]
    await store.abatch([*puts, *(PutOp(place, key, None) for key in changes.delete)])


def inform(wish: Wish, known: Known, index: Index, now: float, half_life_days: float) -> Wish:
    """A thread's wish with what is remembered of its user, as far as it speaks of this catalogue.

    Feelings about items come from memory alone. Tastes come as preferences, unless the thread has set them aside or has
    said something else since; a taste that the thread told and another has contradicted since holds no more.
    """
    catalogue = index.catalogue
    ended = {m.id for m in known.memories if m.ended is not None}
    own = tuple(
        p for p in wish.own
        if not p.lasting or any(taste_id(one, catalogue.name) not in ended for one in single(p))
    )  # fmt: skip
    wish = wish.model_copy(update={"preferences": own})
    lists: dict[str, object] = {n: known.felt(n, catalogue.name) for n in LASTING}
    rejected = tuple(i for i in wish.rejected if i not in known.felt("liked", catalogue.name))
    recalled = tastes(wish, known, index, now, half_life_days)
    learnt = index.collaborative.half_life_days if index.collaborative is not None else 0.0
    history = weights_of(known.history, now=now, half_life_days=learnt)
    update = {**lists, "rejected": rejected, "preferences": (*recalled, *wish.own), "history": history}
    return without_gone(wish.model_copy(update=update), catalogue)


def tastes(wish: Wish, known: Known, index: Index, now: float, half_life_days: float) -> tuple[Preference, ...]:
    """The remembered tastes that count in a thread, as preferences: all hard ones, and the few softer that matter most."""
    schema = index.catalogue.schema
    names = {a.name for a in schema.attributes}
    found = []
    for memory in rank_memories(known.holding, known, wish, now, half_life_days):
        preference = memory.preference
        if preference is None or memory.id in wish.waived or memory.catalogue != index.catalogue.name:
            continue
        if preference.limit.attribute not in (*names, None) or any(yields(preference, p, index) for p in wish.own):
            continue
        found.append(preference.model_copy(update={"memory": memory.id, "lasting": True}))
    hard = [p for p in found if p.hard]
    return (*hard, *[p for p in found if not p.hard][:SOFT])


def yields(remembered: Preference, said: Preference, index: Index) -> bool:
    """Whether a remembered preference stands aside for one that a thread stated: the same, or one that clashes."""
    one, other = remembered.limit, said.limit
    if one.attribute is None or one.attribute != other.attribute:
        same = one.attribute == other.attribute and set(one.values) & set(other.values)
        return bool(same) or clashes(remembered, said, index.catalogue.schema)
    ranges = bool(one.ranges and other.ranges)
    shared = {v.casefold() for v in one.values} & {v.casefold() for v in other.values}
    return ranges or bool(shared) or clashes(remembered, said, index.catalogue.schema)


def stands_aside(wish: Wish, index: Index) -> Wish:
    """A wish without remembered preferences that what was said now leaves no room for."""
    kept = tuple(p for p in wish.preferences if not p.memory or not any(yields(p, own, index) for own in wish.own))
    return wish.model_copy(update={"preferences": kept})


def lines_to_recall(known: Known, wish: Wish, now: float, half_life_days: float) -> tuple[str, ...]:
    """The memories that matter most now, in their own words, for a language model."""
    ranked = rank_memories([m for m in known.holding if m.kind != "feedback"], known, wish, now, half_life_days)
    return tuple(m.text for m in ranked[:_TOLD])


def rank_memories(
    memories: Sequence[Memory], known: Known, wish: Wish, now: float, half_life_days: float
) -> Sequence[Memory]:
    """Memories by how much they matter now, first those that matter most; faded tastes are left out."""
    subjects = {p.limit.attribute for p in wish.own if p.limit.attribute is not None}

    def weight(memory: Memory) -> float:
        about = memory.preference.limit.attribute if memory.preference is not None else None
        age = max(now - memory.told, 0.0) / _DAY
        recency = 0.5 ** (age / half_life_days) if half_life_days > 0 else 1.0
        strength = strength_of(memory, now, half_life_days)
        return max(known.near.get(memory.id, 0.0), 0.0) + (about in subjects) + recency + strength

    hard = {m.id for m in memories if m.preference is not None and m.preference.hard}
    kept = [m for m in memories if m.kind != "taste" or m.id in hard or strength_of(m, now, half_life_days) >= _FAINT]
    return sorted(kept, key=lambda m: (m.id not in hard, -weight(m)))


def stated(informed: Wish, after: Wish, known: Known, index: Index, *, reset: bool) -> Wish:
    """A wish as its thread keeps it: without what memory knows; memories that the turn set aside stay so.

    Args:
        informed: the wish before the turn, with what is remembered.
        after: the wish after it.
        known: what was remembered before the turn.
        index: the catalogue.
        reset: whether the turn began anew, which sets nothing aside.
    """
    kept = {p.memory for p in after.preferences if p.memory}
    waived = {p.memory for p in informed.preferences if p.memory} - kept
    # What the thread said itself may be remembered as well; taken back here, it must not come back from there.
    dropped = [p for p in informed.own if p.key not in {own.key for own in after.own}]
    tastes = [(m.id, m.preference) for m in known.holding if m.preference and m.catalogue == index.catalogue.name]
    waived |= {key for key, taste in tastes if any(yields(taste, p, index) for p in dropped)}
    update: dict[str, object] = dict.fromkeys(LASTING, ())
    update |= {"preferences": after.own, "history": {}}
    update["waived"] = () if reset else tuple(dict.fromkeys((*after.waived, *sorted(waived))))
    return after.model_copy(update=update)
