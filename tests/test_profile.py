"""A profile in plain language: what it says, how it fades, and what an edit of it means."""

from typing import Any

import pytest
from convrec.agents.memory import Memory
from convrec.agents.profile import (
    LONGEST,
    ProfileEdit,
    forgotten_by,
    message_of,
    profile_lines,
    read_profile_edit,
    sentences,
    strength_of,
    taste_text,
    tell_profile,
)
from convrec.agents.state import Feeling, Preference, Strength
from convrec.tools.limits import Limit
from talk_stage import TEAS, labelled, limits_of, ranged, read

NOW = 1_000_000_000.0
DAY = 86_400.0


def memory(name: str, kind: Any, text: str, **fields: Any) -> Memory:
    return Memory(id=name, kind=kind, text=text, created=NOW, **{"told": NOW, **fields})


def liked(name: str, title: str, feeling: Feeling = "liked", **fields: Any) -> Memory:
    return memory(name, "feedback", f"{feeling.capitalize()} {title}.", item=name, feeling=feeling, **fields)


PERSON = [
    memory("a", "taste", "Likes Drama.", times=2),
    memory("b", "taste", "Likes slow-burning science fiction.", times=3),
    memory("c", "taste", "Likes Wong Kar-wai."),
    memory("d", "taste", "Avoids gore."),
    memory("e", "taste", "Never wants Horror."),
    memory("f", "fact", "Mostly watches on weeknights."),
    liked("g", "In the Mood for Love", times=2),
    *(liked(f"h{n}", f"Number {n}") for n in range(4)),
]


def profile(memories: list[Memory], half_life_days: float = 180.0) -> str:
    return tell_profile(memories, NOW, half_life_days)


def test_a_profile_groups_tastes_strongest_first_then_tells_facts_and_items() -> None:
    assert profile(PERSON) == (
        "Likes slow-burning science fiction, Drama and Wong Kar-wai. Avoids gore. Never wants Horror. "
        "Mostly watches on weeknights. Liked In the Mood for Love and 4 others."
    )


def test_nothing_remembered_is_an_empty_profile() -> None:
    assert profile([]) == ""
    assert profile([memory("a", "taste", "Likes Drama.", ended=NOW), liked("b", "Emma", "seen")]) == ""


def test_a_memory_that_ended_has_no_place_and_no_strength() -> None:
    gone = memory("z", "taste", "Likes Western.", ended=NOW - 1)
    assert "Western" not in profile([*PERSON, gone])
    assert strength_of(gone, NOW, 180.0) == 0.0


def test_strength_grows_with_repetition_by_less_each_time_and_halves_with_time() -> None:
    once, twice, often = (strength_of(memory("a", "fact", "x", times=t), NOW, 30.0) for t in (1, 2, 9))
    assert once == pytest.approx(0.5)
    assert twice == pytest.approx(0.75)
    assert twice < often < 1.0
    old = memory("a", "fact", "x", told=NOW - 60 * DAY)
    assert strength_of(old, NOW, 30.0) == pytest.approx(0.125)
    assert strength_of(old, NOW, 0.0) == pytest.approx(0.5)
    assert strength_of(memory("a", "fact", "x", told=NOW + DAY), NOW, 30.0) == pytest.approx(0.5)
    assert strength_of(memory("a", "fact", "x", told=0.0), NOW, 0.001) == 0.0


def test_what_was_said_often_and_lately_comes_first() -> None:
    old = memory("a", "taste", "Likes Drama.", times=3, told=NOW - 900 * DAY)
    new = memory("b", "taste", "Likes Comedy.")
    assert profile([old, new]) == "Likes Comedy and Drama."
    assert profile([old, new], half_life_days=0.0) == "Likes Drama and Comedy."


def test_a_profile_is_short_and_keeps_what_is_strongest() -> None:
    many = [memory(f"t{n}", "taste", f"Likes thing number {n}.", times=1 + (n == 50)) for n in range(100)]
    facts = [memory(f"f{n}", "fact", f"Has {n} cats in one house with a garden.") for n in range(100)]
    text = profile([*many, *facts, liked("g", "Emma")])
    assert len(text.split()) <= LONGEST
    assert text.startswith("Likes thing number 50")
    assert "Liked Emma." in text


def test_a_taste_with_a_comma_or_an_and_in_it_stands_alone() -> None:
    rock = memory("r", "taste", "Likes Rock and Roll.", times=2)
    assert profile([rock, *PERSON[:1]]) == "Likes Drama. Likes Rock and Roll."


def test_a_profile_is_plain_text_on_one_line() -> None:
    text = profile([memory("a", "fact", "Lives\n  alone"), liked("b", "**Emma**")])
    assert text == "Lives alone. Liked Emma."


def test_each_line_knows_its_memories() -> None:
    lines = {line.text: line.memories for line in profile_lines(PERSON, NOW, 180.0)}
    assert lines["Avoids gore."] == ("d",)
    assert lines["Likes slow-burning science fiction, Drama and Wong Kar-wai."] == ("b", "a", "c")
    assert lines["Liked In the Mood for Love and 4 others."][0] == "g"
    assert len(lines["Liked In the Mood for Love and 4 others."]) == 5


