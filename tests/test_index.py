import json
import logging
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from convrec.tools.errors import BusyError, CorruptError, ReadOnlyError, UnknownCatalogueError
from convrec.tools.files import locked
from convrec.tools.index import (
    build_index,
    collection_name,
    open_index,
    rebuild_index,
    record_keys,
    remove_index,
)
from convrec.tools.items import Interaction, Item
from convrec.tools.lexical import item_text
from convrec.tools.schema import Attribute, Schema
from convrec.tools.search import search_by_meaning
from convrec.tools.storage import Home, read_manifest
from convrec.tools.vectors import open_chroma, open_collection, stored_keys
from fakes import HashEncoder

SCHEMA = Schema(attributes=(Attribute(name="kind", kind="category", many=True, label="kind"),))
ITEMS = [
    Item(id=str(n), title=f"Thing {n}", text=f"{word} things", attributes={"kind": (word,)})
    for n, word in enumerate(["red", "green", "blue", "old", "new", "round", "square", "soft"])
]
LIKES = [Interaction(user=f"u{n % 3}", item=str(n)) for n in range(8)]


@pytest.fixture
def built(home: Home, encoder: HashEncoder) -> Home:
    """A data folder with the catalogue "things"."""
    build_index(home, "things", ITEMS, SCHEMA, LIKES, encoder="hash", source="things.csv")
    encoder.encoded.clear()
    return home


def is_whole(home: Home, items: Sequence[Item] = ITEMS, dimension: int = 32) -> None:
    """The index holds exactly these items, everywhere."""
    index = open_index(home, "things")
    assert index.catalogue.items == list(items)
    texts = [item_text(i, SCHEMA) for i in items]
    assert np.array_equal(index.vectors.matrix, HashEncoder(dimension=dimension).encode(texts))
    assert len(index.lexical) == len(items)
    keys = set(record_keys(items, read_manifest(home.version("things")).hashes))
    assert stored_keys(open_collection(home.chroma, collection_name("things", dimension))) == keys
    ours = {c.name for c in open_chroma(home.chroma).list_collections() if c.name.startswith("items-things-")}
    assert ours == {collection_name("things", dimension)}
    left = {p.name for p in home.catalogue("things").iterdir()} - {"history"}
    assert left == {"CURRENT", home.version("things").name}


def test_what_is_built_can_be_opened(built: Home) -> None:
    is_whole(built)
    index = open_index(built, "things")
    assert index.collaborative is not None
    assert not index.collaborative.stale
    assert index.collaborative.history("u0") == [LIKES[0], LIKES[3], LIKES[6]]
    assert index.catalogue.popularity.shape == (8,)
    assert search_by_meaning(index, "round things", 1)[0].item == "5"
    assert read_manifest(built.version("things")).source == "things.csv"


def test_only_what_changed_is_encoded_again(built: Home, encoder: HashEncoder) -> None:
    changed = ITEMS[1].model_copy(update={"text": "violet things"})
    fresh = Item(id="9", title="Thing 9")
    items = [fresh, ITEMS[0], changed, *ITEMS[4:]]
    changes = build_index(built, "things", items, SCHEMA, LIKES, encoder="hash")
    assert sorted(encoder.encoded) == sorted(item_text(i, SCHEMA) for i in (changed, fresh))
    assert (changes.changed, changes.removed, changes.kept) == (2, 2, 5)
    is_whole(built, items)


def test_the_same_import_encodes_nothing(built: Home, encoder: HashEncoder) -> None:
    changes = build_index(built, "things", ITEMS, SCHEMA, LIKES, encoder="hash")
    assert encoder.encoded == []
    assert (changes.changed, changes.removed, changes.kept) == (0, 0, 8)
    is_whole(built)


def test_another_order_keeps_each_items_vector(built: Home, encoder: HashEncoder) -> None:
    build_index(built, "things", ITEMS[::-1], SCHEMA, LIKES, encoder="hash")
    assert encoder.encoded == []
    is_whole(built, ITEMS[::-1])


