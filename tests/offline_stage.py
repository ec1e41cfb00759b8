"""What the tests of the offline protocols stand on: teas with drinkers, and where the real data lies."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from convrec.simulator.nouns import Utterance
from convrec.simulator.offline.histories import Histories, History
from convrec.simulator.offline.indexing import Shelf
from convrec.simulator.offline.nouns import Case, Dataset, Fold
from convrec.tools.errors import CallError
from convrec.tools.index import Index
from convrec.tools.items import Interaction
from fakes import HashEncoder
from talk_stage import TEA_ITEMS, TEAS

DRINKERS = {
    "ann": ("assam-gold", "darjeeling-first", "keemun-hao"),
    "bo": ("sencha", "gyokuro", "genmaicha"),
    "cy": ("assam-gold", "keemun-hao", "lapsang-souchong"),
    "di": ("sencha", "genmaicha", "hojicha"),
}
NEXT = {"ann": "lapsang-souchong", "bo": "hojicha", "cy": "darjeeling-first", "di": "gyokuro"}


def drinkers() -> Histories:
    """Four drinkers of teas, each with the tea that they took next."""
    likes = tuple(
        Interaction(user=user, item=tea, time=float(at))
        for user, teas in DRINKERS.items()
        for at, tea in enumerate(teas, 1)
    )
    histories = tuple(History(user=user, items=teas, next=(NEXT[user],)) for user, teas in DRINKERS.items())
    return Histories("teas", TEAS, tuple(TEA_ITEMS), histories, likes)


def dataset(cases: Sequence[Case] = (), likes: Sequence[Interaction] = ()) -> Dataset:
    """Cases over the teas, in one fold."""
    return Dataset("teas", TEAS, tuple(TEA_ITEMS), (Fold(tuple(cases), tuple(likes)),))


def tea_index(likes: Sequence[Interaction] = ()) -> Index:
    """The teas with what some interactions teach."""
    return Shelf(dataset(), HashEncoder()).index(likes)


def case(number: int = 0, **fields: object) -> Case:
    """A case about a tea."""
    return Case.model_validate({"id": f"c{number}", "dialogue": f"d{number}", "targets": ("sencha",), **fields})


TWO_FOLDS = Dataset(
    "teas", TEAS, tuple(TEA_ITEMS),
    (
        Fold((case(1),), (Interaction(user="a", item="sencha"), Interaction(user="b", item="sencha"))),
        Fold((case(2),), (Interaction(user="c", item="gyokuro"),)),
    ),
)  # fmt: skip
"""Two folds that learn different things."""


class ListRanker:
    """Says the same list to everybody, and remembers what it was asked."""

    def __init__(self, ids: Sequence[str], name: str = "list", *, fails_for: str = "") -> None:
        self.name = name
        self.ids = list(ids)
        self.asked: list[int] = []
        self.opened = self.closed = 0
        self.heard: list[tuple[Utterance, ...]] = []
        self._fails_for = fails_for

    async def open(self) -> None:
        self.opened += 1

    async def aclose(self) -> None:
        self.closed += 1

    async def rank(self, talk: Sequence[Utterance], k: int, *, user: str = "") -> list[str]:
        if self._fails_for and user == self._fails_for:
            raise CallError("The model did not answer.")
        self.asked.append(k)
        self.heard.append(tuple(talk))
        return self.ids[:k]


def real(folder: str) -> Path:
    """A folder of the public data; the test is skipped where it is absent."""
    root = Path(os.environ.get("CONVREC_DATA") or Path(__file__).parent.parent.parent / "shared" / "data")
    if not (root / folder).is_dir():
        pytest.skip(f"the public data set {folder} is not on this machine (CONVREC_DATA)")
    return root / folder
