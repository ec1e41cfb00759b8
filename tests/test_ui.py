import asyncio
import json
import re
from html.parser import HTMLParser
from typing import Any

import gradio as gr
import pytest
from convrec.agents.state import Card, Preference, Step, Usage, Verdict, Wish
from convrec.app.pictures import Pictures
from convrec.app.ui import build_page
from convrec.app.ui.bridge import BRIDGE
from convrec.app.ui.cards import card_grid, card_html, verdict_list
from convrec.app.ui.conversation import take_turn
from convrec.app.ui.events import Handlers
from convrec.app.ui.markup import prose, safe, safe_link
from convrec.app.ui.page import STYLES
from convrec.app.ui.panel import panel_html, preference_words
from convrec.app.ui.session import Ask, Session, Turn, known_or_new
from convrec.app.ui.steps import live_line, steps_line
from convrec.app.ui.talk import answer_html, said_html, welcome_html
from convrec.app.ui.theme import theme
from convrec.app.ui.view import View
from convrec.tools.limits import Limit
from ui_stage import (
    BRAIN,
    BUILT_IN,
    BUILT_IN_STEPS,
    DARK,
    LOW,
    MODEL,
    NO_TOXIC,
    SCHEMA,
    STEPS,
    TROPICAL,
    StandIn,
    usage_of,
)

EVIL = "<img src=x onerror=alert(1)> & \"quotes\" 'n' <b>bold</b> [a](javascript:alert(1)) *stars*"


