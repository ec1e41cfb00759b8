"""A system under test behind an HTTP endpoint, on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from convrec.simulator.dialogue import talk
from convrec.simulator.http_system import HttpSystem
from convrec.simulator.nouns import Goal, Persona, Shown, SystemTurn, UserTurn
from convrec.tools.errors import AnswerError, CallError, SettingsError
from talk_stage import index_of

Body = str | bytes | dict[str, Any] | list[Any] | None
Answer = Body | tuple[int, Body] | Callable[[dict[str, Any]], Body]

REPLY = {"reply": "How about Sencha?", "items": [{"id": "sencha", "title": "Sencha"}]}


class Endpoint:
    """Answers every POST with the next of some lines (the last again and again), and remembers what it was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.headers.append(head.decode())
                lines = {n.lower(): v.strip() for n, _, v in (h.partition(":") for h in head.decode().split("\r\n"))}
                self.asked.append(json.loads(await reader.readexactly(int(lines["content-length"]))))
                answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
                if answer is None:
                    break
                writer.write(self._written(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _written(self, answer: Answer) -> bytes:
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        if callable(body):
            body = body(self.asked[-1])
        raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        return f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw


@asynccontextmanager
async def endpoint(*answers: Answer) -> AsyncIterator[Endpoint]:
    """An endpoint on this machine."""
    made = Endpoint(*answers)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/turn"
    try:
        yield made
    finally:
        server.close()


async def ask(*answers: Answer, **options: Any) -> SystemTurn:
    """One turn with an endpoint that answers so."""
    async with endpoint(*answers) as there, HttpSystem(there.url, **options) as system:
        return await system.turn("tea, please", user="u", thread="t")


# What is sent and read


async def test_a_turn_is_posted_and_its_answer_read() -> None:
    async with endpoint(REPLY) as there, HttpSystem(there.url, "theirs", headers={"X-Key": "secret"}) as system:
        turn = await system.turn("tea, “please”", user="u 1", thread="t 1")
        assert there.asked == [{"text": "tea, “please”", "user": "u 1", "thread": "t 1"}]
        assert there.headers[0].startswith("POST /turn ")
        assert "x-key: secret" in there.headers[0].lower()
        assert system.name == "theirs"
    assert (turn.reply, turn.items) == ("How about Sencha?", (Shown(id="sencha", title="Sencha"),))
    assert (turn.calls, turn.question, turn.nothing_fits, turn.first_token_seconds) == (0, "", False, None)
    assert turn.seconds > 0


async def test_all_that_may_be_there_is_read_and_the_rest_passed_over() -> None:
    turn = await ask(
        {
            "reply": "r", "items": [{"id": 7, "title": "Seven", "reason": "odd", "score": 0.5}],
            "nearest": [{"id": "n", "title": "Near"}], "question": {"attribute": "kind", "options": ["a", 2]},
            "usage": {"calls": 3, "prompt_tokens": 5, "completion_tokens": 2, "fallbacks": 1, "seconds": 9},
            "mood": "fine",
        }
    )  # fmt: skip
    assert turn.items == (
        Shown(id="7", title="Seven", reason="odd"), Shown(id="n", title="Near", nearest=True),
    )  # fmt: skip
    assert (turn.question, turn.options, turn.nothing_fits) == ("kind", ("a", "2"), False)
    assert (turn.calls, turn.prompt_tokens, turn.completion_tokens, turn.fallbacks) == (3, 5, 2, 1)


@pytest.mark.parametrize(
    ("body", "question", "nothing"),
    [
        ({"reply": "r", "question": "Which kind?"}, "Which kind?", False),
        ({"reply": "r", "question": {"text": "Which?"}}, "Which?", False),
        ({"reply": "r", "question": None, "items": None, "usage": None}, "", False),
        ({"reply": "r", "nearest": [{"id": "a", "title": "A"}]}, "", True),
        ({"reply": "r", "nothing_fits": True}, "", True),
        ({"reply": "r", "nearest": [{"id": "a", "title": "A"}], "nothing_fits": False}, "", False),
    ],
)
async def test_what_may_be_left_out_or_written_shortly(body: Body, question: str, nothing: bool) -> None:
    turn = await ask(body)
    assert (turn.question, turn.nothing_fits) == (question, nothing)


async def test_an_item_without_an_id_is_shown_without_one() -> None:
    assert (await ask({"reply": "r", "items": [{"title": "Dragon Tears"}]})).items == (
        Shown(id="", title="Dragon Tears"),
    )


# What goes wrong


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "key"), (404, "POST"), (307, "POST"), (422, "text"), (429, "fewer"), (503, "fewer"), (500, "log")],
)
async def test_another_status_is_a_failed_call_with_a_hint(status: int, hint: str) -> None:
    with pytest.raises(CallError, match=f"HTTP {status}") as fault:
        await ask((status, "no"))
    assert hint in fault.value.hint


