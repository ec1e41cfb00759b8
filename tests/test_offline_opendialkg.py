"""OpenDialKG's form, on made-up rows, and a look at the real set."""

import json
from pathlib import Path

import pytest
from convrec.simulator.offline.nouns import Case, Dataset
from convrec.simulator.offline.opendialkg import read_opendialkg
from convrec.tools.errors import ImportFailedError
from offline_stage import real

CATALOGUE = {
    "0": {"name": "The Long Steep", "year": "2004", "genre": ["Drama", "Drama", "Comedy"], "actor": ["A. Leaf"]},
    "1": {"name": "Cup", "year": "unknown"},
    "2": {"name": "A Pot of Gold", "year": "1988"},
    "3": {"name": "Saucers"},
    "4": {"year": "1900"},
}
ROWS = [
    {"dialog_id": 1, "turn_id": 2, "context": ["I liked Cup.", "Did you?", "Yes, find me more"], "entity": ["Cup", "A. Leaf"],
     "rec": ["The Long Steep", "Cup"], "resp": "…", "domain": "movies"},
    {"dialog_id": 1, "turn_id": 4, "context": ["I liked Cup.", "The Long Steep then"], "entity": ["Cup"],
     "rec": ["The Long Steep", "Saucers"], "resp": "…", "domain": "movies"},
    {"dialog_id": 2, "turn_id": 1, "context": ["Who made a pot of gold?"], "entity": [], "rec": ["A Pot of Gold"]},
    {"dialog_id": 3, "turn_id": 1, "context": ["Any cup will do"], "entity": [], "rec": ["Cup"]},
    {"dialog_id": 4, "turn_id": 1, "context": [], "rec": ["Cup"]},
    {"dialog_id": 5, "turn_id": 1, "context": ["Hello"], "rec": ["Not in the catalogue"]},
]  # fmt: skip


def folder(tmp_path: Path, rows: list[dict[str, object]]) -> Path:
    (tmp_path / "id2info.json").write_text(json.dumps(CATALOGUE), encoding="utf-8")
    (tmp_path / "dev_rec_turns.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


def cases(data: Dataset) -> dict[str, Case]:
    return {c.id: c for f in data.folds for c in f.cases}


def test_rows_become_cases_without_what_was_named_before(tmp_path: Path) -> None:
    found = cases(read_opendialkg(folder(tmp_path, ROWS)))
    assert set(found) == {"1#2", "1#4", "3#1"}
    assert found["1#2"].targets == ("0",)
    assert found["1#2"].named == ("1",)
    assert found["1#4"].targets == ("3",)
    assert set(found["1#4"].named) == {"0", "1"}
    assert found["3#1"].targets == ("1",)


def test_speakers_alternate_backwards_from_the_seeker(tmp_path: Path) -> None:
    talk = cases(read_opendialkg(folder(tmp_path, ROWS)))["1#2"].talk
    assert [u.speaker for u in talk] == ["seeker", "recommender", "seeker"]
    assert [u.items for u in talk] == [("1",), (), ()]


def test_the_catalogue_is_the_whole_file(tmp_path: Path) -> None:
    items = {i.id: i for i in read_opendialkg(folder(tmp_path, ROWS)).items}
    assert set(items) == {"0", "1", "2", "3"}
    assert items["0"].attributes == {"year": "2004", "genre": ("Drama", "Comedy"), "actor": ("A. Leaf",)}
    assert items["1"].attributes == {}


def test_other_folds_dialogues_are_learnt_from(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "dialog_id": n} for n in range(20)]
    for fold in read_opendialkg(folder(tmp_path, rows)).folds:
        own = {f"dialogue {c.dialogue}" for c in fold.cases}
        assert not own & {i.user for i in fold.interactions}
        assert {i.item for i in fold.interactions} == {"0", "1"}


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="id2info"):
        read_opendialkg(tmp_path)


def test_the_real_set_has_its_whole_catalogue_and_no_repeats() -> None:
    data = read_opendialkg(real("opendialkg"))
    assert len(data.items) == 3672
    found = cases(data).values()
    assert len(found) > 4000
    assert not [c for c in found if set(c.targets) & set(c.named)]
