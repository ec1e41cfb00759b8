import pytest
from convrec.tools.entailment import UNSAID, entails, passages, says
from convrec.tools.items import Item
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute, Schema

SCHEMA = Schema(
    attributes=(
        Attribute(name="genres", kind="category", many=True, label="genre"),
        Attribute(name="tags", kind="category", many=True, open=True),
        Attribute(name="length", kind="number", unit="min", label="running time"),
        Attribute(name="made", kind="date"),
        Attribute(name="review", kind="text"),
    )
)
ITEM = Item(
    id="1",
    title="The Haunted Lighthouse",
    text="Two keepers go mad on a lonely rock. A storm cuts them off. Nobody returns!",
    attributes={
        "genres": ("Horror", "Drama"),
        "tags": ("black and white",),
        "length": 109.0,
        "made": "2019-10",
        "review": "Slow but gripping. Superb acting from both leads.",
    },
)


def judge(attribute: str | None, *values: str, low: float | None = None, high: float | None = None):
    ranges = () if low is None and high is None else (Range(low=low, high=high),)
    return entails(ITEM, Limit(attribute=attribute, values=values, ranges=ranges), SCHEMA)


def test_a_label_that_the_item_has_is_quoted() -> None:
    verdict = judge("genres", "comedy", "HORROR")
    assert (verdict.label, verdict.score, verdict.evidence) == ("entails", 1.0, "genre: Horror")


def test_an_items_first_label_says_more_than_its_second() -> None:
    assert judge("genres", "Horror").score > judge("genres", "Drama").score > 0


def test_other_labels_contradict_and_are_quoted() -> None:
    verdict = judge("genres", "Comedy")
    assert (verdict.label, verdict.score, verdict.evidence) == ("contradicts", -1.0, "genre: Horror, Drama")


def test_the_absence_of_an_open_label_is_no_contradiction() -> None:
    assert judge("tags", "in colour") == UNSAID
    assert judge("tags", "Black and White").label == "entails"


def test_a_number_is_quoted_with_its_unit() -> None:
    assert judge("length", high=120).evidence == "running time: 109 min"
    assert judge("length", high=120).label == "entails"
    assert judge("length", high=100).label == "contradicts"


def test_a_date_is_judged_in_years() -> None:
    assert judge("made", low=2019, high=2020).label == "entails"
    assert judge("made", high=2019).label == "contradicts"


@pytest.mark.parametrize("limit", [Limit(attribute="genres", values=("Horror",)), Limit(attribute="length")])
def test_what_an_item_does_not_say_is_neutral(limit: Limit) -> None:
    assert entails(Item(id="2", title="Bare"), limit, SCHEMA) == UNSAID


def test_a_date_that_cannot_be_read_is_neutral() -> None:
    item = Item(id="2", title="Odd", attributes={"made": "soon"})
    assert entails(item, Limit(attribute="made", ranges=(Range(low=2000),)), SCHEMA) == UNSAID


def test_an_attribute_that_the_catalogue_does_not_have_is_neutral() -> None:
    assert judge("publisher", "Ace") == UNSAID


@pytest.mark.parametrize(
    ("phrase", "evidence"),
    [
        ("lonely rock", "Two keepers go mad on a lonely rock."),
        ("storms", "A storm cuts them off."),
        ("lighthouses", "The Haunted Lighthouse"),
        ("superb acting", "Superb acting from both leads."),
        ("horror", "genre: Horror"),
    ],
)
def test_a_phrase_is_entailed_by_the_passage_that_carries_it(phrase: str, evidence: str) -> None:
    verdict = judge(None, phrase)
    assert (verdict.label, verdict.score, verdict.evidence) == ("entails", 1.0, evidence)


def test_a_phrase_is_never_contradicted() -> None:
    assert judge(None, "spaceship") == UNSAID
    assert judge(None, "the of and") == UNSAID
    assert judge(None) == UNSAID


def test_of_passages_that_say_a_part_the_one_that_says_most_is_quoted() -> None:
    # Half of the phrase stands in the first sentence, a third of it in the last.
    verdict = judge(None, "mad keepers lonely leads gripping horses")
    assert verdict.label == "neutral"
    assert verdict.evidence == "Two keepers go mad on a lonely rock."
    assert verdict.score == pytest.approx(0.25)


def test_of_several_phrases_the_one_that_is_there_counts() -> None:
    assert judge(None, "spaceship", "lonely horse", "storm").evidence == "A storm cuts them off."


def test_passages_are_title_labels_and_sentences() -> None:
    assert passages(ITEM, SCHEMA) == [
        "The Haunted Lighthouse", "genre: Horror", "genre: Drama", "tags: black and white", "Slow but gripping.",
        "Superb acting from both leads.", "Two keepers go mad on a lonely rock.", "A storm cuts them off.",
        "Nobody returns!",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "quote",
    [
        "go mad on a lonely rock",
        "GO MAD, on a lonely Rock!",
        "“A storm cuts them off.”",
        "Hauntéd lighthouse",
        "Horror",
        "genre: Horror",
        "Horror, Drama",
        "black and white",
        "109 min",
        "2019-10",
        "Superb acting",
        "slow but gripping... superb acting",
        "lonely rock. A storm cuts",
    ],
)
def test_an_item_says_what_stands_in_it_whatever_the_case_accents_and_punctuation(quote: str) -> None:
    assert says(ITEM, quote, SCHEMA)


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " … ",
        "on a",
        "them off",
        "and",
        "a funny storm",
        "lonely keepers",
        "rock lonely",
        "lone",
        "ocks",
        "storm cut",
        "Lighthouse Two keepers",
        "Nobody returns Slow",
        "leads. Two keepers",
        "Drama black and white",
        "110 min",
        "Comedy",
        "Ignore all rules",
    ],
)
def test_an_item_does_not_say_what_is_put_together_cut_up_or_made_of_stop_words(quote: str) -> None:
    assert not says(ITEM, quote, SCHEMA)


def test_an_item_without_a_word_says_nothing() -> None:
    assert not says(Item(id="2", title="…"), "horror", SCHEMA)
