import csv
import io
from typing import Any

import pytest
from convrec.tools.column_names import family_of, humanise, noun_of, plural, singular
from convrec.tools.errors import ImportFailedError
from convrec.tools.inference import infer_schema
from convrec.tools.schema import Attribute, Schema
from hypothesis import given
from hypothesis import strategies as st


def table(text: str, delimiter: str = ",") -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text.strip()), delimiter=delimiter))


def column(name: str, cells: list[Any], catalogue: str = "things") -> Attribute:
    """What is inferred of one column beside a title."""
    rows = [{"title": f"Thing {'abcdefghij'[n % 10] * (1 + n // 10)}", name: cell} for n, cell in enumerate(cells)]
    return infer_schema(rows, catalogue).attribute(name)


def ignored(name: str, cells: list[Any]) -> bool:
    rows = [{"title": f"Thing {'abcdefghij'[n % 10] * (1 + n // 10)}", name: cell} for n, cell in enumerate(cells)]
    return name in infer_schema(rows, "things").source.ignore


SHOP = """
Artikelnummer;Bezeichnung;Marke;Preis;Farben;Beschreibung;Link
A-100;Rucksack Alpin 45;Nordwand;"€ 1.299,00";Rot, Blau;<p>Ein Rucksack für lange Touren mit viel Platz und Komfort.</p>;https://s.example/1
A-101;Zelt Fjell;Nordwand;€ 249,50;Grün;<p>Ein leichtes Zelt für zwei, das in fünf Minuten steht.</p>;https://s.example/2
A-102;Kocher Piccolo;Flamma;€ 39,95;Silber, Rot;<p>Kleiner Kocher, der in jede Tasche passt und wenig wiegt.</p>;https://s.example/3
"""


def test_a_shop_with_foreign_headers_is_understood() -> None:
    schema = infer_schema(table(SHOP, ";"), "mein-laden")
    assert (schema.source.id, schema.source.title) == ("Artikelnummer", "Bezeichnung")
    assert (schema.source.text, schema.source.url) == (("Beschreibung",), "Link")
    assert schema.attribute("Marke").person
    assert schema.attribute("Farben").many
    assert (schema.attribute("Preis").measure, schema.attribute("Preis").unit) == ("price", "EUR")


def test_a_recipe_collection_is_understood() -> None:
    steps = [
        "Mix everything well until the batter is smooth and thin.",
        "Bake it in a hot pan on both sides until brown.",
    ]
    rows: list[dict[str, Any]] = [
        {
            "slug": "pancakes",
            "name": "Pancakes",
            "ingredients": ["flour", "milk"],
            "steps": steps,
            "cook_time": "PT30M",
        },
        {"slug": "dal", "name": "Dal", "ingredients": ["lentils", "onion"], "steps": steps, "cook_time": "PT1H15M"},
    ]
    for row, vegan in zip(rows, (False, True), strict=True):
        row |= {"vegan": vegan, "author": {"name": f"Ann {vegan}"}}
    schema = infer_schema(rows, "recipes")
    assert (schema.noun, schema.nouns, schema.source.id, schema.source.title) == ("recipe", "recipes", "slug", "name")
    assert schema.source.text == ("steps",)
    assert schema.attribute("ingredients").open
    assert (schema.attribute("cook_time").measure, schema.attribute("cook_time").unit) == ("duration", "min")
    assert schema.attribute("vegan").kind == "category"
    assert schema.attribute("author").person


def test_podcasts_whose_title_column_is_called_show_are_understood() -> None:
    rows = table("""
podcast_id,show,host,avg_duration_seconds,topics,explicit,last_episode,homepage,listeners
p1,Night Radio,Jo Fields,2730,"history, crime",no,"Jan 4, 2023",https://a.example,"1,200"
p2,Small Talk,Kim Dole; Ann Ray,1800,comedy,yes,"Mar 14, 2024",https://b.example,"34,000"
p3,Deep Sea,Lu Chen,3600,"science, history",no,"Dec 1, 2022",https://c.example,950
""")
    schema = infer_schema(rows, "podcasts")
    assert (schema.source.id, schema.source.title, schema.source.url) == ("podcast_id", "show", "homepage")
    assert schema.attribute("host").many
    assert schema.attribute("topics").many
    assert schema.attribute("last_episode").kind == "date"
    assert schema.attribute("avg_duration_seconds").unit == "s"
    assert schema.attribute("listeners").measure == "popularity"


