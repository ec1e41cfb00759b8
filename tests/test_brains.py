import asyncio

import pytest
from convrec.agents.brains import Budget, ModelError, Thought, TurnLimits


async def built_in() -> str:
    return "built in"


def model(value: str = "thought", **cost: int):
    async def brain() -> Thought[str]:
        return Thought(value, **cost)

    return brain


async def faulty() -> Thought[str]:
    raise ModelError("The model refused.")


async def hanging() -> Thought[str]:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_model_brain_thinks_where_there_is_one() -> None:
    budget = Budget(TurnLimits(), "qwen")
    assert await budget.think("rank", built_in, model(prompt_tokens=7, completion_tokens=3)) == "thought"
    (step,) = budget.steps
    assert (step.brain, step.calls, step.prompt_tokens, step.completion_tokens) == ("qwen", 1, 7, 3)
    assert step.fallback == ""


async def test_a_faulty_model_is_replaced_and_the_step_says_why() -> None:
    budget = Budget(TurnLimits())
    assert await budget.think("rank", built_in, faulty) == "built in"
    assert (budget.steps[0].brain, budget.steps[0].fallback) == ("built-in", "The model refused.")
    assert budget.steps[0].calls == 1


async def test_a_model_that_hangs_is_given_up_in_time() -> None:
    budget = Budget(TurnLimits(max_seconds=0.05))
    assert await asyncio.wait_for(budget.think("rank", built_in, hanging), 5) == "built in"
    assert "in time" in budget.steps[0].fallback


@pytest.mark.parametrize(
    ("limits", "spent", "reason"),
    [
        (TurnLimits(max_calls=1), {"calls": 1}, "1 calls"),
        (TurnLimits(max_tokens=50), {"prompt_tokens": 30, "completion_tokens": 20}, "50 tokens"),
    ],
)
async def test_what_is_used_up_is_not_asked_again(limits: TurnLimits, spent: dict[str, int], reason: str) -> None:
    budget = Budget(limits)
    await budget.think("understand", built_in, model(**spent))
    assert await budget.think("rank", built_in, model()) == "built in"
    assert reason in budget.steps[1].fallback


async def test_a_turn_out_of_seconds_asks_no_model() -> None:
    budget = Budget(TurnLimits(max_seconds=0.0))
    assert await budget.think("rank", built_in, model()) == "built in"
    assert "seconds" in budget.steps[0].fallback


async def test_a_model_that_was_not_asked_counts_as_no_call() -> None:
    budget = Budget(TurnLimits(max_calls=1))
    for _ in range(4):
        await budget.think("rank", built_in, model())
    assert budget.usage.calls == 1


async def test_a_faulty_model_uses_up_calls_too() -> None:
    budget = Budget(TurnLimits(max_calls=2))
    for _ in range(4):
        await budget.think("rank", built_in, faulty)
    assert budget.usage.calls == 2
    assert "2 calls" in budget.steps[-1].fallback


async def test_built_in_work_costs_nothing_and_is_no_fallback() -> None:
    budget = Budget(TurnLimits(max_calls=0))
    assert await budget.think("rank", built_in, note=str.upper) == "built in"
    (step,) = budget.steps
    assert (step.note, step.calls, step.fallback, step.brain) == ("BUILT IN", 0, "", "built-in")
    assert step.milliseconds >= 0


async def test_the_usage_adds_up_the_steps() -> None:
    budget = Budget(TurnLimits())
    for _ in range(3):
        await budget.think("rank", built_in, model(calls=2, prompt_tokens=10, completion_tokens=1))
    usage = budget.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (6, 30, 3)


async def test_a_cancelled_turn_is_not_taken_for_a_slow_model() -> None:
    budget = Budget(TurnLimits())
    task = asyncio.create_task(budget.think("rank", built_in, hanging))
    await asyncio.wait({task}, timeout=0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not budget.steps
