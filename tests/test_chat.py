"""Asking a chat model: ways of asking, bad answers, streams, counting, and the cache."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from convrec.tools.answer_cache import AnswerCache
from convrec.tools.answers import schema_of
from convrec.tools.chat import WAYS, Call, Chat, WayRefusedError, estimate
from convrec.tools.errors import AnswerError, CallError, SpentError
from convrec.tools.scripted_chat import ScriptedChat
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import BaseModel, ConfigDict, Field

ASKED = [SystemMessage("You sort tea."), HumanMessage("Which colour has Sencha?")]
GREEN = '{"colour": "green"}'


class Tea(BaseModel):
    """A tea's colour."""

    model_config = ConfigDict(extra="forbid")

    colour: Literal["green", "black"]
    minutes: int = Field(default=0, ge=0, le=10)


class Bill:
    """Whoever pays: lets so many calls through, and writes them down."""

    def __init__(self, owner: str = "ann", most: int = 100) -> None:
        self.owner = owner
        self.private = False
        self.most = most
        self.admitted: list[int] = []
        self.noted: list[Call | None] = []

    def admit(self, tokens: int) -> None:
        if len(self.admitted) >= self.most:
            raise SpentError("the turn's calls are used")
        self.admitted.append(tokens)

    def note(self, call: Call | None) -> None:
        self.noted.append(call)

    @property
    def paid(self) -> list[Call]:
        """Calls that were made and cost something."""
        return [c for c in self.noted if c is not None and not c.cached]


class StatusError(Exception):
    """What clients raise for an HTTP status."""

    def __init__(self, status_code: int) -> None:
        super().__init__("sk-secret: Which colour has Sencha?")
        self.status_code = status_code


