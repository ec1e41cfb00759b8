"""The films that ship: enough of them, well formed, in their own words, and right about their facts."""

import csv
import importlib.util
import io
import json
import re
import sys
import tomllib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from convrec.tools.schema import Schema
from convrec.tools.words import words

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tools" / "films"
FIELDS = re.findall(
    r"\w+",
    "id title aliases year directors cast genres countries languages runtime keywords moods themes min_age rating "
    "renown synopsis",
)
GENRES = """Action, Adventure, Animation, Biography, Comedy, Crime, Documentary, Drama, Family, Fantasy, Film-Noir,
History, Horror, Music, Musical, Mystery, Romance, Science Fiction, Sport, Thriller, War, Western"""
MOODS = """bittersweet, bleak, charming, cosy, creepy, dark, disturbing, dreamlike, dry, eerie, epic, exciting,
feel-good, funny, gentle, gritty, haunting, heart-warming, hopeful, intense, lyrical, melancholic, mind-bending, moving,
nostalgic, offbeat, playful, provocative, quiet, romantic, satirical, scary, sensual, slow-burning, suspenseful, tense,
thought-provoking, uplifting, violent, visually striking, whimsical, witty"""
MEANT_FOR_SEVERAL = {
    "rom com", "rom coms", "romcom", "romcoms", "romantic comedy", "dramedy", "czech", "russian", "chinese",
    "sign language", "anti war", "antiwar", "lgbt", "lgbtq", "queer", "gay",
}  # fmt: skip


def load_check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_films", ROOT / "benchmarks" / "check_films.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check_films = load_check()
needs_data = pytest.mark.skipif(
    not (check_films.data_folder() / "redial" / "id2info.json").exists(),
    reason=f"no research data in {check_films.data_folder()} (set CONVREC_DATA)",
)


@pytest.fixture(scope="module")
def films() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / "films.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.model_validate(tomllib.loads((FOLDER / "schema.toml").read_text("utf-8")))


def listed(text: str) -> set[str]:
    return set(" ".join(text.split()).split(", "))


def sentences(text: str) -> list[str]:
    """Sentences of at least three words: "Dr. Evil" ends none."""
    joined = re.sub(r"\b(Dr|Mr|Mrs|Ms|St|Jr|Sr|Vol|No|[A-Z])\.", r"\1", text)
    return [s for s in re.split(r"(?<=[.!?])[\"']?\s+(?=[\"'A-Z0-9ÀÁÉÎÓÖØŁ])", joined) if len(s.split()) >= 3]


def shingles(text: str, size: int = 8) -> Iterator[tuple[str, ...]]:
    known = words(text)
    return zip(*(known[i:] for i in range(size)), strict=False)


def test_there_are_at_least_a_thousand_films(films: list[dict[str, Any]]) -> None:
    assert len(films) >= 1000


def test_ids_are_unique_slugs_that_end_in_the_year_and_are_sorted(films: list[dict[str, Any]]) -> None:
    ids = [film["id"] for film in films]
    assert len(set(ids)) == len(ids)
    for film in films:
        assert re.fullmatch(rf"[a-z0-9]+(-[a-z0-9]+)*-{film['year']}", film["id"]), film["id"]
    assert films == sorted(films, key=lambda f: (f["year"], f["id"]))


def test_no_film_stands_there_twice(films: list[dict[str, Any]]) -> None:
    by_title: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for film in films:
        for title in {check_films.title_key(t) for t in (film["title"], *film["aliases"])}:
            by_title[title].append(film)
    for title, same in by_title.items():
        directors = Counter(d for film in same for d in film["directors"])
        assert max(directors.values()) == 1, (title, [film["id"] for film in same])


def test_every_field_is_there_and_in_range(films: list[dict[str, Any]]) -> None:
    genres, moods = listed(GENRES), listed(MOODS)
    for film in films:
        assert list(film) == FIELDS, film["id"]
        for name in ("aliases", "directors", "cast", "genres", "countries", "languages", "keywords", "moods", "themes"):
            assert all(isinstance(v, str) and v == v.strip() and v for v in film[name]), (film["id"], name)
            assert len(set(film[name])) == len(film[name]), (film["id"], name)
        assert film["title"] not in film["aliases"], film["id"]
        assert 1920 <= film["year"] <= 2029, film["id"]
        assert film["directors"], film["id"]
        assert 3 <= len(film["cast"]) <= 5 or "Documentary" in film["genres"], film["id"]
        assert 1 <= len(film["genres"]) <= 4, film["id"]
        assert set(film["genres"]) <= genres, film["id"]
        assert film["countries"], film["id"]
        assert film["languages"], film["id"]
        assert 40 <= film["runtime"] <= 400, film["id"]
        assert 4 <= len(film["keywords"]) <= 8, film["id"]
        assert 2 <= len(film["moods"]) <= 4, film["id"]
        assert set(film["moods"]) <= moods, film["id"]
        assert 2 <= len(film["themes"]) <= 4, film["id"]
        assert all(v == v.lower() for v in film["keywords"] + film["themes"]), film["id"]
        assert film["min_age"] in (0, 6, 12, 15, 18), film["id"]
        assert 1 <= film["rating"] <= 10, film["id"]
        assert film["renown"] in (1, 2, 3, 4, 5), film["id"]


