"""How well a judge of satisfaction, a model or the built-in estimator, agrees with what people said themselves."""

from collections.abc import Sequence

import numpy as np

from ..agents.state import Noun
from .offline.crsarena import RatedDialogue
from .satisfaction import satisfaction


class Agreement(Noun):
    """How well somebody's judgement agrees with what people said of their own dialogues.

    Attributes:
        n: dialogues that both judged.
        satisfied: the share of them that people called satisfying.
        accuracy: how often both say the same.
        commoner: how often always saying what people say most would be right; accuracy means something above it.
        kappa: Cohen's kappa: agreement beyond chance; None where chance alone agrees fully.
        auc: how often a satisfying dialogue is scored above a frustrating one; None where there are not both.
    """

    n: int
    satisfied: float = 0.0
    accuracy: float = 0.0
    commoner: float = 0.0
    kappa: float | None = None
    auc: float | None = None


def agreement(judged: Sequence[float], human: Sequence[bool], threshold: float) -> Agreement:
    """How well scores agree with people's labels.

    Kappa as in Cohen, "A coefficient of agreement for nominal scales" (1960).

    Args:
        judged: a score for each dialogue, higher is more satisfied.
        human: whether the person was satisfied.
        threshold: the score from which on the judgement is "satisfied".
    """
    if not len(human):
        return Agreement(n=0)
    said, meant = np.asarray(judged, dtype=float) >= threshold, np.asarray(human, dtype=bool)
    observed, share = float((said == meant).mean()), float(meant.mean())
    chance = float(said.mean() * share + (1 - said.mean()) * (1 - share))
    return Agreement(
        n=len(meant),
        satisfied=share,
        accuracy=observed,
        commoner=max(share, 1 - share),
        kappa=None if chance == 1.0 else (observed - chance) / (1 - chance),
        auc=auc(judged, human),
    )


def auc(scores: Sequence[float] | np.ndarray, labels: Sequence[bool] | np.ndarray) -> float | None:
    """The area under the ROC curve: how often a true one is scored above a false one, ties counting half.

    None where there are not both. Hanley and McNeil, "The meaning and use of the area under a ROC curve" (1982).
    """
    values, true = np.asarray(scores, dtype=float), np.asarray(labels, dtype=bool)
    above, below = values[true], np.sort(values[~true])
    if not len(above) or not len(below):
        return None
    won = np.searchsorted(below, above, "left") + np.searchsorted(below, above, "right")
    return float(won.mean() / 2 / len(below))


def estimator_agreement(rated: Sequence[RatedDialogue]) -> Agreement:
    """How well the built-in estimator of satisfaction agrees with rated dialogues, at .5.

    Its weights were learnt from CRSArena-Dial: on those dialogues this is too kind, and `satisfaction.TRUST` is honest.
    """
    return agreement([satisfaction(d.talk) for d in rated], [d.satisfied for d in rated], 0.5)
