"""What clarifying questions are about, and what taste answers."""

import pytest
from convrec.simulator.users.answering import asked_about, option_of_taste
from talk_stage import index_of


@pytest.mark.parametrize(
    ("question", "options", "attribute"),
    [
        ("genres", (), "genres"),
        ("Genre", (), "genres"),
        ("hours", ("under 10 h", "10 to 30 h"), "hours"),
        ("Which one do you like?", ("Puzzle", "Racing", "Stealth"), "genres"),
        ("What platform do you have?", (), "platforms"),
        ("How much may it cost?", (), "price"),
        ("And what about the price?", (), "price"),
        ("Should it be a recent release?", (), None),
        ("When should it have been released?", (), "release_date"),
        ("Anything else?", (), None),
        ("", (), None),
        ("Shall we dance?", ("yes", "no"), None),
    ],
)
def test_questions_are_understood_by_name_by_words_and_by_options(
    question: str, options: tuple[str, ...], attribute: str | None
):
    found = asked_about(question, options, index_of("games").catalogue)
    assert (found.name if found else None) == attribute


def test_taste_chooses_the_option_that_most_liked_items_have():
    catalogue = index_of("teas").catalogue
    kind, flavours = catalogue.schema.attribute("kind"), catalogue.schema.attribute("flavours")
    liked = ["sencha", "gyokuro", "hojicha", "milk-oolong"]
    chosen = option_of_taste(kind, ("black", "green", "white"), liked, catalogue)
    assert chosen is not None
    assert (chosen.strength, chosen.limit.values) == ("prefer", ("green",))
    assert option_of_taste(flavours, ("smoky", "malty"), liked, catalogue) is None
    assert option_of_taste(kind, (), liked, catalogue) is None
    assert option_of_taste(kind, ("green",), (), catalogue) is None
    assert option_of_taste(catalogue.schema.attribute("minutes"), ("under 3",), liked, catalogue) is None
