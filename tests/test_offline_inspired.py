"""INSPIRED's form, on made-up rows, and a look at the real set."""

from pathlib import Path

import pytest
from convrec.simulator.offline.inspired import coverage, read_inspired
from convrec.simulator.offline.nouns import Dataset, Fold
from convrec.tools.errors import ImportFailedError
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Schema
from offline_stage import real

FILMS = Dataset(
    "films",
    Schema(noun="film", nouns="films"),
    (Item(id="1", title="Kettle (1990)"), Item(id="2", title="Steam (2001)"), Item(id="3", title="Cups")),
    (Fold((), (Interaction(user="u", item="1"),)), Fold((), (Interaction(user="u", item="1"),))),
)
ROWS = [
    ("d1", "RECOMMENDER", "Hello", ""),
    ("d1", "SEEKER", "I loved QUOTATION_MARKKettleQUOTATION_MARK", "Kettle (1990)"),
    ("d1", "RECOMMENDER", "Then Kettle again,", "Kettle (1990)"),
    ("d1", "RECOMMENDER", "or Steam, or Cups, or The Future", "Steam (2001); Cups (1999);The Future (2011)"),
    ("d2", "SEEKER", "A film?", ""),
    ("d2", "RECOMMENDER", "Kettle", "The Kettle (1991)"),
]


def folder(tmp_path: Path) -> Path:
    head = "dialog_id\tutt_id\tspeaker\tturn_id\ttext\tmovies\n"
    lines = [f"{d}\t{n}\t{s}\t1\t{t}\t{m}" for n, (d, s, t, m) in enumerate(ROWS)]
    (tmp_path / "dev.tsv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_what_the_recommender_names_first_is_recommended(tmp_path: Path) -> None:
    cases = {c.dialogue: c for f in read_inspired(folder(tmp_path), FILMS).folds for c in f.cases}
    assert cases["d1"].targets == ("2", "3")
    assert cases["d1"].named == ("1",)
    assert cases["d1"].talk[1].text == 'I loved "Kettle"'
    assert len(cases["d1"].talk) == 2
    assert cases["d2"].targets == ("1",)


def test_titles_that_are_not_found_are_counted(tmp_path: Path) -> None:
    found = coverage(folder(tmp_path), FILMS)
    assert (found.mentions, found.found, found.missing) == (6, 5, ("The Future (2011)",))


def test_what_the_catalogue_may_be_learnt_from_is_learnt_from_once(tmp_path: Path) -> None:
    for fold in read_inspired(folder(tmp_path), FILMS).folds:
        assert [i.item for i in fold.interactions if i.user == "u"] == ["1"]


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("a\tb\n1\t2\n", encoding="utf-8")
    with pytest.raises(ImportFailedError, match="columns"):
        read_inspired(tmp_path, FILMS)
    with pytest.raises(ImportFailedError, match=r"dev\.tsv"):
        read_inspired(tmp_path / "nowhere", FILMS)


def test_the_real_set_has_its_dialogues() -> None:
    place = real("inspired")
    titles = coverage(place, FILMS)
    assert titles.mentions > 500
    assert titles.found + sum(1 for _ in titles.missing) <= titles.mentions
