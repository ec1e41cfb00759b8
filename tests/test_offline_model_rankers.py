"""Histories ranked by a language model."""

import re

from convrec.simulator.nouns import Utterance
from convrec.simulator.offline.evaluating import rank_dataset
from convrec.simulator.offline.indexing import Shelf
from convrec.simulator.offline.model_rankers import ModelRanker
from convrec.simulator.offline.next_item import next_item_dataset, next_item_rankers
from convrec.tools.chat import Chat
from convrec.tools.errors import CallError
from convrec.tools.index import Index
from convrec.tools.scripted_chat import ScriptedChat
from fakes import HashEncoder
from langchain_core.messages import BaseMessage
from offline_stage import drinkers, tea_index
from talk_stage import TEA_ITEMS

LAST = '{"opening": "These.", "picks": [{"item": "c3", "why": "It suits."}]}'


def learnt() -> Index:
    return tea_index(drinkers().interactions)


async def test_the_model_orders_what_it_is_given_and_the_rest_follows() -> None:
    prompts: list[str] = []

    def answer(messages: list[BaseMessage], options: dict[str, object]) -> str:
        prompts.append("\n".join(m.text for m in messages))
        return LAST

    ranker = ModelRanker("plain_rag", learnt(), Chat(ScriptedChat(script=answer), "scripted"))
    candidates = ["sencha", "gyokuro", "silver-needle", "hojicha"]
    found = await ranker.rank_candidates(candidates, (), user="ann")
    read = re.search(r"<data candidates>\n(.*?)</data>", prompts[0], re.DOTALL)
    assert read
    lines = read[1].splitlines()
    assert sorted(found) == sorted(candidates)
    assert len(lines) == 4
    third = next(i for i in TEA_ITEMS if i.title in lines[2])
    assert found[0] == third.id
    assert "I had Keemun Hao." in prompts[0]


async def test_a_users_own_words_are_told() -> None:
    prompts: list[str] = []

    def answer(messages: list[BaseMessage], options: dict[str, object]) -> str:
        prompts.append("\n".join(m.text for m in messages))
        return LAST

    ranker = ModelRanker("plain_rag", learnt(), Chat(ScriptedChat(script=answer), "scripted"))
    talk = (Utterance(speaker="seeker", text="Too smoky.", items=("keemun-hao",)),)
    await ranker.rank(talk, 3, user="ann")
    assert "I had Keemun Hao. Too smoky." in prompts[0]


async def test_a_model_that_fails_is_a_fault_of_its_own_rankings_alone() -> None:
    def fail(messages: list[BaseMessage], options: dict[str, object]) -> str:
        raise CallError("The model did not answer.")

    chat = Chat(ScriptedChat(script=fail), "scripted")
    shelf = Shelf(next_item_dataset(drinkers(), count=5, limit=1), HashEncoder())
    found = [r async for r in rank_dataset(shelf, lambda index: next_item_rankers(index, chat=chat))]
    assert {r.system for r in found if r.fault} == {"plain_rag", "arag"}
    assert len(found) == 7