class Reader(HTMLParser):
    """What a browser would make of some HTML: its tags, its words, its buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.buttons: list[dict[str, str]] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = {name: value or "" for name, value in attrs}
        assert not [name for name in held if name.startswith("on")], f"a script in <{tag}>"
        if tag == "button":
            self.buttons.append(held)
        self.links += [held[name] for name in ("href", "src") if name in held]
        if tag not in ("img", "br", "path", "circle", "rect", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        self.words += data

    def acts(self) -> list[str]:
        return [button["data-act"] for button in self.buttons if "data-act" in button]


def read(html: str) -> Reader:
    reader = Reader(html)
    assert reader.open == []
    return reader


def press(act: str, value: str = "") -> gr.EventData:
    return gr.EventData(None, {"act": act, "value": value})


TYPED = gr.EventData(None, None)


def talk_html(view: View) -> str:
    return "".join(message["content"]["value"] for message in view.talk)


async def last_view(handlers: Handlers, session: Session, text: str, event: gr.EventData = TYPED) -> View:
    view: View | None = None
    async for view in handlers.turn(text, session, event):
        read(talk_html(view))
    assert view is not None
    return view


async def deed(handlers: Handlers, session: Session, act: str, value: str = "") -> View:
    shown = await handlers.deed(session, press(act, value))
    return View(*shown[: len(View._fields)])


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def handlers(stand_in: StandIn) -> Handlers:
    return Handlers(stand_in)


@pytest.fixture
def session() -> Session:
    return Session(user="u1", thread="t1")


def evil_card() -> Card:
    return Card(
        id='i"><script>',
        title=EVIL,
        facts={EVIL: EVIL},
        text=EVIL,
        url="javascript:alert(1)",
        image="data:text/html,<script>alert(1)</script>",
        reason=EVIL,
        verdicts=(Verdict(preference=EVIL, strength="must", label="entails", score=1, evidence=EVIL),),
    )


def test_every_character_of_a_text_is_shown_and_none_is_markup():
    assert read(safe(EVIL)).words == EVIL
    assert read(safe(EVIL)).tags == []


def test_invisible_control_characters_are_left_out():
    assert safe("a\x00b\u202ec") == "abc"


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JaVaScript:alert(1)", "data:text/html,x", "//x.example/a", "file:///etc/passwd", "http:",
     "/local", "", "http://[broken", "java\x00script:x"],
)  # fmt: skip
def test_a_link_that_is_not_http_is_dropped(address: str):
    assert safe_link(address) == ""


def test_a_link_with_quotes_cannot_leave_its_attribute():
    assert safe_link('https://x.example/"onload="x') == "https://x.example/&quot;onload=&quot;x"


def test_a_reply_names_titles_in_bold_even_where_they_hold_markup():
    html = prose("I would take A <b>B</b> *c* first.\n\nThen A.", ["A <b>B</b> *c*", "A"])
    assert html == (
        "<p>I would take <strong>A &lt;b&gt;B&lt;/b&gt; *c*</strong> first.</p><p>Then <strong>A</strong>.</p>"
    )


def test_a_title_inside_of_another_word_is_not_bold():
    assert "<strong>" not in prose("Aliens everywhere", ["Alien"])


def test_a_list_in_a_reply_is_a_list():
    html = prose("Two plants:\n\n- A palm\n- A <fern>\n\n1. first\nBye", ["A palm"])
    plants = "<ul><li><strong>A palm</strong></li><li>A &lt;fern&gt;</li></ul>"
    assert html == f"<p>Two plants:</p>{plants}<ol><li>first</li></ol><p>Bye</p>"


def test_bold_of_a_model_becomes_bold_once():
    assert prose("**Palm** and **more**") == "<p><strong>Palm</strong> and <strong>more</strong></p>"
    assert prose("**Palm** it is", ["Palm"]) == "<p><strong>Palm</strong> it is</p>"


def test_a_card_shows_facts_reason_and_verdicts_and_all_five_buttons():
    stage = StandIn()
    html = card_html(stage._card("p1"), 1, Wish(), "house plant")
    reader = read(html)
    for words in ("Cast-Iron Plant", "60 cm", "easy", "Does well in", "at most 100 cm", "About this house plant"):
        assert words in reader.words
    assert reader.acts() == ["liked", "disliked", "seen", "more", "why"]
    assert {button["data-value"] for button in reader.buttons} == {"p1"}
    assert all("Cast-Iron Plant" in button["aria-label"] for button in reader.buttons)


def test_a_card_of_a_hostile_catalogue_is_only_text():
    reader = read(card_grid((evil_card(),), Wish(), "<i>thing</i>", pictures=Pictures(["*"])))
    assert not {"script", "img", "b", "a", "i"} & set(reader.tags)
    assert reader.links == []
    assert reader.buttons[0]["data-value"] == 'i"><script>'


def test_a_picture_is_shown_only_from_a_host_that_is_allowed_and_without_a_referrer():
    card = evil_card().model_copy(update={"image": "https://img.example/a.png"})
    html = card_html(card, 1, Wish(), "item", Pictures(["img.example"]))
    assert read(html).links == ["https://img.example/a.png"]
    assert 'referrerpolicy="no-referrer"' in html
    assert read(card_html(card, 1, Wish(), "item", Pictures(["other.example"]))).links == []
    assert read(card_html(card, 1, Wish(), "item")).links == []


def test_feedback_given_is_visible_on_the_card():
    card = StandIn()._card("p1")
    pressed = {b["data-act"]: b["aria-pressed"] for b in read(card_html(card, 1, Wish(liked=("p1",)), "x")).buttons[:3]}
    assert pressed == {"liked": "true", "disliked": "false", "seen": "false"}
    assert "Seen:" in card_html(card, 1, Wish(seen=("p1",)), "x")


def test_a_verdict_says_in_words_what_its_mark_says():
    verdicts = tuple(
        Verdict(preference=f"wish {label}", strength="must", label=label, score=0, evidence="")
        for label in ("entails", "neutral", "contradicts")
    )
    words = read(verdict_list(verdicts)).words
    assert words == "Fits: wish entailsNot known: wish neutral not statedDoes not fit: wish contradicts"


def test_many_facts_fold_away():
    card = Card(id="a", title="A", facts={f"fact {n}": f"value {n}" for n in range(9)})
    html = card_html(card, 1, Wish(), "item")
    before, after = html.split("<details")
    assert "value 5" in before
    assert "value 6" in after


def step_words(html: str) -> list[str]:
    """What each part of the steps' HTML says: the head line, then a step each."""
    return [" ".join(read(part).words.split()) for part in re.findall(r"<summary>.*?</summary>|<li>.*?</li>", html)]


