import errno
import os
from pathlib import Path

import pytest
from convrec.simulator.nouns import Dialogue, Goal, SystemMetrics
from convrec.simulator.plan import Plan
from convrec.simulator.runs import (
    RunFolder,
    read_config,
    read_records,
    whole_length,
    write_config,
    write_metrics,
    write_records,
)
from convrec.tools.errors import BusyError, CorruptError, InputError, StoreError
from simulated_stage import PERSONA


def dialogue(name: str, system: str = "one") -> Dialogue:
    return Dialogue(system=system, goal=Goal(id=name, persona=PERSONA), ending="gave up")


def names(folder: RunFolder[Dialogue]) -> list[str]:
    return [one.goal.id for one in folder.records()]


def test_what_is_added_is_read_back_in_order(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", "transcripts.jsonl", Dialogue)
    with folder.writing():
        for name in "abc":
            folder.add(dialogue(name))
        assert names(folder) == ["a", "b", "c"]


def test_a_record_that_was_cut_off_is_dropped_when_the_run_goes_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "transcripts.jsonl", Dialogue)
    with folder.writing():
        folder.add(dialogue("a"))
    with (tmp_path / "transcripts.jsonl").open("ab") as file:
        file.write(dialogue("b").model_dump_json().encode()[:40])
    assert names(folder) == ["a"]
    with folder.writing():
        folder.add(dialogue("c"))
    assert names(folder) == ["a", "c"]


def test_one_process_at_a_time_writes_a_run(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path, "transcripts.jsonl", Dialogue).writing(),
        pytest.raises(BusyError),
        RunFolder(tmp_path, "transcripts.jsonl", Dialogue).writing(),
    ):
        pass


def test_a_full_disk_is_told_and_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, write = RunFolder(tmp_path, "transcripts.jsonl", Dialogue), os.write

    def half(descriptor: int, data: memoryview) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    with folder.writing():
        folder.add(dialogue("a"))
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", half)
            with pytest.raises(StoreError, match="full"):
                folder.add(dialogue("b"))
        folder.add(dialogue("c"))
        assert names(folder) == ["a", "c"]


def test_records_are_put_in_order_and_those_without_a_place_are_dropped(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "transcripts.jsonl", Dialogue)
    with folder.writing():
        for name in "cadb":
            folder.add(dialogue(name))
        folder.arrange(lambda one: None if one.goal.id == "d" else ord(one.goal.id))
        assert names(folder) == ["a", "b", "c"]
        folder.add(dialogue("e"))
    assert names(folder) == ["a", "b", "c", "e"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.lock", "transcripts.jsonl"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "transcripts.jsonl"
    write_records(path, [dialogue("a")])
    path.write_text(path.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    with pytest.raises(CorruptError, match="line 2"):
        list(read_records(path, Dialogue))


@pytest.mark.parametrize(
    ("text", "whole"), [("", 0), ("a", 0), ("a\n", 2), ("a\nbc", 2), ("é" * 70_000 + "\nrest", 140_001)]
)
def test_whole_lines_are_measured_from_the_end(tmp_path: Path, text: str, whole: int) -> None:
    path = tmp_path / "lines"
    path.write_text(text, encoding="utf-8")
    assert whole_length(path) == whole


def test_a_plan_is_read_back_and_a_folder_without_one_is_no_run(tmp_path: Path) -> None:
    plan = Plan(systems=("a", "b"), trials=3)
    write_config(tmp_path, plan)
    assert read_config(tmp_path, Plan) == plan
    with pytest.raises(InputError, match="not the folder of a run"):
        read_config(tmp_path / "elsewhere", Plan)
    (tmp_path / "config.json").write_text('{"kind": "other"}', encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path, Plan)


def test_metrics_are_plain_json(tmp_path: Path) -> None:
    write_metrics(tmp_path, [SystemMetrics(system="one", counts={"dialogues": 2})])
    assert '"dialogues": 2' in (tmp_path / "metrics.json").read_text(encoding="utf-8")
