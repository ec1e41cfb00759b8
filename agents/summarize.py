"""The context summary, built-in brain: each accepted candidate's evidence, condensed to one honest reason."""

from collections.abc import Sequence
from textwrap import shorten

from ..tools.index import Index
from ..tools.items import Item
from ..tools.words import content_stems, sentences, stem_set
from .state import Judged, Verdict, Wish

_SHOWN = 3
"""How many pieces of evidence a reason holds at most."""

_TELLING = 0.2
"""A label is something in common only if no more than this share of the items carry it."""

_LONGEST = 180
"""Characters of an item's own text in a reason."""


async def summarize(accepted: Sequence[Judged], wish: Wish, index: Index) -> list[Judged]:
    """Candidates with a summary of their evidence, for whoever ranks them."""
    taste = _Taste(wish, index)
    return [
        j.model_copy(update={"summary": "; ".join([*evidence(j.verdicts), *taste.shared_by(j.item)])}) for j in accepted
    ]


def reason(
    item_id: str, verdicts: Sequence[Verdict], wish: Wish, index: Index, told: frozenset[str] = frozenset()
) -> str:
    """Why an item fits, in its own words: a sentence of its text, then evidence that is not told already."""
    item = index.catalogue.item(item_id)
    sentence = telling_sentence(item, wish)
    parts = [*evidence(verdicts), *_Taste(wish, index).shared_by(item_id)]
    parts = [p for p in parts if p not in told and not (sentence and sentence[:40] in p)]
    against = [v for v in verdicts if v.label == "contradicts" and v.evidence and not v.remembered]
    parts = [*parts[:_SHOWN], *(f"though {v.evidence}" for v in against)]
    if sentence and parts:
        return f"{sentence} ({'; '.join(parts)})"
    return sentence or "; ".join(parts or evidence(verdicts))


def telling_sentence(item: Item, wish: Wish) -> str:
    """The sentence of an item's text that shares most with the wish, the first where none does; shortened, no full stop."""
    found = sentences(item.text)
    if not found:
        return ""
    wanted = {s for p in wish.preferences if p.wanted for v in p.limit.values for s in content_stems(v)}
    best = max(found[:6], key=lambda sentence: len(wanted & stem_set(sentence))) if wanted else found[0]
    return shorten(best, width=_LONGEST, placeholder=" …").rstrip(".")


def evidence(verdicts: Sequence[Verdict]) -> list[str]:
    """The evidence of what is wanted and entailed, preferences before limits; labels of one attribute stand together."""
    grouped: dict[str, list[str]] = {}
    for verdict in sorted(verdicts, key=lambda v: v.strength != "prefer"):
        if verdict.label != "entails" or verdict.strength in ("avoid", "must_not") or not verdict.evidence:
            continue
        name, mark, values = verdict.evidence.partition(": ")
        if mark and len(name) < 40:
            known = grouped.setdefault(name, [])
            known.extend(v for v in values.split(", ") if v not in known)
        else:
            grouped.setdefault(f"“{verdict.evidence.rstrip('.')}”", [])
    return [f"{name}: {', '.join(values)}" if values else name for name, values in grouped.items()]


class _Taste:
    """The labels of what the user likes that few items carry, so that sharing one tells something."""

    def __init__(self, wish: Wish, index: Index) -> None:
        self._index = index
        self._telling: dict[str, dict[str, int]] = {}
        seeds = [index.catalogue.item(i) for i in (wish.seeds or wish.liked)[-2:]]
        for attribute in index.catalogue.schema.of_kind("category"):
            column = index.catalogue.columns.categories[attribute.name]
            counts = {v: len(column.rows(v)) for seed in seeds for v in seed.labels(attribute.name)}
            self._telling[attribute.name] = {v: c for v, c in counts.items() if c <= _TELLING * len(index.catalogue)}

    def shared_by(self, item_id: str) -> list[str]:
        """The labels that an item shares with what the user likes, rarest first, as one piece of evidence."""
        item = self._index.catalogue.item(item_id)
        shared = {v: known[v] for name, known in self._telling.items() for v in item.labels(name) if v in known}
        found = sorted((count, value) for value, count in shared.items())
        return [f"in common with what you like: {', '.join(v for _, v in found[:3])}"] if found else []