def test_the_steps_of_an_answer_fold_into_one_line_with_their_cost():
    usage = Usage(calls=2, prompt_tokens=1000, completion_tokens=46, cached=1, fallbacks=1, seconds=1.24)
    head = step_words(steps_line(list(STEPS), usage))[0]
    assert head == "How this was made 7 steps · 1.2 s · 2 model calls · 1,046 tokens · 1 from the cache · 1 fallback"


def test_each_step_says_which_model_was_asked_what_came_of_it_and_why_the_built_in_brain_took_over():
    _, understand, _, nli, *_, respond, _ = step_words(steps_line(list(STEPS), usage_of(STEPS)))
    asked = "2 calls · 1,630 → 146 tokens · asked twice"
    assert understand == f"Understood your words {MODEL} 412 ms 3 preferences, wants items · {asked}"
    assert nli.endswith("from the cache · 2 dropped")
    assert "1 call · 410 → 66 tokens · 1 dropped" in respond
    assert respond.endswith("Built-in took over: the model named an item that is not on the cards")
    several = Step(agent="nli", milliseconds=9, brain="m", calls=3, cached=2, repaired=2, dropped=1200)
    assert step_words(steps_line([several], Usage()))[1].endswith(
        "3 calls · 2 from the cache · 2 asked twice · 1,200 dropped"
    )


def test_a_step_says_in_a_hint_what_its_short_words_mean():
    html = steps_line(list(STEPS), usage_of(STEPS))
    assert 'title="1,630 tokens of prompt, 146 of answer">1,630 → 146 tokens<' in html
    assert re.search(r'title="[^"]*quotes that the item does not say[^"]*">2 dropped<', html)
    assert re.search(r'title="[^"]+">asked twice<', html)
    assert re.search(r'title="[^"]+">1 fallback<', html)


def test_where_no_model_is_asked_nothing_is_said_of_models():
    head, *steps = step_words(steps_line(list(BUILT_IN_STEPS), usage_of(BUILT_IN_STEPS)))
    assert head == "How this was made 7 steps · 57 ms"
    assert steps[0] == "Understood your words 12 ms 3 preferences, wants items"
    for word in ("call", "token", "cache", "fallback", "dropped", "took over"):
        assert word not in f"{head} {steps}"


def test_what_a_model_is_called_and_why_it_failed_is_only_text():
    hostile = Step(agent="nli", milliseconds=1, brain=EVIL, note=EVIL, calls=1, fallback=EVIL)
    reader = read(steps_line([hostile], Usage(calls=1, fallbacks=1)))
    assert not {"img", "b", "a"} & set(reader.tags)
    assert reader.words.count(EVIL) == 3


def test_steps_show_while_they_happen():
    assert "Reading your words" in live_line([], saying=False)
    words = read(live_line([Step(agent="retrieve", milliseconds=38, note="<8> found")], saying=False)).words
    assert "Checking what fits" in words
    assert "38 ms" in words
    assert "<8> found" in words


def test_preferences_are_grouped_by_what_is_wanted_and_each_can_be_removed():
    wish = Wish(preferences=(DARK, NO_TOXIC, LOW), liked=("p1",), seen=("p2",))
    html = panel_html(wish, SCHEMA, lambda item: f"title of {item}")
    reader = read(html)
    wanted, unwanted = html.split("You don’t want")
    assert "light: low" in wanted
    assert "height: at most 100 cm" in wanted
    assert "pets: toxic" in unwanted
    assert "title of p1" in reader.words
    assert "title of p2" in reader.words
    drops = [b for b in reader.buttons if b["data-act"] == "drop"]
    assert [b["data-value"] for b in drops] == [DARK.key, LOW.key, NO_TOXIC.key]
    assert drops[0]["aria-label"] == "Remove: light: low"


