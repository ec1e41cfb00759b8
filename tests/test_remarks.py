"""What users say of items."""

import random

from convrec.agents.state import Preference
from convrec.simulator.nouns import Shown
from convrec.simulator.users.impressions import Impression
from convrec.simulator.users.remarks import Remarks, which
from convrec.simulator.users.voice import Voice
from convrec.tools.limits import Limit, Range
from talk_stage import index_of
from user_stage import persona


def remarks(seed: int, name: str = "games") -> Remarks:
    catalogue = index_of(name).catalogue
    return Remarks(Voice(persona(verbosity=seed % 10 / 10), catalogue, random.Random(seed)), catalogue)


def impression(item: str, place: int = 0, name: str = "games") -> Impression:
    return Impression(Shown(id=item, title=index_of(name).catalogue.item(item).title), place, 0.0)


def complaints(
    item: str, attribute: str, strength: str, *values: str, name: str = "games", **bounds: float
) -> set[str]:
    ranges = (Range(**bounds),) if bounds else ()
    wrong = Preference(limit=Limit(attribute=attribute, values=values, ranges=ranges), strength=strength)  # type: ignore[arg-type]
    return {remarks(n, name).complaint(impression(item, name=name), wrong) for n in range(60)}


def test_a_complaint_says_what_is_wrong():
    assert "too expensive" in complaints("hades", "price", "must", high=5.0)
    assert "too long" in complaints("hades", "hours", "must", high=5.0)
    assert "too short" in complaints("hades", "hours", "must", low=300.0)
    assert "too new" in complaints("hades", "release_date", "must", high=2000.0)
    assert "too old" in complaints("hades", "release_date", "must", low=2023.0)
    assert any("rating" in c for c in complaints("hades", "rating", "must", low=99.0))


def test_a_missing_label_is_named_and_never_as_unwanted():
    said = complaints("hades", "genres", "must", "Racing")
    assert all("racing" in c for c in said)
    assert not any(c.startswith(("no ", "not ")) for c in said)


def test_an_unwanted_label_is_named():
    assert all("action" in c.lower() for c in complaints("hades", "genres", "must_not", "Action"))


def test_something_is_taken_by_its_place_or_by_its_title():
    said = {remarks(n).taking(impression("hades", 1), 3) for n in range(80)}
    assert any("the second one" in s for s in said)
    said = {remarks(n).taking(impression("stardew-valley", 1), 3) for n in range(80)}
    assert any("Stardew Valley" in s for s in said)
    assert any("the second one" in s for s in said)


def test_a_title_that_is_an_ordinary_word_is_not_used_to_take_it():
    assert all("portal" not in remarks(n).taking(impression("portal", 2), 3).lower() for n in range(60))


def test_a_single_item_is_that_one_and_a_distant_one_has_its_title():
    assert all("first" not in remarks(n).taking(impression("stardew-valley"), 1) for n in range(40))
    assert all("Stardew Valley" in remarks(n).taking(impression("stardew-valley", 9), 12) for n in range(40))
    assert which(7) == ""


def test_what_is_known_is_told_by_how_it_was_liked():
    liked = Impression(Shown(id="hades", title="Hades"), 0, 0.0, known="liked")
    disliked = Impression(Shown(id="hades", title="Hades"), 0, 0.0, known="disliked")
    assert not {remarks(n).known(liked) for n in range(60)} & {remarks(n).known(disliked) for n in range(60)}


def test_questions_are_about_facts_that_are_shown():
    said = {remarks(n, "books").question(Shown(id="dune", title="Dune"), random.Random(n)) for n in range(80)}
    assert any("Dune" in s for s in said)
    assert not any("number of ratings" in s for s in said)


def test_a_range_that_is_let_go_of_is_named_by_its_attribute_or_its_bound():
    old = Preference(limit=Limit(attribute="price", ranges=(Range(high=20.0),)), strength="prefer")
    for seed in range(40):
        said = remarks(seed).letting_go(old)
        assert "price" in said or "20" in said, said
        assert "with " not in said


def test_a_label_that_is_let_go_of_is_named():
    for strength in ("prefer", "avoid"):
        old = Preference(limit=Limit(attribute="genres", values=("Puzzle",)), strength=strength)  # type: ignore[arg-type]
        assert all("puzzle" in remarks(n).letting_go(old) for n in range(40))