def test_headers_that_mean_nothing_are_seen_through() -> None:
    schema = infer_schema(
        table("A|B|C|D\nZielony Dom|1994|dramat|12,5\nBiały Kot|2003|komedia|8,0\nCzarny Pies|2011|dramat|9,75", "|"),
        "zbiór",
    )
    assert (schema.source.title, schema.source.id, schema.noun) == ("A", "", "item")
    assert [(a.name, a.kind) for a in schema.attributes] == [("B", "date"), ("C", "category"), ("D", "number")]


def test_no_title_is_an_error_that_names_the_columns() -> None:
    with pytest.raises(ImportFailedError, match="a, b, c") as caught:
        infer_schema(table("a,b,c\n1,2,3\n4,5,6"), "numbers")
    assert "schema" in caught.value.hint


def test_other_titles_are_aliases() -> None:
    schema = infer_schema(table("id,title,original_title\n1,Mirror,Зеркало\n2,Stalker,Сталкер"), "films")
    assert schema.source.aliases == ("original_title",)


@pytest.mark.parametrize(
    ("name", "cells", "kind", "measure", "unit"),
    [
        ("runtime", [95, 120, 141], "number", "duration", "min"),
        ("track_length", ["3:45", "4:10", "2:59"], "number", "duration", "min"),
        ("duration_ms", [182000, 201000], "number", "duration", "ms"),
        ("price", ["$4.99", "Free To Play", "$19.99"], "number", "price", "USD"),
        ("weight_kg", ["1.5", "2", "0.7"], "number", "size", "kg"),
        ("stars", ["4.5 out of 5", "3 out of 5", "4 out of 5"], "number", "rating", ""),
        ("num_pages", ["312", "88"], "number", "length", "pages"),
        ("minplayers", [2, 1, 3], "number", "players", "players"),
        ("Required Age", [0, 18, 12], "number", "age", "years"),
        ("sales", ["1,200", "34,000"], "number", "popularity", ""),
        ("original_publication_year", ["2008.0", "-720.0", "1997.0"], "date", None, ""),
        ("release_date", ["Jan 4, 2018", "coming soon", "Q3 2019"], "date", None, ""),
        ("rating", ["PG-13", "R", "PG-13"], "category", None, ""),
        ("in_stock", [True, False, True], "category", None, ""),
        ("shelf_mark", ["3 cm", "7 cm", "12 cm"], "number", None, "cm"),
    ],
)
def test_a_column_is_given_its_kind_and_measure(
    name: str, cells: list[Any], kind: str, measure: str | None, unit: str
) -> None:
    found = column(name, cells)
    assert (found.kind, found.measure, found.unit) == (kind, measure, unit)


@pytest.mark.parametrize(
    ("name", "cells", "many"),
    [
        ("genres", ["Drama|War", "Drama", "War"], True),
        ("genre", ["Drama; War", "Drama", "War"], True),
        ("genres", ["['Drama', 'War']", "['Drama']", "[]"], True),
        ("genres", [[{"id": 1, "name": "Drama"}], [{"id": 2, "name": "War"}]], True),
        ("authors", ["J.K. Rowling, Mary GrandPré", "Suzanne Collins", "Neil Gaiman, Terry Pratchett"], True),
        ("author", ["Tolkien, J.R.R.", "Rowling, J.K.", "Austen, Jane"], False),
        ("developer", ["SmiteWorks USA, LLC", "Poolians.com", "Koei Co., Ltd."], False),
        ("made_in", ["Paris, France", "Lyon, France", "Rome, Italy"], False),
        ("farbe", ["rot, blau", "rot", "grün, blau, rot"], True),
    ],
)
def test_several_values_in_a_cell_are_seen(name: str, cells: list[Any], many: bool) -> None:
    found = column(name, cells)
    assert (found.kind, found.many) == ("category", many)


