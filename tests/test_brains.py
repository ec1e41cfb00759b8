"""A second brain within a turn's limits: what it may cost, when the built-in one takes over, and what a step says of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from convrec.agents.brains import Brain, Budget, Model, Said, TurnLimits
from convrec.prompts import Prompt
from convrec.tools.answer_cache import AnswerCache
from convrec.tools.chat import Call, Chat
from convrec.tools.errors import AnswerError, CallError, ModelError, SpentError
from convrec.tools.scripted_chat import ScriptedChat
from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel

PROMPT = Prompt("You sort tea.", "Which colour has Sencha?")
GREEN, BLUE = '{"colour":"green"}', '{"colour":"blue"}'


class Tea(BaseModel):
    """A tea's colour."""

    colour: Literal["green", "black"]


async def built_in() -> str:
    return "built in"


async def colour(model: Model, *_: Any) -> str:
    return (await model.answer(PROMPT, Tea, 50)).colour


def scripted(*script: Any, think: Callable[..., Awaitable[Any]] = colour, **how: Any) -> Brain:
    """A brain on a model that says these lines."""
    return Brain(think, "qwen", Chat(ScriptedChat(script=script), "qwen", **how))


def asked(brain: Brain) -> list[list[BaseMessage]]:
    """The messages of every call of a scripted brain."""
    model: Any = brain.chat and brain.chat._model
    return model.asked


def handle(*script: Any, limits: TurnLimits | None = None, **how: Any) -> Model:
    """A handle on a model that says these lines, in a turn of its own."""
    chat = Chat(ScriptedChat(script=script), "qwen", **how)
    return Model(chat, Budget(limits or TurnLimits(), owner="ann"), "rank")


async def faulty(*_: Any) -> str:
    raise ModelError("The model refused.")


async def hanging(*_: Any) -> str:
    await asyncio.Event().wait()
    raise AssertionError


# The step


async def test_a_second_brain_thinks_where_there_is_one() -> None:
    budget = Budget(TurnLimits())
    assert await budget.think("rank", built_in, scripted(GREEN)) == "green"
    (step,) = budget.steps
    assert (step.agent, step.brain, step.calls, step.cached, step.fallback) == ("rank", "qwen", 1, 0, "")
    assert (step.prompt_tokens, step.completion_tokens) == (9, 4)
    assert step.milliseconds >= 0


async def test_a_second_brain_is_handed_a_model_and_then_what_the_built_in_one_takes() -> None:
    async def think(*args: Any) -> tuple[Any, ...]:
        return args

    budget = Budget(TurnLimits(), owner="ann")
    model, *rest = await budget.think("rank", built_in, Brain(think, "own"), ("a", 2))  # type: ignore[arg-type]
    assert isinstance(model, Model)
    assert (model.agent, model.owner, rest) == ("rank", "ann", ["a", 2])


async def test_a_faulty_brain_is_replaced_and_the_step_says_why() -> None:
    budget = Budget(TurnLimits())
    assert await budget.think("rank", built_in, Brain(faulty, "own")) == "built in"
    assert (budget.steps[0].brain, budget.steps[0].fallback) == ("built-in", "The model refused.")
    assert budget.usage.fallbacks == 1


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ([ConnectionError("sk-secret")], "no connection to the server"),
        ([TimeoutError("sk-secret")], "did not answer in time"),
        ([RuntimeError("sk-secret")], "the call failed (RuntimeError)"),
    ],
)
async def test_a_call_that_fails_is_replaced_counted_and_told_without_secrets(script: list[Any], why: str) -> None:
    budget = Budget(TurnLimits())
    assert await budget.think("rank", built_in, scripted(*script)) == "built in"
    (step,) = budget.steps
    assert why in step.fallback
    assert "sk-secret" not in step.fallback
    assert (step.brain, step.calls, step.repaired) == ("built-in", 1, 0)


async def test_a_value_that_breaks_a_guarantee_is_replaced_and_what_it_cost_is_counted() -> None:
    budget = Budget(TurnLimits())
    value = await budget.think("rank", built_in, scripted(GREEN), lawful=lambda v: v != "green")
    assert value == "built in"
    (step,) = budget.steps
    assert (step.brain, step.calls, step.fallback) == ("built-in", 1, "the model's answer broke a guarantee")


