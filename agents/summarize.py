"""The context summary, built-in brain: each accepted candidate's evidence, condensed to one honest reason."""

from collections.abc import Sequence

from ..tools.index import Index
from ..tools.items import Item
from .state import Judged, Verdict, Wish

_SHOWN = 3
"""How many pieces of evidence a reason holds at most."""

_TELLING = 0.2
"""A label is something in common only if no more than this share of the items carry it."""


async def summarize(accepted: Sequence[Judged], wish: Wish, index: Index) -> list[Judged]:
    """Candidates with a summary: what speaks for each, from its own words."""
    return [j.model_copy(update={"summary": reason(j, wish, index)}) for j in accepted]


def reason(judged: Judged, wish: Wish, index: Index) -> str:
    """Why an item fits: entailed preferences by their evidence, and what it has in common with seeds."""
    item = index.catalogue.item(judged.item)
    parts = _evidence(judged.verdicts)
    seeds = [index.catalogue.item(i) for i in (wish.seeds or wish.liked)[-2:]]
    shared = _in_common(item, seeds, index) if seeds and len(parts) < _SHOWN else ""
    if shared:
        parts.append(shared)
    return "; ".join(parts[:_SHOWN])


def _evidence(verdicts: Sequence[Verdict]) -> list[str]:
    """The evidence of what is entailed, wanted before unwanted; labels of one attribute stand together."""
    grouped: dict[str, list[str]] = {}
    for verdict in sorted(verdicts, key=lambda v: (v.strength in ("avoid", "must_not"), v.strength != "prefer")):
        if verdict.label != "entails" or verdict.strength in ("avoid", "must_not") or not verdict.evidence:
            continue
        name, mark, values = verdict.evidence.partition(": ")
        if mark and len(name) < 40:
            known = grouped.setdefault(name, [])
            known.extend(v for v in values.split(", ") if v not in known)
        else:
            grouped.setdefault(f"“{verdict.evidence.rstrip('.')}”", [])
    return [f"{name}: {', '.join(values)}" if values else name for name, values in grouped.items()]


def _in_common(item: Item, seeds: Sequence[Item], index: Index) -> str:
    """The labels that an item shares with what the user likes, rarest first."""
    found: list[tuple[int, str, str]] = []
    for attribute in index.catalogue.schema.of_kind("category"):
        theirs = {v for seed in seeds for v in seed.labels(attribute.name)}
        column = index.catalogue.columns.categories[attribute.name]
        for value in item.labels(attribute.name):
            if value in theirs and len(column.rows(value)) <= _TELLING * len(index.catalogue):
                found.append((len(column.rows(value)), attribute.label or attribute.name, value))
    if not found:
        return ""
    rarest = sorted(found)[:3]
    return "in common: " + ", ".join(value for _, _, value in rarest)
