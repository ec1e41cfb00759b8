import json
import os
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from convrec.tools.errors import ImportFailedError, SchemaError
from convrec.tools.importing import Imported, read_catalogue
from convrec.tools.items import Interaction, Item, date_as_number
from convrec.tools.reading import Fault
from convrec.tools.schema import Attribute, Schema, Source

DATA = Path(os.environ.get("CONVREC_DATA", Path(__file__).parents[1].parent / "shared" / "data"))


def data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent; set CONVREC_DATA to the folder of research data")
    return path


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


FILMS = "id,title,year,genres,runtime\n1,Alien,1979,Horror|Sci-Fi,117\n2,Heat,1995,Crime,170\n"


def test_a_csv_becomes_items(tmp_path: Path) -> None:
    imported = read_catalogue(write(tmp_path, "films.csv", FILMS))
    assert imported.items[0] == Item(
        id="1", title="Alien", attributes={"year": "1979", "genres": ("Horror", "Sci-Fi"), "runtime": 117.0}
    )
    assert imported.schema.noun == "film"
    assert imported.faults == []


def test_a_row_without_a_title_is_reported_with_its_line(tmp_path: Path) -> None:
    imported = read_catalogue(write(tmp_path, "a.csv", FILMS + "3,,1990,Crime,90\n,Nobody,1990,Crime,90\n"))
    assert [item.id for item in imported.items] == ["1", "2"]
    assert imported.faults == [Fault(line=4, reason="has no title"), Fault(line=5, reason="has no id")]


def test_of_two_rows_with_one_id_the_first_wins(tmp_path: Path) -> None:
    more = "".join(f"{n},Film {n},1990,Crime,90\n" for n in range(3, 20))
    imported = read_catalogue(write(tmp_path, "a.csv", FILMS + more + "2,Cold,1990,Crime,90\n"))
    assert imported.items[1].title == "Heat"
    assert imported.faults == [Fault(line=21, reason="its id '2' stands already on line 3")]


def test_a_value_that_does_not_fit_is_unknown_and_told(tmp_path: Path) -> None:
    schema = read_catalogue(write(tmp_path, "a.csv", FILMS)).schema
    path = write(tmp_path, "b.csv", FILMS + "3,Cold,soon,Crime,abc\n4,Warm,some day,,\n")
    imported = read_catalogue(path, schema)
    assert imported.items[2].attributes == {"genres": ("Crime",)}
    assert [(fault.line, fault.reason) for fault in imported.faults] == [
        (4, "runtime: 'abc' is no number; left unknown"),
        (5, "year: 'some day' is no date; left unknown"),
    ]


def test_prose_is_plain_and_addresses_are_safe(tmp_path: Path) -> None:
    rows = [
        {"id": n, "title": f"<b>T{n}</b>", "description": "<p>One &amp; two.</p>\x07 Three four five.", "url": url}
        for n, url in enumerate(["https://a.example/1", "javascript:alert(1)", "//b.example/x", "www.c.example"] * 2)
    ]
    path = write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    schema = Schema(source=Source(id="id", title="title", text=("description",), url="url"))
    items = read_catalogue(path, schema).items
    assert items[0].title == "T0"
    assert items[0].text == "One & two. Three four five."
    assert [item.url for item in items[:4]] == [
        "https://a.example/1",
        "",
        "https://b.example/x",
        "https://www.c.example",
    ]


def test_ids_are_made_from_titles_where_there_are_none(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.csv",
        "title,genre\nThe Matrix,War\nThe Matrix,Drama\nThe Matrix 2,War\nЗеркало,War\nThe Matrix,War\n",
    )
    imported = read_catalogue(path)
    assert [item.id for item in imported.items] == ["the-matrix", "the-matrix-2", "the-matrix-2-2", "зеркало"]
    assert imported.faults == [Fault(line=6, reason="its id 'the-matrix' stands already on line 2")]


def test_yes_and_no_are_words(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "id,title,vegan\n1,One A,True\n2,Two B,false\n3,Three C,\n")
    assert [item.attributes for item in read_catalogue(path).items] == [{"vegan": ("yes",)}, {"vegan": ("no",)}, {}]


