import json
import os
import sys
from pathlib import Path

import pytest
from convrec.agents.memories import UserData, read_user_data
from convrec.agents.memory import Memory
from convrec.app.build import Recommender
from convrec.app.chat import Chat
from convrec.app.cli import app
from convrec.app.settings import Settings, load_settings
from convrec.app.terminal import Shell
from convrec.tools.errors import CorruptError
from convrec.tools.history import add_interactions, user_interactions
from convrec.tools.index import build_index
from convrec.tools.items import Interaction
from convrec.tools.storage import Home
from fakes import HashEncoder
from langchain_core.language_models import BaseChatModel
from model_stage import chat
from talk_stage import TEA_ITEMS, TEAS
from test_terminal import FakeRecommender
from typer.testing import CliRunner, Result

WORDS = "märmalade ”from” Zanzibar"
USER = "'ü' quokka"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith("CONVREC_") or name in ("OPENAI_API_KEY", "VISUAL", "EDITOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONVREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def fake() -> FakeRecommender:
    return FakeRecommender()


def memory(fake: FakeRecommender, *args: str, user: str = "ann", stdin: str = "") -> Result:
    shell = Shell(lambda settings, on_progress: fake)
    return CliRunner().invoke(app, ["memory", *args, "--user", user], obj=shell, input=stdin)


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.stdout.splitlines()]


def test_what_is_remembered_is_shown_by_kind_with_ids_counts_and_where_it_was_said(fake: FakeRecommender) -> None:
    fake.history = {"teas": tuple(Interaction(user="ann", item=i, value=v) for i, v in (("t1", 2.0), ("t2", 4.5)))}
    assert lines(memory(fake, "show")) == [
        "Profile",
        "Drinks with two small children. Avoids smoky.",
        "Tastes",
        "aaaa0000  Avoids smoky.  last said 1971-01-01, 3 times, in the conversation t-1",
        "Facts",
        "eeee0000  Drinks with two small children.",
        "Items",
        "99990000  Liked Lapsang.",
        "History",
        "teas: 2 interactions, the last: Sencha 4.5 · Lapsang 2",
        "Conversations",
        "t-1",
        "t-2",
    ]


def test_what_another_took_the_place_of_is_shown_when_asked_for(fake: FakeRecommender) -> None:
    assert "Likes smoky" not in memory(fake, "show").stdout
    ended = next(line for line in lines(memory(fake, "show", "--all")) if "Likes smoky" in line)
    assert ended.endswith("in the conversation t-0, ended 1971-01-01, replaced by aaaa0000")


def test_an_empty_memory_says_so(fake: FakeRecommender) -> None:
    fake.memories.kept, fake.talks = [], {}
    assert lines(memory(fake, "show")) == ["Nothing is remembered."]


def test_a_memory_is_shown_as_json_too(fake: FakeRecommender) -> None:
    fake.history = {"teas": (Interaction(user="ann", item="t1", value=2.0, time=5.0),)}
    told = json.loads(memory(fake, "show", "--json").stdout)
    assert [m["id"][:4] for m in told["memories"]] == ["aaaa", "eeee", "9999"]
    assert told["history"]["teas"]["interactions"] == 1
    assert told["conversations"] == ["t-1", "t-2"]


def test_one_conversation_shows_what_it_has_understood(fake: FakeRecommender) -> None:
    shown = memory(fake, "show", "--thread", "t-1")
    assert lines(shown)[0] == "must: kind green (“green please”)"
    assert lines(shown)[-1] == "liked: Lapsang"
    assert json.loads(memory(fake, "show", "--thread", "t-1", "--json").stdout)["liked"] == ["t1"]


def test_what_was_remembered_cannot_steer_the_terminal(fake: FakeRecommender) -> None:
    fake.memories.kept = [fake.memories.kept[1].model_copy(update={"text": "\x1b[2J\x07a\nb", "told": 1e300})]
    assert "a b  last said at no known time" in memory(fake, "show").stdout
    assert not {"\x1b", "\x07"} & set(memory(fake, "show").stdout)


