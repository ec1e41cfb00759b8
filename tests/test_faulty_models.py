"""A thousand turns with real clients against a server that fails in every way, over HTTP: nothing breaks, all is visible."""

import asyncio
import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from convrec.agents.brains import TurnLimits
from convrec.agents.effort import Effort, Ranking
from convrec.agents.state import Answer
from convrec.agents.turn import Token
from convrec.tools.chat_models import ModelChoice, open_chat_model
from convrec.tools.trace import Trace
from faulty_stage import KEY, MESSAGES, converse, opened, pool
from openai_server import FAULTS, STREAM_FAULTS, Fault, OpenAiServer, Plan, Way, by_chance, in_turn, never
from random_answers import Author, Helpful

LOUD: tuple[Fault, ...] = tuple(f for f in FAULTS if f != "silent")
"""Each silence costs its timeout: they have a test of their own."""

ALL_WAYS: tuple[Way, ...] = ("json_schema", "tools", "json_object", "words")

RUNS: list[tuple[str, Effort, Ranking, int, tuple[Way, ...]]] = [
    ("teas", "low", "listwise", 120, ALL_WAYS),
    ("games", "low", "listwise", 120, ("words",)),
    ("games", "medium", "listwise", 120, ALL_WAYS),
    ("books", "medium", "listwise", 100, ("tools", "words")),
    ("traps", "medium", "listwise", 120, ALL_WAYS),
    ("books", "high", "listwise", 100, ("json_object", "words")),
    ("teas", "high", "elimination", 100, ALL_WAYS),
    ("games", "high", "vote", 80, ALL_WAYS),
    ("traps", "high", "vote", 80, ("json_schema", "words")),
    ("traps", "low", "listwise", 60, ALL_WAYS),
]
"""Catalogue, effort, ranking, turns, and the ways of asking for a shape that the server knows: 1,000 turns in all."""


@pytest.mark.parametrize(("name", "effort", "ranking", "turns", "takes"), RUNS)
async def test_all_guarantees_hold_whatever_the_server_does(
    name: str, effort: Effort, ranking: Ranking, turns: int, takes: tuple[Way, ...], tmp_path: Path
) -> None:
    # A clock on which a server's rest is soon over, so that faults go on being seen.
    clock: Iterator[float] = itertools.count(0.0, 8.0)
    author = Author(pool(name), seed=turns)
    with OpenAiServer(author, by_chance(0.3, LOUD, seed=turns), takes) as server:
        async with opened(tmp_path, server, name, effort, ranking, clock=clock.__next__) as (recommender, observed):
            tally = await converse(recommender, observed, server, name, effort, turns)
    assert tally.turns == turns
    assert tally.by_model > turns * 0.7
    assert tally.recommending > turns * 0.15
    # With two calls in all, none is left for asking again.
    assert {n for n, count in tally.marks.items() if not count} <= ({"repaired"} if effort == "low" else set())
    assert len(tally.faults) > len(LOUD) * 0.7
    assert all(r.headers["authorization"] == f"Bearer {KEY}" for r in server.requests)


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
async def test_a_server_that_is_silent_now_and_then_costs_its_timeout_and_no_more(
    effort: Effort, tmp_path: Path
) -> None:
    plan = by_chance(0.3, ("silent",), seed=1)
    with OpenAiServer(Author(pool("teas")), plan) as server:
        stage = opened(
            tmp_path, server, "teas", effort, timeout=0.25, retries=0, clock=itertools.count(0.0, 8.0).__next__
        )
        async with stage as (recommender, observed):
            tally = await converse(recommender, observed, server, "teas", effort, 24, retries=0)
    assert tally.faults.keys() == {"silent"}
    assert all(r.left.wait(5) for r in server.requests if r.fault)


async def test_after_three_silent_calls_the_server_is_left_alone_for_a_while(tmp_path: Path) -> None:
    now = 100.0
    with OpenAiServer(Helpful(), lambda _: "silent") as server:
        stage = opened(tmp_path, server, "teas", "high", timeout=0.3, retries=0, clock=lambda: now)
        async with stage as (recommender, _):
            first = await recommender.reply("a green tea")
            assert len(server.requests) == 3
            second = await recommender.reply("more")
            assert len(server.requests) == 3
            server.plan = never
            now += 60
            third = await recommender.reply("more")
    assert [s.fallback for s in first.steps if "in time" in s.fallback]
    assert all("left alone" in s.fallback for s in second.steps if s.fallback)
    assert second.items
    assert third.steps[0].brain == "tiny"