def edited(before: list[Memory], after: str) -> tuple[ProfileEdit, set[str]]:
    lines = profile_lines(before, NOW, 180.0)
    edit = read_profile_edit(" ".join(line.text for line in lines), after)
    return edit, set(forgotten_by(edit, lines))


def test_an_unchanged_profile_is_no_edit() -> None:
    text = profile(PERSON)
    assert read_profile_edit(text, text) == ProfileEdit()
    assert read_profile_edit(text, text.replace(". ", ".\n").upper()) == ProfileEdit()
    assert read_profile_edit("", "") == ProfileEdit()


def test_a_sentence_that_is_gone_takes_its_memories_along() -> None:
    edit, gone = edited(PERSON, profile(PERSON).replace(" Avoids gore.", ""))
    assert (edit, gone) == (ProfileEdit(gone=("Avoids gore.",)), {"d"})


def test_one_thing_taken_out_of_a_sentence_leaves_the_others() -> None:
    edit, gone = edited(PERSON, profile(PERSON).replace(", Drama and Wong Kar-wai", " and Wong Kar-wai"))
    assert (edit, gone) == (ProfileEdit(gone=("Likes Drama.",)), {"a"})


def test_what_is_put_in_is_added_piece_by_piece() -> None:
    edit, gone = edited(PERSON, profile(PERSON).replace("Avoids gore.", "Avoids gore, needles and clowns. Has a cat."))
    assert edit == ProfileEdit(added=("Avoids needles.", "Avoids clowns.", "Has a cat."))
    assert not gone


def test_a_changed_sentence_is_taken_out_and_put_in_anew() -> None:
    edit, gone = edited(PERSON, profile(PERSON).replace("Never wants Horror", "Likes Horror"))
    assert edit == ProfileEdit(gone=("Never wants Horror.",), added=("Likes Horror.",))
    assert gone == {"e"}


def test_items_that_are_only_counted_can_be_taken_out() -> None:
    _, gone = edited(PERSON, profile(PERSON).replace(" and 4 others", ""))
    assert gone == {"h0", "h1", "h2", "h3"}


def test_names_with_an_and_or_a_full_stop_are_taken_out_whole() -> None:
    memories = [
        memory("r", "taste", "Likes Rock and Roll."),
        liked("s", "Dr. Strangelove"),
        liked("x", "J.K. and I", "disliked"),
    ]
    assert edited(memories, "Liked Dr. Strangelove. Disliked J.K. and I.")[1] == {"r"}
    assert edited(memories, "Likes Rock and Roll. Disliked J.K. and I.")[1] == {"s"}
    assert edited(memories, "")[1] == {"r", "s", "x"}


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Likes A and B.", "I like A and B"), ("Avoids C.", "I'd rather not have C"), ("Never wants D.", "I never want D"),
        ("only wants E", "I only want E"), ("Liked Emma.", "I liked Emma"), ("Lives alone.", ""), ("Wife hates gore.", ""),
        ("Mostly on weeknights.", ""), ("I can't stand clowns.", "I can't stand clowns."),
        ("No horror please.", "No horror please."),
    ],
)  # fmt: skip
def test_a_sentence_is_put_as_its_user_would_say_it(sentence: str, said: str) -> None:
    assert message_of(sentence) == said


def test_sentences_are_parted_at_full_stops_and_lines() -> None:
    assert sentences("Likes A.  Avoids B!\nLiked **Dr. No**.\n\n") == ["Likes A.", "Avoids B!", "Liked Dr. No."]


@pytest.mark.parametrize(
    ("preference", "text"),
    [
        (labelled("flavours", "smoky", strength="avoid"), "Avoids smoky."),
        (labelled("flavours", "smoky", "malty", strength="must_not"), "Never wants smoky or malty."),
        (labelled("kind", "black"), "Only wants black."),
        (labelled("kind", "low"), "Only wants kind low."),
        (ranged("minutes", high=3, strength="prefer"), "Likes steeping time at most 3 min."),
        (Preference(limit=Limit(attribute=None, values=("campfires",)), strength="prefer"), "Likes campfires."),
        (ranged("picked", low=2020, strength="must"), "Only wants 2020 or later."),
    ],
)  # fmt: skip
def test_a_taste_is_told_in_words(preference: Preference, text: str) -> None:
    assert taste_text(preference, TEAS) == text


@pytest.mark.parametrize("strength", ["prefer", "must", "avoid", "must_not"])
@pytest.mark.parametrize(("attribute", "value"), [("flavours", "smoky"), ("kind", "black"), ("kind", "green")])
async def test_a_taste_that_is_told_is_read_as_the_same_taste(strength: Strength, attribute: str, value: str) -> None:
    preference = labelled(attribute, value, strength=strength)
    said = message_of(taste_text(preference, TEAS))
    assert limits_of((await read(said, "teas")).preferences) == limits_of([preference])