def test_every_decade_since_the_twenties_has_at_least_twenty(films: list[dict[str, Any]]) -> None:
    decades = Counter(film["year"] // 10 * 10 for film in films)
    assert sorted(decades) == list(range(1920, 2030, 10))
    assert min(decades.values()) >= 20, decades


def test_at_least_thirty_countries_have_made_one(films: list[dict[str, Any]]) -> None:
    assert len({country for film in films for country in film["countries"]}) >= 30


def test_a_person_is_spelt_in_one_way(films: list[dict[str, Any]]) -> None:
    spellings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for film in films:
        for name in film["directors"] + film["cast"]:
            spellings[tuple(sorted(words(name.replace("-", " "))))].add(name)
    assert not [names for names in spellings.values() if len(names) > 1]


def test_a_keyword_is_spelt_in_one_way(films: list[dict[str, Any]]) -> None:
    for name in ("keywords", "themes"):
        spellings: dict[str, set[str]] = defaultdict(set)
        for film in films:
            for value in film[name]:
                spellings["".join(words(value))].add(value)
        assert not [values for values in spellings.values() if len(values) > 1]


def test_a_synopsis_is_two_or_three_sentences_and_nobody_elses(films: list[dict[str, Any]]) -> None:
    assert len({film["synopsis"] for film in films}) == len(films)
    for film in films:
        assert 2 <= len(sentences(film["synopsis"])) <= 3, (film["id"], sentences(film["synopsis"]))
        assert 30 <= len(film["synopsis"].split()) <= 70, film["id"]
    used = Counter(sentence for film in films for sentence in sentences(film["synopsis"]))
    assert not [sentence for sentence, times in used.items() if times > 1]


@needs_data
def test_no_eight_words_in_a_row_are_the_research_datas(films: list[dict[str, Any]]) -> None:
    theirs = {shingle for text in research_texts(check_films.data_folder()) for shingle in shingles(text)}
    shared = {film["id"]: " ".join(s) for film in films for s in shingles(film["synopsis"]) if s in theirs}
    assert len(theirs) > 100_000
    assert not shared


def research_texts(folder: Path) -> Iterable[str]:
    for film in json.loads((folder / "redial" / "id2info.json").read_text("utf-8")).values():
        yield film.get("plot") or ""
    archive = zipfile.ZipFile(folder / "tmdb_5000" / "tmdb_5000_movies.csv.zip")
    with archive, archive.open("tmdb_5000_movies.csv") as raw:
        for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8", newline="")):
            yield row["overview"]
            yield row["tagline"]
    with (folder / "ml_1m_agent4rec" / "movielens_movies_tmdb.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["tmdb_overview"]
    with (folder / "ml_1m_agent4rec" / "movie_detail.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["summary"]


@needs_data
def test_titles_years_and_directors_agree_with_the_research_data() -> None:
    agreement = check_films.compare(check_films.data_folder())
    assert len(agreement.by_film()) >= 900
    assert agreement.films_share >= check_films.TARGET
    assert agreement.pairs_share >= check_films.TARGET


@needs_data
def test_ratings_and_renown_rank_films_as_the_public_does() -> None:
    found = check_films.reception(check_films.data_folder(), check_films.compare(check_films.data_folder()))
    assert all(correlation > 0.5 and count > 300 for correlation, count in found.values()), found


def test_the_schema_knows_every_column(films: list[dict[str, Any]], schema: Schema) -> None:
    source = schema.source
    named = {source.id, source.title, *source.text, *source.aliases, *(a.name for a in schema.attributes)}
    assert named == set(FIELDS)
    for attribute in schema.attributes:
        value = films[0][attribute.name]
        assert isinstance(value, list) == attribute.many, attribute.name
        assert isinstance(value, list) == (attribute.kind == "category"), attribute.name


def test_synonyms_belong_to_values_that_occur(films: list[dict[str, Any]], schema: Schema) -> None:
    for attribute in schema.of_kind("category"):
        assert set(attribute.synonyms) <= {value for film in films for value in film[attribute.name]}, attribute.name
    assert set(schema.attribute("genres").synonyms) == listed(GENRES)
    assert set(schema.attribute("moods").synonyms) == listed(MOODS)


def test_a_synonym_means_one_value_unless_it_is_meant_for_several(films: list[dict[str, Any]], schema: Schema) -> None:
    for attribute in schema.of_kind("category"):
        meant: dict[str, set[str]] = defaultdict(set)
        for value in {value for film in films for value in film[attribute.name]}:
            meant[" ".join(words(value))].add(value)
        for value, synonyms in attribute.synonyms.items():
            for synonym in synonyms:
                meant[" ".join(words(synonym))].add(value)
        unclear = {word for word, values in meant.items() if len(values) > 1}
        assert unclear <= MEANT_FOR_SEVERAL, attribute.name
