"""Histories per catalogue: added to, learnt from, asked for and forgotten, each in one step.

Importing items leaves all this as it is: interactions and weights name items by their ids, and what a catalogue does not
have is passed over. Learning takes minutes and holds no lock; only what is quick does.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from .collaborative import Collaborative, Method, Model, counts_of, fit_model, renown_of
from .errors import CorruptError, InputError
from .history_files import (
    History,
    LogManifest,
    ModelManifest,
    folder_of,
    has_history,
    hash_of,
    last_about,
    leftovers,
    names_with_history,
    open_history,
    open_log,
    publish,
    read_current,
    stamp_of,
    write_log,
    write_model,
    writing,
)
from .interaction_log import Log
from .items import Interaction
from .storage import Home

__all__ = [
    "History",
    "add_interactions",
    "fit_history",
    "forget_user",
    "has_history",
    "import_history",
    "open_collaborative",
    "open_history",
    "open_log",
    "user_interactions",
]

Progress = Callable[[int, int], None]
"""Called with how many steps of learning are done and how many there are."""


def open_collaborative(home: Home, name: str, item_ids: Sequence[str]) -> Collaborative | None:
    """What a catalogue's histories teach; None where there are none.

    A user's history is always the one on disk: what another process imported or forgot counts at once.

    Raises:
        CorruptError: a file is damaged.
    """
    folder = folder_of(home, name)
    stamp = stamp_of(folder)
    opened = open_history(home, name)
    if opened is None:
        return None
    recall = _Recall(home, name, opened.log, stamp)
    half_life = opened.fitted.half_life_days if opened.fitted else 0.0
    counts, stale = counts_of(opened.log, item_ids), opened.stale(item_ids)
    log = opened.log
    return Collaborative(
        opened.model or Model.empty(),
        item_ids,
        counts,
        recall,
        stale,
        half_life,
        renown=lambda: renown_of(log, item_ids),
    )


def import_history(
    home: Home,
    name: str,
    log: Log,
    item_ids: Sequence[str],
    *,
    replace: bool = False,
    method: Method = "auto",
    half_life_days: float = 0.0,
    on_progress: Progress | None = None,
) -> History:
    """Add interactions to a catalogue's, or replace them all, and learn from them; both count from one moment on.

    Raises:
        BusyError: another process is writing.
        CorruptError: what is there is damaged; `replace` mends that.
        StoreError: the data folder cannot be written.
    """
    before = None if replace else open_log(home, name)
    base = before.about if before else last_about(home, name)
    draft = before.log.and_also(log) if before else log
    model = fit_model(draft, item_ids, method=method, half_life_days=half_life_days, on_progress=on_progress)
    with writing(home, name) as folder:
        # Read again: others may have written, or forgotten, while this one learnt.
        now = None if replace else open_log(home, name)
        draft = now.log.and_also(log) if now else log
        about = _about(draft, now.about if now else last_about(home, name), changed=1)
        learnt_from = about.model_copy(
            update={"changed": base.changed + 1 if base else about.changed, "forgotten": base.forgotten if base else 0}
        )
        fitted = _fitted(model, learnt_from, item_ids, method, half_life_days)
        publish(folder, write_log(folder, draft, about), write_model(folder, model, fitted))
    return History(draft, about, model, fitted)


def fit_history(
    home: Home,
    name: str,
    item_ids: Sequence[str],
    *,
    method: Method = "auto",
    half_life_days: float = 0.0,
    also: Iterable[Interaction] = (),
    on_progress: Progress | None = None,
) -> History:
    """Learn from a catalogue's interactions anew.

    Args:
        home: the data folder.
        name: the catalogue.
        item_ids: its items.
        method: as `fit_collaborative`.
        half_life_days: as `fit_collaborative`.
        also: what people liked (1) and disliked (0) elsewhere, to learn from too; it is not kept here.
        on_progress: told how many steps are done and how many there are.

    Raises:
        InputError: there are none.
        BusyError: another process is writing.
        CorruptError: the interactions are damaged.
        StoreError: the data folder cannot be written.
    """
    opened = open_log(home, name)
    if opened is None:
        raise _nothing(name)
    whole = opened.log.and_also(Log.of(_on_their_scale(also, opened.log)))
    model = fit_model(whole, item_ids, method=method, half_life_days=half_life_days, on_progress=on_progress)
    fitted = _fitted(model, opened.about, item_ids, method, half_life_days)
    with writing(home, name) as folder:
        if not (folder / "CURRENT").exists():
            raise _nothing(name)
        publish(folder, read_current(folder, name)[0], write_model(folder, model, fitted))
    return History(opened.log, opened.about, model, fitted)


def _on_their_scale(liked: Iterable[Interaction], log: Log) -> Iterable[Interaction]:
    """Likes of 1 as the largest value that their user has given elsewhere: 5 for somebody who gives stars."""
    largest: dict[str, float] = {}
    for one in liked:
        if one.user not in largest:
            largest[one.user] = max((i.value for i in log.of_user(one.user)), default=1.0)
        yield one.model_copy(update={"value": one.value * largest[one.user]})


def add_interactions(home: Home, name: str, interactions: Iterable[Interaction]) -> None:
    """Add interactions to a catalogue's; they count in users' histories at once, and in the model when it is fitted.

    Raises:
        UnknownCatalogueError: no catalogue of that name was imported.
        BusyError, CorruptError, StoreError: as `import_history`.
    """
    home.version(name)
    fresh = Log.of(interactions)
    if not len(fresh):
        return
    with writing(home, name) as folder:
        before = open_log(home, name)
        draft = before.log.and_also(fresh) if before else fresh
        about = _about(draft, before.about if before else None, changed=1)
        model = read_current(folder, name)[1] if before else ""
        publish(folder, write_log(folder, draft, about), model)


def user_interactions(home: Home, user: str) -> dict[str, list[Interaction]]:
    """A user's interactions in every catalogue where there are any, oldest first.

    Raises:
        CorruptError: a file is damaged.
    """
    found = {name: opened.log.of_user(user) for name in names_with_history(home) if (opened := open_log(home, name))}
    return {name: theirs for name, theirs in found.items() if theirs}


def forget_user(home: Home, user: str) -> int:
    """Delete a user's interactions in every catalogue; how many there were.

    What was learnt stays until the next fit, and is marked stale. Nothing of the user is left in any file, drafts of
    imports that were killed included.

    Raises:
        BusyError: another process is writing.
        CorruptError: a catalogue's interactions are damaged; those of the others have been deleted.
        StoreError: the data folder cannot be written.
    """
    count, damaged = 0, None
    for name in names_with_history(home):
        try:
            count += _forget(home, name, user)
        except CorruptError as fault:
            damaged = fault
    if damaged is not None:
        raise damaged
    return count


def _forget(home: Home, name: str, user: str) -> int:
    folder = folder_of(home, name)
    opened = open_log(home, name)
    if (opened is None or opened.log.users.find(user) < 0) and not leftovers(folder, name):
        return 0
    with writing(home, name):
        opened = open_log(home, name)
        if opened is None or opened.log.users.find(user) < 0:
            return 0
        rest = opened.log.without(user)
        if len(rest):
            about = _about(rest, opened.about, forgotten=1)
            publish(folder, write_log(folder, rest, about), read_current(folder, name)[1])
        else:
            (folder / "CURRENT").unlink()
    return len(opened.log) - len(rest)


class _Recall:
    """A user's interactions as they are on disk now."""

    def __init__(self, home: Home, name: str, log: Log, stamp: tuple[int, ...]) -> None:
        self._home = home
        self._name = name
        self._read: tuple[tuple[int, ...], Log | None] = (stamp, log)

    def __call__(self, user: str) -> list[Interaction]:
        stamp = stamp_of(folder_of(self._home, self._name))
        if stamp != self._read[0]:
            opened = open_log(self._home, self._name)
            self._read = (stamp, opened.log if opened else None)
        log = self._read[1]
        return log.of_user(user) if log else []


def _nothing(name: str) -> InputError:
    return InputError(
        f"The catalogue {name!r} has no interactions.",
        f"`convrec interactions import FILE --catalogue {name}` brings some.",
    )


def _about(log: Log, before: LogManifest | None, changed: int = 0, forgotten: int = 0) -> LogManifest:
    return LogManifest(
        interactions=len(log),
        users=len(log.users),
        items=len(log.ids),
        written=time.time(),
        changed=changed + (before.changed if before else 0),
        forgotten=forgotten + (before.forgotten if before else 0),
    )


def _fitted(
    model: Model, about: LogManifest, item_ids: Sequence[str], method: Method, half_life_days: float
) -> ModelManifest:
    return ModelManifest(
        asked=method,
        method="neighbours" if method == "neighbours" else "ease",
        half_life_days=half_life_days,
        fitted=time.time(),
        log=about,
        catalogue=hash_of(item_ids),
        items=len(model.ids),
    )
