import re
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from convrec.agents.state import ThreadInfo
from convrec.app.serving.throttle import Throttle
from convrec.app.ui.events import Handlers
from convrec.app.ui.session import Session
from convrec.app.ui.talks import talks_html
from convrec.app.ui.times import when_html
from convrec.app.ui.view import View
from convrec.tools.errors import StoreError, TooManyError
from test_ui import EVIL, TYPED, last_view, press, read, talk_html
from ui_stage import DARK, StandIn

NOW = 1.8e9


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def handlers(stand_in: StandIn) -> Handlers:
    return Handlers(stand_in)


@pytest.fixture
def session() -> Session:
    return Session(user="u1", thread="t1")


async def opened(handlers: Handlers, user: str, talk: str = "", request: Any = None) -> View:
    shown = await handlers.open(user, talk, None, request)
    return View(*shown[:-1])


def ask(act: str, value: str = "", **fields: str) -> gr.EventData:
    return gr.EventData(None, {"act": act, "value": value, "fields": fields})


def titles(view: View) -> list[str]:
    return re.findall(r'data-act="talk.open" data-value="[^"]*" title="([^"]*)"', view.talks)


def named(name: str) -> Any:
    return SimpleNamespace(username=name)


async def test_a_talk_is_in_the_list_once_it_was_answered_and_marked_as_the_one_that_is_shown(
    handlers: Handlers, session: Session
):
    view = await last_view(handlers, session, "a dark corner")
    assert titles(view) == ["a dark corner"]
    assert 'aria-current="true"' in view.talks
    assert 'data-talk="t1"' in view.talks
    view = await handlers.restart(session)
    assert titles(view) == ["a dark corner"]
    assert 'aria-current="true"' not in view.talks
    assert 'data-talk=""' in view.talks


async def test_while_an_answer_grows_the_list_is_left_as_it_is(handlers: Handlers, session: Session):
    views = [view async for view in handlers.turn("hello", session, TYPED)]
    assert all(isinstance(view.talks, dict) for view in views[:-1])
    assert isinstance(views[-1].talks, str)


async def test_a_reload_brings_the_talk_back_as_it_was(handlers: Handlers, session: Session):
    before = await last_view(handlers, session, "a dark corner")
    user = session.user = "0" * 32
    handlers.recommender.kept[user, "t1"] = handlers.recommender.kept.pop(("u1", "t1"))  # pyright: ignore[reportAttributeAccessIssue]
    view = await opened(handlers, user, "t1")
    for words in ("a dark corner", "Cast-Iron Plant", "Does well in", "not toxic for pets", "Something smaller"):
        assert words in read(talk_html(view)).words
    assert view.panel == before.panel


async def test_undo_after_a_reload_takes_back_the_last_turn_that_was_kept(handlers: Handlers, stand_in: StandIn):
    user = "0" * 32
    first = Session(user=user, thread="t1")
    await last_view(handlers, first, "one")
    await last_view(handlers, first, "two")
    session = (await opened(handlers, user, "t1")).session
    assert [turn.kept_before for turn in session.turns] == [0, 1]
    shown = await handlers.deed(session, press("undo"))
    assert View(*shown[:-1]).box["value"] == "two"
    assert [exchange.text for exchange in stand_in.kept[user, "t1"].talk] == ["one"]
    await last_view(handlers, session, "", press("retry"))
    assert stand_in.calls[-2:] == ["undo", "astream one"]


@pytest.mark.parametrize("talk", ["t1", "gone", "../../x", "x" * 5000])
async def test_a_talk_of_another_user_or_of_nobody_is_not_shown(handlers: Handlers, session: Session, talk: str):
    await last_view(handlers, session, "a secret")
    view = await opened(handlers, "0" * 32, talk)
    assert "Let’s find" in talk_html(view)
    assert not view.notice["visible"]
    assert view.session.thread != talk
    view = await handlers.open_talk(view.session, ask("talk.open", talk))
    assert "a secret" not in talk_html(view)
    assert "There is no conversation" in view.notice["value"]