def test_a_schema_that_changes_what_search_sees_changes_every_item(built: Home, encoder: HashEncoder) -> None:
    other = Schema(attributes=(Attribute(name="kind", kind="category", many=True, label="sort"),))
    assert build_index(built, "things", ITEMS, other, encoder="hash").changed == 8
    assert len(encoder.encoded) == 8


def test_another_encoder_of_another_dimension_takes_over(built: Home, encoder: HashEncoder) -> None:
    encoder.dimension = 48
    assert build_index(built, "things", ITEMS, SCHEMA, encoder="wider").changed == 8
    is_whole(built, dimension=48)


def test_items_imported_anew_keep_the_histories_and_new_ones_have_no_neighbours(built: Home) -> None:
    fresh = Item(id="9", title="Thing 9")
    build_index(built, "things", [fresh, *ITEMS[1:]], SCHEMA, encoder="hash")
    collaborative = open_index(built, "things").collaborative
    assert collaborative is not None
    assert "the catalogue's items changed" in collaborative.stale
    assert collaborative.history("u0") == [LIKES[0], LIKES[3], LIKES[6]]
    assert collaborative.scores({"9": 1.0}).tolist() == [0.0] * 8
    assert collaborative.scores({"1": 1.0})[4] > 0
    assert collaborative.counts.tolist() == [0, *[1] * 7]


def test_more_interactions_are_added_to_those_that_are_there(built: Home) -> None:
    more = [Interaction(user="u1", item="0"), LIKES[1].model_copy(update={"value": 5.0})]
    build_index(built, "things", ITEMS, SCHEMA, more, encoder="hash", method="neighbours", half_life_days=10)
    collaborative = open_index(built, "things").collaborative
    assert collaborative is not None
    assert [(i.item, i.value) for i in collaborative.history("u1")] == [("0", 1.0), ("1", 5.0), ("4", 1.0), ("7", 1.0)]
    assert collaborative.half_life_days == 10
    assert not collaborative.stale


def test_a_damaged_history_is_told_and_the_items_can_be_opened_without_it(built: Home) -> None:
    for path in (built.catalogue("things") / "history").glob("*/data.npy"):
        garble(path)
    with pytest.raises(CorruptError) as caught:
        open_index(built, "things")
    assert "convrec interactions fit --catalogue things" in caught.value.hint
    assert open_index(built, "things", with_history=False).collaborative is None


def test_two_catalogues_live_side_by_side(built: Home) -> None:
    build_index(built, "things-too", ITEMS[:2], SCHEMA, encoder="hash")
    remove_index(built, "things-too")
    assert built.names() == ["things"]
    is_whole(built)


def test_progress_counts_up_to_all(home: Home, encoder: HashEncoder) -> None:
    told: list[tuple[str, int, int]] = []
    build_index(home, "things", ITEMS, SCHEMA, encoder="hash", on_progress=lambda *step: told.append(step))
    assert ("encode", 8, 8) in told
    assert ("store", 8, 8) in told


def test_of_two_builds_at_once_one_is_told_to_wait(built: Home) -> None:
    refused: list[str] = []

    def meanwhile(*_: object) -> None:
        with pytest.raises(BusyError) as caught:
            build_index(built, "others", ITEMS, SCHEMA, encoder="hash")
        refused.append(caught.value.hint)
        with pytest.raises(BusyError):
            rebuild_index(built, "things", encoder="hash")
        assert open_index(built, "things").catalogue.items == ITEMS

    build_index(built, "things", ITEMS[:3], SCHEMA, encoder="other", on_progress=meanwhile)
    assert refused
    assert built.names() == ["things"]
    is_whole(built, ITEMS[:3])


def test_a_build_in_another_process_is_respected(built: Home) -> None:
    hold = "import sys; from pathlib import Path; from convrec.tools.files import locked\n"
    hold += "with locked(Path(sys.argv[1]), 'building'): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(built.folder / "build.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BusyError):
            build_index(built, "things", ITEMS, SCHEMA, encoder="hash")
        other.kill()
    with locked(built.folder / "build.lock", "building"):
        pass