def test_an_empty_panel_says_what_it_is_for():
    assert "Nothing yet" in panel_html(Wish(), SCHEMA, str)


def test_a_preference_about_the_text_at_large_reads_as_its_phrase():
    phrase = Preference(limit=Limit(attribute=None, values=("slow & quiet",)), strength="prefer")
    gone = Preference(limit=Limit(attribute="no longer there", values=("x",)), strength="avoid")
    assert preference_words(phrase, SCHEMA) == "slow & quiet"
    assert preference_words(gone, SCHEMA) == "x"


def test_the_panel_escapes_words_and_keys():
    hostile = Preference(limit=Limit(attribute=None, values=(EVIL,)), strength="must", words=EVIL, lasting=True)
    reader = read(panel_html(Wish(preferences=(hostile,), liked=("a",)), SCHEMA, lambda _: EVIL))
    assert not {"img", "b"} & set(reader.tags)
    assert next(b for b in reader.buttons if b["data-act"] == "drop")["data-value"] == hostile.key


def test_what_a_user_says_is_shown_as_it_was_typed():
    assert EVIL in read(said_html(Turn(Ask("say", EVIL, EVIL)))).words


def test_the_welcome_speaks_of_the_catalogues_own_nouns():
    words = read(welcome_html("album", "albums", 1200, ("something calm",))).words
    assert "an album" in words
    assert "1,200 albums" in words
    assert "something calm" in words


def test_only_the_newest_turn_offers_quick_replies_and_undo():
    turn = Turn(Ask("say", "a", "a"), reply="b", suggestions=("more",), state="done")
    assert read(answer_html(turn, Wish(), "item", newest=True)).acts() == ["say", "retry", "undo"]
    assert read(answer_html(turn, Wish(), "item", newest=False)).acts() == []


def test_what_comes_nearest_is_set_apart_from_what_fits():
    turn = Turn(Ask("say", "a", "a"), reply="Nothing fits.", nearest=(StandIn()._card("p1"),), state="done")
    words = read(answer_html(turn, Wish(), "plant", newest=False)).words
    assert words.index("Near, but not what you asked for") < words.index("Cast-Iron Plant")


def test_a_browser_keeps_its_user_and_nobody_elses_words_become_one():
    user = known_or_new(None)
    assert known_or_new(user) == user
    assert known_or_new("../../etc") != "../../etc"
    assert len({known_or_new(""), known_or_new(None), known_or_new({"a": 1})}) == 3


async def test_a_reply_streams_in_and_ends_with_its_cards(handlers: Handlers, session: Session):
    replies = []
    async for turn in take_turn(handlers.recommender, session, Ask("say", "hi", "hi")):
        replies.append((turn.state, len(turn.steps), turn.reply, len(turn.cards)))
    assert replies[0] == ("working", 0, "", 0)
    assert ("working", 3, "", 0) in replies
    growing = [reply.strip() for _, _, reply, _ in replies]
    assert growing == sorted(growing, key=len)
    assert replies[-1][0] == "done"
    assert replies[-1][3] == 3


async def test_what_was_streamed_and_is_taken_back_leaves_the_reply(handlers: Handlers, session: Session):
    replies = []
    async for turn in take_turn(handlers.recommender, session, Ask("say", "hasty", "hasty")):
        replies.append(turn.reply)
    assert replies[replies.index("I would take the Invented Fern, ") + 1] == ""
    assert "Invented" not in replies[-1]
    assert not [reply for reply in replies if "Invented" in reply and "Cast-Iron" in reply]


async def test_the_box_is_cleared_once_and_the_stop_button_comes_and_goes(handlers: Handlers, session: Session):
    boxes = [view.box async for view in handlers.turn("hello", session, TYPED)]
    assert boxes[0]["value"] == ""
    assert (boxes[0]["stop_btn"], boxes[-1]["stop_btn"]) == (True, False)
    assert not [box for box in boxes[1:] if "value" in box]


