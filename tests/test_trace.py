import json
import logging
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from convrec.tools.errors import StoreError
from convrec.tools.trace import Call, Trace, TurnRecord
from pydantic import ValidationError

WRITER = """
import sys
from pathlib import Path
from convrec.tools.trace import Trace, TurnRecord
who = sys.argv[2]
trace = Trace(Path(sys.argv[1]), words=True, most_bytes=int(sys.argv[3]))
for turn in range(150):
    text = who * (turn * 100)
    trace.write("ann", TurnRecord(user="ann", thread=f"{who} {turn}", catalogue="games", act="request", text=text))
"""
"""Writes 150 turns of growing length into one user's file: folder, a letter, most bytes."""

CROWDED = """
import resource, sys
from pathlib import Path
from convrec.tools.trace import Trace, TurnRecord
trace = Trace(Path(sys.argv[1]), words=True)
def write(text):
    trace.write("ann", TurnRecord(user="ann", thread="t", catalogue="games", act="request", text=text))
write("before")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))
write("x" * 2000)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
write("after")
"""
"""Writes three turns; for the second, the disk has room for a part only."""


def turn(user: str = "ann", thread: str = "friday", **more) -> TurnRecord:
    return TurnRecord(user=user, thread=thread, catalogue="games", act="request", **more)


def said(text: str) -> TurnRecord:
    calls = (Call(agent="understand", prompt=f"What does {text} mean?", answer=f"{text}: a wish"),)
    return turn(text=text, reply=f"You said {text}.", calls=calls)


def read(path: Path) -> list[TurnRecord]:
    return [TurnRecord.model_validate_json(line) for line in path.read_bytes().splitlines()]


def files(trace: Trace) -> list[str]:
    return sorted(p.name for p in trace.folder.iterdir() if p.name.startswith("user-"))


def everything(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    """A trace that keeps words."""
    return Trace(tmp_path / "home" / "traces", words=True)


@pytest.fixture
def ann(trace: Trace) -> Path:
    """Where Ann's turns go."""
    return trace.folder / f"user-{b'ann'.hex()}.jsonl"


def test_each_turn_is_one_line_of_json_in_its_users_file(trace: Trace, ann: Path) -> None:
    first = turn(
        items=("g1", "g2"),
        model="qwen3:8b at 127.0.0.1:11434",
        effort="medium",
        steps=({"agent": "understand", "milliseconds": 412.5, "calls": 1}, {"agent": "rank", "fallback": ""}),
        usage={"calls": 1, "seconds": 1.2},
    )
    second = said("two\nlines, « naïve », \u2028 and ☕")
    for record in (first, second):
        trace.write("ann", record)
    trace.write("ben", turn("ben"))
    assert read(ann) == [first, second]
    assert len(files(trace)) == 2


def test_the_time_is_written_in_utc_whatever_it_was_given_in() -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=9)))
    assert json.loads(turn(time=noon).model_dump_json())["time"] == "2026-01-02T03:00:00Z"
    assert turn().time.tzinfo is UTC
    with pytest.raises(ValidationError):
        turn(time=datetime(2026, 1, 2))


def test_a_record_takes_nothing_that_it_has_no_field_for() -> None:
    with pytest.raises(ValidationError):
        turn(api_key="secret")


def test_words_are_left_out_unless_they_are_wanted(tmp_path: Path) -> None:
    quiet = Trace(tmp_path)
    quiet.write("ann", said("quokka"))
    assert b"quokka" not in everything(tmp_path)
    assert b'"act": "request"' in everything(tmp_path)


def test_a_trace_that_is_switched_off_writes_nothing_and_still_forgets(trace: Trace, ann: Path) -> None:
    trace.write("ann", turn())
    off = Trace(trace.folder, words=True, enabled=False)
    off.write("ben", turn("ben"))
    assert files(off) == [ann.name]
    off.forget("ann")
    assert files(off) == []
    Trace(trace.folder / "nowhere", enabled=False).write("ann", turn())
    assert not (trace.folder / "nowhere").exists()


