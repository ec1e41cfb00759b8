from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from convrec.tools.words import STOPWORDS, content_stems, fold, sentences, stem, stems, tokens, words
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Amélie’s", "amelie's"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("ﬁlm", "film"),
        ("Зеркало", "зеркало"),
        ("&", "and"),
        ("＆", "and"),
        ("", ""),
    ],
)
def test_folding_takes_case_accents_and_curly_quotes_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(TEXT)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT)
def test_a_token_knows_its_place(text: str) -> None:
    found = tokens(text)
    for token in found:
        assert text[token.start : token.end] == token.raw
        assert token.text == fold(token.raw)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert [t.text for t in found] == words(text)


def test_words_are_split_at_everything_but_letters_digits_and_inner_apostrophes() -> None:
    assert words("Rock'n'roll, sci-fi & 2001: a_b! «naïve»") == [
        "rock'n'roll", "sci", "fi", "and", "2001", "a", "b", "naive",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "expected"),
    [("dragons", "dragon"), ("director's", "director"), ("running", "run"), ("2001", "2001"), ("зеркала", "зеркала")],
)
def test_english_words_are_stemmed_and_others_stay(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_content_stems_leave_out_what_carries_no_meaning() -> None:
    assert content_stems("I would like the films about dragons, please") == ["like", "film", "dragon"]
    assert stems("the dragons") == ["the", "dragon"]
    assert content_stems(" ".join(STOPWORDS)) == []


def test_a_text_is_cut_into_its_sentences() -> None:
    assert sentences("One. Two?  Three…\nFour! ") == ["One.", "Two?", "Three…", "Four!"]
    assert sentences(" ") == []
    assert sentences("no end") == ["no end"]


def test_threads_do_not_spoil_one_anothers_stems() -> None:
    several = [
        f"{start}{end}"
        for start in ("walk", "hope", "cine", "rational")
        for end in ("ing", "ed", "ful", "ization", "s")
    ]
    plain = stem.__wrapped__
    right = {word: plain(word) for word in several}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda word: (word, plain(word)), several * 400))
    assert all(stemmed == right[word] for word, stemmed in found)
