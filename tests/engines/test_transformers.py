"""transformers with a tiny model of random weights, as a server and in this process: `make test-transformers`.

`transformers serve` takes a `response_format` and does not heed it: the product has to notice, to ask in words, and to
fall back where the answer is of no use. In this process a grammar keeps answers to their shape.

Random weights prove that engine, grammar, streaming and parsing work together, and that the product is correct whatever a
model says. They prove nothing about the quality of what a real model says.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from convrec.agents.effort import CALLS, Effort, Ranking
from convrec.tools.chat_models import ModelChoice, open_chat_model
from engine_stage import CONVERSATION, HOLDING, TIMEOUT, Served, group_of, serve, talking, think_with
from langchain_openai import ChatOpenAI
from tiny_model import make_tiny_model

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("transformers") / "tiny")


@pytest.fixture(scope="module")
def served(model: Path) -> Iterator[Served]:
    """`transformers serve`, started once for all tests."""
    with serve("transformers", model, model.parent / "engine.log") as engine:
        print(f"\ntransformers serve was ready after {engine.seconds:.0f} s")
        yield engine


@pytest_asyncio.fixture(loop_scope="module")
async def chat(served: Served) -> AsyncIterator[ChatOpenAI]:
    """The served model as the product opens it."""
    name, base_url = served.settings["CONVREC_LLM__MODEL"], served.settings["CONVREC_LLM__BASE_URL"]
    opened = open_chat_model(ModelChoice(name=name, base_url=base_url, temperature=1.0, timeout=TIMEOUT))
    assert isinstance(opened, ChatOpenAI)
    yield opened
    await opened.root_async_client.close()


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


@pytest.mark.parametrize("effort", ["medium", "high"])
async def test_a_server_that_does_not_heed_shapes_leaves_a_correct_product_and_visible_fallbacks(
    served: Served, tmp_path: Path, effort: Effort
) -> None:
    thinks = think_with(tmp_path, served.settings, effort=effort, temperature=1.0)
    async with talking(tmp_path, thinks) as people:
        answers = await people.converse("ann")
    print(f"\nserver, {effort} effort: {people.tally}")
    assert {c.way for c in thinks.chats.values()} == {"words"}
    for answer in answers:
        understand = answer.steps[0]
        assert understand.fallback
        assert understand.brain == "built-in"
        assert understand.calls
        assert answer.usage.fallbacks == sum(bool(s.fallback) for s in answer.steps) > 0


async def test_turns_at_once_are_kept_apart(served: Served, tmp_path: Path) -> None:
    thinks = think_with(tmp_path, served.settings, temperature=1.0)
    async with talking(tmp_path, thinks) as people:
        began = time.monotonic()
        answers = await asyncio.gather(*(people.say(CONVERSATION[0], user=f"user {n}") for n in range(16)))
        print(f"\nserver, 16 turns at once in {time.monotonic() - began:.1f} s: {people.tally}")
    assert [a.user for a in answers] == [f"user {n}" for n in range(16)]


async def test_ctrl_c_leaves_no_process_behind(served: Served) -> None:
    engine = served.engine
    assert served.stop() == 130
    assert group_of(engine) == []


@pytest.mark.parametrize(
    ("effort", "ranking", "temperature"),
    [
        ("low", "listwise", 0.0),
        ("low", "listwise", 1.0),
        ("medium", "listwise", 1.0),
        ("high", "listwise", 1.0),
        ("high", "elimination", 1.0),
        ("high", "vote", 1.0),
    ],
)
async def test_in_this_process_the_whole_conversation_keeps_to_its_shapes(
    model: Path, tmp_path: Path, effort: Effort, ranking: Ranking, temperature: float
) -> None:
    settings = {"CONVREC_LLM__MODEL": f"transformers:{model}"}
    thinks = think_with(tmp_path, settings, effort=effort, ranking=ranking, temperature=temperature)
    async with talking(tmp_path, thinks) as people:
        await people.converse("ann")
    print(f"\nin process, {effort} effort, {ranking}, temperature {temperature:g}: {people.tally}")
    assert people.tally.most_calls <= CALLS[effort]
    assert people.tally.structured >= HOLDING