async def test_the_built_in_value_is_taken_whatever_is_lawful() -> None:
    assert await Budget(TurnLimits()).think("rank", built_in, lawful=lambda _: False) == "built in"


async def test_built_in_work_costs_nothing_and_is_no_fallback() -> None:
    budget = Budget(TurnLimits(max_calls=0))
    assert await budget.think("rank", built_in, note=str.upper) == "built in"
    (step,) = budget.steps
    assert (step.note, step.calls, step.fallback, step.brain) == ("BUILT IN", 0, "", "built-in")
    assert step.milliseconds >= 0


async def test_a_note_is_made_of_the_value_that_is_used() -> None:
    budget = Budget(TurnLimits())
    await budget.think("rank", built_in, scripted(GREEN), note=str.upper)
    await budget.think("rank", built_in, Brain(faulty, "own"), note=str.upper)
    assert [s.note for s in budget.steps] == ["GREEN", "BUILT IN"]


async def test_a_bug_in_a_brain_is_not_hidden() -> None:
    async def broken(*_: Any) -> str:
        raise ZeroDivisionError

    budget = Budget(TurnLimits())
    with pytest.raises(ZeroDivisionError):
        await budget.think("rank", built_in, Brain(broken, "own"))
    assert not budget.steps


async def test_what_was_left_out_is_counted_in_the_step() -> None:
    async def think(model: Model) -> str:
        model.dropped += 2
        return "short"

    budget = Budget(TurnLimits())
    await budget.think("respond", built_in, Brain(think, "own"))
    assert (budget.steps[0].dropped, budget.steps[0].brain) == (2, "own")


# Limits


async def test_a_brain_that_hangs_is_given_up_in_time() -> None:
    budget = Budget(TurnLimits(max_seconds=0.05))
    assert await asyncio.wait_for(budget.think("rank", built_in, Brain(hanging, "own")), 5) == "built in"
    assert "the turn's time" in budget.steps[0].fallback


async def test_a_model_that_hangs_is_given_up_in_time_and_its_call_is_counted() -> None:
    class Hanging(ScriptedChat):
        async def _agenerate(self, *args: Any, **options: Any) -> Any:
            await asyncio.Event().wait()

    budget = Budget(TurnLimits(max_seconds=0.05))
    brain = Brain(colour, "qwen", Chat(Hanging(script=[GREEN]), "qwen"))
    assert await asyncio.wait_for(budget.think("rank", built_in, brain), 5) == "built in"
    assert (budget.steps[0].calls, budget.usage.calls) == (1, 1)
    assert "the turn's time" in budget.steps[0].fallback


@pytest.mark.parametrize(
    ("limits", "reason"), [(TurnLimits(max_calls=1), "1 calls"), (TurnLimits(max_tokens=13), "13 tokens")]
)
async def test_what_is_used_up_is_not_asked_again(limits: TurnLimits, reason: str) -> None:
    budget, brain = Budget(limits), scripted(GREEN)
    assert await budget.think("understand", built_in, brain) == "green"
    assert await budget.think("rank", built_in, brain) == "built in"
    assert reason in budget.steps[1].fallback
    assert (len(asked(brain)), budget.steps[1].calls) == (1, 0)


async def test_a_prompt_that_would_pass_the_tokens_is_not_sent() -> None:
    budget, brain = Budget(TurnLimits(max_tokens=9)), scripted(GREEN)
    assert await budget.think("understand", built_in, brain) == "built in"
    assert "9 tokens" in budget.steps[0].fallback
    assert (asked(brain), budget.usage.calls) == ([], 0)


async def test_a_turn_out_of_seconds_asks_no_model() -> None:
    budget, brain = Budget(TurnLimits(max_seconds=0.0)), scripted(GREEN)
    assert await budget.think("rank", built_in, brain) == "built in"
    assert "seconds are over" in budget.steps[0].fallback
    assert not asked(brain)


def test_seconds_are_counted_from_the_turns_beginning() -> None:
    budget = Budget(TurnLimits(max_seconds=60), started=time.monotonic() - 61)
    assert budget.seconds >= 61
    assert "60 seconds are over" in budget.exhausted()
    assert budget.usage.seconds >= 61
    assert not Budget(TurnLimits(max_seconds=60)).exhausted()


