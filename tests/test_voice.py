"""How simulated users word things: enough ways, all our own, and none that means something else."""

import itertools
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from convrec.agents.state import Preference
from convrec.simulator.goals import goals_from_catalogue
from convrec.simulator.nouns import SystemTurn
from convrec.simulator.personas import PERSONAS
from convrec.simulator.users.agenda import AgendaUser
from convrec.simulator.users.voice import Voice, phrases
from convrec.tools.catalogue import Catalogue
from convrec.tools.items import Item
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute, Schema
from convrec.tools.words import words
from talk_stage import index_of
from user_stage import lamps, persona, shows

DATA = Path(os.environ.get("CONVREC_DATA", Path(__file__).parents[2] / "shared" / "data"))
TEMPLATES = [(name, t.text) for name, section in phrases().sections.items() for t in section]


def normal(template: str) -> str:
    """A template without case, punctuation and spaces that do not matter; its blanks stay."""
    return " ".join(re.findall(r"\{\w+\}|[\w']+", template.lower()))


def test_there_are_hundreds_of_ways_to_say_things():
    distinct = {normal(text) for _, text in TEMPLATES}
    assert len(distinct) >= 500
    assert len(distinct) >= 0.9 * len(TEMPLATES)


def test_no_section_says_the_same_twice():
    for name, section in phrases().sections.items():
        counts = Counter(normal(t.text) for t in section)
        assert not [text for text, count in counts.items() if count > 1], name


def test_no_template_speaks_of_a_domain_or_for_somebody_else():
    banned = re.compile(
        r"\b(?:films?|movies?|watch\w*|books?|read|novels?|games?|play\w*|actors?|directors?|songs?|listen\w*|drink|tea)\b"
    )
    said = [t for n, t in TEMPLATES if n != "bounds.players_low_closed" and banned.search(t.replace("read again", ""))]
    assert not said


def test_templates_are_of_many_lengths_in_each_of_the_common_sections():
    for name in ("ask_for", "label_must", "label_prefer", "label_must_not", "reject_all", "more", "accept", "give_up"):
        lengths = [t.length for t in phrases().sections[name]]
        assert max(lengths) >= 3 * min(lengths), name


def utterances(count: int) -> Iterator[str]:
    """What users of all kinds say to a system that shows things by chance, asks, or finds nothing."""
    index = lamps()
    goals = goals_from_catalogue(index, 60, seed=9)
    rng = random.Random(9)
    for seed in range(100):
        for goal in goals:
            user, heard = AgendaUser(goal, index, seed), None
            for _ in range(8):
                turn = _step(user, heard)
                yield turn.text
                count -= 1
                if not count:
                    return
                if turn.done:
                    break
                ids = [f"l{rng.randrange(len(index.catalogue))}" for _ in range(3)]
                heard = rng.choice(
                    (
                        shows(index, ids),
                        SystemTurn(reply="Which?", question="style", options=("modern", "gothic")),
                        SystemTurn(reply="Nothing.", nothing_fits=True),
                    )
                )


def _step(user: AgendaUser, heard: SystemTurn | None):
    """One reply, without an event loop: nothing in it waits."""
    coroutine = user.reply(heard)
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a simulated user does not wait")


def test_a_thousand_utterances_are_varied():
    said = list(utterances(1000))
    assert len(set(said)) >= 600
    most_common = Counter(said).most_common(1)[0][1]
    assert most_common <= 30
    spoken = [words(text) for text in said]
    pairs = [pair for line in spoken for pair in itertools.pairwise(line)]
    total = sum(map(len, spoken))
    assert len({w for line in spoken for w in line}) / total >= 0.05
    assert len(set(pairs)) / len(pairs) >= 0.25


def test_no_template_is_taken_from_people_in_the_data():
    corpora = _texts(DATA)
    if not corpora:
        pytest.skip(f"no dialogues of people under {DATA}")
    wanted = {}
    for _, text in TEMPLATES:
        for piece in re.split(r"\{\w+\}", text):
            said = words(piece)
            for start in range(len(said) - 5):
                wanted[tuple(said[start : start + 6])] = text
    copied = set()
    for path in corpora:
        spoken = words(path.read_text(encoding="utf-8", errors="replace").replace("\\n", " ").replace('\\"', '"'))
        for row in zip(*(spoken[n:] for n in range(6)), strict=False):
            if row in wanted:
                copied.add((" ".join(row), wanted[row]))
    assert not copied


def _texts(folder: Path) -> list[Path]:
    names = (
        "redial/valid_data.jsonl", "inspired/dev.tsv", "ccpe/ccpe_dialogues.csv",
        "crsarena_dial/crs_arena_dial_open.json", "opendialkg/dialog_books_dev.jsonl",
    )  # fmt: skip
    return [folder / name for name in names if (folder / name).exists()]


