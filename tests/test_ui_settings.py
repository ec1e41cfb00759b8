import gradio as gr
import pytest
from convrec.app.ui.events import Handlers
from convrec.app.ui.session import Session
from convrec.app.ui.settings_tab import SettingsHandlers, settings_html
from convrec.app.ui.view import View
from test_ui import EVIL, last_view, press, read
from ui_stage import MODEL, StandIn, StandInMinds

USER = "0" * 32


@pytest.fixture
def minds() -> StandInMinds:
    return StandInMinds()


@pytest.fixture
def session() -> Session:
    return Session(user="u1", thread="t1")


def ask(**fields: str) -> gr.EventData:
    return gr.EventData(None, {"act": "settings.save", "value": "", "fields": fields})


async def test_the_models_and_efforts_stand_to_choose_from(minds: StandInMinds, session: Session):
    html = await SettingsHandlers(minds).show(session)
    for words in (f"As set: {MODEL}", "gemma3:4b", "built-in", "low", "medium", "high"):
        assert words in read(html).words


async def test_what_is_chosen_answers_from_the_next_message_on(minds: StandInMinds, session: Session):
    stand_in = StandIn()
    handlers = Handlers(stand_in, minds=minds)
    await last_view(handlers, session, "one")
    html, kept, _ = await SettingsHandlers(minds).change(session, ask(model="gemma3:4b", effort="high"))
    assert "Saved in this browser." in html
    assert kept == {"model": "gemma3:4b", "effort": "high", "private": False}
    await last_view(handlers, session, "two")
    await last_view(handlers, session, "", press("more", "p1"))
    await last_view(handlers, session, "", press("why", "p1"))
    assert [mind and (mind.name, mind.effort) for mind in stand_in.minds] == [None, *[("gemma3:4b", "high")] * 3]
    opened = await handlers.open(USER, "", kept)
    session = View(*opened[:-1]).session
    assert (session.model, session.effort) == ("gemma3:4b", "high")


async def test_a_model_that_there_is_not_is_refused_and_what_was_chosen_stays(minds: StandInMinds, session: Session):
    session.effort = "low"
    html, kept, _ = await SettingsHandlers(minds).change(session, ask(model="gpt-9", effort="high"))
    assert "There is no model" in html
    assert kept["effort"] == "low"


@pytest.mark.parametrize(
    "kept", [{"model": "gone"}, {"effort": 7}, {"model": ["x"]}, "nonsense", None, {"private": "yes"}]
)
async def test_what_a_browser_keeps_and_is_no_longer_so_is_passed_over(minds: StandInMinds, kept: object):
    opened = await Handlers(StandIn(), minds=minds).open(USER, "", kept)
    session = View(*opened[:-1]).session
    assert (session.model, session.effort, session.private) == ("", "", False)


async def test_every_new_conversation_begins_as_a_private_one_where_the_user_wants_it(
    minds: StandInMinds, session: Session
):
    handlers = Handlers(StandIn(), minds=minds)
    _, kept, _ = await SettingsHandlers(minds).change(session, ask(model="", effort="", private="yes"))
    assert (session.private, session.sealed) == (True, False)
    session = View(*(await handlers.open(USER, "", kept))[:-1]).session
    assert session.private
    await handlers.deed(session, press("private"))
    await handlers.restart(session)
    assert (session.private, session.sealed) == (True, False)


def test_where_only_the_built_in_agents_answer_the_tab_says_how_to_get_a_model():
    words = read(settings_html(Session("u"), ("built-in",))).words
    assert "without a language model" in words
    assert "convrec llm serve" in words


def test_where_all_is_private_there_is_nothing_to_choose_about_it():
    html = settings_html(Session("u"), ("built-in",), private=True)
    assert "checkbox" not in html
    assert "Every conversation here is private" in html


def test_models_names_are_only_text():
    html = settings_html(Session("u", model=EVIL), (EVIL, "built-in"))
    assert not {"img", "b", "a"} & set(read(html).tags)
