from pathlib import Path

import pytest
from convrec.tools.errors import ImportFailedError
from convrec.tools.interactions import each_interaction, read_interactions
from convrec.tools.items import Interaction
from convrec.tools.reading import Fault


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("r.dat", "1::1193::5::978300760\n", Interaction(user="1", item="1193", value=5.0, time=978300760.0)),
        ("r.csv", "7,12,0.5,1260759144\n", Interaction(user="7", item="12", value=0.5, time=1260759144.0)),
        ("r.tsv", "2\t51\t13883\n", Interaction(user="2", item="51", value=13883.0)),
        ("r.csv", "2,51\n", Interaction(user="2", item="51")),
    ],
)
def test_a_file_of_numbers_without_a_header_holds_user_item_value_and_time(
    tmp_path: Path, name: str, content: str, expected: Interaction
) -> None:
    faults: list[Fault] = []
    assert read_interactions(write(tmp_path, name, content), faults) == [expected]
    assert faults == []


def test_more_numbers_than_that_are_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="no columns for user and item") as caught:
        read_interactions(write(tmp_path, "r.csv", "1,2,3,4,5\n"), [])
    assert "user_id" in caught.value.hint


def test_of_a_folder_the_ratings_are_read(tmp_path: Path) -> None:
    write(tmp_path, "movies.csv", "movieId,title,genres\n1,Heat (1995),Action\n")
    write(tmp_path, "ratings.csv", "userId,movieId,rating,timestamp\nu,1,4.0,1260759144\nv,1,\n")
    write(tmp_path, "ratings_more.dat", "w::1::3::978300760\n")
    faults: list[Fault] = []
    assert [i.user for i in each_interaction(tmp_path, faults)] == ["u", "w"]
    assert [(f.line, f.reason) for f in faults] == [(3, "ratings.csv: has 3 fields where the header has 4")]


def test_a_folder_without_ratings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="ratings"):
        list(each_interaction(tmp_path, []))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_a_value_that_is_no_number_costs_its_row_only(tmp_path: Path, value: str) -> None:
    path = write(
        tmp_path, "log.jsonl", f'{{"user": "u", "item": "a", "rating": "x{value}"}}\n{{"user": "u", "item": "b"}}\n'
    )
    faults: list[Fault] = []
    assert [i.item for i in each_interaction(path, faults)] == ["b"]
    assert [f.line for f in faults] == [1]
