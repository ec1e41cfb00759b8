from pathlib import Path
from typing import Any

import pytest
from convrec.tools.errors import SchemaError
from convrec.tools.schema import Attribute, Schema, Source
from convrec.tools.schema_file import read_schema, schema_text, write_schema
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
LISTS = st.lists(WORDS, max_size=9).map(tuple)


@st.composite
def attributes(draw: Any) -> Attribute:
    kind = draw(st.sampled_from(("category", "number", "date", "text")))
    yes = st.booleans() if kind == "category" else st.just(False)
    return Attribute(
        name=draw(NAMES),
        kind=kind,
        many=draw(yes),
        open=draw(yes),
        person=draw(yes),
        label=draw(WORDS),
        also=draw(LISTS),
        measure=draw(st.sampled_from((None, "price", "age"))) if kind == "number" else None,
        unit=draw(WORDS),
        synonyms=draw(st.dictionaries(WORDS, LISTS, max_size=3)),
        shown=draw(st.booleans()),
    )


SCHEMAS = st.builds(
    Schema,
    noun=WORDS,
    nouns=WORDS,
    also=LISTS,
    source=st.builds(Source, id=WORDS, title=WORDS, text=LISTS, aliases=LISTS, url=WORDS, image=WORDS, ignore=LISTS),
    attributes=st.lists(attributes(), max_size=4, unique_by=lambda attribute: attribute.name).map(tuple),
)


@given(SCHEMAS)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, schema: Schema) -> None:
    path = tmp_path_factory.mktemp("schema") / "schema.toml"
    write_schema(path, schema)
    assert read_schema(path) == schema


def test_the_file_reads_like_one_a_person_wrote() -> None:
    genre = Attribute(
        name="genres", kind="category", many=True, label="genre", synonyms={"Sci-Fi": ("science fiction",)}
    )
    text = schema_text(Schema(noun="film", nouns="films", source=Source(id="id", title="title"), attributes=(genre,)))
    assert text.startswith("# ")
    assert '[[attributes]]\nname = "genres"\nkind = "category"\nmany = true\nlabel = "genre"' in text
    assert '[attributes.synonyms]\nSci-Fi = ["science fiction"]' in text


ATTRIBUTE = '[[attributes]]\nname = "price"\n'


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("noun = film", "not TOML", "quotes"),
        ('noum = "film"', "noum is no key", "nouns"),
        (ATTRIBUTE + 'kind = "numbr"', 'kind of attribute 1 .*"price".*numbr', "category"),
        (ATTRIBUTE + 'kind = "number"\ncolour = 1', 'colour of attribute 1 .*"price"', "measure"),
        (ATTRIBUTE, "kind of attribute 1 .* missing", "name and a kind"),
        (ATTRIBUTE + 'kind = "number"\nmeasure = "weight"', "measure of attribute 1", "duration"),
        (ATTRIBUTE + 'kind = "number"\nmany = true', "many = true", "kind"),
        (ATTRIBUTE + 'kind = "date"\nmeasure = "price"', "measure needs", "kind"),
        ((ATTRIBUTE + 'kind = "number"\n') * 2, "twice", "one of the two"),
        ('[source]\ntitel = "x"', "source.titel is no key", "title"),
        ('[source]\ntitle = ["x"]', "source.title", "string"),
        ("attributes = 3", "attributes = 3", "tuple"),
        ("attributes = [3]", "attribute 1 = 3", "Attribute"),
    ],
)
def test_a_fault_names_its_key_and_what_is_allowed(tmp_path: Path, text: str, words: str, hint: str) -> None:
    path = tmp_path / "schema.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match=words) as caught:
        read_schema(path)
    assert hint in caught.value.hint


def test_a_missing_or_unreadable_file_is_a_schema_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no such schema file"):
        read_schema(tmp_path / "none.toml")
    with pytest.raises(SchemaError, match="cannot be read"):
        read_schema(tmp_path)
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaError, match="cannot be read"):
        read_schema(tmp_path / "a.toml")