def test_a_schema_that_a_person_wrote_is_obeyed(tmp_path: Path) -> None:
    tags = Attribute(name="tags", kind="category", many=True)
    schema = Schema(source=Source(id="id", title="title"), attributes=(tags,))
    path = write(tmp_path, "a.csv", 'id,title,tags,rest\n1,A,"red, blue",x\n2,B,green,y\n')
    imported = read_catalogue(path, schema)
    assert imported.items[0].attributes == {"tags": ("red", "blue")}
    assert imported.schema is schema


@pytest.mark.parametrize(
    "schema",
    [
        Schema(source=Source(title="titel")),
        Schema(source=Source()),
        Schema(source=Source(title="title"), attributes=(Attribute(name="price", kind="number"),)),
    ],
)
def test_a_schema_for_another_file_is_refused_with_the_columns(tmp_path: Path, schema: Schema) -> None:
    with pytest.raises(SchemaError) as caught:
        read_catalogue(write(tmp_path, "a.csv", FILMS), schema)
    assert "genres" in caught.value.hint


@pytest.mark.parametrize("content", ["id,title\n", "id,title\n1\n2\n", 'id,title\n1,""\n2,\n'])
def test_a_file_without_a_usable_row_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ImportFailedError) as caught:
        read_catalogue(write(tmp_path, "a.csv", content))
    assert caught.value.hint


def test_a_second_spelling_of_a_title_is_an_alias(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'id,title,original_title\n1,"Dune (Dune Chronicles, #1)",Dune\n2,Mirror,Зеркало\n')
    assert [item.aliases for item in read_catalogue(path).items] == [("Dune",), ("Зеркало",)]


def test_joined_tables_add_columns_and_lists(tmp_path: Path) -> None:
    books = write(tmp_path, "books.csv", "book_id,title\n1,Emma Woodhouse\n2,Dune World\n")
    links = write(tmp_path, "book_tags.csv", "tag_id,book_id,count\n7,1,5\n8,1,50\n8,2,3\n9,3,1\nbad\n")
    tags = write(tmp_path, "tags.csv", "tag_id,tag_name\n7,classic\n8,to-read\n9,x\n")
    facts = write(tmp_path, "facts.csv", "book_id,pages,title\n2,412,Dune\n")
    imported = read_catalogue(books, joins=(links, tags, facts))
    assert imported.items[0].attributes == {"tag_name": ("to-read", "classic")}
    assert imported.items[1].attributes["tag_name"] == ("to-read",)
    assert imported.items[1].attributes["pages"] == 412.0
    assert imported.schema.attribute("tag_name").open
    assert imported.faults[0].reason.startswith("book_tags.csv: has 1 fields")


def test_the_most_counted_twenty_are_kept(tmp_path: Path) -> None:
    books = write(tmp_path, "books.csv", "book_id,title\n1,Emma Woodhouse\n")
    links = "".join(f"t{n},1,{n}\n" for n in range(50))
    imported = read_catalogue(books, joins=[write(tmp_path, "tags.csv", "tag,book_id,count\n" + links)])
    assert imported.items[0].attributes["tag"] == tuple(f"t{n}" for n in range(49, 29, -1))


def test_a_table_that_shares_nothing_is_refused(tmp_path: Path) -> None:
    other = write(tmp_path, "b.csv", "x,y\n1,2\n")
    with pytest.raises(ImportFailedError, match="shares no column"):
        read_catalogue(write(tmp_path, "a.csv", FILMS), joins=[other])


