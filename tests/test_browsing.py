import numpy as np
import pytest
from convrec.tools.asked_limits import parse_limit
from convrec.tools.browsing import facets, search_catalogue
from convrec.tools.errors import InputError
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of, small_index


@pytest.fixture
def teas() -> Index:
    return index_of("teas")


def test_without_a_query_the_best_known_come_first(games_index: Index) -> None:
    found = search_catalogue(games_index, limit=60)
    known = [games_index.catalogue.popularity[row] for row in found.rows]
    assert known == sorted(known, reverse=True)
    assert found.total == len(games_index.catalogue) == len(found.items)


def test_a_query_finds_by_words_and_by_meaning(teas: Index) -> None:
    found = search_catalogue(teas, "campfires", limit=3)
    assert found.items[0].id == "lapsang-souchong"
    assert found.total == len(teas.catalogue)


def test_pages_follow_one_another_without_gap_or_repeat(teas: Index) -> None:
    for query in ("", "sweet leaves"):
        pages = [search_catalogue(teas, query, offset=start, limit=5).items for start in range(0, 20, 5)]
        ids = [item.id for page in pages for item in page]
        assert len(ids) == len(set(ids)) == len(teas.catalogue)


def test_limits_hold_for_what_is_found_and_counted(teas: Index) -> None:
    found = search_catalogue(teas, "smoke", [parse_limit(teas, "kind:black")], limit=10)
    assert {item.attributes["kind"] for item in found.items} == {("black",)}
    assert found.total == 4
    with pytest.raises(InputError):
        search_catalogue(teas, limits=[parse_limit(teas, "kind:red")])


def test_facets_count_the_labels_and_span_the_numbers_of_what_was_found(teas: Index) -> None:
    every = {facet.name: facet for facet in facets(teas)}
    assert [(c.label, c.count) for c in every["kind"].choices][:2] == [("black", 4), ("green", 4)]
    assert (every["minutes"].low, every["minutes"].high, every["minutes"].unit) == (1.0, 5.0, "min")
    assert every["picked"].low == 2014.0
    found = search_catalogue(teas, limits=[parse_limit(teas, "kind:green")])
    green = {facet.name: facet for facet in facets(teas, found.rows, most=2)}
    assert [(c.label, c.count) for c in green["flavours"].choices] == [("grassy", 2), ("light", 2)]
    assert (green["minutes"].low, green["minutes"].high) == (1.0, 3.0)


def test_facets_of_nothing_have_nothing_to_choose_from(teas: Index) -> None:
    none = {facet.name: facet for facet in facets(teas, np.array([], dtype=np.int64))}
    assert none["kind"].choices == ()
    assert none["minutes"].low is None


def test_spellings_of_one_label_are_one_choice() -> None:
    schema = Schema(attributes=(Attribute(name="kind", kind="category"),))
    items = [
        Item(id=str(n), title=f"T{n}", attributes={"kind": (label,)}) for n, label in enumerate(("Red", "Red", "red"))
    ]
    (facet,) = facets(small_index("spelt", schema, items))
    assert [(c.label, c.count) for c in facet.choices] == [("Red", 3)]
