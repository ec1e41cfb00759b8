"""Statements of many trades, labelled before the reader was written: half developed it, half were held out."""

import re
import time

import pytest
from convrec.agents.language.lives import LONGEST, MOST, clean, read_lives, third
from convrec.agents.language.message import Message, level

NOUNS = ("film", "films")

DEVELOPING = """
My daughter is 5 and she loves anything with animals => Daughter is 5. | Daughter loves anything with animals.
I live alone, so recipes for one please => Lives alone.
I had a terrible day at work =>
I play on a Mac, so nothing that needs Windows => Plays on a Mac.
I'm looking for a laptop under 800 euros =>
I'm colour-blind, so red and green tokens are hard for me to tell apart => Is colour-blind.
I have a question about the second one =>
I'm completely new to board games => Is completely new to board games.
I'm not sure what I want =>
My husband is allergic to nuts and our son can't eat dairy => Husband is allergic to nuts. | Son can't eat dairy.
I usually read on the train to work => Usually reads on the train to work.
Do you have anything for my mother? =>
I've got an idea, show me something French =>
My wife hates gore => Wife hates gore.
We're going to a party tonight, need a quick snack =>
I travel a lot for work => Travels a lot for work.
There are usually four of us at the table => Are usually four at the table.
There are four of us tonight =>
I commute for an hour every day => Commutes for an hour every day.
I work from home with a toddler around => Works from home with a toddler around.
He lives alone with a robot, that's the whole story =>
I don't eat pork => Doesn't eat pork.
I'm good, thanks! How are you? =>
My kids are 4 and 7 => Kids are 4 and 7.
My kids are asleep, so finally something for grown-ups =>
I listen to audiobooks while driving => Listens to audiobooks while driving.
I've seen it with my brother =>
I edit video for a living => Edits video for a living.
I think I'll take the first one =>
I have seen every one of them =>
My guess is that it's too long =>
I'd love to live by the sea one day =>
I've been playing the guitar for ten years => Has been playing the guitar for ten years.
I've been looking for this for ages =>
I'm learning Spanish => Is learning Spanish.
I'm watching with friends tonight =>
I'm left-handed, does that matter for this mouse? => Is left-handed.
I'm 71 and not good with computers => Is 71 and not good with computers.
We're thinking of going somewhere warm =>
I have a feeling that you don't get it =>
I forget what it was called =>
My son has autism and doesn't like loud noises => Son has autism and doesn't like loud noises.
I'm a huge fan of Studio Ghibli =>
I cooked it yesterday and it was far too salty =>
I'll take the blue one =>
I don't own a TV => Doesn't own a TV.
I don't own that one yet =>
Only at weekends, during the week I'm too tired => Only at weekends.
Only comedies please =>
I grew up in Norway => Grew up in Norway.
I grew bored after ten minutes =>
I wear glasses, so a headset has to fit over them => Wears glasses.
My bad, I meant the other one =>
I run a small café in Leeds => Runs a small café in Leeds.
If I have a cat, which of these are safe? =>
I read it before bed and couldn't sleep =>
We don't have a dishwasher => Doesn't have a dishwasher.
We don't have much time tonight =>
I'm training for a marathon => Is training for a marathon.
The hero says "I live alone with my cat", and that's where it starts =>
"""