class LengthError(Exception):
    """What OpenAI's client raises for a structured answer that was cut off."""

    def __init__(self, prompt_tokens: int, completion_tokens: int) -> None:
        super().__init__("cut off")
        usage = SimpleNamespace(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        self.completion = SimpleNamespace(usage=usage)


class Raw(BaseChatModel):
    """A chat model whose every message, with all that is beside its text, is the test's own."""

    says: Callable[[list[BaseMessage], dict[str, Any]], Any]
    temperature: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "raw"

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(self, messages: list[BaseMessage], stop: Any = None, *_: Any, **options: Any) -> ChatResult:
        said = self.says(messages, options)
        return ChatResult(generations=[ChatGeneration(message=await said if asyncio.iscoroutine(said) else said)])

    async def _astream(
        self, messages: list[BaseMessage], stop: Any = None, *_: Any, **options: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self.says(messages, options):
            if isinstance(chunk, Exception):
                raise chunk
            yield ChatGenerationChunk(message=AIMessageChunk(content=chunk) if isinstance(chunk, str) else chunk)


def way_of(options: dict[str, Any]) -> str:
    """The way in which a call was asked."""
    if "tools" in options:
        return "tools"
    return options.get("response_format", {}).get("type", "words")


def taking(*ways: str, status: int | Exception = 400, answer: str = GREEN) -> ScriptedChat:
    """A server that takes some ways of asking and refuses the others."""

    def answers(_: list[BaseMessage], options: dict[str, Any]) -> str | Exception:
        refusal = StatusError(status) if isinstance(status, int) else status
        return answer if way_of(options) in ways else refusal

    return ScriptedChat(script=answers)


async def ask(chat: Chat, bill: Bill | None = None, said: str = "Which colour has Sencha?", **options: Any) -> Tea:
    """The answer, asked for in the next way where one is refused."""
    bill = bill or Bill()
    while True:
        try:
            return await chat.answer([ASKED[0], HumanMessage(said)], Tea, bill, 50, **options)
        except WayRefusedError:
            continue


async def pieces_of(chat: Chat, bill: Bill | None = None) -> list[str]:
    return [p async for p in chat.stream(ASKED, bill or Bill(), 50)]


def raw(*chunks: Any, **options: Any) -> Chat:
    """A chat whose stream has these chunks."""
    return Chat(Raw(says=lambda *_: chunks), "raw", **options)


def message(text: str, **beside: Any) -> Raw:
    return Raw(says=lambda *_: AIMessage(text, **beside))


END = AIMessageChunk(content="", response_metadata={"finish_reason": "stop"})


# Ways of asking


async def test_a_shape_is_asked_for_by_json_schema_first() -> None:
    model = ScriptedChat(script=[GREEN])
    chat = Chat(model, "scripted")
    assert await ask(chat) == Tea(colour="green")
    (options,) = model.options
    told = options["response_format"]
    assert told["type"] == "json_schema"
    assert told["json_schema"] == {"name": "Tea", "schema": schema_of(Tea), "strict": True}
    assert options["max_tokens"] == 50
    assert not chat.needs_shape_told


async def test_options_of_a_call_reach_the_model() -> None:
    model = ScriptedChat(script=[GREEN])
    await ask(Chat(model, "scripted"), temperature=0.7)
    assert model.options[0]["temperature"] == 0.7


@pytest.mark.parametrize(
    "fault",
    [400, 404, 415, 422, 501, TypeError("got an unexpected keyword argument 'response_format'"), NotImplementedError()],
)
async def test_a_way_that_is_refused_costs_no_call_and_is_remembered(fault: int | Exception) -> None:
    model, bill = taking("json_object", status=fault), Bill()
    chat = Chat(model, "scripted")
    assert (await ask(chat, bill)).colour == "green"
    assert [way_of(o) for o in model.options] == ["json_schema", "tools", "json_object"]
    assert (len(bill.paid), bill.noted.count(None)) == (1, 2)
    await ask(chat, bill)
    assert [way_of(o) for o in model.options[3:]] == ["json_object"]
    assert chat.needs_shape_told


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_takes_one_way_alone_is_asked_in_that_way(way: str) -> None:
    chat = Chat(taking(way), "scripted")
    assert (await ask(chat)).colour == "green"
    assert chat.way == way


async def test_a_model_that_knows_no_tools_is_asked_in_the_next_way() -> None:
    def answers(_: list[BaseMessage], options: dict[str, Any]) -> AIMessage:
        if way_of(options) == "json_schema":
            raise StatusError(400)
        return AIMessage(GREEN)

    chat = Chat(Raw(says=answers), "raw")
    assert (await ask(chat)).colour == "green"
    assert chat.way == "json_object"


async def test_a_server_that_refuses_every_way_fails_with_one_call_and_no_way_is_given_up() -> None:
    # A prompt that is too long is refused whatever the way: that says nothing of the ways.
    model, bill = taking(status=400), Bill()
    chat = Chat(model, "scripted")
    with pytest.raises(CallError, match="HTTP 400"):
        await ask(chat, bill)
    assert (len(model.asked), len(bill.paid)) == (4, 1)
    assert chat.way == "json_schema"


async def test_a_refusal_in_every_way_does_not_undo_what_is_known_of_a_server() -> None:
    long = "long " * 100

    def answers(messages: list[BaseMessage], options: dict[str, Any]) -> str | Exception:
        return GREEN if way_of(options) == "tools" and long not in messages[-1].text else StatusError(400)

    chat = Chat(ScriptedChat(script=answers), "scripted")
    await ask(chat)
    with pytest.raises(CallError):
        await ask(chat, said=long)
    assert chat.way == "tools"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_other_faults_are_no_refusal_of_the_way(status: int) -> None:
    bill = Bill()
    chat = Chat(taking(status=status), "scripted", "at example.com")
    with pytest.raises(CallError, match=f"at example.com .*HTTP {status}") as fault:
        await ask(chat, bill)
    assert (chat.way, len(bill.paid)) == ("json_schema", 1)
    assert "sk-secret" not in str(fault.value)
    assert "Sencha" not in str(fault.value)


@pytest.mark.parametrize("taken", [("json_schema",), ("tools",)])
async def test_a_server_that_does_not_heed_the_shape_is_told_it_from_then_on(taken: tuple[str, ...]) -> None:
    def answers(_: list[BaseMessage], options: dict[str, Any]) -> AIMessage:
        if way_of(options) in taken:
            return AIMessage("Sencha is green, I think.")
        if way_of(options) == "words":
            return AIMessage(GREEN)
        raise StatusError(400)

    class Heedless(Raw):
        def bind_tools(self, tools: Any, **options: Any) -> Any:
            return self.bind(tools=tools, **options)

    chat, bill = Chat(Heedless(says=answers), "raw"), Bill()
    with pytest.raises(AnswerError, match="no JSON"):
        await ask(chat, bill)
    assert chat.needs_shape_told
    assert chat.way == "words"
    assert (await ask(chat, bill)).colour == "green"
    assert len(bill.paid) == 2


async def test_json_of_another_shape_is_no_reason_to_ask_in_another_way() -> None:
    chat = Chat(ScriptedChat(script=['{"colour": "blue"}', "", GREEN]), "scripted")
    for _ in range(2):
        with pytest.raises(AnswerError):
            await ask(chat)
    assert chat.way == "json_schema"


# Answers that are read


async def test_the_arguments_of_a_tool_call_are_the_answer() -> None:
    model = taking("tools")
    assert (await ask(Chat(model, "scripted"))).colour == "green"
    options = model.options[-1]
    assert options["tool_choice"] == "Tea"
    (tool,) = options["tools"]
    assert (tool["title"], tool["description"]) == ("Tea", "A tea's colour.")
    assert tool["properties"] == schema_of(Tea)["properties"]


@pytest.mark.parametrize(
    "said",
    [
        f"```json\n{GREEN}\n```",
        f"```\n{GREEN}\n```",
        f"<think>Sencha {{is}} green.</think>{GREEN}",
        f"\n <think>\nHm, {{}}.\n</think>\n\n```json\n{GREEN}```",
        f"\n{GREEN}\n",
    ],
)
async def test_fences_and_thoughts_around_an_answer_are_left_out(said: str) -> None:
    assert (await ask(Chat(ScriptedChat(script=[said]), "scripted"))).colour == "green"


async def test_text_in_parts_is_read_as_one() -> None:
    parts: Any = [{"type": "text", "text": '{"colour": '}, {"type": "text", "text": '"green"}'}]
    assert (await ask(Chat(message(parts), "raw"))).colour == "green"


# Answers that cannot be used


async def test_a_cut_off_answer_is_told_as_such_even_where_it_is_whole() -> None:
    bill = Bill()
    with pytest.raises(AnswerError, match="cut off"):
        await ask(Chat(message(GREEN, response_metadata={"finish_reason": "length"}), "raw"), bill)
    assert len(bill.paid) == 1


async def test_a_cut_off_answer_that_the_client_raises_is_told_and_counted() -> None:
    bill = Bill()
    chat = Chat(ScriptedChat(script=[LengthError(12, 50)]), "scripted")
    with pytest.raises(AnswerError, match="cut off"):
        await ask(chat, bill)
    assert [(c.prompt_tokens, c.completion_tokens) for c in bill.paid] == [(12, 50)]
    assert chat.way == "json_schema"


@pytest.mark.parametrize("said", ["", "  \n", "<think>Hm.</think>", "<think>Hm.</think>\n"])
async def test_an_empty_answer_is_told_as_such(said: str) -> None:
    with pytest.raises(AnswerError, match="empty"):
        await ask(Chat(ScriptedChat(script=[said]), "scripted"))


@pytest.mark.parametrize("said", ["green", "{", '{"colour": "green"', "[" * 5000, "9" * 5000, '{"a": ' * 2000, "{]}"])
async def test_an_answer_that_is_no_json_is_told_as_such(said: str) -> None:
    with pytest.raises(AnswerError, match="no JSON"):
        await ask(Chat(ScriptedChat(script=[said]), "scripted"))


@pytest.mark.parametrize(
    "said",
    [
        '{"colour": "a secret of Ann\'s"}',
        '{"colour": "green", "minutes": "a secret of Ann\'s"}',
        '{"colour": "green", "a secret of Ann\'s": 1}',
        '{"a secret of Ann\'s": {}}',
        '["a secret of Ann\'s"]',
        '"a secret of Ann\'s"',
        "a secret of Ann's",
        '{"colour": "a secret of Ann\'s',
    ],
)
async def test_what_is_wrong_is_told_without_a_word_of_the_answer(said: str) -> None:
    with pytest.raises(AnswerError) as fault:
        await ask(Chat(ScriptedChat(script=[said]), "scripted"))
    assert "secret" not in str(fault.value)
    assert len(str(fault.value)) <= 400
    assert fault.value.said == said


async def test_what_is_wrong_names_the_field() -> None:
    with pytest.raises(AnswerError, match=r"minutes: .*less than or equal to 10"):
        await ask(Chat(ScriptedChat(script=['{"colour": "green", "minutes": 99}']), "scripted"))


async def test_a_tool_call_of_another_shape_is_told_too() -> None:
    with pytest.raises(AnswerError, match="colour"):
        await ask(Chat(taking("tools", answer='{"colour": "blue"}'), "scripted"))


# Counting


async def test_tokens_are_counted_by_the_server() -> None:
    usage: Any = {"input_tokens": 31, "output_tokens": 7, "total_tokens": 38}
    bill = Bill()
    await ask(Chat(message(GREEN, usage_metadata=usage), "raw"), bill)
    (call,) = bill.paid
    assert (call.prompt_tokens, call.completion_tokens, call.cached) == (31, 7, False)


async def test_tokens_are_estimated_where_the_server_does_not_count() -> None:
    bill = Bill()
    await ask(Chat(message(GREEN), "raw"), bill)
    (call,) = bill.paid
    assert (call.prompt_tokens, call.completion_tokens) == (estimate(ASKED), len(GREEN) // 4)
    assert bill.admitted == [estimate(ASKED)]


async def test_a_call_keeps_its_words() -> None:
    bill = Bill()
    await ask(Chat(ScriptedChat(script=[GREEN]), "scripted"), bill)
    assert (bill.paid[0].prompt, bill.paid[0].answer) == ("You sort tea.\n\nWhich colour has Sencha?", GREEN)


async def test_a_call_that_failed_counts_as_a_call() -> None:
    bill = Bill()
    with pytest.raises(CallError):
        await ask(Chat(ScriptedChat(script=[ConnectionError("no")]), "scripted"), bill)
    assert [(c.prompt_tokens, c.completion_tokens) for c in bill.paid] == [(0, 0)]


async def test_a_call_that_is_cancelled_counts_as_a_call() -> None:
    async def never() -> AIMessage:
        await asyncio.Event().wait()
        raise AssertionError

    bill = Bill()
    task = asyncio.create_task(ask(Chat(Raw(says=lambda *_: never()), "raw"), bill))
    await asyncio.wait({task}, timeout=0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(bill.paid) == 1


async def test_where_no_call_is_left_the_model_is_not_asked() -> None:
    model = ScriptedChat(script=[GREEN])
    chat = Chat(model, "scripted")
    with pytest.raises(SpentError):
        await ask(chat, Bill(most=0))
    with pytest.raises(SpentError):
        await pieces_of(chat, Bill(most=0))
    assert not model.asked


# Many at once, and faults in a row


async def test_no_more_calls_are_made_at_once_than_may_be() -> None:
    running, most, go = 0, 0, asyncio.Event()

    async def answer() -> AIMessage:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await go.wait()
        running -= 1
        return AIMessage(GREEN)

    chat = Chat(Raw(says=lambda *_: answer()), "raw", concurrency=2)
    tasks = [asyncio.create_task(ask(chat)) for _ in range(7)]
    await asyncio.wait(tasks, timeout=0.05)
    assert running == 2
    go.set()
    assert len(await asyncio.gather(*tasks)) == 7
    assert most == 2


def test_one_chat_serves_one_event_loop_after_another() -> None:
    chat = Chat(ScriptedChat(script=[GREEN]), "scripted", concurrency=1)
    for _ in range(2):
        assert asyncio.run(ask(chat)).colour == "green"


async def test_a_server_that_does_not_answer_rests_and_is_asked_again() -> None:
    now = 100.0
    model = ScriptedChat(script=[*[ConnectionError("no")] * 4, GREEN])
    chat = Chat(model, "scripted", "at example.com", clock=lambda: now)
    bill = Bill()
    for _ in range(3):
        with pytest.raises(CallError, match="no connection"):
            await ask(chat, bill)
    for asked in (ask, pieces_of):
        with pytest.raises(CallError, match=r"the server at example\.com did not answer lately"):
            await asked(chat, bill)
    assert (len(model.asked), len(bill.paid), len(bill.admitted)) == (3, 3, 3)
    now += 21
    with pytest.raises(CallError, match="no connection"):
        await ask(chat, bill)
    with pytest.raises(CallError, match="lately"):
        await ask(chat, bill)
    now += 21
    assert (await ask(chat, bill)).colour == "green"
    assert (await ask(chat, bill)).colour == "green"


@pytest.mark.parametrize("between", [GREEN, "no JSON", StatusError(429), StatusError(500), LengthError(1, 1)])
async def test_an_answer_of_any_kind_between_faults_is_a_sign_of_life(between: Any) -> None:
    no = ConnectionError("no")
    model = ScriptedChat(script=[no, no, between, no, no, GREEN])
    chat = Chat(model, "scripted", clock=lambda: 100.0)
    for _ in range(5):
        with suppress(CallError, AnswerError):
            await ask(chat)
    assert len(model.asked) == 5
    assert (await ask(chat)).colour == "green"


async def test_streams_that_break_count_as_faults_in_a_row_too() -> None:
    chat = raw(ConnectionError("no"), clock=lambda: 100.0)
    for _ in range(3):
        with pytest.raises(CallError, match="no connection"):
            await pieces_of(chat)
    with pytest.raises(CallError, match="lately"):
        await pieces_of(chat)


# Streams


async def test_a_stream_comes_in_pieces_and_is_counted_once() -> None:
    bill = Bill()
    pieces = await pieces_of(Chat(ScriptedChat(script=["Sencha is green."]), "scripted", finishes=True), bill)
    assert pieces == ["Sencha ", "is ", "green."]
    (call,) = bill.paid
    assert call.answer == "Sencha is green."
    assert (call.prompt_tokens, call.completion_tokens) == (estimate(ASKED), 4)


async def test_the_servers_count_of_a_stream_is_taken() -> None:
    usage: Any = {"input_tokens": 31, "output_tokens": 7, "total_tokens": 38}
    bill = Bill()
    await pieces_of(raw("Green.", AIMessageChunk(content="", usage_metadata=usage)), bill)
    assert [(c.prompt_tokens, c.completion_tokens) for c in bill.paid] == [(31, 7)]


@pytest.mark.parametrize(
    "chunks",
    [
        ("<think>Hm, is it?</think>Sencha is green.",),
        ("<th", "ink>Hm", ", is it?</thi", "nk>", "Sencha is", " green."),
        ("\n", "<think>", "</think>", "Sencha is green."),
        ("Sencha", " is green."),
        ("", "Sencha is", "", " green."),
    ],
)
async def test_thoughts_are_left_out_of_a_stream(chunks: tuple[str, ...]) -> None:
    assert "".join(await pieces_of(raw(*chunks))) == "Sencha is green."


@pytest.mark.parametrize("text", ["<", "<thin tea", "a < b", "Tea, <think> of it"])
async def test_what_only_looks_like_a_thought_is_said(text: str) -> None:
    assert "".join(await pieces_of(raw(*text))) == text


@pytest.mark.parametrize("chunks", [("",), ("  ", "\n"), ("<think>Hm, is it",), ("<think>Hm.</think>",)])
async def test_a_stream_without_a_word_is_told_as_empty(chunks: tuple[str, ...]) -> None:
    bill = Bill()
    with pytest.raises(AnswerError, match="empty"):
        await pieces_of(raw(*chunks), bill)
    assert len(bill.paid) == 1


async def test_a_stream_without_a_single_piece_is_a_fault_of_the_call() -> None:
    with pytest.raises(CallError):
        await pieces_of(raw())


async def test_a_stream_that_is_cut_off_is_told_after_its_pieces() -> None:
    cut = AIMessageChunk(content="", response_metadata={"finish_reason": "length"})
    stream = raw("Sencha is", cut).stream(ASKED, Bill(), 50)
    assert await anext(stream) == "Sencha is"
    with pytest.raises(AnswerError, match="cut off"):
        await anext(stream)


async def test_a_stream_without_an_end_broke_off_where_the_model_tells_ends() -> None:
    assert await pieces_of(raw("Sencha is")) == ["Sencha is"]
    assert await pieces_of(raw("Sencha is", END, finishes=True)) == ["Sencha is"]
    with pytest.raises(AnswerError, match="broke off"):
        await pieces_of(raw("Sencha is", finishes=True))


async def test_a_stream_that_breaks_in_the_middle_is_told_and_counted() -> None:
    bill = Bill()
    with pytest.raises(CallError, match="broke off"):
        await pieces_of(raw("Sencha is", ConnectionResetError("no")), bill)
    assert [c.answer for c in bill.paid] == ["Sencha is"]


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        (("Tea \ud83d", "\ude00!"), "Tea \U0001f600!"),
        (("Tea ", "\ud83d", "", "\ude00", "!"), "Tea \U0001f600!"),
        (("Tea \ud83d", "!"), "Tea \ufffd!"),
        (("Tea \ude00!",), "Tea \ufffd!"),
        (("Tea \ud83d",), "Tea \ufffd"),
        (("<think>\ud83d</think>Té", " \U0001f375"), "Té \U0001f375"),
    ],
)
async def test_halves_of_characters_are_joined_or_replaced(chunks: tuple[str, ...], text: str) -> None:
    assert "".join(await pieces_of(raw(*chunks))) == text


async def test_a_stream_that_is_closed_early_is_counted() -> None:
    bill = Bill()
    stream = raw("Sencha ", "is ", "green.").stream(ASKED, bill, 50)
    assert await anext(stream) == "Sencha "
    await stream.aclose()
    assert [c.answer for c in bill.paid] == ["Sencha "]


async def test_a_stream_that_is_closed_early_makes_room_for_others() -> None:
    chat = raw("Sencha ", "is ", "green.", concurrency=1)
    stream = chat.stream(ASKED, Bill(), 50)
    await anext(stream)
    await stream.aclose()
    assert len(await asyncio.wait_for(pieces_of(chat), 5)) == 3


# The cache


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    opened = AnswerCache(tmp_path / "answers.sqlite")
    yield opened
    opened.close()


async def test_the_same_request_of_the_same_user_costs_nothing(cache: AnswerCache) -> None:
    model, bill = ScriptedChat(script=[GREEN, '{"colour": "black"}']), Bill()
    chat = Chat(model, "scripted", cache=cache)
    assert await ask(chat, bill) == await ask(chat, bill)
    assert (len(model.asked), len(bill.admitted), len(bill.paid)) == (1, 1, 1)
    again = bill.noted[-1]
    assert again is not None
    assert (again.cached, again.prompt_tokens, again.completion_tokens) == (True, 0, 0)
    assert again.prompt.endswith("Which colour has Sencha?")
    assert "green" in again.answer


async def test_a_cached_answer_is_there_where_no_call_is_left(cache: AnswerCache) -> None:
    chat = Chat(ScriptedChat(script=[GREEN]), "scripted", cache=cache)
    await ask(chat)
    assert (await ask(chat, Bill(most=0))).colour == "green"


@pytest.mark.parametrize(
    "other",
    [
        {"user": "bob"},
        {"temperature": 0.5},
        {"said": "Which colour has Assam?"},
        {"name": "another"},
        {"place": "at example.com"},
        {"max_tokens": 60},
        {"options": {"temperature": 0.5}},
    ],
    ids=str,
)
async def test_another_request_is_asked_again(cache: AnswerCache, other: dict[str, Any]) -> None:
    async def said(user: str = "ann", temperature: float = 0.0, said: str = "Which?", **how: Any) -> str:
        colour = "black" if how else "green"
        model = Raw(says=lambda *_: AIMessage(json.dumps({"colour": colour})), temperature=temperature)
        chat = Chat(model, how.get("name", "raw"), how.get("place", ""), cache=cache)
        options = how.get("options", {})
        return (await chat.answer([HumanMessage(said)], Tea, Bill(user), how.get("max_tokens", 50), **options)).colour

    assert await said() == "green"
    assert await said(marked=True) == "green"
    assert await said(**{"marked": True, **other}) == "black"


async def test_another_shape_is_asked_again(cache: AnswerCache) -> None:
    class Taste(BaseModel):
        colour: str

    model = ScriptedChat(script=[GREEN])
    chat = Chat(model, "scripted", cache=cache)
    await ask(chat)
    await chat.answer(ASKED, Taste, Bill(), 50)
    assert len(model.asked) == 2


async def test_streams_are_kept_too_and_apart_from_answers(cache: AnswerCache) -> None:
    model, bill = ScriptedChat(script=[GREEN]), Bill()
    chat = Chat(model, "scripted", cache=cache)
    first = await pieces_of(chat, bill)
    assert await pieces_of(chat, bill) == ["".join(first)]
    assert (len(model.asked), len(bill.paid), len(bill.noted)) == (1, 1, 2)
    await pieces_of(chat, Bill("bob"))
    await ask(chat)
    assert len(model.asked) == 3


async def test_what_was_refused_is_not_kept(cache: AnswerCache) -> None:
    model = ScriptedChat(script=['{"colour": "blue"}', ConnectionError("no"), GREEN])
    chat = Chat(model, "scripted", cache=cache)
    for fault in (AnswerError, CallError):
        with pytest.raises(fault):
            await ask(chat)
    assert (await ask(chat)).colour == "green"


@pytest.mark.parametrize("chunks", [("Sencha is",), ("  ", END)])
async def test_a_stream_that_cannot_be_used_is_not_kept(cache: AnswerCache, chunks: tuple[Any, ...]) -> None:
    chat = raw(*chunks, cache=cache, finishes=True)
    for _ in range(2):
        bill = Bill()
        with pytest.raises(AnswerError):
            await pieces_of(chat, bill)
        assert len(bill.paid) == 1


async def test_a_stream_that_was_closed_early_is_not_kept(cache: AnswerCache) -> None:
    chat = raw("Sencha ", "is green.", END, cache=cache)
    stream = chat.stream(ASKED, Bill(), 50)
    await anext(stream)
    await stream.aclose()
    assert await pieces_of(chat) == ["Sencha ", "is green."]


async def test_a_cache_that_holds_something_else_is_asked_past(cache: AnswerCache) -> None:
    model = ScriptedChat(script=[GREEN])
    chat = Chat(model, "scripted", cache=cache)
    await ask(chat)
    cache._database.execute("UPDATE answers SET answer = '{}'")
    assert (await ask(chat)).colour == "green"
    assert len(model.asked) == 2


async def test_a_cache_that_was_closed_does_not_stop_anybody(cache: AnswerCache) -> None:
    model = ScriptedChat(script=[GREEN])
    chat = Chat(model, "scripted", cache=cache)
    cache.close()
    assert (await ask(chat)).colour == "green"
    assert await pieces_of(chat)


async def test_words_that_no_file_can_hold_are_answered_all_the_same(cache: AnswerCache) -> None:
    class Taste(BaseModel):
        colour: str

    model = ScriptedChat(script=['{"colour": "\\ud83d"}', GREEN])
    chat = Chat(model, "scripted", cache=cache)
    assert (await chat.answer(ASKED, Taste, Bill(), 50)).colour == "\ud83d"
    assert (await ask(chat, said="\ud83d")).colour == "green"


# Schemas


class Named(BaseModel):
    """Fields with the names of keywords."""

    model_config = ConfigDict(extra="forbid")

    title: str = ""
    default: int = 3
    properties: list[Tea] = Field(default_factory=list, max_length=2)
    required: Tea | None = None


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object, wherever in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for inner in schema.values():
            yield from _objects(inner)
    if isinstance(schema, list):
        for inner in schema:
            yield from _objects(inner)


@pytest.mark.parametrize("shape", [Tea, Named])
def test_every_object_of_a_schema_needs_all_its_fields_and_allows_no_other(shape: type[BaseModel]) -> None:
    objects = list(_objects(schema_of(shape)))
    assert objects
    for found in objects:
        assert found["additionalProperties"] is False
        assert found["required"] == list(found["properties"])


def test_a_schema_has_no_titles_and_no_defaults() -> None:
    schema = schema_of(Tea)
    assert schema["properties"] == {
        "colour": {"enum": ["green", "black"], "type": "string"},
        "minutes": {"maximum": 10, "minimum": 0, "type": "integer"},
    }
    assert "title" not in schema


def test_fields_may_be_called_title_or_default() -> None:
    schema = schema_of(Named)
    assert schema["required"] == ["title", "default", "properties", "required"]
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["default"] == {"type": "integer"}
    assert schema["properties"]["properties"] == {"items": {"$ref": "#/$defs/Tea"}, "maxItems": 2, "type": "array"}
    assert schema["$defs"]["Tea"] == {"description": "A tea's colour.", **schema_of(Tea)} | {"type": "object"}


def test_a_default_that_is_an_object_is_left_out_too() -> None:
    class Inner(BaseModel):
        kind: str = "none"

    class Outer(BaseModel):
        inner: Inner = Inner()

    assert "default" not in schema_of(Outer)["properties"]["inner"]


async def test_a_fault_inside_a_client_is_not_taken_for_a_refused_way() -> None:
    chat = Chat(ScriptedChat(script=[TypeError("'NoneType' object is not iterable")]), "m")
    with pytest.raises(CallError):
        await ask(chat)
    assert chat.way == "json_schema"
