"""What turns cost: calls, tokens and seconds."""

from collections.abc import Iterable, Sequence

import numpy as np

from ...agents.state import Noun
from ..nouns import SystemTurn


class Cost(Noun):
    """What some turns cost together.

    Attributes:
        turns: how many there were.
        calls, prompt_tokens, completion_tokens, fallbacks: as in a system's turn, summed.
        seconds: summed.
    """

    turns: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    fallbacks: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Those of the prompts and those of the answers."""
        return self.prompt_tokens + self.completion_tokens


def cost_of(turns: Iterable[SystemTurn]) -> Cost:
    """What some turns cost together, for example those of a dialogue."""
    count = calls = prompt_tokens = completion_tokens = fallbacks = 0
    seconds = 0.0
    for turn in turns:
        count += 1
        calls += turn.calls
        prompt_tokens += turn.prompt_tokens
        completion_tokens += turn.completion_tokens
        fallbacks += turn.fallbacks
        seconds += turn.seconds
    return Cost(
        turns=count,
        calls=calls,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        fallbacks=fallbacks,
        seconds=seconds,
    )


def percentile(values: Sequence[float] | np.ndarray, percent: float) -> float:
    """The value below which so many percent lie, linear between two values (Hyndman and Fan 1996, type 7).

    Raises:
        ValueError: there are no values, or the percent is not from 0 to 100.
    """
    if not len(values):
        raise ValueError("No values have no percentile.")
    return float(np.percentile(values, percent))
