"""Numbers whose unit says which attribute they are of, over a catalogue of lamps that has a weight and a price."""

from functools import cache

import pytest
from convrec.agents.language.quantities import symbol_of
from convrec.agents.state import Wish
from convrec.agents.understand import understand
from convrec.tools.catalogue import Catalogue
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.schema import Attribute, Schema
from talk_stage import TODAY, limits_of

LAMPS = Schema(
    noun="lamp",
    nouns="lamps",
    attributes=(
        Attribute(name="price", kind="number", label="price", unit="EUR", measure="price"),
        Attribute(
            name="weight", kind="number", label="weight", unit="kg", measure="size", also=("light", "small", "heavy")
        ),
        Attribute(name="reach", kind="number", label="reach", unit="cm"),
    ),
)
ITEMS = [
    Item(id=f"l{n}", title=f"Lamp {n}", attributes={"price": 100.0 * n, "weight": float(n), "reach": 30.0 * n})
    for n in range(1, 13)
]


@cache
def lamps() -> Index:
    lexical = Lexical.build([item_text(i, LAMPS) for i in ITEMS])
    return Index(Catalogue("lamps", LAMPS, ITEMS), None, None, lexical)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a lamp, max 9 kg", ("must", "weight", "..9")), ("under 9kg please", ("must", "weight", "..9")),
        ("at most 9 kilos", ("must", "weight", "..9")), ("at least 60 cm", ("must", "reach", "60..")),
        ("between 300 and 600 centimetres", ("must", "reach", "300..600")), ("under 300", ("must", "price", "..300")),
        ("between 1500 and 2500 euros", ("must", "price", "1500..2500")),
    ],
)  # fmt: skip
async def test_a_unit_chooses_the_attribute(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in limits_of((await understand(text, Wish(), lamps(), TODAY)).preferences)


@pytest.mark.parametrize("text", ["something for two small kids", "for my two little boys", "max 9 km"])
async def test_what_is_counted_in_something_else_limits_nothing(text: str) -> None:
    read = await understand(text, Wish(), lamps(), TODAY)
    assert not [p for p in read.preferences if p.limit.ranges]


@pytest.mark.parametrize(
    ("unit", "symbol"),
    [("kilos", "kg"), ("Kilograms", "kg"), ("inches", "in"), ("pages", "page"), ("EUR", "eur"), ("", "")],
)
def test_a_unit_has_one_spelling(unit: str, symbol: str) -> None:
    assert symbol_of(unit) == symbol
