"""Whether a text gives a target's title away."""

import pytest
from convrec.simulator.leaks import leaked_titles
from convrec.tools.items import Item


def item(title: str, *aliases: str, **labels: tuple[str, ...]) -> Item:
    return Item(id=title.lower(), title=title, aliases=aliases, attributes=dict(labels))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Lapsang Souchong", "do you have lapsang souchong?"),
        ("Lapsang Souchong", "LAPSANG-SOUCHONG!!"),
        ("Lapsang Souchong", "something like lapsnag souchong"),
        ("Amélie", "i loved amelie"),
        ("The Handmaid's Tale", "how about handmaid’s tale"),
        ("The Quiet Earth (1985)", "is it the quiet earth?"),
        ("Solaris 1972", "solaris please"),
        ("Nausicaä of the Valley of the Wind", "nausicaa of the valley of the wind"),
        ("WALL·E", "wall e"),
        ("Crouching Tiger, Hidden Dragon", "crouching tiger hidden dragon maybe"),
        ("It", "what about “It”?"),
        ("Up", "i want *Up* tonight"),
        ("Up", "have you got Up (2009)?"),
        ("Heat", "someone told me about Heat the other day"),
        ("The Others", "i heard The Others is good"),
        ("Nineteen Eighty-Four", "nineteen eighty-four"),
        ("千と千尋の神隠し", "do you know 千と千尋の神隠し"),
    ],
)
def test_a_title_is_found_however_it_is_spelt(title: str, text: str):
    assert leaked_titles(text, [item(title)]) == (title,)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("It", "it should be short. It has to be green"),
        ("Up", "i'm up for anything, up to 20 dollars"),
        ("The Others", "what about the others?"),
        ("Heat", "nothing with too much heat"),
        ("The Giver", "give me something good"),
        ("Her", "for her birthday"),
        ("300", "under 300 pages"),
        ("1984", "from 1984 or later"),
        ("Once", "i had that once. Once is enough"),
        ("Lapsang Souchong", "something smoky"),
        ("Silver Needle", "something with silver on it"),
        ("Alien", "anything with aliens in it"),
        ("I Want You", "i want you to find me something"),
        ("Portal", ""),
    ],
)
def test_what_anybody_would_say_is_no_leak(title: str, text: str):
    assert leaked_titles(text, [item(title)]) == ()


def test_aliases_count_and_the_title_is_what_is_reported():
    target = item("The Legend of the Long Wind: Part One", "Long Wind One")
    assert leaked_titles("give me long wind one", [target]) == (target.title,)


def test_several_titles_are_reported_in_the_order_of_the_targets():
    targets = [item("Keemun Hao"), item("Assam Gold"), item("Sencha")]
    assert leaked_titles("assam gold or keemun hao", targets) == ("Keemun Hao", "Assam Gold")


def test_a_title_that_is_the_items_own_label_counts_only_as_a_title():
    target = item("Fantastic Journey", series=("Fantastic Journey",))
    assert leaked_titles("something of the fantastic journey series", [target]) == ()
    assert leaked_titles("i want “Fantastic Journey”", [target]) == (target.title,)


def test_titles_inside_what_may_be_said_are_no_leak():
    targets = [item("Solaris")]
    assert leaked_titles("more like solaris rising", targets, allowed=["Solaris Rising"]) == ()
    assert leaked_titles("more like solaris rising, or solaris", targets, allowed=["Solaris Rising"]) == ("Solaris",)


def test_where_nothing_is_hidden_nothing_leaks():
    assert leaked_titles("lapsang souchong", []) == ()


def test_a_longer_title_that_holds_a_targets_is_told_apart_only_where_it_may_be_said():
    target = item("The Long Watch")
    assert leaked_titles("like Long Watch Two", [target]) == (target.title,)
    assert leaked_titles("like Long Watch Two", [target], allowed=["Long Watch Two"]) == ()