async def test_a_turns_seconds_cap_a_server_that_hangs(tmp_path: Path) -> None:
    limits = TurnLimits(max_seconds=1.0)
    with OpenAiServer(Helpful()) as server:
        async with opened(tmp_path, server, "teas", "high", timeout=30, limits=limits) as (recommender, _):
            await recommender.reply("a white tea")
            server.plan, before = (lambda _: "silent"), len(server.requests)
            answer = await asyncio.wait_for(recommender.reply("a green tea"), 10)
        (request,) = server.requests[before:]
        assert request.left.wait(5)
    assert len(answer.items) == 3
    assert answer.usage.seconds < 3
    assert "in the turn's time" in answer.steps[0].fallback
    assert all("seconds are over" in s.fallback for s in answer.steps[1:] if s.fallback)


async def test_a_turns_seconds_cap_an_answer_that_trickles(tmp_path: Path) -> None:
    class Slow(Helpful):
        def reply(self, prompt: str, time: int = 0) -> str:
            return "Here you are. " * 40

    limits = TurnLimits(max_seconds=2.0)
    with OpenAiServer(Slow()) as server:
        async with opened(tmp_path, server, "teas", "low", timeout=0.5, limits=limits) as (recommender, _):
            await recommender.reply("a white tea")
            server.seconds_a_piece = 0.15
            events = [event async for event in recommender.astream("a green tea")]
    answer, pieces = events[-1], [e for e in events if isinstance(e, Token)]
    assert isinstance(answer, Answer)
    (step,) = (s for s in answer.steps if s.agent == "respond")
    assert step.fallback == "the model did not answer in the turn's time"
    assert step.calls == 1
    assert answer.usage.seconds < 5
    assert pieces[0].text == "Here you are. "
    kept = next(n for n, p in enumerate(pieces) if p.fresh)
    assert "".join(p.text for p in pieces[kept:]) == answer.reply


async def test_a_cancelled_turn_closes_its_connection_and_leaves_no_trace(tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), lambda _: "silent") as server:
        async with opened(tmp_path, server, "teas", "medium", timeout=30) as (recommender, _):
            turn = asyncio.create_task(recommender.reply("a green tea"))
            (request,) = await asyncio.to_thread(server.wait_for, 1)
            assert not request.left.is_set()
            turn.cancel()
            with pytest.raises(asyncio.CancelledError):
                await turn
            assert await asyncio.to_thread(request.left.wait, 5)
            assert await recommender.talk() == []


async def test_a_stream_that_is_left_closes_its_connection(tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), seconds_a_piece=0.3) as server:
        async with opened(tmp_path, server, "teas", "low", timeout=30) as (recommender, _):
            events = recommender.astream("a green tea")
            async for event in events:
                if isinstance(event, Token):
                    break
            await events.aclose()
            assert await asyncio.to_thread(server.requests[-1].left.wait, 5)
            assert await recommender.talk() == []


async def test_a_busy_server_is_asked_again_when_it_said(tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), in_turn("busy"), retry_after=0.3) as server:
        async with opened(tmp_path, server, "teas", "low") as (recommender, _):
            answer = await recommender.reply("a green tea")
    first, second = server.requests[:2]
    assert first.body == second.body
    assert 0.3 <= second.at - first.at < 1.5
    assert answer.usage.fallbacks == 0


async def test_a_server_that_is_busy_for_an_hour_is_not_waited_for(tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), lambda _: "busy_for_long") as server:
        async with opened(tmp_path, server, "teas", "low", retries=2) as (recommender, _):
            answer = await asyncio.wait_for(recommender.reply("a green tea"), 10)
    assert answer.items
    assert all("busy (HTTP 429)" in s.fallback for s in answer.steps if s.fallback)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in ("cut", "ended_early")])
async def test_each_fault_of_a_shaped_answer_is_mended_or_told(fault: Fault, tmp_path: Path) -> None:
    """The same fault for ever: the built-in brain understands, and the step says why."""
    plan: Plan = lambda r: None if r.streams else fault  # noqa: E731
    with OpenAiServer(Helpful(), plan) as server:
        async with opened(tmp_path, server, "teas", "low", timeout=0.2, retries=0) as (recommender, _):
            answer = await recommender.reply("a green tea")
    (step,) = (s for s in answer.steps if s.agent == "understand")
    assert step.brain == "built-in"
    assert step.fallback
    assert {c.attributes["kind"] for c in answer.items} == {("green",)}


