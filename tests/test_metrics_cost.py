"""What turns cost."""

import random
import statistics

import pytest
from convrec.simulator.metrics.cost import cost_of, percentile
from convrec.simulator.nouns import SystemTurn


def test_the_cost_of_a_dialogue_is_that_of_its_turns() -> None:
    turns = [
        SystemTurn(reply="a", calls=2, prompt_tokens=100, completion_tokens=20, seconds=0.5),
        SystemTurn(reply="b", calls=1, prompt_tokens=50, completion_tokens=10, fallbacks=1, seconds=0.25),
    ]
    cost = cost_of(turns)
    assert (cost.turns, cost.calls, cost.prompt_tokens, cost.completion_tokens) == (2, 3, 150, 30)
    assert (cost.tokens, cost.fallbacks, cost.seconds) == (180, 1, 0.75)


def test_nothing_costs_nothing() -> None:
    assert cost_of([]).turns == cost_of([]).tokens == 0


def test_percentiles_are_those_of_the_standard_library() -> None:
    values = [random.Random(3).expovariate(1) for _ in range(101)]
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    assert percentile(values, 50) == pytest.approx(cuts[49])
    assert percentile(values, 95) == pytest.approx(cuts[94])
    assert percentile([4.0], 95) == 4.0
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 50)
