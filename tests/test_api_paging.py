import pytest
from convrec.app.api.paging import Place, page, read_cursor, write_cursor
from convrec.tools.errors import InputError
from hypothesis import given
from hypothesis import strategies as st


def one_page(entries: list[str], cursor: str, query: str = "list") -> tuple[list[str], str | None]:
    return page(entries, 2, cursor, query, name=str)


def test_a_list_is_read_to_its_end() -> None:
    found, cursor = one_page(list("abcde"), "")
    while cursor:
        more, cursor = one_page(list("abcde"), cursor)
        found += more
    assert found == list("abcde")


def test_what_was_added_before_shifts_nothing() -> None:
    _, cursor = one_page(list("cba"), "")
    assert cursor
    assert one_page(list("edcba"), cursor) == (["a"], None)


def test_where_the_last_entry_is_gone_the_count_goes_on() -> None:
    _, cursor = one_page(list("abcd"), "")
    assert cursor
    assert one_page(list("acd"), cursor) == (["d"], None)


def test_an_empty_list_is_one_empty_page() -> None:
    assert one_page([], "") == ([], None)


@given(st.text())
def test_no_text_is_taken_for_a_cursor(text: str) -> None:
    if text:
        with pytest.raises(InputError):
            read_cursor(text, "list")


def test_a_cursor_fits_its_own_list_alone() -> None:
    cursor = write_cursor(Place(3, "c"), "list", 1)
    assert read_cursor(cursor, "list", 1) == Place(3, "c")
    for query in (("list",), ("list", 2), ("other", 1)):
        with pytest.raises(InputError, match="cursor"):
            read_cursor(cursor, *query)
