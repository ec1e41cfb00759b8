"""The retrieval agent, built-in brain: chooses tools for a wish, runs them at once, and fuses what they find.

Hard limits are evaluated first, on columns, so every tool searches only what may be shown. Where no item is known to
satisfy them, items of which the catalogue does not say are searched; where all break them, the miss is explained.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..tools.index import Index
from ..tools.limits import describe_limit
from ..tools.search import (
    Candidate,
    fuse,
    items_preferred,
    liked_together,
    popular_items,
    search_by_meaning,
    search_by_words,
    similar_items,
    suited_items,
)
from .state import Judged, Miss, Preference, Understanding, Wish
from .wishes import liking, must_nots, musts

DEPTH = 80
"""How many items each tool brings."""

SMALL = 20_000
"""Up to so many items the tools run one after another; above, at once, in threads."""

WEIGHTS = {
    "labels": 1.5, "similar": 1.5, "neighbours": 1.5, "taste": 1.5, "meaning": 1.0, "words": 1.0, "popular": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Retrieved:
    """What was found: candidates, best first, or why there are none."""

    candidates: list[Judged]
    miss: Miss | None = None


async def retrieve(wish: Wish, understanding: Understanding, index: Index) -> Retrieved:
    """Candidates for a wish."""
    allowed = may_be_shown(wish, understanding, index)
    if not allowed.any():
        return Retrieved([], explain_miss(wish, index, _barred(wish, understanding)))
    plan = plan_tools(wish, understanding, index, allowed)
    if len(index.catalogue) > SMALL:
        found = await asyncio.gather(*(asyncio.to_thread(run) for run in plan.values()))
    else:
        # Threads would cost each turn more than they save it.
        found = [run() for run in plan.values()]
    weights = {name: WEIGHTS[name.split()[0]] for name in plan}
    fused = fuse(dict(zip(plan, found, strict=True)), weights)
    return Retrieved([Judged(item=c.item, score=c.score, tools=c.ranks) for c in fused[: 2 * DEPTH]])


def may_be_shown(wish: Wish, understanding: Understanding, index: Index) -> np.ndarray:
    """The rows that are known to satisfy the limits; where none is, those that may. Bool, shape (items,)."""
    barred = _barred(wish, understanding)
    allowed = allowed_mask(wish.preferences, index, barred)
    return allowed if allowed.any() else allowed_mask(wish.preferences, index, barred, unknown_fits=True)


def _barred(wish: Wish, understanding: Understanding) -> frozenset[str]:
    return wish.barred - set(wish.shown if understanding.repeats else ())


def plan_tools(
    wish: Wish, understanding: Understanding, index: Index, allowed: np.ndarray
) -> dict[str, Callable[[], list[Candidate]]]:
    """Which tools to run, by name: the ones that the wish gives something to search with, and those asked for."""
    query = understanding.query or standalone_query(wish)
    labels = [p for p in wish.preferences if p.limit.attribute is not None and p.limit.values]
    wanted = [p.limit for p in labels if p.strength == "prefer"]
    unwanted = [p.limit for p in labels if p.strength == "avoid"]
    weights = liking(wish)
    plan: dict[str, Callable[[], list[Candidate]]] = {}
    if query:
        plan["meaning"] = lambda: search_by_meaning(index, query, DEPTH, allowed)
        plan["words"] = lambda: search_by_words(index, query, DEPTH, allowed)
    for number, asked in enumerate(understanding.searches, 2):
        search = search_by_meaning if asked.tool == "meaning" else search_by_words
        plan[f"{asked.tool} {number}"] = partial(search, index, asked.query, DEPTH, allowed)
    if wanted or unwanted:
        plan["labels"] = lambda: items_preferred(index, wanted, unwanted, DEPTH, allowed)
    if not wish.seeds and any(weight > 0 for weight in weights.values()):
        plan["taste"] = lambda: suited_items(index, weights, DEPTH, allowed)
    if seeds := wish.seeds:
        plan["similar"] = lambda: similar_items(index, seeds, DEPTH, allowed)
        if index.collaborative is not None:
            plan["neighbours"] = lambda: liked_together(index, seeds, DEPTH, allowed)
    plan["popular"] = lambda: popular_items(index, DEPTH, allowed)
    return plan


def standalone_query(wish: Wish) -> str:
    """What the conversation looks for, in one line, without what it does not want."""
    values = [v for p in wish.own or wish.preferences if p.wanted for v in p.limit.values]
    return ", ".join(dict.fromkeys(values))


def allowed_mask(
    preferences: Sequence[Preference], index: Index, barred: frozenset[str], *, unknown_fits: bool = False
) -> np.ndarray:
    """The rows that may be shown, bool, shape (items,)."""
    columns = index.catalogue.columns
    mask = np.ones(columns.count, dtype=bool)
    for preference in musts(preferences):
        verdicts = columns.judge(preference.limit)
        mask &= verdicts >= 0 if unknown_fits else verdicts == 1
    for preference in must_nots(preferences):
        mask &= columns.judge(preference.limit) != 1
    row_of = index.catalogue.row_of
    mask[[row_of[i] for i in barred if i in row_of]] = False
    return mask


def explain_miss(wish: Wish, index: Index, barred: frozenset[str]) -> Miss | None:
    """The hard preference whose absence would let most items through, and those nearest items."""
    hard = [p for p in wish.preferences if p.hard and p.limit.attribute is not None]
    exhausted = bool(allowed_mask(wish.preferences, index, frozenset()).any())
    best: Miss | None = None
    for preference in hard:
        others = [p for p in hard if p is not preference]
        mask = allowed_mask(others, index, barred)
        count = int(mask.sum())
        if best is None or count > best.without:
            nearest: tuple[str, ...] = ()
            if preference.strength == "must" and count:
                nearest = tuple(c.item for c in _nearest(preference, index, mask))
            best = Miss(
                blocking=in_words(preference, index),
                key=preference.key,
                without=count,
                nearest=nearest,
                exhausted=exhausted,
            )
    return best


def _nearest(preference: Preference, index: Index, mask: np.ndarray) -> list[Candidate]:
    """Items that break one must by the least: by distance for numbers, else the best known."""
    column = index.catalogue.columns.numbers.get(preference.limit.attribute or "")
    if column is None:
        return popular_items(index, 3, mask)
    edges = [e for r in preference.limit.ranges for e in (r.low, r.high) if e is not None]
    rows = np.flatnonzero(mask & ~np.isnan(column.numbers))
    if not edges or not len(rows):
        return popular_items(index, 3, mask)
    distance = np.min([np.abs(column.numbers[rows] - e) for e in edges], axis=0)
    order = rows[np.argsort(distance, kind="stable")[:3]]
    return [Candidate(index.catalogue.items[int(r)].id, 0.0) for r in order]


def in_words(preference: Preference, index: Index) -> str:
    """A preference as a person reads it: "not Horror", "running time under 120 min"."""
    limit = preference.limit
    if limit.attribute is None:
        text = f'"{describe_limit(limit)}"'
    else:
        attribute = index.catalogue.schema.attribute(limit.attribute)
        text = describe_limit(limit, attribute)
        alike = attribute.unit.rstrip("s").lower() == (attribute.label or attribute.name).rstrip("s").lower()
        if limit.ranges and attribute.kind == "number" and not alike:
            text = f"{attribute.label or attribute.name} {text}"
    prefix = {"must": "", "prefer": "", "avoid": "rather not ", "must_not": "not "}[preference.strength]
    return prefix + text