def test_one_memory_is_put_in_another_ones_place_and_one_is_added(fake: FakeRecommender) -> None:
    changed = memory(fake, "edit", "--id", "eeee0000", "--text", "Lives alone.", "--add", "Has a kettle.")
    assert [line.split(" (")[0] for line in lines(changed)] == [
        "Forgotten: Drinks with two small children.", "Remembered: Lives alone.", "Remembered: Has a kettle.",
    ]  # fmt: skip


@pytest.mark.parametrize("args", [("--id", "eeee"), ("--text", "x"), ("--id", "nope", "--text", "x")])
def test_an_edit_of_nothing_or_with_nothing_ends_with_2(fake: FakeRecommender, args: tuple[str, ...]) -> None:
    result = memory(fake, "edit", *args)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert len(fake.memories.kept) == 4


def test_without_a_terminal_or_an_editor_the_flags_are_named(fake: FakeRecommender) -> None:
    result = memory(fake, "edit")
    assert result.exit_code == 2
    assert "--add TEXT" in result.stderr


@pytest.mark.parametrize("code", ["", "open(sys.argv[1], 'w').close()", "open(sys.argv[1], 'w').write('# x\\n')"])
def test_a_profile_that_is_left_as_it_is_or_empty_changes_nothing(
    fake: FakeRecommender, tmp_path: Path, code: str
) -> None:
    result = memory(fake, "edit", "--editor", editor(tmp_path, code))
    assert result.exit_code == 0
    assert "Nothing was changed." in result.stderr


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("sys.exit(3)", "ended with code 3"),
        ("os.remove(sys.argv[1])", "no UTF-8 text"),
        ("open(sys.argv[1], 'wb').write(b'\\xff')", "no UTF-8 text"),
    ],
)
def test_an_editor_that_breaks_changes_nothing_and_ends_with_2(
    fake: FakeRecommender, tmp_path: Path, code: str, told: str
) -> None:
    result = memory(fake, "edit", "--editor", editor(tmp_path, code))
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert len(fake.memories.kept) == 4


@pytest.mark.parametrize("command", ["no-such-editor-here", "'"])
def test_an_editor_that_is_not_there_is_named(fake: FakeRecommender, command: str) -> None:
    result = memory(fake, "edit", "--editor", command)
    assert result.exit_code == 2
    assert "Set EDITOR" in result.stderr


