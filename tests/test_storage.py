import json
from pathlib import Path

import pytest
from convrec.tools.errors import CorruptError, InputError, UnknownCatalogueError
from convrec.tools.items import Item
from convrec.tools.schema import Attribute, Schema
from convrec.tools.storage import (
    Home,
    Manifest,
    read_items,
    read_manifest,
    read_version_schema,
    write_version,
)
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = Schema(noun="tea", nouns="teas", attributes=(Attribute(name="kind", kind="category", many=True),))
ITEMS = [Item(id="a", title="Sencha", attributes={"kind": ("green",)}), Item(id="b", title="Assam")]
MANIFEST = Manifest(encoder="hash", items=2, hashes=("1", "2"), source="teas.csv", built=7.0)


def publish(home: Home, name: str = "teas") -> Path:
    draft = home.draft(name)
    write_version(draft, ITEMS, SCHEMA, MANIFEST)
    home.publish(name, draft)
    return draft


def test_a_version_is_read_as_it_was_written(home: Home) -> None:
    version = publish(home)
    assert home.version("teas") == version
    assert read_items(version) == ITEMS
    assert read_version_schema(version) == SCHEMA
    assert read_manifest(version) == MANIFEST


VALUES = (
    st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), max_size=3).map(tuple)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["1994", "1994-03", "12.5", "", "inf", "prose\nwith\u2028lines\r\n"])
)


@given(st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=4))
def test_every_attribute_keeps_its_kind_on_disk(
    tmp_path_factory: pytest.TempPathFactory, attributes: dict[str, tuple[str, ...] | float | str]
) -> None:
    folder = tmp_path_factory.mktemp("version")
    items = [Item(id="x", title="X\u2028Y", attributes=attributes), ITEMS[0]]
    write_version(folder, items, SCHEMA, MANIFEST)
    read = read_items(folder)
    assert read == items
    assert [type(v) for v in read[0].attributes.values()] == [type(v) for v in attributes.values()]


def test_a_new_version_takes_the_old_ones_place_and_drafts_are_removed(home: Home) -> None:
    old = publish(home)
    abandoned = home.draft("teas")
    new = publish(home)
    assert home.version("teas") == new
    assert not old.exists()
    assert not abandoned.exists()


def test_a_draft_is_nobodys_version(home: Home) -> None:
    write_version(home.draft("teas"), ITEMS, SCHEMA, MANIFEST)
    assert not home.exists("teas")
    assert home.names() == []
    with pytest.raises(UnknownCatalogueError):
        home.version("teas")


def test_catalogues_are_listed_by_name(home: Home) -> None:
    assert home.names() == []
    for name in ("teas", "9", "coffees_2"):
        publish(home, name)
    assert home.names() == ["9", "coffees_2", "teas"]


def test_an_unknown_catalogue_is_told_with_the_known_ones(home: Home) -> None:
    with pytest.raises(UnknownCatalogueError, match="none yet"):
        home.version("coffees")
    publish(home)
    with pytest.raises(UnknownCatalogueError, match="there: teas") as caught:
        home.version("coffees")
    assert "import FILE --name coffees" in caught.value.hint


@pytest.mark.parametrize("name", ["", "Teas", "a b", "../x", "a/b", "-a", "a-", "a_", "_", "tea\n", "é", "a" * 52, "."])
def test_a_name_that_cannot_be_a_folder_or_a_collection_is_refused(home: Home, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a catalogue's name") as caught:
        home.catalogue(name)
    assert "small letters" in caught.value.hint


@pytest.mark.parametrize("name", ["a", "7", "a-b_c", "a--b", "a" * 51])
def test_a_plain_name_is_accepted(home: Home, name: str) -> None:
    assert home.catalogue(name).name == name


@pytest.mark.parametrize("pointer", [b"", b"v1-gone", b"\xff\xfe", b"\0", b"nowhere/at/all"])
def test_a_damaged_pointer_is_told(home: Home, pointer: bytes) -> None:
    publish(home)
    (home.catalogue("teas") / "CURRENT").write_bytes(pointer)
    with pytest.raises(CorruptError) as caught:
        home.version("teas")
    assert "catalog import" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("items.jsonl", read_items),
        ("manifest.json", read_manifest),
        ("schema.toml", read_version_schema),
    ],
)
@pytest.mark.parametrize("content", [b"\xff\xfe garbage", b'{"id": ', b'["a list"]\n', None])
def test_a_damaged_file_is_named_and_the_hint_imports_it_again(home: Home, file: str, read, content) -> None:
    version = publish(home)
    (version / file).unlink()
    if content is not None:
        (version / file).write_bytes(content)
    with pytest.raises(CorruptError, match=file) as caught:
        read(version)
    assert "catalog import FILE --name teas" in caught.value.hint


def test_items_are_one_json_object_a_line(home: Home) -> None:
    lines = (publish(home) / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a", "b"]
