from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from arena_stage import Speaker, arena_of
from convrec.app.arena_nouns import Answered, Battle, Round, Standing
from convrec.app.ui.arena_tab import VOTES, ArenaHandlers, ArenaView, arena_tab
from convrec.app.ui.battle import battle_html, standings_html, told_html
from convrec.app.ui.session import Session
from convrec.simulator.nouns import Estimate, Shown, SystemTurn
from convrec.tools.errors import CallError, TooManyError

EVIL = '<img src=x onerror=alert(1)> & "quotes" <b>bold</b> [a](javascript:alert(1))'
ANN = Session("ann")


class Named(Speaker):
    """Says its own reply."""

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        await super().turn(text, user=user, thread=thread)
        return SystemTurn(reply=EVIL, items=(Shown(id="sencha", title=EVIL, reason=EVIL),), options=(EVIL,))


@pytest.fixture
def speakers() -> dict[str, Speaker]:
    return {name: Speaker(name) for name in ("left-system", "right-system")}


@pytest.fixture
def handlers(tmp_path: Path, speakers: dict[str, Speaker]) -> ArenaHandlers:
    return ArenaHandlers(arena_of(tmp_path / "votes.jsonl", speakers), "tea")


async def said(handlers: ArenaHandlers, text: str, battle: Battle | None = None) -> list[ArenaView]:
    return [view async for view in handlers.say(text, battle, ANN)]


def active(view: ArenaView) -> list[bool]:
    return [update["interactive"] for update in (view.a, view.b, view.tie, view.bad)]


async def test_votes_become_active_with_the_first_answers_and_names_come_with_the_vote(handlers: ArenaHandlers) -> None:
    first = await handlers.show(None)
    assert active(first) == [False] * 4
    working, answered = await said(handlers, "A green tea")
    assert active(working) == [False] * 4
    assert working.box["interactive"] is False
    assert working.duel.count("Working on an answer") == 2
    assert active(answered) == [True] * 4
    assert answered.box == gr.update(value="", interactive=True)
    assert answered.duel.count("<article") >= 2
    assert "A green tea" in answered.duel
    assert "-system" not in answered.duel + answered.told
    voted = await handlers.vote("b", answered.battle)
    assert active(voted) == [False] * 4
    assert voted.again["variant"] == "primary"
    assert "You preferred B." in voted.told
    assert "left-system" in voted.told
    assert "right-system" in voted.told
    assert "1 vote so far" in voted.standings


async def test_after_a_vote_the_next_message_is_for_a_new_pair(handlers: ArenaHandlers) -> None:
    _, answered = await said(handlers, "Tea")
    voted = await handlers.vote("tie", answered.battle)
    again = await handlers.again(voted.battle)
    assert again.battle.id != voted.battle.id
    assert not again.battle.rounds
    _, third = await said(handlers, "Other tea", voted.battle)
    assert [r.text for r in third.battle.rounds] == ["Other tea"]


async def test_a_message_that_was_not_heard_stays_in_the_box(
    handlers: ArenaHandlers, speakers: dict[str, Speaker]
) -> None:
    for speaker in speakers.values():
        speaker.fault = CallError("secret address")
    _, failed = await said(handlers, "Tea")
    assert failed.box["value"] == "Tea"
    assert failed.notice["visible"] is True
    assert "Neither side answered" in failed.notice["value"]
    assert "secret" not in failed.notice["value"]
    (nothing,) = await said(handlers, "  ")
    assert nothing.battle is None


async def test_who_has_had_enough_is_told_so(tmp_path: Path, speakers: dict[str, Speaker]) -> None:
    def refuse(user: str) -> None:
        raise TooManyError(f"Slow down, {user}.")

    handlers = ArenaHandlers(arena_of(tmp_path / "votes.jsonl", speakers), "tea", refuse)
    _, refused = await said(handlers, "Tea")
    assert "Slow down, ann." in refused.notice["value"]
    assert not speakers["left-system"].opened


async def test_a_pair_that_was_dropped_is_told_of(handlers: ArenaHandlers) -> None:
    _, answered = await said(handlers, "Tea")
    await handlers.arena.pair(instead=answered.battle.id)
    late = await handlers.vote("a", answered.battle)
    assert "no longer open" in late.notice["value"]


async def test_words_of_systems_users_and_catalogues_are_shown_as_they_are(tmp_path: Path) -> None:
    handlers = ArenaHandlers(arena_of(tmp_path / "votes.jsonl", {EVIL: Named(EVIL), "y": Named("y")}), EVIL)
    _, answered = await said(handlers, EVIL)
    voted = await handlers.vote("a", answered.battle)
    for html in (answered.duel, voted.told, voted.standings):
        assert "<img" not in html
        assert "<b>bold" not in html
    assert "&lt;img" in answered.duel
    assert "&lt;img" in voted.standings


def test_a_side_without_an_answer_and_near_misses_are_told_in_words() -> None:
    battle = Battle(id="x", rounds=(Round(text="Tea", a=Answered(failed=True), b=Answered(reply="Nothing fits.")),))
    html = battle_html(battle, "tea")
    assert "No answer came from this side." in html
    assert "Nothing fits." in html
    assert "Not both have answered yet." in told_html(battle)


def test_standings_show_intervals_and_who_has_no_votes() -> None:
    rated = Standing(system="x", wins=3, losses=1, ties=2, rating=Estimate(value=1_041.6, low=980, high=1_103, n=6))
    html = standings_html((rated, Standing(system="y")))
    assert "<td>1,042</td><td>980 to 1,103</td><td>6</td><td>3</td><td>1</td><td>2</td>" in html
    assert "no votes yet" in html


async def test_the_tab_can_be_built_in_a_page_and_no_event_of_it_is_an_endpoint(handlers: ArenaHandlers) -> None:
    with gr.Blocks() as page:
        session = gr.State(None)
        with gr.Tab("Arena"):
            arena_tab(handlers.arena, session)
    labels = {block.value for block in page.blocks.values() if isinstance(block, gr.Button)}
    assert labels >= {*VOTES.values(), "Next pair"}
    assert {function.api_visibility for function in page.fns.values()} == {"private"}
    targets: list[Any] = [target for function in page.fns.values() for target in function.targets]
    assert "select" in {event for _, event in targets}
