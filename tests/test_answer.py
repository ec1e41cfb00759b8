import pytest
from convrec.agents.answer import answer
from convrec.agents.state import Preference, Question, Wish
from convrec.tools.limits import Limit
from talk_stage import bold_titles, index_of, labelled, ranged

TEAS = index_of("teas")


async def told(*items: str, wish: Wish | None = None, **question: str) -> str:
    return await answer(Question.model_validate({"items": items, **question}), wish or Wish(), TEAS)


async def test_a_fact_comes_from_the_catalogue() -> None:
    assert await told("sencha", attribute="minutes") == "The steeping time of **Sencha** (2023): 2 min."


async def test_what_the_catalogue_does_not_know_is_said() -> None:
    reply = await told("mystery-blend", attribute="minutes")
    assert "does not say" in reply
    assert bold_titles(reply) == {"Mystery Blend"}


@pytest.mark.parametrize(
    ("item", "words", "start"),
    [("sencha", "is it green?", "Yes"), ("sencha", "is it black?", "No"), ("assam-gold", "is it black tea?", "Yes")],
)
async def test_a_yes_or_no_question_is_answered_with_yes_or_no(item: str, words: str, start: str) -> None:
    assert (await told(item, attribute="kind", words=words)).startswith(start)


async def test_a_loose_label_that_is_absent_is_neither_yes_nor_no() -> None:
    reply = await told("sencha", attribute="flavours", words="is it smoky?")
    assert not reply.startswith(("Yes", "No"))
    assert "smoky" in reply


async def test_what_it_is_about_is_its_own_text() -> None:
    reply = await told("lapsang-souchong", kind="about")
    assert "Dried over burning pine. It tastes of campfires." in reply


async def test_an_item_without_text_is_told_by_its_facts() -> None:
    index = index_of("columns")
    item = index.catalogue.items[0]
    reply = await answer(Question(items=(item.id,), kind="about"), Wish(), index)
    assert bold_titles(reply) == {item.title}
    assert "col 1: bolt" in reply


async def test_a_question_about_the_text_quotes_the_passage() -> None:
    assert "It tastes of campfires." in await told("lapsang-souchong", words="does it taste of campfires?")


async def test_why_names_what_fits_what_is_missed_and_what_is_unsaid() -> None:
    campfire = Preference(limit=Limit(attribute=None, values=("moonlight",)), strength="prefer")
    wish = Wish(preferences=(labelled("kind", "green"), ranged("minutes", high=1, strength="prefer"), campfire))
    reply = await told("sencha", kind="why", wish=wish)
    assert "fits what you asked for: green" in reply
    assert "misses steeping time at most 1 min" in reply
    assert "moonlight" in reply


async def test_why_names_the_item_even_where_it_misses_everything() -> None:
    reply = await told("sencha", kind="why", wish=Wish(preferences=(ranged("minutes", high=1, strength="prefer"),)))
    assert bold_titles(reply) == {"Sencha"}


async def test_why_without_a_wish_is_honest() -> None:
    reply = await told("sencha", kind="why")
    assert "not told me much" in reply


async def test_a_comparison_by_a_number_names_the_extreme_and_all_values() -> None:
    reply = await told("sencha", "assam-gold", kind="compare", attribute="minutes", words="which takes longer?")
    assert reply.startswith("By steeping time it is **Assam Gold**")
    assert "2 min" in reply
    assert "5 min" in reply
    least = await told("sencha", "assam-gold", kind="compare", attribute="minutes", words="which is shorter?")
    assert least.startswith("By steeping time it is **Sencha**")


async def test_a_comparison_that_ends_in_a_draw_names_no_winner() -> None:
    reply = await told("sencha", "gyokuro", kind="compare", attribute="minutes", words="which is shorter?")
    assert not reply.startswith("By steeping time it is")


async def test_a_comparison_with_an_unknown_number_names_no_winner() -> None:
    reply = await told("sencha", "mystery-blend", kind="compare", attribute="minutes", words="which is shorter?")
    assert "unknown" in reply
    assert "it is **" not in reply


async def test_a_comparison_at_large_tells_of_each() -> None:
    reply = await told("sencha", "assam-gold", kind="compare")
    assert bold_titles(reply) == {"Sencha", "Assam Gold"}


async def test_no_more_than_three_items_are_told_of() -> None:
    reply = await told("sencha", "assam-gold", "hojicha", "gyokuro", kind="about")
    assert len(bold_titles(reply)) == 3