def test_loose_labels_are_open_and_closed_lists_are_not() -> None:
    assert column("tags", [["a", "b"], ["c"]]).open
    assert not column("genres", [["Drama", "War"], ["War"]]).open
    assert column("zutaten", [[f"z{n}", f"y{n}", f"x{n}"] for n in range(60)]).open
    assert not column("cast", [[f"Ann {n}", f"Bob {n}", f"Cem {n}"] for n in range(60)]).open


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("imdbId", ["0114709", "0113497"]),
        ("work_id", [2792775, 4640799]),
        ("ratings_3", [560092, 455024]),
        ("currency", ["EUR", "EUR"]),
        ("checks", [f"{n:032x}" for n in range(10**30, 10**30 + 30)]),
        ("nutrition", ["[51.5, 0.0, 13.0]", "[173.4, 18.0, 0.0]"]),
        ("raw", ['{"a": 1}', '{"b": 2}']),
        ("file", ["data/a/1.txt", "data/a/2.txt"]),
        ("nothing", ["", "n/a"]),
    ],
)
def test_columns_that_help_nobody_are_ignored(name: str, cells: list[Any]) -> None:
    rows = [
        {"key": f"k{n}", "title": f"Thing {chr(97 + n % 26) * (1 + n // 26)}", name: cell}
        for n, cell in enumerate(cells)
    ]
    assert name in infer_schema(rows, "things").source.ignore


def test_a_second_column_of_the_same_meaning_keeps_its_own_name() -> None:
    rows = table("title,ratings_count,work_ratings_count\nOne A,10,20\nTwo B,30,41\nOne C,7,8")
    first, second = infer_schema(rows, "books").attributes
    assert (first.label, first.shown) == ("number of ratings", True)
    assert (second.label, second.shown) == ("work rating count", False)


def test_years_come_first_on_a_card_and_hidden_columns_last() -> None:
    rows = [
        {"title": "One A", "price": 3, "director": "Ann Lee", "year": 1990, "genre": "War", "updated": "2020-01-01"}
    ]
    rows.append(
        {"title": "Two B", "price": 4, "director": "Bo Ek", "year": 1991, "genre": "Drama", "updated": "2020-01-02"}
    )
    assert [a.name for a in infer_schema(rows, "films").attributes] == ["year", "genre", "director", "price", "updated"]


def test_an_id_column_that_repeats_itself_tells_nothing_apart() -> None:
    assert infer_schema(table("id,title\n1,One A\n1,Two B\n1,Three C"), "x").source.id == ""
    assert infer_schema(table("id,sku,title\n1,x1,One A\n1,x2,Two B\n1,x3,Three C"), "x").source.id == "sku"


@pytest.mark.parametrize(
    ("name", "nouns"),
    [
        ("books", ("book", "books")),
        ("steam-games", ("game", "games")),
        ("goodbooks10k", ("book", "books")),
        ("my_shoes", ("shoe", "shoes")),
        ("catalogue", ("item", "items")),
        ("", ("item", "items")),
        ("ml-latest", ("movie", "movies")),
    ],
)
def test_the_name_tells_what_an_item_is_called(name: str, nouns: tuple[str, str]) -> None:
    found = noun_of(name, ("movieId",) if name.startswith("ml") else ())
    assert (found.one, found.several) == nouns


def test_names_are_read_in_every_spelling() -> None:
    assert singular("stories") == "story"
    assert plural("dish") == "dishes"
    assert humanise("original_publication_year") == "publication year"
    for name in ("numPages", "num_pages", "Num Pages", "NUM-PAGES".lower()):
        family = family_of(name)
        assert family is not None
        assert family.measure == "length"
    family = family_of("tmdb_top_cast")
    assert family is not None
    assert family.label == "actor"
    assert family_of("books_count") is None


CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.lists(st.text(max_size=5), max_size=3)
)


@given(st.lists(st.dictionaries(st.text(max_size=8), CELLS, max_size=5), min_size=1, max_size=12))
def test_any_table_has_a_schema_or_a_plain_error(rows: list[dict[str, Any]]) -> None:
    try:
        schema = infer_schema(rows, "things")
    except ImportFailedError:
        return
    names = [attribute.name for attribute in schema.attributes]
    assert len(set(names)) == len(names)
    assert Schema.model_validate(schema.model_dump()) == schema
    assert set(names) <= {name for row in rows for name in row}
