import math
from pathlib import Path

import numpy as np
import pytest
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.schema import Attribute, Schema
from convrec.tools.words import content_stems
from hypothesis import given, settings
from hypothesis import strategies as st

TEXTS = [
    "A dragon sleeps under the mountain",
    "Two dragons and a dragon rider",
    "A quiet farm beside the sea",
    "",
]


def bm25(query: str, text: str, texts: list[str]) -> float:
    """Lucene's BM25 by hand: k1 = 1.5, b = 0.75."""
    documents = [content_stems(t) for t in texts]
    mean = sum(map(len, documents)) / len(documents)
    words, score = content_stems(text), 0.0
    for word in content_stems(query):
        holding = sum(word in d for d in documents)
        if holding:
            inverse = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            count = words.count(word)
            score += inverse * count / (count + 1.5 * (1 - 0.75 + 0.75 * len(words) / mean))
    return score


@pytest.mark.parametrize("query", ["dragon", "a dragon's mountain", "farms by the sea", "sea sea"])
def test_scores_are_bm25(query: str) -> None:
    expected = [bm25(query, text, TEXTS) for text in TEXTS]
    assert Lexical.build(TEXTS).scores(query) == pytest.approx(expected, abs=1e-5)


def test_what_shares_no_word_scores_zero() -> None:
    lexical = Lexical.build(TEXTS)
    assert lexical.scores("spaceship").tolist() == [0, 0, 0, 0]
    assert lexical.scores("the of and").tolist() == [0, 0, 0, 0]
    assert lexical.scores("").tolist() == [0, 0, 0, 0]


def test_a_stem_is_counted_once_per_item() -> None:
    lexical = Lexical.build(TEXTS)
    assert lexical.frequency("dragon") == 2
    assert lexical.frequency("unicorn") == 0
    assert "dragon" in lexical
    assert "unicorn" not in lexical
    assert len(lexical) == 4


@settings(max_examples=20)
@given(st.lists(st.text("abcde é🜁 ", max_size=20), min_size=1, max_size=6), st.text("abcde ", max_size=12))
def test_what_is_saved_scores_the_same(tmp_path_factory: pytest.TempPathFactory, texts: list[str], query: str) -> None:
    folder = tmp_path_factory.mktemp("bm25")
    built = Lexical.build(texts)
    built.save(folder)
    loaded = Lexical.load(folder)
    assert np.array_equal(built.scores(query), loaded.scores(query))
    assert len(loaded) == len(texts)


def test_texts_without_a_word_make_an_index_that_finds_nothing(tmp_path: Path) -> None:
    Lexical.build(["", "the", "!!!"]).save(tmp_path)
    assert Lexical.load(tmp_path).scores("anything").tolist() == [0, 0, 0]


def test_an_items_text_has_its_titles_labels_and_prose_but_no_numbers() -> None:
    schema = Schema(
        attributes=(
            Attribute(name="genres", kind="category", many=True, label="genre"),
            Attribute(name="year", kind="date"),
            Attribute(name="price", kind="number"),
            Attribute(name="review", kind="text"),
        )
    )
    item = Item(
        id="1",
        title="Dune",
        aliases=("Arrakis",),
        text="Sand.",
        attributes={"genres": ("Sci-Fi", "Epic"), "year": "1965", "price": 9.5, "review": "Long.", "other": "no"},
    )
    assert item_text(item, schema) == "Dune\nArrakis\ngenre: Sci-Fi, Epic\nyear: 1965\nLong.\nSand."
    assert item_text(Item(id="2", title="Bare"), schema) == "Bare"
