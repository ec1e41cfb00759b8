"""The natural-language-inference agent, cross-encoder brain: any model trained for inference judges phrases by texts.

What columns know is settled by the built-in brain. Each sentence of an item is a premise, the wish the hypothesis; the
sentence that decides most is the evidence. No language model is called.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ...tools.cross_encoder import CrossEncoderNli
from ...tools.entailment import Entailment, Label, passages
from ...tools.errors import ModelError, SettingsError
from ...tools.index import Index
from ...tools.items import Item
from ...tools.schema import Schema
from ...tools.words import sentences
from ..brains import Model
from ..nli import judge as settle
from ..nli import seen_from
from ..rank import best_first
from ..retrieve import in_words
from ..state import Judged, Preference, Wish

MOST = 20
"""Candidates that are judged; the others keep the built-in verdicts."""

SURE, VERY_SURE = 0.6, 0.9
"""The probabilities from which a verdict counts: that something is so, and that it is not, which may drop an item."""

_SENTENCES = 4
"""Sentences of an item that are read for each wish."""


def judge_with(
    encoder: CrossEncoderNli,
) -> Callable[[Model, Sequence[Judged], Sequence[Preference], Index, Wish, str], Awaitable[list[Judged]]]:
    """The brain that judges with a cross-encoder."""

    async def judge(
        model: Model,
        candidates: Sequence[Judged],
        preferences: Sequence[Preference],
        index: Index,
        wish: Wish,
        text: str,
    ) -> list[Judged]:
        settled = best_first(await settle(candidates, preferences, index), wish, index)
        pairs = [
            (row, place, premise)
            for row, judged in enumerate(settled[:MOST])
            for place, preference in enumerate(preferences)
            if preference.limit.attribute is None and judged.verdicts[place].label == "neutral"
            for premise in _premises(index.catalogue.item(judged.item), index.catalogue.schema)
        ]
        if not pairs:
            return settled
        hypotheses = [f"It is about {' or '.join(preferences[p].limit.values)}." for _, p, _ in pairs]
        try:
            found = await asyncio.to_thread(encoder.judge, [premise for *_, premise in pairs], hypotheses)
        except SettingsError as fault:
            raise ModelError(str(fault)) from fault
        surest: dict[tuple[int, int], float] = {}
        for (row, place, premise), inference in zip(pairs, found, strict=True):
            entails = inference.entails >= inference.contradicts
            sure = max(inference.entails, inference.contradicts)
            if sure < (SURE if entails else VERY_SURE) or sure <= surest.get((row, place), 0.0):
                continue
            surest[row, place] = sure
            label: Label = "entails" if entails else "contradicts"
            inferred = Entailment(label=label, score=sure if entails else -sure, evidence=premise)
            verdicts = list(settled[row].verdicts)
            verdicts[place] = seen_from(preferences[place], in_words(preferences[place], index), inferred)
            settled[row] = settled[row].model_copy(update={"verdicts": tuple(verdicts)})
        return [j for j in settled if not j.broken]

    return judge


def _premises(item: Item, schema: Schema) -> list[str]:
    """The first sentences of an item's text; its title and labels where it has none."""
    return (sentences(item.text) or passages(item, schema))[:_SENTENCES]
