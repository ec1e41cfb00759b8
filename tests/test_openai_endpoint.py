"""The endpoint for OpenAI's clients, by the official client and as front ends use it: the whole history each time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from api_stage import as_service, as_user, open_stage, served
from convrec.agents.state import Answer, Card, Usage, Verdict
from convrec.agents.turn import Token
from convrec.app.api.openai import find_mind, model_names
from convrec.app.api.openai_markdown import ANEW, escape, items_markdown, reply_markdown
from convrec.app.api.openai_shapes import ChatMessage
from convrec.app.api.openai_stream import Chunks, Streamed
from convrec.app.api.openai_threads import REPLAYED, Histories, read_history
from convrec.app.pictures import Pictures
from convrec.app.serving.service import Service
from convrec.tools.errors import InputError, MessageError, StoreError
from fastapi.testclient import TestClient
from openai.types.chat import ChatCompletion
from talk_stage import recommender

URL = "http://testserver/openai/v1"
CHAT = "/openai/v1/chat/completions"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return open_stage(tmp_path_factory.mktemp("openai"))


@pytest.fixture(scope="module")
def http(service: Service) -> Iterator[TestClient]:
    with served(service) as client:
        yield client


@pytest.fixture(scope="module")
def users(service: Service) -> Callable[[str], dict[str, str]]:
    """Users of a service; each test has its own."""
    return as_service(service, "shop")


@pytest.fixture(scope="module")
def ann(service: Service) -> dict[str, str]:
    return as_user(service, "ann")


def official(http: TestClient, headers: dict[str, str]) -> openai.OpenAI:
    """The official client, with a key as its settings have it."""
    key = headers["Authorization"].removeprefix("Bearer ")
    return openai.OpenAI(base_url=URL, api_key=key, http_client=http, max_retries=0)


class FrontEnd:
    """A chat page that keeps the history itself, and sends all of it with each message."""

    def __init__(self, http: TestClient, headers: dict[str, str], history: list[dict[str, Any]] | None = None) -> None:
        self._http = http
        self._headers = headers
        self.history = history or []

    def say(self, text: str) -> dict[str, Any]:
        """Say something; the answer's extension."""
        self.history.append({"role": "user", "content": text})
        return self._ask()

    def regenerate(self) -> dict[str, Any]:
        """Have the last message answered again."""
        self.history.pop()
        return self._ask()

    def edit(self, place: int, text: str) -> dict[str, Any]:
        """Say something else in the place of a message; what came after it is gone."""
        del self.history[2 * place :]
        return self.say(text)

    def copy(self) -> "FrontEnd":
        """Another tab with the same history."""
        return FrontEnd(self._http, self._headers, list(self.history))

    def _ask(self) -> dict[str, Any]:
        body = {"model": "convrec", "messages": [{"role": "system", "content": "Be a pirate."}, *self.history]}
        answer = self._http.post(CHAT, json=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        self.history.append(answer.json()["choices"][0]["message"])
        return answer.json()["convrec"]


def titles(answer: dict[str, Any]) -> list[str]:
    return [card["title"] for card in answer["items"]]


def threads(service: Service, http: TestClient, user: str) -> dict[str, list[str]]:
    """A user's threads, with what was said in each."""
    assert http.portal is not None
    held = service.recommender

    async def read() -> dict[str, list[str]]:
        infos = await held.threads(user=user)
        return {i.thread: [turn.text for turn in await held.talk(user=user, thread=i.thread)] for i in infos}

    return http.portal.call(read)


# The official client


def test_the_official_client_gets_an_answer_with_the_items_as_markdown_and_as_data(
    http: TestClient, ann: dict[str, str]
) -> None:
    done = official(http, ann).chat.completions.create(
        model="convrec",
        messages=[{"role": "user", "content": "a smoky black tea"}],
        temperature=0.7,
        max_tokens=64,
        seed=1,
        extra_body={"unknown": {"to": "us"}},
    )
    assert isinstance(done, ChatCompletion)
    message = done.choices[0].message
    assert (done.object, done.model, done.choices[0].finish_reason, message.role) == (
        "chat.completion", "convrec", "stop", "assistant",
    )  # fmt: skip
    assert message.content is not None
    assert message.content.startswith("Three teas for smoky, black:")
    assert "1. **Lapsang Souchong** · kind: black · steeping time: 4 min" in message.content
    assert "✓ smoky (“flavour: smoky”)" in message.content
    assert done.usage is not None
    assert (done.usage.prompt_tokens, done.usage.total_tokens) == (0, 0)
    assert done.model_extra is not None
    told = done.model_extra["convrec"]
    assert titles(told)[0] == "Lapsang Souchong"
    assert told["reply"].startswith("Three teas")
    assert told["thread"]
    assert told["steps"][0]["agent"] == "understand"
    assert {"nearest", "suggestions", "usage"} <= told.keys()


def test_a_stream_says_the_same_in_pieces_then_data_then_usage(http: TestClient, ann: dict[str, str]) -> None:
    client = official(http, ann)
    asked: Any = {"model": "convrec", "messages": [{"role": "user", "content": "a smoky black tea"}]}
    whole = client.chat.completions.create(**asked).choices[0].message.content
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(pieces) == whole
    assert len(pieces) > 10
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-2].model_extra is not None
    assert titles(chunks[-2].model_extra["convrec"])[0] == "Lapsang Souchong"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 0
    assert len({c.id for c in chunks}) == 1


