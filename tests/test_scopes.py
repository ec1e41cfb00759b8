import pytest
from convrec.agents.language.scopes import Scopes


def force(text: str, word: str) -> str | None:
    return Scopes(text, []).force(text.index(word))


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("no horror", "horror", "must_not"),
        ("without musicals please", "musicals", "must_not"),
        ("i don't want anything violent", "violent", "must_not"),
        ("nothing with tom cruise", "tom", "must_not"),
        ("not too scary", "scary", "avoid"),
        ("less violent", "violent", "avoid"),
        ("i'm tired of westerns", "westerns", "avoid"),
        ("ideally french", "french", "prefer"),
        ("preferably a comedy", "comedy", "prefer"),
        ("it must be french", "french", "must"),
        ("only comedies", "comedies", "must"),
        ("i don't mind subtitles", "subtitles", "ignore"),
        ("a comedy", "comedy", None),
    ],
)
def test_a_cue_rules_the_words_after_it(text: str, word: str, expected: str | None) -> None:
    assert force(text, word) == expected


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("no horror but a comedy", "horror", "comedy"),
        ("no horror. a comedy", "horror", "comedy"),
        ("nothing sad, i want a comedy", "sad", "comedy"),
        ("not a musical; a western", "musical", "western"),
    ],
)
def test_a_negation_ends_with_its_clause(text: str, inside: str, outside: str) -> None:
    assert force(text, inside) in ("must_not", "avoid")
    assert force(text, outside) not in ("must_not", "avoid")


def test_a_negation_goes_on_through_a_list() -> None:
    text = "no horror, war or musicals"
    assert [force(text, w) for w in ("horror", "war", "musicals")] == ["must_not"] * 3


def test_a_cue_after_the_words_rules_backwards() -> None:
    assert force("musicals are not for me", "musicals") in ("must_not", "avoid")


def test_a_double_negation_is_a_wish() -> None:
    assert force("nothing but comedies", "comedies") == "must"
    assert force("i can't live without musicals", "musicals") not in ("must_not", "avoid")


def test_words_inside_a_title_are_no_cues() -> None:
    text = "no country for old men or a comedy"
    assert Scopes(text, [(0, 26)]).force(text.index("comedy")) is None


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("no idea, except that i'd want one or two war films", "war", None),
        ("everything except war", "war", "must_not"),
        ("if possible not war", "war", "avoid"),
        ("rather no war", "war", "avoid"),
        ("not big on war", "war", "avoid"),
        ("not so keen on war", "war", "avoid"),
        ("war tends to bore me a bit", "war", "avoid"),
        ("war bores me", "war", "must_not"),
        ("spare me the war ones", "war", "must_not"),
        ("i've had my fill of war", "war", "must_not"),
        ("i wouldn't say no to war", "war", "prefer"),
        ("i have a weakness for war", "war", "prefer"),
        ("war is always good", "war", "prefer"),
        ("it would be nice if it was suitable for war", "war", "prefer"),
        ("i'm only interested in war", "war", "must"),
        ("war is a must", "war", "must"),
        ("war if that's ok", "war", None),
        ("war is ok", "war", "ignore"),
        ("drop war and go with crime", "crime", None),
    ],
)
def test_what_people_say_of_a_wish_tells_its_force(text: str, word: str, expected: str | None) -> None:
    assert force(text, word) == expected


def test_a_settled_place_heeds_no_cue() -> None:
    scopes = Scopes("not war", [])
    scopes.rule(4, 7, None)
    assert (scopes.force(4), scopes.places) == (None, [(0, 3)])
