"""Who can answer, to choose from."""

import os
from pathlib import Path

import pytest
from convrec.agents.effort import Thinking
from convrec.agents.mind import Mind
from convrec.app.minds import BUILT_IN, EFFORTS, Minds
from convrec.app.settings import load_settings
from convrec.tools.chat import Chat
from convrec.tools.errors import InputError
from model_stage import BreakingChat
from talk_stage import recommender


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("CONVREC_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_LLM__DISCOVER", "false")
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))


def test_without_a_model_there_are_the_built_in_agents_alone() -> None:
    minds = Minds(load_settings())
    assert minds.models == (BUILT_IN,)
    assert minds.find() == minds.find(BUILT_IN, "high")
    assert not minds.find().brains


def test_what_there_is_not_is_refused_with_what_there_is() -> None:
    minds = Minds(load_settings())
    with pytest.raises(InputError, match="'gpt-9'") as fault:
        minds.find("gpt-9")
    assert BUILT_IN in fault.value.hint
    with pytest.raises(InputError, match="'extreme'") as fault:
        minds.find(effort="extreme")
    assert all(effort in fault.value.hint for effort in EFFORTS)


def test_a_silent_server_leaves_the_model_that_is_set() -> None:
    minds = Minds(load_settings(llm={"model": "own", "base_url": "http://127.0.0.1:9/v1"}))
    assert minds.models == ("own", BUILT_IN)


def test_the_models_of_the_server_can_be_chosen_at_each_effort() -> None:
    settings = load_settings(llm={"model": "first", "base_url": "http://127.0.0.1:9/v1", "effort": "low"})
    minds = Minds(settings, ask=lambda *_: ("first", "text-embedding-3", "second"))
    assert minds.models == ("first", "second", BUILT_IN)
    usual, other = minds.find(), minds.find("second", "high")
    assert (usual.effort, other.effort) == ("low", "high")
    assert usual.limits.max_calls < other.limits.max_calls
    assert {brain.name for brain in other.brains.values()} == {"second"}
    assert minds.find("second", "high") is other
    assert not minds.find(BUILT_IN).brains


async def test_a_turn_is_answered_by_the_mind_that_is_asked_for_and_the_next_by_the_usual_one(tmp_path: Path) -> None:
    broken = Chat(BreakingChat(words=0), "broken")
    mind = Mind("a broken model", "low", Thinking({"respond": broken}, "low").brains)
    async with recommender(tmp_path) as opened:
        asked = await opened.reply("a green tea", mind=mind)
        usual = await opened.reply("an oolong")
        similar = await opened.more_like(asked.items[0].id, mind=mind)
    assert [step.agent for step in asked.steps if step.fallback] == ["respond"]
    assert not any(step.fallback or step.calls for step in usual.steps)
    assert [step.agent for step in similar.steps if step.fallback] == ["respond"]
