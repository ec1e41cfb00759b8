"""The whole catalogue in order for a dialogue so far."""

from collections.abc import Sequence

import numpy as np
import pytest
from convrec.agents.rank_catalogue import DISLIKED, SIGNALS, Heard, Said, Weights, hear, rank_catalogue, signals
from convrec.tools.catalogue import Catalogue
from convrec.tools.collaborative import fit_collaborative
from convrec.tools.index import Index
from convrec.tools.items import Interaction
from hypothesis import given, settings
from hypothesis import strategies as st
from talk_stage import index_of

TEAS = [item.id for item in index_of("teas").catalogue.items]


def own(text: str, *items: str) -> Said:
    return Said(own=True, text=text, items=items)


def theirs(text: str, *items: str) -> Said:
    return Said(own=False, text=text, items=items)


def alone(signal: str) -> Weights:
    """Weights by which one signal decides."""
    return Weights(**{name: float(name == signal) for name in SIGNALS})


def with_histories(*histories: Sequence[str]) -> Index:
    """The teas, with users who drank these."""
    plain = index_of("teas")
    drunk = [Interaction(user=f"u{n}", item=item) for n, history in enumerate(histories) for item in history]
    model = fit_collaborative(drunk, TEAS)
    catalogue = Catalogue("teas", plain.catalogue.schema, plain.catalogue.items, model.counts)
    return Index(catalogue, plain.encoder, plain.vectors, plain.lexical, model)


async def test_what_is_asked_for_stands_first_and_nothing_is_excluded() -> None:
    index = index_of("teas")
    ranked = await rank_catalogue([own("I'd like a green tea that is grassy")], index, 20)
    assert set(ranked) == set(TEAS)
    assert set(ranked[:2]) == {"sencha", "gyokuro"}


async def test_what_both_have_named_is_not_ranked() -> None:
    talk = [own("I loved Sencha"), theirs("Then try Gyokuro!"), own("Had it. What else?")]
    ranked = await rank_catalogue(talk, index_of("teas"), 20, without=frozenset(["hojicha"]))
    assert set(TEAS) - set(ranked) == {"sencha", "gyokuro", "hojicha"}


async def test_items_that_the_data_name_count_where_the_text_names_none() -> None:
    heard = await hear([theirs("How about that one?", "keemun-hao", "of no catalogue"), own("Hm")], index_of("teas"))
    assert dict(heard.named) == {"keemun-hao": 1.0}


async def test_a_message_without_words_says_nothing() -> None:
    heard = await hear([own(""), theirs("  "), own("\n")], index_of("teas"))
    assert heard == Heard()
    assert len(await rank_catalogue([], index_of("teas"), 5)) == 5


async def test_a_disliked_item_speaks_against_its_like() -> None:
    index = index_of("teas")
    heard = await hear([own("I hated Lapsang Souchong")], index)
    assert heard.named["lapsang-souchong"] == DISLIKED
    content = signals(heard, index)[SIGNALS.index("content")]
    liked = signals(Heard(named={"lapsang-souchong": 1.0}), index)[SIGNALS.index("content")]
    assert np.corrcoef(content, liked)[0, 1] == pytest.approx(-1.0)


async def test_what_the_seeker_takes_back_is_asked_for_no_more() -> None:
    talk = [own("Something smoky"), theirs("Sure"), own("Actually not smoky, floral")]
    ranked = await rank_catalogue(talk, index_of("teas"), 20, weights=alone("labels"))
    flavours = [index_of("teas").catalogue.item(item).labels("flavours") for item in ranked]
    assert all("floral" in each for each in flavours[:4])
    assert ranked == await rank_catalogue([own("Something floral")], index_of("teas"), 20, weights=alone("labels"))
    against = [own("Something floral"), theirs("Sure"), own("but nothing smoky")]
    refused = await rank_catalogue(against, index_of("teas"), 20, weights=alone("labels"))
    assert all("smoky" in index_of("teas").catalogue.item(item).labels("flavours") for item in refused[-3:])


async def test_items_alike_in_labels_follow_those_named() -> None:
    ranked = await rank_catalogue([own("I loved Silver Needle")], index_of("teas"), 3, weights=alone("likeness"))
    assert ranked[0] == "white-peony"


async def test_items_near_in_numbers_follow_those_named() -> None:
    ranked = await rank_catalogue([own("I loved Hojicha")], index_of("teas"), 12, weights=alone("nearness"))
    assert ranked.index("keemun-hao") < ranked.index("assam-gold")


async def test_company_tells_where_there_are_interactions() -> None:
    index = with_histories(*[["sencha", "assam-gold"]] * 5, *[["gyokuro", "milk-oolong"]] * 5)
    ranked = await rank_catalogue([own("I loved Sencha")], index, 3, weights=alone("company"))
    assert ranked[0] == "assam-gold"
    assert not signals(Heard(named={"sencha": 1.0}), index_of("teas"))[SIGNALS.index("company")].any()


async def test_a_history_counts_but_is_ranked_as_others_are() -> None:
    index = with_histories(*[["sencha", "assam-gold"]] * 5, *[["gyokuro", "milk-oolong"]] * 5)
    ranked = await rank_catalogue([], index, 20, history={"gyokuro": 1.0, "gone": 1.0}, weights=alone("company"))
    assert ranked[0] == "milk-oolong"
    assert "gyokuro" in ranked


async def test_what_is_better_known_comes_first_where_nothing_else_tells() -> None:
    index = with_histories(["keemun-hao"], ["keemun-hao"], ["sencha"])
    assert (await rank_catalogue([], index, 2))[:2] == ["keemun-hao", "sencha"]


async def test_of_a_long_talk_the_last_words_are_searched_with() -> None:
    talk = [own("oolong " * 200), own("and now a word about rice")]
    heard = await hear(talk, index_of("teas"))
    assert len(heard.text.split()) == 120
    assert heard.text.endswith("about rice")


async def test_any_catalogue_can_be_ranked_be_it_without_words() -> None:
    index = index_of("columns")
    ranked = await rank_catalogue([own("a zinc washer for outdoor use")], index, 5)
    assert len(ranked) == 5
    assert "zinc" in index.catalogue.item(ranked[0]).labels("x7")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.text(max_size=40)), max_size=4), st.integers(0, 30))
async def test_whatever_is_said_the_ids_are_the_catalogues_and_differ(said: list[tuple[bool, str]], k: int) -> None:
    talk = [Said(own=one, text=text) for one, text in said]
    ranked = await rank_catalogue(talk, index_of("teas"), k)
    assert len(ranked) == len(set(ranked)) <= k
    assert set(ranked) <= set(TEAS)
    assert ranked == await rank_catalogue(talk, index_of("teas"), k)