def test_a_build_that_fails_leaves_the_old_version(built: Home) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(built, "things", ITEMS[:2], SCHEMA, encoder="other", on_progress=fail)
    is_whole(built)


def test_a_build_that_is_killed_leaves_the_old_version_or_the_new_one(tmp_path: Path) -> None:
    script = Path(__file__).with_name("crashing.py")
    ran = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, timeout=100)
    trials = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(trials) >= 7
    assert {trial[2] for trial in trials} == {"old", "new"}, trials
    for where, died, found, mended, tidy in trials:
        assert died in ("killed by 9", "killed by 14", "None"), where
        assert found in ("old", "new"), where
        assert (mended, tidy) == ("new", "tidy"), where


class OvertakenHome(Home):
    """A data folder in which another process publishes a version just when this one has read which is current."""

    def version(self, name: str) -> Path:
        version = super().version(name)
        if not getattr(self, "overtaken", False):
            self.overtaken = True
            build_index(Home(self.folder), name, ITEMS[:3], SCHEMA, encoder="hash")
        return version


def test_a_version_that_is_replaced_while_it_is_opened_gives_way_to_the_new_one(built: Home) -> None:
    assert open_index(OvertakenHome(built.folder), "things").catalogue.items == ITEMS[:3]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\xfe garbage " * 100)


DAMAGES = {"truncated": truncate, "garbled": garble, "gone": Path.unlink}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["vectors.npy", "bm25/data.csc.index.npy", "bm25/vocab.index.json"])
def test_a_damaged_file_of_the_index_is_told_and_rebuilt(built: Home, file: str, damage: str) -> None:
    DAMAGES[damage](built.version("things") / file)
    with pytest.raises(CorruptError) as caught:
        open_index(built, "things")
    assert "convrec catalog index things" in caught.value.hint
    changes = rebuild_index(built, "things", encoder="hash")
    assert changes.changed == 8
    is_whole(built)


@pytest.mark.parametrize("damage", ["truncated", "garbled"])
def test_a_damaged_manifest_is_told_and_rebuilt(built: Home, damage: str) -> None:
    DAMAGES[damage](built.version("things") / "manifest.json")
    with pytest.raises(CorruptError, match=r"manifest\.json"):
        open_index(built, "things")
    rebuild_index(built, "things", encoder="hash")
    is_whole(built)


@pytest.mark.parametrize("file", ["items.jsonl", "schema.toml"])
def test_damaged_items_are_told_and_an_import_mends_them(built: Home, file: str) -> None:
    garble(built.version("things") / file)
    with pytest.raises(CorruptError, match=file) as caught:
        rebuild_index(built, "things", encoder="hash")
    assert "catalog import FILE --name things" in caught.value.hint
    build_index(built, "things", ITEMS, SCHEMA, LIKES, encoder="hash")
    is_whole(built)


@pytest.mark.parametrize("file", ["items.jsonl", "vectors.npy"])
def test_parts_that_do_not_belong_together_are_damage(built: Home, file: str) -> None:
    path = built.version("things") / file
    if file == "vectors.npy":
        np.save(path, np.load(path)[:-1])
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(CorruptError, match="incomplete"):
        open_index(built, "things")


def test_a_manifest_that_lacks_a_hash_is_damage(built: Home) -> None:
    version = built.version("things")
    manifest = read_manifest(version)
    text = manifest.model_copy(update={"hashes": manifest.hashes[:-1]}).model_dump_json()
    (version / "manifest.json").write_text(text)
    with pytest.raises(CorruptError, match="incomplete"):
        open_index(built, "things")


