"""The natural-language-inference agent, built-in brain: judges every candidate by every preference, with evidence."""

from collections.abc import Callable, Sequence

import numpy as np

from ..tools.entailment import UNSAID, Entailment, Label, entails
from ..tools.index import Index
from ..tools.items import Item
from ..tools.words import content_stems
from .retrieve import in_words
from .state import Judged, Miss, Preference, Verdict, contradicted


async def judge(candidates: Sequence[Judged], preferences: Sequence[Preference], index: Index) -> list[Judged]:
    """Candidates with verdicts, in the same order; what contradicts a hard preference is dropped."""
    catalogue = index.catalogue
    judges = [_judge_of(p, index) for p in preferences]
    judged: list[Judged] = []
    for candidate in candidates:
        item, row = catalogue.item(candidate.item), catalogue.row_of[candidate.item]
        verdicts = tuple(verdict(item, row) for verdict in judges)
        if not contradicted(verdicts):
            judged.append(candidate.model_copy(update={"verdicts": verdicts}))
    return judged


def _judge_of(preference: Preference, index: Index) -> Callable[[Item, int], Verdict]:
    """What judges an item and its row by one preference; what many items have in common is judged once."""
    words, limit, schema = in_words(preference, index), preference.limit, index.catalogue.schema
    known: dict[object, Verdict] = {}
    if limit.attribute is None:
        unsaid, rows = seen_from(preference, words, UNSAID), _rows_that_may_say(preference, index)
        return lambda item, row: seen_from(preference, words, entails(item, limit, schema)) if rows[row] else unsaid
    attribute = limit.attribute

    def by_value(item: Item, row: int) -> Verdict:
        # An attribute is judged by its value alone, and a few values serve most candidates.
        value = item.attributes.get(attribute)
        if value not in known:
            known[value] = seen_from(preference, words, entails(item, limit, schema))
        return known[value]

    return by_value


def may_drop_all(preferences: Sequence[Preference]) -> bool:
    """Whether there is a preference that no column settles, and that an item must not break."""
    return any(p.hard and p.limit.attribute is None for p in preferences)


async def explain_none(candidates: Sequence[Judged], preferences: Sequence[Preference], index: Index) -> Miss | None:
    """Why all candidates were dropped: of the hard preferences about the text, the one that most break."""
    hard = [p for p in preferences if p.hard and p.limit.attribute is None]
    left = [len(await judge(candidates, [o for o in preferences if o is not p], index)) for p in hard]
    if not left:
        return None
    blocking = hard[left.index(max(left))]
    return Miss(blocking=in_words(blocking, index), key=blocking.key, without=max(left))


_OPPOSITE: dict[Label, Label] = {"entails": "contradicts", "contradicts": "entails", "neutral": "neutral"}


def _rows_that_may_say(preference: Preference, index: Index) -> np.ndarray:
    """For a phrase, which rows hold one of its words, bool, shape (items,): no other text needs reading."""
    found = np.zeros(len(index.catalogue), dtype=bool)
    for stem in {s for v in preference.limit.values for s in content_stems(v)}:
        found[index.lexical.rows(stem)] = True
    return found


def seen_from(preference: Preference, words: str, entailment: Entailment) -> Verdict:
    """A verdict on a limit, seen from the preference: what entails an unwanted limit contradicts the preference."""
    label, score = entailment.label, entailment.score
    if not preference.wanted:
        label, score = _OPPOSITE[label], -score
    return Verdict(
        preference=words, strength=preference.strength, label=label, score=score, evidence=entailment.evidence,
        remembered=bool(preference.memory),
    )  # type: ignore[arg-type]  # fmt: skip