async def test_a_model_that_was_not_asked_counts_as_no_call() -> None:
    budget, brain = Budget(TurnLimits(max_calls=1)), scripted(GREEN)
    for _ in range(4):
        await budget.think("rank", built_in, brain)
    assert budget.usage.calls == 1
    assert [s.calls for s in budget.steps] == [1, 0, 0, 0]


async def test_a_faulty_model_uses_up_calls_too() -> None:
    budget, brain = Budget(TurnLimits(max_calls=2)), scripted(ConnectionError("no"))
    for _ in range(4):
        await budget.think("rank", built_in, brain)
    assert budget.usage.calls == 2
    assert "2 calls" in budget.steps[-1].fallback


async def test_a_brain_without_a_chat_model_works_where_no_call_is_left() -> None:
    async def think(model: Model) -> str:
        return "by another engine"

    budget = Budget(TurnLimits(max_calls=0))
    assert await budget.think("nli", built_in, Brain(think, "cross-encoder")) == "by another engine"
    assert (budget.steps[0].brain, budget.steps[0].calls, budget.steps[0].fallback) == ("cross-encoder", 0, "")


@pytest.mark.parametrize("most", [0, 1, 2, 3])
async def test_calls_at_once_never_pass_the_limit(most: int) -> None:
    async def think(model: Model) -> int:
        asked = [model.answer(PROMPT, Tea, 50) for _ in range(8)]
        done = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(d, (Tea, SpentError)) for d in done)
        return sum(isinstance(d, Tea) for d in done)

    brain = scripted(GREEN, think=think)
    budget = Budget(TurnLimits(max_calls=most))
    assert await budget.think("rank", built_in, brain) == (most or "built in")
    assert (len(asked(brain)), budget.usage.calls) == (most, most)


async def test_calls_that_wait_for_their_turn_count_before_they_are_made() -> None:
    model = handle(GREEN, limits=TurnLimits(max_calls=2), concurrency=1)
    done = await asyncio.gather(*(model.answer(PROMPT, Tea, 50) for _ in range(3)), return_exceptions=True)
    assert [type(d) for d in done] == [Tea, Tea, SpentError]


async def test_a_brain_knows_how_many_calls_it_may_make() -> None:
    model = handle(GREEN, limits=TurnLimits(max_calls=4))
    assert [model.spare(keep) for keep in (0, 1, 4, 9)] == [4, 3, 0, 0]
    await model.answer(PROMPT, Tea, 50)
    assert [model.spare(keep) for keep in (0, 1, 4)] == [3, 2, 0]


async def test_a_cancelled_turn_is_not_taken_for_a_slow_model() -> None:
    budget = Budget(TurnLimits())
    task = asyncio.create_task(budget.think("rank", built_in, Brain(hanging, "own")))
    await asyncio.wait({task}, timeout=0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not budget.steps


# Adding up


async def test_the_usage_adds_up_the_steps() -> None:
    budget, brain = Budget(TurnLimits()), scripted(GREEN)
    for _ in range(3):
        await budget.think("rank", built_in, brain)
    await budget.think("respond", built_in, Brain(faulty, "own"))
    usage = budget.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.fallbacks) == (3, 27, 12, 1)
    for name in ("calls", "prompt_tokens", "completion_tokens", "cached"):
        assert getattr(usage, name) == sum(getattr(s, name) for s in budget.steps)
    assert usage.seconds >= 0


async def test_the_words_of_calls_are_kept_with_their_agent() -> None:
    budget = Budget(TurnLimits())
    await budget.think("understand", built_in, scripted(BLUE, GREEN))
    await budget.think("rank", built_in)
    await budget.think("respond", built_in, scripted(ConnectionError("no")))
    first, again, failed = budget.said
    assert first == Said("understand", "You sort tea.\n\nWhich colour has Sencha?", BLUE)
    assert (again.agent, again.answer, failed.agent, failed.answer) == ("understand", GREEN, "respond", "")
    assert again.prompt.startswith(first.prompt)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    opened = AnswerCache(tmp_path / "answers.sqlite")
    yield opened
    opened.close()


async def test_answers_from_the_cache_are_no_calls_and_need_no_room(cache: AnswerCache) -> None:
    brain = scripted(GREEN, cache=cache)
    await Budget(TurnLimits(), owner="ann").think("rank", built_in, brain)
    budget = Budget(TurnLimits(max_calls=1), owner="ann")
    for _ in range(3):
        assert await budget.think("rank", built_in, brain) == "green"
    assert [(s.calls, s.cached, s.prompt_tokens) for s in budget.steps] == [(0, 1, 0)] * 3
    assert (budget.usage.calls, budget.usage.cached) == (0, 3)
    assert len(asked(brain)) == 1
    assert len(budget.said) == 3


