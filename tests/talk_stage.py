"""What the tests of the agents stand on: small catalogues with a fake encoder, the shipped films with the real one.

Indexes are built once per run and shared; each test opens its own databases in its own folder. FILMS_FOR_TESTS
names a data folder that keeps the index of the films between runs; the processes of one run share it in any case.
"""

import atexit
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.brains import Brains, TurnLimits
from convrec.agents.language.message import Message
from convrec.agents.recommender import Recommender, Setup
from convrec.agents.state import Answer, Card, Preference, Strength, Understanding, Wish
from convrec.agents.understand import understand
from convrec.tools.catalogue import Catalogue
from convrec.tools.columns import Columns
from convrec.tools.encoder import SHIPPED, Encoder, load_encoder
from convrec.tools.index import Index, build_index, open_index
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute, Schema
from convrec.tools.storage import Home
from convrec.tools.vectors import Vectors, forget_chroma
from fakes import HashEncoder
from filelock import FileLock
from langgraph.store.memory import InMemoryStore
from suites import NAMES, catalogue, reading_index

TODAY = date(2026, 11, 22)


def small_index(name: str, schema: Schema, items: Sequence[Item], encoder: Encoder | None = None) -> Index:
    """An index in memory, with the fake encoder unless another is given."""
    encoder, texts = encoder or HashEncoder(), [item_text(i, schema) for i in items]
    vectors = Vectors(encoder.encode(texts), [i.id for i in items], _no_chroma)
    return Index(Catalogue(name, schema, items), encoder, vectors, Lexical.build(texts))


def _no_chroma() -> None:
    raise AssertionError("small catalogues are searched exactly")


@cache
def index_of(name: str) -> Index:
    """One of the catalogues: films, games, books, teas or columns; "real games" has the films' encoder."""
    if name == "films":
        return _films()
    if name.startswith("real "):
        plain = index_of(name.removeprefix("real ")).catalogue
        return small_index(plain.name, plain.schema, plain.items, index_of("films").encoder)
    schema, items = {"teas": (TEAS, TEA_ITEMS), "columns": (COLUMNS, COLUMN_ITEMS)}.get(name) or catalogue(name)
    return small_index(name, schema, items)


def _films() -> Index:
    """The films, encoded by the first process that asks; each has a copy, for an embedded Chroma is not to be shared."""
    shared = Path(os.environ["FILMS_FOR_TESTS"])
    shared.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix="convrec-films-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    schema, items = catalogue("films")
    with (
        FileLock(shared / "tests.lock"),
        warnings.catch_warnings(),
        # The test that asks first may have a fake encoder in its place.
        pytest.MonkeyPatch.context() as patch,
    ):
        warnings.simplefilter("ignore")
        patch.setattr("convrec.tools.index.load_encoder", load_encoder)
        build_index(Home(shared), "films", items, schema, encoder=SHIPPED)
        forget_chroma(Home(shared).chroma)
        shutil.copytree(shared, own, dirs_exist_ok=True)
        return open_index(Home(own), "films")


def _tea(title: str, kind: str, minutes: float | None, flavours: str, text: str, year: str = "") -> Item:
    attributes = {"kind": (kind,), "flavours": tuple(flavours.split())}
    attributes |= {"minutes": minutes} if minutes is not None else {}
    attributes |= {"picked": year} if year else {}
    return Item(id=title.lower().replace(" ", "-"), title=title, text=text, attributes=attributes)