@pytest.mark.parametrize(
    "body",
    ["<html>", "", "[]", "{}", {"reply": None}, {"reply": 3}, {"reply": "r", "items": "a"}, {"reply": "r", "items": [3]},
     {"reply": "r", "items": [{"id": "a", "title": "A"}] * 101}, {"reply": "r", "usage": {"calls": -1}}, b"\xff\xfe"],
)  # fmt: skip
async def test_an_answer_of_another_shape_is_told(body: Body) -> None:
    with pytest.raises(AnswerError, match="another shape") as fault:
        await ask(body)
    assert '"reply"' in fault.value.hint


async def test_an_answer_without_end_is_cut_off() -> None:
    with pytest.raises(AnswerError, match="more than 1,000,000 bytes"):
        await ask(json.dumps({"reply": "x" * 1_200_000}))


async def test_a_connection_that_breaks_off_is_a_failed_call() -> None:
    with pytest.raises(CallError, match="broke off"):
        await ask(None)


async def test_an_endpoint_that_is_not_there_is_a_failed_call_without_its_headers() -> None:
    async with endpoint(REPLY) as there:
        gone = there.url
    async with HttpSystem(gone, headers={"X-Key": "secret"}) as system:
        with pytest.raises(CallError, match="cannot be reached") as fault:
            await system.turn("hi", user="u", thread="t")
    assert "secret" not in f"{fault.value} {fault.value.hint}"


async def test_an_endpoint_that_is_silent_is_a_failed_call() -> None:
    silence = asyncio.Event()

    async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with HttpSystem(url, seconds=0.05) as system:
        with pytest.raises(CallError, match=r"did not answer within 0\.05 seconds"):
            await system.turn("hi", user="u", thread="t")
    silence.set()
    server.close()


@pytest.mark.parametrize(
    "url", ["", "ftp://there", "there:8000", "http://", "http://me:key@there/", "http://there/?key=1"]
)
def test_an_address_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError, match="address of the system"):
        HttpSystem(url)


# In a conversation


class Reader:
    """A user who asks twice and leaves."""

    def __init__(self) -> None:
        self.turns = [UserTurn(text=t, act="inform") for t in ("tea", "green")]

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        return self.turns.pop(0) if self.turns else UserTurn(text="", act="leave", done=True)


async def test_a_conversation_goes_on_past_a_busy_moment() -> None:
    teas, waited = index_of("teas"), list[float]()

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    async with endpoint(REPLY, (503, "busy"), REPLY) as there, HttpSystem(there.url) as system:
        goal = Goal(id="g", persona=Persona(name="p"))
        dialogue = await talk(Reader, system, goal, teas, pause=pause)
        threads = [a["thread"] for a in there.asked]
    assert (dialogue.ending, dialogue.attempts, dialogue.turns, len(waited)) == ("gave up", 2, 2, 1)
    assert threads == ["sim-0-g-0", "sim-0-g-0", "sim-0-g-0-1", "sim-0-g-0-1"]
    assert [(r.checks.grounded, r.checks.repeated, r.checks.names_exactly) for r in dialogue.rounds[:2]] == [
        (1, 0, True), (1, 1, True),
    ]  # fmt: skip
