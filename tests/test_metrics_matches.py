"""Whether nothing fits."""

import pytest
from convrec.simulator.metrics import matches
from convrec.simulator.metrics.matches import Matches
from talk_stage import TEA_ITEMS, index_of, labelled, ranged

ALL = {item.id for item in TEA_ITEMS}


def none_left(*hard: object, gone: set[str] | None = None) -> bool | None:
    return Matches(index_of("teas")).none_left(list(hard), gone or set())  # type: ignore[arg-type]


def test_something_fits_what_the_catalogue_has() -> None:
    assert none_left() is False
    assert none_left(labelled("kind", "green")) is False
    assert none_left(labelled("kind", "green"), ranged("minutes", high=1)) is False


def test_nothing_fits_what_the_catalogue_lacks() -> None:
    assert none_left(labelled("kind", "red")) is True
    assert none_left(labelled("kind", "green"), ranged("minutes", low=9)) is True
    assert none_left(labelled("kind", "oolong"), labelled("flavours", "floral", strength="must_not")) is True


def test_what_is_gone_fits_no_more() -> None:
    hojicha = [labelled("kind", "green"), labelled("flavours", "smoky")]
    assert none_left(*hojicha, gone={"sencha", "no such tea"}) is False
    assert none_left(*hojicha, gone={"hojicha"}) is True
    assert none_left(gone=ALL) is True


def test_columns_cannot_tell_what_only_texts_say() -> None:
    phrase = labelled("kind", "for a rainy evening")
    assert none_left(phrase.model_copy(update={"limit": phrase.limit.model_copy(update={"attribute": None})})) is None


def test_few_judgements_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "_KEPT", 2)
    judge = Matches(index_of("teas"))
    for _ in range(2):
        for kind in ("green", "black", "white", "red"):
            assert judge.none_left([labelled("kind", kind)], set()) is (kind == "red")