def preference(
    attribute: str, strength: str = "must", *values: str, low: float | None = None, high: float | None = None
) -> Preference:
    ranges = (Range(low=low, high=high),) if (low, high) != (None, None) else ()
    return Preference(limit=Limit(attribute=attribute, values=values, ranges=ranges), strength=strength)  # type: ignore[arg-type]


def statements(wish: Preference, name: str = "games", **numbers: float) -> set[str]:
    catalogue = (lamps() if name == "lamps" else index_of(name)).catalogue
    made = set()
    for seed in range(60):
        voice = Voice(persona(verbosity=seed % 10 / 10, **numbers), catalogue, random.Random(seed))
        made |= {voice.statement(wish) for _ in range(3)}
    return made


def test_every_statement_names_what_it_means():
    for text in statements(preference("genres", "must", "Puzzle")):
        assert "puzzle" in text.lower(), text
    for text in statements(preference("maker", "prefer", "Ada Moss"), "lamps"):
        assert "Ada Moss" in text
    for text in statements(preference("price", high=20.0)):
        assert "20" in text


def test_what_is_not_wanted_always_sounds_so():
    no = re.compile(
        r"\b(?:no|not|nothing|without|don't|hate|can't|anything but|out|spare me|n't|none|avoid|bore|isn't|wasn't|aren't)\b"
    )
    for strength in ("must_not", "avoid"):
        for text in statements(preference("genres", strength, "Puzzle")):
            assert no.search(text), text


def test_what_is_soft_never_sounds_hard():
    hard = re.compile(r"\b(?:must|has to|only|needs? to|definitely)\b")
    for text in statements(preference("tags", "prefer", "indie")) | statements(
        preference("release_date", "prefer", low=2010.0)
    ):
        assert not hard.search(text.replace("not a must", "")), text


def test_the_terse_say_less_than_the_talkative():
    def mean(verbosity: float) -> float:
        voice = Voice(persona(verbosity=verbosity), index_of("games").catalogue, random.Random(1))
        said = [voice.opening([preference("genres", "must", "Puzzle")]) for _ in range(40)]
        return sum(len(s.split()) for s in said) / len(said)

    assert 1.5 * mean(0.05) < mean(0.95)


def test_a_voice_does_not_repeat_itself_while_it_has_other_ways():
    voice = Voice(persona(), index_of("games").catalogue, random.Random(3))
    said = [voice.say("more") for _ in phrases().sections["more"]]
    assert len(set(said)) == len(said)


def test_every_section_can_be_said_by_everybody():
    blanks = dict.fromkeys(
        ("value", "role", "bound", "label", "amount", "title", "which", "more", "wish", "plural", "old", "new", "such"),
        "x",
    )
    blanks |= dict.fromkeys(("n", "low", "high", "decade", "year", "first", "last"), "1990")
    for someone in PERSONAS:
        voice = Voice(someone, index_of("books").catalogue, random.Random(1))
        for section in phrases().sections:
            assert "{" not in voice.say(section, **blanks)


def test_blanks_without_words_are_left_out():
    voice = Voice(persona(), index_of("books").catalogue, random.Random(1))
    for _ in range(60):
        assert "  " not in voice.say("no_preference", label="")


def test_a_becomes_an_before_a_vowel():
    catalogue = index_of("games").catalogue
    voice = Voice(persona(), catalogue, random.Random(1))
    said = {voice.say("opening.head", value="adventure") for _ in range(30)} | {
        voice.say("opening.brief", value="adventure") for _ in range(9)
    }
    assert not any("a adventure" in s for s in said)
    assert any("an adventure" in s for s in said)


def test_the_proper_use_capitals_and_the_small_do_not():
    made = []
    for seed in range(60):
        voice = Voice(persona(verbosity=0.9), index_of("games").catalogue, random.Random(seed))
        made.append(voice.message(["i'd like Ada Moss", "really"], plain=True))
    assert any(m.startswith("I'd like Ada Moss. Really") for m in made)
    assert any(m.startswith("i'd like ada moss") for m in made)


def test_nothing_to_say_is_no_message():
    voice = Voice(persona(), index_of("games").catalogue, random.Random(1))
    assert voice.message(["", " "]) == ""


def test_titles_are_never_mistyped():
    title = "Curious Lighthouse Keepers"
    for seed in range(80):
        voice = Voice(persona(typos=1.0), lamps().catalogue, random.Random(seed))
        assert title.lower() in voice.message([f"tell me about {title} and everything else"], [title]).lower()


