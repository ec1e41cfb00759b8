"""The remembering agent, built-in brain: keeps how a user felt about items, across threads, in a LangGraph store.

Namespaces begin with the user's id, so nothing of one user is found for another. Preferences stay in their thread.
"""

from langgraph.store.base import BaseStore, GetOp, PutOp

from .state import Wish

FEELINGS = ("liked", "disliked", "seen", "accepted", "rejected")
_KEY = "feelings"


def namespace(user: str) -> tuple[str, str]:
    """Where a user's feelings about items are kept."""
    return (f"user-{user}", "items")


async def recall(store: BaseStore, user: str) -> Wish:
    """What is known of a user from all their threads: items liked, disliked, seen, accepted."""
    (found,) = await store.abatch([GetOp(namespace(user), _KEY)])
    value = getattr(found, "value", None) or {}
    return Wish.model_validate({name: value.get(name, ()) for name in FEELINGS})


async def remember(store: BaseStore, user: str, known: Wish, before: Wish, after: Wish) -> list[str]:
    """Keep what a turn changed in how a user feels about items.

    Args:
        store: where.
        user: whose.
        known: what was remembered before the turn.
        before: the thread's wish before the turn.
        after: the thread's wish after it.

    Returns:
        the ids whose feelings changed.
    """
    value: dict[str, list[str]] = {}
    changed: list[str] = []
    for name in FEELINGS:
        old, new, kept = set(getattr(before, name)), getattr(after, name), getattr(known, name)
        gone = old - set(new)
        value[name] = list(dict.fromkeys([*(i for i in kept if i not in gone), *(i for i in new if i not in old)]))
        changed += [i for i in value[name] if i not in kept] + [i for i in kept if i in gone]
    if changed:
        await store.abatch([PutOp(namespace(user), _KEY, value)])
    return list(dict.fromkeys(changed))


async def forget(store: BaseStore, user: str) -> None:
    """Delete everything remembered of a user."""
    await store.abatch([PutOp(namespace(user), _KEY, None)])