def test_a_stream_ends_with_its_mark_and_tells_no_usage_unless_asked(http: TestClient, ann: dict[str, str]) -> None:
    body = {"model": "convrec", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    answer = http.post(CHAT, json=body, headers=ann)
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert frames[-1] == "[DONE]"
    assert not any("usage" in json.loads(frame) for frame in frames[:-1])


def test_models_are_listed_and_looked_up(http: TestClient, ann: dict[str, str]) -> None:
    client = official(http, ann)
    names = [model.id for model in client.models.list()]
    assert names == ["convrec", "convrec/built-in"]
    assert client.models.retrieve("convrec/built-in").owned_by == "convrec"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-5")
    assert caught.value.code == "model_not_found"


def test_a_model_that_there_is_not_is_not_found(http: TestClient, ann: dict[str, str]) -> None:
    for name in ("gpt-5", "convrec/", "convrec/colossal", "convrec/gpt-5/high"):
        with pytest.raises(openai.NotFoundError) as caught:
            official(http, ann).chat.completions.create(model=name, messages=[{"role": "user", "content": "hello"}])
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


class SomeMinds:
    """Two language models, one with a slash in its name."""

    models = ("house", "lab/large", "built-in")

    def find(self, model: str, effort: str) -> Any:
        if model and model not in self.models:
            raise InputError("no such model")
        return model, effort


def test_models_are_named_by_effort_and_by_model_and_effort() -> None:
    minds: Any = SomeMinds()
    names = model_names(minds)
    assert names[:5] == ["convrec", "convrec/low", "convrec/medium", "convrec/high", "convrec/built-in"]
    assert names[5:] == ["convrec/lab/large/low", "convrec/lab/large/medium", "convrec/lab/large/high"]
    found: list[Any] = [find_mind(minds, name) for name in (*names, "convrec/lab/large")]
    assert found[0] is None
    assert found[1] == ("", "low")
    assert found[4] == ("built-in", "")
    assert found[7] == ("lab/large", "high")
    assert found[8] == ("lab/large", "")


# Which conversation a history belongs to


def test_a_history_is_gone_on_with_in_its_thread(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    page = FrontEnd(http, users("continued"))
    first = page.say("a smoky black tea")
    second = page.say("something else")
    third = page.say("why the first one?")
    assert first["thread"] == second["thread"] == third["thread"]
    assert not set(titles(first)) & set(titles(second))
    assert third["items"][0]["title"] == titles(second)[0]
    talks = threads(service, http, "shop/continued")
    assert list(talks.values()) == [["a smoky black tea", "something else", "why the first one?"]]


def test_regenerating_takes_the_turn_back_first(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    page = FrontEnd(http, users("regenerated"))
    page.say("a black tea")
    once = page.say("I never drink smoky teas, something else")
    again = page.regenerate()
    assert again["thread"] == once["thread"]
    assert titles(again) == titles(once)
    assert list(threads(service, http, "shop/regenerated").values()) == [
        ["a black tea", "I never drink smoky teas, something else"]
    ]
    assert page.say("why the first one?")["thread"] == once["thread"]


def test_an_edited_earlier_message_begins_a_thread_that_knows_only_what_stands(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    page = FrontEnd(http, users("edited"))
    first = page.say("a green tea")
    page.say("only nutty ones")
    page.say("something else")
    edited = page.edit(1, "only floral ones")
    assert edited["thread"] != first["thread"]
    talks = threads(service, http, "shop/edited")
    assert talks[edited["thread"]] == ["a green tea", "only floral ones"]
    assert talks[first["thread"]] == ["a green tea", "only nutty ones", "something else"]
    # The replayed thread is gone on with, though its first reply may be another than the one in the history.
    assert page.say("thanks")["thread"] == edited["thread"]


def test_an_edited_reply_or_a_stopped_one_is_no_reason_to_forget_what_was_said(
    http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    page = FrontEnd(http, users("stopped"))
    first = page.say("a green tea, nothing grassy")
    page.history[-1] = {"role": "assistant", "content": "Three te"}
    second = page.say("something else")
    assert second["thread"] != first["thread"]
    assert {c["attributes"]["kind"][0] for c in second["items"]} <= {"green"}
    assert not set(titles(second)) & set(titles(first))


def test_two_tabs_with_the_same_history_each_go_on_with_their_own(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    one = FrontEnd(http, users("tabs"))
    begun = one.say("a black tea")
    other = one.copy()
    assert one.say("only smoky ones")["thread"] == begun["thread"]
    branch = other.say("only malty ones")
    assert branch["thread"] != begun["thread"]
    assert one.say("thanks")["thread"] == begun["thread"]
    assert other.say("thanks")["thread"] == branch["thread"]
    assert sorted(threads(service, http, "shop/tabs").values()) == [
        ["a black tea", "only malty ones", "thanks"],
        ["a black tea", "only smoky ones", "thanks"],
    ]


def test_two_chats_that_begin_alike_do_not_take_each_others_turns_back(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    one, other = FrontEnd(http, users("alike")), FrontEnd(http, users("alike"))
    one.say("hello")
    other.say("hello")
    first, second = one.say("a green tea"), other.say("a green tea")
    assert first["thread"] != second["thread"]
    assert sorted(threads(service, http, "shop/alike").values()) == [["hello", "a green tea"], ["hello", "a green tea"]]


def test_a_foreign_history_begins_a_thread_of_ones_own(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    hers = FrontEnd(http, users("hers"))
    first = hers.say("a black tea, I never drink smoky teas")
    stolen = FrontEnd(http, users("his"), list(hers.history))
    second = stolen.say("something else")
    assert second["thread"] != first["thread"]
    assert list(threads(service, http, "shop/hers").values()) == [["a black tea, I never drink smoky teas"]]
    assert list(threads(service, http, "shop/his")) == [second["thread"]]


def test_a_thread_that_is_named_is_gone_on_with_whatever_the_history(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    body = {"messages": [{"role": "user", "content": "a black tea"}], "convrec": {"thread": "friday"}}
    for headers in (users("named"), {**users("named"), "X-Convrec-Thread": "saturday"}):
        answer = http.post(CHAT, json=body, headers=headers).json()
        assert answer["convrec"]["thread"] == "friday"
    del body["convrec"]
    answer = http.post(CHAT, json=body, headers={**users("named"), "X-Convrec-Thread": "friday"}).json()
    assert answer["convrec"]["thread"] == "friday"
    http.post(CHAT, json=body, headers={**users("other"), "X-Convrec-Thread": "friday"})
    assert threads(service, http, "shop/named") == {"friday": ["a black tea"] * 3}
    assert threads(service, http, "shop/other") == {"friday": ["a black tea"]}


def test_of_a_long_history_that_nobody_knows_the_last_messages_are_said_again_once(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]]
) -> None:
    old: list[dict[str, Any]] = []
    for number in range(REPLAYED + 3):
        old += [{"role": "user", "content": f"hello {number}"}, {"role": "assistant", "content": "Ahoy!"}]
    page = FrontEnd(http, users("long"), old)
    first = page.say("a green tea")
    assert page.say("something else")["thread"] == first["thread"]
    assert page.regenerate()["thread"] == first["thread"]
    (said,) = threads(service, http, "shop/long").values()
    assert said == [*(f"hello {n}" for n in range(3, REPLAYED + 3)), "a green tea", "something else"]


async def test_private_talks_are_found_again_too(tmp_path: Path) -> None:
    async with recommender(tmp_path, private=True) as private:
        histories = Histories(private, private=True)
        said: list[tuple[Any, str]] = []

        async def say(text: str) -> Answer:
            said.append(("user", text))
            history = read_history([ChatMessage(role=role, content=content) for role, content in said], 100)
            answer = [e async for e in histories.answer(history, user="ann") if isinstance(e, Answer)][-1]
            said.append(("assistant", answer.reply))
            return answer

        first, second = await say("a smoky black tea"), await say("something else")
        assert first.thread == second.thread
        del said[-2:]
        assert (await say("something else")).items == second.items
        assert await private.threads(user="ann") == []


@pytest.mark.parametrize(
    ("messages", "text", "earlier"),
    [
        ([("user", " hi\n there ")], "hi there", []),
        (
            [("system", "x"), ("assistant", "Welcome!"), ("user", "a"), ("assistant", "b"), ("user", "c")],
            "c",
            [("a", "b")],
        ),
        ([("user", "a"), ("user", "c")], "c", [("a", None)]),
        ([("user", "a"), ("assistant", "b"), ("tool", "t"), ("assistant", "d"), ("user", "c")], "c", [("a", "b")]),
        ([("user", ""), ("assistant", "b"), ("user", "x" * 41), ("assistant", "b"), ("user", "c")], "c", []),
    ],
)
def test_a_history_is_read_as_turns(messages: list[tuple[Any, str]], text: str, earlier: list[Any]) -> None:
    history = read_history([ChatMessage(role=role, content=content) for role, content in messages], 40)
    assert history.text == text
    assert [(e.text, e.reply) for e in history.earlier] == earlier


# Who calls, and what goes wrong


def fault(answer: Any) -> dict[str, Any]:
    """The fault in an answer, in OpenAI's shape."""
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    return answer.json()["error"]


HELLO = {"model": "convrec", "messages": [{"role": "user", "content": "hello"}]}


def test_a_service_says_for_whom_in_user_and_others_leave_it_out(
    service: Service, http: TestClient, users: Callable[[str], dict[str, str]], ann: dict[str, str]
) -> None:
    bare = {"Authorization": users("x")["Authorization"]}
    assert http.post(CHAT, json={**HELLO, "user": "carl"}, headers=bare).status_code == 200
    assert len(threads(service, http, "shop/carl")) == 1
    assert http.post(CHAT, json={**HELLO, "user": "carl"}, headers=users("dora")).status_code == 200
    assert len(threads(service, http, "shop/dora")) == 1
    assert len(threads(service, http, "shop/carl")) == 1
    before = len(threads(service, http, "ann"))
    assert http.post(CHAT, json={**HELLO, "user": "shop/carl"}, headers=ann).status_code == 200
    assert len(threads(service, http, "ann")) == before + 1
    refused = http.post(CHAT, json=HELLO, headers=bare)
    assert refused.status_code == 400
    assert "X-Convrec-User" in fault(refused)["message"]
    assert http.get("/openai/v1/models", headers=bare).status_code == 200


def test_without_a_key_or_with_a_wrong_one_nobody_chats(http: TestClient, ann: dict[str, str]) -> None:
    for headers in ({}, {"Authorization": "Bearer sk-other"}, {"Authorization": "Basic abc"}):
        for answer in (http.post(CHAT, json=HELLO, headers=headers), http.get("/openai/v1/models", headers=headers)):
            assert answer.status_code == 401
            assert fault(answer)["code"] == "invalid_api_key"
            assert answer.headers["www-authenticate"].startswith("Bearer")
    with pytest.raises(openai.AuthenticationError):
        official(http, {"Authorization": "Bearer sk-other"}).models.list()


def test_a_key_without_the_scope_is_refused(service: Service, http: TestClient) -> None:
    answer = http.post(CHAT, json=HELLO, headers=as_user(service, "reader", "items"))
    assert answer.status_code == 403
    assert fault(answer)["type"] == "permission_error"


def test_too_many_requests_say_when_to_try_again(tmp_path: Path) -> None:
    with served(open_stage(tmp_path, requests=1)) as http:
        http.post(CHAT, json=HELLO)
        answer = http.post(CHAT, json=HELLO)
        assert answer.status_code == 429
        assert fault(answer)["code"] == "rate_limit_exceeded"
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": "many"}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "pirate", "content": "arr"}]}, "messages.0.role"),
        ({"messages": [{"role": "system", "content": "arr"}]}, "messages"),
        ({"messages": [*HELLO["messages"], {"role": "assistant", "content": "Hello!"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 5_000}]}, None),
        ({"messages": [{"role": "user", "content": None}]}, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_done_here_is_refused_by_name(
    http: TestClient, ann: dict[str, str], change: dict[str, Any], param: str | None, stream: bool
) -> None:
    answer = http.post(CHAT, json={**HELLO, "stream": stream, **change}, headers=ann)
    assert answer.status_code == 400
    assert fault(answer)["param"] == param
    assert fault(answer)["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "change",
    [
        {
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
        },
        {"n": 1, "stop": ["x"], "top_p": 0.1, "logit_bias": {}, "metadata": {"chat_id": "1"}, "stream_options": {}},
        {"response_format": {"type": "text"}, "max_completion_tokens": None, "stream": None, "user": None},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}, *HELLO["messages"]]},
    ],
)
def test_what_does_not_matter_is_passed_over(http: TestClient, ann: dict[str, str], change: dict[str, Any]) -> None:
    assert http.post(CHAT, json={**HELLO, **change}, headers=ann).status_code == 200


def test_a_body_that_is_no_json_is_told_so(http: TestClient, ann: dict[str, str]) -> None:
    for content in (b"{", b'{"messages": ' + b"[" * 100_000, b"\xff"):
        answer = http.post(CHAT, content=content, headers={**ann, "Content-Type": "application/json"})
        assert answer.status_code == 400
        assert fault(answer)["type"] == "invalid_request_error"
    answer = http.post(CHAT, content=b"[" * 100_000, headers={**ann, "Content-Type": "text/plain"})
    assert answer.status_code == 400


def test_a_server_that_stops_says_so_before_a_stream_begins(tmp_path: Path) -> None:
    stopping = open_stage(tmp_path)
    with served(stopping) as http:
        stopping.recommender.stop()
        for stream in (False, True):
            answer = http.post(CHAT, json={**HELLO, "stream": stream})
            assert answer.status_code == 503
            assert fault(answer)["type"] == "server_error"
            assert "retry-after" in answer.headers


# Streams


async def events(*several: Any) -> AsyncIterator[Any]:
    for event in several:
        if isinstance(event, Exception):
            raise event
        yield event


def chunks() -> Chunks:
    return Chunks("chatcmpl-1", 1, "convrec", Pictures(()), usage=False)


async def test_a_reply_that_is_taken_back_is_followed_by_the_one_that_holds() -> None:
    answer = Answer(reply="**Sencha** fits.", usage=Usage(prompt_tokens=7))
    turn = events(Token("It is "), Token("a "), Token("**Sencha** ", fresh=True), Token("fits."), answer)
    made = [json.loads(chunk) for chunk in [c async for c in chunks().of(turn)][:-1]]
    text = "".join(c["choices"][0]["delta"].get("content", "") for c in made)
    assert text == f"It is a {ANEW}**Sencha** fits."
    assert made[-1]["convrec"]["reply"] == "**Sencha** fits."


async def test_a_reply_that_begins_anew_before_anything_was_sent_needs_no_rule() -> None:
    made = [json.loads(c) async for c in chunks().of(events(Token("Hello", fresh=True)))]
    assert made[0]["choices"][0]["delta"] == {"role": "assistant", "content": "Hello"}


async def sent_by(response: Streamed, leave: bool = False) -> str:
    """What a response sends to a caller who stays, or leaves at once."""
    sent: list[bytes] = []

    async def receive() -> Any:
        if not leave:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    await response({"type": "http", "method": "POST", "headers": [], "asgi": {}}, receive, send)
    return b"".join(sent).decode()


async def test_a_fault_in_a_stream_is_its_last_event() -> None:
    turn = events(Token("Hel"), StoreError("The disk of /srv/secret is full."))
    told = await sent_by(await Streamed(chunks().of(turn)).begun())
    *_, last = [line for line in told.splitlines() if line.startswith("data: ")]
    assert json.loads(last.removeprefix("data: "))["error"]["type"] == "server_error"
    assert "/srv" not in told
    assert "[DONE]" not in told


async def test_a_fault_before_a_stream_is_raised() -> None:
    with pytest.raises(StoreError):
        await Streamed(chunks().of(events(StoreError("full")))).begun()


async def test_a_caller_who_leaves_ends_the_turn() -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[Any]:
        try:
            yield Token("Hello")
            await asyncio.Event().wait()
        finally:
            ended.set()

    response = await Streamed(chunks().of(endless())).begun()
    await sent_by(response, leave=True)
    assert ended.is_set()


async def test_a_stream_that_is_left_keeps_nothing_of_what_was_said_again(tmp_path: Path) -> None:
    async with recommender(tmp_path) as opened:
        told = [("user", "a green tea"), ("assistant", "Ahoy!"), ("user", "hello")]
        history = read_history([ChatMessage(role=role, content=text) for role, text in told], 100)  # type: ignore[arg-type]
        turn = Histories(opened).answer(history, user="ann")
        await anext(turn)
        assert await opened.threads(user="ann")
        await turn.aclose()  # type: ignore[attr-defined]
        assert await opened.threads(user="ann") == []


# Markdown

WICKED = "[x](javascript:alert(1)) <img src=x> *a* **b** _c_ `d` $5 ~~e~~ https://evil.example www.evil.example\n# h"


def test_what_comes_from_a_catalogue_shows_as_it_is() -> None:
    card = Card(
        id="1", title=WICKED, facts={"price_in $": "3 *"}, reason="- one\n- two", url="https://a.example/x_(y)?q=1#z",
        image="https://img.example/1.png", because="#1 tea",
        verdicts=(Verdict(preference="under $20", strength="must", label="entails", score=1.0, evidence="<b>"),),
    )  # fmt: skip
    answer = Answer(reply="", items=(card,), nearest=(card.model_copy(update={"url": "javascript:alert(1)"}),))
    told = items_markdown(answer, Pictures(("img.example",)))
    first, second = told.strip().split("\n2. ")
    assert (
        r"\[x\](javascript:alert(1)) \<img src=x> \*a\* \*\*b\*\* \_c\_ \`d\` \$5 \~\~e\~\~ https\://evil.example"
        in first
    )
    assert r"www\.evil.example # h" in first
    assert "](https://a.example/x_%28y%29?q=1#z)**" in first
    assert r"price\_in \$: 3 \*" in first
    assert r"\- one - two" in first
    assert r"Because you liked \#1 tea" in first
    assert r"✓ under \$20 (“\<b>”)" in first
    assert "](https://img.example/1.png)" in first
    assert "(javascript:alert(1))**" not in second
    assert second.startswith(r"**\[x\]")
    assert "![" not in items_markdown(answer, Pictures(()))


def test_a_reply_keeps_its_bold_and_its_bullets_and_nothing_else() -> None:
    reply = "Two teas:\n\n- **M*A*S*H** (2019) – 5 < 6, 3. of [4].\n- **B** – `x` \n# not a heading"
    shown = reply_markdown(reply)
    assert shown == (
        "Two teas:\n\n- **M\\*A\\*S\\*H** (2019) – 5 \\< 6, 3. of \\[4\\].\n- **B** – \\`x\\` \n\\# not a heading"
    )
    assert escape("1. one") == "1\\. one"


def test_an_empty_last_message_is_told_so() -> None:
    with pytest.raises(MessageError):
        read_history([ChatMessage(role="user", content="  ")], 100)