@pytest.mark.parametrize(
    ("name", "content", "value", "when"),
    [
        ("r.csv", "userId,movieId,rating,timestamp\nu,1,4.5,1260759144\n", 4.5, 1260759144.0),
        ("r.csv", "user_id,item_id,recommend,posted_year\nu,1,1,2011\n", 1.0, 1293840000.0),
        ("r.csv", "reviewer,film_id,liked,date\nu,1,no,2011-01-01\n", 0.0, 1293840000.0),
        ("r.jsonl", '{"user_id": "u", "parent_asin": 1, "rating": 5, "timestamp": 1260759144000}', 5.0, 1260759144.0),
        ("r.tsv", "user\tartist_id\tplays\nu\t1\t13883\n", 13883.0, 0.0),
        ("r.inter", "user_id:token\titem_id:token\nu\t1\n", 1.0, 0.0),
    ],
)
def test_interactions_are_found_by_their_columns(
    tmp_path: Path, name: str, content: str, value: float, when: float
) -> None:
    log = write(tmp_path, name, content)
    imported = read_catalogue(write(tmp_path, "films.csv", FILMS), interactions=log)
    assert imported.interactions == [Interaction(user="u", item="1", value=value, time=when)]


def test_interactions_in_parquet_are_read(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"user_id": ["u"], "item_id": [1], "rating": [3]}), log)
    imported = read_catalogue(write(tmp_path, "films.csv", FILMS), interactions=log)
    assert imported.interactions == [Interaction(user="u", item="1", value=3.0)]


def test_interactions_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    log = write(tmp_path, "log.csv", "user_id,item_id,rating\nu,1,abc\nu,,3\nu,99,3\nu,2,3\n")
    imported = read_catalogue(write(tmp_path, "films.csv", FILMS), interactions=log)
    assert len(imported.interactions) == 1
    assert [fault.line for fault in imported.faults] == [2, 3, 0]
    assert imported.faults[0].reason == "log.csv: rating: 'abc' is no number and no yes or no"
    assert imported.faults[2].reason == "1 interactions speak of 1 items that the catalogue does not have"


def test_a_log_without_users_is_refused(tmp_path: Path) -> None:
    log = write(tmp_path, "log.csv", "when,what\n1,2\n")
    with pytest.raises(ImportFailedError, match="no columns for user and item"):
        read_catalogue(write(tmp_path, "films.csv", FILMS), interactions=log)


def test_progress_is_told_every_thousand_rows_and_at_the_end(tmp_path: Path) -> None:
    told: list[int] = []
    rows = "".join(f"{n},Film {n},1990,Crime,90\n" for n in range(2500))
    read_catalogue(write(tmp_path, "a.csv", FILMS.split("\n")[0] + "\n" + rows), on_progress=told.append)
    assert told == [1000, 2000, 2500]


def movielens(folder: Path) -> Path:
    films = (
        "movieId,title,genres",
        '1,"Matrix, The (1999)",Action|Sci-Fi',
        "2,Alone,(no genres listed)",
        '3,"City of Lost Children, The (Cité des enfants perdus, La) (1995)",Drama',
    )
    write(folder, "movies.csv", "\n".join(films))
    write(folder, "ratings.csv", "userId,movieId,rating,timestamp\n5,1,4.0,1260759144\n5,77,4.0,1\n")
    write(folder, "tags.csv", "userId,movieId,tag,timestamp\n1,1,Cyberpunk,1\n2,1,cyberpunk,1\n2,1,bullets,1\n")
    write(folder, "links.csv", "movieId,imdbId,tmdbId\n1,0133093,603\n")
    return folder


def test_a_movielens_folder_is_understood(tmp_path: Path) -> None:
    imported = read_catalogue(movielens(tmp_path))
    matrix, alone, city = imported.items
    assert (matrix.title, matrix.aliases) == ("The Matrix", ("Matrix, The",))
    assert matrix.attributes == {"year": "1999", "genres": ("Action", "Sci-Fi"), "tags": ("cyberpunk", "bullets")}
    assert matrix.url == "https://www.imdb.com/title/tt0133093/"
    assert (alone.title, alone.attributes) == ("Alone", {})
    assert (city.title, city.aliases[1]) == ("The City of Lost Children", "La Cité des enfants perdus")
    assert imported.interactions == [Interaction(user="5", item="1", value=4.0, time=1260759144.0)]
    assert [a.kind for a in imported.schema.attributes] == ["date", "category", "category"]


