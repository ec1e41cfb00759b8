import pytest
from convrec.agents.language.phrases import is_filler, read_phrases
from talk_stage import limits_of, message_of, read


@pytest.mark.parametrize(
    ("text", "phrase"),
    [("a film about lighthouse keepers", "lighthouse keepers"), ("something with submarines", "submarine"),
     ("a story about chess players", "chess")],
)  # fmt: skip
async def test_what_no_label_says_is_looked_for_in_the_text(text: str, phrase: str) -> None:
    got = await read(text)
    said = [v for p in got.preferences for v in p.limit.values]
    assert any(phrase in v.casefold() for v in said), said
    assert all(p.strength == "prefer" for p in got.preferences)


async def test_a_negated_phrase_is_against_it() -> None:
    got = await read("nothing about lighthouse keepers")
    assert {s for s, a, _ in limits_of(got.preferences) if a == "~"} <= {"must_not", "avoid"}
    assert got.preferences


@pytest.mark.parametrize(
    "text",
    ["hi", "thanks a lot", "what do you think?", "hmm let me see", "I don't know", "ok great", "could you help me please",
     "I'm on the train home with my boyfriend", "yes please", "that would be lovely"],
)  # fmt: skip
async def test_ordinary_talk_is_no_content(text: str) -> None:
    assert not (await read(text)).preferences


@pytest.mark.parametrize("word", ["the", "really", "wasn't", "42", "pls", "x"])
def test_fillers_carry_no_content(word: str) -> None:
    assert is_filler(word)


@pytest.mark.parametrize("word", ["submarine", "lighthouse", "dragons", "潜水艦"])
def test_content_words_are_no_fillers(word: str) -> None:
    assert not is_filler(word)


def test_a_phrase_ends_at_punctuation() -> None:
    texts = [p.text for p in read_phrases(message_of("lighthouse, submarines"))]
    assert texts == ["lighthouse", "submarines"]
