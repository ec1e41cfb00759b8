"""The file format of dialogues between people."""

from pathlib import Path

import pytest
from convrec.simulator.offline.dialogues_file import (
    HumanDialogue,
    Turn,
    cases_of,
    read_dialogues,
    utterances_of,
    write_dialogues,
)
from convrec.tools.errors import ImportFailedError

TALK = HumanDialogue(
    id="d1",
    user="ann",
    turns=(
        Turn(speaker="seeker", text="Something like Assam?", items=("assam",)),
        Turn(speaker="recommender", text="Keemun, or Assam again.", recommended=("keemun", "assam")),
        Turn(speaker="seeker", text="I know Keemun. And Yunnan?", items=("keemun", "yunnan")),
        Turn(speaker="recommender", text="Then Yunnan and Lapsang.", recommended=("yunnan", "lapsang", "lapsang")),
        Turn(speaker="recommender", text="Goodbye."),
    ),
)


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "talks.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    other = HumanDialogue(id="d2", turns=(Turn(speaker="seeker", text="Grüezi, «tea»?"),))
    path = tmp_path / "talks.jsonl"
    write_dialogues(path, [TALK, other])
    read = read_dialogues(path)
    assert read.dialogues == (TALK, other)
    assert not read.faults


def test_bad_lines_are_told_with_their_numbers_and_the_rest_is_used(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"id": 7, "turns": [{"speaker": "seeker", "text": "hi"}], "source": "passed over"}',
        "{not json",
        '{"id": "b", "turns": [{"speaker": "seeker", "text": "hi"}, {"speaker": "boss", "text": "no"}]}',
        "",
        '{"id": "7", "turns": [{"speaker": "seeker", "text": "again"}]}',
        '{"turns": []}',
    )
    read = read_dialogues(path)
    assert [d.id for d in read.dialogues] == ["7"]
    assert [f.line for f in read.faults] == [2, 3, 5, 6]
    assert "turns.2.speaker" in read.faults[1].reason
    assert "earlier line" in read.faults[2].reason


def test_a_file_without_a_usable_line_is_refused_with_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match=r"line 1: .*turns"):
        read_dialogues(written(tmp_path, '{"id": "a"}'))


def test_a_table_is_no_file_of_dialogues(tmp_path: Path) -> None:
    path = tmp_path / "talks.csv"
    path.write_text("id,turns\n1,2\n", encoding="utf-8")
    with pytest.raises(ImportFailedError, match="JSONL"):
        read_dialogues(path)


def test_only_what_was_not_named_before_is_a_target() -> None:
    first, second = cases_of([TALK])
    assert first.targets == ("keemun",)
    assert first.named == ("assam",)
    assert [u.text for u in first.talk] == ["Something like Assam?"]
    assert second.targets == ("lapsang",)
    assert set(second.named) == {"assam", "keemun", "yunnan"}
    assert second.talk[1].items == ("keemun", "assam")
    assert (second.dialogue, second.user) == ("d1", "ann")
    assert first.id != second.id


def test_what_the_catalogue_lacks_is_no_target() -> None:
    assert [c.targets for c in cases_of([TALK], known={"lapsang"})] == [("lapsang",)]


def test_a_seeker_recommends_nothing() -> None:
    odd = HumanDialogue(id="d", turns=(Turn(speaker="seeker", text="Try this", recommended=("a",)),))
    assert cases_of([odd]) == []


def test_dialogues_can_be_replayed() -> None:
    assert [[u.speaker for u in talk] for talk in utterances_of([TALK])] == [[t.speaker for t in TALK.turns]]