def test_the_older_movielens_layout_is_understood(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_bytes("1::Léon (1994)::Crime|Drama\n2::Heat (1995)::Crime\n".encode("latin-1"))
    write(tmp_path, "ratings.dat", "1::2::5::978300760\n")
    imported = read_catalogue(tmp_path)
    assert [(item.title, item.attributes["year"]) for item in imported.items] == [("Léon", "1994"), ("Heat", "1995")]
    assert imported.interactions == [Interaction(user="1", item="2", value=5.0, time=978300760.0)]


def test_a_folder_of_something_else_is_refused_with_its_files(tmp_path: Path) -> None:
    write(tmp_path, "books.csv", FILMS)
    with pytest.raises(ImportFailedError, match="no MovieLens folder") as caught:
        read_catalogue(tmp_path)
    assert "books.csv" in caught.value.hint


def check(imported: Imported) -> None:
    """What every import keeps: ids once, and values as their attribute's kind says."""
    assert len({item.id for item in imported.items}) == len(imported.items)
    kinds = {a.name: a for a in imported.schema.attributes}
    for item in imported.items:
        for name, value in item.attributes.items():
            if kinds[name].kind == "category":
                assert isinstance(value, tuple)
                assert value
                assert kinds[name].many or len(value) == 1
            elif kinds[name].kind == "number":
                assert isinstance(value, float)
            else:
                assert isinstance(value, str)
                assert kinds[name].kind == "text" or date_as_number(value)


@pytest.mark.timeout(300)
def test_steam_is_read_in_seconds() -> None:
    games, log = data("steam/steam_games_clean.jsonl"), data("steam/user_reviews_dev.csv")
    start = time.process_time()
    imported = read_catalogue(games, name="steam-games", interactions=log)
    assert time.process_time() - start < 20  # 5 s on an idle machine; others may share it
    check(imported)
    assert len(imported.items) == 32131
    assert len(imported.interactions) > 30_000
    assert {one.value for one in imported.interactions} == {0.0, 1.0}
    schema = imported.schema
    assert (schema.noun, schema.source.id, schema.source.title) == ("game", "id", "app_name")
    assert [schema.attribute(name).open for name in ("tags", "specs", "genres")] == [True, True, False]
    assert schema.attribute("developer").person
    assert schema.attribute("price").measure == "price"
    assert imported.items[1].attributes["price"] == 0.0


@pytest.mark.timeout(300)
def test_goodbooks_is_joined_with_its_tags() -> None:
    folder = data("goodbooks10k")
    start = time.process_time()
    tables = (folder / "book_tags_reduced.csv", folder / "tags_reduced.csv")
    imported = read_catalogue(folder / "books.csv", name="goodbooks", joins=tables)
    assert time.process_time() - start < 30
    check(imported)
    assert len(imported.items) == 10_000
    schema = imported.schema
    assert (schema.noun, schema.source.id, schema.source.title) == ("book", "book_id", "title")
    assert (schema.attribute("tag_name").open, schema.attribute("tag_name").many) == (True, True)
    assert schema.attribute("authors").person
    assert schema.attribute("original_publication_year").kind == "date"
    assert {"isbn", "work_id", "ratings_1", "small_image_url"} <= set(schema.source.ignore)
    assert "fantasy" in imported.items[1].attributes["tag_name"]  # pyright: ignore[reportOperatorIssue]


@pytest.mark.timeout(300)
def test_movielens_is_read_whole() -> None:
    imported = read_catalogue(data("ml_latest_small"))
    check(imported)
    assert (len(imported.items), len(imported.interactions), imported.faults) == (9125, 78154, [])
    assert imported.items[0].attributes["year"] == "1995"


@pytest.mark.timeout(300)
def test_books_with_descriptions_are_read_whole() -> None:
    imported = read_catalogue(data("books_7k/books_cleaned_7k.csv"), name="books")
    check(imported)
    assert (len(imported.items), imported.faults) == (5230, [])
    assert imported.schema.source.text == ("description",)
    assert imported.schema.attribute("num_pages").unit == "pages"