TEAS = Schema(
    noun="tea",
    nouns="teas",
    attributes=(
        Attribute(name="kind", kind="category", label="kind"),
        Attribute(name="minutes", kind="number", label="steeping time", unit="min", measure="duration"),
        Attribute(name="flavours", kind="category", many=True, open=True, label="flavour"),
        Attribute(name="picked", kind="date", label="picked"),
    ),
)
TEA_ITEMS = [
    _tea("Lapsang Souchong", "black", 4.0, "smoky strong", "Dried over burning pine. It tastes of campfires.", "2019"),
    _tea("Assam Gold", "black", 5.0, "malty strong", "A breakfast tea from the Brahmaputra.", "2021"),
    _tea("Darjeeling First", "black", 3.0, "floral light", "The first leaves of spring, from the hills.", "2022"),
    _tea("Keemun Hao", "black", 3.0, "smoky sweet", "Wine and a little smoke.", "2018"),
    _tea("Sencha", "green", 2.0, "grassy light", "Steamed leaves, like a mown meadow.", "2023"),
    _tea("Gyokuro", "green", 2.0, "grassy sweet", "Grown in the shade for three weeks.", "2020"),
    _tea("Genmaicha", "green", 3.0, "nutty light", "Green leaves with roasted rice.", "2021"),
    _tea("Hojicha", "green", 1.0, "nutty smoky", "Roasted over charcoal until brown.", "2017"),
    _tea("Silver Needle", "white", 4.0, "floral sweet", "Only buds, dried in the sun.", "2016"),
    _tea("White Peony", "white", 4.0, "floral light", "Buds and two leaves.", "2015"),
    _tea("Milk Oolong", "oolong", 5.0, "sweet floral", "Tastes of cream though there is none in it.", "2022"),
    _tea("Iron Goddess", "oolong", 3.0, "floral strong", "Rolled tight, opening cup after cup.", "2014"),
    _tea("Mystery Blend", "herbal", None, "sweet", "Nobody wrote down how long to wait."),
]

COLUMNS = Schema(
    attributes=(
        Attribute(name="col_1", kind="category", label="col 1"),
        Attribute(name="col_2", kind="number", label="col 2"),
        Attribute(name="x7", kind="category", many=True, open=True, label="x7"),
    )
)
_SHAPES, _SHADES = ("bolt", "washer", "hinge", "bracket"), ("brass", "zinc", "steel")
COLUMN_ITEMS = [
    Item(
        id=f"{shape}-{shade}-{size}",
        title=f"{shape.title()} {shade[0].upper()}{size}",
        attributes={"col_1": (shape,), "col_2": float(size), "x7": (shade, "outdoor") if size > 20 else (shade,)},
    )
    for shape in _SHAPES
    for shade in _SHADES
    for size in (8, 16, 24, 40)
]
"""A catalogue whose columns say nothing, without a word of text."""


class Clock:
    """A clock that goes on by a second whenever it is read, and by days when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now

    def wait(self, days: float) -> None:
        """Let days go by."""
        self.now += days * 86_400


@cache
def _memories(folder: Path) -> InMemoryStore:
    return InMemoryStore()


def memories_beside(folder: Path) -> Callable[[Index], AbstractContextManager[InMemoryStore]]:
    """What opens the memories that belong to a folder: the same ones each time, in this process."""
    return lambda _: nullcontext(_memories(folder))


@asynccontextmanager
async def recommender(
    folder: Path, name: str = "teas", brains: Brains | None = None, limits: TurnLimits | None = None, **options: Any
) -> AsyncIterator[Recommender]:
    """A recommender on one of the catalogues, with its conversations in a folder, and memories that last as long as it."""
    setup = Setup(
        index=lambda: index_of(name), home=Home(folder), store=memories_beside(folder), brains=brains or {},
        limits=limits or TurnLimits(),
    )  # fmt: skip
    async with Recommender(replace(setup, **options)) as opened:
        yield opened


async def read(text: str, name: str = "films", wish: Wish | None = None) -> Understanding:
    """What the built-in brain reads in a message."""
    return await understand(text, wish or Wish(), words_of(name), TODAY)


def words_of(name: str) -> Index:
    """A catalogue's index as far as reading needs it: without vectors, which are dear for the films."""
    return reading_index(name) if name in NAMES else index_of(name)


def message_of(text: str, name: str = "films") -> Message:
    """A message, prepared for the modules of agents/language."""
    return Message.read(text, words_of(name).lexicon)


