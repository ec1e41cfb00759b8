"""The natural-language-inference agent, built-in brain: judges every candidate by every preference, with evidence."""

from collections.abc import Sequence

from ..tools.entailment import UNSAID, Entailment, Label, entails
from ..tools.index import Index
from ..tools.words import content_stems
from .retrieve import in_words
from .state import Judged, Miss, Preference, Verdict


async def judge(candidates: Sequence[Judged], preferences: Sequence[Preference], index: Index) -> list[Judged]:
    """Candidates with verdicts, in the same order; what contradicts a hard preference is dropped."""
    named = [(p, in_words(p, index), _rows_that_may_say(p, index)) for p in preferences]
    catalogue = index.catalogue
    judged: list[Judged] = []
    for candidate in candidates:
        item, row = catalogue.item(candidate.item), catalogue.row_of[candidate.item]
        verdicts = tuple(
            seen_from(
                p, words, UNSAID if rows is not None and row not in rows else entails(item, p.limit, catalogue.schema)
            )
            for p, words, rows in named
        )
        judged.append(candidate.model_copy(update={"verdicts": verdicts}))
    return [j for j in judged if not j.broken]


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


def _rows_that_may_say(preference: Preference, index: Index) -> set[int] | None:
    """For a phrase, the rows that hold one of its words: no other text needs reading."""
    if preference.limit.attribute is not None:
        return None
    stems = {s for v in preference.limit.values for s in content_stems(v)}
    return {int(row) for s in stems for row in index.lexical.rows(s)}


def seen_from(preference: Preference, words: str, entailment: Entailment) -> Verdict:
    """A verdict on a limit, seen from the preference: what entails an unwanted limit contradicts the preference."""
    label, score = entailment.label, entailment.score
    if not preference.wanted:
        label, score = _OPPOSITE[label], -score
    return Verdict(
        preference=words, strength=preference.strength, label=label, score=score, evidence=entailment.evidence,
        remembered=bool(preference.memory),
    )  # type: ignore[arg-type]  # fmt: skip