async def test_what_is_said_next_goes_to_the_talk_that_was_opened(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    await last_view(handlers, session, "one")
    await handlers.restart(session)
    await last_view(handlers, session, "two")
    view = await handlers.open_talk(session, ask("talk.open", "t1"))
    assert session.thread == "t1"
    assert "light: low" in view.panel
    await last_view(handlers, session, "three")
    assert [exchange.text for exchange in stand_in.kept["u1", "t1"].talk] == ["one", "three"]


async def test_an_answer_under_way_is_stopped_when_another_talk_is_opened(handlers: Handlers, session: Session):
    await last_view(handlers, session, "one")
    await handlers.restart(session)
    views = handlers.turn("two", session, TYPED)
    await anext(views)
    await handlers.open_talk(session, ask("talk.open", "t1"))
    async for view in views:
        assert "two" not in talk_html(view)
    assert [turn.ask.value for turn in session.turns] == ["one"]


async def test_a_talk_can_be_renamed(handlers: Handlers, session: Session):
    await last_view(handlers, session, "one")
    view = await handlers.change_talks(session, ask("talk.rename", "t1", text="Corners"))
    assert titles(view) == ["Corners"]
    view = await handlers.change_talks(session, ask("talk.rename", "t1", text=" "))
    assert "1 to 200 characters" in view.notice["value"]
    assert titles(view) == ["Corners"]


async def test_a_deleted_talk_is_gone_and_the_one_that_is_shown_makes_room(handlers: Handlers, session: Session):
    await last_view(handlers, session, "one")
    await handlers.restart(session)
    await last_view(handlers, session, "two")
    shown = session.thread
    view = await handlers.change_talks(session, ask("talk.delete", "t1"))
    assert titles(view) == ["two"]
    assert "two" in talk_html(view)
    view = await handlers.change_talks(session, ask("talk.delete", shown))
    assert titles(view) == []
    assert "Let’s find" in talk_html(view)


async def test_another_users_talk_can_be_neither_renamed_nor_deleted(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    await last_view(handlers, session, "mine")
    other = Session(user="u2")
    view = await handlers.change_talks(other, ask("talk.rename", "t1", text="yours"))
    assert "There is no conversation" in view.notice["value"]
    await handlers.change_talks(other, ask("talk.delete", "t1"))
    assert stand_in.kept["u1", "t1"].title == "mine"


async def test_a_private_talk_is_in_no_list_and_the_browser_is_not_told_to_bring_it_back(
    handlers: Handlers, session: Session
):
    await handlers.deed(session, press("private"))
    view = await last_view(handlers, session, "psst")
    assert titles(view) == []
    assert 'data-talk=""' in view.talks
    assert "gone when the page is loaded again" in read(view.talks).words


def test_the_list_escapes_titles_and_shows_only_so_many():
    talks = [ThreadInfo(thread=f'"{n}', title=EVIL, updated=NOW - n) for n in range(60)]
    reader = read(talks_html(Session("u"), talks, NOW))
    assert not {"img", "b", "a"} & set(reader.tags)
    assert reader.acts().count("talk.open") == 50
    assert reader.buttons[-1]["data-act"] == "talk.more"
    assert "Show 10 older" in reader.words
    asked = next(b for b in reader.buttons if b["data-act"] == "talk.delete")
    assert (asked["data-confirm"], asked["data-danger"], asked["data-value"]) == ("Delete", "true", '"0')
    assert EVIL in asked["data-told"]


async def test_more_of_a_long_list_is_shown_on_demand(handlers: Handlers, session: Session):
    await handlers.change_talks(session, ask("talk.more"))
    assert session.listed == 100


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (61, "1 min ago"), (7300, "2 h ago"), (86400, "1 day ago"), (3e5, "3 days ago"),
     (1.3e6, "2 weeks ago"), (-50, "just now")],
)  # fmt: skip
def test_when_something_was_is_told_in_words_of_every_time_zone(seconds: float, words: str):
    assert f">{words}</time>" in when_html(NOW - seconds, NOW)


