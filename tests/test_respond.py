import pytest
from convrec.agents.respond import help_text, respond, small_talk, tell_miss, wish_in_words
from convrec.agents.state import Act, Mention, Miss, Pick, Preference, Understanding, Verdict, Wish
from convrec.agents.summarize import telling_sentence
from convrec.tools.limits import Limit
from talk_stage import bold_titles, index_of, labelled, prose_sentences, ranged, words_of

TEAS = index_of("teas")
GREEN = labelled("kind", "green")
ASK = Understanding(act="request")


async def told(
    *ids: str,
    wish: Wish | None = None,
    few: bool = False,
    said: Understanding = ASK,
    verdicts: tuple[Verdict, ...] = (),
) -> str:
    return await respond([Pick(item=i, verdicts=verdicts) for i in ids], said, wish or Wish(), TEAS, few)


async def test_a_reply_names_each_item_once_in_bold_with_its_year() -> None:
    reply = await told("sencha", "hojicha")
    assert bold_titles(reply) == {"Sencha", "Hojicha"}
    assert "**Sencha** (2023)" in reply


async def test_a_reply_counts_its_items_and_says_what_they_are_for() -> None:
    assert (await told("sencha", "hojicha", wish=Wish(preferences=(GREEN,)))).startswith("Two teas for green:")
    assert (await told("sencha", wish=Wish(preferences=(GREEN,)), few=True)).startswith("Only one tea fits green:")


async def test_a_reply_on_likes_says_so_and_one_on_nothing_too() -> None:
    assert "close to what you like" in await told("sencha", wish=Wish(seeds=("hojicha",)))
    assert "to begin with" in await told("sencha")


async def test_what_the_user_knows_or_refused_is_acknowledged() -> None:
    seen = Understanding(act="reject", mentions=(Mention(item="sencha", feeling="seen"),))
    refused = Understanding(act="reject", mentions=(Mention(item="sencha", feeling="rejected"),))
    assert "leave out what you know" in await told("hojicha", said=seen)
    assert "Understood" in await told("hojicha", said=refused)


async def test_what_the_catalogue_leaves_open_is_said_and_not_promised() -> None:
    open_one = Verdict(preference="steeping time under 2 min", strength="must", label="neutral", score=0.0)
    reply = await respond([Pick(item="mystery-blend", verdicts=(open_one,))], ASK, Wish(), TEAS, True)
    assert "does not say" in reply
    assert "steeping time under 2 min" in reply


async def test_the_reason_that_all_share_is_not_repeated_on_every_line() -> None:
    green = Verdict(preference="green", strength="must", label="entails", score=1.0, evidence="kind: green")
    assert "kind: green" not in await told("sencha", "hojicha", verdicts=(green,))
    assert "kind: green" in await told("sencha", verdicts=(green,))


async def test_what_an_item_misses_is_said_on_its_line() -> None:
    long = Verdict(
        preference="short", strength="prefer", label="contradicts", score=-1.0, evidence="steeping time: 2 min"
    )
    assert "though steeping time: 2 min" in await told("sencha", "hojicha", verdicts=(long,))


def test_the_sentence_that_shares_most_with_the_wish_is_chosen() -> None:
    item = TEAS.catalogue.item("lapsang-souchong")
    wish = Wish(preferences=(Preference(limit=Limit(attribute=None, values=("campfires",)), strength="prefer"),))
    assert telling_sentence(item, wish) == "It tastes of campfires"
    assert telling_sentence(item, Wish()) == "Dried over burning pine"
    assert telling_sentence(item.model_copy(update={"text": ""}), wish) == ""
    assert len(telling_sentence(item.model_copy(update={"text": "word " * 500}), wish)) <= 180


def test_a_wish_is_told_with_what_is_wanted_first() -> None:
    wish = Wish(preferences=(labelled("kind", "black", strength="must_not"), GREEN, ranged("minutes", high=2)))
    assert wish_in_words(wish.preferences, TEAS) == "green, steeping time at most 2 min, not black"


def test_a_miss_names_the_limit_the_number_and_the_nearest() -> None:
    wish = Wish(preferences=(GREEN, ranged("minutes", low=9)))
    miss = Miss(blocking="steeping time at least 9 min", key="k", without=4, nearest=("sencha", "hojicha", "gyokuro"))
    text = tell_miss(miss, wish, TEAS)
    assert "steeping time at least 9 min" in text
    assert "4 teas would fit" in text
    assert bold_titles(text) == {"Sencha", "Hojicha", "Gyokuro"}
    assert 1 <= prose_sentences(text) <= 5


def test_a_miss_that_no_single_limit_explains_asks_which_matters_least() -> None:
    wish = Wish(preferences=(GREEN, ranged("minutes", low=9)))
    text = tell_miss(Miss(blocking="green", key="k", without=0), wish, TEAS)
    assert text.endswith("?")
    assert "green" in text
    assert not bold_titles(text)


def test_one_item_that_would_fit_is_spoken_of_in_the_singular() -> None:
    text = tell_miss(Miss(blocking="green", key="k", without=1, nearest=("sencha",)), Wish(preferences=(GREEN,)), TEAS)
    assert "1 tea would fit" in text


def test_when_everything_was_shown_that_is_said() -> None:
    assert "every tea" in tell_miss(None, Wish(), TEAS)


@pytest.mark.parametrize("act", ["greet", "thanks", "bye", "help", "smalltalk", "reset", "accept", "unclear"])
def test_small_talk_is_short_and_in_the_catalogues_own_words(act: Act) -> None:
    for name in ("teas", "films", "columns"):
        text = small_talk(Understanding(act=act), Wish(), words_of(name))
        noun = words_of(name).catalogue.schema.noun
        assert noun in text.casefold()
        assert 1 <= prose_sentences(text) <= 5
        assert not bold_titles(text)


def test_what_was_not_understood_is_quoted() -> None:
    text = small_talk(Understanding(act="unclear", notes=("xqzzt",)), Wish(), TEAS)
    assert "xqzzt" in text


def test_another_script_is_told_that_english_is_read() -> None:
    text = small_talk(Understanding(act="unclear", notes=("我想喝茶",)), Wish(), TEAS)
    assert "English" in text


def test_help_gives_an_example_of_this_catalogue() -> None:
    assert "tea" in help_text(TEAS)
    assert "film" not in help_text(TEAS)


async def test_a_title_that_the_catalogue_does_not_have_is_said_to_be_unknown() -> None:
    unknown = Understanding(act="request", notes=("Earl Grey", "Rooibos", "Mate"))
    reply = await told("sencha", said=unknown)
    assert reply.startswith("I do not know “Earl Grey” or “Rooibos”.")
    assert "Mate" not in reply
    assert bold_titles(reply) == {"Sencha"}
