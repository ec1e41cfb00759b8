import json

import pytest
from convrec.app.ui.events import Handlers
from convrec.app.ui.session import Session
from test_ui import EVIL, last_view, press
from ui_stage import StandIn


@pytest.fixture
def handlers() -> Handlers:
    return Handlers(StandIn(picture="https://img.example/a.png"))


@pytest.fixture
def session() -> Session:
    return Session(user="u1", thread="t1")


async def test_the_talk_that_is_shown_is_saved_as_markdown_and_as_json(handlers: Handlers, session: Session):
    await last_view(handlers, session, f"a dark corner {EVIL}")
    file, notice, _ = await handlers.save(session, press("save.markdown"))
    assert file is not None
    assert file["name"].startswith("a-dark-corner")
    assert file["name"].endswith(".md")
    assert "Cast-Iron Plant" in file["text"]
    assert "<img" not in file["text"].replace("\\<", "")
    assert "img.example" not in file["text"]
    assert not notice["visible"]
    file, _, _ = await handlers.save(session, press("save.json"))
    assert file is not None
    assert json.loads(file["text"])["turns"][0]["reply"].startswith("For your dark corner")


async def test_a_private_talk_can_be_saved_too(handlers: Handlers, session: Session):
    await handlers.deed(session, press("private"))
    await last_view(handlers, session, "psst")
    file, _, _ = await handlers.save(session, press("save.markdown"))
    assert file is not None
    assert (file["name"], "psst" in file["text"]) == ("A-conversation.md", True)


async def test_everything_about_a_user_is_saved_and_nothing_of_others(handlers: Handlers, session: Session):
    await last_view(handlers, session, "mine")
    await last_view(handlers, Session(user="u2"), "theirs")
    file, _, _ = await handlers.save(session, press("save.everything"))
    assert file is not None
    assert json.loads(file["text"])["user"] == "u1"
    assert "mine" in file["text"]
    assert "theirs" not in file["text"]
