"""Titles of one data set found in another's catalogue."""

import pytest
from convrec.simulator.offline.titles import Titles, bare_title, year_in
from convrec.tools.items import Item

ITEMS = [
    Item(id="1", title="The Kettle (1990)", aliases=("Der Kessel",)),
    Item(id="2", title="Kettle (2012)"),
    Item(id="3", title="Tea & Toast", attributes={"year": "2001-05-02"}),
    Item(id="4", title="Steam"),
    Item(id="5", title="Twice (2000)"),
    Item(id="6", title="Twice, The (2000)"),
]


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Kettle, The (1990)", "1"),
        ("kettle (2013)", "2"),
        ("Kettle", None),
        ("Kettle (1970)", None),
        ("Tea and Toast (2002)", "3"),
        ("Tea and toast", "3"),
        ("Steam (1988)", "4"),
        ("Steam ()", "4"),
        ("Twice (2000)", "5"),
        ("twice (2000)", None),
        ("der Kessel", "1"),
        ("Nothing (2000)", None),
    ],
)
def test_a_title_is_found_by_its_words_and_year(title: str, found: str | None) -> None:
    assert Titles(ITEMS).find(title) == found


def test_articles_case_and_accents_do_not_matter() -> None:
    assert bare_title("Café, The (1999)") == bare_title("THE CAFE") == "cafe"
    assert bare_title("The The") == "the"


def test_a_year_stands_at_the_end() -> None:
    assert year_in("1984 (1956)") == 1956
    assert year_in("1984") is None
