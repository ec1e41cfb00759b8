"""vLLM with a tiny model of random weights: `make test-vllm`.

Random weights prove that engine, grammar, batching, streaming and parsing work together, and that the product is correct
whatever a model says. They prove nothing about the quality of what a real model says.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pytest
from convrec.tools.chat_models import ModelChoice, open_chat_model
from engine_stage import Served, group_of, serve
from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from tiny_model import make_tiny_model

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("VLLM_PYTHON") or ROOT / ".venv-vllm" / "bin" / "python")

pytestmark = pytest.mark.timeout(600)

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


@pytest.fixture
def chat(served: Served) -> BaseChatModel:
    """The model as the product opens it, at a temperature that makes answers differ."""
    return open_chat_model(choice(served, temperature=1.0))


def choice(served: Served, temperature: float = 0.0) -> ModelChoice:
    return ModelChoice(
        name=served.settings["CONVREC_LLM__MODEL"],
        base_url=served.settings["CONVREC_LLM__BASE_URL"],
        temperature=temperature,
        timeout=120,
    )


async def test_every_answer_keeps_to_the_schema(chat: BaseChatModel) -> None:
    asked = chat.with_structured_output(Wanted, method="json_schema").bind(max_tokens=300)
    answers = [await asked.ainvoke(f"Question {number}: something smoky?") for number in range(20)]
    assert all(isinstance(a, Wanted) for a in answers)
    assert len({a.model_dump_json() for a in answers}) > 1  # type: ignore[union-attr]


async def test_a_reply_is_streamed_in_pieces_with_its_cost_at_the_end(chat: BaseChatModel) -> None:
    chunks = [c async for c in chat.bind(max_tokens=64, stop=["<none>"]).astream("Tell me of a tea.")]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert sum(bool(c.text) for c in chunks) > 1 or whole.usage_metadata["output_tokens"] < 3
    assert whole.response_metadata["finish_reason"] in ("stop", "length")
    assert 0 < whole.usage_metadata["output_tokens"] <= 64


async def test_thirty_two_questions_at_once_are_answered_side_by_side(chat: BaseChatModel) -> None:
    asked = chat.with_structured_output(Wanted, method="json_schema").bind(max_tokens=300)

    async def answers(count: int) -> float:
        began = time.monotonic()
        told = await asyncio.gather(*(asked.ainvoke(f"Question {number}?") for number in range(count)))
        assert all(isinstance(a, Wanted) for a in told)
        return time.monotonic() - began

    one = sum([await answers(1) for _ in range(4)]) / 4
    all_of_them = await answers(32)
    print(f"\none answer {one:.2f} s, 32 at once {all_of_them:.2f} s")
    assert all_of_them < 32 * one


async def test_an_answer_that_is_cut_off_says_so(chat: BaseChatModel) -> None:
    told = await chat.bind(max_tokens=1).ainvoke("Tell me all about it.")
    assert told.response_metadata["finish_reason"] in ("length", "stop")
    form = {"type": "json_schema", "json_schema": {"name": "Wanted", "schema": Wanted.model_json_schema()}}
    cut = await chat.bind(max_tokens=3, response_format=form).ainvoke("What is wanted?")
    assert cut.response_metadata["finish_reason"] == "length"


def test_ctrl_c_leaves_no_process_behind(served: Served) -> None:
    engine = served.engine
    assert len(group_of(engine)) > 1
    began = time.monotonic()
    assert served.stop() == 130
    print(f"\nstopped within {time.monotonic() - began:.1f} s")
    assert group_of(engine) == []
