"""A catalogue's index as systems may know it in a run: histories without what the goals hold out."""

from collections.abc import Iterable

from ..tools.catalogue import Catalogue
from ..tools.collaborative import Collaborative, Method, fit_collaborative
from ..tools.index import Index
from ..tools.interaction_log import Log
from .nouns import Goal


def without_targets(
    index: Index, log: Log, goals: Iterable[Goal], *, method: Method = "auto", half_life_days: float = 0.0
) -> Index:
    """The same catalogue, learnt from all interactions but those of the goals' users with what they hold out.

    Learning takes as long as `convrec interactions fit`; it is done in memory.
    """
    held = {(goal.user, item) for goal in goals if goal.user for item in (*goal.targets, *goal.held)}
    if not held:
        return index
    rest = Log.of(one for one in log if (one.user, one.item) not in held)
    catalogue = index.catalogue
    ids = [item.id for item in catalogue.items]
    learnt: Collaborative = fit_collaborative(rest, ids, method=method, half_life_days=half_life_days)
    popularity = learnt.counts if learnt.counts.any() else None
    known = Catalogue(catalogue.name, catalogue.schema, catalogue.items, popularity)
    return Index(known, index.encoder, index.vectors, index.lexical, learnt)
