from pathlib import Path
from typing import Any

import pytest
from convrec.app.judging import JUDGEMENTS, Judged, judge_run
from convrec.app.settings import Settings
from convrec.simulator.nouns import Dialogue, Goal, Persona, Round, SystemTurn, UserTurn
from convrec.simulator.plan import Plan
from convrec.simulator.runs import TRANSCRIPTS, read_records, write_records
from convrec.tools.chat import Chat
from convrec.tools.scripted_chat import ScriptedChat
from langchain_core.messages import BaseMessage
from model_stage import block


def dialogue(goal: str, text: str, system: str = "one", ending: Any = "gave up") -> Dialogue:
    rounds = (Round(user=UserTurn(text=text, act="inform"), system=SystemTurn(reply="Enjoy.")),)
    return Dialogue(
        system=system, goal=Goal(id=goal, persona=Persona(name="x")), rounds=rounds, ending=ending,
        fault="gone" if ending == "fault" else "",
    )  # fmt: skip


async def test_what_was_judged_is_kept_and_only_the_rest_is_judged_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    broken = True

    def judge(messages: list[BaseMessage], _: dict[str, Any]) -> Any:
        asked.append(talk := block(messages[1].text, "talk"))
        if "green" in talk and broken:
            return ConnectionError("gone")
        return {"reason": "So it went.", "score": 5 if "thanks" in talk else 2}

    chat = Chat(ScriptedChat(script=judge), "scripted", "", 2)
    monkeypatch.setattr("convrec.app.judging.open_chat", lambda *_: chat)
    held = [
        dialogue("a", "thanks"),
        dialogue("b", "green"),
        dialogue("c", "black", "two"),
        dialogue("d", "x", "two", "fault"),
    ]
    write_records(tmp_path / TRANSCRIPTS, held)
    plan, settings = Plan(systems=("one", "two"), judge=True), Settings(home=tmp_path)

    first = await judge_run(settings, plan, tmp_path)
    assert [m.counts["judgements failed"] for m in first] == [1, 0]
    assert [m.metrics["judged score"].value for m in first] == [5.0, 2.0]
    broken = False
    asked.clear()
    second = await judge_run(settings, plan, tmp_path)
    assert len(asked) == 1
    assert "green" in asked[0]
    assert [m.counts["judgements failed"] for m in second] == [0, 0]
    assert [m.metrics["judged score"].value for m in second] == [3.5, 2.0]
    assert [m.metrics["judged satisfied"].value for m in second] == [0.5, 0.0]
    kept = {one.dialogue: one.score for one in read_records(tmp_path / JUDGEMENTS, Judged)}
    assert kept == {"one|a|0": 5, "one|b|0": 2, "two|c|0": 2}
