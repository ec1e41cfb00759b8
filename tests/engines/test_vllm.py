"""vLLM with a tiny model of random weights: `make test-vllm`.

Random weights prove that engine, grammar, batching, streaming and parsing work together, and that the product is correct
whatever a model says. They prove nothing about the quality of what a real model says.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Literal

import pytest
import pytest_asyncio
from convrec.agents.brains import Budget, TurnLimits
from convrec.agents.effort import CALLS, Effort, Ranking
from convrec.tools.chat import Chat
from convrec.tools.chat_models import ModelChoice, open_chat_model
from convrec.tools.errors import AnswerError
from engine_stage import CONVERSATION, HOLDING, TIMEOUT, Served, convrec, group_of, serve, talking, think_with
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from tiny_model import make_tiny_model

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("VLLM_PYTHON") or ROOT / ".venv-vllm" / "bin" / "python")

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

Words = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ,.-]{0,40}$")]


class Wanted(BaseModel):
    """A bounded answer: a grammar for it always comes to an end."""

    model_config = ConfigDict(extra="forbid")

    act: Literal["request", "reject", "ask"]
    count: int = Field(ge=0, le=10)
    ids: list[Literal["c1", "c2", "c3"]] = Field(max_length=3)
    words: Words


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vllm")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    """vLLM, started once for all tests."""
    assert PYTHON.exists(), f"no vLLM at {PYTHON}: run `make test-vllm`"
    model = make_tiny_model(folder / "tiny")
    with serve("vllm", model, folder / "engine.log", python=PYTHON) as engine:
        print(f"\nvLLM was ready after {engine.seconds:.0f} s")
        yield engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat(served: Served) -> AsyncIterator[ChatOpenAI]:
    """The model as the product opens it, at a temperature that makes answers differ."""
    chosen = ModelChoice(
        name=served.settings["CONVREC_LLM__MODEL"],
        base_url=served.settings["CONVREC_LLM__BASE_URL"],
        temperature=1.0,
        timeout=TIMEOUT,
    )
    opened = open_chat_model(chosen)
    assert isinstance(opened, ChatOpenAI)
    yield opened
    await opened.root_async_client.close()


async def test_every_answer_keeps_to_the_schema(chat: ChatOpenAI) -> None:
    asked = chat.with_structured_output(Wanted, method="json_schema")
    answers = [await asked.ainvoke(f"Question {number}: something smoky?") for number in range(20)]
    assert all(isinstance(a, Wanted) for a in answers)
    assert len({str(a) for a in answers}) > 1


async def test_a_reply_is_streamed_in_pieces_with_its_cost_at_the_end(chat: ChatOpenAI) -> None:
    whole, pieces = None, 0
    async for chunk in chat.bind(max_tokens=40, temperature=0.0).astream("Tell me of a tea."):
        whole = chunk if whole is None else whole + chunk
        pieces += bool(chunk.text)
    assert whole is not None
    assert whole.usage_metadata is not None
    assert pieces > 1
    assert whole.response_metadata["finish_reason"] in ("stop", "length")
    assert whole.usage_metadata["output_tokens"] <= 40


async def test_thirty_two_questions_at_once_are_answered_side_by_side(chat: ChatOpenAI) -> None:
    asked = chat.with_structured_output(Wanted, method="json_schema")

    async def answers(count: int) -> float:
        began = time.monotonic()
        told = await asyncio.gather(*(asked.ainvoke(f"Question {number}?") for number in range(count)))
        assert all(isinstance(a, Wanted) for a in told)
        return time.monotonic() - began

    one = sum([await answers(1) for _ in range(4)]) / 4
    all_of_them = await answers(32)
    print(f"\none answer {one:.2f} s, 32 at once {all_of_them:.2f} s")
    assert all_of_them < 32 * one


async def test_an_answer_that_is_cut_off_says_so(chat: ChatOpenAI) -> None:
    told = await chat.bind(max_tokens=2, temperature=0.0).ainvoke("Tell me of a tea.")
    assert told.response_metadata["finish_reason"] == "length"
    with pytest.raises(AnswerError, match="cut off"):
        await Chat(chat, "tiny").answer([HumanMessage("What is wanted?")], Wanted, Budget(TurnLimits()), max_tokens=3)


async def test_the_command_that_checks_a_model_gets_a_structured_answer(served: Served, tmp_path: Path) -> None:
    settings = served.settings | {"CONVREC_HOME": str(tmp_path), "CONVREC_LLM__TEMPERATURE": "1"}
    done = await asyncio.to_thread(convrec, "llm", "check", **settings)
    print(f"\n{done.stdout}")
    assert "✓ structured answer by JSON schema" in done.stdout, done.stderr


@pytest.mark.parametrize(("effort", "temperature"), [("low", 0.0), ("low", 1.0), ("medium", 1.0), ("high", 1.0)])
async def test_a_conversation_holds_every_guarantee(
    served: Served, tmp_path: Path, effort: Effort, temperature: float
) -> None:
    thinks = think_with(tmp_path, served.settings, effort=effort, temperature=temperature)
    async with talking(tmp_path, thinks) as people:
        await asyncio.gather(*(people.converse(user) for user in ("ann", "ben")))
    print(f"\n{effort} effort, temperature {temperature:g}: {people.tally}")
    assert people.tally.most_calls <= CALLS[effort]
    assert people.tally.structured >= HOLDING


@pytest.mark.parametrize("ranking", ["elimination", "vote"])
async def test_each_strategy_of_ranking_holds_every_guarantee(served: Served, tmp_path: Path, ranking: Ranking) -> None:
    thinks = think_with(tmp_path, served.settings, effort="high", ranking=ranking, temperature=1.0)
    async with talking(tmp_path, thinks) as people:
        await asyncio.gather(*(people.converse(user, turns=3) for user in ("ann", "ben")))
    print(f"\n{ranking}: {people.tally}")
    assert people.tally.structured >= HOLDING


async def test_thirty_two_turns_at_once_are_kept_apart(served: Served, tmp_path: Path) -> None:
    thinks = think_with(tmp_path, served.settings, temperature=1.0)
    async with talking(tmp_path, thinks) as people:
        began = time.monotonic()
        answers = await asyncio.gather(*(people.say(CONVERSATION[0], user=f"user {n}") for n in range(32)))
        print(f"\n32 turns at once in {time.monotonic() - began:.1f} s: {people.tally}")
    assert [a.user for a in answers] == [f"user {n}" for n in range(32)]
    assert people.tally.structured >= HOLDING


async def test_ctrl_c_leaves_no_process_behind(served: Served) -> None:
    engine = served.engine
    assert len(group_of(engine)) > 1
    began = time.monotonic()
    assert served.stop() == 130
    print(f"\nstopped within {time.monotonic() - began:.1f} s")
    assert group_of(engine) == []
