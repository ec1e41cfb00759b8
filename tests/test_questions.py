import pytest
from convrec.agents.state import Question, Wish
from talk_stage import read

FOCUS = ("alien-1979", "heat-1995")


async def asked(text: str, spoken: str | None = None) -> Question:
    got = await read(text, wish=Wish(focus=FOCUS, shown=FOCUS, spoken=spoken))
    assert got.question is not None, got.act
    assert not got.preferences
    return got.question


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("who directed the second one?", "directors"), ("how long is the second one?", "runtime"),
        ("when did the second one come out?", "year"), ("who is in the second one?", "cast"),
        ("is the second one ok for a ten year old?", "min_age"), ("how well rated is the second one?", "rating"),
        ("what genre is the second one?", "genres"), ("is the second one in French?", "languages"),
    ],
)  # fmt: skip
async def test_a_question_finds_its_attribute_and_its_item(text: str, attribute: str) -> None:
    question = await asked(text)
    assert (question.items, question.attribute, question.kind) == (("heat-1995",), attribute, "fact")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("what is the first one about?", "about"), ("why the first one?", "why"), ("tell me more about the first one", "about"),
     ("why did you pick the first one?", "why"), ("does the first one have a cat in it?", "fact")],
)  # fmt: skip
async def test_the_kind_of_a_question_is_told(text: str, kind: str) -> None:
    question = await asked(text)
    assert (question.items, question.kind) == (("alien-1979",), kind)


@pytest.mark.parametrize(
    "text", ["which is longer?", "which one is older?", "compare them", "is the first one longer than the second?"]
)
async def test_a_comparison_asks_about_both(text: str) -> None:
    question = await asked(text)
    assert question.kind == "compare"
    assert set(question.items) == set(FOCUS)


async def test_a_question_about_it_is_about_the_item_last_spoken_of() -> None:
    assert (await asked("who directed it?", spoken="heat-1995")).items == ("heat-1995",)
    assert (await asked("is it ok for kids?", spoken="heat-1995")).items == ("heat-1995",)


@pytest.mark.parametrize(
    "text", ["is there anything French?", "do you have something with Al Pacino?", "what should I watch tonight?"]
)
async def test_a_question_for_items_is_a_request(text: str) -> None:
    got = await read(text, wish=Wish(focus=FOCUS, shown=FOCUS))
    assert got.question is None
    assert got.act == "request"


async def test_a_question_about_a_film_that_was_not_shown_is_answered_about_it() -> None:
    got = await read("who directed Amelie?")
    assert got.question is not None
    assert (got.question.items, got.question.attribute) == (("amelie-2001",), "directors")
