import re

import gradio as gr
import pytest
from convrec.app.pictures import Pictures
from convrec.app.ui.catalogue_tab import CatalogueHandlers, changed
from convrec.app.ui.pressed import Pressed
from convrec.app.ui.session import Session
from convrec.app.ui.shelf import PAGE, Looking, Shelf, shelf_html
from convrec.app.ui.view import View
from convrec.tools.asked_limits import AttributeLimit
from convrec.tools.browsing import Choice, Facet
from convrec.tools.schema import Schema
from test_ui import EVIL, evil_card, read
from ui_stage import StandIn


@pytest.fixture(scope="module")
def stand_in() -> StandIn:
    return StandIn(spare=60)


@pytest.fixture
def handlers(stand_in: StandIn) -> CatalogueHandlers:
    return CatalogueHandlers(stand_in)


@pytest.fixture
def session(stand_in: StandIn) -> Session:
    stand_in.calls.clear()
    return Session(user="u1", thread="t1")


def ask(act: str, value: str = "", **fields: str) -> gr.EventData:
    return gr.EventData(None, {"act": act, "value": value, "fields": fields})


def found(html: str) -> str:
    return read(re.findall(r'<p class="cr-found".*?</p>', html)[0]).words


async def test_the_whole_catalogue_is_shown_in_pages_with_what_can_be_chosen(
    handlers: CatalogueHandlers, session: Session
):
    html, looking = await handlers.show(None, session)
    reader = read(html)
    assert found(html) == "68 house plants, 1 to 24 shown"
    assert reader.acts().count("shelf.liked") == PAGE
    assert "West Africa" in reader.words
    assert 'placeholder="10"' in html
    assert "Page 1 of 3" in reader.words
    assert looking == Looking()


async def test_each_choice_narrows_and_can_be_taken_back(handlers: CatalogueHandlers, session: Session):
    html, looking, *talk = await handlers.change(None, session, ask("shelf.label", "light\nlow"))
    assert found(html).startswith("19 ")
    assert len(talk) == len(View._fields)
    assert all(piece == gr.skip() for piece in talk)
    html, looking, *_ = await handlers.change(looking, session, ask("shelf.span", "height", low="100", high=""))
    assert found(html).startswith("6 ") or int(found(html).split()[0]) < 19
    assert [limit.attribute for limit in looking.limits] == ["light", "height"]
    html, looking, *_ = await handlers.change(looking, session, ask("shelf.drop", "0"))
    assert [limit.attribute for limit in looking.limits] == ["height"]
    html, looking, *_ = await handlers.change(looking, session, ask("shelf.clear"))
    assert found(html).startswith("68 ")


async def test_a_search_brings_what_shares_its_words(handlers: CatalogueHandlers, session: Session):
    html, looking, *_ = await handlers.change(None, session, ask("shelf.find", query="feathery palm"))
    assert looking.query == "feathery palm"
    assert re.findall(r'<article class="cr-card" aria-label="([^"]*)"', html)[0] == "Parlour Palm"
    assert 'value="feathery palm"' in html


async def test_pages_follow_one_another_and_one_too_far_is_the_last(handlers: CatalogueHandlers, session: Session):
    html, looking, *_ = await handlers.change(None, session, ask("shelf.page", "2"))
    assert found(html) == "68 house plants, 49 to 68 shown"
    html, looking, *_ = await handlers.change(looking, session, ask("shelf.page", "9999"))
    assert looking.page == 2


async def test_a_limit_that_cannot_be_used_is_told_and_left_out(handlers: CatalogueHandlers, session: Session):
    for event in (
        ask("shelf.span", "height", low="tall", high=""),
        ask("shelf.span", "height", low="9", high="1"),
        ask("shelf.label", "light\nno such light"),
        ask("shelf.label", "nothing\nx"),
    ):
        html, looking, *_ = await handlers.change(None, session, event)
        assert "cr-fault" in html
        assert looking.limits == ()
        assert found(html).startswith("68 ")


async def test_a_like_counts_in_the_talk_and_shows_on_the_card(
    handlers: CatalogueHandlers, session: Session, stand_in: StandIn
):
    html, _, *talk = await handlers.change(None, session, ask("shelf.liked", "p1"))
    assert stand_in.calls == ["feedback p1 liked"]
    assert 'aria-label="Liked: Cast-Iron Plant"' in html
    assert "Cast-Iron Plant" in View(*talk).panel
    html, *_ = await handlers.change(None, session, ask("shelf.liked", "nothing"))
    assert "has no item" in html


@pytest.mark.parametrize(
    "asked",
    [Pressed("shelf.page", "-1"), Pressed("shelf.page", "x"), Pressed("shelf.page", "9" * 99), Pressed("shelf.drop", "x"),
     Pressed("shelf.label", ""), Pressed("shelf.label", "light"), Pressed("shelf.label", "x" * 101 + "\ny"),
     Pressed("shelf.span", "", {"low": "1"}), Pressed("shelf.span", "height"), Pressed("nonsense", "x")],
)  # fmt: skip
def test_what_a_browser_should_not_have_sent_changes_nothing(asked: Pressed):
    assert changed(Looking(), asked) == Looking()


def test_no_more_limits_are_taken_than_can_be_shown():
    looking = Looking()
    for number in range(50):
        looking = changed(looking, Pressed("shelf.label", f"light\n{number}"))
    assert len(looking.limits) == 20


def test_the_shelf_shows_every_word_of_a_catalogue_as_it_is():
    facets = [
        Facet(EVIL, EVIL, "category", choices=(Choice(EVIL, 3),)),
        Facet("n", EVIL, "number", unit=EVIL, low=1.5, high=2.0),
        Facet("d", "year", "date", low=1994.5, high=2000.0),
        Facet("none", "none", "number"),
    ]
    looking = Looking(EVIL, (AttributeLimit(attribute=EVIL, any_of=[EVIL]), AttributeLimit(attribute="n", low=EVIL)))
    html = shelf_html(Shelf(looking, [evil_card()], 1, facets), Schema(noun=EVIL, nouns=EVIL), Pictures(["*"]))
    reader = read(html)
    assert not {"script", "b", "a", "i"} & set(reader.tags)
    assert 'placeholder="1994"' in html
    assert 'placeholder="1.5"' in html


def test_where_nothing_fits_the_shelf_says_so():
    html = shelf_html(Shelf(Looking("xyz")), Schema())
    assert "Nothing fits" in html
    assert "shelf.clear" in html