@pytest.mark.parametrize("fault", STREAM_FAULTS)
async def test_each_fault_of_a_stream_is_told(fault: Fault, tmp_path: Path) -> None:
    plan: Plan = lambda r: fault if r.streams else None  # noqa: E731
    with OpenAiServer(Helpful(), plan) as server:
        async with opened(tmp_path, server, "teas", "low", timeout=0.2, retries=0) as (recommender, _):
            answer = await recommender.reply("hello")
    (step,) = (s for s in answer.steps if s.agent == "respond")
    assert step.brain == "built-in"
    assert step.fallback


async def test_one_bad_answer_is_asked_for_again_with_what_was_wrong(tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), in_turn("invented_ids")) as server:
        async with opened(tmp_path, server, "teas", "medium") as (recommender, _):
            answer = await recommender.reply("a green tea")
    assert (answer.steps[0].brain, answer.steps[0].repaired, answer.steps[0].calls) == ("tiny", 1, 2)
    repair = server.requests[1].body["messages"]
    assert repair[2]["content"] == server.requests[0].answer
    assert "Input should be" in repair[3]["content"]


async def test_one_refusal_in_words_does_not_cost_a_server_its_schemas(tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), in_turn(None, None, None, "not_json")) as server:
        async with opened(tmp_path, server, "teas", "medium") as (recommender, _):
            await recommender.reply("a green tea")
            answer = await recommender.reply("a black tea")
            await recommender.reply("a white tea")
    assert (answer.steps[0].brain, answer.steps[0].repaired) == ("tiny", 1)
    assert {r.way for r in server.requests if not r.streams} == {"json_schema"}


async def test_one_recommender_after_another_uses_the_server_from_its_own_loop(tmp_path: Path) -> None:
    """Connections that are kept open belong to the loop that opened them."""

    def turn(number: int) -> Answer:
        async def talk() -> Answer:
            async with opened(tmp_path / str(number), server, "teas", "low", retries=0) as (recommender, _):
                return await recommender.reply("a green tea")

        (tmp_path / str(number)).mkdir()
        return asyncio.run(talk())

    with OpenAiServer(Helpful()) as server:
        for number in range(3):
            assert (await asyncio.to_thread(turn, number)).usage.fallbacks == 0


async def test_the_key_is_nowhere_but_in_the_authorization_header(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in answers, traces, logs, faults or what objects print, even of a server that repeats it in its errors."""
    caplog.set_level(logging.DEBUG)
    trace = Trace(tmp_path / "traces", words=True)
    answers, shown = [], []
    plan = by_chance(0.6, ("refused", "failed", "too_long", "busy", "unavailable", "closed", "cut"), seed=3)
    with OpenAiServer(Helpful(), plan, echoes_key=True) as server:
        clock = itertools.count(0.0, 60.0).__next__
        async with opened(tmp_path, server, "teas", "high", clock=clock, trace=trace) as (recommender, observed):
            for said in MESSAGES["teas"][:12]:
                answers.append((await recommender.reply(said)).model_dump_json())
            chat = next(b.chat for b in observed.brains.values() if b.chat)
            shown += [repr(b) for b in observed.brains.values()] + [repr(chat), repr(vars(chat)), str(chat.place)]
        choice = ModelChoice(name="tiny", base_url=server.base_url, api_key=KEY)  # type: ignore[arg-type]
        shown += [repr(choice), str(choice), choice.model_dump_json(), choice.place]
        shown += [repr(open_chat_model(choice)), json.dumps(open_chat_model(choice).to_json(), default=str)]
    assert {r.fault for r in server.requests} >= {"refused", "failed", "too_long"}
    traced = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "traces").rglob("*") if p.is_file())
    logged = "\n".join(f"{r.getMessage()} {r.exc_text or ''}" for r in caplog.records)
    assert "understand" in traced
    assert "chat/completions" in logged
    for text in (*answers, *shown, traced, logged):
        assert KEY not in text
    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in str({n: v for n, v in request.headers.items() if n != "authorization"})
        assert KEY not in request.path + json.dumps(request.body)
