"""What is compared: the measures of dialogues and of rankings, and each one's values."""

import hashlib
from dataclasses import dataclass

from ..metrics.ranking import ndcg_at, recall_at, reciprocal_rank
from ..offline.nouns import Ranking
from .outcomes import Outcome


@dataclass(frozen=True)
class Measure:
    """One thing to compare.

    Attributes:
        name: as readers know it.
        share: whether it reads best in percent.
        higher_is_better: whether more of it is better.
    """

    name: str
    share: bool = False
    higher_is_better: bool = True


TALK_MEASURES = (
    Measure("success rate", share=True),
    Measure("average turns", higher_is_better=False),
    Measure("constraint satisfaction", share=True),
    Measure("calls per dialogue", higher_is_better=False),
    Measure("tokens per dialogue", higher_is_better=False),
    Measure("seconds per dialogue", higher_is_better=False),
)

RANKING_MEASURES = (
    Measure("Recall@1"),
    Measure("Recall@10"),
    Measure("Recall@50"),
    Measure("NDCG@10"),
    Measure("MRR"),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """What a comparison needs to know of one dialogue or ranking.

    Attributes:
        name: the same for what is to be paired.
        likeness: the same for what may be paired.
        group: what hangs together, and is resampled together.
        counts: whether it may count.
        fault: whether the infrastructure is why it may not.
        values: one per measure; None where it has nothing to say.
    """

    name: str
    likeness: bytes
    group: str
    counts: bool
    fault: bool
    values: tuple[float | None, ...]


def score_outcome(outcome: Outcome) -> Scored:
    """A dialogue's values, as `TALK_MEASURES` names them."""
    return Scored(
        name=f"{outcome.goal}|{outcome.trial}",
        likeness=outcome.likeness + outcome.seed.to_bytes(16, "big", signed=True),
        group=outcome.goal,
        counts=outcome.counts,
        fault=outcome.ending == "fault",
        values=(
            float(outcome.success) if outcome.decided else None,
            float(outcome.turns_or_most) if outcome.decided and outcome.possible else None,
            outcome.fitting / outcome.shown if outcome.shown else None,
            float(outcome.calls),
            float(outcome.tokens),
            outcome.seconds,
        ),
    )


def score_ranking(ranking: Ranking) -> Scored:
    """A ranking's values, as `RANKING_MEASURES` names them."""
    counts = not ranking.fault and bool(ranking.targets)
    targets = "\0".join(sorted(ranking.targets)).encode()
    return Scored(
        name=ranking.case,
        likeness=hashlib.blake2b(targets, digest_size=8).digest(),
        group=ranking.dialogue,
        counts=counts,
        fault=bool(ranking.fault),
        values=_ranking_values(ranking) if counts else (),
    )


def _ranking_values(ranking: Ranking) -> tuple[float, ...]:
    ranked, targets = ranking.ranked, ranking.targets
    recalls = (recall_at(ranked, targets, k) for k in (1, 10, 50))
    return (*recalls, ndcg_at(ranked, targets, 10), reciprocal_rank(ranked, targets))