async def test_an_empty_message_says_nothing(handlers: Handlers, session: Session, stand_in: StandIn):
    await last_view(handlers, session, "   ")
    assert stand_in.calls == []
    assert session.turns == []


async def test_a_second_message_waits_until_the_first_is_answered(handlers: Handlers, session: Session):
    first = handlers.turn("one", session, TYPED)
    await anext(first)
    await last_view(handlers, session, "two")
    assert [turn.ask.value for turn in session.turns] == ["one"]
    await first.aclose()


async def test_an_example_is_said_in_its_own_words(handlers: Handlers, session: Session, stand_in: StandIn):
    view = await last_view(handlers, session, "half a thought", press("say", "A plant my cat can chew on safely"))
    assert stand_in.calls[0] == "astream A plant my cat can chew on safely"
    assert "value" not in view.box


async def test_more_like_this_and_why_are_turns_of_their_own(handlers: Handlers, session: Session, stand_in: StandIn):
    view = await last_view(handlers, session, "", press("more", "p1"))
    assert "More like Cast-Iron Plant" in talk_html(view)
    view = await last_view(handlers, session, "", press("why", "p1"))
    assert "Why Cast-Iron Plant?" in talk_html(view)
    assert stand_in.calls == ["more_like p1", "why p1"]


async def test_an_item_that_is_not_there_is_a_notice(handlers: Handlers, session: Session):
    view = await last_view(handlers, session, "", press("more", "<nothing>"))
    assert "has no item" in view.notice["value"]
    assert view.notice["visible"]
    assert session.turns == []


async def test_feedback_shows_on_the_card_and_in_the_panel(handlers: Handlers, session: Session):
    await last_view(handlers, session, "hi")
    view = await deed(handlers, session, "liked", "p1")
    assert 'aria-label="Liked: Cast-Iron Plant"' in talk_html(view)
    assert "Liked</h3>" in view.panel
    view = await deed(handlers, session, "disliked", "p1")
    assert "Liked</h3>" not in view.panel


async def test_a_chip_takes_its_preference_away(handlers: Handlers, session: Session, stand_in: StandIn):
    view = await last_view(handlers, session, "hi")
    assert "light: low" in view.panel
    view = await deed(handlers, session, "drop", DARK.key)
    assert "light: low" not in view.panel
    assert stand_in.calls[-1] == f"drop {DARK.key}"


async def test_an_act_that_the_page_does_not_know_does_nothing(handlers: Handlers, session: Session, stand_in: StandIn):
    await deed(handlers, session, "accepted", "p1")
    await handlers.deed(session, gr.EventData(None, "nonsense"))
    assert stand_in.calls == []


async def test_undo_takes_the_turn_back_and_gives_the_words_back(handlers: Handlers, session: Session):
    await last_view(handlers, session, "one")
    await last_view(handlers, session, "two")
    view = await deed(handlers, session, "undo")
    assert view.box["value"] == "two"
    assert [turn.ask.value for turn in session.turns] == ["one"]


async def test_retry_asks_the_same_again(handlers: Handlers, session: Session, stand_in: StandIn):
    await last_view(handlers, session, "one")
    await last_view(handlers, session, "", press("retry"))
    assert stand_in.calls == ["astream one", "undo", "astream one"]
    assert len(session.turns) == 1


