import asyncio
from typing import Any

import pytest
from convrec.tools.scripted_chat import ScriptedChat
from langchain_core.messages import BaseMessage, HumanMessage
from pydantic import BaseModel


class Tea(BaseModel):
    """A tea's colour."""

    colour: str


async def test_answers_come_in_order_and_the_last_one_again_and_again() -> None:
    model = ScriptedChat(script=["one", "two"])
    assert [(await model.ainvoke("?")).text for _ in range(4)] == ["one", "two", "two", "two"]


async def test_a_value_is_written_as_json() -> None:
    model = ScriptedChat(script=[Tea(colour="green"), {"colour": "noir"}])
    assert [(await model.ainvoke("?")).text for _ in range(2)] == ['{"colour":"green"}', '{"colour": "noir"}']


async def test_a_function_answers_by_the_messages_and_the_options() -> None:
    def answer(messages: list[BaseMessage], options: dict[str, Any]) -> str:
        return f"{messages[-1].text} {options.get('max_tokens')}"

    model = ScriptedChat(script=answer)
    assert (await model.ainvoke("hello")).text == "hello None"
    assert (await model.bind(max_tokens=5).ainvoke("hello")).text == "hello 5"


async def test_a_fault_is_raised_when_its_turn_comes() -> None:
    model = ScriptedChat(script=[ConnectionError("no"), "yes"])
    with pytest.raises(ConnectionError, match="no"):
        await model.ainvoke("?")
    assert (await model.ainvoke("?")).text == "yes"


async def test_a_fault_of_a_stream_is_raised_too() -> None:
    with pytest.raises(ConnectionError):
        _ = [c async for c in ScriptedChat(script=[ConnectionError("no")]).astream("?")]


async def test_what_was_asked_is_written_down() -> None:
    model = ScriptedChat(script=["yes"])
    await model.bind(max_tokens=5).ainvoke([HumanMessage("one")])
    _ = [c async for c in model.astream([HumanMessage("two")], temperature=1)]
    assert [[m.text for m in messages] for messages in model.asked] == [["one"], ["two"]]
    assert [o.get("max_tokens") for o in model.options] == [5, None]
    assert model.options[1]["temperature"] == 1


def test_each_model_writes_down_its_own() -> None:
    one, two = ScriptedChat(script=["yes"]), ScriptedChat(script=["yes"])
    one.invoke("?")
    assert (len(one.asked), len(two.asked)) == (1, 0)


async def test_told_of_tools_it_calls_the_first_with_the_json_that_it_says() -> None:
    model = ScriptedChat(script=[Tea(colour="green")])
    message = await model.bind_tools([Tea], tool_choice="Tea").ainvoke("?")
    (call,) = message.tool_calls
    assert (call["name"], call["args"], message.text) == ("Tea", {"colour": "green"}, "")
    message = await model.bind_tools([{"title": "Leaf", "properties": {}}]).ainvoke("?")
    assert message.tool_calls[0]["name"] == "Leaf"
    assert model.options[0]["tool_choice"] == "Tea"


async def test_told_of_tools_it_may_say_something_else() -> None:
    message = await ScriptedChat(script=["I would rather talk."]).bind_tools([Tea]).ainvoke("?")
    assert (message.text, message.tool_calls) == ("I would rather talk.", [])


async def test_a_stream_comes_word_by_word_with_its_end_and_its_count() -> None:
    chunks = [c async for c in ScriptedChat(script=["Sencha is green"]).astream("What colour?")]
    assert [c.text for c in chunks if c.text] == ["Sencha ", "is ", "green"]
    assert [c.response_metadata["finish_reason"] for c in chunks if "finish_reason" in c.response_metadata] == ["stop"]
    assert [c.usage_metadata["output_tokens"] for c in chunks if c.usage_metadata] == [3]


async def test_an_answer_has_its_end_and_its_count() -> None:
    message = await ScriptedChat(script=["Sencha is green"]).ainvoke("What colour is it?")
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata == {"input_tokens": 4, "output_tokens": 3, "total_tokens": 7}


async def test_many_may_ask_at_once() -> None:
    model = ScriptedChat(script=[str(n) for n in range(20)])
    said = await asyncio.gather(*(model.ainvoke("?") for _ in range(20)))
    assert sorted(int(m.text) for m in said) == list(range(20))


def test_it_answers_without_an_event_loop_too() -> None:
    assert ScriptedChat(script=["yes"]).invoke("?").text == "yes"
    assert "".join(c.text for c in ScriptedChat(script=["yes, well"]).stream("?")) == "yes, well"


async def test_langchains_structured_output_reads_it() -> None:
    model = ScriptedChat(script=[{"colour": "green"}])
    assert await model.with_structured_output(Tea).ainvoke("?") == Tea(colour="green")