async def test_the_cache_of_one_user_answers_no_other(cache: AnswerCache) -> None:
    brain = scripted(GREEN, cache=cache)
    for owner in ("ann", "bob"):
        budget = Budget(TurnLimits(), owner=owner)
        await budget.think("rank", built_in, brain)
        assert (budget.usage.calls, budget.usage.cached) == (1, 0)


# Asking once more


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (BLUE, "colour: Input should be 'green' or 'black'"),
        ("{}", "colour: Field required"),
        ("It is green.", "the answer is no JSON"),
        ("", "the answer was empty"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_asked_for_once_more_with_what_was_wrong(bad: str, fault: str) -> None:
    budget, brain = Budget(TurnLimits()), scripted(bad, GREEN)
    assert await budget.think("rank", built_in, brain) == "green"
    (step,) = budget.steps
    assert (step.calls, step.repaired, step.fallback, step.brain) == (2, 1, "", "qwen")
    again = asked(brain)[1]
    assert [m.text for m in again[:2]] == [PROMPT.system, PROMPT.user]
    assert fault in again[-1].text
    assert '"enum": ["green", "black"]' in again[-1].text
    assert [m.text for m in again if isinstance(m, AIMessage)] == ([bad] if bad else [])


async def test_a_long_answer_is_not_shown_whole_when_it_is_asked_for_again() -> None:
    brain = scripted("green " * 5000, GREEN)
    await Budget(TurnLimits()).think("rank", built_in, brain)
    assert sum(len(m.text) for m in asked(brain)[1]) < 4000


async def test_of_answers_asked_for_at_once_each_is_shown_its_own_fault() -> None:
    def answers(messages: list[BaseMessage], _: dict[str, Any]) -> str:
        return GREEN if len(messages) > 2 else messages[-1].text

    model = Model(Chat(ScriptedChat(script=answers), "qwen"), Budget(TurnLimits()), "rank")
    bad = [f'{{"colour": "blue {n}"}}' for n in range(5)]
    await asyncio.gather(*(model.answer(Prompt("", b), Tea, 50) for b in bad))
    scripted: Any = model._open_chat._model
    again = [m for m in scripted.asked if len(m) > 2]
    assert sorted((m[1].text, m[2].text) for m in again) == [(b, b) for b in bad]
    assert model.repaired == 5


async def test_a_second_bad_answer_falls_back_and_the_step_says_why() -> None:
    budget, brain = Budget(TurnLimits()), scripted(BLUE, '{"colour": 7}', GREEN)
    assert await budget.think("rank", built_in, brain) == "built in"
    (step,) = budget.steps
    assert (step.calls, step.repaired, step.brain) == (2, 1, "built-in")
    assert "the answer has another shape (colour:" in step.fallback
    assert len(asked(brain)) == 2


async def test_where_no_call_is_left_to_ask_once_more_the_built_in_brain_goes_on() -> None:
    budget, brain = Budget(TurnLimits(max_calls=1)), scripted(BLUE, GREEN)
    assert await budget.think("rank", built_in, brain) == "built in"
    assert (budget.steps[0].calls, budget.usage.calls) == (1, 1)
    assert budget.steps[0].fallback


async def test_a_failed_call_is_not_asked_once_more() -> None:
    brain = scripted(ConnectionError("no"), GREEN)
    assert await Budget(TurnLimits()).think("rank", built_in, brain) == "built in"
    assert len(asked(brain)) == 1


# Ways of asking


class RefusedError(Exception):
    """A server that does not know what it was asked for."""

    status_code = 400


def only_words(messages: list[BaseMessage], options: dict[str, Any]) -> Any:
    if "tools" in options or "response_format" in options:
        return RefusedError()
    return GREEN if "JSON schema" in messages[-1].text else "It is green."


async def test_a_server_that_knows_no_shapes_is_told_them_in_the_prompt_at_no_further_cost() -> None:
    brain = Brain(colour, "qwen", Chat(ScriptedChat(script=only_words), "qwen"))
    budget = Budget(TurnLimits(max_calls=2))
    for _ in range(2):
        assert await budget.think("rank", built_in, brain) == "green"
    assert [(s.calls, s.repaired) for s in budget.steps] == [(1, 0), (1, 0)]
    last = asked(brain)[-1][-1].text
    assert last.startswith(PROMPT.user)
    assert '"enum": ["green", "black"]' in last
    assert len(asked(brain)) == 5


async def test_a_server_that_does_not_heed_shapes_is_told_them_when_it_is_asked_once_more_and_from_then_on() -> None:
    def heedless(messages: list[BaseMessage], _: dict[str, Any]) -> str:
        return GREEN if "JSON schema" in messages[-1].text else "It is green."

    brain = Brain(colour, "qwen", Chat(ScriptedChat(script=heedless), "qwen"))
    budget = Budget(TurnLimits())
    for _ in range(2):
        assert await budget.think("rank", built_in, brain) == "green"
    assert [(s.calls, s.repaired) for s in budget.steps] == [(2, 1), (1, 0)]
    assert all(m[-1].text.count("JSON schema") == 1 for m in asked(brain)[1:])


async def test_a_server_that_refuses_everything_costs_one_call() -> None:
    brain = scripted(RefusedError())
    budget = Budget(TurnLimits())
    assert await budget.think("rank", built_in, brain) == "built in"
    assert (budget.usage.calls, budget.steps[0].calls) == (1, 1)
    assert "HTTP 400" in budget.steps[0].fallback


# Streams


async def test_a_stream_is_counted_in_its_step() -> None:
    async def speak(model: Model) -> str:
        return "".join([p async for p in model.stream(PROMPT, 50)])

    budget, brain = Budget(TurnLimits(max_calls=1)), scripted("Sencha is green.", think=speak)
    assert await budget.think("respond", built_in, brain) == "Sencha is green."
    assert (budget.steps[0].calls, budget.steps[0].completion_tokens) == (1, 4)
    assert await budget.think("respond", built_in, brain) == "built in"
    assert "1 calls" in budget.steps[1].fallback


async def test_a_stream_that_is_left_early_is_counted_in_its_step() -> None:
    async def speak(model: Model) -> str:
        stream = model.stream(PROMPT, 50)
        first = await anext(stream)
        await stream.aclose()
        return first

    budget = Budget(TurnLimits())
    assert await budget.think("respond", built_in, scripted("Sencha is green.", think=speak)) == "Sencha "
    assert (budget.steps[0].calls, budget.usage.calls, len(budget._pending)) == (1, 1, 0)


async def test_a_stream_that_fails_falls_back() -> None:
    async def speak(model: Model) -> str:
        return "".join([p async for p in model.stream(PROMPT, 50)])

    for script, why in ((ConnectionError("no"), "no connection"), ("", "the reply was empty")):
        budget = Budget(TurnLimits())
        assert await budget.think("respond", built_in, scripted(script, think=speak)) == "built in"
        assert why in budget.steps[0].fallback
        assert budget.steps[0].calls == 1


async def test_faults_of_a_models_handle_are_model_errors() -> None:
    for script, fault in ((ConnectionError("no"), CallError), (BLUE, AnswerError)):
        with pytest.raises(fault) as raised:
            await handle(script).answer(PROMPT, Tea, 50)
        assert isinstance(raised.value, ModelError)


async def test_prompts_of_calls_under_way_count_as_tokens() -> None:
    budget = Budget(TurnLimits(max_tokens=100))
    budget.admit(60)
    with pytest.raises(SpentError, match="100 tokens"):
        budget.admit(60)
    budget.note(Call(10, 10))
    budget.admit(60)


async def test_a_server_that_lets_a_whole_turn_wait_is_left_alone_for_a_while() -> None:
    async def wait(model: Model) -> str:
        return await hanging(model)

    chat = Chat(ScriptedChat(script=["Sencha"]), "m")
    brain = Brain(wait, "m", chat)
    assert await Budget(TurnLimits(max_seconds=0.05)).think("rank", built_in, brain) == "built in"

    async def speak(model: Model) -> str:
        return "".join([p async for p in model.stream(PROMPT, 50)])

    later = Budget(TurnLimits())
    assert await later.think("respond", built_in, Brain(speak, "m", chat)) == "built in"
    assert "left alone" in later.steps[0].fallback
    assert later.usage.calls == 0