def test_a_damaged_chroma_database_is_told_and_written_anew(home: Home) -> None:
    # In processes of their own: Chroma keeps an open database open, and would not see the damage.
    def process(work: str) -> str:
        code = (
            "import sys; sys.path.insert(0, sys.argv[2]); from test_index import *; import convrec.tools.index as i\n"
        )
        code += "home = Home(Path(sys.argv[1])); i.load_encoder = lambda name, folder: HashEncoder()\n"
        code += "build = lambda items: build_index(home, 'things', items, SCHEMA, LIKES, encoder='hash')\n" + work
        arguments = [sys.executable, "-c", code, str(home.folder), str(Path(__file__).parent)]
        return subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60).stdout

    process("build(ITEMS)")
    truncate(home.chroma / "chroma.sqlite3")
    told = process("try: build(ITEMS[:2])\nexcept CorruptError as fault: print(fault.hint)")
    assert "convrec catalog index --rebuild" in told
    work = "try: build(ITEMS[:2])\nexcept CorruptError: rebuild_index(home, 'things', encoder='hash')\nis_whole(home)"
    process(work + "; print('whole')")
    assert (home.folder / "chroma.damaged").is_dir()


def test_searching_goes_on_while_chroma_is_damaged(
    built: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("convrec.tools.vectors.EXACT_ROWS", 2)
    moved = Home(built.folder.with_name("moved"))
    shutil.copytree(built.folder, moved.folder)
    garble(moved.chroma / "chroma.sqlite3")
    index = open_index(moved, "things")
    with caplog.at_level(logging.WARNING):
        assert search_by_meaning(index, "round things", 1)[0].item == "5"
    assert "Every vector is compared" in caplog.text


def test_searching_goes_on_while_another_process_builds_anew(built: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convrec.tools.vectors.EXACT_ROWS", 2)
    index = open_index(built, "things")
    before = search_by_meaning(index, "round things", 3)
    rebuild_index(built, "things", encoder="hash")
    assert [c.item for c in search_by_meaning(index, "round things", 3)] == [c.item for c in before]


def test_a_removed_catalogue_leaves_nothing(built: Home) -> None:
    remove_index(built, "things")
    assert not built.catalogue("things").exists()
    assert open_chroma(built.chroma).list_collections() == []
    with pytest.raises(UnknownCatalogueError):
        remove_index(built, "things")


def test_a_damaged_catalogue_can_be_removed(built: Home) -> None:
    shutil.rmtree(built.version("things"))
    open_chroma(built.chroma).delete_collection(collection_name("things", 32))
    remove_index(built, "things")
    assert built.names() == []


def test_what_was_never_imported_cannot_be_opened_rebuilt_or_removed(home: Home) -> None:
    for act in (open_index, remove_index, lambda h, n: rebuild_index(h, n, encoder="hash")):
        with pytest.raises(UnknownCatalogueError):
            act(home, "things")
    assert not home.folder.exists()


@pytest.fixture
def read_only() -> Iterator[Home]:
    """A data folder with the catalogue "things" that this process may read and not write, even where it is root."""
    # Not in tmp_path, which nobody but its owner may enter.
    folder = Path(tempfile.mkdtemp())
    home = Home(folder / "home")
    build_index(home, "things", ITEMS, SCHEMA, LIKES, encoder="hash")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH | (0o111 if path.is_dir() else 0))
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield home
    finally:
        if root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.usefixtures("encoder")
def test_a_data_folder_that_cannot_be_written_can_be_searched(encoder: HashEncoder, read_only: Home) -> None:
    assert search_by_meaning(open_index(read_only, "things"), "round things", 1)[0].item == "5"


@pytest.mark.usefixtures("encoder")
def test_a_data_folder_that_cannot_be_written_is_told(encoder: HashEncoder, read_only: Home) -> None:
    for write in (
        lambda: build_index(read_only, "things", ITEMS, SCHEMA, encoder="hash"),
        lambda: build_index(read_only, "others", ITEMS, SCHEMA, encoder="hash"),
        lambda: rebuild_index(read_only, "things", encoder="hash"),
        lambda: remove_index(read_only, "things"),
        lambda: build_index(Home(read_only.folder / "new"), "things", ITEMS, SCHEMA, encoder="hash"),
    ):
        with pytest.raises(ReadOnlyError) as caught:
            write()
        assert "CONVREC_HOME" in caught.value.hint
