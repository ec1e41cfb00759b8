"""The remembering agent, built-in brain: keeps how a user felt about items, across threads, in a LangGraph store.

Namespaces begin with the user's id, so nothing of one user is found for another. Preferences stay in their thread.
"""

from langgraph.store.base import BaseStore, GetOp, PutOp

from .state import Wish

FEELINGS = ("liked", "disliked", "seen", "accepted", "rejected")
_KEY = "feelings"


_OPPOSED = ("liked", "disliked", "rejected")


def namespace(user: str) -> tuple[str, str]:
    """Where a user's feelings about items are kept; any character may stand in a user's id."""
    return (f"user-{user.encode().hex()}", "items")


async def recall(store: BaseStore, user: str) -> Wish:
    """What is known of a user from all their threads: items liked, disliked, seen, accepted."""
    (found,) = await store.abatch([GetOp(namespace(user), _KEY)])
    value = getattr(found, "value", None) or {}
    return Wish.model_validate({name: value.get(name, ()) for name in FEELINGS})


async def remember(known: Wish, before: Wish, after: Wish) -> Wish:
    """What is known of a user after a turn: feelings that are new are added, those taken back or turned around go.

    Args:
        known: what was known before the turn, from all threads.
        before: the thread's wish before the turn.
        after: the thread's wish after it.
    """
    new = {name: [i for i in getattr(after, name) if i not in getattr(before, name)] for name in FEELINGS}
    turned = {name: {i for other in _OPPOSED if other != name for i in new[other]} for name in FEELINGS}
    lists: dict[str, tuple[str, ...]] = {}
    for name in FEELINGS:
        gone = set(getattr(before, name)) - set(getattr(after, name))
        if name in _OPPOSED:
            gone |= turned[name]
        lists[name] = tuple(dict.fromkeys([*(i for i in getattr(known, name) if i not in gone), *new[name]]))
    return Wish.model_validate(lists)


def changed(known: Wish, now: Wish) -> set[str]:
    """The ids whose feelings differ."""
    return {i for name in FEELINGS for i in set(getattr(known, name)) ^ set(getattr(now, name))}


async def keep(store: BaseStore, user: str, now: Wish) -> None:
    """Write what is known of a user."""
    value = {name: list(getattr(now, name)) for name in FEELINGS}
    await store.abatch([PutOp(namespace(user), _KEY, value)])


async def forget(store: BaseStore, user: str) -> None:
    """Delete everything remembered of a user."""
    await store.abatch([PutOp(namespace(user), _KEY, None)])
