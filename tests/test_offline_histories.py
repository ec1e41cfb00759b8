"""Public histories, on made-up files in their forms, and a look at the real ones."""

import json
from pathlib import Path

import pytest
from convrec.simulator.offline.histories import (
    Histories,
    read_amazon2023,
    read_amazon_games,
    read_lastfm,
    read_ml_1m,
)
from convrec.tools.errors import ImportFailedError
from offline_stage import real


def review(asin: str, at: int, title: str | None = "A kettle", **product: object) -> dict[str, object]:
    return {
        "parent_asin": asin, "rating": 4.0, "timestamp_ms": at, "review_title": "Fine", "review_excerpt": f"On {asin}",
        "product": {"title": title, "price": None, "main_category": "Kitchen", **product},
    }  # fmt: skip


def amazon(tmp_path: Path) -> Histories:
    rows = [
        {"user_id": "u", "category": "Tea_Things", "history": [review("b", 2000, price=9.5), review("a", 1000)],
         "heldout": review("c", 3000, title=None)},
        {"user_id": "u", "category": "Other", "history": [review("d", 1000)], "heldout": review("e", 2000)},
        {"user_id": "broken"},
    ]  # fmt: skip
    (tmp_path / "training.jsonl").write_text("\n".join([*map(json.dumps, rows), "{"]), encoding="utf-8")
    return read_amazon2023(tmp_path)


def test_reviews_are_in_order_of_time_and_apart_by_category(tmp_path: Path) -> None:
    first, second = amazon(tmp_path).histories
    assert (first.user, first.items, first.next, first.group) == ("u/Tea Things", ("a", "b"), ("c",), "Tea Things")
    assert second.user == "u/Other"


def test_what_is_held_out_is_neither_learnt_from_nor_told(tmp_path: Path) -> None:
    read = amazon(tmp_path)
    assert {i.item for i in read.interactions} == {"a", "b", "d"}
    assert [u.text for u in read.histories[0].said] == ["Fine. On a", "Fine. On b"]
    assert not any("On c" in item.text + item.title for item in read.items)


def test_a_product_without_a_title_has_its_department_and_id(tmp_path: Path) -> None:
    items = {i.id: i for i in amazon(tmp_path).items}
    assert items["c"].title == "Kitchen c"
    assert items["b"].attributes == {"category": ("Tea Things",), "department": ("Kitchen",), "price": 9.5}


def movielens(tmp_path: Path) -> Histories:
    (tmp_path / "movie_detail.csv").write_text(
        "movie_id,title,genres,rating,summary\n"
        '0,"Kettle, The (1990)",Comedy|Drama,4.1,words\n'
        "1,Steam (2001),(no genres listed),3,words\n2,Cups (1999),Drama,3,words\n",
        encoding="utf-8",
    )
    (tmp_path / "movielens_movies_tmdb.csv").write_text(
        "movieId,title,genres,year,tmdb_overview,tmdb_runtime,tmdb_top_cast,tmdb_keywords\n"
        '7,"Kettle, The (1990)",Comedy,1990,It boils.,95,"A. Leaf, B. Leaf","tea, steam"\n'
        "8,Steam (1950),Drama,1950,Another one.,80,,\n",
        encoding="utf-8",
    )
    (tmp_path / "train.txt").write_text("0 0 1\n1 2 9\n2 0\n", encoding="utf-8")
    (tmp_path / "valid.txt").write_text("0 2 9\n1 0\n", encoding="utf-8")
    return read_ml_1m(tmp_path)


def test_films_have_what_both_tables_tell(tmp_path: Path) -> None:
    items = movielens(tmp_path).items
    assert items[0].title == "The Kettle"
    assert items[0].text == "It boils."
    assert items[0].attributes == {
        "year": "1990", "genres": ("Comedy", "Drama"), "keywords": ("tea", "steam"), "cast": ("A. Leaf", "B. Leaf"),
        "minutes": 95.0,
    }  # fmt: skip
    assert items[1].text == ""
    assert items[1].attributes == {"year": "2001"}


def test_unknown_items_and_users_without_a_next_item_are_left_out(tmp_path: Path) -> None:
    read = movielens(tmp_path)
    assert [(h.user, h.items, h.next) for h in read.histories] == [("0", ("0", "1"), ("2",)), ("1", ("2",), ("0",))]
    assert ("2", "0") in {(i.user, i.item) for i in read.interactions}


def test_games_come_in_the_order_of_their_lists(tmp_path: Path) -> None:
    (tmp_path / "Games-6k.item").write_text("item_id:token\ttitle:token_seq\n0\tTea &amp; Toast\n1\tCups\n2\tPot\n")
    (tmp_path / "Games-6k.valid.inter").write_text(
        "user_id:token\titem_id_list:token_seq\titem_id:token\n5\t1 0\t2\n6\t2\t77\n"
    )
    read = read_amazon_games(tmp_path)
    assert read.items[0].title == "Tea & Toast"
    assert [(h.user, h.items, h.next) for h in read.histories] == [("5", ("1", "0"), ("2",))]
    assert [i.time for i in read.interactions if i.user == "5"] == [1.0, 2.0]


def test_of_plays_the_one_in_the_middle_is_held_out(tmp_path: Path) -> None:
    (tmp_path / "artists.dat").write_text("id\tname\turl\tpictureURL\n1\tOne\tx\ty\n2\tTwo\tx\ty\n3\tThree\tx\ty\n")
    (tmp_path / "user_artists_dev.dat").write_text("7\t1\t5\n7\t2\t50\n7\t3\t500\n8\t1\t5\n7\t9\t1\n")
    read = read_lastfm(tmp_path)
    assert [(h.user, h.items, h.next) for h in read.histories] == [("7", ("1", "3"), ("2",))]
    assert [(i.item, i.value) for i in read.interactions] == [("1", 5.0), ("3", 500.0)]


@pytest.mark.parametrize("read", [read_amazon2023, read_ml_1m, read_amazon_games, read_lastfm])
def test_an_empty_folder_is_refused(read: object, tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError):
        read(tmp_path)  # type: ignore[operator]


def test_the_real_amazon_set_is_read() -> None:
    read = read_amazon2023(real("amazon2023_multicat"))
    assert (len(read.histories), len(read.items), len(read.interactions)) == (598, 2807, 2392)


def test_the_real_movielens_set_is_read() -> None:
    read = read_ml_1m(real("ml_1m_agent4rec"))
    assert (len(read.histories), len(read.items), len(read.interactions)) == (1000, 3292, 74271)
    assert sum(bool(i.text) for i in read.items) > 3000
