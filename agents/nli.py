"""The natural-language-inference agent, built-in brain: judges every candidate by every preference, with evidence."""

from collections.abc import Sequence

from ..tools.entailment import Entailment, entails
from ..tools.index import Index
from .retrieve import in_words
from .state import Judged, Preference, Verdict


async def judge(candidates: Sequence[Judged], preferences: Sequence[Preference], index: Index) -> list[Judged]:
    """Candidates with verdicts, in the same order; what contradicts a hard preference is dropped."""
    named = [(p, in_words(p, index)) for p in preferences]
    judged: list[Judged] = []
    for candidate in candidates:
        item = index.catalogue.item(candidate.item)
        verdicts = tuple(_verdict(entails(item, p.limit, index.catalogue.schema), p, words) for p, words in named)
        if not any(v.label == "contradicts" and v.strength in ("must", "must_not") for v in verdicts):
            judged.append(candidate.model_copy(update={"verdicts": verdicts}))
    return judged


def _verdict(entailment: Entailment, preference: Preference, words: str) -> Verdict:
    """Seen from the preference: what entails an unwanted limit contradicts the preference."""
    label, score = entailment.label, entailment.score
    if not preference.wanted:
        label = {"entails": "contradicts", "contradicts": "entails", "neutral": "neutral"}[label]
        score = -score
    return Verdict(
        preference=words, strength=preference.strength, label=label, score=score, evidence=entailment.evidence
    )  # type: ignore[arg-type]
