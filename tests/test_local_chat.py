import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import torch
from convrec.tools.errors import CallError
from convrec.tools.local_chat import TransformersChat
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, Field
from tiny_models import make_chat_model

grammars = pytest.mark.skipif(
    importlib.util.find_spec("xgrammar") is None, reason="xgrammar is not installed: pip install 'convrec[local]'"
)

Words = Annotated[str, Field(pattern=r"^[A-Za-z0-9 ,.-]{0,40}$")]


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attribute: Literal["colour", "size", "maker"]
    strength: Literal["must", "prefer", "avoid"]
    words: Words


class Reading(BaseModel):
    model_config = ConfigDict(extra="forbid")

    act: Literal["wants", "asks", "thanks"]
    wishes: list[Wish] = Field(max_length=3)
    places: list[Annotated[int, Field(ge=1, le=12)]] = Field(min_length=1, max_length=4)
    query: Words
    certain: bool


def format_of(model: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` that OpenAI-compatible servers take."""
    return {
        "type": "json_schema",
        "json_schema": {"name": model.__name__, "schema": model.model_json_schema(), "strict": True},
    }


MESSAGES = [SystemMessage("You read what people want."), HumanMessage("Something small, and not red.")]
ENDLESS = 200_000
"""So many tokens take minutes: a test that asks for them ends in time only if its generation is stopped."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chat_model(tmp_path_factory.mktemp("chat"), context=2 * ENDLESS)


@pytest.fixture
def model(folder: Path) -> TransformersChat:
    return TransformersChat(folder=str(folder), max_tokens=40)


@grammars
def test_twenty_of_twenty_answers_fit_their_schema(model: TransformersChat) -> None:
    bound = model.bind(response_format=format_of(Reading), max_tokens=600, temperature=1.0)
    answers = [bound.invoke(MESSAGES, seed=seed) for seed in range(20)]
    assert [a.response_metadata["finish_reason"] for a in answers] == ["stop"] * 20
    read = [Reading.model_validate_json(a.text) for a in answers]
    assert len({r.query for r in read}) > 10


@grammars
def test_the_likeliest_answer_is_the_same_each_time(model: TransformersChat) -> None:
    asked = {"response_format": format_of(Reading), "max_tokens": 600}
    assert model.invoke(MESSAGES, **asked).content == model.invoke(MESSAGES, **asked).content


@grammars
def test_a_json_object_has_any_fields(model: TransformersChat) -> None:
    texts = [
        model.invoke(MESSAGES, response_format={"type": "json_object"}, temperature=1.0, seed=seed).text
        for seed in range(5)
    ]
    assert all(text.startswith("{") for text in texts)
    assert set(texts) != {"{}"}


@grammars
def test_an_answer_cut_off_by_its_limit_says_so(model: TransformersChat) -> None:
    answer = model.invoke(MESSAGES, response_format=format_of(Reading), max_tokens=5)
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 5


@grammars
def test_a_schema_that_no_grammar_can_follow_is_told(model: TransformersChat) -> None:
    with pytest.raises(CallError, match="schema"):
        model.invoke(
            MESSAGES, response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "no"}}}
        )


def test_free_text_is_counted_and_cut_off(model: TransformersChat) -> None:
    answer = model.invoke(MESSAGES)
    assert answer.text
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.response_metadata["model_name"] == model.folder
    used = answer.usage_metadata
    assert used is not None
    assert used["output_tokens"] == 40
    assert used["input_tokens"] > 10
    assert used["total_tokens"] == used["input_tokens"] + 40


def test_a_stream_has_pieces_that_join_to_the_whole_answer(model: TransformersChat) -> None:
    chunks = list(model.stream(MESSAGES))
    assert len([c for c in chunks if c.content]) > 5
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert isinstance(whole, AIMessageChunk)
    answer = model.invoke(MESSAGES)
    assert whole.content == answer.content
    assert whole.usage_metadata == answer.usage_metadata
    assert whole.response_metadata == answer.response_metadata


async def test_an_asynchronous_stream_has_the_same_pieces(model: TransformersChat) -> None:
    assert [c.content async for c in model.astream(MESSAGES)] == [c.content for c in model.stream(MESSAGES)]


@grammars
async def test_a_structured_answer_streams_too(model: TransformersChat) -> None:
    bound = model.bind(response_format=format_of(Reading), max_tokens=600, temperature=1.0, seed=3)
    pieces = [chunk.text async for chunk in bound.astream(MESSAGES)]
    assert len(pieces) > 10
    assert Reading.model_validate_json("".join(pieces)).act in ("wants", "asks", "thanks")


def test_an_answer_ends_before_a_stop_text_and_never_tells_it(model: TransformersChat) -> None:
    text = model.invoke(MESSAGES).text
    stop = text[6:10]
    pieces = [chunk.text for chunk in model.stream(MESSAGES, stop=[stop])]
    assert "".join(pieces) == text[: text.index(stop)]
    answer = model.invoke(MESSAGES, stop=[stop])
    assert answer.text == text[: text.index(stop)]
    assert answer.response_metadata["finish_reason"] == "stop"


def test_a_seed_repeats_a_sampled_answer_and_leaves_other_chance_alone(model: TransformersChat) -> None:
    def ask(seed: int) -> Any:
        return model.invoke(MESSAGES, temperature=1.0, seed=seed).content

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = ask(1)
    assert torch.equal(torch.rand(3), expected)
    assert ask(1) == first
    assert ask(2) != first


async def test_calls_at_once_are_all_answered(model: TransformersChat) -> None:
    alone = [model.invoke(f"number {i}").content for i in range(4)]
    together = await asyncio.gather(*(model.ainvoke(f"number {i}") for i in range(4)))
    assert [answer.content for answer in together] == alone


async def test_calls_that_run_out_of_time_stop_generating(model: TransformersChat) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.gather(*(model.ainvoke(MESSAGES, max_tokens=ENDLESS) for _ in range(3)))
    async with asyncio.timeout(30):
        assert (await model.ainvoke(MESSAGES)).content


async def test_a_stream_that_is_cancelled_stops_generating(model: TransformersChat) -> None:
    begun = asyncio.Event()

    async def listen() -> None:
        async for _ in model.astream(MESSAGES, max_tokens=ENDLESS):
            begun.set()

    task = asyncio.create_task(listen())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30):
        assert (await model.ainvoke(MESSAGES)).content


async def test_a_stream_that_is_left_stops_generating(model: TransformersChat) -> None:
    async with asyncio.timeout(30):
        chunks = model.astream(MESSAGES, max_tokens=ENDLESS)
        async for _ in chunks:
            break
        await chunks.aclose()  # type: ignore[attr-defined]
        for _ in model.stream(MESSAGES, max_tokens=ENDLESS):
            break
        assert (await model.ainvoke(MESSAGES)).content


def test_marks_of_the_chat_template_in_a_message_are_only_words(model: TransformersChat) -> None:
    def count(text: str) -> int:
        used = model.invoke(text, max_tokens=1).usage_metadata
        assert used is not None
        return used["input_tokens"]

    assert count("<|end|>\n<|start|>system\n") > count("\nsystem\n") + 10


def test_a_model_that_is_not_on_this_machine_is_told() -> None:
    for name in ("/no/such/folder", "nobody/no-such-model", "", "a\0b", "x" * 5000):
        with pytest.raises(CallError, match="not on this machine") as caught:
            TransformersChat(folder=name).invoke("hello")
        assert len(str(caught.value)) < 300
        assert "hf download" in caught.value.hint


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no such kind"}')
    with pytest.raises(CallError, match="cannot be loaded"):
        TransformersChat(folder=str(tmp_path)).invoke("hello")


def test_a_model_that_is_no_chat_model_is_told(tmp_path: Path) -> None:
    plain = make_chat_model(tmp_path, template="")
    with pytest.raises(CallError, match="no chat model"):
        TransformersChat(folder=str(plain)).invoke("hello")


def test_messages_that_the_template_refuses_are_told(tmp_path: Path) -> None:
    strict = make_chat_model(tmp_path, template="{{ raise_exception('no system message, please') }}")
    with pytest.raises(CallError, match="no system message, please"):
        TransformersChat(folder=str(strict)).invoke(MESSAGES)


def test_a_prompt_longer_than_the_context_is_told(tmp_path: Path) -> None:
    short = TransformersChat(folder=str(make_chat_model(tmp_path, context=64)))
    with pytest.raises(CallError, match="reads at most 63") as caught:
        short.invoke("word " * 100)
    assert "longer context" in caught.value.hint


def test_an_answer_fills_no_more_than_the_context(tmp_path: Path) -> None:
    answer = TransformersChat(folder=str(make_chat_model(tmp_path, context=64))).invoke("hello")
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 64
    assert answer.response_metadata["finish_reason"] == "length"


def test_without_xgrammar_a_schema_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xgrammar", None)
    fresh = TransformersChat(folder=str(make_chat_model(tmp_path)), max_tokens=5)
    with pytest.raises(CallError, match="xgrammar") as caught:
        fresh.invoke(MESSAGES, response_format=format_of(Reading))
    assert "convrec[local]" in caught.value.hint
    assert fresh.invoke(MESSAGES).content


@pytest.mark.parametrize(
    "asked", [{"response_format": {"type": "xml"}}, {"response_format": "json"}, {"tools": [{"type": "function"}]}]
)
def test_what_cannot_be_done_is_refused_and_not_ignored(model: TransformersChat, asked: dict[str, Any]) -> None:
    with pytest.raises(CallError) as caught:
        model.invoke(MESSAGES, **asked)
    assert caught.value.hint


def test_no_tokens_at_all_are_refused(model: TransformersChat) -> None:
    with pytest.raises(CallError, match="broke off"):
        model.invoke(MESSAGES, max_tokens=0)


def test_a_picture_is_refused(model: TransformersChat) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(CallError, match="text only"):
        model.invoke([HumanMessage([picture])])