def test_a_time_that_is_long_ago_or_no_time_is_told_too():
    assert ">15 Jan 2026</time>" in when_html(1768476789, NOW)
    assert when_html(1e20, NOW) == "at no known time"


async def test_conversations_that_cannot_be_read_are_a_notice_and_the_chat_goes_on(
    handlers: Handlers, session: Session, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*, user: str) -> list[ThreadInfo]:
        raise StoreError("The conversations cannot be read.", "Run convrec doctor.")

    monkeypatch.setattr(stand_in, "threads", broken)
    view = await last_view(handlers, session, "one")
    assert "cannot be read" in view.notice["value"]
    assert "Cast-Iron Plant" in talk_html(view)


async def test_the_session_of_who_is_signed_in_is_theirs_whatever_the_browser_sends(
    handlers: Handlers, stand_in: StandIn
):
    view = await opened(handlers, "0" * 32, request=named("anna"))
    assert view.session.user == "anna"
    assert "Signed in as anna" in read(view.talks).words
    assert 'href="logout"' in view.talks
    shown = await handlers.open("0" * 32, "", None, named("anna"))
    assert shown[-1] == gr.skip()
    # Another who is signed in sends anna's id of a session.
    annas: Session = view.session
    async for _ in handlers.turn("a secret", annas, TYPED, named("anna")):
        pass
    view = await handlers.restart(annas, named("bob"))
    assert view.session is not annas
    assert view.session.user == "bob"
    assert titles(view) == []
    for event in (press("undo"), press("forget"), ask("talk.delete", annas.thread)):
        await handlers.deed(annas, event, named("bob"))
        await handlers.change_talks(annas, event, named("bob"))
    assert [exchange.text for exchange in stand_in.kept["anna", annas.thread].talk] == ["a secret"]
    assert "forget None" in stand_in.calls
    # And one who is signed in no more is nobody's successor.
    assert (await handlers.restart(annas)).session.user != "anna"


async def test_who_is_signed_in_stays_so_after_forgetting(handlers: Handlers):
    session = (await opened(handlers, "", request=named("anna"))).session
    await last_view_of(handlers, session, "one")
    shown = await handlers.deed(session, press("forget"), named("anna"))
    assert (session.user, shown[-1]) == ("anna", gr.skip())
    assert titles(View(*shown[:-1])) == []


async def last_view_of(handlers: Handlers, session: Session, text: str) -> None:
    async for _ in handlers.turn(text, session, TYPED, named(session.user)):
        pass


async def test_one_who_has_had_enough_is_told_so_and_keeps_their_words(stand_in: StandIn, session: Session):
    admitted: list[str] = []

    def admit(user: str) -> None:
        admitted.append(user)
        if len(admitted) > 1:
            raise TooManyError("Too many requests.", "Wait a minute.", 60)

    handlers = Handlers(stand_in, admit=admit)
    await last_view(handlers, session, "one")
    view = await last_view(handlers, session, "two")
    assert "Too many requests." in view.notice["value"]
    assert view.box["value"] == "two"
    assert admitted == ["u1", "u1"]
    assert len(session.turns) == 1
    assert DARK.key in view.panel


async def test_one_with_too_many_turns_at_once_is_told_so_and_a_turn_is_let_go_of(stand_in: StandIn, session: Session):
    throttle = Throttle(100, 1)
    handlers = Handlers(stand_in, hold=throttle.turn)
    for text in ("one", "two"):
        await last_view(handlers, session, text)
    async with throttle.turn("u1"):
        view = await last_view(handlers, session, "three")
    assert "being answered already" in view.notice["value"]
    assert view.box["value"] == "three"
    assert [turn.state for turn in session.turns] == ["done", "done"]


async def test_what_a_button_should_not_have_sent_changes_nothing(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    for data in (None, "x", {"act": "talk.rename"}, {"act": 5, "value": [], "fields": "x"}):
        await handlers.change_talks(session, gr.EventData(None, data))
        assert (await handlers.save(session, gr.EventData(None, data)))[0] is None
    assert stand_in.calls == []