def test_only_the_owner_can_read_folder_and_files(trace: Trace, ann: Path) -> None:
    trace.folder.mkdir(parents=True, mode=0o755)
    trace.write("ann", said("a"))
    assert stat.S_IMODE(trace.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(ann.stat().st_mode) == 0o600
    assert stat.S_IMODE((trace.folder / ".lock").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "user", ["../../etc/passwd", "a/b", ".", "CON", "Ann", "x" * 200, "☕" * 200, "half \ud83d", ""]
)
def test_any_user_has_a_file_of_their_own_inside_of_the_folder(trace: Trace, user: str) -> None:
    trace.write("ann", turn())
    trace.write(user, turn(user))
    names = files(trace)
    assert len(names) == 2
    assert all(len(name) <= 143 and "/" not in name for name in names)
    trace.forget(user)
    assert len(files(trace)) == 1


def test_two_long_names_that_begin_alike_are_two_users(trace: Trace) -> None:
    for end in "ab":
        trace.write("x" * 199 + end, turn())
    assert len(files(trace)) == 2


def test_forgetting_a_user_leaves_no_byte_of_them_and_all_of_the_others(trace: Trace, ann: Path) -> None:
    small = Trace(trace.folder, words=True, most_bytes=2_000)
    for n in range(8):
        small.write("ann", said(f"quokka {n}"))
    small.write("ben", turn("ben"))
    assert ann.with_name(f"{ann.name}.1").exists()
    trace.forget("ann")
    trace.forget("ann")
    assert b"quokka" not in everything(trace.folder)
    assert files(trace) == [f"user-{b'ben'.hex()}.jsonl"]
    trace.write("ann", turn())
    assert len(read(ann)) == 1


def test_what_is_forgotten_is_overwritten_before_it_is_deleted(trace: Trace, ann: Path) -> None:
    trace.write("ann", said("quokka"))
    link = trace.folder.parent / "the same bytes"
    link.hardlink_to(ann)
    held = link.open("rb")
    size = link.stat().st_size
    with held:
        trace.forget("ann")
        assert b"quokka" not in held.read(size)
    assert not ann.exists()


def test_forgetting_a_thread_leaves_the_users_other_threads(trace: Trace, ann: Path) -> None:
    small = Trace(trace.folder, words=True, most_bytes=2_000)
    for n in range(4):
        small.write("ann", turn(thread="one", text=f"quokka {n} " + "x" * 300))
        small.write("ann", turn(thread="two", text=f"wombat {n} " + "x" * 300))
    older = ann.with_name(f"{ann.name}.1")
    assert older.exists()
    before = [r for r in [*read(older), *read(ann)] if r.thread == "two"]
    with ann.open("ab") as file:
        file.write(b'{"thread": "tw')
    trace.forget("ann", "one")
    assert [*read(older), *read(ann)] == before
    assert b"quokka" not in everything(trace.folder)
    trace.forget("ann", "nothing of that name")
    trace.forget("nobody", "one")
    assert [*read(older), *read(ann)] == before


def test_forgetting_needs_no_folder(trace: Trace) -> None:
    trace.forget("ann")
    assert not trace.folder.exists()


def test_what_cannot_be_forgotten_is_told(trace: Trace) -> None:
    trace.folder.parent.mkdir()
    trace.folder.write_text("a file where the folder should be")
    with pytest.raises(StoreError):
        trace.forget("ann")


def test_a_full_file_becomes_the_older_one_and_the_one_before_it_goes(tmp_path: Path) -> None:
    trace = Trace(tmp_path, words=True, most_bytes=1_000)
    for n in range(20):
        trace.write("ann", turn(text=f"{n} " + "x" * 100))
    newest = tmp_path / f"user-{b'ann'.hex()}.jsonl"
    older = newest.with_name(f"{newest.name}.1")
    assert sorted(files(trace)) == [newest.name, older.name]
    assert max(newest.stat().st_size, older.stat().st_size) <= 1_000
    numbers = [int((r.text or "").split()[0]) for r in [*read(older), *read(newest)]]
    assert numbers == list(range(numbers[0], 20))


def test_a_line_longer_than_a_file_may_be_is_kept(tmp_path: Path) -> None:
    trace = Trace(tmp_path, words=True, most_bytes=1_000)
    for text in ("a" * 5_000, "b" * 5_000):
        trace.write("ann", turn(text=text))
    assert len(everything(tmp_path)) > 10_000


def test_a_line_that_was_cut_off_does_not_spoil_the_next_one(trace: Trace, ann: Path) -> None:
    trace.write("ann", turn(thread="one"))
    with ann.open("ab") as file:
        file.write(b'{"time": "2026')
    trace.write("ann", turn(thread="two"))
    assert len(ann.read_bytes().splitlines()) == 3
    assert TurnRecord.model_validate_json(ann.read_bytes().splitlines()[-1]).thread == "two"


def test_a_full_disk_is_logged_once_and_the_turns_go_on(
    trace: Trace, ann: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace.folder.mkdir(parents=True)
    ann.symlink_to("/dev/full")
    with caplog.at_level(logging.WARNING):
        trace.write("ann", said("quokka"))
        trace.write("ann", said("quokka"))
    assert len(caplog.records) == 1
    assert "No space left" in caplog.text
    assert "quokka" not in caplog.text
    assert ann.name not in caplog.text
    trace.write("ben", turn("ben"))
    assert len(files(trace)) == 2


def test_no_room_for_a_whole_line_leaves_none_of_it(trace: Trace, ann: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROWDED, str(trace.folder)], capture_output=True, text=True, check=True
    )
    assert [r.text for r in read(ann)] == ["before", "after"]
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("fault", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_a_folder_that_cannot_be_written_is_logged_once(
    trace: Trace, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, fault: OSError
) -> None:
    trace.write("ann", turn())

    def refuse(*given: object) -> int:
        raise fault

    # Tests may run as root, whom no permission stops.
    monkeypatch.setattr(os, "write", refuse)
    for _ in range(3):
        trace.write("ann", turn())
    monkeypatch.undo()
    assert [str(fault.strerror) in r.getMessage() for r in caplog.records] == [True]


def test_a_file_in_the_folders_place_is_logged_once(trace: Trace, caplog: pytest.LogCaptureFixture) -> None:
    trace.folder.parent.mkdir()
    trace.folder.write_text("mine")
    for _ in range(3):
        trace.write("ann", turn())
    assert len(caplog.records) == 1
    assert trace.folder.read_text() == "mine"


def test_threads_write_whole_lines_beside_one_another(trace: Trace, ann: Path) -> None:
    other = Trace(trace.folder, words=True)

    def talk(who: int) -> None:
        for n in range(50):
            (trace, other)[who % 2].write("ann", turn(thread=f"{who} {n}", text="x" * 500 * (n % 7)))

    threads = [threading.Thread(target=talk, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.thread for r in read(ann)) == sorted(f"{who} {n}" for who in range(6) for n in range(50))


@pytest.mark.parametrize("most_bytes", [100_000_000, 1_500_000])
def test_two_processes_write_whole_lines_into_one_file(trace: Trace, ann: Path, most_bytes: int) -> None:
    # Together they write 2.3 million bytes: the smaller file is rotated once, in the midst of it.
    command = [sys.executable, "-c", WRITER, str(trace.folder)]
    writers = [subprocess.Popen([*command, who, str(most_bytes)]) for who in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    older = ann.with_name(f"{ann.name}.1")
    records = [*(read(older) if older.exists() else []), *read(ann)]
    assert older.exists() == (most_bytes < 2_000_000)
    for who in "ab":
        own = [r for r in records if r.thread.startswith(who)]
        assert [r.thread for r in own] == [f"{who} {n}" for n in range(150)]
        assert [len(r.text or "") for r in own] == [n * 100 for n in range(150)]