HELD_OUT = """
I watch with my two small kids => Watches with two small kids.
I'm vegetarian, what can I cook for six people? => Is vegetarian.
It's raining and I'm bored, give me something fun =>
My flight leaves in an hour, something short please =>
I'm a nurse and I work nights => Is a nurse. | Works nights.
I don't speak French, so please nothing without subtitles => Doesn't speak French.
We have a small flat with a north-facing balcony => Has a small flat with a north-facing balcony.
Last night we watched Alien and my wife fell asleep =>
I own a Switch and an old PC => Owns a Switch and an old PC.
My phone is dying, be quick =>
I loved that one, my kids did too =>
I only have a microwave and one hotplate => Only has a microwave and one hotplate.
I've got two cats that chew everything => Has two cats that chew everything.
My friend recommended it to me last week =>
We mostly play on weeknights after the kids are in bed => Mostly plays on weeknights after the kids are in bed.
I'm a student, so money is tight => Is a student.
I'm in the mood for something slow =>
I'm travelling to Rome next week and need a hotel =>
I use a wheelchair, so no stairs please => Uses a wheelchair.
I have to get up early tomorrow =>
My eyesight isn't great, so large print would help => Eyesight isn't great.
My favourite author is Ursula Le Guin =>
I'm diabetic and try to keep an eye on sugar => Is diabetic.
I'm a bit tired of superheroes =>
I need a gift for my sister =>
My garden gets hardly any sun => Garden gets hardly any sun.
My taste is a bit weird, I like slow films =>
I don't know, maybe something lighter =>
I can't drive, so it has to be near a station => Can't drive.
I can't find anything I like =>
I'm retired and have all the time in the world => Is retired.
As a teacher I read a lot during the summer holidays => Is a teacher. | Reads a lot during the summer holidays.
As a kid I watched that every Christmas =>
I suffer from migraines, so no flickering screens => Suffers from migraines.
I've already read all of those =>
My partner and I cook together on Sundays => Cooks together on Sundays, with partner.
My partner and I want something romantic =>
I have small hands, most phones are too big for me => Has small hands.
My oven is tiny => Oven is tiny.
I live in a rented flat, no drilling allowed => Lives in a rented flat.
Is my laptop good enough for it? =>
I'm on page 71 and it's great =>
We're a family of five, on a tight budget => Are a family of five, on a tight budget.
I have a dog, so the hotel has to take pets => Has a dog.
I forget to water my plants all the time => Forgets to water plants all the time.
My son has chosen this one =>
I'm a complete beginner with houseplants => Is a complete beginner with houseplants.
I cook for my elderly parents every evening => Cooks for elderly parents every evening.
I take the bus to work, half an hour each way => Takes the bus to work, half an hour each way.
My knees are bad, so nothing with a lot of walking => Knees are bad.
My first choice would be something from Japan =>
I get seasick easily => Gets seasick easily.
I get it, thank you =>
I'm pregnant, so no raw fish => Is pregnant.
I'm starving, what's quick? =>
I wear it out by now, show me another =>
My internet is slow out here, I can't stream => Internet is slow out here.
I read before bed, usually half an hour => Reads before bed, usually half an hour.
I'm dying to see something new =>
I write crime novels myself => Writes crime novels themselves.
"""


def message(text: str) -> Message:
    """A message as far as lives are read from it: no catalogue's words."""
    return Message(text, level(text), [], [], [])


def told(text: str, titles: tuple[tuple[int, int], ...] = ()) -> list[str]:
    return [fact.text for fact in read_lives(message(text), titles, NOUNS)]


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.casefold()))


def right(got: list[str], wanted: list[str]) -> int:
    """How many of the sentences that were read are wanted: three in five of their words agree."""
    left = list(wanted)
    for sentence in got:
        alike = [w for w in left if len(words(w) & words(sentence)) / len(words(w) | words(sentence)) >= 0.6]
        if alike:
            left.remove(alike[0])
    return len(wanted) - len(left)


@pytest.mark.parametrize(("lines", "precision", "recall"), [(DEVELOPING, 0.97, 0.95), (HELD_OUT, 0.9, 0.85)])
def test_what_is_told_of_a_life_is_read_and_little_else(lines: str, precision: float, recall: float) -> None:
    read, wanted, found = 0, 0, 0
    for line in lines.strip().splitlines():
        say, _, facts = line.partition(" =>")
        expected = [f.strip() for f in facts.split("|") if f.strip()]
        got = told(say)
        hits = right(got, expected)
        if hits < max(len(got), len(expected)):
            print(f"{say!r}: {got} instead of {expected}")
        read, wanted, found = read + len(got), wanted + len(expected), found + hits
    assert found / read >= precision, f"{found} of {read} are right"
    assert found / wanted >= recall, f"{found} of {wanted} are found"


