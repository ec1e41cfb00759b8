"""ReDial's form, on made-up rows, and a look at the real set."""

import json
from pathlib import Path

import pytest
from convrec.simulator.offline.nouns import Case, Dataset
from convrec.simulator.offline.redial import RATED, TALKED, read_redial
from convrec.tools.errors import ImportFailedError
from convrec.tools.items import Interaction
from offline_stage import real

CATALOGUE = {
    "10": {"name": "The Long Steep (2004)", "genre": ["drama", "drama"], "plot": "A pot is filled.", "director": ["A. Leaf"],
           "writer": ["B. Leaf"], "star": []},
    "11": {"name": "Cup", "genre": [], "plot": "", "director": [], "star": ["C. Leaf"]},
    "12": {"name": "Frost (2010)", "genre": ["horror"], "plot": "", "director": [], "star": []},
    "13": {"name": "Frost (2010)", "genre": ["comedy"], "plot": "", "director": [], "star": []},
    "14": {"genre": ["no name"]},
}  # fmt: skip
TURNS = [
    {"dialog_id": "1", "turn_id": 2, "context": ["", "Hi, what do you like?", "Films like Cup"], "entity": ["drama", "Cup"],
     "rec": ["Frost (2010)", "Cup"], "resp": "…"},
    {"dialog_id": "1", "turn_id": 3, "context": ["Hi, what do you like?", "Films like Cup"],
     "entity": ["Cup", "Frost (2010)"], "rec": ["Frost (2010)"], "resp": "…"},
    {"dialog_id": "2", "turn_id": 1, "context": ["Seen Frost?", "No"], "rec": ["Frost (2010)", "Unheard Of (1999)"]},
    {"dialog_id": "3", "turn_id": 1, "context": "not a list", "rec": ["Cup"]},
    {"dialog_id": "unknown", "turn_id": 1, "context": ["Hello"], "rec": ["Cup"]},
]  # fmt: skip
DIALOGUES = [
    {"conversationId": "1", "movieMentions": {"11": "Cup", "13": "Frost (2010)", "99": "Gone"},
     "respondentQuestions": {"11": {"liked": 0}, "13": {"liked": 2}}, "initiatorQuestions": {"13": {"liked": 0}}},
    {"conversationId": "2", "movieMentions": {"12": "Frost (2010)"}, "respondentQuestions": [],
     "initiatorQuestions": {"12": {"liked": 0}}},
    {"conversationId": "3", "movieMentions": [], "respondentQuestions": [], "initiatorQuestions": []},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "id2info.json").write_text(json.dumps(CATALOGUE), encoding="utf-8")
    for name, rows in (("valid_data_processed", TURNS), ("valid_data", DIALOGUES)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


def cases(data: Dataset) -> dict[str, Case]:
    return {c.id: c for fold in data.folds for c in fold.cases}


def test_a_turn_is_a_case_with_what_nobody_has_named(folder: Path) -> None:
    found = cases(read_redial(folder))
    assert sorted(found) == ["1#2", "2#1"]
    assert (found["1#2"].targets, found["1#2"].named) == (("13",), ("11",))


def test_of_two_films_with_one_title_the_dialogues_own_is_meant(folder: Path) -> None:
    found = cases(read_redial(folder))
    assert [found[name].targets for name in ("1#2", "2#1")] == [("13",), ("12",)]


def test_the_last_message_is_the_seekers_and_empty_ones_are_none(folder: Path) -> None:
    talk = cases(read_redial(folder))["1#2"].talk
    assert [(u.speaker, u.text) for u in talk] == [
        ("recommender", "Hi, what do you like?"),
        ("seeker", "Films like Cup"),
    ]
    assert not any(u.items for u in talk)


def test_the_catalogue_has_years_and_keeps_titles_as_they_are_written(folder: Path) -> None:
    steep, cup, *_ = read_redial(folder).items
    assert (steep.title, steep.text) == ("The Long Steep (2004)", "A pot is filled.")
    assert steep.attributes == {"year": "2004", "genre": ("drama",), "director": ("A. Leaf",)}
    assert cup.attributes == {"star": ("C. Leaf",)}


def test_other_folds_dialogues_teach_what_their_recommender_answered(folder: Path) -> None:
    data = read_redial(folder, folds=40)
    taught = {c.dialogue: fold.interactions for fold in data.folds for c in fold.cases}
    assert taught["2"] == (
        Interaction(user="dialogue 1", item="11", value=0.0, time=TALKED),
        Interaction(user="dialogue 1", item="13", value=1.0, time=TALKED),
    )
    assert taught["1"] == (Interaction(user="dialogue 2", item="12", value=0.0, time=TALKED),)


def test_movielens_is_learnt_from_as_far_as_the_films_are_known(folder: Path, tmp_path: Path) -> None:
    (folder / "movies_merged.csv").write_text(
        "index,movieName,databaseId,movieId\n0,Cup,11,7\n1,Gone,99,8\n2,x,10,-1\n"
    )
    stars = tmp_path / "stars"
    stars.mkdir()
    (stars / "movies.csv").write_text("movieId,title,genres\n7,Cup (1990),Drama\n8,Gone (1991),Drama\n")
    (stars / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,7,4.5,1000000000\n1,8,3.0,1000000000\n")
    for fold in read_redial(folder, [stars], folds=40).folds:
        assert fold.interactions[0] == Interaction(user="stars 1", item="11", value=4.5, time=1e9)
        assert sum(i.user == "stars 1" for i in fold.interactions) == 1


def test_agent4recs_films_are_found_by_title_and_year(folder: Path, tmp_path: Path) -> None:
    million = tmp_path / "million"
    million.mkdir()
    header = "title,genres,tmdb_overview,tmdb_keywords,tmdb_top_cast,tmdb_runtime"
    (million / "movie_detail.csv").write_text(
        'movie_id,title,genres\n0,"Long Steep, The (2004)",Drama\n1,Frost (2010),Horror\n2,Other (1990),Drama\n'
    )
    (million / "movielens_movies_tmdb.csv").write_text(f"{header}\nOther (1990),Drama,,,,\n")
    (million / "train.txt").write_text("5 0 1\n")
    (million / "valid.txt").write_text("5 2 0\n")
    learnt = read_redial(folder, [million], folds=40).folds[0].interactions
    assert [i for i in learnt if i.user == "million 5"] == [Interaction(user="million 5", item="10", time=RATED)] * 2


def test_a_folder_without_anything_to_rank_is_refused(folder: Path) -> None:
    (folder / "valid_data_processed.jsonl").write_text(json.dumps(TURNS[3]), encoding="utf-8")
    with pytest.raises(ImportFailedError, match="recommends anything new"):
        read_redial(folder)


def test_no_fold_of_the_real_set_learns_from_its_own_dialogues() -> None:
    data = read_redial(real("redial"))
    assert (len(data.items), sum(len(fold.cases) for fold in data.folds), len(data.folds)) == (6583, 2568, 5)
    known = {item.id for item in data.items}
    for fold in data.folds:
        own = {f"dialogue {c.dialogue}" for c in fold.cases}
        assert own.isdisjoint(i.user for i in fold.interactions)
        assert all(set(c.targets).isdisjoint(c.named) and set(c.targets) <= known for c in fold.cases)
