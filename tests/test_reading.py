import contextlib
import gzip
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from convrec.tools.errors import ImportFailedError
from convrec.tools.reading import Fault, Row, read_rows
from hypothesis import given
from hypothesis import strategies as st


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> tuple[list[Row], list[Fault]]:
    rows = list(read_rows(path))
    return [row for row in rows if isinstance(row, Row)], [row for row in rows if isinstance(row, Fault)]


def test_rows_come_with_their_lines(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.csv", 'id,title\n1,"A\nB"\n\n2,C\n'))
    assert rows == [Row(2, {"id": "1", "title": "A\nB"}), Row(5, {"id": "2", "title": "C"})]
    assert faults == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [["id", "title", "tags"], ["1", "A", "x"], ["2", "B", "y"]]
    rows, _ = read(write(tmp_path, "a.csv", "\n".join(delimiter.join(line) for line in lines)))
    assert [row.cells for row in rows] == [
        {"id": "1", "title": "A", "tags": "x"},
        {"id": "2", "title": "B", "tags": "y"},
    ]


def test_a_bar_inside_a_column_is_no_delimiter(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "a.csv", "id,title,genres\n1,A,Comedy|Drama\n2,B,Drama|War\n"))
    assert rows[0].cells["genres"] == "Comedy|Drama"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_every_common_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    rows, _ = read(write(tmp_path, "a.csv", "id,title\n1,Amélie Poulain\n".encode(encoding)))
    assert rows[0].cells == {"id": "1", "title": "Amélie Poulain"}


def test_one_latin_line_does_not_spoil_the_others(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "a.csv", "title\nЗеркало\n".encode() + "Léon\n".encode("latin-1")))
    assert [row.cells["title"] for row in rows] == ["Зеркало", "Léon"]


def test_a_row_with_the_wrong_number_of_fields_is_a_fault(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.csv", "id,title\n1,A\n2\n3,B,C\n4,D,\n"))
    assert [row.line for row in rows] == [2, 5]
    assert faults[0] == Fault(line=3, reason="has 1 fields where the header has 2")
    assert faults[1].line == 4


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.csv", 'id,title\n1,A\n2,"B\n3,C\n4,D\n'))
    assert [row.cells["id"] for row in rows] == ["1", "3", "4"]
    assert [fault.line for fault in faults] == [3]


def test_quotes_left_open_on_two_rows_do_not_pair_up(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.csv", 'id,title\n1,"A\n2,"B\n3,"C"\n4,"Weird Al" Yankovic\n'))
    assert [row.cells["title"] for row in rows] == ["C", "Weird Al Yankovic"]
    assert [fault.line for fault in faults] == [2, 3]


def test_a_field_too_long_for_csv_is_a_fault(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.csv", f"id,title\n1,{'x' * 140_000}\n2,B\n"))
    assert [row.line for row in rows] == [3]
    assert [fault.line for fault in faults] == [2]


def test_a_nul_is_a_fault(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.csv", "id,title\n1,A\0\n2,B\n"))
    assert [row.line for row in rows] == [3]
    assert faults == [Fault(line=2, reason="holds a NUL character")]


def test_columns_without_a_name_or_with_the_same_get_one(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "a.csv", ",title,title\n0,A,B\n"))
    assert rows[0].cells == {"column_1": "0", "title": "A", "title_3": "B"}


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "a.dat", "2\t51\t13883\n2\t52\t11690\n"))
    assert rows[0] == Row(1, {"column_1": "2", "column_2": "51", "column_3": "13883"})


def test_double_colons_part_fields_too(tmp_path: Path) -> None:
    path = write(tmp_path, "movies.dat", "1::Toy Story: the film::Comedy\n")
    assert list(read_rows(path, ("id", "title", "genres"))) == [
        Row(1, {"id": "1", "title": "Toy Story: the film", "genres": "Comedy"})
    ]


def test_types_in_a_recbole_header_are_dropped(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "a.inter", 'user_id:token\titem_id:token\n1\t"2\n'))
    assert rows[0].cells == {"user_id": "1", "item_id": '"2'}


def test_bad_json_lines_are_faults(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.jsonl", '{"id": 1}\n\n{"id": \n[1]\n"x"\n{"id": NaN}\n'))
    assert [row.line for row in rows] == [1, 6]
    assert [fault.line for fault in faults] == [3, 4, 5]
    assert faults[0].reason.startswith("not JSON")
    assert faults[1].reason == "not an object but list"


def test_a_json_array_is_read_with_lines(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.json", '[\n  {"id": 1},\n  7,\n  {"id":\n   2}\n]\n'))
    assert rows == [Row(2, {"id": 1}), Row(4, {"id": 2})]
    assert [fault.line for fault in faults] == [3]


def test_a_broken_array_gives_what_came_before(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, "a.json", '[{"id": 1},\n{"id": '))
    assert [row.cells for row in rows] == [{"id": 1}]
    assert [fault.line for fault in faults] == [2]


def test_json_nested_without_end_is_a_fault(tmp_path: Path) -> None:
    _, faults = read(write(tmp_path, "a.jsonl", '{"id": 1}\n{"a":' + "[" * 100_000 + "\n"))
    assert [fault.line for fault in faults] == [2]


def test_parquet_and_gzip_are_read(tmp_path: Path) -> None:
    table = pyarrow.table({"id": [1, 2], "tags": [["a", "b"], []]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet")[0][0] == Row(1, {"id": 1, "tags": ["a", "b"]})
    assert read(write(tmp_path, "a.csv.gz", gzip.compress(b"id,title\n1,A\n")))[0] == [
        Row(2, {"id": "1", "title": "A"})
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"PK\x03\x04", "cannot tell how to read"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b" \n\n", "is empty"),
        ("a.csv", b"PK\x03\x04" + bytes(range(256)), "no text"),
        ("a.jsonl", bytes(range(256)) * 20, "no text"),
        ("a.parquet", b"id,title\n1,A\n", "not a Parquet file"),
        ("a.json", b'{\n "a": 1\n}', "one JSON object"),
        ("a.csv.gz", b"id,title\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_hint(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    with pytest.raises(ImportFailedError, match=words) as caught:
        read(write(tmp_path, name, content))
    assert caught.value.hint


def test_a_missing_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="no such file"):
        read_rows(tmp_path / "nothing.csv")


def test_a_gzip_that_breaks_off_is_told(tmp_path: Path) -> None:
    whole = gzip.compress("".join(f"{n},{n * 7919 % 1000003}\n" for n in range(20000)).encode())
    with pytest.raises(ImportFailedError, match="broke off"):
        read(write(tmp_path, "a.csv.gz", whole[: len(whole) // 2]))


@given(st.binary(max_size=400))
def test_no_bytes_make_reading_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name in ("a.csv", "a.jsonl"):
        with contextlib.suppress(ImportFailedError):
            assert all(row.line >= 1 for row in read_rows(write(folder, name, content)))