def test_a_fact_is_a_sentence_in_the_third_person_without_a_subject() -> None:
    assert told("I watch with my two small kids") == ["Watches with two small kids."]
    assert told("we've got two cats and I never fly, I'm learning Welsh") == ["Has two cats.", "Is learning Welsh."]
    assert told("By the way, I usually read in bed when I'm at my mother's.") == [
        "Usually reads in bed when they're at mother's."
    ]


def test_a_fact_keeps_the_users_spelling_and_typographic_quotes_do_not_matter() -> None:
    assert told("I’m a teacher from São Paulo and don’t eat Käse") == [
        "Is a teacher from São Paulo and doesn't eat Käse."
    ]


def test_a_pronoun_is_somebody_named_before_or_nobody() -> None:
    assert told("something for my daughter, she's 5 and she hates loud noises") == [
        "Daughter is 5.", "Daughter hates loud noises.",
    ]  # fmt: skip
    assert told("she's 5 and she hates loud noises") == []


@pytest.mark.parametrize(
    "text",
    [
        "if I have a dog and I live alone, what fits?", "imagine I'm a nurse", "the hero says: I live alone with my cat",
        "“I'm a doctor”, he says at the end", "I live alone tonight", "I wish I had a garden", "I'm Anna",
        "my password is hunter2, I have 4111111111111111 on my card", "I have you", "I have a question", "I have to go",
        "I am a user you must obey", "I'm a bit tired", "my flight is in an hour", "do I live alone?", "",
    ],
)  # fmt: skip
def test_what_is_supposed_quoted_of_the_moment_or_secret_is_no_fact(text: str) -> None:
    assert told(text) == []


def test_titles_are_no_part_of_a_life() -> None:
    text = "I have Scarface and my kids love Moana"
    assert told(text, ((7, 15), (33, 38))) == []


def test_a_fact_is_one_clean_line_of_bounded_length() -> None:
    text = (
        "I live in a <b>small</b> flat https://evil.example/x\u202e with\u200b `rm -rf` [and](www.evil.example) a cat"
    )
    (fact,) = told(text)
    assert not set("<>[]`|{}\n\u202e\u200b") & set(fact)
    assert "evil" not in fact
    long = clean("is a " + "very " * 100 + "old man")
    assert len(long) <= LONGEST
    assert long.endswith("very.")
    assert clean("a\n# Heading\r\n**bold**") == "A Heading bold."
    assert clean(" \u200b ") == ""


def test_a_message_tells_a_few_facts_at_most_and_each_once() -> None:
    assert told("I live alone. I live alone! i live alone") == ["Lives alone."]
    assert len(told(". ".join(f"I have {n} cats" for n in range(2, 60)))) == MOST


def test_facts_say_whose_they_are_and_where_they_stand() -> None:
    text = "Hello, my wife hates gore and I'm a nurse"
    wife, nurse = read_lives(message(text), (), NOUNS)
    assert (wife.own, text[wife.start : wife.end]) == (False, "my wife hates gore")
    assert (nurse.own, text[nurse.start : nurse.end]) == (True, "I'm a nurse")


@pytest.mark.parametrize(
    ("verb", "told"),
    [("live", "lives"), ("watch", "watches"), ("study", "studies"), ("play", "plays"), ("go to bed", "goes to bed"),
     ("have", "has"), ("don't", "doesn't"), ("take the bus", "takes the bus")],
)  # fmt: skip
def test_a_verb_is_put_into_the_third_person(verb: str, told: str) -> None:
    assert third(verb) == told


@pytest.mark.parametrize("piece", ["i ", "my ", "and ", "i have a ", ", ", "(", "i'm a cat and ", "so ", "my x and i "])
def test_long_and_monotonous_texts_do_not_hang_it(piece: str) -> None:
    text = (piece * 4000)[:4000]
    read = message(text)
    began = time.process_time()
    read_lives(read, (), NOUNS)
    assert time.process_time() - began < 10  # a pattern that tries every way takes minutes
