import pytest
from convrec.agents.state import Wish
from talk_stage import labelled, limits_of, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("comedy or drama", {("must", "genres", "Comedy|Drama")}),
        ("a romantic comedy", {("must", "genres", "Romance"), ("must", "genres", "Comedy")}),
        ("no horror or war", {("must_not", "genres", "Horror"), ("must_not", "genres", "War")}),
        ("with Tom Hanks", {("must", "cast", "Tom Hanks")}),
        ("by Jane Campion", {("must", "directors", "Jane Campion")}),
        ("something funny", {("prefer", "moods", "funny")}),
        ("in French", {("must", "languages", "French")}),
        ("a French film", {("must", "countries", "France")}),
        ("a commedy", {("must", "genres", "Comedy")}),
        ("films about chess", None),
    ],
)
async def test_labels_become_preferences_of_their_attribute(text: str, expected: set | None) -> None:
    got = limits_of((await read(text)).preferences)
    if expected is None:
        assert len(got) == 1
    else:
        assert got == expected


async def test_a_director_who_acts_is_told_by_the_word_before() -> None:
    acts = limits_of((await read("with Clint Eastwood")).preferences)
    directs = limits_of((await read("directed by Clint Eastwood")).preferences)
    assert acts == {("must", "cast", "Clint Eastwood")}
    assert directs == {("must", "directors", "Clint Eastwood")}


async def test_the_same_director_is_the_director_of_what_was_shown() -> None:
    from convrec.agents.state import Wish

    wish = Wish(focus=("alien-1979", "heat-1995"), shown=("alien-1979", "heat-1995"))
    got = await read("something by the same director as the second one", wish=wish)
    assert limits_of(got.preferences) == {("must", "directors", "Michael Mann")}


@pytest.mark.parametrize("text", ["I love you", "my family is here", "I had to work", "let's play it by ear"])
async def test_labels_that_do_other_work_are_no_wishes(text: str) -> None:
    assert not [p for p in (await read(text)).preferences if p.limit.attribute]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("films with english as the language", ("must", "languages", "English")),
        ("films with language french", ("must", "languages", "French")),
        ("the language has to be hindi", ("must", "languages", "Hindi")),
        ("language: french", ("must", "languages", "French")),
        ("with theme revenge", ("prefer", "themes", "revenge")),
        ("with genre war", ("must", "genres", "War")),
        ("without with genre military", ("must_not", "genres", "War")),
        ("with country spain", ("must", "countries", "Spain")),
        ("as for the genre, it must be family", ("must", "genres", "Family")),
    ],
)
async def test_the_name_of_an_attribute_beside_its_value_is_no_value_itself(text: str, expected: tuple) -> None:
    assert limits_of((await read(text)).preferences) == {expected}


async def test_the_name_of_an_attribute_alone_can_be_a_value() -> None:
    assert limits_of((await read("a film about language")).preferences) == {("prefer", "themes", "language")}


async def test_a_label_of_several_words_holds_no_cue() -> None:
    got = await read("cantonese films, not love beyond death")
    assert ("must_not", "themes", "love beyond death") in limits_of(got.preferences)


async def test_a_label_means_what_it_was_wanted_as_before() -> None:
    got = await read("i said french", wish=Wish(preferences=(labelled("languages", "French"),)))
    assert limits_of(got.preferences) == {("must", "languages", "French")}


async def test_a_label_means_the_same_twice_in_a_message() -> None:
    got = await read("but it should be french, please only films with french as the language")
    assert limits_of(got.preferences) == {("must", "languages", "French")}
