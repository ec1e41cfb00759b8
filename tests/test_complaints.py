import pytest
from convrec.agents.language.complaints import INSISTS
from convrec.agents.state import Preference, Understanding, Wish
from talk_stage import labelled, limits_of, read

SHOWN = ("alien-1979", "heat-1995")
DRAMA, NOT_SCARY = labelled("genres", "Drama"), labelled("moods", "scary", strength="must_not")


async def told(text: str, *before: Preference) -> Understanding:
    return await read(text, wish=Wish(preferences=before, focus=SHOWN, shown=SHOWN))


def turned_down(got: Understanding) -> set[str]:
    return {m.item for m in got.mentions if m.feeling == "rejected"}


@pytest.mark.parametrize(
    "text",
    [
        "Alien isn't drama. The genre has to be drama.", "the first one is not a drama", "that's not drama",
        "hm, I don't think Alien counts as drama", "you lost me, Alien has nothing to do with drama",
        "how is Alien drama? only drama films", "since when is the first one a drama? it must be a drama",
    ],
)  # fmt: skip
async def test_what_an_item_is_said_to_lack_is_wanted_and_the_item_is_turned_down(text: str) -> None:
    got = await told(text)
    assert limits_of(got.preferences) == {("must", "genres", "Drama")}
    assert (got.act, turned_down(got)) == ("reject", {"alien-1979"})


async def test_a_complaint_about_all_that_is_shown_turns_all_of_it_down() -> None:
    got = await told("those aren't dramas though. drama is a must")
    assert limits_of(got.preferences) == {("must", "genres", "Drama")}
    assert turned_down(got) == set(SHOWN)


async def test_a_loose_label_that_is_missed_is_preferred() -> None:
    assert limits_of((await told("the first one isn't cosy")).preferences) == {("prefer", "moods", "cosy")}


async def test_a_doubt_is_a_complaint_where_its_label_was_asked_for_before() -> None:
    got = await told("how is Alien drama?", DRAMA)
    assert (got.act, limits_of(got.preferences)) == ("reject", {("must", "genres", "Drama")})


@pytest.mark.parametrize("text", ["how is Alien drama?", "is Alien a drama?", "Alien isn't a drama, is it?"])
async def test_a_question_whose_label_nobody_asked_for_stays_a_question(text: str) -> None:
    got = await told(text)
    assert not limits_of(got.preferences)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("isn't Alien scary? then no", ("must_not", "moods", "scary")),
        ("Alien is horror, so no", ("must_not", "genres", "Horror")),
        ("I'd skip Alien because of the violence", ("must_not", "moods", "violent")),
        ("Alien is too violent for me", ("avoid", "moods", "violent")),
        ("Alien is too violent for me. no violence", ("must_not", "moods", "violent")),
    ],
)
async def test_what_an_item_has_too_much_of_is_unwanted(text: str, expected: tuple[str, str, str]) -> None:
    got = await told(text)
    assert limits_of(got.preferences) == {expected}
    assert turned_down(got) == {"alien-1979"}


@pytest.mark.parametrize(
    "text", ["no horror", "nothing scary", "not violent though", "Brazil isn't scary", "it's not too scary, I hope"]
)
async def test_what_is_said_of_no_shown_item_keeps_its_not(text: str) -> None:
    assert not any(p.wanted and p.limit.attribute in ("genres", "moods") for p in (await told(text)).preferences)


async def test_an_item_that_is_not_what_nobody_wants_is_no_complaint() -> None:
    got = await told("the first one isn't scary", NOT_SCARY)
    assert not any(p.wanted for p in got.preferences)


async def test_nothing_is_complained_about_before_anything_is_shown() -> None:
    got = await read("it must not be scary. that's not horror")
    assert not any(p.wanted for p in got.preferences)


async def test_a_complaint_about_a_number_turns_down_and_the_number_counts() -> None:
    got = await told("the minimum age of Alien doesn't work for me, I said I need something ok for a 6 year old")
    assert limits_of(got.preferences) == {("must", "min_age", "..6")}
    assert got.act != "ask"


@pytest.mark.parametrize("text", ["like i said, a drama", "i told you: drama", "again, drama", "drama is a must"])
def test_saying_something_once_more_is_told(text: str) -> None:
    assert INSISTS.search(text)


@pytest.mark.parametrize("text", ["a drama", "show me that again", "drama instead"])
def test_saying_something_new_is_no_insisting(text: str) -> None:
    assert not INSISTS.search(text)
