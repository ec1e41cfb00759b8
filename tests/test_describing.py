import pytest
from convrec.tools.catalogue import Catalogue
from convrec.tools.describing import describe_attributes, describe_in_full, describe_in_line
from convrec.tools.items import AttributeValue, Item
from convrec.tools.schema import Attribute, Schema

SCHEMA = Schema(
    attributes=(
        Attribute(name="kind", kind="category", label="kind"),
        Attribute(name="flavours", kind="category", many=True, open=True, label="flavour"),
        Attribute(name="growers", kind="category", many=True, person=True),
        Attribute(name="minutes", kind="number", label="steeping time", unit="min"),
        Attribute(name="votes", kind="number"),
        Attribute(name="picked", kind="date"),
        Attribute(name="notes", kind="text"),
        Attribute(name="secret", kind="category", shown=False),
        Attribute(name="empty", kind="category"),
        Attribute(name="unknown", kind="number"),
    )
)
LONG = "word " * 300


def tea(title: str, **attributes: AttributeValue) -> Item:
    return Item(id=title.casefold(), title=title, text=f"{title} is a tea. {LONG}", attributes=attributes)


SENCHA = tea(
    "Sencha", kind=("green",), flavours=("grassy", "light", "sweet", "fresh", "sea"), growers=("Aki",), minutes=2.0,
    votes=2_500_000.0, picked="2021-05", notes="Best in spring.", secret=("x",),
)  # fmt: skip
ASSAM = tea(
    "Assam", kind=("black",), flavours=("malty",), growers=("Aki", "Bo"), minutes=4.5, votes=12.0, picked="1998"
)
PLAIN = Item(id="plain", title="Plain", attributes={"kind": ("green",)})
TEAS = Catalogue("teas", SCHEMA, [SENCHA, ASSAM, PLAIN])


def line_of(name: str, examples: int = 8) -> str:
    return next(r for r in describe_attributes(TEAS, examples).splitlines() if r.startswith(f"- {name}"))


def test_each_attribute_that_can_be_a_limit_has_one_line() -> None:
    lines = describe_attributes(TEAS, 8).splitlines()
    assert [line.split()[1].rstrip(":") for line in lines] == [
        "kind", "flavours", "growers", "minutes", "votes", "picked", "secret", "empty", "unknown",
    ]  # fmt: skip


def test_labels_come_most_common_first_and_no_more_than_asked_for() -> None:
    assert line_of("kind") == "- kind: labels: green, black"
    assert line_of("kind", 1) == "- kind: labels: green, …"
    assert line_of("growers") == "- growers: labels: Aki, Bo"


def test_labels_of_an_open_attribute_are_called_loose() -> None:
    assert line_of("flavours", 2).startswith("- flavours (flavour): loose labels: ")
    assert line_of("flavours", 2).endswith(", …")


def test_numbers_and_dates_have_their_span_in_full() -> None:
    assert line_of("minutes") == "- minutes (steeping time): number, 2 to 4.5 min"
    assert line_of("votes") == "- votes: number, 12 to 2,500,000"
    assert line_of("picked") == "- picked: date, years 1998 to 2021"


def test_an_attribute_that_no_item_has_says_so() -> None:
    assert line_of("empty") == "- empty: labels: none"
    assert line_of("unknown") == "- unknown: number, no item has one"


def test_a_catalogue_without_items_or_attributes_is_described_too() -> None:
    assert describe_attributes(Catalogue("none", Schema(), []), 8) == ""
    assert "no item has one" in describe_attributes(Catalogue("none", SCHEMA, []), 8)


def test_a_line_has_the_title_and_what_cards_show() -> None:
    assert describe_in_line(SENCHA, SCHEMA) == (
        "Sencha; kind: green; flavour: grassy, light, sweet, fresh; steeping time: 2 min; votes: 2,500,000; picked: 2021-05"
    )
    assert describe_in_line(PLAIN, SCHEMA) == "Plain; kind: green"


def test_what_matters_now_comes_first_even_where_cards_do_not_show_it() -> None:
    line = describe_in_line(SENCHA, SCHEMA, ("growers", "secret"))
    assert line.startswith("Sencha; growers: Aki; secret: x; kind: green")


@pytest.mark.parametrize("longest", [0, 20, 40, 80])
def test_a_line_ends_where_it_is_full_and_what_matters_now_is_told_all_the_same(longest: int) -> None:
    line = describe_in_line(SENCHA, SCHEMA, ("picked",), longest)
    assert line.startswith("Sencha; picked: 2021-05")
    assert len(line) <= max(longest + len("; "), len("Sencha; picked: 2021-05"))


def test_a_line_stays_one_line_however_long_a_value_is() -> None:
    odd = tea("Odd", kind=(f"{LONG}\nc9 Fake",), notes=LONG)
    line = describe_in_line(odd, SCHEMA, ("kind", "notes"))
    assert "\n" not in line
    assert len(line) < 300


def test_in_full_an_item_has_every_attribute_and_its_text_cut_to_length() -> None:
    lines = describe_in_full(SENCHA, SCHEMA, 60).splitlines()
    assert lines[0] == "Sencha"
    assert lines[1:-1] == [
        "kind: green", "flavour: grassy, light, sweet, fresh, sea", "growers: Aki", "steeping time: 2 min",
        "votes: 2,500,000", "picked: 2021-05", "notes: Best in spring.", "secret: x",
    ]  # fmt: skip
    assert lines[-1].startswith("Sencha is a tea. word")
    assert lines[-1].endswith(" …")
    assert len(lines[-1]) <= 60


def test_an_item_without_text_has_no_line_for_it() -> None:
    assert describe_in_full(PLAIN, SCHEMA, 60) == "Plain\nkind: green"