def limits_of(preferences: Iterable[Preference]) -> set[tuple[str, str, str]]:
    """Preferences as (strength, attribute, values), to compare."""
    return {(p.strength, p.limit.attribute or "~", _value(p.limit)) for p in preferences}


def _value(limit: Limit) -> str:
    return "|".join([*limit.values, *(f"{_number(r.low)}..{_number(r.high)}" for r in limit.ranges)])


def _number(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


def labelled(attribute: str, *values: str, strength: Strength = "must") -> Preference:
    """A preference for labels."""
    return Preference(limit=Limit(attribute=attribute, values=values), strength=strength, words=" ".join(values))


def ranged(
    attribute: str, low: float | None = None, high: float | None = None, strength: Strength = "must"
) -> Preference:
    """A preference for numbers between two bounds, both included."""
    return Preference(limit=Limit(attribute=attribute, ranges=(Range(low=low, high=high),)), strength=strength)


_BOLD = re.compile(r"\*\*(.+?)\*\*")


def bold_titles(reply: str) -> set[str]:
    """The titles that a reply names."""
    return set(_BOLD.findall(reply))


def breaks(item_id: str, preferences: Iterable[Preference], index: Index) -> list[str]:
    """The keys of the hard preferences that an item is known to break, judged value by value without the agents."""
    item = index.catalogue.item(item_id)
    return [p.key for p in preferences if p.hard and p.limit.attribute is not None and _broken(item, p, index)]


def _broken(item: Item, preference: Preference, index: Index) -> bool:
    limit, attribute = preference.limit, index.catalogue.schema.attribute(preference.limit.attribute or "")
    value = item.attributes.get(attribute.name)
    if value is None or value == ():
        return False
    if isinstance(value, tuple):
        inside = bool({v.casefold() for v in value} & {v.casefold() for v in limit.values})
        return (not inside and not attribute.open) if preference.wanted else inside
    columns: Columns = index.catalogue.columns
    number = float(columns.numbers[attribute.name].numbers[index.catalogue.row_of[item.id]])
    return any(r.holds(number) for r in limit.ranges) != preference.wanted


def prose_sentences(reply: str) -> int:
    """How many sentences a reply has besides its list of items."""
    prose = " ".join(line for line in reply.splitlines() if line.strip() and not line.startswith("- "))
    return len([s for s in re.split(r"(?<=[.!?:])[”)]?\s+(?=[A-Z*“])", prose) if s.strip()])


def check_guarantees(answer: Answer, before: Wish, index: Index, *, again: bool = False) -> None:
    """What must hold of every answer, whatever was said.

    Args:
        answer: the answer.
        before: the thread's wish before the turn.
        index: the catalogue's index.
        again: whether the message asked for what was shown before.
    """
    cards = [*answer.items, *answer.nearest]
    for card in cards:
        check_card(card, index)
    assert answer.reply.strip()
    assert bold_titles(answer.reply) == {c.title for c in cards}, answer.reply
    asked = answer.act in ("ask", "compare", "accept")
    if not asked:
        assert 1 <= prose_sentences(answer.reply) <= 6, answer.reply
        assert sum(line.startswith("- ") for line in answer.reply.splitlines()) == len(answer.items)
        for card in answer.items:
            assert not breaks(card.id, answer.preferences, index), (card.id, answer.preferences)
        if not again:
            assert not {c.id for c in answer.items} & before.barred
        for card in answer.nearest:
            assert len(breaks(card.id, answer.preferences, index)) == 1, (card.id, answer.preferences)
    assert len({c.id for c in answer.items}) == len(answer.items)
    assert answer.steps
    assert all(s.milliseconds >= 0 for s in answer.steps)
    assert answer.steps[0].agent == "understand"


def check_card(card: Card, index: Index) -> None:
    """A card's every word is the catalogue's."""
    item = index.catalogue.item(card.id)
    assert (card.title, card.text, card.attributes) == (item.title, item.text, item.attributes)
