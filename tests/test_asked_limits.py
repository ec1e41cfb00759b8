import pytest
from convrec.tools.asked_limits import AttributeLimit, parse_limit, rows_within
from convrec.tools.errors import InputError
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of, small_index


@pytest.fixture
def teas() -> Index:
    return index_of("teas")


def fitting(index: Index, *texts: str) -> set[str]:
    mask = rows_within(index, [parse_limit(index, text) for text in texts])
    assert mask is not None
    return {item.id for item, fits in zip(index.catalogue.items, mask, strict=True) if fits}


def test_a_line_limits_labels_numbers_and_dates(teas: Index) -> None:
    assert fitting(teas, "kind:oolong") == {"milk-oolong", "iron-goddess"}
    assert fitting(teas, "kind:Oolong|herbal") == {"milk-oolong", "iron-goddess", "mystery-blend"}
    assert fitting(teas, "minutes:..2") == {"sencha", "gyokuro", "hojicha"}
    assert fitting(teas, "minutes:5") == fitting(teas, "minutes:5..") == {"assam-gold", "milk-oolong"}
    assert fitting(teas, "picked:2021") == {"assam-gold", "genmaicha"}
    assert fitting(teas, "picked:2022..2023") == {"darjeeling-first", "sencha", "milk-oolong"}


def test_an_attribute_is_found_by_what_people_call_it(teas: Index) -> None:
    assert fitting(teas, "steeping time:1") == {"hojicha"}
    assert fitting(teas, "Flavour:malty") == {"assam-gold"}


def test_a_minus_leaves_out_what_fits_and_keeps_what_is_unknown(teas: Index) -> None:
    assert "mystery-blend" in fitting(teas, "-minutes:3..5")
    assert "sencha" not in fitting(teas, "-flavours:grassy")


def test_all_limits_hold_together(teas: Index) -> None:
    assert fitting(teas, "kind:black", "-flavours:smoky", "minutes:4..") == {"assam-gold"}
    assert rows_within(teas, []) is None


def test_names_and_labels_may_have_the_signs_that_part_them() -> None:
    schema = Schema(attributes=(Attribute(name="a:b", kind="category"),))
    items = [
        Item(id="1", title="One", attributes={"a:b": ("x|y",)}),
        Item(id="2", title="Two", attributes={"a:b": ("z:w",)}),
    ]
    index = small_index("odd", schema, items)
    assert fitting(index, "a:b:x|y") == {"1"}
    assert fitting(index, "a:b:z:w") == {"2"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour:red", ["no attribute 'colour'", "kind, minutes, flavours, picked"]),
        ("kind", ["no colon", "name:label", "kind, minutes"]),
        ("kind:purple", ["'purple'", "'black'"]),
        ("kind:", ["'kind'", "label"]),
        ("minutes:", ["'minutes'", "low..high"]),
        ("minutes:long", ["a number", "'long'"]),
        ("minutes:5..1", ["above"]),
        ("picked:lately", ["1994-03-01"]),
        ("minutes:nan", ["a number"]),
        ("minutes:1e999", ["a number"]),
        ("picked:" + "9" * 400, ["a year or a date"]),
        (":" * 50, ["no attribute"]),
    ],
)
def test_a_line_that_is_no_limit_is_told_with_what_would_be(teas: Index, text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        fitting(teas, text)
    said = f"{raised.value} {raised.value.hint}"
    assert all(word in said for word in words), said
    assert len(said) < 400


def test_a_column_of_prose_is_no_limit() -> None:
    schema = Schema(attributes=(Attribute(name="plot", kind="text"),))
    index = small_index("prose", schema, [Item(id="1", title="One", attributes={"plot": "long"})])
    with pytest.raises(InputError, match="prose"):
        parse_limit(index, "plot:long")
    with pytest.raises(InputError, match="prose"):
        rows_within(index, [AttributeLimit(attribute="plot", any_of=["long"])])