def test_a_profile_that_changed_under_the_editor_is_left_alone_and_the_text_given_back(
    fake: FakeRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = fake.memories.of

    async def and_one_more(user: str, *, ended: bool = False) -> list[Memory]:
        await fake.memories.add(user, f"Said thing {len(fake.memories.kept)}.")
        return await of(user, ended=ended)

    monkeypatch.setattr(fake.memories, "of", and_one_more)
    code = "open(sys.argv[1], 'w').write('Lives alone.')"
    result = memory(fake, "edit", "--editor", editor(tmp_path, code))
    assert result.exit_code == 2
    assert "changed while you wrote" in result.stderr
    assert "Lives alone." in result.stderr


def test_forgetting_everything_counts_what_went(fake: FakeRecommender) -> None:
    fake.history = {"teas": (Interaction(user="ann", item="t1"),)}
    told = memory(fake, "forget", "--yes").stderr
    assert told == "Deleted what was kept of 'ann': 4 memories, 2 conversations, 1 interaction.\n"
    assert fake.asked[-1] == ("forget", "ann", "None")
    assert memory(fake, "forget", "--yes").stderr == "Nothing was remembered of 'ann'.\n"


def test_forgetting_one_memory_or_conversation_says_where_its_words_still_are(fake: FakeRecommender) -> None:
    told = memory(fake, "forget", "--id", "aaaa0000").stderr
    assert "Deleted: Avoids smoky." in told
    assert "memory forget --user ann --thread t-1" in told
    told = memory(fake, "forget", "--thread", "t-0").stderr
    assert "'ann' has no conversation 't-0'." in told
    assert "1 memory from it stay" in told
    assert "Deleted the conversation 't-1' of 'ann'." in memory(fake, "forget", "--thread", "t-1").stderr
    assert list(fake.talks) == ["t-2"]


@pytest.mark.parametrize("args", [("--id", "nope"), ("--id", "aaaa", "--thread", "t-1")])
def test_what_cannot_be_forgotten_ends_with_2(fake: FakeRecommender, args: tuple[str, ...]) -> None:
    assert memory(fake, "forget", *args).exit_code == 2
    assert len(fake.memories.kept) == 4


def test_what_could_not_be_deleted_is_told_beside_what_could(
    fake: FakeRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fake.forget

    async def forget(*, user: str, thread: str | None = None) -> None:
        await whole(user=user, thread=thread)
        raise CorruptError("The interactions of the catalogue 'teas' are damaged.", "Import them again.")

    monkeypatch.setattr(fake, "forget", forget)
    result = memory(fake, "forget", "--yes")
    assert result.exit_code == 2
    assert "4 memories, 2 conversations." in result.stderr
    assert "'teas' are damaged" in result.stderr


def test_an_export_is_written_whole_for_its_owners_eyes_and_over_nothing(fake: FakeRecommender, tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    assert "4 memories, 2 conversations." in " ".join(memory(fake, "export", str(file)).stderr.split())
    assert file.stat().st_mode & 0o777 == 0o600
    exported = read_user_data(file.read_text(encoding="utf-8"))
    assert read_user_data(memory(fake, "export").stdout) == exported
    assert (exported.user, len(exported.talks)) == ("ann", 2)
    fake.memories.kept = []
    refused = memory(fake, "export", str(file))
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert read_user_data(file.read_text(encoding="utf-8")) == exported
    assert memory(fake, "export", str(file), "--force").exit_code == 0
    assert not read_user_data(file.read_text(encoding="utf-8")).memories
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["ann.json"]


def test_an_export_into_a_folder_that_is_not_there_ends_with_2(fake: FakeRecommender, tmp_path: Path) -> None:
    result = memory(fake, "export", str(tmp_path / "none" / "ann.json"))
    assert result.exit_code == 2
    assert "cannot be written" in " ".join(result.stderr.split())


def test_an_import_says_what_came_in_whose_it_was_and_what_was_left_out(fake: FakeRecommender, tmp_path: Path) -> None:
    fake.history = {"coffees": (Interaction(user="ann", item="c1"),)}
    file = tmp_path / "ann.json"
    memory(fake, "export", str(file))
    told = memory(fake, "import", str(file), user="bob").stderr
    assert fake.asked[-1] == ("restore", "ann", "bob")
    assert "This is what was kept of 'ann'." in told
    assert "Taken in for 'bob': 4 memories." in told
    assert "Left out: 1 interaction with coffees" in told
    assert "2 conversations can be read in the file" in told
    assert memory(fake, "import", "-", stdin=file.read_text(encoding="utf-8")).exit_code == 0


@pytest.mark.parametrize("held", [b"", b"{", b"[]", b'{"format": "other"}', b"\xff\xfe", None])
def test_a_file_that_is_no_export_ends_with_2_and_changes_nothing(
    fake: FakeRecommender, tmp_path: Path, held: bytes | None
) -> None:
    file = tmp_path / "x.json"
    if held is not None:
        file.write_bytes(held)
    result = memory(fake, "import", str(file))
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert fake.asked == []


@pytest.mark.parametrize("command", [("edit", "--add", "x"), ("import", "-")])
def test_nothing_is_remembered_of_a_user_without_a_name(fake: FakeRecommender, command: tuple[str, ...]) -> None:
    assert memory(fake, *command, user=" ").exit_code == 2
    assert len(fake.memories.kept) == 4


def editor(folder: Path, code: str) -> str:
    """An editor that does what some code says; its file is `sys.argv[1]`."""
    script = folder / "editor.py"
    script.write_text(f"import os, sys\n{code}\n", encoding="utf-8")
    return f"'{sys.executable}' '{script}'"


# With the real store, conversations, histories, traces and kept answers.


@pytest.fixture
def teas(tmp_path: Path, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a data folder with a catalogue, which keeps all that can be kept."""
    for name, value in {"CATALOGUE": "teas", "ENCODER": "hash", "TRACE__WORDS": "true", "LLM__CACHE": "true"}.items():
        monkeypatch.setenv(f"CONVREC_{name}", value)
    build_index(Home(tmp_path / "home"), "teas", TEA_ITEMS, TEAS, (), encoder="hash")
    return load_settings()


def convrec(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, list(args), obj=Shell(), input=stdin)


def talk(
    settings: Settings, *said: str, user: str = USER, private: bool = False, model: BaseChatModel | None = None
) -> str:
    """Chat in a terminal; what is on the screen at the end."""
    shell = Shell()
    with shell.out.capture() as screen:
        Chat(shell.out, Recommender(settings=settings, model=model), user, "t-1", private=private).run(said)
    return screen.get()


def held(folder: Path, words: str) -> set[str]:
    """The parts of a data folder whose files hold some words, or are named by them, however they are written there."""
    folded = [w for text in (words, words.lower(), words.split()[-1]) for w in (text, json.dumps(text)[1:-1])]
    wanted = {w.encode(code) for w in folded for code in ("utf-8", "utf-16-le", "utf-16-be")}
    wanted |= {w.encode().hex().encode() for w in folded}
    found = {
        p
        for p in folder.rglob("*")
        if p.is_file()
        for w in wanted
        if w in p.read_bytes().lower() + str(p.relative_to(folder)).encode()
    }
    return {p.relative_to(folder).parts[0] for p in found}


def test_after_forgetting_everything_no_byte_of_the_users_words_or_name_is_left(teas: Settings) -> None:
    home = Home(teas.home)
    other = Interaction(user="someone else", item=TEA_ITEMS[0].id, value=3.0, time=1.0)
    add_interactions(home, "teas", [other, Interaction(user=USER, item=TEA_ITEMS[1].id, value=5.0, time=2.0)])
    talk(teas, f"I never want {WORDS}", f"a green tea without {WORDS}", "/like 1", "/memory")
    talk(teas, f"what goes with {WORDS}?", "thanks", model=chat(Understanding={"act": "request", "facts": [WORDS]}))
    convrec("memory", "edit", "--user", USER, "--add", f"Allergic to {WORDS}")
    before = convrec("memory", "show", "--user", USER)
    assert "Zanzibar" in before.stdout.title()
    assert {"memories", "threads.sqlite", "traces", "answers.sqlite"} <= held(teas.home, "Zanzibar".lower())
    assert {"memories", "traces", "catalogues"} <= held(teas.home, USER)

    told = convrec("memory", "forget", "--user", USER, "--yes")
    assert told.exit_code == 0, told.output
    assert "1 conversation, 1 interaction." in told.stderr
    assert held(teas.home, WORDS) | held(teas.home, USER) == set()
    assert convrec("memory", "show", "--user", USER).stdout == "Nothing is remembered.\n"
    assert user_interactions(home, "someone else") == {"teas": [other]}


def test_after_a_private_chat_no_byte_of_it_is_there(teas: Settings) -> None:
    # What this process has in its memory from other tests is no leak of this one.
    words, user = WORDS.replace("Zanzibar", "Qaqortoq"), "'ö' wombat"
    asked = convrec("ask", f"I never want {words}", "--user", user, "--private")
    assert asked.exit_code == 0, asked.output
    screen = talk(
        teas, f"I never want {words}", "a green tea", "/like 1", "/why 1", "/more 1", f"no {words}", "/undo", "/new",
        f"black tea with {words}", user=user, private=True,
    )  # fmt: skip
    asked = chat(Understanding={"act": "request", "facts": [words]})
    screen += talk(teas, f"what goes with {words}?", user=user, private=True, model=asked)
    assert words in str(asked.asked)
    assert "Error" not in screen
    assert "You like" in screen
    assert held(teas.home, words) | held(teas.home, user) == set()


def test_a_chat_that_goes_private_keeps_what_was_said_before_and_nothing_after(teas: Settings) -> None:
    words = WORDS.replace("Zanzibar", "Ouagadougou")
    talk(teas, "a green tea", "/private", "/like 1", f"I never want {words}")
    assert held(teas.home, words) == set()
    kept = json.loads(convrec("memory", "export", "--user", USER).stdout)
    assert [turn["text"] for turn in kept["talks"][0]["turns"]] == ["a green tea"]
    assert kept["memories"] == []


def test_a_profile_is_changed_in_an_editor_sentence_by_sentence(teas: Settings, tmp_path: Path) -> None:
    talk(teas, "I never want smoky tea", "I always want green tea")
    before = convrec("memory", "show", "--user", USER).stdout
    assert "smoky" in before
    code = (
        "lines = open(sys.argv[1], encoding='utf-8').read().splitlines()\n"
        "assert lines[-1].startswith('# and nothing changes')\n"
        "kept = [line for line in lines if 'smoky' not in line]\n"
        "open(sys.argv[1], 'w', encoding='utf-8').write('\\n'.join(['Never wants grassy.', *kept]))"
    )
    changed = convrec("memory", "edit", "--user", USER, "--editor", editor(tmp_path, code))
    assert changed.exit_code == 0, changed.output
    assert [line.split(": ")[0] for line in changed.stdout.splitlines()] == ["Forgotten", "Remembered"]
    after = convrec("memory", "show", "--user", USER).stdout
    assert "smoky" not in after
    assert "grassy" in after
    assert "green" in after


def test_one_thing_is_taken_out_of_a_sentence_that_names_several(teas: Settings, tmp_path: Path) -> None:
    talk(teas, "I never want smoky tea", "I never want grassy tea")
    before = convrec("memory", "show", "--user", USER).stdout.splitlines()[1]
    assert "grassy and smoky" in before
    code = "text = open(sys.argv[1]).read().replace('grassy and ', '')\nopen(sys.argv[1], 'w').write(text)"
    changed = convrec("memory", "edit", "--user", USER, "--editor", editor(tmp_path, code))
    assert [line.split(" (")[0] for line in changed.stdout.splitlines()] == ["Forgotten: Never wants grassy."]


def test_an_export_brings_memories_and_history_back_to_anybody(teas: Settings, tmp_path: Path) -> None:
    liked = Interaction(user=USER, item=TEA_ITEMS[1].id, value=5.0, time=2.0)
    add_interactions(Home(teas.home), "teas", [liked])
    talk(teas, "I never want smoky tea", "a green tea", "/like 1")
    file = tmp_path / "mine.json"
    assert convrec("memory", "export", "--user", USER, str(file)).exit_code == 0
    data = UserData.model_validate_json(file.read_text(encoding="utf-8"))
    assert convrec("memory", "forget", "--user", USER, "--yes").exit_code == 0
    told = convrec("memory", "import", "--user", "new name", str(file))
    assert told.exit_code == 0, told.output
    assert f"Taken in for 'new name': {len(data.memories)} memories, 1 interaction." in told.stderr
    again = convrec("memory", "import", "--user", "new name", str(file))
    assert again.exit_code == 0
    shown = json.loads(convrec("memory", "show", "--user", "new name", "--json").stdout)
    assert {m["text"] for m in shown["memories"]} == {m.text for m in data.memories if m.ended is None}
    assert shown["history"]["teas"] == {
        "interactions": 1, "latest": [{"user": "new name", "item": liked.item, "value": 5.0, "time": 2.0}],
    }  # fmt: skip


def test_no_language_model_is_looked_for_to_show_a_memory(teas: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVREC_LLM__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("CONVREC_LLM__AGENTS__RANK__MODEL", "m")
    monkeypatch.setenv("CONVREC_LLM__CROSS_ENCODER", "/no/such/folder")
    assert convrec("memory", "show", "--user", "stranger").stdout == "Nothing is remembered.\n"


def test_two_users_see_nothing_of_one_another(teas: Settings) -> None:
    talk(teas, "I never want smoky tea")
    assert convrec("memory", "show", "--user", "other").stdout == "Nothing is remembered.\n"
    convrec("memory", "forget", "--user", "other", "--yes")
    assert "smoky" in convrec("memory", "show", "--user", USER).stdout
