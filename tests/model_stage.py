"""What the tests of the model brains stand on: a chat that answers by the shape it is asked for, and turns with it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

from convrec.agents.brains import Budget, Model, TurnLimits
from convrec.agents.effort import Effort, Ranking, Thinking
from convrec.agents.recommender import Recommender
from convrec.agents.state import AgentName, Answer
from convrec.tools.chat import Chat
from convrec.tools.scripted_chat import ScriptedChat
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr
from talk_stage import check_guarantees, index_of, recommender

Said = str | dict[str, Any] | Exception
Line = Said | Sequence[Said] | Callable[[str], Said]
"""What is answered: always the same, one after another (the last again and again), or by the prompt."""

TEXT = "reply"
"""What stands for a shape where a text is asked for."""

AGENTS: tuple[AgentName, ...] = get_args(AgentName)

NOTHING_SAID: dict[str, Line] = {
    "Understanding": {"act": "request"},
    "Judgement": {"verdicts": [], "best": []},
    "Order": {"best": ["c1"]},
    "Elimination": {"worst": ["c1"]},
    "Summaries": {"summaries": []},
    "Question": {"question": "q1", "sentences": ["What would you like?"]},
    "Searches": {"enough": True, "searches": []},
    TEXT: lambda prompt: draft_in(prompt),
}


def draft_in(prompt: str) -> str:
    """The draft that a prompt holds, which is a right answer to it."""
    found = re.search(r"<data draft>\n(.*?)\n</data>", prompt, re.DOTALL)
    assert found
    return found[1]


class ShapedChat(ScriptedChat):
    """A chat model that answers each shape with what is said for it.

    Attributes:
        said: shape -> line; `TEXT` for what is streamed. Shapes that are not there are answered with as little as can be.
    """

    said: Mapping[str, Any] = {}
    script: Any = None
    _times: dict[str, int] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        self.script = self._answer

    def _answer(self, messages: list[BaseMessage], options: dict[str, Any]) -> Said:
        shape = shape_of(messages, options)
        line = {**NOTHING_SAID, **self.said}[shape]
        time = self._times[shape] = self._times.get(shape, -1) + 1
        if callable(line):
            return line("\n".join(m.text for m in messages))
        return line[min(time, len(line) - 1)] if isinstance(line, (list, tuple)) else line


def chat(**said: Line) -> ShapedChat:
    """A chat model that answers so."""
    return ShapedChat(said=said)


_FIRST_FIELDS = {
    "language": "Understanding", "verdicts": "Judgement", "best": "Order", "worst": "Elimination", "summaries": "Summaries",
    "question": "Question", "enough": "Searches",
}  # fmt: skip


def shape_of(messages: Sequence[BaseMessage], options: Mapping[str, Any]) -> str:
    """The name of the shape that a call asks for, by JSON schema, as a tool or in words."""
    if tools := options.get("tools"):
        return tools[0]["title"]
    if named := options.get("response_format", {}).get("json_schema"):
        return named["name"]
    told = messages[-1].text.partition("fits this JSON schema, and with nothing before or after it:\n")[2]
    return _FIRST_FIELDS[next(iter(json.loads(told)["properties"]))] if told else TEXT


def prompts(model: ScriptedChat, shape: str) -> list[str]:
    """All prompts that asked for a shape, system and user in one."""
    calls = zip(model.asked, model.options, strict=True)
    return ["\n".join(m.text for m in asked) for asked, options in calls if shape_of(asked, options) == shape]


def block(prompt: str, kind: str) -> str:
    """What stands between the data marks of that kind."""
    found = re.search(rf"<data {kind}>\n(.*?)\n</data>", prompt, re.DOTALL)
    assert found, (kind, prompt)
    return found[1]


def numbers(prompt: str, mark: str = "c") -> dict[str, str]:
    """The lines of a prompt that are numbered so, title or first words -> number."""
    found = re.findall(rf"^({mark}\d+) (.*?)(?:; |\. |$)", prompt, re.MULTILINE)
    return {title: number for number, title in found}


def handle(model: ScriptedChat, agent: AgentName = "understand", calls: int = 6) -> Model:
    """A model as one agent asks it, in a turn of its own."""
    return Model(Chat(model, "scripted"), Budget(TurnLimits(max_calls=calls)), agent)


def thinking(
    model: ScriptedChat, effort: Effort = "medium", ranking: Ranking = "listwise", encoder: Any = None
) -> Thinking:
    """All agents on one chat model."""
    return Thinking(dict.fromkeys(AGENTS, Chat(model, "scripted")), effort, ranking, encoder)


@asynccontextmanager
async def thinking_recommender(
    folder: Path, thought: Thinking, name: str = "teas", limits: TurnLimits | None = None
) -> AsyncIterator[Recommender]:
    """A recommender that thinks so."""
    async with recommender(folder, name, thought.brains, thought.within(limits or TurnLimits())) as opened:
        yield opened


async def turn(
    folder: Path,
    text: str,
    model: ScriptedChat,
    *before: str,
    effort: Effort = "medium",
    ranking: Ranking = "listwise",
    name: str = "teas",
    encoder: Any = None,
    limits: TurnLimits | None = None,
) -> Answer:
    """The checked answer to a message; what was said before it was answered by the built-in brains."""
    async with recommender(folder, name) as plain:
        for said in before:
            await plain.reply(said)
    thought = thinking(model, effort, ranking, encoder)
    async with thinking_recommender(folder, thought, name, limits) as opened:
        earlier = await opened.wish()
        answer = await opened.reply(text)
        check_guarantees(answer, earlier, index_of(name))
        return answer


def step(answer: Answer, agent: AgentName) -> Any:
    """What one agent did."""
    return next(s for s in answer.steps if s.agent == agent)


def fallbacks(answer: Answer) -> dict[str, str]:
    """Why built-in brains took over, by agent."""
    return {s.agent: s.fallback for s in answer.steps if s.fallback}


class HeldChat(ShapedChat):
    """Streams the first so many words of a reply, and the rest when it is let go."""

    words: int = 6
    _gate: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)

    def let_go(self) -> None:
        """Stream the rest."""
        self._gate.set()

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **options: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        if shape_of(messages, options) != TEXT:
            async for chunk in super()._astream(messages, *args, **options):
                yield chunk
            return
        for number, word in enumerate(re.findall(r"\S+\s*", self._next(messages, options))):
            if number == self.words:
                await self._gate.wait()
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))


class BreakingChat(ShapedChat):
    """Breaks off after so many words of a reply."""

    words: int = 6

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **options: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for number, word in enumerate(re.findall(r"\S+\s*", self._next(messages, options))):
            if number == self.words:
                raise ConnectionError("the line is dead")
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