def test_a_label_that_may_mean_something_else_is_said_with_its_attribute():
    speech = Attribute(name="speech", kind="category", label="tongue")
    origin = Attribute(name="origin", kind="category", label="origin", synonyms={"Norway": ("norse",)})
    items = [
        Item(id=str(n), title=f"Thing {n}", attributes={"speech": ("Norse",), "origin": ("Norway",)}) for n in range(4)
    ]
    catalogue = Catalogue("things", Schema(attributes=(speech, origin)), items)
    for seed in range(20):
        voice = Voice(persona(knowledge=1.0), catalogue, random.Random(seed))
        assert "norse as the tongue" in voice.statement(preference("speech", "must", "Norse"))
        assert "norse" not in voice.statement(preference("origin", "must", "Norway")).lower()


KOREA = {"South Korea": ("korean",)}
ODD = Schema(
    noun="thing",
    nouns="things",
    attributes=(
        Attribute(name="speech", kind="category", label="language"),
        Attribute(name="land", kind="category", label="country", also=("made in",), synonyms=KOREA),
        Attribute(name="style", kind="category", many=True, label="style"),
        Attribute(name="word", kind="category", many=True, open=True, label="keyword", also=("set in",)),
        Attribute(name="year", kind="date", label="year"),
        Attribute(name="score", kind="number", measure="rating", label="score"),
    ),
)


@cache
def oddities() -> Catalogue:
    """Labels of all kinds of words; what is korean may be a language or a land."""
    shared = {"style": ("drama", "exciting", "western"), "word": ("military",), "year": "1990", "score": 7.0}
    lands = ("United Kingdom", "South Korea", "Belgium")
    return Catalogue(
        "odd", ODD, [Item(id=x, title=x, attributes={"speech": ("korean",), "land": (x,), **shared}) for x in lands]
        + [Item(id="n", title="n", attributes={"speech": ("Belgian",), "land": ("Peru",)})],
    )  # fmt: skip


def voices() -> Iterator[Voice]:
    for seed in range(120):
        yield Voice(persona(verbosity=seed % 10 / 10), oddities(), random.Random(seed))


STRENGTHS = ("must", "prefer", "must_not", "avoid")
CLASH = re.compile(
    r"\b(?:without|no|with|from|by|in|be|it's|is) (?:with|from between)\b"
    r"|\bno (?:made|under|between|since)\b|\bgo with (?:from|made|between)\b"
)


def everything(*values: str, attribute: str) -> Iterator[str]:
    for voice in voices():
        for strength in STRENGTHS:
            wish = preference(attribute, strength, *values)
            yield voice.statement(wish)
            yield voice.opening([preference("style", "must", "drama"), wish])
            yield voice.opening([wish])


@pytest.mark.parametrize(
    ("attribute", "value"), [("speech", "korean"), ("land", "United Kingdom"), ("style", "exciting")]
)
def test_no_preposition_meets_another(attribute: str, value: str):
    for text in everything(value, attribute=attribute):
        assert not CLASH.search(text), text


@pytest.mark.parametrize("value", ["exciting", "drama", "western"])
def test_a_label_of_which_nobody_knows_what_word_it_is_stands_before_a_noun_or_alone(value: str):
    ill = re.compile(rf"\b(?:something|anything|fond of|weakness for|hate|stand|enjoy|avoid) {value}(?! things?\b| or)")
    for text in everything(value, attribute="style"):
        assert not ill.search(text), text


def test_a_label_whose_attribute_has_a_preposition_is_said_with_it():
    for text in everything("United Kingdom", attribute="land"):
        assert "made in united kingdom" in text.lower(), text


def test_loose_labels_take_no_preposition_that_fits_few_of_them():
    assert not [t for t in everything("military", attribute="word") if "set in" in t]


def test_two_nouns_of_one_attribute_are_not_piled_up():
    both = [preference("style", "must", "drama"), preference("style", "must", "western")]
    for voice in voices():
        text = voice.opening(both)
        assert "drama" in text, text
        assert "western" in text, text
        assert not re.search(r"drama western|western drama", text), text


def test_what_is_dropped_or_swapped_is_said_as_a_noun():
    years = Preference(limit=Limit(attribute="year", ranges=(Range(low=1990.0, high=1999.0),)), strength="must")
    for voice in voices():
        assert voice.thing(years) == "the 1990s"
        assert voice.thing(preference("speech", "must", "korean")) == "korean as the language"
        assert voice.thing(preference("land", "must", "United Kingdom")) == "united kingdom"


def test_a_range_with_a_preposition_never_stands_behind_is():
    wish = preference("score", "must", low=7.0)
    for voice in voices():
        assert not re.search(r"\b(?:be|it's|that's|isn't) with\b", voice.statement(wish))


def test_make_it_only_replaces():
    assert {name for name, text in TEMPLATES if "make it " in text} == {"swap"}


def test_a_complaint_about_a_number_states_no_limit_of_its_own():
    limit = re.compile(
        r"\b(?:older|newer|longer|shorter|cheaper|more|less) than (?:that|\{title\})|i (?:want|meant) something"
    )
    assert not [t for name, t in TEMPLATES if name.startswith("too_") and limit.search(t)]
