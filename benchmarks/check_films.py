"""Compares the shipped films with public research data: title, year, director, and how well each is liked and known.

Run as `.venv/bin/python benchmarks/check_films.py [--list]`; the data is read from `CONVREC_DATA`, or else from
`shared/data` beside the repository. Exits with 1 below 98% agreement. Facts are compared, nothing is copied.
"""

import argparse
import csv
import io
import json
import os
import re
import sys
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "tools" / "films" / "films.jsonl"
TARGET = 0.98
NEAR_YEARS = 3
"""A record of the same title counts as the same film within so many years, or when a director is shared."""

_YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$")
_ARTICLES = "The|A|An|Le|La|Les|L'|Un|Une|Il|Lo|I|Gli|El|Los|Las|Das|Der|Die|Ein|O|Os|En|De|Det"
_LAST_ARTICLE = re.compile(rf"^(.+), ({_ARTICLES})$")
_FIRST_ARTICLE = re.compile(r"^(?:the|a|an) (?=.)")
_ASIDE = re.compile(r"\s*\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Film:
    """A film as one source has it.

    Attributes:
        key: the source's own id.
        titles: its titles, the main one first.
        year: 0 when unknown.
        directors: empty when unknown.
    """

    key: str
    titles: tuple[str, ...]
    year: int = 0
    directors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One of our films beside a source's record of it."""

    source: str
    ours: Film
    theirs: Film

    @property
    def years_apart(self) -> int | None:
        """Ours less theirs; None when theirs is unknown."""
        return self.ours.year - self.theirs.year if self.theirs.year else None

    @property
    def directors_agree(self) -> bool | None:
        """Whether a director is shared; None when theirs are unknown."""
        return shares_director(self.ours, self.theirs) if self.theirs.directors else None

    @property
    def agrees(self) -> bool:
        """Whether the year is within one and a director is shared, each as far as it is known."""
        return abs(self.years_apart or 0) <= 1 and self.directors_agree is not False


@dataclass
class Agreement:
    """What the comparison found."""

    matches: list[Match] = field(default_factory=list)

    def by_film(self) -> dict[str, list[Match]]:
        """Our id -> its matches, one per source."""
        films: dict[str, list[Match]] = defaultdict(list)
        for match in self.matches:
            films[match.ours.key].append(match)
        return films

    @property
    def pairs_share(self) -> float:
        """The share of (film, source) pairs that agree."""
        return mean(match.agrees for match in self.matches)

    @property
    def films_share(self) -> float:
        """The share of films that agree with every source that has them."""
        return mean(all(match.agrees for match in matches) for matches in self.by_film().values())


def data_folder() -> Path:
    """Where the research data lies, whether or not it is there."""
    return Path(os.environ.get("CONVREC_DATA") or ROOT.parent / "shared" / "data")


def title_key(title: str) -> str:
    """A title without its year, article, accents, case and punctuation: "Matrix, The (1999)" -> "matrix"."""
    title = _LAST_ARTICLE.sub(lambda m: f"{m[2]} {m[1]}", _YEAR.sub("", title).strip())
    plain = unicodedata.normalize("NFKD", title.replace("&", " and ").replace("'", "").replace("’", ""))
    kept = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return _FIRST_ARTICLE.sub("", " ".join(re.findall(r"\w+", kept)))


def person_key(name: str) -> frozenset[str]:
    """The words of a name, in whatever order, without accents, hyphens and initials."""
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ł", "l"))
    kept = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    words = re.findall(r"\w+", kept)
    return frozenset([word for word in words if len(word) > 1] or words)


def shares_director(one: Film, other: Film) -> bool:
    """Whether a director of one is a director of the other; "Peter Ho-Sun Chan" is "Peter Chan"."""
    ours, theirs = map(person_key, one.directors), [person_key(name) for name in other.directors]
    return any(a <= b or b <= a for a in ours for b in theirs)


def our_films(path: Path = CATALOGUE) -> list[Film]:
    """The shipped films."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Film(r["id"], (r["title"], *r["aliases"]), r["year"], tuple(r["directors"])) for r in rows]


def _dated(key: str, name: str, directors: Iterable[str] = (), also: str = "") -> Film:
    """A film from "Title, The (Other Title) (1999)"."""
    found = _YEAR.search(name)
    bare = _YEAR.sub("", name)
    titles = [bare, _ASIDE.sub("", bare), *_ASIDE.findall(bare), also]
    known = tuple(d for d in directors if d)
    return Film(key, tuple(t.removeprefix("a.k.a. ") for t in titles if t), int(found[1]) if found else 0, known)


def _redial(folder: Path) -> list[Film]:
    films = json.loads((folder / "redial" / "id2info.json").read_text("utf-8"))
    return [_dated(key, film["name"], film.get("director") or ()) for key, film in films.items()]


def _movielens(path: Path) -> list[Film]:
    with path.open(encoding="utf-8", newline="") as file:
        return [_dated(row["movieId"], row["title"], also=row.get("tmdb_title", "")) for row in csv.DictReader(file)]


def _tmdb(folder: Path) -> list[Film]:
    with zipfile.ZipFile(folder / "tmdb_5000" / "tmdb_5000_movies.csv.zip") as archive:
        text = io.TextIOWrapper(archive.open("tmdb_5000_movies.csv"), encoding="utf-8", newline="")
        return [
            Film(row["id"], (row["title"], row["original_title"]), int(row["release_date"][:4] or 0))
            for row in csv.DictReader(text)
        ]


def sources(folder: Path) -> dict[str, list[Film]]:
    """Every source's films.

    Raises:
        FileNotFoundError: a source is missing.
    """
    return {
        "redial": _redial(folder),
        "ml_latest_small": _movielens(folder / "ml_latest_small" / "movies.csv"),
        "ml_1m": _movielens(folder / "ml_1m_agent4rec" / "movielens_movies_tmdb.csv"),
        "usersimcrs": _movielens(folder / "usersimcrs" / "movies_w_keywords.csv"),
        "tmdb_5000": _tmdb(folder),
    }


def match_source(source: str, ours: Iterable[Film], theirs: Iterable[Film]) -> Iterator[Match]:
    """Our films beside the source's record nearest in year.

    Where our title finds nothing, our aliases are tried; they are weaker evidence (our "Il Postino" is no "The
    Postman" of 1997), so they must find the same director, or the year within one where no director is known.
    """
    index: dict[str, list[Film]] = defaultdict(list)
    for film in theirs:
        for key in {title_key(title) for title in film.titles}:
            index[key].append(film)
    for film in ours:
        for title in film.titles:
            found = min(index[title_key(title)], key=lambda theirs: _distance(film, theirs), default=None)
            if found and _is_the_same(film, found, by_alias=title != film.titles[0]):
                yield Match(source, film, found)
                break


def _distance(ours: Film, theirs: Film) -> tuple[int, bool]:
    years = abs(ours.year - theirs.year) if theirs.year else NEAR_YEARS + 1
    return years, not shares_director(ours, theirs)


def _is_the_same(ours: Film, theirs: Film, *, by_alias: bool) -> bool:
    years, other_director = _distance(ours, theirs)
    if not other_director:
        return True
    return (years <= 1 and not theirs.directors) if by_alias else years <= NEAR_YEARS


def compare(folder: Path) -> Agreement:
    """Our films against every source.

    Raises:
        FileNotFoundError: a source is missing.
    """
    ours = our_films()
    return Agreement([m for name, theirs in sources(folder).items() for m in match_source(name, ours, theirs)])


def reception(folder: Path, agreement: Agreement, at_least: int = 20) -> dict[str, tuple[float, int]]:
    """Spearman's rank correlation with MovieLens, and over how many films: what is compared -> both.

    Our rating is compared with the mean of films that have `at_least` ratings, our renown with how many there are.
    """
    ratings: dict[str, list[float]] = defaultdict(list)
    with (folder / "ml_latest_small" / "ratings_dev_users.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ratings[row["movieId"]].append(float(row["rating"]))
    rows = {r["id"]: r for r in map(json.loads, CATALOGUE.read_text("utf-8").splitlines())}
    pairs = [(rows[m.ours.key], ratings[m.theirs.key]) for m in agreement.matches if m.source == "ml_latest_small"]
    rated = [(row["rating"], mean(values)) for row, values in pairs if len(values) >= at_least]
    known = [(row["renown"], len(values)) for row, values in pairs]
    return {
        "rating with mean rating": (_rank_correlation(rated), len(rated)),
        "renown with number of ratings": (_rank_correlation(known), len(known)),
    }


def _rank_correlation(pairs: Iterable[tuple[float, float]]) -> float:
    result: Any = spearmanr(list(pairs))
    return float(result.statistic)


def _row(name: str, matches: list[Match]) -> str:
    apart = [abs(m.years_apart) for m in matches if m.years_apart is not None]
    directed = [m.directors_agree for m in matches if m.directors_agree is not None]
    cells = [
        f"{len(matches):6,}",
        f"{mean(a == 0 for a in apart):10.1%}",
        f"{mean(a <= 1 for a in apart):8.1%}",
        f"{mean(directed):10.1%}" if directed else " " * 10,
        f"{mean(m.agrees for m in matches):7.1%}",
    ]
    return f"{name:16} " + " ".join(cells)


def main() -> int:
    """Print the table; 0 when the target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="also list every disagreement and every film nobody has")
    options = parser.parse_args()
    folder = data_folder()
    if not folder.is_dir():
        print(f"No research data in {folder}; set CONVREC_DATA.", file=sys.stderr)
        return 2
    agreement = compare(folder)
    films = agreement.by_film()
    print(f"{'source':16} {'films':>6} {'year exact':>10} {'within 1':>8} {'directors':>10} {'agree':>7}")
    for name in dict.fromkeys(m.source for m in agreement.matches):
        print(_row(name, [m for m in agreement.matches if m.source == name]))
    print(_row("all pairs", agreement.matches))
    print(f"\n{len(films):,} of {len(our_films()):,} films are in some source.")
    print(f"Year within 1 and director agree with every source that has the film: {agreement.films_share:.2%}")
    for what, (correlation, count) in reception(folder, agreement).items():
        print(f"Rank correlation of {what}: {correlation:.2f} over {count:,} films")
    if options.list:
        for match in sorted(agreement.matches, key=lambda m: m.ours.key):
            if not match.agrees:
                ours, theirs = match.ours, match.theirs
                print(f"  {ours.key} ({', '.join(ours.directors)}) | {match.source}: ", end="")
                print(f"{theirs.titles[0]} {theirs.year} ({', '.join(theirs.directors)})")
        print("Found nowhere:", ", ".join(f.key for f in our_films() if f.key not in films))
    return 0 if agreement.films_share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
