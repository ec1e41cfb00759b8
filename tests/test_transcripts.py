import json

import pytest
from convrec.agents.state import Answer, Card, PastTurn, ThreadInfo
from convrec.app.pictures import Pictures
from convrec.app.transcripts import as_json, as_markdown, plain_markdown
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "[click](javascript:alert(1))",
    "[ref]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example and www.evil.example",
    "# Heading",
    "- [ ] task",
    "1. list",
    "2) list",
    "> quote",
    "---",
    "===",
    "```code```",
    "~~~",
    "~~gone~~",
    "**bold** _it_ `code`",
    "a | b\n--|--",
    "&lt;b&gt; &#106;avascript &copy;",
    "ends with a backslash \\",
    "\\<b>",
    "+ plus",
    "line\n# two",
    "\u202egnp.exe \u200b\x1b[31m",
]


def render(markdown: str) -> str:
    """Markdown as HTML, tables and struck-out words too."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)


def shown(words: str) -> str:
    """The words of a paragraph of HTML."""
    from html import unescape

    return unescape(words.removeprefix("<p>").rstrip().removesuffix("</p>"))


def a_card(title: str, **fields: object) -> Card:
    return Card(id=title[:20] or "x", title=title, **fields)  # type: ignore[arg-type]


def a_turn(text: str, reply: str = "Yes.", *cards: Card, nearest: tuple[Card, ...] = ()) -> PastTurn:
    return PastTurn(text=text, time=1_800_000_000.0, answer=Answer(reply=reply, items=cards, nearest=nearest))


@pytest.mark.parametrize("text", NASTY)
def test_what_a_user_says_is_shown_and_never_active(text: str) -> None:
    html = render(plain_markdown(text))
    tags = html.replace("<p>", "").replace("</p>", "")
    assert "<" not in tags, html
    wanted = "".join(c if c.isprintable() else " " for c in text)
    assert shown(html).split() == wanted.split()


@given(st.text())
def test_any_words_come_out_as_one_plain_paragraph(text: str) -> None:
    html = render(plain_markdown(text))
    assert html.count("<") in (0, 2)


@pytest.mark.parametrize("text", NASTY)
def test_nothing_in_a_conversation_is_markup_but_our_own(text: str) -> None:
    card = a_card(text, facts={text: text}, reason=text, url=text, image="https://evil.example/pixel.png")
    reply = f"{text} **{text}** and\n- **{text}** {text}"
    written = as_markdown(text, [a_turn(text, reply, card, nearest=(card,))])
    html = render(written)
    for tag in ("<script", "<img", "<a ", "<code", "<table", "<s>", "<em>", "<hr", "<h3", "<input"):
        assert tag not in html, html
    assert html.count("<h1>") == 1
    assert html.count("<h2>") == 2


def test_titles_on_cards_stay_bold_in_the_reply_and_nothing_else_does() -> None:
    turn = a_turn(
        "tea", "Try **Silver *Needle***, **now**:\n\n- **Silver *Needle*** – light", a_card("Silver *Needle*")
    )
    html = render(as_markdown("", [turn]))
    assert html.count("<strong>Silver *Needle*</strong>") == 3
    assert "<strong>now" not in html
    assert "<li><strong>" in html.replace("\n", "")
    assert "<h1>A conversation</h1>" in html


def test_only_http_links_are_links_and_they_stay_whole() -> None:
    good = a_card("Good", url="https://tea.example/a_(b)?x=1&copy;=2")
    bad = [a_card("Bad", url=url) for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x/y")]
    html = render(as_markdown("Tea", [a_turn("tea", "Yes.", good, *bad)]))
    assert html.count("<a ") == 1
    assert 'href="https://tea.example/a_%28b%29?x=1&amp;copy;=2"' in html


def test_pictures_are_left_out_unless_their_hosts_may_be_shown() -> None:
    card = a_card("Tea", image="https://img.example/a.png")
    assert "img.example" not in as_markdown("Tea", [a_turn("tea", "Yes.", card)])
    assert "img.example" not in as_markdown("Tea", [a_turn("tea", "Yes.", card)], Pictures(["other.example"]))
    assert '<img src="https://img.example/a.png"' in render(
        as_markdown("Tea", [a_turn("tea", "Yes.", card)], Pictures(["img.example"]))
    )


def test_json_holds_the_words_and_cards_without_whose_they_are() -> None:
    card = a_card("Tea", image="https://img.example/a.png", url="https://tea.example")
    turn = a_turn("tea", "Yes.", card)
    turn = turn.model_copy(update={"answer": turn.answer.model_copy(update={"user": "ann", "thread": "secret-id"})})
    written = as_json(ThreadInfo(thread="secret-id", title="Tea time", created=1.0, updated=2.0, turns=1), [turn])
    shared = json.loads(written)
    assert shared["title"] == "Tea time"
    assert shared["turns"][0]["text"] == "tea"
    assert shared["turns"][0]["items"][0]["title"] == "Tea"
    assert "img.example" not in written
    assert "ann" not in written
    assert "secret-id" not in written
