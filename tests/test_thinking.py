"""From settings to brains, and a recommender on a chat model that is handed to it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.effort import Thinking
from convrec.agents.recommender import BUILT_IN
from convrec.agents.state import Wish
from convrec.app.build import Recommender, make_setup
from convrec.app.settings import Settings, load_settings
from convrec.app.thinking import open_thinking
from convrec.tools.answer_cache import AnswerCache
from convrec.tools.errors import SettingsError
from convrec.tools.index import build_index
from convrec.tools.storage import Home
from fakes import HashEncoder
from model_stage import BreakingChat, chat, fallbacks, step
from talk_stage import TEA_ITEMS, TEAS, check_guarantees, index_of

SERVER, OTHER = "http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"
AGENTS = {"understand", "clarify", "answer", "retrieve", "nli", "summarize", "rank", "respond", "remember"}
GREEN_TEA = {"act": "request", "wants": [{"attribute": "kind", "values": ["green"], "strength": "must"}]}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("CONVREC_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_LLM__DISCOVER", "false")
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))


def llm(**values: Any) -> Settings:
    return load_settings(llm=values)


def opened(settings: Settings) -> Thinking:
    thinking = open_thinking(settings).thinking
    assert thinking is not None
    return thinking


def test_without_a_model_nothing_thinks_and_that_is_told() -> None:
    nothing = open_thinking(llm())
    assert (nothing.thinking, nothing.told) == (None, BUILT_IN)
    assert open_thinking(llm(model="none", base_url=SERVER)).thinking is None


def test_a_model_that_is_set_and_cannot_be_asked_is_told_with_its_reason() -> None:
    none = open_thinking(llm(model="gpt-4.1-mini"))
    assert none.thinking is None
    assert none.told.startswith(BUILT_IN)
    assert "no key for OpenAI" in none.told


def test_a_model_that_is_set_thinks_for_every_agent_and_is_told_with_its_effort() -> None:
    found = open_thinking(llm(model="qwen", base_url=SERVER, effort="high", ranking="vote"))
    assert found.thinking is not None
    assert (found.thinking.effort, found.thinking.ranking) == ("high", "vote")
    assert set(found.thinking.chats) == AGENTS == set(found.thinking.brains)
    assert len({id(c) for c in found.thinking.chats.values()}) == 1
    assert found.told.startswith("qwen at ")
    assert found.told.endswith(", high effort")
    assert "127.0.0.1:9" in found.told


def test_agents_with_models_of_their_own_ask_those() -> None:
    agents = {"rank": {"model": "big"}, "nli": {"base_url": OTHER, "model": "qwen"}, "respond": {"model": "none"}}
    chats = opened(llm(model="qwen", base_url=SERVER, agents=agents)).chats
    assert (chats["rank"].name, chats["understand"].name) == ("big", "qwen")
    assert "respond" not in chats
    assert chats["nli"] is not chats["understand"]
    assert chats["nli"].place != chats["understand"].place
    assert chats["answer"] is chats["understand"]


def test_one_agent_alone_may_have_a_model() -> None:
    found = open_thinking(llm(model="none", agents={"respond": {"model": "qwen", "base_url": SERVER}}))
    assert found.thinking is not None
    assert set(found.thinking.brains) == {"respond"}
    assert "models of single agents" in found.told


def test_a_cross_encoder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not on this machine"):
        open_thinking(llm(cross_encoder=str(tmp_path / "nowhere")))


def test_a_cross_encoder_judges_without_any_language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.tools.cross_encoder.CrossEncoderNli.check", lambda self: None)
    found = open_thinking(llm(cross_encoder="some/nli"))
    assert found.thinking is not None
    assert {a: b.name for a, b in found.thinking.brains.items()} == {"nli": "some/nli"}
    assert found.told == f"{BUILT_IN}, and some/nli"


def test_a_turns_limits_are_the_settings_within_the_effort() -> None:
    setup = make_setup(load_settings(llm={"model": "qwen", "base_url": SERVER}, turn={"max_tokens": 7000}))
    assert (setup.limits.max_calls, setup.limits.max_tokens) == (3, 7000)
    assert (setup.effort, setup.cache) == ("medium", None)
    assert make_setup(load_settings(turn={"max_calls": 9})).limits.max_calls == 9


def test_answers_are_kept_where_the_settings_say_so() -> None:
    setup = make_setup(load_settings(llm={"model": "qwen", "base_url": SERVER, "cache": True}))
    assert isinstance(setup.cache, AnswerCache)
    assert {b.chat.cache for b in setup.brains.values() if b.chat} == {setup.cache}


def test_no_key_is_told() -> None:
    found = open_thinking(llm(model="qwen", base_url=SERVER, api_key="sk-very-secret"))
    assert "sk-very-secret" not in f"{found} {found.told}"


@pytest.fixture
def teas(home: Home, encoder: HashEncoder) -> Path:
    """A data folder with the teas."""
    build_index(home, "teas", TEA_ITEMS, TEAS, encoder=encoder.name)
    return home.folder


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
async def test_a_recommender_asks_the_chat_model_that_it_is_given(teas: Path, effort: str) -> None:
    model = chat(Understanding=GREEN_TEA)
    settings = load_settings(home=teas, catalogue="teas", llm={"effort": effort})
    async with Recommender(settings=settings, model=model) as recommender:
        assert recommender.brain == f"a model given by the caller, {effort} effort"
        answer = await recommender.reply("a green tea")
    check_guarantees(answer, Wish(), index_of("teas"))
    assert step(answer, "respond").brain == "ShapedChat"
    assert answer.usage.calls == len(model.asked)
    assert not fallbacks(answer)


async def test_a_model_that_is_given_comes_before_every_setting(teas: Path) -> None:
    agents = {"respond": {"model": "none"}, "nli": {"model": "other", "base_url": OTHER}}
    settings = load_settings(home=teas, catalogue="teas", llm={"model": "qwen", "base_url": SERVER, "agents": agents})
    async with Recommender(settings=settings, model=chat(Understanding=GREEN_TEA)) as recommender:
        answer = await recommender.reply("a green tea")
    assert {s.brain for s in answer.steps if s.calls} == {"ShapedChat"}


async def test_a_given_model_that_breaks_leaves_the_built_in_agents(teas: Path) -> None:
    model = BreakingChat(said={"Understanding": OSError("gone"), "Judgement": "nonsense"}, words=0)
    async with Recommender("teas", home=teas, model=model) as recommender:
        answer = await recommender.reply("a green tea")
    check_guarantees(answer, Wish(), index_of("teas"))
    assert {"understand", "respond"} <= fallbacks(answer).keys()


HEAVY = ("langchain_openai", "openai", "torch", "transformers", "sentence_transformers")


def modules_after(code: str) -> set[str]:
    """Which heavy modules a fresh process has imported after some lines."""
    told = f"import sys\n{code}\nprint(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=100)
    return set(done.stdout.split())


def test_without_a_model_no_client_of_models_is_imported() -> None:
    made = "from convrec.app.build import make_setup\nfrom convrec.app.settings import load_settings\n"
    assert modules_after(f"{made}make_setup(load_settings(llm={{'model': 'none'}}))") == set()


def test_with_a_model_given_only_what_it_needs_is_imported() -> None:
    made = "from convrec.app.build import make_setup\nfrom convrec.app.settings import load_settings\n"
    given = "from convrec.tools.scripted_chat import ScriptedChat\n"
    assert modules_after(f"{made}{given}make_setup(load_settings(), model=ScriptedChat(script=['x']))") == set()


async def test_kept_answers_are_forgotten_after_keeping_was_switched_off(tmp_path: Path) -> None:
    place = Home(tmp_path).answers
    AnswerCache(place).put("key", "ann", "a secret wish")
    setup = make_setup(load_settings(home=tmp_path, llm={"model": "none"}))
    assert setup.cache is not None
    setup.cache.forget("ann")
    assert b"secret" not in place.read_bytes()


def test_no_cache_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    assert make_setup(load_settings(home=tmp_path, llm={"model": "none"})).cache is None
    assert not Home(tmp_path).answers.exists()