async def test_a_stopped_turn_is_marked_and_undone_without_touching_older_ones(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    await last_view(handlers, session, "one")
    views = handlers.turn("two", session, TYPED)
    for _ in range(3):
        await anext(views)
    await views.aclose()
    view = await handlers.stop(session)
    assert "You stopped this answer." in talk_html(view)
    await deed(handlers, session, "undo")
    assert "undo" not in stand_in.calls
    assert [turn.ask.value for turn in session.turns] == ["one"]


async def test_a_cancelled_turn_is_marked_as_stopped(session: Session):
    handlers = Handlers(StandIn(pause=30))
    task = asyncio.ensure_future(last_view(handlers, session, "slow"))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert session.turns[0].state == "stopped"


async def test_a_mendable_error_is_told_with_its_hint(handlers: Handlers, session: Session):
    words = read(talk_html(await last_view(handlers, session, "go offline"))).words
    assert "The language model does not answer." in words
    assert "convrec llm serve" in words
    assert session.turns[0].state == "failed"


async def test_a_bug_is_logged_in_full_and_told_without_its_insides(
    handlers: Handlers, session: Session, caplog: pytest.LogCaptureFixture
):
    words = read(talk_html(await last_view(handlers, session, "break"))).words
    assert "Something went wrong" in words
    assert "wire" not in words
    assert "a wire came loose" in caplog.text


async def test_a_message_that_is_too_long_is_given_back_with_the_reason(handlers: Handlers, session: Session):
    long = "x" * 3000
    view = await last_view(handlers, session, long)
    assert view.box["value"] == long
    assert "at most 2,000" in view.notice["value"]
    assert session.turns == []
    view = await last_view(handlers, session, "short")
    assert not view.notice["visible"]


async def test_a_new_chat_has_a_new_thread_and_the_same_user(handlers: Handlers, session: Session):
    await last_view(handlers, session, "one")
    view = await handlers.restart(session)
    assert session.thread != "t1"
    assert session.user == "u1"
    assert "Let’s find" in talk_html(view)


async def test_forgetting_deletes_the_user_and_starts_over_as_somebody_new(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    await last_view(handlers, session, "one")
    shown = await handlers.deed(session, press("forget"))
    assert stand_in.kept == {}
    assert shown[-1] == session.user != "u1"
    assert session.turns == []


async def test_two_tabs_of_one_browser_share_the_user_and_never_the_thread(handlers: Handlers):
    first, second = await handlers.open(None), await handlers.open(None)
    third = await handlers.open(first[-1])
    one, two, three = (View(*opened[:-1]).session for opened in (first, second, third))
    assert one.user == three.user != two.user
    assert len({one.thread, two.thread, three.thread}) == 3


def page_config(stand_in: StandIn) -> dict[str, Any]:
    # To be called where a loop runs: without one, Gradio makes a loop and never closes it.
    return dict(build_page(stand_in).get_config_file())


def brand(stand_in: StandIn) -> str:
    shown = (c["props"] for c in page_config(stand_in)["components"])
    return next(props["value"] for props in shown if "cr-brand" in (props.get("elem_classes") or ()))


async def test_the_page_builds_and_none_of_its_handlers_is_a_public_api(stand_in: StandIn):
    config = page_config(stand_in)
    assert len(config["dependencies"]) >= 5
    assert {d["api_visibility"] for d in config["dependencies"]} == {"private"}
    assert config["analytics_enabled"] is False


@pytest.mark.parametrize(
    ("brain", "short"),
    [(BRAIN, MODEL), (BUILT_IN, "the built-in agents"), ("tiny in this process, high effort", "tiny in this process")],
)
async def test_the_page_says_who_answers_and_a_narrow_one_says_it_in_short(brain: str, short: str):
    html = brand(StandIn(brain=brain))
    assert read(html).words.endswith(f"house plants, found in conversationAnswered by {brain}")
    assert f'Answered by {short}<span class="cr-more">' in html


async def test_who_answers_is_only_text():
    reader = read(brand(StandIn(brain=EVIL)))
    assert f"Answered by {EVIL}" in reader.words
    assert not {"img", "b", "a"} & set(reader.tags)


async def test_every_button_of_the_page_has_somewhere_to_go(stand_in: StandIn):
    bridge = next(c for c in page_config(stand_in)["components"] if c["props"].get("js_on_load"))
    assert bridge["props"]["js_on_load"] == BRIDGE
    for act in ("say", "more", "why", "retry", "undo", "talk.open"):
        assert f'"{act}"' in BRIDGE


async def test_nothing_of_the_page_is_fetched_from_elsewhere(stand_in: StandIn):
    look = (
        "".join(style.read_text(encoding="utf-8") for style in STYLES)
        + theme()._get_theme_css()
        + BRIDGE
        + json.dumps(page_config(stand_in), default=str)
    )
    for address in ("fonts.g", "cdn", "@import", "http://", "https://"):
        assert address not in look.replace("http://www.w3.org", "").lower()


async def test_a_turn_that_began_before_a_new_chat_does_not_come_back(handlers: Handlers, session: Session):
    views = handlers.turn("one", session, TYPED)
    await anext(views)
    await handlers.restart(session)
    async for view in views:
        assert "Let’s find" in talk_html(view)
    assert session.turns == []


def test_a_card_says_what_of_the_users_history_speaks_for_it_and_others_say_nothing():
    stage = StandIn()
    assert "Because you liked Parlour Palm" in read(card_html(stage._card("p1"), 1, Wish(), "x")).words
    assert "Because" not in card_html(stage._card("p2"), 1, Wish(), "x")
    assert EVIL in read(card_html(stage._card("p1").model_copy(update={"because": EVIL}), 1, Wish(), "x")).words


def test_a_remembered_preference_is_marked_and_can_be_set_aside_for_this_conversation():
    own, remembered = panel_html(Wish(preferences=(NO_TOXIC, TROPICAL)), SCHEMA, str).split("origin: Tropics", 1)
    assert "remembered for next time" in own
    assert ">remembered</span>" in remembered
    button = read(panel_html(Wish(preferences=(TROPICAL,)), SCHEMA, str)).buttons[0]
    assert (button["data-act"], button["data-value"]) == ("drop", TROPICAL.key)
    assert button["aria-label"] == "Set aside for this conversation: origin: Tropics"


def switch(view: View) -> tuple[str, bool]:
    """The private switch as it is shown: on or off, and whether it can be pressed."""
    button = read(view.private).buttons[0]
    assert (button["role"], button["data-act"]) == ("switch", "private")
    return button["aria-checked"], "aria-disabled" not in button


async def test_everything_said_and_done_with_the_switch_on_is_private(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    await last_view(handlers, session, "before")
    assert switch(await deed(handlers, session, "private")) == ("true", True)
    await deed(handlers, session, "liked", "p1")
    await deed(handlers, session, "drop", DARK.key)
    for act, value in (("say", "after"), ("more", "p1"), ("why", "p1")):
        await last_view(handlers, session, "", press(act, value))
    await deed(handlers, session, "undo")
    assert [call.endswith("in private") for call in stand_in.calls] == [False, *[True] * 6]


async def test_the_switch_turns_off_until_something_was_said_in_private_and_a_new_chat_begins_without(
    handlers: Handlers, session: Session, stand_in: StandIn
):
    await deed(handlers, session, "private")
    assert switch(await deed(handlers, session, "private")) == ("false", True)
    await last_view(handlers, session, "one")
    await deed(handlers, session, "private")
    assert switch(await last_view(handlers, session, "two")) == ("true", False)
    assert switch(await deed(handlers, session, "private")) == ("true", False)
    assert switch(await handlers.restart(session)) == ("false", True)
    await last_view(handlers, session, "three")
    assert stand_in.calls == ["astream one", "astream two in private", "astream three"]


async def test_where_the_settings_say_private_every_conversation_is_and_the_switch_stays_on(stand_in: StandIn):
    handlers = Handlers(stand_in, private=True)
    session: Session = (await handlers.open(None))[-2]
    assert switch(await last_view(handlers, session, "one")) == ("true", False)
    assert switch(await deed(handlers, session, "private")) == ("true", False)
    assert switch(await handlers.restart(session)) == ("true", False)
    assert switch(await deed(handlers, session, "forget")) == ("true", False)
    assert stand_in.calls[0] == "astream one in private"
